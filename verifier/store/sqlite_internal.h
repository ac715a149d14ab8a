/* SPDX-License-Identifier: Apache-2.0 */
/* The SQLite backend's own parts: two connections, statements kept prepared, and a few helpers
 * that bind and read in column order. */
#ifndef TROTH_STORE_SQLITE_INTERNAL_H
#define TROTH_STORE_SQLITE_INTERNAL_H

#include <pthread.h>
#include <sqlite3.h>

#include "base.h"
#include "item.h"

/* Statements of sqlite_sql.c. From SQL_READ_FIRST on they belong to the read connection. */
enum troth_sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_ITEM_BEGIN,
	SQL_ITEM_KEEP,
	SQL_ITEM_UNDO,
	SQL_DEVICE_LOAD,
	SQL_DEVICE_ADD,
	SQL_DEVICE_SET,
	SQL_DEVICE_JUDGE,
	SQL_ENROLMENT_PUT,
	SQL_AK_CLAIM,
	SQL_LOG_KEEP,
	SQL_LOG_DROP,
	SQL_EVIDENCE_LOGS,
	SQL_EVIDENCE_HOLDS,
	SQL_EVIDENCE_HOLDS_SYSTEMD,
	SQL_EVIDENCE_PUT,
	SQL_EVIDENCE_RENEW,
	SQL_LEAF_ADD,
	SQL_NOTICE_ADD,
	SQL_NOTICES_FORGET,
	SQL_NOTICES_FIRST,
	SQL_CURSOR_PUT,
	SQL_SERIAL_ADD,
	SQL_SERIALS_PRUNE,
	SQL_SERIALS_REVOKE,
	SQL_SERIALS_SWEEP,
	SQL_NONCES_PRUNE,
	SQL_NONCE_ADD,
	SQL_NONCES_SWEEP,
	SQL_DEVICE_NUMBER,
	SQL_SECRET_PUT,
	SQL_SECRET_GRANT,
	SQL_SECRET_GRANT_ALL,
	SQL_SECRET_REMOVE,
	SQL_SECRET_REMOVE_ALL,
	SQL_SECRET_FIND,
	SQL_SECRETS_OF,
	SQL_EPOCH,
	SQL_EPOCH_UP,
	SQL_TEXT_FIND,
	SQL_TEXT_ADD,
	SQL_DOCUMENT_FIND,
	SQL_DOCUMENT_ADD,
	SQL_READ_FIRST,
	SQL_READ_EPOCH = SQL_READ_FIRST,
	SQL_READ_DEVICES,
	SQL_READ_DOCUMENTS,
	SQL_READ_RECORD_AFFIRMING,
	SQL_READ_RECORD_LAST,
	SQL_READ_LOG,
	SQL_READ_TEXT,
	SQL_READ_REVOKED,
	SQL_READ_SECRETS,
	SQL_READ_LEAVES,
	SQL_READ_NOTICES,
	SQL_READ_END,
	SQL_READ_KEPT,
	SQL_READ_CURSOR,
	SQL_N
};

extern const char *const troth_sql_text[SQL_N];

struct troth_store_backend {
	/* The thread that begins and commits. */
	sqlite3 *write;
	bool poisoned;	/* the open transaction can only be rolled back */
	uint64_t now_s; /* latest time an item of the open transaction carries */
	int reported;	/* extended code last logged; 0 once a commit succeeds */

	/* Any thread, under the lock. */
	pthread_mutex_t read_lock;
	sqlite3 *read;

	sqlite3_stmt *statements[SQL_N];
};

/* ---- sqlite_schema.c ---- */

#define TROTH_SQLITE_APPLICATION_ID 0x54726f74 /* "Trot" */

/* The number of migrations known: the schema version of a store that is up to date. */
extern const int troth_sqlite_schema_version;

/* The version of the schema found, 0 for an empty file; writes nothing. TROTH_E_CONFIG, with a
 * line logged: newer than this program, or not a store of ours. */
TROTH_NODISCARD enum troth_status troth_sqlite_identify(struct troth_store_backend *b,
							const char *where, int *out_version);
/* Brings the schema up to date, each step in a transaction of its own. */
TROTH_NODISCARD enum troth_status troth_sqlite_migrate(struct troth_store_backend *b,
						       int version);

