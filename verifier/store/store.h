/* SPDX-License-Identifier: Apache-2.0 */
/* The store: devices, evidence, serials, audit leaves, policies, reference sets.
 *
 * Two layers. A backend (SQLite; PostgreSQL later) applies single items inside a transaction it
 * is told to begin and commit. The writer thread owns the only write connection, groups what
 * workers submit into one transaction (up to STORE_GROUP_MAX items or STORE_GROUP_WAIT_MS), and
 * answers each item after the commit. Nothing is acknowledged that is not durable. An item
 * whose condition fails (version, state, epoch) gets TROTH_E_CONFLICT and changes nothing; the
 * others commit. */
#ifndef TROTH_STORE_H
#define TROTH_STORE_H

#include "device_row.h"

#define TROTH_STORE_GROUP_MAX 256
#define TROTH_STORE_GROUP_WAIT_MS 5
/* Items waiting; past it submit answers TROTH_E_BUSY. */
#define TROTH_STORE_QUEUE_MAX 4096

/* A device is enrolled, or enrolled again with a new AK (then row.version is the version
 * expected, live serials are revoked and certified keys dropped). */
struct troth_store_enrol {
	struct troth_device_row
		row; /* version 0: must not exist yet; the stored row gets version + 1 */
	struct troth_view ek_key, ek_certificate, facts;
	struct troth_view leaf;
	uint64_t now_s;
};

/* A verdict on authenticated evidence: one row update, one leaf, evidence, and the serial when
 * a certificate was issued. */
struct troth_store_verdict {
	uint8_t device_id[32];
	uint64_t version;	     /* of the token: WHERE version = ... AND state = active */
	uint64_t policy_epoch;	     /* policy and references the verdict was made under */
	struct troth_device_row row; /* the row as it shall be (version is set by the store) */
	struct troth_view record;    /* serialised AppraisalRecord */
	struct troth_view log; /* log bytes to keep under row.log_digest; empty: held already */
	struct troth_view leaf;
	bool issued;
	uint8_t serial[16];
	uint8_t certificate_sha256[32];
	uint64_t not_after_s;
	bool revoke; /* contraindicated: live serials go to the CRL */
	uint64_t now_s;
};

/* An operator changes the administrative state (or name, segment, group) of a device. */
struct troth_store_state {
	struct troth_device_row row; /* as it shall be; row.version is the version expected */
	bool revoke;
	struct troth_view leaf;
	uint64_t now_s;
};

/* A policy or reference set is put; the epoch goes up by one. */
struct troth_store_document {
	bool is_policy; /* else a reference set */
	char name[TROTH_NAME_LEN_MAX + 1];
	uint8_t id[32];
	struct troth_view text; /* YAML or JSON */
	struct troth_view leaf;
	uint64_t now_s;
};

enum troth_store_kind {
	TROTH_STORE_ENROL,
	TROTH_STORE_VERDICT,
	TROTH_STORE_STATE,
	TROTH_STORE_DOCUMENT
};

struct troth_store_item {
	enum troth_store_kind kind;
	union {
		struct troth_store_enrol enrol;
		struct troth_store_verdict verdict;
		struct troth_store_state state;
		struct troth_store_document document;
	} u;
};

/* ---- backend: synchronous, one thread ---- */

struct troth_store_backend;

/* Visitors return TROTH_OK to go on. Views live during the call. */
struct troth_store_ops {
	/* Runs every missing migration first. TROTH_E_CONFIG when the schema is newer than we
	 * know. */
	enum troth_status (*open)(const char *where, struct troth_store_backend **out);
	void (*close)(struct troth_store_backend *b);
	enum troth_status (*begin)(struct troth_store_backend *b);
	/* Applies inside the transaction. TROTH_E_CONFLICT leaves it usable; TROTH_E_IO poisons
	 * it. */
	enum troth_status (*apply)(struct troth_store_backend *b,
				   const struct troth_store_item *item);
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
	/* Revoked serials whose certificates have not run out at now_s. */
	enum troth_status (*each_revoked)(struct troth_store_backend *b, uint64_t now_s,
					  enum troth_status (*visit)(void *arg,
								     const uint8_t serial[16],
								     uint64_t revoked_s),
					  void *arg);
	/* Leaves from index on, in order of commit. */
	enum troth_status (*each_leaf)(struct troth_store_backend *b, uint64_t from,
				       size_t most,
				       enum troth_status (*visit)(void *arg, uint64_t index,
								  struct troth_view leaf),
				       void *arg);
};

extern const struct troth_store_ops troth_store_sqlite;

/* ---- writer: asynchronous ---- */

struct troth_store_writer;

/* Answers come in batches on the writer thread, after the commit: hand them to your own loop.
 * For a success row is the row as committed (NULL for documents). */
typedef void troth_store_done(void *arg, enum troth_status status,
			      const struct troth_device_row *row);

/* Starts the thread; takes the backend over. on_commit is called on the writer thread for every
 * committed row before its done (the registry is brought up to date there). */
TROTH_NODISCARD enum troth_status
troth_store_writer_start(const struct troth_store_ops *ops, struct troth_store_backend *backend,
			 void (*on_commit)(void *arg, const struct troth_device_row *row),
			 void *arg, struct troth_store_writer **out);
/* Copies the item and everything its views point at. Thread-safe. TROTH_E_BUSY when full. */
TROTH_NODISCARD enum troth_status troth_store_submit(struct troth_store_writer *w,
						     const struct troth_store_item *item,
						     troth_store_done *done, void *arg);
/* Commits what waits, answers everything, ends the thread. */
void troth_store_writer_stop(struct troth_store_writer *w);

#endif
