/* SPDX-License-Identifier: Apache-2.0 */
/* The front process: what its worker threads and its administration thread share.
 *
 * Threads share nothing on the hot path but what is immutable or made for it: the registry, the
 * snapshots, the log cache. Everything else reaches them through their mailbox. */
#ifndef TROTH_FRONT_H
#define TROTH_FRONT_H

#include <openssl/types.h>

#include "ek.h"
#include "feed.h"
#include "gate.h"
#include "ima_carry.h"
#include "ima_lists.h"
#include "inventory.h"
#include "log_cache.h"
#include "published.h"
#include "registry.h"
#include "settings.h"
#include "snapshot.h"
#include "store/store.h"
#include "supervisor.h"

/* The group of a device that nobody put into one. */
#define TROTH_DEFAULT_GROUP "default"

struct troth_admin;
struct troth_followers;

struct troth_front {
	const struct troth_settings *settings;
	const struct troth_clock_watch *clock;
	const struct troth_store_ops *store_ops;
	struct troth_store_backend *store_backend; /* reads by the administration thread */
	struct troth_store_writer *store;
	struct troth_registry *registry;
	struct troth_snapshots *snapshots;
	struct troth_log_cache *logs;
	struct troth_learned_cache *learned; /* keys of IMA lists */
	struct troth_ima_carry_key carry_key;
	struct troth_rate *appraisals; /* of each device */
	struct troth_published *published;
	struct troth_feed *feed;
	struct troth_proof_memory *proofs;
	struct troth_proof_nonces nonces;
	struct troth_gates gates; /* the same, as gates see it */
	struct troth_ek_trust *ek_trust;
	struct troth_inventory inventory;
	/* New anchors for devices; none: no bytes. */
	struct troth_buffer bundle_update_file;
	struct troth_published_text bundle_update;
	struct troth_buffer anchor_crls_file;
	struct troth_published_text anchor_crls;
	uint64_t bundle_sequence; /* as it claims */
	struct troth_ima_lists ima_lists;
	SSL_CTX *tls;
	unsigned int n_pending;	  /* atomic: devices waiting for approval */
	unsigned int n_accepting; /* atomic: workers that let connections in */
	/* Of each loop that has some; they are there before anything is committed. */
	struct troth_followers *followers[TROTH_WORKERS_MAX + 1];
	unsigned int n_followers; /* atomic */
	/* Atomic: streams of each caller, and last of operators. */
	unsigned int n_following[TROTH_CALLERS_MAX + 1];
	struct troth_admin *admin;
};

/* From now on they are told. Only while the front starts, one after the other. */
void troth_front_add_followers(struct troth_front *f, struct troth_followers *followers);
/* From any thread: something was committed that may be told. */
void troth_front_tell(struct troth_front *f);

/* Runs the front until its supervisor asks it to end. Returns the process's exit code. */
int troth_front_run(const struct troth_role_fds *fds, const struct troth_settings *settings);
/* Would a front find its files (TLS, EK roots, inventory, allow-lists) in order? Says on the
 * log what is wrong with them; keeps nothing. */
TROTH_NODISCARD enum troth_status troth_front_check(const struct troth_settings *settings);

#endif
