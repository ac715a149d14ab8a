/* SPDX-License-Identifier: Apache-2.0 */
/* The store: devices, evidence, serials, audit leaves, policies, reference sets.
 *
 * Two layers. A backend (SQLite; PostgreSQL later) applies single items inside a transaction it
 * is told to begin and commit. The writer thread owns the only write connection and answers
 * each item after the commit. What waits when it comes round is one transaction, up to
 * TROTH_STORE_GROUP_MAX items: nothing waits for company, and items that arrive during a commit
 * make the next group. Nothing is acknowledged that is not durable. An item whose condition
 * fails (version, state, epoch, a name that is taken) gets TROTH_E_CONFLICT and changes
 * nothing; the others commit. When the database fails, everybody in the group gets TROTH_E_IO,
 * and the next group tries anew. */
#ifndef TROTH_STORE_H
#define TROTH_STORE_H

#include "device_row.h"
#include "notice.h"
#include "sealed_secret.h"

/* Items in one transaction. */
#define TROTH_STORE_GROUP_MAX 256
/* Items waiting, and the bytes they hold; past either, submit answers TROTH_E_BUSY. The bytes
 * are several times the largest item (a reference set of TROTH_REFERENCE_JSON_MAX). */
#define TROTH_STORE_QUEUE_MAX 4096
#define TROTH_STORE_QUEUE_BYTES_MAX ((size_t)64 * 1024 * 1024)
/* A serial stays this long after its certificate has run out (longer than any certificate
 * lives), unless a newer one of the same device takes its place earlier. */
#define TROTH_STORE_SERIAL_GRACE_S (2 * 24 * 3600U)

/* A device is enrolled, or enrolled again with a new AK (then row.version is the version
 * expected, live serials are revoked and certified keys dropped). A device that is quarantined
 * or retired stays so: another state in row is TROTH_E_CONFLICT. An AK belongs to one device
 * for ever: one that is or was another's is TROTH_E_DENIED. */
struct troth_store_enrol {
	/* version 0: must not exist yet; the stored row gets version + 1 */
	struct troth_device_row row;
	struct troth_view ek_key, ek_certificate, facts;
	struct troth_view leaf;
	uint64_t now_s;
};

/* A secret as it lies in the store, sealed for the issuer. */
struct troth_sealed_secret {
	bool found; /* there is one, and the device may have it */
	bool own;   /* the device's own value, else a shared one */
	size_t n;
	uint8_t bytes[TROTH_SECRET_SEALED_MAX];
};

/* A verdict on authenticated evidence: one row update, one leaf, evidence, and the serial when
 * a certificate was issued. What enrolment and operators decide (state, name, segment, group,
 * generation, MAC, AK, EK trust) must be in row as it is stored, else TROTH_E_CONFLICT. */
struct troth_store_verdict {
	uint8_t device_id[32];
	uint64_t version;	     /* of the token: WHERE version = ... AND state = active */
	uint64_t policy_epoch;	     /* policy and references the verdict was made under */
	struct troth_device_row row; /* the row as it shall be (version is set by the store) */
	struct troth_view record;    /* serialised AppraisalRecord */
	/* Log bytes to keep under row.log_digest; empty: held already from this very device,
	 * else TROTH_E_NOT_FOUND. */
	struct troth_view log;
	struct troth_view systemd; /* likewise under row.systemd_digest */
	struct troth_view leaf;
	/* A relying party's, that a result was signed for, or none. One that this device had a
	 * result for within the day is TROTH_E_DENIED. */
	struct troth_view result_nonce;
	/* A secret that is released with it; an empty name: none. What may be had is decided in
	 * the transaction: then *secret is filled before it is answered, and secret_leaf is
	 * added. */
	char secret_name[TROTH_NAME_LEN_MAX + 1];
	struct troth_view secret_leaf;
	struct troth_sealed_secret *secret; /* the caller's, until done */
	bool issued;
	uint8_t serial[16];
	uint8_t certificate_sha256[32];
	uint64_t not_after_s;
	bool revoke; /* contraindicated: live serials go to the CRL */
	uint64_t now_s;
};

/* An operator changes the administrative state (or name, segment, group) of a device. A state
 * other than active revokes whether or not revoke says so. */
struct troth_store_state {
	struct troth_device_row row; /* as it shall be; row.version is the version expected */
	bool revoke;
	struct troth_view leaf;
	uint64_t now_s;
};

