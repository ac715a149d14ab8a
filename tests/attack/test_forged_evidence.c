/* SPDX-License-Identifier: Apache-2.0 */
/* Attestations forged on the wire, against a real verifier.
 *
 * Every case is an exchange complete and truthful but for the bytes it changes. The answer
 * names the right finding, and the store says afterwards what it said before. What is genuine
 * and in the wrong place: test_replayed_evidence. Rows are those of docs/attacks.md. */
#include <stdlib.h>
#include <string.h>

#include "one_lab.h"
#include "token.h"
#include "wire.h"

struct forged {
	struct fleet_attestation *a;
	Troth__V1__Challenge *challenge;
};

static void flip_last(ProtobufCBinaryData d)
{
	d.data[d.len - 1] ^= 1;
}

static void signature_bit(struct forged *f)
{
	flip_last(f->a->message.signature);
}

static void quote_bit(struct forged *f)
{
	flip_last(f->a->message.quote);
}

static void quote_trailing_byte(struct forged *f)
{
	f->a->message.quote.len++; /* the buffer behind it is larger */
}

static void signature_cut(struct forged *f)
{
	f->a->message.signature.len--;
}

static void token_bit(struct forged *f)
{
	flip_last(f->challenge->token); /* the message shares its bytes */
}

static void pcr_value(struct forged *f)
{
	f->a->values[0][0] ^= 1;
}

static void pcr_bank_relabelled(struct forged *f)
{
	f->a->banks[0].algorithm = 0x0012; /* SM3 is as long as SHA-256 */
}

static void pcr_mask_shifted(struct forged *f)
{
	f->a->banks[0].mask = f->a->banks[0].mask << 1;
}

static void pcr_bank_twice(struct forged *f)
{
	f->a->bank_list[1] = &f->a->banks[0];
	f->a->message.n_pcrs = 2;
}

static void pcr_missing(struct forged *f)
{
	f->a->message.n_pcrs = 0;
}

static void credential_key_bit(struct forged *f)
{
	/* Another key than the one that was bound. */
	memcpy(f->a->values[1], f->a->message.credential_key.data,
	       f->a->message.credential_key.len);
	f->a->message.credential_key.data = f->a->values[1];
	flip_last(f->a->message.credential_key);
}

static void credential_key_missing(struct forged *f)
{
	f->a->message.credential_key = (ProtobufCBinaryData){ 0 };
}

static void facts_added(struct forged *f)
{
	static uint8_t facts[] = { 0x12, 0x01, 'x' };
	f->a->message.facts = (ProtobufCBinaryData){ sizeof facts, facts };
}

static void quote_is_a_certification(struct forged *f)
{
	f->a->message.quote = f->a->certification.attest;
	f->a->message.signature = f->a->certification.signature;
}

static void magic(TPMS_ATTEST *q)
{
	q->magic = 0xff544348;
}

static void no_selection(TPMS_ATTEST *q)
{
	q->attested.quote.pcrSelect.count = 0;
}

static void fewer_pcrs(TPMS_ATTEST *q)
{
	q->attested.quote.pcrSelect.pcrSelections[0].pcrSelect[0] = 0x01;
}

static void more_pcrs(TPMS_ATTEST *q)
{
	q->attested.quote.pcrSelect.pcrSelections[0].pcrSelect[2] = 0x01;
}

static void weaker_bank(TPMS_ATTEST *q)
{
	q->attested.quote.pcrSelect.pcrSelections[0].hash = TPM2_ALG_SHA1;
}

static void duplicate_bank(TPMS_ATTEST *q)
{
	q->attested.quote.pcrSelect.count = 2;
	q->attested.quote.pcrSelect.pcrSelections[1] =
		q->attested.quote.pcrSelect.pcrSelections[0];
}

static void other_extra_data(TPMS_ATTEST *q)
{
	q->extraData.buffer[0] ^= 1;
}

static void no_extra_data(TPMS_ATTEST *q)
{
	q->extraData.size = 0;
}

static void poisoned_pcr_digest(TPMS_ATTEST *q)
{
	q->attested.quote.pcrDigest.buffer[0] ^= 1;
}

