/* SPDX-License-Identifier: Apache-2.0 */
/* Logs by digest, the firmware's and systemd's, with what follows from a log alone: its events,
 * and of the firmware's its replay.
 *
 * Storage is shared between devices, lookup never: a caller may ask only for the digest that
 * the device's own row names. Bounded in bytes; the least
 * recently used entry goes. What is not here is asked for again with the next challenge. */
#ifndef TROTH_LOG_CACHE_H
#define TROTH_LOG_CACHE_H

#include "eventlog.h"
#include "userspace_log.h"

/* Immutable once made. */
struct troth_cached_log {
	uint8_t digest[32];
	struct troth_view bytes; /* owned by the entry */
	enum troth_status
		status; /* of parsing and replay; not TROTH_OK: log and replay are empty */
	size_t error_offset;
	/* Of a log of systemd's, which is nothing but its events. */
	struct troth_userspace_log systemd;
	/* Of a firmware's. */
	struct troth_log log;
	struct troth_pcr_selection
		banks; /* replayed: a hash saved for every bank nobody asks about */
	struct troth_replay replay;
};

struct troth_log_cache;

TROTH_NODISCARD enum troth_status troth_log_cache_new(size_t max_bytes,
						      struct troth_log_cache **out);
void troth_log_cache_free(struct troth_log_cache *cache);

/* The entry of a digest, replayed for the banks of a selection, or NULL. Without a selection
 * (NULL) it is a log of systemd's, here and below. Release it. Thread-safe. */
struct troth_cached_log *troth_log_cache_find(struct troth_log_cache *cache,
					      const uint8_t digest[32],
					      const struct troth_pcr_selection *banks);
TROTH_NODISCARD bool troth_log_cache_holds(struct troth_log_cache *cache,
					   const uint8_t digest[32],
					   const struct troth_pcr_selection *banks);
/* Parses bytes (copied) and replays the banks of a selection; the entry enters no cache yet.
 * Release it. */
TROTH_NODISCARD enum troth_status troth_cached_log_make(struct troth_ctx *ctx,
							struct troth_view bytes,
							const struct troth_pcr_selection *banks,
							struct troth_cached_log **out);
/* Puts an entry that proved itself (its quote was genuine) into the cache; the caller keeps its
 * own reference. */
void troth_log_cache_put(struct troth_log_cache *cache, struct troth_cached_log *entry);
void troth_cached_log_release(struct troth_cached_log *entry);

#endif
