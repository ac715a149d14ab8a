/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing the store, and its transactions.
 *
 * The process loses the right to open files soon after open() (sandbox.h), so everything SQLite
 * would open when it first needs it is opened here: the log and its index on both connections,
 * the directory of a log that is new (its first sync makes its name durable too), the source of
 * randomness. Nothing else is opened later: temporary tables, sorters and statement journals
 * stay in memory, and the log is kept when the last connection closes. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "sqlite_internal.h"

/* Waiting for another process that holds the write lock: a backup, or sqlite3 by hand. */
#define BUSY_MS 5000

/* The log is copied back into the database once it has this many pages (16 MB): pages that many
 * verdicts touch are then written once. It bounds the work of a start after a crash too. */
#define CHECKPOINT_PAGES "4096"

static const char WRITE_SETTINGS[] =
	"PRAGMA temp_store = MEMORY;"
	"PRAGMA locking_mode = NORMAL;"
	"PRAGMA synchronous = FULL;" /* a commit is on the disk before it is answered */
	"PRAGMA foreign_keys = ON;"
	"PRAGMA cell_size_check = ON;"
	"PRAGMA trusted_schema = OFF;"
	"PRAGMA cache_size = -16384;"
	"PRAGMA journal_size_limit = 16777216;"
	"PRAGMA wal_autocheckpoint = " CHECKPOINT_PAGES ";";

static const char READ_SETTINGS[] = "PRAGMA temp_store = MEMORY;"
				    "PRAGMA cell_size_check = ON;"
				    "PRAGMA trusted_schema = OFF;"
				    "PRAGMA query_only = ON;";

/* SQLite gives its files the mode of the database; a database of its own making would be
 * readable by all. */
