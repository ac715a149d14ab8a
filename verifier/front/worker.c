/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

#include <openssl/ssl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "ak_cache.h"
#include "base.h"
#include "enrol_budget.h"
#include "followers.h"
#include "problems.h"
#include "reader.h"
#include "wire.h"

/* A draining worker looks again this often, and gives up after this long, milliseconds. */
#define DRAIN_STEP_MS 50
#define DRAIN_MS 8000
/* So long it waits for the others to stop accepting, milliseconds: one of them may have ended.
 */
#define ACCEPTING_MS 1000

#define PROTOBUF "application/x-protobuf"

static const struct troth_http_route ROUTES[] = {
	{ TROTH_HTTP_GET, "/healthz", TROTH_ROLE_PUBLIC, 0, NULL, troth_handle_healthz },
	{ TROTH_HTTP_GET, "/v1/crl", TROTH_ROLE_PUBLIC, 0, NULL, troth_handle_crl },
	{ TROTH_HTTP_GET, "/v1/crl/former", TROTH_ROLE_PUBLIC, 0, NULL,
	  troth_handle_former_crl },
	{ TROTH_HTTP_GET, "/v1/crl/anchors", TROTH_ROLE_PUBLIC, 0, NULL,
	  troth_handle_anchor_crls },
	{ TROTH_HTTP_GET, "/v1/bundle", TROTH_ROLE_PUBLIC, 0, NULL, troth_handle_bundle },
	{ TROTH_HTTP_GET, "/v1/bundle/update", TROTH_ROLE_PUBLIC, 0, NULL,
	  troth_handle_bundle_update },
	{ TROTH_HTTP_GET, "/v1/keys.json", TROTH_ROLE_PUBLIC, 0, NULL, troth_handle_keys_json },
	{ TROTH_HTTP_GET, "/v1/keys.cbor", TROTH_ROLE_PUBLIC, 0, NULL, troth_handle_keys_cbor },
	{ TROTH_HTTP_POST, "/v1/enroll", TROTH_ROLE_DEVICE, TROTH_SMALL_BODY_MAX, PROTOBUF,
	  troth_handle_enroll },
	{ TROTH_HTTP_POST, "/v1/enroll/complete", TROTH_ROLE_DEVICE, TROTH_SMALL_BODY_MAX,
	  PROTOBUF, troth_handle_enroll_complete },
	{ TROTH_HTTP_POST, "/v1/challenge", TROTH_ROLE_DEVICE, TROTH_SMALL_BODY_MAX, PROTOBUF,
	  troth_handle_challenge },
	{ TROTH_HTTP_POST, "/v1/attest", TROTH_ROLE_DEVICE, TROTH_BODY_MAX, PROTOBUF,
	  troth_handle_attest },
	{ TROTH_HTTP_GET, "/v1/bundle.json", TROTH_ROLE_PUBLIC, 0, NULL,
	  troth_handle_bundle_json },
	{ TROTH_HTTP_GET, "/v1/status", TROTH_ROLE_PUBLIC, 0, NULL, troth_handle_status },
	{ TROTH_HTTP_GET, "/v1/status/delta/*", TROTH_ROLE_PUBLIC, 0, NULL,
	  troth_handle_status_delta },
	{ TROTH_HTTP_GET, "/v1/events", TROTH_ROLE_PUBLIC, 0, NULL, troth_handle_events },
	{ TROTH_HTTP_GET, "/v1/authorize", TROTH_ROLE_PUBLIC, 0, NULL, troth_handle_authorize },
	{ TROTH_HTTP_ANY, "/v1/authorize/**", TROTH_ROLE_PUBLIC, 0, NULL,
	  troth_handle_authorize_repeated },
	{ 0 },
};

void troth_answer_message(struct troth_exchange *x, const ProtobufCMessage *message)
{
	uint8_t *body;
	size_t len;
	if (troth_wire_pack(message, &body, &len) != TROTH_OK) {
		troth_problem_memory(x);
		return;
	}
	troth_exchange_answer(x, 200, PROTOBUF, (struct troth_view){ body, len });
	free(body);
}

void troth_handle_healthz(struct troth_exchange *x, void *worker)
{
	const struct troth_worker *w = worker;
	const int64_t jump_ms = troth_clock_jump_now_ms(w->front->clock);
	char body[96];
	if (jump_ms == 0)
		snprintf(body, sizeof body, "{\"status\":\"ok\"}\n");
	else
		snprintf(body, sizeof body, "{\"status\":\"clock-jumped\",\"by_s\":%lld}\n",
			 (long long)troth_clock_jump_s(jump_ms));
	troth_exchange_answer(x, jump_ms == 0 ? 200 : 503, "application/json",
			      troth_view_str(body));
}

static void on_issuer_broken(void *arg)
{
	struct troth_worker *w = arg;
	event_base_loopbreak(w->base);
}

static void *run(void *arg)
{
	struct troth_worker *w = arg;
	event_base_dispatch(w->base);
	return NULL;
}

static void on_stop(struct troth_job *job)
{
	struct troth_worker *w =
		(struct troth_worker *)((char *)job - offsetof(struct troth_worker, stop));
	troth_http_stop_accepting(w->http);
	__atomic_sub_fetch(&w->front->n_accepting, 1, __ATOMIC_RELAXED);
	const struct timeval step = { .tv_usec = DRAIN_STEP_MS * 1000 };
	event_add(w->drain_timer, &step);
}

