/* SPDX-License-Identifier: Apache-2.0 */
/* troth-hostile: the attester of an attacker.
 *
 * The genuine attester, linked so that every HTTPS request passes through here: whatever it
 * says is complete and truthful, until the attack named by TROTH_ATTACK changes the bytes on
 * their way out. TROTH_ATTACK_WITH is what some attacks need: a device id, a file. Same
 * commands and options as troth-attester. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "device.pb-c.h"
#include "file.h"
#include "https.h"
#include "ima.h"
#include "reader.h"
#include "text.h"
#include "token.h"
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

/* The first attestation, unpacked once; NULL before there is one. */
static const Troth__V1__Attestation *first_message(void)
{
	static ProtobufCMessage *old;
	if (old == NULL && kept.body != NULL &&
	    troth_wire_unpack(&troth__v1__attestation__descriptor,
			      (struct troth_view){ kept.body, kept.n }, &old) != TROTH_OK)
		old = NULL;
	return (const Troth__V1__Attestation *)old;
}

/* Yesterday's quote under today's challenge. */
static void replay_quote(struct request *q)
{
	const Troth__V1__Attestation *first = first_message();
	if (first == NULL)
		return;
	q->attestation->quote = first->quote;
	q->attestation->signature = first->signature;
	q->attestation->n_pcrs = first->n_pcrs;
	q->attestation->pcrs = first->pcrs;
}

