/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that devices' IMA lists have shown being added to keyrings, by the name their
 * states have for them (core/ima/ima_learned.h).
 *
 * Contents are what the name says, so devices that learned the same share them, and nobody can
 * put anything under another's name. Bounded: what was not asked for longest makes room, and a
 * device whose certificates are gone sends its whole list once more. Thread-safe. */
#ifndef TROTH_LEARNED_CACHE_H
#define TROTH_LEARNED_CACHE_H

#include "file.h"
#include "troth/status.h"
#include "troth/view.h"

/* Sets of certificates, and bytes of one: sixteen of usual size. */
#define TROTH_LEARNED_SETS 256
#define TROTH_LEARNED_WAYS 4
#define TROTH_LEARNED_BYTES_MAX (24 * 1024)

struct troth_learned_cache;

TROTH_NODISCARD enum troth_status troth_learned_cache_new(struct troth_learned_cache **out);
void troth_learned_cache_free(struct troth_learned_cache *c);
/* Those past TROTH_LEARNED_BYTES_MAX, or without memory for them, are not kept. */
void troth_learned_cache_put(struct troth_learned_cache *c, const uint8_t name[32],
			     struct troth_view bytes);
TROTH_NODISCARD bool troth_learned_cache_holds(struct troth_learned_cache *c,
					       const uint8_t name[32]);
/* A copy. TROTH_E_NOT_FOUND, _MEMORY. */
TROTH_NODISCARD enum troth_status troth_learned_cache_get(struct troth_learned_cache *c,
							  const uint8_t name[32],
							  struct troth_buffer *out);

#endif