/* A policy or reference set is put; the epoch goes up by one. An id names its text for ever:
 * the same id with another text is TROTH_E_CONFLICT. So is a conditional one where the name
 * stands for something else than who made it had read. */
struct troth_store_document {
	bool is_policy; /* else a reference set */
	char name[TROTH_NAME_LEN_MAX + 1];
	uint8_t id[32];
	bool conditional;
	uint8_t over[32];	/* conditional: the id in force; zeros: none is */
	struct troth_view text; /* YAML or JSON */
	struct troth_view leaf;
	uint64_t now_s;
};

/* How far a webhook has come: the next leaf whose notice it is to deliver. No leaf of its own.
 */
struct troth_store_cursor {
	char name[TROTH_NAME_LEN_MAX + 1];
	uint64_t next;
};

/* Notices of leaves before `first` are forgotten. Of each webhook that has not delivered some
 * of them, a leaf says so. */
struct troth_store_forget {
	uint64_t first;
	size_t n_leaves;
	struct troth_view leaves[TROTH_WEBHOOKS_MAX];
	uint64_t now_s;
};

/* What is there of them. */
struct troth_notices_kept {
	uint64_t first; /* from this leaf on none is missing */
	uint64_t n;
};

enum troth_store_deed {
	TROTH_STORE_SECRET_PUT,	  /* a value: of one device, or shared */
	TROTH_STORE_SECRET_GRANT, /* the shared value, to one device or to all */
	TROTH_STORE_SECRET_REMOVE /* value or grant of one device, or all of the name */
};

/* A secret changes. TROTH_E_NOT_FOUND for a grant without a shared value, and where nothing is
 * to be removed; TROTH_E_CONFLICT for a device that is not there, and for a grant to one that
 * has a value of its own. */
struct troth_store_secret {
	enum troth_store_deed deed;
	char name[TROTH_NAME_LEN_MAX + 1];
	bool of_device;
	uint8_t device_id[32];
	struct troth_view sealed; /* of a put */
	struct troth_view leaf;
	uint64_t now_s;
};

/* What is listed of one: never the value. */
struct troth_secret_entry {
	char name[TROTH_NAME_LEN_MAX + 1];
	char device[TROTH_NAME_LEN_MAX + 1]; /* registry name; empty: the shared value */
	bool has_value;			     /* else a grant of the shared value */
	bool for_all; /* a shared value that every device of a policy with this name gets */
	uint64_t put_s;
};

enum troth_store_kind {
	TROTH_STORE_ENROL,
	TROTH_STORE_VERDICT,
	TROTH_STORE_STATE,
	TROTH_STORE_DOCUMENT,
	TROTH_STORE_CURSOR,
	TROTH_STORE_SECRET,
	TROTH_STORE_FORGET
};

struct troth_store_item {
	enum troth_store_kind kind;
	union {
		struct troth_store_enrol enrol;
		struct troth_store_verdict verdict;
		struct troth_store_state state;
		struct troth_store_document document;
		struct troth_store_cursor cursor;
		struct troth_store_secret secret;
		struct troth_store_forget forget;
	} u;
};

/* ---- backend: synchronous ---- */

struct troth_store_backend;

/* begin, apply, commit and rollback are for one thread at a time (the writer's). The reads
 * (each_*, epoch, record, log) are for any thread, also while another writes: they have a
 * connection and a lock of their own, and see what is committed. Visitors return TROTH_OK to go
 * on; they must not call the store, which waits for them. Views live during the call. A row
 * that does not hold what it must is TROTH_E_MALFORMED.
 *
 * After open no file is opened any more, so that the process may give up that right. */
struct troth_store_ops {
	/* Runs every missing migration first. TROTH_E_CONFIG when the schema is newer than we
	 * know, or the database is somebody else's; the line logged says which. */
	enum troth_status (*open)(const char *where, struct troth_store_backend **out);
	/* Whether open would find a store there: changes and keeps nothing, also beside one
	 * that is open. TROTH_E_NOT_FOUND, TROTH_E_CONFIG, TROTH_E_IO, with a line logged. */
	enum troth_status (*check)(const char *where);
	void (*close)(struct troth_store_backend *b);
	enum troth_status (*begin)(struct troth_store_backend *b);
	/* Applies inside the transaction: all of the item or nothing. TROTH_E_IO poisons the
	 * transaction; any other refusal (TROTH_E_CONFLICT; TROTH_E_LIMIT and TROTH_E_MALFORMED
	 * as in item.h; TROTH_E_NOT_FOUND for a log not held) leaves it usable. */
	enum troth_status (*apply)(struct troth_store_backend *b,
				   const struct troth_store_item *item);
	/* Not TROTH_OK: rolled back. */
	enum troth_status (*commit)(struct troth_store_backend *b);
	void (*rollback)(struct troth_store_backend *b);