/* Nobody closes a connection while another worker still lets some in: whoever loses one and
 * connects again is served by those who come next, and does not lose the second as well. */
static void drain_with_the_others(struct troth_worker *w)
{
	if (w->draining || (__atomic_load_n(&w->front->n_accepting, __ATOMIC_RELAXED) > 0 &&
			    w->drained_ms < ACCEPTING_MS))
		return;
	w->draining = true;
	troth_followers_end(w->followers);
	troth_http_drain(w->http);
}

static void on_drain_step(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct troth_worker *w = arg;
	w->drained_ms += DRAIN_STEP_MS;
	drain_with_the_others(w);
	if (troth_http_connections(w->http) == 0 || w->drained_ms >= DRAIN_MS)
		event_base_loopbreak(w->base);
}

void troth_worker_free(struct troth_worker *w)
{
	if (w == NULL)
		return;
	/* First what is still answered, into connections that still exist. */
	troth_mailbox_free(w->mailbox);
	troth_issuer_link_free(w->issuer);
	troth_http_free(w->http);
	SSL_CTX_free(w->tls);
	troth_followers_free(w->followers);
	troth_enrol_budget_free(w->budget);
	troth_ak_cache_free(w->aks);
	troth_gate_free(w->gate);
	if (w->drain_timer != NULL)
		event_free(w->drain_timer);
	if (w->base != NULL)
		event_base_free(w->base);
	troth_ctx_free(w->ctx);
	free(w);
}

static enum troth_status make_server(struct troth_worker *w, int listener)
{
	if (SSL_CTX_up_ref(w->front->tls) != 1)
		return TROTH_E_CRYPTO;
	w->tls = w->front->tls;
	const struct troth_http_config config = {
		.base = w->base,
		.tls = w->tls,
		.routes = ROUTES,
		.app = w,
		.deadlines = { .handshake = 10000,
			       .header = 10000,
			       .body = 30000,
			       .response = 30000,
			       .idle = 120000 },
		.stream_ms = TROTH_FOLLOWER_SLOW_MS,
		.connections_max = w->front->settings->connections_max,
	};
	TROTH_TRY(troth_http_new(&config, &w->http));
	return troth_http_listen(w->http, listener);
}

static enum troth_status make_parts(struct troth_worker *w, int listener, int issuer_fd)
{
	w->base = event_base_new();
	if (w->base == NULL)
		return TROTH_E_IO;
	w->stop.run = on_stop;
	w->drain_timer = event_new(w->base, -1, EV_PERSIST, on_drain_step, w);
	if (w->drain_timer == NULL)
		return TROTH_E_MEMORY;
	TROTH_TRY(troth_ctx_new(&w->ctx));
	TROTH_TRY(troth_ak_cache_new(&w->aks));
	TROTH_TRY(troth_enrol_budget_new(w->front->settings->enrol_per_minute, &w->budget));
	TROTH_TRY(troth_gate_new(&w->front->gates, w->ctx, &w->gate));
	TROTH_TRY(troth_mailbox_new(w->base, &w->mailbox));
	TROTH_TRY(troth_followers_new(w->front, w->base, w->mailbox, &w->followers));
	TROTH_TRY(troth_issuer_link_new(w->base, issuer_fd, TROTH_FRAME_MAX, on_issuer_broken,
					w, &w->issuer));
	return make_server(w, listener);
}

enum troth_status troth_worker_start(struct troth_front *front, int listener, int issuer_fd,
				     struct troth_worker **out)
{
	struct troth_worker *w = calloc(1, sizeof *w);
	if (w == NULL)
		return TROTH_E_MEMORY;
	w->front = front;
	enum troth_status status = make_parts(w, listener, issuer_fd);
	if (status == TROTH_OK && pthread_create(&w->thread, NULL, run, w) != 0)
		status = TROTH_E_MEMORY;
	if (status != TROTH_OK) {
		troth_worker_free(w);
		return status;
	}
	troth_front_add_followers(front, w->followers);
	*out = w;
	return TROTH_OK;
}

struct tls_change {
	struct troth_job job; /* first */
	struct troth_worker *worker;
	SSL_CTX *tls; /* one reference */
};

static void on_tls_change(struct troth_job *job)
{
	struct tls_change *change = (struct tls_change *)job;
	struct troth_worker *w = change->worker;
	troth_http_set_tls(w->http, change->tls);
	SSL_CTX_free(w->tls); /* each connection holds one for itself */
	w->tls = change->tls;
	free(change);
}

enum troth_status troth_worker_set_tls(struct troth_worker *w, SSL_CTX *tls)
{
	struct tls_change *change = calloc(1, sizeof *change);
	if (change == NULL || SSL_CTX_up_ref(tls) != 1) {
		free(change);
		return TROTH_E_MEMORY;
	}
	*change = (struct tls_change){ { .run = on_tls_change }, w, tls };
	troth_mailbox_post(w->mailbox, &change->job);
	return TROTH_OK;
}

void troth_worker_drain(struct troth_worker *w)
{
	troth_mailbox_post(w->mailbox, &w->stop);
}

void troth_worker_join(struct troth_worker *w)
{
	pthread_join(w->thread, NULL);
}
