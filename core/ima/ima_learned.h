/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that a proven list has shown being added to keyrings.
 *
 * A state names them in 32 bytes; they themselves are kept elsewhere, once for all devices that
 * learned the same. The name is a chain, SHA-256(name before || certificate), from zeros on. */
#ifndef TROTH_CORE_IMA_LEARNED_H
#define TROTH_CORE_IMA_LEARNED_H

#include "hash.h"
#include "writer.h"

/* All of them as bytes. */
#define TROTH_IMA_LEARNED_BYTES_MAX (TROTH_IMA_LEARNED_MAX * (2 + TROTH_CERT_MAX))

struct troth_ima_learned {
	size_t n;
	struct troth_view
		certs[TROTH_IMA_LEARNED_MAX]; /* DER, in the order of the list; borrowed */
};

/* Adds one and goes on with the name. TROTH_E_LIMIT when there is no room. */
TROTH_NODISCARD enum troth_status troth_ima_learned_add(struct troth_ctx *ctx,
							struct troth_ima_learned *l,
							struct troth_view cert,
							uint8_t name[32]);
/* The name of all; zeros for none. */
TROTH_NODISCARD enum troth_status troth_ima_learned_name(struct troth_ctx *ctx,
							 const struct troth_ima_learned *l,
							 uint8_t out[32]);

/* Each with its length, u16 big-endian, before it. Reading borrows; false past the limits. */
void troth_ima_learned_put(struct troth_writer *w, const struct troth_ima_learned *l);
TROTH_NODISCARD bool troth_ima_learned_read(struct troth_view bytes,
					    struct troth_ima_learned *out);

#endif