static const struct {
	const char *name;
	int row; /* of FIELD section 3, docs/attacks.md */
	void (*change)(struct forged *f);
	void (*twist)(TPMS_ATTEST *quote);
	int status;
	const char *code, *finding;
} CASES[] = {
	{ "a bit of the signature", 14, signature_bit, NULL, 400, "refused", "signature" },
	{ "a bit of the quote", 14, quote_bit, NULL, 400, "refused", "signature" },
	{ "a byte after the quote", 14, quote_trailing_byte, NULL, 400, "refused",
	  "attest-malformed" },
	{ "a signature cut short", 14, signature_cut, NULL, 400, "refused",
	  "signature-malformed" },
	{ "a bit of the token", 2, token_bit, NULL, 400, "refused", "qualifying-data" },
	{ "another PCR value", 4, pcr_value, NULL, 400, "refused", "pcr-digest" },
	{ "PCR values under another bank's name", 4, pcr_bank_relabelled, NULL, 400, "refused",
	  "pcr-values" },
	{ "PCR values under other indices", 4, pcr_mask_shifted, NULL, 400, "refused",
	  "pcr-values" },
	{ "a bank twice", 4, pcr_bank_twice, NULL, 400, "malformed", NULL },
	{ "no PCR values", 4, pcr_missing, NULL, 400, "refused", "pcr-values" },
	{ "a credential key that was not bound", 19, credential_key_bit, NULL, 400, "refused",
	  NULL },
	{ "no credential key though one was bound", 19, credential_key_missing, NULL, 400,
	  "refused", "qualifying-data" },
	{ "facts that were not bound", 19, facts_added, NULL, 400, "refused",
	  "qualifying-data" },
	{ "a certification in place of the quote", 3, quote_is_a_certification, NULL, 400,
	  "refused", "not-a-quote" },
	{ "a quote with foreign magic", 3, NULL, magic, 400, "refused", "magic" },
	{ "a quote of no PCRs", 4, NULL, no_selection, 400, "refused", "selection" },
	{ "a quote of fewer PCRs", 4, NULL, fewer_pcrs, 400, "refused", "selection" },
	{ "a quote of more PCRs", 4, NULL, more_pcrs, 400, "refused", "selection" },
	{ "a quote of a weaker bank", 5, NULL, weaker_bank, 400, "refused", "selection" },
	{ "a quote naming a bank twice", 4, NULL, duplicate_bank, 400, "refused",
	  "attest-malformed" },
	{ "a quote of other qualifying data", 2, NULL, other_extra_data, 400, "refused",
	  "qualifying-data" },
	{ "a quote of no qualifying data", 2, NULL, no_extra_data, 400, "refused",
	  "qualifying-data" },
	{ "a quote of another PCR digest", 4, NULL, poisoned_pcr_digest, 400, "refused",
	  "pcr-digest" },
};

/* A fresh certification is asked for only now and then; a forged one needs it at hand. */
static void send_forged(struct fleet_device *d, size_t i)
{
	static struct fleet_attestation a;
	Troth__V1__Challenge *challenge = fleet_challenge(d, &lab.http);
	assert_non_null(challenge);
	challenge->wants |= TROTH_WANT_CERTIFY;
	d->twist = CASES[i].twist;
	fleet_attest(d, challenge, &a);
	d->twist = NULL;
	if (CASES[i].change != NULL)
		CASES[i].change(&(struct forged){ &a, challenge });
	assert_true(fleet_post(&lab.http, "/v1/attest", &a.message.base));
	troth_wire_free(&challenge->base);
}

static void forged_evidence_is_refused_and_changes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct lab_state before = lab_state(&lab, LAB_VICTIM);
		send_forged(&lab.devices[LAB_VICTIM], i);
		print_message("row %2d: %s\n", CASES[i].row, CASES[i].name);
		lab_assert_problem(&lab.http, CASES[i].status, CASES[i].code, CASES[i].finding);
		struct lab_state after = lab_state(&lab, LAB_VICTIM);
		lab_assert_unchanged(&before, &after);
	}
	/* And the truth is still believed. */
	assert_int_equal(lab_attest(&lab, &lab.devices[LAB_VICTIM]), 200);
	assert_true(lab_result(&lab.http).issued);
}

static void garbage_in_anothers_name(void **state)
{
	(void)state;
	struct lab_state before = lab_state(&lab, LAB_VICTIM);
	Troth__V1__Attestation m;
	troth__v1__attestation__init(&m);
	uint8_t token[TROTH_TOKEN_MAX], noise[600];
	for (unsigned int i = 0; i < 200; i++) {
		Troth__V1__Challenge *challenge =
			fleet_challenge(&lab.devices[LAB_VICTIM], &lab.http);
		assert_non_null(challenge);
		memcpy(token, challenge->token.data, challenge->token.len);
		for (size_t k = 0; k < sizeof noise; k++)
			noise[k] = (uint8_t)(k * 167 + i * 31 + (k * i) % 251);
		m.token = (ProtobufCBinaryData){ challenge->token.len, token };
		m.quote = (ProtobufCBinaryData){ i * 3, noise };
		m.signature = (ProtobufCBinaryData){ 70, noise };
		m.credential_key = (ProtobufCBinaryData){ i, noise };
		assert_true(fleet_post(&lab.http, "/v1/attest", &m.base));
		assert_in_range(lab.http.status, 400, 409);
		troth_wire_free(&challenge->base);
	}
	struct lab_state after = lab_state(&lab, LAB_VICTIM);
	lab_assert_unchanged(&before, &after);
}

