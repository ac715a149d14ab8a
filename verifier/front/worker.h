/* SPDX-License-Identifier: Apache-2.0 */
/* Worker threads: a loop, a listener and a channel to the issuer each, and what they answer.
 *
 * A worker's parts are its own; only its mailbox may be used from other threads. A handler
 * answers its exchange at once, or later from the issuer's reply or the mailbox. */
#ifndef TROTH_WORKER_H
#define TROTH_WORKER_H

#include <protobuf-c/protobuf-c.h>
#include <pthread.h>

#include "front.h"
#include "http/http.h"
#include "issuer/link.h"
#include "mailbox.h"

struct troth_ak_cache;
struct troth_followers;
struct troth_enrol_budget;

struct troth_worker {
	struct troth_front *front;
	pthread_t thread;
	struct event_base *base;
	struct troth_mailbox *mailbox;
	struct troth_http_server *http;
	SSL_CTX *tls; /* of connections from now on */
	struct troth_issuer_link *issuer;
	struct troth_ctx *ctx;
	struct troth_ak_cache *aks;
	struct troth_enrol_budget *budget;
	struct troth_gate *gate;
	struct troth_followers *followers;
	struct troth_job stop;
	struct event *drain_timer;
	bool draining;
	uint32_t drained_ms; /* since it was asked to */
};

struct troth_workers {
	struct troth_worker *list[TROTH_WORKERS_MAX];
	size_t n;
};

/* Starts the thread; it serves at once. */
TROTH_NODISCARD enum troth_status troth_worker_start(struct troth_front *front, int listener,
						     int issuer_fd, struct troth_worker **out);
/* Connections from now on are made with these settings; those there are go on. From any thread.
 */
TROTH_NODISCARD enum troth_status troth_worker_set_tls(struct troth_worker *w, SSL_CTX *tls);
/* Asks it to finish what runs (no longer than some seconds) and to end. */
void troth_worker_drain(struct troth_worker *w);
/* Waits for its end. */
void troth_worker_join(struct troth_worker *w);
/* After the join, and after the store writer has stopped: nobody posts to it any more. */
void troth_worker_free(struct troth_worker *w);

/* Packs and answers 200 application/x-protobuf. */
void troth_answer_message(struct troth_exchange *x, const ProtobufCMessage *message);

/* Handlers of the device listener. */
void troth_handle_healthz(struct troth_exchange *x, void *worker);
void troth_handle_crl(struct troth_exchange *x, void *worker);
void troth_handle_former_crl(struct troth_exchange *x, void *worker);
void troth_handle_bundle(struct troth_exchange *x, void *worker);
void troth_handle_anchor_crls(struct troth_exchange *x, void *worker);
void troth_handle_bundle_update(struct troth_exchange *x, void *worker);
void troth_handle_keys_json(struct troth_exchange *x, void *worker);
void troth_handle_keys_cbor(struct troth_exchange *x, void *worker);
void troth_handle_enroll(struct troth_exchange *x, void *worker);
void troth_handle_enroll_complete(struct troth_exchange *x, void *worker);
void troth_handle_challenge(struct troth_exchange *x, void *worker);
void troth_handle_attest(struct troth_exchange *x, void *worker);
void troth_handle_bundle_json(struct troth_exchange *x, void *worker);
void troth_handle_status(struct troth_exchange *x, void *worker);
void troth_handle_status_delta(struct troth_exchange *x, void *worker);
void troth_handle_authorize(struct troth_exchange *x, void *worker);
void troth_handle_events(struct troth_exchange *x, void *worker);
void troth_handle_authorize_repeated(struct troth_exchange *x, void *worker);

/* The gateway that asks, by its token or its certificate; NULL for anybody else. */
const struct troth_caller *troth_caller_of(const struct troth_exchange *x,
					   struct troth_worker *w);

#endif