	enum troth_status (*each_device)(
		struct troth_store_backend *b,
		enum troth_status (*visit)(void *arg, const struct troth_device_row *row),
		void *arg);
	enum troth_status (*each_document)(struct troth_store_backend *b, bool policies,
					   enum troth_status (*visit)(void *arg,
								      const char *name,
								      struct troth_view text),
					   void *arg);
	enum troth_status (*epoch)(struct troth_store_backend *b, uint64_t *out);
	/* Latest record of a device: the last affirming one, or the last of any kind. Owned
	 * bytes. */
	enum troth_status (*record)(struct troth_store_backend *b, const uint8_t device_id[32],
				    bool affirming, struct troth_buffer *out);
	enum troth_status (*log)(struct troth_store_backend *b, const uint8_t digest[32],
				 struct troth_buffer *out);
	/* A policy or reference set by its id, also one that is no longer in force. */
	enum troth_status (*text)(struct troth_store_backend *b, const uint8_t id[32],
				  struct troth_buffer *out);
	/* Revoked serials whose certificates have not run out at now_s. */
	enum troth_status (*each_revoked)(struct troth_store_backend *b, uint64_t now_s,
					  enum troth_status (*visit)(void *arg,
								     const uint8_t serial[16],
								     uint64_t revoked_s),
					  void *arg);
	enum troth_status (*each_secret)(
		struct troth_store_backend *b,
		enum troth_status (*visit)(void *arg, const struct troth_secret_entry *entry),
		void *arg);
	/* Leaves from index on, in order of commit; the first is 0 and none is ever missing. */
	enum troth_status (*each_leaf)(struct troth_store_backend *b, uint64_t from,
				       size_t most,
				       enum troth_status (*visit)(void *arg, uint64_t index,
								  struct troth_view leaf),
				       void *arg);
	/* Notices of leaves from index on (notice.h), in order; not every leaf has one. What an
	 * item tells is seen in its transaction and committed with its leaf. */
	enum troth_status (*each_notice)(
		struct troth_store_backend *b, uint64_t from, size_t most,
		enum troth_status (*visit)(void *arg, uint64_t index,
					   const struct troth_notice *notice),
		void *arg);
	/* One past the last leaf: where who follows from now on begins. */
	enum troth_status (*end)(struct troth_store_backend *b, uint64_t *out);
	enum troth_status (*kept)(struct troth_store_backend *b,
				  struct troth_notices_kept *out);
	/* How far a webhook has come; TROTH_E_NOT_FOUND for one that is new. */
	enum troth_status (*cursor)(struct troth_store_backend *b, const char *name,
				    uint64_t *out);
};

extern const struct troth_store_ops troth_store_sqlite;

/* ---- writer: asynchronous ---- */

struct troth_store_writer;

/* Answers come in batches on the writer thread, after the commit: hand them to your own loop.
 * For a success row is the row as committed (NULL for documents, cursors and secrets). */
typedef void troth_store_done(void *arg, enum troth_status status,
			      const struct troth_device_row *row);

/* Starts the thread; takes the backend over: reads of it are allowed until writer_stop, which
 * closes it. on_commit is called on the writer thread for every committed row of a group before
 * the first done of that group (the registry is brought up to date there). A document and the
 * verdicts beside it: the document first. */
TROTH_NODISCARD enum troth_status
troth_store_writer_start(const struct troth_store_ops *ops, struct troth_store_backend *backend,
			 void (*on_commit)(void *arg, const struct troth_device_row *row),
			 void *arg, struct troth_store_writer **out);
/* Copies the item and everything its views point at, in one allocation. Thread-safe. done is
 * called once for every TROTH_OK, and never otherwise. TROTH_E_BUSY when the queue is full or
 * the writer stops; TROTH_E_LIMIT and TROTH_E_MALFORMED as in item.h. */
TROTH_NODISCARD enum troth_status troth_store_submit(struct troth_store_writer *w,
						     const struct troth_store_item *item,
						     troth_store_done *done, void *arg);
/* Commits what waits, answers everything, ends the thread, closes the backend. Accepts NULL. */
void troth_store_writer_stop(struct troth_store_writer *w);

#endif
