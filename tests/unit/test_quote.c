/* SPDX-License-Identifier: Apache-2.0 */
/* A quote is genuine when nothing is found. Each case below is one good exchange with one thing
 * changed, signed again by the key itself where the change is in the signed bytes: only the
 * check that the change is for can notice. */
#include "check.h"

#include "exchange.h"
#include "files.h"

static const struct {
	const char *name;
	enum forge_kind kind;
	TPM2_ALG_ID scheme, hash;
} KINDS[] = {
	{ "P-256", FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256 },
	{ "P-384", FORGE_P384, TPM2_ALG_ECDSA, TPM2_ALG_SHA384 },
	{ "RSASSA", FORGE_RSA2048, TPM2_ALG_RSASSA, TPM2_ALG_SHA256 },
	{ "RSAPSS", FORGE_RSA2048, TPM2_ALG_RSAPSS, TPM2_ALG_SHA256 },
};

static void a_good_quote_has_no_finding(void **state)
{
	for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
		struct exchange *x =
			exchange_new(*state, KINDS[i].kind, KINDS[i].scheme, KINDS[i].hash);
		if (judge(*state, x) != 0)
			fail_msg("%s: %s", KINDS[i].name,
				 troth_finding_name(x->findings.list[0].code));
		assert_true(x->out.clock == 123456);
		assert_int_equal(x->out.reset_count, 7);
		exchange_free(x);
	}
}

static void what_is_not_asked_is_not_checked(void **state)
{
	struct exchange *x = ecdsa_exchange(*state);
	x->attest.qualifiedSigner.size = 0;
	sign(x);
	x->c.ak = NULL;
	x->c.extra_data = NULL;
	x->c.selection = NULL;
	x->c.pcrs = NULL;
	x->c.hierarchy = 0;
	assert_int_equal(judge(*state, x), 0);
	exchange_free(x);
}

static void a_hierarchy_needs_the_keys_public_area(void **state)
{
	struct exchange *x = ecdsa_exchange(*state);
	x->c.ak = NULL;
	POISON(x->out);
	assert_int_equal(troth_quote_verify(*state, &x->c, &x->out, &x->findings),
			 TROTH_E_CONFIG);
	ASSERT_POISONED(x->out);
	exchange_free(x);
}

static void foreign_magic(struct exchange *x)
{
	x->attest.magic ^= 1;
	sign(x);
}

static void a_certification(struct exchange *x)
{
	TPM2B_NAME signer = x->attest.qualifiedSigner;
	x->attest =
		forge_certify(x->extra_data, (struct troth_view){ signer.name, signer.size });
	x->attest.qualifiedSigner = signer;
	sign(x);
}

/* Even with bytes after it, as Windows leaves them: it is the type that is wrong. */
static void a_creation(struct exchange *x)
{
	x->attest_buf[5] = 0x1a;
	sign_bytes(x, x->c.attest.n + 1);
}

static void trailing_byte(struct exchange *x)
{
	sign_bytes(x, x->c.attest.n + 1);
}

static void one_byte_short(struct exchange *x)
{
	sign_bytes(x, x->c.attest.n - 1);
}

static void nothing_at_all(struct exchange *x)
{
	sign_bytes(x, 0);
}

static void bank_twice(struct exchange *x)
{
	forge_select(&x->attest, TPM2_ALG_SHA256, 2);
	sign(x);
}

static void another_nonce(struct exchange *x)
{
	x->attest.extraData.buffer[31] ^= 1;
	sign(x);
}

static void a_shorter_nonce(struct exchange *x)
{
	x->attest.extraData.size = 31;
	sign(x);
}

static void no_nonce(struct exchange *x)
{
	x->attest.extraData.size = 0;
	sign(x);
}

static void a_longer_nonce(struct exchange *x)
{
	x->attest.extraData.size = 33;
	sign(x);
}

/* The values sent are right for what was quoted: only the selection is not. */
static void without_a_bank(struct exchange *x)
{
	x->attest.attested.quote.pcrSelect.count = 1;
	x->c.pcrs = NULL;
	sign(x);
}

static void without_a_pcr(struct exchange *x)
{
	x->attest.attested.quote.pcrSelect.pcrSelections[0].pcrSelect[0] = 0;
	x->c.pcrs = NULL;
	sign(x);
}

static void with_another_pcr(struct exchange *x)
{
	x->attest.attested.quote.pcrSelect.pcrSelections[0].pcrSelect[1] = 1;
	x->c.pcrs = NULL;
	sign(x);
}

static void of_nothing(struct exchange *x)
{
	x->attest.attested.quote.pcrSelect.count = 0;
	x->c.pcrs = NULL;
	sign(x);
}

