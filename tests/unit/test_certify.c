/* SPDX-License-Identifier: Apache-2.0 */
/* TPM2_Certify of a credential key by an attestation key. Whatever fails, the finding is
 * key-certification: the case names say what is wrong. */
#include "check.h"

#include "forge.h"

#include "quote.h"
#include "reader.h"

static const uint8_t BINDING[32] = { 1, 2, 3 };

struct exchange {
	struct forge_key forged, credential;
	uint8_t public_buf[TROTH_PUBLIC_MAX], credential_buf[TROTH_PUBLIC_MAX],
		attest_buf[TROTH_ATTEST_MAX + 1], sig_buf[TROTH_SIGNATURE_MAX];
	size_t public_len;
	TPMS_ATTEST attest;
	struct troth_public ak, key;
	struct troth_signature sig;
	struct troth_certify_case c;
	struct troth_findings findings;
};

static void sign_bytes(struct exchange *x, size_t n)
{
	x->c.attest = (struct troth_view){ x->attest_buf, n };
	struct troth_view sig =
		forge_sign(&x->forged, x->c.attest, x->sig_buf, sizeof x->sig_buf);
	assert_int_equal(troth_signature_parse(sig, &x->sig), TROTH_OK);
}

static void sign(struct exchange *x)
{
	sign_bytes(x, forge_attest_bytes(&x->attest, x->attest_buf, TROTH_ATTEST_MAX).n);
}

static struct troth_view parse_area(struct troth_ctx *ctx, const struct forge_key *key,
				    TPMA_OBJECT attributes, uint8_t *buf,
				    struct troth_public *out)
{
	TPMT_PUBLIC pub = forge_public(key, attributes);
	struct troth_view area = forge_public_bytes(&pub, buf, TROTH_PUBLIC_MAX);
	assert_int_equal(troth_public_parse(ctx, area, out), TROTH_OK);
	return area;
}

static struct exchange *exchange_new(struct troth_ctx *ctx, TPM2_ALG_ID hash)
{
	struct exchange *x = calloc(1, sizeof *x);
	assert_non_null(x);
	x->forged = forge_key(FORGE_P256, TPM2_ALG_ECDSA, hash);
	x->credential = forge_key(FORGE_P256, TPM2_ALG_NULL, TPM2_ALG_NULL);
	struct troth_view area =
		parse_area(ctx, &x->forged, FORGE_AK_ATTRIBUTES, x->public_buf, &x->ak);
	x->public_len = area.n;
	parse_area(ctx, &x->credential, TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_FIXEDTPM,
		   x->credential_buf, &x->key);
	x->attest = forge_certify(TROTH_VIEW_OF(BINDING), troth_name_view(&x->key.name));
	x->attest.qualifiedSigner = forge_qualified_name(TPM2_RH_ENDORSEMENT, area);
	x->c = (struct troth_certify_case){ .ak = &x->ak,
					    .signature = &x->sig,
					    .extra_data = TROTH_VIEW_OF(BINDING),
					    .name = &x->key.name,
					    .hierarchy = TPM2_RH_ENDORSEMENT };
	assert_int_equal(troth_key_from_public(&x->ak, &x->c.key), TROTH_OK);
	sign(x);
	return x;
}

static void exchange_free(struct exchange *x)
{
	troth_key_free(x->c.key);
	forge_key_free(&x->forged);
	forge_key_free(&x->credential);
	free(x);
}

static size_t judge(struct troth_ctx *ctx, struct exchange *x)
{
	x->findings.n = 0;
	assert_int_equal(troth_certify_verify(ctx, &x->c, &x->findings), TROTH_OK);
	return x->findings.n;
}

static void nothing(struct exchange *x)
{
	(void)x;
}

static void foreign_magic(struct exchange *x)
{
	x->attest.magic ^= 0x80000000;
	sign(x);
}

/* The quote's extraData could be the certification's if labels were not bound in it. */
static void a_quote(struct exchange *x)
{
	TPM2B_NAME signer = x->attest.qualifiedSigner;
	x->attest = forge_quote(TROTH_VIEW_OF(BINDING));
	x->attest.qualifiedSigner = signer;
	sign(x);
}

static void a_creation(struct exchange *x)
{
	x->attest_buf[5] = 0x1a;
	sign_bytes(x, x->c.attest.n);
}

static void trailing_byte(struct exchange *x)
{
	sign_bytes(x, x->c.attest.n + 1);
}

static void one_byte_short(struct exchange *x)
{
	sign_bytes(x, x->c.attest.n - 1);
}

static void another_binding(struct exchange *x)
{
	x->attest.extraData.buffer[0] ^= 1;
	sign(x);
}

