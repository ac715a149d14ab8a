/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/authorize: what gateways ask before they let a request through (docs/relying-parties.md).
 *
 * GET /v1/authorize takes method and address from x-original-method and x-original-url (nginx
 * auth_request, HAProxy); /v1/authorize/... is the request itself, repeated under that path
 * with its method and its Host (Envoy ext_authz). Only 200, 401 and 403 are answered. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "clock.h"
#include "dpop.h"
#include "forwarded.h"
#include "gate.h"
#include "log.h"
#include "reader.h"
#include "worker.h"

/* ---- who asks ---- */

static const struct troth_caller *caller_by_certificate(const struct troth_callers *callers,
							const struct troth_exchange *x)
{
	uint8_t shown[32];
	if (!troth_exchange_certificate(x, shown))
		return NULL;
	for (size_t i = 0; i < callers->n; i++)
		if (callers->list[i].has_certificate &&
		    CRYPTO_memcmp(callers->list[i].certificate_sha256, shown, sizeof shown) ==
			    0)
			return &callers->list[i];
	return NULL;
}

static const struct troth_caller *caller_by_token(const struct troth_callers *callers,
						  struct troth_ctx *ctx,
						  struct troth_view token)
{
	struct troth_digest d;
	if (troth_hash_one(ctx, TROTH_HASH_SHA256, token, &d) != TROTH_OK)
		return NULL;
	for (size_t i = 0; i < callers->n; i++)
		if (callers->list[i].has_token &&
		    CRYPTO_memcmp(callers->list[i].token_sha256, d.bytes, 32) == 0)
			return &callers->list[i];
	return NULL;
}

/* A token that is not known is not made up for by a certificate. */
const struct troth_caller *troth_caller_of(const struct troth_exchange *x,
					   struct troth_worker *w)
{
	const struct troth_callers *callers = &w->front->settings->callers;
	struct troth_view token;
	const size_t n = troth_exchange_header(x, TROTH_HTTP_TROTH_CALLER, &token);
	if (n == 0)
		return caller_by_certificate(callers, x);
	return token.n > 0 ? caller_by_token(callers, w->ctx, token) : NULL;
}

/* ---- what is asked ---- */

/* Room for what a question points at. */
struct room {
	uint8_t certificate[TROTH_CERT_MAX];
	uint8_t url[TROTH_HTU_MAX];
};

static struct troth_view header(const struct troth_exchange *x, enum troth_http_header h)
{
	struct troth_view value;
	(void)troth_exchange_header(x, h, &value);
	return value;
}

/* "DPoP " and the token; the scheme's case does not count (RFC 9110, 11.1). */
static struct troth_view dpop_token(struct troth_view authorization)
{
	static const char SCHEME[] = "dpop ";
	struct troth_reader r = { authorization };
	for (size_t i = 0; i < sizeof SCHEME - 1; i++) {
		uint8_t c;
		if (!troth_get_u8(&r, &c) || (c | (c == ' ' ? 0 : 0x20)) != (uint8_t)SCHEME[i])
			return (struct troth_view){ 0 };
	}
	return r.left;
}

/* From the one header that a gateway which asks like this sets itself: the other may be its
 * client's. A certificate that cannot be read leaves the bytes as they came: they are judged as
 * one. */
static struct troth_view forwarded_certificate(const struct troth_exchange *x, bool repeated,
					       uint8_t *buf)
{
	const struct troth_view value =
		header(x, repeated ? TROTH_HTTP_FORWARDED_CLIENT_CERT : TROTH_HTTP_CLIENT_CERT);
	struct troth_view der;
	if (value.n == 0)
		return value;
	const enum troth_status status = repeated ? troth_forwarded_xfcc(value, buf, &der)
						  : troth_forwarded_cert(value, buf, &der);
	return status == TROTH_OK ? der : value;
}

/* https, unless the gateway says http. */
static struct troth_view repeated_url(const struct troth_exchange *x, uint8_t *buf)
{
	const struct troth_view proto = header(x, TROTH_HTTP_FORWARDED_PROTO);
	struct troth_writer w = troth_writer_make(buf, TROTH_HTU_MAX);
	const bool plain = troth_view_equal(proto, troth_view_str("http"));
	troth_put_view(&w, troth_view_str(plain ? "http://" : "https://"));
	troth_put_view(&w, header(x, TROTH_HTTP_HOST));
	troth_put_u8(&w, '/');
	troth_put_view(&w, troth_exchange_segment(x));
	return troth_written(&w);
}

static void read_call(const struct troth_exchange *x, bool repeated, struct room *room,
		      struct troth_gate_question *q)
{
	if (repeated) {
		q->method = troth_exchange_method(x);
		q->url = repeated_url(x, room->url);
		return;
	}
	q->method = header(x, TROTH_HTTP_ORIGINAL_METHOD);
	q->url = header(x, TROTH_HTTP_ORIGINAL_URL);
}

