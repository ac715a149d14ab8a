/* SPDX-License-Identifier: Apache-2.0 */
/* Who follows changes as server-sent events (docs/events.md), on one loop.
 *
 * A follower has a place in the log and is given what comes after it, a page at a time: nothing
 * is kept for one that reads slowly, which only falls behind. One that takes nothing for long
 * is cut off by the HTTP server, and goes on from where it was when it comes again. */
#ifndef TROTH_FOLLOWERS_H
#define TROTH_FOLLOWERS_H

#include "http/http.h"
#include "mailbox.h"

struct troth_front;
struct troth_followers;

/* Silence is broken this often, seconds: what lies between tells a quiet stream from a dead
 * one. */
#define TROTH_HEARTBEAT_S 15
/* A write to a follower that takes longer ends it, milliseconds: three beats. */
#define TROTH_FOLLOWER_SLOW_MS (3 * TROTH_HEARTBEAT_S * 1000)

TROTH_NODISCARD enum troth_status troth_followers_new(struct troth_front *f,
						      struct event_base *base,
						      struct troth_mailbox *mailbox,
						      struct troth_followers **out);
/* After mailbox and HTTP server: neither calls any more. */
void troth_followers_free(struct troth_followers *f);
/* From any thread: something was committed that may be told. */
void troth_followers_wake(struct troth_followers *f);
/* Tells all that the service ends, and ends them. */
void troth_followers_end(struct troth_followers *f);

struct troth_follow {
	uint64_t from;	    /* or TROTH_NOTICE_FROM_NOW */
	bool everything;    /* else only what is public */
	unsigned int *seat; /* atomic: how many of this caller follow */
};
/* Where a request wants to begin: after its Last-Event-ID, else now. False when that is no
 * number. */
TROTH_NODISCARD bool troth_follow_from(const struct troth_exchange *x, uint64_t *out);
/* Answers with a stream once it is known from where, or with 429 when the caller follows
 * TROTH_FOLLOWERS_PER_CALLER times already. */
void troth_followers_add(struct troth_followers *f, struct troth_exchange *x,
			 const struct troth_follow *how);

#endif