static void no_binding(struct exchange *x)
{
	x->attest.extraData.size = 0;
	sign(x);
}

static void another_key(struct exchange *x)
{
	x->attest.attested.certify.name.name[33] ^= 1;
	sign(x);
}

static void another_name_alg(struct exchange *x)
{
	x->attest.attested.certify.name.name[1] = 0x12;
	sign(x);
}

static void the_signer_itself(struct exchange *x)
{
	memcpy(x->attest.attested.certify.name.name, x->ak.name.bytes, x->ak.name.n);
	sign(x);
}

static void no_name(struct exchange *x)
{
	x->attest.attested.certify.name.size = 0;
	x->key.name.n = 0;
	sign(x);
}

static void another_hierarchy(struct exchange *x)
{
	x->attest.qualifiedSigner = forge_qualified_name(
		TPM2_RH_OWNER, (struct troth_view){ x->public_buf, x->public_len });
	sign(x);
}

static void signed_by_the_credential_key(struct exchange *x)
{
	struct forge_key own = x->forged;
	x->forged = x->credential;
	x->forged.scheme = TPM2_ALG_ECDSA;
	x->forged.hash = TPM2_ALG_SHA256;
	sign(x);
	x->forged = own;
}

static void changed_after_signing(struct exchange *x)
{
	x->attest.clockInfo.clock++;
	x->c.attest = forge_attest_bytes(&x->attest, x->attest_buf, TROTH_ATTEST_MAX);
}

static void another_scheme_hash(struct exchange *x)
{
	x->ak.scheme_hash = TROTH_HASH_SHA512;
}

static const struct {
	const char *name;
	void (*change)(struct exchange *x);
	size_t want;
} CHANGES[] = {
	{ "nothing", nothing, 0 },
	{ "foreign magic", foreign_magic, 1 },
	{ "a quote", a_quote, 2 }, /* type, and the Name it does not have */
	{ "a creation", a_creation, 1 },
	{ "a trailing byte", trailing_byte, 1 },
	{ "one byte short", one_byte_short, 1 },
	{ "another binding", another_binding, 1 },
	{ "no binding", no_binding, 1 },
	{ "another key's Name", another_key, 1 },
	{ "a Name under another algorithm", another_name_alg, 1 },
	{ "the signer itself", the_signer_itself, 1 },
	{ "no Name on either side", no_name, 1 },
	{ "a key of another hierarchy", another_hierarchy, 1 },
	{ "signed by the credential key", signed_by_the_credential_key, 1 },
	{ "changed after signing", changed_after_signing, 1 },
	{ "another scheme hash", another_scheme_hash, 1 },
};

static void each_change_is_found(void **state)
{
	for (size_t i = 0; i < sizeof CHANGES / sizeof *CHANGES; i++) {
		struct exchange *x = exchange_new(*state, TPM2_ALG_SHA256);
		CHANGES[i].change(x);
		size_t n = judge(*state, x);
		if (n != CHANGES[i].want)
			fail_msg("%s: %zu findings, the first %s", CHANGES[i].name, n,
				 x->findings.list[0].detail);
		for (size_t k = 0; k < n; k++) {
			assert_int_equal(x->findings.list[k].code,
					 TROTH_FINDING_KEY_CERTIFICATION);
			assert_int_not_equal(x->findings.list[k].detail[0], '\0');
		}
		exchange_free(x);
	}
}

static void sha1_is_never_allowed(void **state)
{
	struct exchange *x = exchange_new(*state, TPM2_ALG_SHA1);
	assert_int_equal(judge(*state, x), 1);
	assert_int_equal(x->findings.list[0].code, TROTH_FINDING_KEY_CERTIFICATION);
	exchange_free(x);
}

static void every_flipped_bit_denies(void **state)
{
	struct exchange *x = exchange_new(*state, TPM2_ALG_SHA256);
	for (size_t bit = 0; bit < 8 * x->c.attest.n; bit++) {
		x->attest_buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (judge(*state, x) == 0)
			fail_msg("bit %zu", bit);
		x->attest_buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(judge(*state, x), 0);
	exchange_free(x);
}

static void a_hierarchy_needs_the_keys_public_area(void **state)
{
	struct exchange *x = exchange_new(*state, TPM2_ALG_SHA256);
	x->c.ak = NULL;
	assert_int_equal(troth_certify_verify(*state, &x->c, &x->findings), TROTH_E_CONFIG);
	exchange_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_change_is_found),
		cmocka_unit_test(sha1_is_never_allowed),
		cmocka_unit_test(every_flipped_bit_denies),
		cmocka_unit_test(a_hierarchy_needs_the_keys_public_area),
	};
	return cmocka_run_group_tests_name("certify", tests, context_setup, context_teardown);
}