static enum troth_status create_private(const char *where)
{
	int fd = open(where, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		return close(fd) == 0 ? TROTH_OK : TROTH_E_IO;
	if (errno == EEXIST)
		return TROTH_OK;
	troth_error("store-failed", "file=%s errno=%d problem=\"cannot be made\"", where,
		    errno);
	return TROTH_E_IO;
}

static enum troth_status connect_to(struct troth_store_backend *b, const char *where,
				    sqlite3 **out)
{
	/* One thread at a time on each connection: the writer, and whoever has the lock. */
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int keep = 1, rc = sqlite3_open_v2(where, out, flags, NULL);

	TROTH_TRY(troth_sqlite_status(b, *out, rc));
	/* A log that is deleted at the end needs its directory opened. */
	rc = sqlite3_file_control(*out, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(*out, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(*out, BUSY_MS);
	return troth_sqlite_status(b, *out, rc);
}

/* SQLite answers the mode it ended in, and keeps the old one when it cannot change. */
static enum troth_status use_wal(struct troth_store_backend *b)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(b->write, "PRAGMA journal_mode = WAL", -1, &stmt, NULL);
	bool wal = false;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		wal = sqlite3_stricmp((const char *)sqlite3_column_text(stmt, 0), "wal") == 0;
	(void)sqlite3_finalize(stmt);
	TROTH_TRY(troth_sqlite_status(b, b->write, rc));
	return wal ? TROTH_OK : TROTH_E_IO;
}

static enum troth_status prepare(struct troth_store_backend *b)
{
	for (int i = 0; i < SQL_N; i++) {
		sqlite3 *db = i < SQL_READ_FIRST ? b->write : b->read;
		int rc = sqlite3_prepare_v3(db, troth_sql_text[i], -1,
					    SQLITE_PREPARE_PERSISTENT, &b->statements[i], NULL);
		TROTH_TRY(troth_sqlite_status(b, db, rc));
	}
	return TROTH_OK;
}

/* See the top of this file. An update that changes no value is written all the same. */
static enum troth_status touch_everything(struct troth_store_backend *b)
{
	unsigned char drawn;
	uint64_t epoch;

	sqlite3_randomness(sizeof drawn, &drawn);
	TROTH_TRY(troth_sqlite_exec(b, b->write,
				    "BEGIN IMMEDIATE; UPDATE meta SET epoch = epoch; COMMIT;"
				    "PRAGMA wal_checkpoint(TRUNCATE);"
				    "BEGIN IMMEDIATE; UPDATE meta SET epoch = epoch; COMMIT;"));
	return troth_sqlite_epoch(b, &epoch);
}

/* Identifies the database before the first byte is written to it. */
static enum troth_status open_writer(struct troth_store_backend *b, const char *where)
{
	int version = 0;

	TROTH_TRY(connect_to(b, where, &b->write));
	TROTH_TRY(troth_sqlite_exec(b, b->write, WRITE_SETTINGS));
	TROTH_TRY(troth_sqlite_identify(b, where, &version));
	TROTH_TRY(use_wal(b));
	return troth_sqlite_migrate(b, version);
}

static enum troth_status open_reader(struct troth_store_backend *b, const char *where)
{
	TROTH_TRY(connect_to(b, where, &b->read));
	return troth_sqlite_exec(b, b->read, READ_SETTINGS);
}

static enum troth_status open_into(struct troth_store_backend *b, const char *where)
{
	TROTH_TRY(create_private(where));
	TROTH_TRY(open_writer(b, where));
	TROTH_TRY(open_reader(b, where));
	TROTH_TRY(prepare(b));
	return touch_everything(b);
}

static void backend_close(struct troth_store_backend *b)
{
	if (b == NULL)
		return;
	for (int i = 0; i < SQL_N; i++)
		(void)sqlite3_finalize(b->statements[i]);
	(void)sqlite3_close(b->read);
	(void)sqlite3_close(b->write);
	(void)pthread_mutex_destroy(&b->read_lock);
	free(b);
}

TROTH_DEFINE_AUTO(struct troth_store_backend, backend_close)

static enum troth_status backend_open(const char *where, struct troth_store_backend **out)
{
	TROTH_AUTO(backend_close_p) struct troth_store_backend *b = calloc(1, sizeof *b);

	if (b == NULL)
		return TROTH_E_MEMORY;
	/* Counting its memory costs SQLite a lock per allocation. Refused, and of no matter,
	 * once a first store was opened. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (pthread_mutex_init(&b->read_lock, NULL) != 0) {
		free(b);
		b = NULL;
		return TROTH_E_MEMORY;
	}
	TROTH_TRY(open_into(b, where));
	*out = b;
	b = NULL;
	return TROTH_OK;
}

/* Beside a service that runs: nothing is locked for longer than a read, nothing is written. */
static enum troth_status identify_only(struct troth_store_backend *b, const char *where)
{
	const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int version = 0, rc = sqlite3_open_v2(where, &b->write, flags, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(b->write, BUSY_MS);
	TROTH_TRY(troth_sqlite_status(b, b->write, rc));
	TROTH_TRY(troth_sqlite_identify(b, where, &version));
	if (version > 0)
		return TROTH_OK;
	troth_error("store-failed", "file=%s problem=\"it is empty\"", where);
	return TROTH_E_CONFIG;
}

static enum troth_status backend_check(const char *where)
{
	struct troth_store_backend b = { 0 };
	enum troth_status status = TROTH_OK;

	if (access(where, R_OK | W_OK) != 0) {
		status = errno == ENOENT ? TROTH_E_NOT_FOUND : TROTH_E_IO;
		troth_error("store-failed", "file=%s problem=\"%s\"", where, strerror(errno));
		return status;
	}
	status = identify_only(&b, where);
	(void)sqlite3_close(b.write);
	return status;
}

static enum troth_status run(struct troth_store_backend *b, enum troth_sql sql)
{
	struct troth_call c = troth_call_start(b, sql);

	return troth_call_run(&c);
}

static void backend_rollback(struct troth_store_backend *b)
{
	/* After some failures SQLite has rolled back by itself. */
	if (!sqlite3_get_autocommit(b->write) && run(b, SQL_ROLLBACK) != TROTH_OK)
		return; /* begin tries again, and answers TROTH_E_IO until it works */
	b->poisoned = false;
}

static enum troth_status backend_begin(struct troth_store_backend *b)
{
	backend_rollback(b);
	/* On a full disk the log may hold room that its pages no longer need: once they are in
	 * the database it starts again from its beginning. Does not wait for readers. */
	if (b->reported != 0)
		(void)sqlite3_wal_checkpoint_v2(b->write, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
						NULL);
	b->now_s = 0;
	return run(b, SQL_BEGIN) == TROTH_OK ? TROTH_OK : TROTH_E_IO;
}

static enum troth_status backend_commit(struct troth_store_backend *b)
{
	enum troth_status status = b->poisoned ? TROTH_E_IO : troth_sqlite_sweep(b);

	if (status == TROTH_OK)
		status = run(b, SQL_COMMIT);
	if (status != TROTH_OK) {
		backend_rollback(b);
		return TROTH_E_IO;
	}
	if (b->reported != 0)
		troth_info("store-recovered", "code=%d", b->reported);
	b->reported = 0;
	return TROTH_OK;
}

const struct troth_store_ops troth_store_sqlite = {
	.open = backend_open,
	.check = backend_check,
	.close = backend_close,
	.begin = backend_begin,
	.apply = troth_sqlite_apply,
	.commit = backend_commit,
	.rollback = backend_rollback,
	.each_device = troth_sqlite_each_device,
	.each_document = troth_sqlite_each_document,
	.epoch = troth_sqlite_epoch,
	.record = troth_sqlite_record,
	.log = troth_sqlite_log,
	.text = troth_sqlite_text,
	.each_revoked = troth_sqlite_each_revoked,
	.each_secret = troth_sqlite_each_secret,
	.each_leaf = troth_sqlite_each_leaf,
	.each_notice = troth_sqlite_each_notice,
	.end = troth_sqlite_end,
	.cursor = troth_sqlite_cursor,
	.kept = troth_sqlite_kept,
};