/* ---- sqlite_call.c ---- */

/* SQLite's answer as ours; faults of the medium are logged, once until a commit succeeds. */
TROTH_NODISCARD enum troth_status troth_sqlite_status(struct troth_store_backend *b,
						      sqlite3 *db, int rc);
/* Statements without parameters and result. */
TROTH_NODISCARD enum troth_status troth_sqlite_exec(struct troth_store_backend *b, sqlite3 *db,
						    const char *sql);

/* One execution of a statement. Parameters are bound in order, then the columns of a
 * row are taken in order; the first thing that goes wrong sticks. What is bound is
 * borrowed until troth_call_end. */
struct troth_call {
	struct troth_store_backend *b;
	sqlite3_stmt *stmt;
	int rc;	     /* of binding and stepping */
	int at;	     /* last parameter bound, then next column taken */
	bool broken; /* a column does not hold what it must */
};

struct troth_call troth_call_start(struct troth_store_backend *b, enum troth_sql sql);
void troth_put_u64(struct troth_call *c, uint64_t v);
void troth_put_null(struct troth_call *c);
void troth_put_bytes(struct troth_call *c, struct troth_view bytes);
/* NULL for no bytes. */
void troth_put_bytes_or_null(struct troth_call *c, struct troth_view bytes);
void troth_put_text(struct troth_call *c, const char *text);

/* Steps; *out_row tells whether there is a row to take from. */
TROTH_NODISCARD enum troth_status troth_call_step(struct troth_call *c, bool *out_row);
uint64_t troth_take_u64(struct troth_call *c, uint64_t max);
bool troth_take_null(const struct troth_call *c); /* looks at the next column, takes nothing */
void troth_take_skip(struct troth_call *c);
void troth_take_bytes(struct troth_call *c, uint8_t *out, size_t n); /* exactly n, not 0 */
struct troth_view troth_take_view(struct troth_call *c);	     /* until the next step */
void troth_take_text(struct troth_call *c, char *out, size_t size);
/* TROTH_E_MALFORMED when a column did not hold what it must. */
TROTH_NODISCARD enum troth_status troth_call_sound(const struct troth_call *c);
/* Frees the statement for its next use. */
void troth_call_end(struct troth_call *c);
/* Steps a statement that returns nothing, and ends it. */
TROTH_NODISCARD enum troth_status troth_call_run(struct troth_call *c);

/* ---- sqlite_row.c: the columns of a device, in the order of TROTH_DEVICE_COLUMNS ---- */

/* What verdicts change, then what enrolment and operators change as well. */
#define TROTH_VERDICT_COLUMNS                                                                \
	"reset_count, restart_count, clock, key_name_sha256, key_session, key_reset_count, " \
	"key_restart_count, key_time_ms, key_mac, log_digest, tier, finding, last_pass_ms, " \
	"last_fail_ms, certificate_not_after_s, ima, systemd_digest"
#define TROTH_IDENTITY_COLUMNS                                                          \
	"generation, state, name, segment, policy_group, mac, ak_public, enrolled_ms, " \
	"ek_certificate_trusted, ek_in_inventory, ek_maker"
#define TROTH_DEVICE_COLUMNS "id, version, " TROTH_VERDICT_COLUMNS ", " TROTH_IDENTITY_COLUMNS

void troth_put_verdict_part(struct troth_call *c, const struct troth_device_row *row);
void troth_put_identity_part(struct troth_call *c, const struct troth_device_row *row);
TROTH_NODISCARD enum troth_status troth_take_device(struct troth_call *c,
						    struct troth_device_row *out);

/* ---- sqlite_apply.c ---- */

TROTH_NODISCARD enum troth_status troth_sqlite_apply(struct troth_store_backend *b,
						     const struct troth_store_item *item);
TROTH_NODISCARD enum troth_status troth_sqlite_add_leaf(struct troth_store_backend *b,
							struct troth_view leaf);
/* Deletes a bounded number of serials that ran out long ago. */
TROTH_NODISCARD enum troth_status troth_sqlite_sweep(struct troth_store_backend *b);

/* ---- sqlite_secret.c ---- */

