/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <troth/limits.h>

#include "base.h"
#include "https.h"
#include "pulse.h"
#include "stop.h"
#include "url.h"
#include "wire.h"

#define PROTOBUF "application/x-protobuf"
/* Paths are short and fixed. */
#define PATH_ROOM 64

struct troth_client {
	const struct troth_settings *settings;
	struct troth_https *https;
};

static bool stop_now(void *arg)
{
	(void)arg;
	troth_pulse(); /* libcurl asks about once a second, and bounds what it waits for */
	return troth_stop_wanted();
}

static struct troth_https_options options(const struct troth_settings *settings)
{
	return (struct troth_https_options){
		.ca_file = settings->ca[0] != '\0' ? settings->ca : NULL,
		.connect_timeout_ms = settings->connect_timeout_s * 1000,
		.total_timeout_ms = settings->timeout_s * 1000,
		.answer_max = TROTH_CLIENT_ANSWER_MAX,
		.stop = stop_now,
	};
}

enum troth_status troth_client_new(const struct troth_settings *settings,
				   struct troth_view ca_pem, uint64_t time_floor_s,
				   size_t answer_max, struct troth_client **out)
{
	struct troth_https_options o = options(settings);
	o.ca_pem = ca_pem;
	o.time_floor_s = time_floor_s;
	o.answer_max = answer_max;
	struct troth_client *c = calloc(1, sizeof *c);
	if (c == NULL)
		return TROTH_E_MEMORY;
	c->settings = settings;
	enum troth_status status = troth_https_new(&o, &c->https);
	if (status != TROTH_OK) {
		free(c);
		return status;
	}
	*out = c;
	return TROTH_OK;
}

void troth_client_free(struct troth_client *c)
{
	if (c == NULL)
		return;
	troth_https_free(c->https);
	free(c);
}

bool troth_client_untrusted(const struct troth_client *c)
{
	return troth_https_untrusted(c->https);
}

static enum troth_status fetch(struct troth_https *https, const char *url, long *out_http,
			       struct troth_buffer *out)
{
	TROTH_AUTO(troth_https_answer_clear) struct troth_https_answer a = { 0 };

	troth_stop_open();
	enum troth_status status =
		troth_https_call(https, "GET", url, NULL, (struct troth_view){ 0 }, &a);
	troth_stop_close();
	TROTH_TRY(status);
	*out_http = a.status;
	*out = a.body;
	a.body = (struct troth_buffer){ 0 };
	return TROTH_OK;
}

enum troth_status troth_client_get(struct troth_client *c, const char *path, long *out_http,
				   struct troth_buffer *out)
{
	char url[TROTH_URL_MAX + PATH_ROOM];

	TROTH_TRY(troth_url_join(c->settings->verifier, path, url, sizeof url));
	return fetch(c->https, url, out_http, out);
}

enum troth_status troth_client_fetch_update(const struct troth_settings *settings,
					    struct troth_buffer *out)
{
	struct troth_https_options o = options(settings);
	struct troth_https *https = NULL;
	char url[TROTH_URL_MAX + PATH_ROOM];
	long http = 0;

	o.unauthenticated = true;
	o.answer_max = TROTH_BUNDLE_UPDATE_MAX;
	TROTH_TRY(troth_url_join(settings->verifier, "/v1/bundle/update", url, sizeof url));
	TROTH_TRY(troth_https_new(&o, &https));
	enum troth_status status = fetch(https, url, &http, out);
	troth_https_free(https);
	return status != TROTH_OK || http == 200 ? status : TROTH_E_NOT_FOUND;
}

struct body {
	uint8_t *p;
	size_t n;
};

/* An enrolment proof holds the activated secret. */
static void body_free(struct body *b)
{
	if (b->p != NULL)
		OPENSSL_cleanse(b->p, b->n);
	free(b->p);
}

void troth_answer_free(ProtobufCMessage **answer)
{
	troth_wire_free(*answer);
}

static enum troth_status read_answer(const struct troth_https_answer *a,
				     const ProtobufCMessageDescriptor *type,
				     ProtobufCMessage **answer, struct troth_problem *problem)
{
	if (a->status != 200) {
		troth_problem_read(a->status, troth_buffer_view(&a->body), problem);
		problem->retry_after_s = a->retry_after_s;
		return TROTH_E_DENIED;
	}
	if (strcmp(a->content_type, PROTOBUF) != 0)
		return TROTH_E_MALFORMED;
	return troth_wire_unpack(type, troth_buffer_view(&a->body), answer);
}

static enum troth_status post(struct troth_client *c, const struct troth_call *call,
			      ProtobufCMessage **answer, struct troth_problem *problem)
{
	TROTH_AUTO(troth_https_answer_clear) struct troth_https_answer a = { 0 };
	TROTH_AUTO(body_free) struct body body = { 0 };
	char url[TROTH_URL_MAX + PATH_ROOM];

	TROTH_TRY(troth_url_join(c->settings->verifier, call->path, url, sizeof url));
	TROTH_TRY(troth_wire_pack(call->message, &body.p, &body.n));
	if (body.n > TROTH_BODY_MAX)
		return TROTH_E_LIMIT;

	troth_stop_open();
	enum troth_status status = troth_https_call(c->https, "POST", url, PROTOBUF,
						    (struct troth_view){ body.p, body.n }, &a);
	troth_stop_close();
	if (status != TROTH_OK) {
		(void)snprintf(problem->detail, sizeof problem->detail, "%s",
			       troth_https_error(c->https));
		return TROTH_E_DENIED;
	}
	return read_answer(&a, call->answer_type, answer, problem);
}

enum troth_status troth_client_call(struct troth_client *c, const struct troth_call *call,
				    ProtobufCMessage **answer, enum troth_remedy *remedy,
				    struct troth_outcome *outcome)
{
	struct troth_problem problem = { 0 };

	enum troth_status status = post(c, call, answer, &problem);
	*remedy = TROTH_REMEDY_NONE;
	if (status == TROTH_E_DENIED)
		*remedy = troth_problem_judge(&problem, outcome);
	else if (status != TROTH_OK)
		troth_outcome_set(outcome, TROTH_ENDED_UNREACHED,
				  "%s%s cannot be sent or its answer not be read (%s)",
				  c->settings->verifier, call->path, troth_status_name(status));
	return status;
}
