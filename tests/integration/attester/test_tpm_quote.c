/* SPDX-License-Identifier: Apache-2.0 */
/* Quotes and certifications: judged by our core as a verifier does, and by tpm2-tools. */
#include "check.h"

#include <stdio.h>

#include "base.h"
#include "files.h"
#include "quote.h"
#include "reader.h"
#include "rig.h"
#include "text.h"

static const enum troth_ak_algorithm AKS[] = { TROTH_AK_ECC, TROTH_AK_RSA };
static const uint8_t NONCE[32] = { 0xde, 0xad, 0xbe, 0xef };

static const struct {
	const char *name;
	struct troth_pcr_selection selection;
	const char *tools; /* the same for tpm2_quote's kin */
} SELECTIONS[] = {
	{ "one PCR", { 1, { { TROTH_HASH_SHA256, 1 << 7 } } }, "sha256:7" },
	{ "all of one bank: three rounds of reading",
	  { 1, { { TROTH_HASH_SHA256, 0xffffff } } },
	  "sha256:0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23" },
	{ "SHA-384 alone",
	  { 1, { { TROTH_HASH_SHA384, 0x0000ff } } },
	  "sha384:0,1,2,3,4,5,6,7" },
	{ "two banks",
	  { 2, { { TROTH_HASH_SHA256, 0x0042ff }, { TROTH_HASH_SHA384, 0x0000ff } } },
	  "sha256:0,1,2,3,4,5,6,7,9,14+sha384:0,1,2,3,4,5,6,7" },
	{ "two banks in the other order",
	  { 2, { { TROTH_HASH_SHA384, 0x800001 }, { TROTH_HASH_SHA256, 0x800001 } } },
	  "sha384:0,23+sha256:0,23" },
};

struct signer {
	struct troth_tpm tpm;
	struct troth_tpm_key ak;
	struct troth_public pub;
	struct troth_key *key;
};

static void signer_start(const struct rig *rig, enum troth_ak_algorithm algorithm,
			 struct signer *out)
{
	memset(out, 0, sizeof *out);
	out->tpm = rig_open(rig);
	assert_int_equal(troth_tpm_ak_load(&out->tpm, algorithm, 0, &out->ak), TROTH_OK);
	out->ak.object.tpm = &out->tpm;
	assert_int_equal(troth_public_parse(
				 rig->ctx,
				 (struct troth_view){ out->ak.public_area, out->ak.public_len },
				 &out->pub),
			 TROTH_OK);
	assert_int_equal(troth_key_from_public(&out->pub, &out->key), TROTH_OK);
}

static void signer_end(struct signer *s)
{
	troth_key_free(s->key);
	troth_tpm_key_drop(&s->ak);
	troth_tpm_close(&s->tpm);
}

static struct troth_view attest_of(const struct troth_tpm_statement *s)
{
	return (struct troth_view){ s->attest, s->attest_len };
}

static struct troth_signature signature_of(const struct troth_tpm_statement *s)
{
	struct troth_signature sig;
	assert_int_equal(troth_signature_parse(
				 (struct troth_view){ s->signature, s->signature_len }, &sig),
			 TROTH_OK);
	return sig;
}

static size_t judge(const struct rig *rig, const struct signer *s,
		    const struct troth_tpm_quote *q,
		    const struct troth_pcr_selection *selection)
{
	const struct troth_signature sig = signature_of(&q->statement);
	const struct troth_view nonce = TROTH_VIEW_OF(NONCE);
	struct troth_attest facts;
	struct troth_findings findings = { 0 };
	const struct troth_quote_case c = {
		.key = s->key,
		.ak = &s->pub,
		.attest = attest_of(&q->statement),
		.signature = &sig,
		.extra_data = &nonce,
		.selection = selection,
		.pcrs = &q->pcrs,
		.hierarchy = TPM2_RH_ENDORSEMENT,
	};
	assert_int_equal(troth_quote_verify(rig->ctx, &c, &facts, &findings), TROTH_OK);
	for (size_t i = 0; i < findings.n; i++)
		print_error("%s\n", troth_finding_name(findings.list[i].code));
	return findings.n;
}

/* The AK as tpm2_checkquote reads it: TPM2B_PUBLIC. */
static void write_ak(const struct rig *rig, const struct signer *s)
{
	uint8_t tpm2b[2 + TROTH_PUBLIC_MAX];
	tpm2b[0] = (uint8_t)(s->ak.public_len >> 8);
	tpm2b[1] = (uint8_t)s->ak.public_len;
	memcpy(tpm2b + 2, s->ak.public_area, s->ak.public_len);
	rig_write(rig, "ak.pub", (struct troth_view){ tpm2b, s->ak.public_len + 2 });
}