static void of_an_unallocated_bank(struct exchange *x)
{
	x->attest.attested.quote.pcrSelect.pcrSelections[1].pcrSelect[0] = 0;
	x->c.pcrs = NULL;
	sign(x);
}

static void reordered(struct exchange *x)
{
	TPML_PCR_SELECTION *s = &x->attest.attested.quote.pcrSelect;
	TPMS_PCR_SELECTION first = s->pcrSelections[0];
	s->pcrSelections[0] = s->pcrSelections[1];
	s->pcrSelections[1] = first;
	x->c.pcrs = NULL;
	sign(x);
}

/* CVE-2024-29039: the same values, called by other names. */
static void relabelled(struct exchange *x)
{
	x->attest.attested.quote.pcrSelect.pcrSelections[0].pcrSelect[0] = 2;
	x->c.pcrs = NULL;
	sign(x);
}

static void another_bank(struct exchange *x)
{
	x->attest.attested.quote.pcrSelect.pcrSelections[0].hash = TPM2_ALG_SM3_256;
	x->c.pcrs = NULL;
	sign(x);
}

static void a_value_missing(struct exchange *x)
{
	x->pcrs.banks[0].have &= ~1U;
}

static void a_value_too_many(struct exchange *x)
{
	x->pcrs.banks[1].have |= 1U;
}

static void a_bank_of_values_too_many(struct exchange *x)
{
	static const uint8_t ZERO[64] = { 0 };
	assert_true(troth_pcr_set(&x->pcrs, TROTH_HASH_SHA512, 0, TROTH_VIEW_OF(ZERO)));
}

static void no_values(struct exchange *x)
{
	x->pcrs.n_banks = 0;
}

static void a_changed_value(struct exchange *x)
{
	x->pcrs.banks[1].value[4][47] ^= 1;
}

static void a_changed_digest(struct exchange *x)
{
	x->attest.attested.quote.pcrDigest.buffer[0] ^= 1;
	sign(x);
}

static void a_shorter_digest(struct exchange *x)
{
	x->attest.attested.quote.pcrDigest.size = 31;
	sign(x);
}

static void no_digest(struct exchange *x)
{
	x->attest.attested.quote.pcrDigest.size = 0;
	sign(x);
}

static void owner_hierarchy(struct exchange *x)
{
	x->attest.qualifiedSigner = forge_qualified_name(
		TPM2_RH_OWNER, (struct troth_view){ x->public_buf, x->public_len });
	sign(x);
}

static void no_signer(struct exchange *x)
{
	x->attest.qualifiedSigner.size = 0;
	sign(x);
}

static void the_plain_name_as_signer(struct exchange *x)
{
	memcpy(x->attest.qualifiedSigner.name, x->ak.name.bytes, x->ak.name.n);
	sign(x);
}

static void signed_by_another(struct exchange *x)
{
	struct forge_key own = x->forged;
	x->forged = forge_key(FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256);
	sign(x);
	forge_key_free(&x->forged);
	x->forged = own;
}

static void changed_after_signing(struct exchange *x)
{
	x->attest.clockInfo.clock++;
	x->c.attest = forge_attest_bytes(&x->attest, x->attest_buf, TROTH_ATTEST_MAX);
}

static void scheme_hash_of_another_key(struct exchange *x)
{
	x->ak.scheme_hash = TROTH_HASH_SHA384;
}

static void scheme_of_another_key(struct exchange *x)
{
	x->ak.scheme = TROTH_SIG_RSASSA;
}

static void no_scheme_of_its_own(struct exchange *x)
{
	x->ak.scheme = TROTH_SIG_NONE;
	x->ak.scheme_hash = TROTH_HASH_NONE;
}

