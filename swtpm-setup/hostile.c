/* SPDX-License-Identifier: Apache-2.0 */
/* troth-hostile: the attester of an attacker.
 *
 * The genuine attester, linked so that every HTTPS request passes through here: whatever it
 * says is complete and truthful, until the attack named by TROTH_ATTACK changes the bytes on
 * their way out. Same commands and options as troth-attester. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "device.pb-c.h"
#include "https.h"
#include "reader.h"
#include "wire.h"

enum troth_status __real_troth_https_call(struct troth_https *h, const char *method,
					  const char *url, const char *content_type,
					  struct troth_view body,
					  struct troth_https_answer *out);
enum troth_status __wrap_troth_https_call(struct troth_https *h, const char *method,
					  const char *url, const char *content_type,
					  struct troth_view body,
					  struct troth_https_answer *out);

/* What the attacker kept of an earlier exchange. */
static struct {
	uint8_t *body; /* the first attestation that was sent */
	size_t n;
} kept;

struct request {
	const char *path;
	Troth__V1__Attestation *attestation; /* of /v1/attest */
};

/* ---- attacks: change the message in place ---- */

static void flip(ProtobufCBinaryData field, size_t at)
{
	if (at < field.len)
		field.data[at] ^= 1;
}

/* Yesterday's quote under today's challenge. */
static void replay_quote(struct request *q)
{
	static ProtobufCMessage *old;
	if (kept.body == NULL)
		return;
	if (old == NULL &&
	    troth_wire_unpack(&troth__v1__attestation__descriptor,
			      (struct troth_view){ kept.body, kept.n }, &old) != TROTH_OK)
		return;
	const Troth__V1__Attestation *first = (const Troth__V1__Attestation *)old;
	q->attestation->quote = first->quote;
	q->attestation->signature = first->signature;
	q->attestation->n_pcrs = first->n_pcrs;
	q->attestation->pcrs = first->pcrs;
}

/* The whole first message again, token and all. */
static void replay_message(struct request *q)
{
	replay_quote(q);
	ProtobufCMessage *old;
	if (kept.body != NULL &&
	    troth_wire_unpack(&troth__v1__attestation__descriptor,
			      (struct troth_view){ kept.body, kept.n }, &old) == TROTH_OK)
		q->attestation =
			(Troth__V1__Attestation *)old; /* kept until the process ends */
}

static void forge_signature(struct request *q)
{
	flip(q->attestation->signature, q->attestation->signature.len - 1);
}

static void claim_other_pcrs(struct request *q)
{
	flip(q->attestation->pcrs[0]->values, 0);
}

static void swap_credential_key(struct request *q)
{
	flip(q->attestation->credential_key, q->attestation->credential_key.len - 1);
}

static void change_facts(struct request *q)
{
	flip(q->attestation->facts, q->attestation->facts.len - 1);
}

static void drop_log(struct request *q)
{
	q->attestation->log = (ProtobufCBinaryData){ 0 };
	q->attestation->log_digest = (ProtobufCBinaryData){ 0 };
}

static void truncate_log(struct request *q)
{
	q->attestation->log.len = q->attestation->log.len * 2 / 3;
}

static const struct {
	const char *name;
	bool needs_earlier; /* one truthful attestation goes first */
	void (*change)(struct request *q);
} ATTACKS[] = {
	{ "none", false, NULL },
	{ "replayed-quote", true, replay_quote },
	{ "replayed-message", true, replay_message },
	{ "forged-signature", false, forge_signature },
	{ "other-pcr-values", false, claim_other_pcrs },
	{ "swapped-credential-key", false, swap_credential_key },
	{ "changed-facts", false, change_facts },
	{ "no-log", false, drop_log },
	{ "truncated-log", false, truncate_log },
};

static size_t chosen(void)
{
	const char *name = getenv("TROTH_ATTACK");
	for (size_t i = 0; name != NULL && i < TROTH_COUNT(ATTACKS); i++)
		if (strcmp(ATTACKS[i].name, name) == 0)
			return i;
	fprintf(stderr, "troth-hostile: TROTH_ATTACK names no attack; there are:");
	for (size_t i = 0; i < TROTH_COUNT(ATTACKS); i++)
		fprintf(stderr, " %s", ATTACKS[i].name);
	fprintf(stderr, "\n");
	abort();
}

static void keep(struct troth_view body)
{
	if (kept.body != NULL || (kept.body = malloc(body.n)) == NULL)
		return;
	memcpy(kept.body, body.p, body.n);
	kept.n = body.n;
}

static enum troth_status attack(struct troth_view body, uint8_t **out, size_t *out_len)
{
	ProtobufCMessage *m;
	TROTH_TRY(troth_wire_unpack(&troth__v1__attestation__descriptor, body, &m));
	struct request q = { .attestation = (Troth__V1__Attestation *)m };
	size_t i = chosen();
	if (ATTACKS[i].change != NULL)
		ATTACKS[i].change(&q);
	return troth_wire_pack(&q.attestation->base, out, out_len);
}

/* An attack that needs an earlier exchange lets the first attestation through, has the answer
 * thrown away as if it were lost, and so makes the attester ask again. */
static bool goes_first(void)
{
	return ATTACKS[chosen()].needs_earlier && kept.body == NULL;
}

enum troth_status __wrap_troth_https_call(struct troth_https *h, const char *method,
					  const char *url, const char *content_type,
					  struct troth_view body,
					  struct troth_https_answer *out)
{
	static const char STALE[] = "{\"type\":\"urn:troth:problem:stale-challenge\","
				    "\"title\":\"Conflict\",\"status\":409}";
	const char *path = strstr(url, "/v1/");
	if (path == NULL || strcmp(path, "/v1/attest") != 0)
		return __real_troth_https_call(h, method, url, content_type, body, out);
	if (goes_first()) {
		keep(body);
		TROTH_TRY(__real_troth_https_call(h, method, url, content_type, body, out));
		fprintf(stderr, "troth-hostile: the first attestation was answered with %ld\n",
			out->status);
		troth_buffer_clear(&out->body);
		out->status = 409;
		snprintf(out->content_type, sizeof out->content_type,
			 "application/problem+json");
		out->body.p = (uint8_t *)strdup(STALE);
		out->body.n = sizeof STALE - 1;
		return out->body.p != NULL ? TROTH_OK : TROTH_E_MEMORY;
	}
	uint8_t *changed;
	size_t n;
	TROTH_TRY(attack(body, &changed, &n));
	enum troth_status status = __real_troth_https_call(
		h, method, url, content_type, (struct troth_view){ changed, n }, out);
	fprintf(stderr, "troth-hostile: the attack was answered with %ld\n", out->status);
	free(changed);
	return status;
}