static void check_with_tools(const struct rig *rig, const struct signer *s,
			     const struct troth_tpm_quote *q)
{
	char nonce[2 * sizeof NONCE + 1];
	write_ak(rig, s);
	rig_write(rig, "quote.msg", attest_of(&q->statement));
	rig_write(rig, "quote.sig",
		  (struct troth_view){ q->statement.signature, q->statement.signature_len });
	troth_format_hex(TROTH_VIEW_OF(NONCE), nonce);
	RIG_OK(rig, "tpm2_checkquote", "-g", "sha256", "-u", rig_path(rig, "ak.pub"), "-m",
	       rig_path(rig, "quote.msg"), "-s", rig_path(rig, "quote.sig"), "-q", nonce);
	nonce[0] = '0';
	RIG_CODE(rig, 1, "tpm2_checkquote", "-g", "sha256", "-u", rig_path(rig, "ak.pub"), "-m",
		 rig_path(rig, "quote.msg"), "-s", rig_path(rig, "quote.sig"), "-q", nonce);
}

static void quotes_are_genuine(void **state)
{
	const struct rig *rig = *state;
	RIG_OK(rig, "tpm2_pcrextend",
	       "7:sha256=0101010101010101010101010101010101010101010101010101010101010101");
	for (size_t i = 0; i < TROTH_COUNT(AKS) * TROTH_COUNT(SELECTIONS); i++) {
		const struct troth_pcr_selection *selection =
			&SELECTIONS[i / TROTH_COUNT(AKS)].selection;
		struct signer s;
		static struct troth_tpm_quote q;
		signer_start(rig, AKS[i % TROTH_COUNT(AKS)], &s);
		const struct troth_tpm_quote_request r = { &s.ak, selection,
							   TROTH_VIEW_OF(NONCE) };
		assert_int_equal(troth_tpm_quote(&s.tpm, rig->ctx, &r, &q), TROTH_OK);
		if (judge(rig, &s, &q, selection) != 0)
			fail_msg("%s: not genuine", SELECTIONS[i / TROTH_COUNT(AKS)].name);
		check_with_tools(rig, &s, &q);
		signer_end(&s);
	}
	rig_assert_clean(rig);
}

/* The values we read are those that tpm2_pcrread prints. */
static void values_are_what_tpm2_tools_read(void **state)
{
	const struct rig *rig = *state;
	for (size_t i = 0; i < TROTH_COUNT(SELECTIONS); i++) {
		const struct troth_pcr_selection *selection = &SELECTIONS[i].selection;
		static struct troth_pcr_values values;
		TROTH_AUTO(troth_tpm_close) struct troth_tpm tpm = rig_open(rig);
		assert_int_equal(troth_tpm_pcr_read(&tpm, selection, &values), TROTH_OK);
		assert_true(troth_pcr_values_cover(&values, selection));
		troth_tpm_close(&tpm);

		RIG_OK(rig, "tpm2_pcrread", "-Q", "-o", rig_path(rig, "values"),
		       SELECTIONS[i].tools);
		struct troth_view theirs = rig_read(rig, "values");
		struct troth_reader r = { theirs };
		for (size_t b = 0; b < selection->n_banks; b++) {
			for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
				struct troth_view want = { 0 },
						  got = troth_pcr_value(
							  &values, selection->banks[b].bank,
							  pcr);
				if (got.n == 0)
					continue;
				assert_true(troth_get_view(&r, got.n, &want));
				assert_true(troth_view_equal(got, want));
			}
		}
		assert_true(troth_at_end(&r));
		file_free(theirs);
	}
}

static void a_bank_that_is_not_there_is_named(void **state)
{
	const struct rig *rig = *state;
	static const struct troth_pcr_selection selections[] = {
		{ 1, { { TROTH_HASH_SHA512, 0xff } } },
		{ 2, { { TROTH_HASH_SHA256, 0xff }, { TROTH_HASH_SHA512, 0x01 } } },
	};
	struct signer s;
	static struct troth_tpm_quote q;
	signer_start(rig, TROTH_AK_ECC, &s);
	for (size_t i = 0; i < TROTH_COUNT(selections); i++) {
		const struct troth_tpm_quote_request r = { &s.ak, &selections[i],
							   TROTH_VIEW_OF(NONCE) };
		enum troth_hash missing;
		POISON(q);
		assert_int_equal(troth_tpm_quote(&s.tpm, rig->ctx, &r, &q),
				 TROTH_E_UNSUPPORTED);
		ASSERT_POISONED(q);
		assert_int_equal(troth_tpm_bank_missing(&s.tpm, &selections[i], &missing),
				 TROTH_OK);
		assert_int_equal(missing, TROTH_HASH_SHA512);
	}
	const struct troth_pcr_selection there = { 1, { { TROTH_HASH_SHA384, 0xffffff } } };
	enum troth_hash missing;
	assert_int_equal(troth_tpm_bank_missing(&s.tpm, &there, &missing), TROTH_OK);
	assert_int_equal(missing, TROTH_HASH_NONE);
	signer_end(&s);
}