static const struct {
	const char *name;
	void (*change)(struct exchange *x);
	enum troth_finding_code want;
} CHANGES[] = {
	{ "foreign magic", foreign_magic, TROTH_FINDING_MAGIC },
	{ "a certification", a_certification, TROTH_FINDING_NOT_A_QUOTE },
	{ "a creation, with a byte after it", a_creation, TROTH_FINDING_NOT_A_QUOTE },
	{ "a trailing byte", trailing_byte, TROTH_FINDING_ATTEST_MALFORMED },
	{ "one byte short", one_byte_short, TROTH_FINDING_ATTEST_MALFORMED },
	{ "nothing at all", nothing_at_all, TROTH_FINDING_ATTEST_MALFORMED },
	{ "a bank twice", bank_twice, TROTH_FINDING_ATTEST_MALFORMED },
	{ "another nonce", another_nonce, TROTH_FINDING_QUALIFYING_DATA },
	{ "a shorter nonce", a_shorter_nonce, TROTH_FINDING_QUALIFYING_DATA },
	{ "no nonce", no_nonce, TROTH_FINDING_QUALIFYING_DATA },
	{ "a longer nonce", a_longer_nonce, TROTH_FINDING_QUALIFYING_DATA },
	{ "without a bank", without_a_bank, TROTH_FINDING_SELECTION },
	{ "without a PCR", without_a_pcr, TROTH_FINDING_SELECTION },
	{ "with another PCR", with_another_pcr, TROTH_FINDING_SELECTION },
	{ "of nothing", of_nothing, TROTH_FINDING_SELECTION },
	{ "of a bank not allocated", of_an_unallocated_bank, TROTH_FINDING_SELECTION },
	{ "reordered", reordered, TROTH_FINDING_SELECTION },
	{ "relabelled", relabelled, TROTH_FINDING_SELECTION },
	{ "another bank", another_bank, TROTH_FINDING_SELECTION },
	{ "a value missing", a_value_missing, TROTH_FINDING_PCR_VALUES },
	{ "a value too many", a_value_too_many, TROTH_FINDING_PCR_VALUES },
	{ "a bank of values too many", a_bank_of_values_too_many, TROTH_FINDING_PCR_VALUES },
	{ "no values", no_values, TROTH_FINDING_PCR_VALUES },
	{ "a changed value", a_changed_value, TROTH_FINDING_PCR_DIGEST },
	{ "a changed digest", a_changed_digest, TROTH_FINDING_PCR_DIGEST },
	{ "a shorter digest", a_shorter_digest, TROTH_FINDING_PCR_DIGEST },
	{ "no digest", no_digest, TROTH_FINDING_PCR_DIGEST },
	{ "a key of the owner hierarchy", owner_hierarchy, TROTH_FINDING_QUALIFIED_SIGNER },
	{ "no signer", no_signer, TROTH_FINDING_QUALIFIED_SIGNER },
	{ "a Name as signer", the_plain_name_as_signer, TROTH_FINDING_QUALIFIED_SIGNER },
	{ "signed by another key", signed_by_another, TROTH_FINDING_SIGNATURE },
	{ "changed after signing", changed_after_signing, TROTH_FINDING_SIGNATURE },
	{ "another scheme hash", scheme_hash_of_another_key, TROTH_FINDING_SIGNATURE_SCHEME },
	{ "another scheme", scheme_of_another_key, TROTH_FINDING_SIGNATURE_SCHEME },
	{ "a key without a scheme", no_scheme_of_its_own, TROTH_FINDING_SIGNATURE_SCHEME },
};

static void each_change_is_found_and_nothing_else(void **state)
{
	static const struct troth_attest ZERO;
	for (size_t i = 0; i < sizeof CHANGES / sizeof *CHANGES; i++) {
		struct exchange *x = ecdsa_exchange(*state);
		CHANGES[i].change(x);
		size_t n = judge(*state, x);
		if (n != 1 || x->findings.list[0].code != CHANGES[i].want)
			fail_msg("%s: %zu findings, the first %s", CHANGES[i].name, n,
				 troth_finding_name(x->findings.list[0].code));
		assert_true(x->findings.list[0].detail[0] != 0 ||
			    x->findings.list[0].seen.alg != TROTH_HASH_NONE);
		if (CHANGES[i].want == TROTH_FINDING_ATTEST_MALFORMED)
			assert_memory_equal(&x->out, &ZERO, sizeof ZERO);
		exchange_free(x);
	}
}

/* Nothing that comes later hides what came before. */
static void two_changes_are_both_found(void **state)
{
	struct exchange *x = ecdsa_exchange(*state);
	another_nonce(x);
	a_changed_value(x);
	signed_by_another(x);
	assert_int_equal(judge(*state, x), 3);
	assert_int_equal(x->findings.list[0].code, TROTH_FINDING_SIGNATURE);
	assert_int_equal(x->findings.list[1].code, TROTH_FINDING_QUALIFYING_DATA);
	assert_int_equal(x->findings.list[2].code, TROTH_FINDING_PCR_DIGEST);
	exchange_free(x);
}

static void a_pcr_digest_finding_shows_both(void **state)
{
	struct exchange *x = ecdsa_exchange(*state);
	a_changed_value(x);
	assert_int_equal(judge(*state, x), 1);
	assert_int_equal(x->findings.list[0].expected.alg, TROTH_HASH_SHA256);
	assert_memory_equal(x->findings.list[0].expected.bytes,
			    x->attest.attested.quote.pcrDigest.buffer, 32);
	assert_false(
		troth_digest_equal(&x->findings.list[0].expected, &x->findings.list[0].seen));
	exchange_free(x);
}

