/* SPDX-License-Identifier: Apache-2.0 */
/* The status feed as it is served: the full document of now, and the deltas that lead to it.
 *
 * Made by the administration thread, read by workers. Documents are immutable. */
#ifndef TROTH_FEED_H
#define TROTH_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <troth/status.h>
#include <troth/view.h>

/* Deltas kept: who is further behind takes the full document. */
#define TROTH_FEED_DELTAS_MAX 64

struct troth_feed_document {
	uint64_t sequence, since; /* since 0: full */
	size_t n;
	uint8_t *bytes;
	unsigned int refs; /* atomic; through the functions below */
};

struct troth_feed;

TROTH_NODISCARD enum troth_status troth_feed_new(struct troth_feed **out);
void troth_feed_free(struct troth_feed *f);

/* The full document; NULL until there is one. Release it. */
struct troth_feed_document *troth_feed_full(struct troth_feed *f);
/* The delta that begins at a sequence; NULL when it is not kept, or none is needed:
 * *out_current is then true. */
struct troth_feed_document *troth_feed_delta(struct troth_feed *f, uint64_t since,
					     bool *out_current);
void troth_feed_release(struct troth_feed_document *d);

/* A document of a signed line and a list; owned. */
TROTH_NODISCARD enum troth_status troth_feed_document_new(struct troth_view head,
							  struct troth_view list,
							  struct troth_feed_document **out);
/* Takes both over: a new full document, and the delta to it (NULL: the deltas before do not
 * lead there, and are forgotten). */
void troth_feed_publish(struct troth_feed *f, struct troth_feed_document *full,
			struct troth_feed_document *delta);

#endif