static void qualifying_data_has_limits(void **state)
{
	const struct rig *rig = *state;
	static const struct {
		size_t n;
		enum troth_status want;
	} cases[] = {
		{ 0, TROTH_E_LIMIT }, { 1, TROTH_OK }, { 64, TROTH_OK }, { 67, TROTH_E_LIMIT }
	};
	uint8_t data[67] = { 0 };
	struct signer s;
	static struct troth_tpm_quote q;
	signer_start(rig, TROTH_AK_ECC, &s);
	for (size_t i = 0; i < TROTH_COUNT(cases); i++) {
		const struct troth_tpm_quote_request r = { &s.ak,
							   &SELECTIONS[0].selection,
							   { data, cases[i].n } };
		assert_int_equal(troth_tpm_quote(&s.tpm, rig->ctx, &r, &q), cases[i].want);
	}
	signer_end(&s);
}

static size_t judge_certification(const struct rig *rig, const struct signer *s,
				  const struct troth_tpm_statement *statement,
				  const struct troth_credential_key *key)
{
	const struct troth_signature sig = signature_of(statement);
	struct troth_findings findings = { 0 };
	struct troth_public pub;
	assert_int_equal(
		troth_public_parse(rig->ctx,
				   (struct troth_view){ key->public_area, key->public_len },
				   &pub),
		TROTH_OK);
	const struct troth_certify_case c = {
		.key = s->key,
		.ak = &s->pub,
		.attest = attest_of(statement),
		.signature = &sig,
		.extra_data = TROTH_VIEW_OF(NONCE),
		.name = &pub.name,
		.hierarchy = TPM2_RH_ENDORSEMENT,
	};
	assert_int_equal(troth_certify_verify(rig->ctx, &c, &findings), TROTH_OK);
	return findings.n;
}

static void certifications_are_genuine(void **state)
{
	const struct rig *rig = *state;
	for (size_t i = 0; i < TROTH_COUNT(AKS); i++) {
		struct signer s;
		struct troth_credential_key key, other;
		struct troth_tpm_object loaded = { 0 };
		struct troth_tpm_statement statement;
		signer_start(rig, AKS[i], &s);
		assert_int_equal(troth_tpm_credential_key_make(&s.tpm, &key), TROTH_OK);
		assert_int_equal(troth_tpm_credential_key_make(&s.tpm, &other), TROTH_OK);
		assert_int_equal(troth_tpm_credential_key_load(&s.tpm, &key, &loaded),
				 TROTH_OK);
		assert_int_equal(troth_tpm_certify(&s.tpm, &s.ak, &loaded, TROTH_VIEW_OF(NONCE),
						   &statement),
				 TROTH_OK);
		assert_int_equal(judge_certification(rig, &s, &statement, &key), 0);
		assert_int_not_equal(judge_certification(rig, &s, &statement, &other), 0);
		troth_tpm_object_drop(&loaded);
		signer_end(&s);
	}
	rig_assert_clean(rig);
}

/* What a renewal with a fresh certification does to a TPM, a thousand times, on one connection
 * and on many. */
static void a_thousand_attestations_leave_nothing(void **state)
{
	const struct rig *rig = *state;
	struct troth_credential_key key = { 0 };
	static struct troth_tpm_quote q;
	for (int round = 0; round < 100; round++) {
		struct signer s;
		signer_start(rig, TROTH_AK_ECC, &s);
		if (key.public_len == 0)
			assert_int_equal(troth_tpm_credential_key_make(&s.tpm, &key), TROTH_OK);
		const struct troth_tpm_quote_request r = { &s.ak, &SELECTIONS[3].selection,
							   TROTH_VIEW_OF(NONCE) };
		for (int i = 0; i < 10; i++) {
			TROTH_AUTO(troth_tpm_object_drop)
			struct troth_tpm_object loaded = { 0 };
			struct troth_tpm_statement statement;
			assert_int_equal(troth_tpm_credential_key_load(&s.tpm, &key, &loaded),
					 TROTH_OK);
			assert_int_equal(troth_tpm_certify(&s.tpm, &s.ak, &loaded,
							   TROTH_VIEW_OF(NONCE), &statement),
					 TROTH_OK);
			assert_int_equal(troth_tpm_quote(&s.tpm, rig->ctx, &r, &q), TROTH_OK);
		}
		signer_end(&s);
	}
	rig_assert_clean(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_are_genuine),
		cmocka_unit_test(values_are_what_tpm2_tools_read),
		cmocka_unit_test(a_bank_that_is_not_there_is_named),
		cmocka_unit_test(qualifying_data_has_limits),
		cmocka_unit_test(certifications_are_genuine),
		cmocka_unit_test(a_thousand_attestations_leave_nothing),
	};
	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