static void sha1_signatures_need_permission(void **state)
{
	static const enum forge_kind KIND[] = { FORGE_P256, FORGE_RSA2048 };
	static const TPM2_ALG_ID SCHEME[] = { TPM2_ALG_ECDSA, TPM2_ALG_RSASSA };
	for (size_t i = 0; i < 2; i++) {
		struct exchange *x = exchange_new(*state, KIND[i], SCHEME[i], TPM2_ALG_SHA1);
		assert_int_equal(judge(*state, x), 1);
		assert_int_equal(x->findings.list[0].code, TROTH_FINDING_HASH_WEAK);
		x->c.allow_sha1 = true;
		assert_int_equal(judge(*state, x), 0);
		exchange_free(x);
	}
}

/* SM3 is no hash of ours to sign with, whatever OpenSSL can do. */
static void a_hash_we_do_not_take_is_a_scheme_finding(void **state)
{
	struct exchange *x = exchange_new(*state, FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SM3_256);
	x->c.pcrs = NULL;
	assert_int_not_equal(judge(*state, x), 0);
	assert_int_equal(x->findings.list[0].code, TROTH_FINDING_SIGNATURE_SCHEME);
	exchange_free(x);
}

static void pss_does_not_pass_for_pkcs1(void **state)
{
	struct exchange *x =
		exchange_new(*state, FORGE_RSA2048, TPM2_ALG_RSAPSS, TPM2_ALG_SHA256);
	x->ak.scheme = TROTH_SIG_RSASSA;
	assert_int_equal(judge(*state, x), 1);
	assert_int_equal(x->findings.list[0].code, TROTH_FINDING_SIGNATURE_SCHEME);
	exchange_free(x);
}

/* Every bit of what was signed and of the signature's numbers. */
static void every_flipped_bit_denies(void **state)
{
	for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
		struct exchange *x =
			exchange_new(*state, KINDS[i].kind, KINDS[i].scheme, KINDS[i].hash);
		const struct troth_view parts[] = { x->c.attest, x->sig.rsa, x->sig.r,
						    x->sig.s };
		/* P-384 is ten times slower: one bit in eleven. */
		const size_t step = KINDS[i].kind == FORGE_P384 ? 11 : 1;
		for (size_t k = 0; k < 4; k++)
			for (size_t bit = 0; bit < 8 * parts[k].n; bit += step) {
				uint8_t *p = (uint8_t *)(uintptr_t)parts[k].p;
				p[bit / 8] ^= (uint8_t)(1 << bit % 8);
				if (judge(*state, x) == 0)
					fail_msg("%s: part %zu, bit %zu", KINDS[i].name, k,
						 bit);
				p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			}
		assert_int_equal(judge(*state, x), 0);
		exchange_free(x);
	}
}

static void every_prefix_denies(void **state)
{
	struct exchange *x = ecdsa_exchange(*state);
	const struct troth_view whole = x->c.attest;
	for (size_t n = 0; n < whole.n; n++) {
		x->c.attest = view_dup((struct troth_view){ whole.p, n });
		assert_int_equal(judge(*state, x), 1);
		assert_int_equal(x->findings.list[0].code, TROTH_FINDING_ATTEST_MALFORMED);
		file_free(x->c.attest);
	}
	x->c.attest = whole;
	assert_int_equal(judge(*state, x), 0);
	exchange_free(x);
}

/* A verification adds to what others have found. */
static void findings_are_added(void **state)
{
	struct exchange *x = ecdsa_exchange(*state);
	(void)troth_finding_add(&x->findings, TROTH_FINDING_LOG_QUIRK);
	another_nonce(x);
	assert_int_equal(troth_quote_verify(*state, &x->c, &x->out, &x->findings), TROTH_OK);
	assert_int_equal(x->findings.n, 2);
	assert_int_equal(x->findings.list[0].code, TROTH_FINDING_LOG_QUIRK);
	exchange_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_quote_has_no_finding),
		cmocka_unit_test(what_is_not_asked_is_not_checked),
		cmocka_unit_test(a_hierarchy_needs_the_keys_public_area),
		cmocka_unit_test(each_change_is_found_and_nothing_else),
		cmocka_unit_test(two_changes_are_both_found),
		cmocka_unit_test(a_pcr_digest_finding_shows_both),
		cmocka_unit_test(sha1_signatures_need_permission),
		cmocka_unit_test(a_hash_we_do_not_take_is_a_scheme_finding),
		cmocka_unit_test(pss_does_not_pass_for_pkcs1),
		cmocka_unit_test(every_flipped_bit_denies),
		cmocka_unit_test(every_prefix_denies),
		cmocka_unit_test(findings_are_added),
	};
	return cmocka_run_group_tests_name("quote", tests, context_setup, context_teardown);
}