static void bodies_that_are_no_messages(void **state)
{
	(void)state;
	static const char *const PATHS[] = { "/v1/enroll", "/v1/enroll/complete",
					     "/v1/challenge", "/v1/attest" };
	static const uint8_t REPEATED[] = { 0x0a, 0x01, 'a', 0x0a, 0x01, 'b' };
	static const uint8_t UNKNOWN[] = { 0xfa, 0x3f, 0x01, 'a' };
	static const uint8_t OVERLONG[] = { 0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f };
	static const uint8_t GROUP[] = { 0x0b, 0x0c };
	const struct troth_view bodies[] = { TROTH_VIEW_OF(REPEATED), TROTH_VIEW_OF(UNKNOWN),
					     TROTH_VIEW_OF(OVERLONG), TROTH_VIEW_OF(GROUP) };
	for (size_t p = 0; p < 4; p++)
		for (size_t i = 0; i < 4; i++) {
			assert_true(tls_client_post(&lab.http, PATHS[p], bodies[i]));
			lab_assert_problem(&lab.http, 400, "malformed", NULL);
		}
}

/* attacks.md row 12: what only operators may ask is not even there for strangers. */
static void administration_is_not_on_the_network(void **state)
{
	(void)state;
	static const char *const PATHS[] = { "/v1/admin/devices", "/v1/admin/policies",
					     "/v1/admin/audit", "/v1/admin/devices/victim" };
	for (size_t i = 0; i < 4; i++) {
		assert_true(tls_client_get(&lab.http, PATHS[i]));
		assert_int_equal(lab.http.status, 404);
	}
}

static void resend_with_log(struct fleet_device *d, struct troth_view log, bool with_digest)
{
	static struct fleet_attestation a;
	struct troth_view kept = d->log;
	Troth__V1__Challenge *challenge = fleet_challenge(d, &lab.http);
	assert_non_null(challenge);
	challenge->wants |= TROTH_WANT_LOG;
	d->log = log;
	fleet_attest(d, challenge, &a);
	if (!with_digest)
		a.message.log_digest = (ProtobufCBinaryData){ 0 };
	assert_true(fleet_post(&lab.http, "/v1/attest", &a.message.base));
	d->log = kept;
	troth_wire_free(&challenge->base);
}

static void logs_that_do_not_explain_the_quote(void **state)
{
	(void)state;
	struct fleet_device *d = &lab.devices[LAB_ATTACKER];
	struct troth_view whole = troth_buffer_view(&lab.log);
	uint8_t *changed = malloc(whole.n);
	assert_non_null(changed);
	memcpy(changed, whole.p, whole.n);
	changed[whole.n - 1] ^= 1; /* inside the last event */
	const struct {
		const char *name;
		struct troth_view log;
		bool with_digest;
		const char *finding;
	} LOGS[] = {
		{ "no log", { 0 }, false, "log-missing" },
		{ "a log cut inside a record",
		  { whole.p, whole.n - 7 },
		  true,
		  "log-malformed" },
		{ "half a log", { whole.p, 3000 }, true, "log-malformed" },
	};
	for (size_t i = 0; i < sizeof LOGS / sizeof *LOGS; i++) {
		resend_with_log(d, LOGS[i].log, LOGS[i].with_digest);
		struct lab_result r = lab_result(&lab.http);
		print_message("row 7: %s: %s\n", LOGS[i].name, r.finding);
		assert_false(r.issued);
		assert_int_not_equal(r.tier, TROTH__V1__TIER__TIER_AFFIRMING);
		assert_string_equal(r.finding, LOGS[i].finding);
	}
	free(changed);
	/* The whole log makes it well again: recovery is automatic in this policy. */
	resend_with_log(d, whole, true);
	assert_true(lab_result(&lab.http).issued);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forged_evidence_is_refused_and_changes_nothing),
		cmocka_unit_test(garbage_in_anothers_name),
		cmocka_unit_test(bodies_that_are_no_messages),
		cmocka_unit_test(administration_is_not_on_the_network),
		cmocka_unit_test(logs_that_do_not_explain_the_quote),
	};
	return cmocka_run_group_tests(tests, one_lab_open, one_lab_close);
}