/* The whole first message again, token and all. */
static void replay_message(struct request *q)
{
	const Troth__V1__Attestation *first = first_message();
	if (first != NULL)
		*q->attestation = *first;
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

static void drop_facts(struct request *q)
{
	q->attestation->facts = (ProtobufCBinaryData){ 0 };
}

static void drop_credential_key(struct request *q)
{
	q->attestation->credential_key = (ProtobufCBinaryData){ 0 };
}

static void drop_pcrs(struct request *q)
{
	q->attestation->n_pcrs = 0;
}

/* SM3 is as long as SHA-256. */
static void relabel_bank(struct request *q)
{
	q->attestation->pcrs[0]->algorithm = 0x0012;
}

static void shift_pcrs(struct request *q)
{
	q->attestation->pcrs[0]->mask <<= 1;
}

static void cut_quote(struct request *q)
{
	q->attestation->quote.len--;
}

static void change_token(struct request *q)
{
	flip(q->attestation->token, q->attestation->token.len - 1);
}

/* What the same AK signed of the credential key, for what it signs of the PCRs. */
static void certify_as_quote(struct request *q)
{
	q->attestation->quote = q->attestation->certification->attest;
	q->attestation->signature = q->attestation->certification->signature;
}

static void quote_as_certification(struct request *q)
{
	q->attestation->certification->attest = q->attestation->quote;
	q->attestation->certification->signature = q->attestation->signature;
}

static void forge_certification(struct request *q)
{
	ProtobufCBinaryData signature = q->attestation->certification->signature;
	flip(signature, signature.len - 1);
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

/* ---- the same with IMA lists ---- */

static void drop_ima(struct request *q)
{
	q->attestation->ima = (ProtobufCBinaryData){ 0 };
	q->attestation->ima_first = 0;
}

/* A byte of the last path: another file, for a digest that was measured. */
static void change_ima(struct request *q)
{
	flip(q->attestation->ima, q->attestation->ima.len - 2);
}

/* Where the records of the list begin, from the first to behind the last; how many there are.
 */
static size_t record_starts(const Troth__V1__Attestation *a, size_t *out, size_t max)
{
	struct troth_ctx *ctx = NULL;
	struct troth_ima_list list;
	struct troth_ima_record r;
	size_t n = 0;
	if (troth_ctx_new(&ctx) != TROTH_OK ||
	    troth_ima_open(ctx, troth_wire_view(a->ima), TROTH_HASH_NONE, &list) != TROTH_OK)
		abort();
	while (n + 1 < max && !troth_ima_at_end(&list)) {
		out[n++] = troth_ima_offset(&list);
		if (troth_ima_next(&list, &r) != TROTH_OK)
			abort();
	}
	out[n] = troth_ima_offset(&list);
	troth_ctx_free(ctx);
	return n;
}

/* Without what was measured last. */
static void hide_last(struct request *q)
{
	size_t starts[4096], n = record_starts(q->attestation, starts, TROTH_COUNT(starts));
	q->attestation->ima.len = n > 0 ? starts[n - 1] : 0;
}

/* From one entry later on than was asked for; it says so, or does not. */
static void skip_first(struct request *q)
{
	size_t starts[4096], n = record_starts(q->attestation, starts, TROTH_COUNT(starts));
	if (n == 0)
		return;
	memmove(q->attestation->ima.data, q->attestation->ima.data + starts[1],
		q->attestation->ima.len - starts[1]);
	q->attestation->ima.len -= starts[1];
}

static void skip_openly(struct request *q)
{
	skip_first(q);
	q->attestation->ima_first++;
}

static void rewind_ima(struct request *q)
{
	if (q->attestation->ima_first > 0)
		q->attestation->ima_first--;
}

/* A violation passed off as a measurement: the template digest is zero no more. */
static void hide_violation(struct request *q)
{
	size_t starts[4096], n = record_starts(q->attestation, starts, TROTH_COUNT(starts));
	if (n > 0)
		flip(q->attestation->ima, starts[n - 1] + sizeof(uint32_t));
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
	{ "no-facts", false, drop_facts },
	{ "no-credential-key", false, drop_credential_key },
	{ "no-pcrs", false, drop_pcrs },
	{ "relabelled-bank", false, relabel_bank },
	{ "shifted-pcrs", false, shift_pcrs },
	{ "cut-quote", false, cut_quote },
	{ "changed-token", false, change_token },
	{ "certification-as-quote", false, certify_as_quote },
	{ "quote-as-certification", false, quote_as_certification },
	{ "forged-certification", false, forge_certification },
	{ "no-log", false, drop_log },
	{ "truncated-log", false, truncate_log },
	{ "no-ima", false, drop_ima },
	{ "changed-ima", false, change_ima },
	{ "hidden-ima", false, hide_last },
	{ "skipped-ima", false, skip_first },
	{ "openly-skipped-ima", false, skip_openly },
	{ "rewound-ima", false, rewind_ima },
	{ "hidden-violation", false, hide_violation },
	/* Changed where they are sent, below. */
	{ "another-devices-challenge", false, NULL },
	{ "held-back", false, NULL },
	{ "held-and-sent", false, NULL },
	/* Of secrets: hostile_secret.c. */
	{ "held-answer", false, NULL },
	{ "open-answer", false, NULL },
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

static bool attacks_by(const char *name)
{
	return strcmp(ATTACKS[chosen()].name, name) == 0;
}

static const char *with(void)
{
	const char *value = getenv("TROTH_ATTACK_WITH");
	if (value == NULL) {
		fprintf(stderr, "troth-hostile: this attack needs TROTH_ATTACK_WITH\n");
		abort();
	}
	return value;
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
	enum troth_status status = troth_wire_pack(m, out, out_len);
	troth_wire_free(m);
	return status;
}

/* ---- challenges ---- */

/* Somebody else's challenge, for this TPM to answer. */
static enum troth_status ask_for_another(struct troth_view body, uint8_t **out, size_t *out_len)
{
	ProtobufCMessage *m;
	uint8_t id[32];
	TROTH_TRY(troth_wire_unpack(&troth__v1__challenge_request__descriptor, body, &m));
	enum troth_status status = TROTH_E_CONFIG;
	if (troth_parse_hex(troth_view_str(with()), id, sizeof id)) {
		((Troth__V1__ChallengeRequest *)m)->device_id =
			troth_wire_bytes(TROTH_VIEW_OF(id));
		status = troth_wire_pack(m, out, out_len);
	}
	troth_wire_free(m);
	return status;
}

/* The attester sends log and certification only when asked, and attacks on them need them. */
static enum troth_status want_everything(struct troth_https_answer *answer)
{
	ProtobufCMessage *m;
	uint8_t *body;
	size_t n;
	if (answer->status != 200)
		return TROTH_OK;
	TROTH_TRY(troth_wire_unpack(&troth__v1__challenge__descriptor,
				    troth_buffer_view(&answer->body), &m));
	((Troth__V1__Challenge *)m)->wants |= TROTH_WANT_LOG | TROTH_WANT_CERTIFY;
	enum troth_status status = troth_wire_pack(m, &body, &n);
	troth_wire_free(m);
	TROTH_TRY(status);
	troth_buffer_clear(&answer->body);
	answer->body.p = body;
	answer->body.n = n;
	return TROTH_OK;
}

static enum troth_status challenge(struct troth_https *h, const char *url,
				   struct troth_view body, struct troth_https_answer *out)
{
	static const char TYPE[] = "application/x-protobuf";
	uint8_t *changed = NULL;
	size_t n = 0;
	if (attacks_by("another-devices-challenge")) {
		TROTH_TRY(ask_for_another(body, &changed, &n));
		body = (struct troth_view){ changed, n };
	}
	enum troth_status status = __real_troth_https_call(h, "POST", url, TYPE, body, out);
	free(changed);
	return status == TROTH_OK ? want_everything(out) : status;
}

/* ---- attestations ---- */

/* "the attack was answered with 400 refused: signature": code and finding, where there are any.
 */
static void tell(const struct troth_https_answer *answer)
{
	static const char TYPE[] = "urn:troth:problem:", DETAIL[] = "\"detail\":\"";
	const char *body = answer->body.n > 0 ? (const char *)answer->body.p : "";
	const char *code = strstr(body, TYPE), *detail = strstr(body, DETAIL);
	fprintf(stderr, "troth-hostile: the attack was answered with %ld", answer->status);
	if (code != NULL)
		fprintf(stderr, " %.*s", (int)strcspn(code + sizeof TYPE - 1, "\""),
			code + sizeof TYPE - 1);
	if (detail != NULL)
		fprintf(stderr, " %.*s", (int)strcspn(detail + sizeof DETAIL - 1, "\": "),
			detail + sizeof DETAIL - 1);
	fprintf(stderr, "\n");
}

/* An attack that needs an earlier exchange lets the first attestation through, has the answer
 * thrown away as if it were lost, and so makes the attester ask again. */
static bool goes_first(void)
{
	return ATTACKS[chosen()].needs_earlier && kept.body == NULL;
}

static enum troth_status lose_the_answer(struct troth_https_answer *out)
{
	static const char STALE[] = "{\"type\":\"urn:troth:problem:stale-challenge\","
				    "\"title\":\"Conflict\",\"status\":409}";
	fprintf(stderr, "troth-hostile: the first attestation was answered with %ld\n",
		out->status);
	troth_buffer_clear(&out->body);
	out->status = 409;
	snprintf(out->content_type, sizeof out->content_type, "application/problem+json");
	out->body.p = (uint8_t *)strdup(STALE);
	out->body.n = sizeof STALE - 1;
	return out->body.p != NULL ? TROTH_OK : TROTH_E_MEMORY;
}

/* What is to be sent in place of the body; owned. */
static enum troth_status forged(struct troth_view body, struct troth_buffer *out)
{
	if (attacks_by("held-and-sent"))
		return troth_file_read(with(), TROTH_BODY_MAX, out);
	return attack(body, &out->p, &out->n);
}

enum troth_status __wrap_troth_https_call(struct troth_https *h, const char *method,
					  const char *url, const char *content_type,
					  struct troth_view body,
					  struct troth_https_answer *out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer changed = { 0 };
	const char *path = strstr(url, "/v1/");
	if (path != NULL && strcmp(path, "/v1/challenge") == 0)
		return challenge(h, url, body, out);
	if (path == NULL || strcmp(path, "/v1/attest") != 0)
		return __real_troth_https_call(h, method, url, content_type, body, out);
	if (attacks_by("held-back")) {
		TROTH_TRY(troth_file_write(with(), body, 0600));
		fprintf(stderr, "troth-hostile: held back\n");
		return TROTH_E_IO;
	}
	if (goes_first()) {
		keep(body);
		TROTH_TRY(__real_troth_https_call(h, method, url, content_type, body, out));
		return lose_the_answer(out);
	}
	TROTH_TRY(forged(body, &changed));
	enum troth_status status = __real_troth_https_call(h, method, url, content_type,
							   troth_buffer_view(&changed), out);
	if (status == TROTH_OK)
		tell(out);
	return status;
}
