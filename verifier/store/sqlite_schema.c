/* SPDX-License-Identifier: Apache-2.0 */
/* The schema, as the steps that led to it. A step that has shipped is never edited: a change is
 * a new step at the end, with a test that starts one version below it. */
#include <stdio.h>

#include "log.h"
#include "sqlite_internal.h"

/* Absent values are NULL: an order that is not known, a key that is not certified, a log that
 * is not held. What a verdict leaves alone (EK, its certificate, facts) is in a table of its
 * own, so that a renewal does not write it again. */
static const char SCHEMA_1[] =
	"CREATE TABLE meta ("
	" one INTEGER PRIMARY KEY CHECK (one = 1),"
	" epoch INTEGER NOT NULL) STRICT;" /* of policies and references */
	"INSERT INTO meta (one, epoch) VALUES (1, 0);"

	"CREATE TABLE devices ("
	" device INTEGER PRIMARY KEY,"
	" id BLOB NOT NULL UNIQUE CHECK (length(id) = 32),"
	" version INTEGER NOT NULL CHECK (version > 0),"
	" reset_count INTEGER, restart_count INTEGER, clock INTEGER,"
	" key_name_sha256 BLOB, key_reset_count INTEGER, key_restart_count INTEGER,"
	" key_time_ms INTEGER, key_mac BLOB,"
	" log_digest BLOB,"
	" tier INTEGER NOT NULL, finding TEXT NOT NULL,"
	" last_pass_ms INTEGER NOT NULL, last_fail_ms INTEGER NOT NULL,"
	" certificate_not_after_s INTEGER NOT NULL,"
	" generation INTEGER NOT NULL, state INTEGER NOT NULL,"
	" name TEXT NOT NULL UNIQUE, segment TEXT NOT NULL, policy_group TEXT NOT NULL,"
	" mac BLOB NOT NULL, ak_public BLOB NOT NULL, enrolled_ms INTEGER NOT NULL,"
	" ek_certificate_trusted INTEGER NOT NULL, ek_in_inventory INTEGER NOT NULL) STRICT;"

	"CREATE TABLE enrolments ("
	" device INTEGER PRIMARY KEY REFERENCES devices,"
	" ek_key BLOB NOT NULL, ek_certificate BLOB, facts BLOB) STRICT;"

	"CREATE TABLE logs ("
	" digest BLOB PRIMARY KEY NOT NULL, bytes BLOB NOT NULL) STRICT;"

	/* The last affirming record of a device and the last other one. */
	"CREATE TABLE evidence ("
	" device INTEGER NOT NULL REFERENCES devices,"
	" affirming INTEGER NOT NULL CHECK (affirming IN (0, 1)),"
	" version INTEGER NOT NULL," /* of the device's row: tells which is later */
	" log_digest BLOB REFERENCES logs,"
	" record BLOB NOT NULL,"
	" PRIMARY KEY (device, affirming)) STRICT;"
	"CREATE INDEX evidence_by_log ON evidence (log_digest) WHERE log_digest IS NOT NULL;"

	/* By device first: the serial a renewal adds lies where the one it replaces lay. */
	"CREATE TABLE serials ("
	" device INTEGER NOT NULL REFERENCES devices,"
	" serial BLOB NOT NULL CHECK (length(serial) = 16),"
	" certificate_sha256 BLOB NOT NULL,"
	" not_after_s INTEGER NOT NULL,"
	" revoked_s INTEGER,"
	" PRIMARY KEY (device, serial)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX serials_by_end ON serials (not_after_s);"
	"CREATE INDEX serials_revoked ON serials (not_after_s, revoked_s)"
	" WHERE revoked_s IS NOT NULL;"

	"CREATE TABLE leaves ("
	" idx INTEGER PRIMARY KEY, leaf BLOB NOT NULL) STRICT;"

	/* Every text ever put, once; and every putting of it. */
	"CREATE TABLE texts ("
	" id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 32), text BLOB NOT NULL) STRICT;"
	"CREATE TABLE documents ("
	" policy INTEGER NOT NULL CHECK (policy IN (0, 1))," /* else a reference set */
	" name TEXT NOT NULL,"
	" epoch INTEGER NOT NULL,"
	" id BLOB NOT NULL REFERENCES texts,"
	" put_s INTEGER NOT NULL,"
	" PRIMARY KEY (policy, name, epoch)) STRICT, WITHOUT ROWID;";

/* Every AK that ever was a device's: it is nobody else's afterwards. */
static const char SCHEMA_2[] =
	"CREATE TABLE attestation_keys ("
	" ak_public BLOB PRIMARY KEY NOT NULL,"
	" device INTEGER NOT NULL REFERENCES devices) STRICT, WITHOUT ROWID;"
	/* Of two that share one, the first keeps it. */
	"INSERT INTO attestation_keys (ak_public, device)"
	" SELECT ak_public, min(device) FROM devices GROUP BY ak_public;";

/* Thumbprint of the session key that was proven when the key was certified. A record without
 * one, from before there were any, no longer fits its MAC: the next renewal certifies anew. */
static const char SCHEMA_3[] = "ALTER TABLE devices ADD COLUMN key_session BLOB;"
			       "UPDATE devices SET key_name_sha256 = NULL;";

/* Nonces of relying parties that a device has had a result for, as long as one may be about. */
static const char SCHEMA_4[] = "CREATE TABLE result_nonces ("
			       " device INTEGER NOT NULL REFERENCES devices,"
			       " nonce BLOB NOT NULL,"
			       " used_s INTEGER NOT NULL,"
			       " PRIMARY KEY (device, nonce)) STRICT, WITHOUT ROWID;";

