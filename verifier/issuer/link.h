/* SPDX-License-Identifier: Apache-2.0 */
/* The front's end of a channel to the issuer: pipelined, asynchronous, on a libevent loop. */
#ifndef TROTH_ISSUER_LINK_H
#define TROTH_ISSUER_LINK_H

#include <event2/event.h>

#include "message.h"

/* Requests in flight on one link; past it a call answers TROTH_E_BUSY. */
#define TROTH_LINK_INFLIGHT_MAX 1024

struct troth_issuer_link;

/* The reply's views live during the call. TROTH_E_IO in reply->status: the channel broke. May
 * make further calls; must not free the link. */
typedef void troth_issuer_done(void *arg, const struct troth_issuer_reply *reply);

/* Takes fd over on success. on_broken (or NULL) is called once when the issuer is gone, after
 * all calls were answered; it may free the link. frame_max is TROTH_FRAME_MAX or, on the
 * administration channel, TROTH_ADMIN_FRAME_MAX. */
TROTH_NODISCARD enum troth_status troth_issuer_link_new(struct event_base *base, int fd,
							size_t frame_max,
							void (*on_broken)(void *arg), void *arg,
							struct troth_issuer_link **out);
/* Answers what waits with TROTH_E_IO, without on_broken. Accepts NULL. */
void troth_issuer_link_free(struct troth_issuer_link *link);
/* done is called later, from the loop, never from within. TROTH_E_BUSY: too much in flight;
 * TROTH_E_IO: broken; the encoding's own failures. */
TROTH_NODISCARD enum troth_status troth_issuer_call(struct troth_issuer_link *link,
						    const struct troth_issuer_request *request,
						    troth_issuer_done *done, void *arg);

#endif
