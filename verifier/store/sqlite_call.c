/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "log.h"
#include "sqlite_internal.h"

static enum troth_status status_of(int rc)
{
	switch (rc & 0xff) { /* the primary code of an extended one */
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE: return TROTH_OK;
	case SQLITE_CONSTRAINT: return TROTH_E_CONFLICT;
	case SQLITE_TOOBIG: return TROTH_E_LIMIT;
	case SQLITE_NOMEM: return TROTH_E_MEMORY;
	default: return TROTH_E_IO;
	}
}

enum troth_status troth_sqlite_status(struct troth_store_backend *b, sqlite3 *db, int rc)
{
	enum troth_status status = status_of(rc);

	/* Only the writer's faults are remembered: the read connection has other threads. */
	if (status == TROTH_E_IO && (db != b->write || b->reported != rc)) {
		troth_error("store-failed", "code=%d errno=%d problem=\"%s\"", rc,
			    db != NULL ? sqlite3_system_errno(db) : 0, sqlite3_errstr(rc));
		if (db == b->write)
			b->reported = rc;
	}
	return status;
}

enum troth_status troth_sqlite_exec(struct troth_store_backend *b, sqlite3 *db, const char *sql)
{
	return troth_sqlite_status(b, db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

struct troth_call troth_call_start(struct troth_store_backend *b, enum troth_sql sql)
{
	return (struct troth_call){ .b = b, .stmt = b->statements[sql], .rc = SQLITE_OK };
}

static void bound(struct troth_call *c, int rc)
{
	if (c->rc == SQLITE_OK)
		c->rc = rc;
}

void troth_put_u64(struct troth_call *c, uint64_t v)
{
	/* Items were checked to fit (item.h); a value that does not is our own bug. */
	bound(c, v <= INT64_MAX ? sqlite3_bind_int64(c->stmt, ++c->at, (sqlite3_int64)v)
				: SQLITE_RANGE);
}

void troth_put_null(struct troth_call *c)
{
	bound(c, sqlite3_bind_null(c->stmt, ++c->at));
}

void troth_put_bytes(struct troth_call *c, struct troth_view bytes)
{
	/* SQLite takes a null pointer for NULL, even when the length is zero. */
	const void *p = bytes.n > 0 ? (const void *)bytes.p : "";

	bound(c, sqlite3_bind_blob64(c->stmt, ++c->at, p, bytes.n, SQLITE_STATIC));
}

void troth_put_bytes_or_null(struct troth_call *c, struct troth_view bytes)
{
	if (bytes.n == 0)
		troth_put_null(c);
	else
		troth_put_bytes(c, bytes);
}

void troth_put_text(struct troth_call *c, const char *text)
{
	bound(c, sqlite3_bind_text(c->stmt, ++c->at, text, -1, SQLITE_STATIC));
}

enum troth_status troth_call_step(struct troth_call *c, bool *out_row)
{
	if (c->rc == SQLITE_OK || c->rc == SQLITE_ROW)
		c->rc = sqlite3_step(c->stmt);
	c->at = 0;
	TROTH_TRY(troth_sqlite_status(c->b, sqlite3_db_handle(c->stmt), c->rc));
	*out_row = c->rc == SQLITE_ROW;
	return TROTH_OK;
}

uint64_t troth_take_u64(struct troth_call *c, uint64_t max)
{
	int at = c->at++;
	sqlite3_int64 v = sqlite3_column_int64(c->stmt, at);

	if (sqlite3_column_type(c->stmt, at) == SQLITE_INTEGER && v >= 0 && (uint64_t)v <= max)
		return (uint64_t)v;
	c->broken = true;
	return 0;
}

bool troth_take_null(const struct troth_call *c)
{
	return sqlite3_column_type(c->stmt, c->at) == SQLITE_NULL;
}

void troth_take_skip(struct troth_call *c)
{
	c->at++;
}

struct troth_view troth_take_view(struct troth_call *c)
{
	int at = c->at++;
	const uint8_t *p = sqlite3_column_blob(c->stmt, at);
	int n = sqlite3_column_bytes(c->stmt, at);

	if (p != NULL && n > 0)
		return (struct troth_view){ p, (size_t)n };
	/* Empty is fine, out of memory is not. */
	c->broken |= n > 0 || sqlite3_errcode(sqlite3_db_handle(c->stmt)) == SQLITE_NOMEM;
	return (struct troth_view){ 0 };
}

void troth_take_bytes(struct troth_call *c, uint8_t *out, size_t n)
{
	struct troth_view v = troth_take_view(c);

	if (v.n == n && v.p != NULL)
		memcpy(out, v.p, n);
	else
		c->broken = true;
}

void troth_take_text(struct troth_call *c, char *out, size_t size)
{
	struct troth_view v = troth_take_view(c);

	if (v.n >= size || (v.n > 0 && memchr(v.p, 0, v.n) != NULL)) {
		c->broken = true;
		return;
	}
	if (v.n > 0)
		memcpy(out, v.p, v.n);
	out[v.n] = 0;
}

enum troth_status troth_call_sound(const struct troth_call *c)
{
	return c->broken ? TROTH_E_MALFORMED : TROTH_OK;
}

void troth_call_end(struct troth_call *c)
{
	(void)sqlite3_reset(c->stmt); /* repeats the error of the step, which was answered */
}

enum troth_status troth_call_run(struct troth_call *c)
{
	bool row;
	enum troth_status status = troth_call_step(c, &row);

	troth_call_end(c);
	return status;
}