/* What is known of the IMA list of the device's boot (core/ima/ima_state.h). */
static const char SCHEMA_5[] = "ALTER TABLE devices ADD COLUMN ima BLOB"
			       " CHECK (length(ima) <= 1024);";

/* Who made a device's TPM: known from its next enrolment on. */
static const char SCHEMA_6[] =
	"ALTER TABLE devices ADD COLUMN ek_maker TEXT NOT NULL DEFAULT '';";

/* What is told of changes (notice.h), and how far each webhook has come. What lies before is
 * told to nobody. */
static const char SCHEMA_7[] = "CREATE TABLE notices ("
			       " idx INTEGER PRIMARY KEY," /* of the leaf */
			       " kind INTEGER NOT NULL, time_s INTEGER NOT NULL,"
			       " name TEXT NOT NULL, segment TEXT NOT NULL,"
			       " was TEXT NOT NULL, reason TEXT NOT NULL,"
			       " revoked INTEGER NOT NULL) STRICT;"
			       "CREATE TABLE cursors ("
			       " name TEXT PRIMARY KEY NOT NULL,"
			       " next INTEGER NOT NULL) STRICT, WITHOUT ROWID;";

/* Secrets, sealed for the issuer: of one device, or shared (device 0); without a value, that
 * the device may have the shared one. */
static const char SCHEMA_8[] = "CREATE TABLE secrets ("
			       " name TEXT NOT NULL,"
			       " device INTEGER NOT NULL,"
			       " sealed BLOB CHECK (length(sealed) <= 4177),"
			       " for_all INTEGER NOT NULL CHECK (for_all IN (0, 1)),"
			       " put_s INTEGER NOT NULL,"
			       " PRIMARY KEY (name, device)) STRICT, WITHOUT ROWID;";

/* Notices are forgotten: they are numbered one after the other, so that counting them reads
 * two, and from which leaf on they are all there is known. A nonce goes with its day, whether
 * or not its device comes again. */
static const char SCHEMA_9[] =
	"ALTER TABLE meta ADD COLUMN notices_from INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE notices ADD COLUMN n INTEGER NOT NULL DEFAULT 0;"
	"UPDATE notices SET n = r.n FROM (SELECT idx, row_number() OVER (ORDER BY idx) AS n"
	" FROM notices) AS r WHERE r.idx = notices.idx;"
	"CREATE INDEX result_nonces_by_time ON result_nonces (used_s);";

/* systemd's log of its own measurements lies beside the firmware's, and goes like it. */
static const char SCHEMA_10[] =
	"ALTER TABLE devices ADD COLUMN systemd_digest BLOB;"
	"ALTER TABLE evidence ADD COLUMN systemd_digest BLOB REFERENCES logs;"
	"CREATE INDEX evidence_by_systemd ON evidence (systemd_digest)"
	" WHERE systemd_digest IS NOT NULL;";

static const char *const STEPS[] = { SCHEMA_1, SCHEMA_2, SCHEMA_3, SCHEMA_4, SCHEMA_5,
				     SCHEMA_6, SCHEMA_7, SCHEMA_8, SCHEMA_9, SCHEMA_10 };

const int troth_sqlite_schema_version = (int)TROTH_COUNT(STEPS);

/* The integer a one-row query answers. */
static enum troth_status ask(struct troth_store_backend *b, const char *sql, int *out)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(b->write, sql, -1, &stmt, NULL);
	int value = 0;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		value = sqlite3_column_int(stmt, 0);
	(void)sqlite3_finalize(stmt);
	if (rc != SQLITE_ROW)
		return troth_sqlite_status(b, b->write, rc);
	*out = value;
	return TROTH_OK;
}

static enum troth_status step_up(struct troth_store_backend *b, int version)
{
	char stamp[96];
	enum troth_status status;

	(void)snprintf(stamp, sizeof stamp,
		       "PRAGMA application_id = %d; PRAGMA user_version = %d",
		       TROTH_SQLITE_APPLICATION_ID, version + 1);
	TROTH_TRY(troth_sqlite_exec(b, b->write, "BEGIN IMMEDIATE"));
	status = troth_sqlite_exec(b, b->write, STEPS[version]);
	if (status == TROTH_OK)
		status = troth_sqlite_exec(b, b->write, stamp);
	if (status == TROTH_OK)
		status = troth_sqlite_exec(b, b->write, "COMMIT");
	if (status != TROTH_OK && !sqlite3_get_autocommit(b->write))
		(void)sqlite3_exec(b->write, "ROLLBACK", NULL, NULL, NULL);
	return status;
}

enum troth_status troth_sqlite_identify(struct troth_store_backend *b, const char *where,
					int *out_version)
{
	int application = 0, version = 0, tables = 0;

	TROTH_TRY(ask(b, "PRAGMA application_id", &application));
	TROTH_TRY(ask(b, "PRAGMA user_version", &version));
	TROTH_TRY(ask(b, "SELECT count(*) FROM sqlite_schema", &tables));
	if (application != TROTH_SQLITE_APPLICATION_ID && (application != 0 || tables != 0)) {
		troth_error("store-foreign",
			    "file=%s problem=\"a database, but not a store of troth-verifier\"",
			    where);
		return TROTH_E_CONFIG;
	}
	if (version < 0 || version > troth_sqlite_schema_version) {
		troth_error("store-newer",
			    "file=%s schema=%d known=%d problem=\"written by a newer "
			    "troth-verifier, which is needed to open it\"",
			    where, version, troth_sqlite_schema_version);
		return TROTH_E_CONFIG;
	}
	*out_version = version;
	return TROTH_OK;
}

enum troth_status troth_sqlite_migrate(struct troth_store_backend *b, int version)
{
	for (; version < troth_sqlite_schema_version; version++)
		TROTH_TRY(step_up(b, version));
	return TROTH_OK;
}