/* Two of a header that counts: somebody else has read the other one. */
static bool ambiguous(const struct troth_exchange *x)
{
	static const enum troth_http_header ONCE[] = {
		TROTH_HTTP_AUTHORIZATION,   TROTH_HTTP_DPOP,
		TROTH_HTTP_CLIENT_CERT,	    TROTH_HTTP_FORWARDED_CLIENT_CERT,
		TROTH_HTTP_FORWARDED_PROTO, TROTH_HTTP_ORIGINAL_METHOD,
		TROTH_HTTP_ORIGINAL_URL
	};
	struct troth_view value;
	for (size_t i = 0; i < TROTH_COUNT(ONCE); i++)
		if (troth_exchange_header(x, ONCE[i], &value) > 1)
			return true;
	return false;
}

/* ---- the answer ---- */

/* What a better credential or proof could change is 401, the rest 403. */
static int status_of(enum troth_decision d)
{
	if (d == TROTH_ADMITTED)
		return 200;
	if (d >= TROTH_DENIED_NO_CREDENTIAL && d <= TROTH_DENIED_PROOF_USED &&
	    d != TROTH_DENIED_NOT_AFFIRMING)
		return 401;
	return 403;
}

/* RFC 9449, 7.1 and 9. */
static const char *oauth_error(enum troth_decision d)
{
	if (d == TROTH_DENIED_NO_CREDENTIAL)
		return "";
	if (d == TROTH_DENIED_PROOF_NONCE)
		return ", error=\"use_dpop_nonce\"";
	return d < TROTH_DENIED_PROOF_MALFORMED ? ", error=\"invalid_token\""
						: ", error=\"invalid_dpop_proof\"";
}

static void put_line(struct troth_writer *w, const char *name, const char *value)
{
	troth_put_view(w, troth_view_str(name));
	troth_put_view(w, troth_view_str(": "));
	troth_put_view(w, troth_view_str(value));
	troth_put_view(w, troth_view_str("\r\n"));
}

static void put_nonce(struct troth_worker *w, uint64_t mono_s, struct troth_writer *out)
{
	char nonce[TROTH_PROOF_NONCE_LEN + 1] = "";
	if (troth_proof_nonce_make(w->ctx, &w->front->nonces, mono_s, nonce) == TROTH_OK)
		put_line(out, "DPoP-Nonce", nonce);
}

static void reply(struct troth_worker *w, struct troth_exchange *x,
		  const struct troth_gate_answer *a, uint64_t mono_s)
{
	uint8_t lines[1024];
	char challenge[96];
	struct troth_writer out = troth_writer_make(lines, sizeof lines);
	const int status = status_of(a->decision);
	put_line(&out, "Troth-Decision", troth_decision_name(a->decision));
	if (a->decision == TROTH_ADMITTED) {
		put_line(&out, "Troth-Device", a->device);
		put_line(&out, "Troth-Segment", a->segment);
	}
	if (status == 401) {
		(void)snprintf(challenge, sizeof challenge, "DPoP algs=\"ES256\"%s",
			       oauth_error(a->decision));
		put_line(&out, "WWW-Authenticate", challenge);
	}
	if (status != 403)
		put_nonce(w, mono_s, &out);
	const struct troth_http_reply r = { .status = status, .headers = troth_written(&out) };
	troth_exchange_reply(x, &r);
}

static void log_denial(const struct troth_exchange *x, const struct troth_caller *caller,
		       const struct troth_gate_answer *a)
{
	troth_info("denied", "reason=%s device=%s caller=%s peer=%s",
		   troth_decision_name(a->decision), a->device[0] != '\0' ? a->device : "-",
		   caller->name, troth_exchange_peer(x));
}

static void judge(struct troth_worker *w, struct troth_exchange *x,
		  const struct troth_caller *caller, bool repeated)
{
	struct room room;
	struct troth_gate_answer a = { .decision = TROTH_DENIED_NO_CREDENTIAL };
	struct troth_gate_question q = { .audience = caller->audience,
					 .token = dpop_token(
						 header(x, TROTH_HTTP_AUTHORIZATION)),
					 .proof = header(x, TROTH_HTTP_DPOP),
					 .now_ms = troth_now_ms(),
					 .mono_s = troth_mono_ms() / 1000 };
	read_call(x, repeated, &room, &q);
	q.certificate = forwarded_certificate(x, repeated, room.certificate);
	if (!ambiguous(x))
		troth_gate_ask(w->gate, &q, &a);
	if (a.decision != TROTH_ADMITTED)
		log_denial(x, caller, &a);
	reply(w, x, &a, q.mono_s);
}

/* Who asks without being known learns nothing, not even a nonce. */
static void authorize(struct troth_exchange *x, struct troth_worker *w, bool repeated)
{
	static const struct troth_http_reply STRANGER = { .status = 403 };
	const struct troth_caller *caller = troth_caller_of(x, w);
	if (caller != NULL) {
		judge(w, x, caller, repeated);
		return;
	}
	troth_info("denied", "reason=unknown-caller peer=%s", troth_exchange_peer(x));
	troth_exchange_reply(x, &STRANGER);
}

void troth_handle_authorize(struct troth_exchange *x, void *worker)
{
	authorize(x, worker, false);
}

void troth_handle_authorize_repeated(struct troth_exchange *x, void *worker)
{
	authorize(x, worker, true);
}