TROTH_NODISCARD enum troth_status
troth_sqlite_change_secret(struct troth_store_backend *b, const struct troth_store_secret *s);
/* What the device may have under this name; out->found says whether that is anything. */
TROTH_NODISCARD enum troth_status troth_sqlite_find_secret(struct troth_store_backend *b,
							   uint64_t device, const char *name,
							   struct troth_sealed_secret *out);
enum troth_status troth_sqlite_each_secret(
	struct troth_store_backend *b,
	enum troth_status (*visit)(void *arg, const struct troth_secret_entry *entry),
	void *arg);

/* ---- sqlite_evidence.c ---- */

/* Keeps record and log of a verdict, and drops the log it replaces when no device uses it. */
TROTH_NODISCARD enum troth_status
troth_sqlite_keep_evidence(struct troth_store_backend *b, uint64_t device,
			   const struct troth_store_verdict *v);
/* TROTH_E_NOT_FOUND unless the row names no log or one kept from this very device. */
TROTH_NODISCARD enum troth_status troth_sqlite_log_held(struct troth_store_backend *b,
							uint64_t device,
							const struct troth_device_row *row);

/* ---- sqlite_read.c ---- */

/* Holds the read connection for one statement. */
struct troth_call troth_sqlite_read_start(struct troth_store_backend *b, enum troth_sql sql);
void troth_sqlite_read_end(struct troth_call *c);
/* Calls each once per row until there are no more or it fails. */
TROTH_NODISCARD enum troth_status
troth_sqlite_for_each(struct troth_call *c,
		      enum troth_status (*each)(struct troth_call *c, void *arg), void *arg);

enum troth_status troth_sqlite_each_device(
	struct troth_store_backend *b,
	enum troth_status (*visit)(void *arg, const struct troth_device_row *row), void *arg);
enum troth_status troth_sqlite_each_document(struct troth_store_backend *b, bool policies,
					     enum troth_status (*visit)(void *arg,
									const char *name,
									struct troth_view text),
					     void *arg);
enum troth_status troth_sqlite_epoch(struct troth_store_backend *b, uint64_t *out);
enum troth_status troth_sqlite_record(struct troth_store_backend *b,
				      const uint8_t device_id[32], bool affirming,
				      struct troth_buffer *out);
enum troth_status troth_sqlite_log(struct troth_store_backend *b, const uint8_t digest[32],
				   struct troth_buffer *out);
enum troth_status troth_sqlite_text(struct troth_store_backend *b, const uint8_t id[32],
				    struct troth_buffer *out);
enum troth_status troth_sqlite_each_revoked(struct troth_store_backend *b, uint64_t now_s,
					    enum troth_status (*visit)(void *arg,
								       const uint8_t serial[16],
								       uint64_t revoked_s),
					    void *arg);
enum troth_status troth_sqlite_each_leaf(struct troth_store_backend *b, uint64_t from,
					 size_t most,
					 enum troth_status (*visit)(void *arg, uint64_t index,
								    struct troth_view leaf),
					 void *arg);
/* The only column of the only row; ends the call. */
enum troth_status troth_sqlite_take_number(struct troth_call *c, uint64_t *out);

/* ---- sqlite_notices.c ---- */

/* Of the leaf just added. */
enum troth_status troth_sqlite_add_notice(struct troth_store_backend *b,
					  const struct troth_notice *notice);
enum troth_status troth_sqlite_forget(struct troth_store_backend *b,
				      const struct troth_store_forget *forget);
enum troth_status troth_sqlite_put_cursor(struct troth_store_backend *b,
					  const struct troth_store_cursor *cursor);
enum troth_status troth_sqlite_kept(struct troth_store_backend *b,
				    struct troth_notices_kept *out);
enum troth_status
troth_sqlite_each_notice(struct troth_store_backend *b, uint64_t from, size_t most,
			 enum troth_status (*visit)(void *arg, uint64_t index,
						    const struct troth_notice *notice),
			 void *arg);
enum troth_status troth_sqlite_end(struct troth_store_backend *b, uint64_t *out);
enum troth_status troth_sqlite_cursor(struct troth_store_backend *b, const char *name,
				      uint64_t *out);

#endif
