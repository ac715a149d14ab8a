/* SPDX-License-Identifier: Apache-2.0 */
/* Quotes that tpm2_quote took of booted virtual machines. */
#include "check.h"

#include "files.h"

#include "quote.h"
#include "reader.h"

static const char *const BOOTS[] = {
	"direct",
	"direct-cmdline",
	"direct-initrd-tampered",
	"direct-sb-on-legacy-bypass",
	"direct-sha256only",
	"direct-tmpfs",
	"shim-sb-off",
	"shim-sb-off-chainload",
	"shim-sb-on",
	"shim-sb-on-cmdline",
	"shim-sb-on-initrd-tampered",
	"uki-sb-off",
	"uki-sb-on-cmdline",
	"uki-sb-on-snakeoil",
};
#define N_BOOTS (sizeof BOOTS / sizeof *BOOTS)

/* The qualifying data given to tpm2_quote, and the PCRs: sha256:0-11,14. */
static const uint8_t NONCE[] = { 0x00, 0x11, 0x22, 0x33 };
enum { MASK = 0x4fff };

struct boot {
	struct troth_view area, msg, der, pcr_file, nonce;
	struct troth_public ak;
	struct troth_key *key;
	struct troth_signature sig;
	struct troth_pcr_selection selection;
	struct troth_pcr_values pcrs;
	struct troth_quote_case c;
};

/* tpm2-tools' file: a TPML_PCR_SELECTION and a count of TPML_DIGESTs as they lie in memory,
 * each with room for eight digests of 64 bytes. (pcrs.txt was read a little later: PCR 10 had
 * grown by then.) */
static void read_pcrs(struct boot *b)
{
	struct troth_reader r = { b->pcr_file };
	struct troth_view selection, place = { 0 };
	uint32_t n_lists = 0, n_digests = 0, pcr = 0;
	assert_true(troth_get_view(&r, 4 + 16 * 8, &selection));
	assert_true(troth_get_u32le(&r, &n_lists));
	for (uint32_t list = 0; list < n_lists; list++) {
		assert_true(troth_get_u32le(&r, &n_digests));
		for (uint32_t i = 0; i < 8; i++) {
			assert_true(troth_get_view(&r, 2 + 64, &place));
			if (i >= n_digests)
				continue;
			while ((MASK >> pcr & 1) == 0)
				pcr++;
			assert_true(troth_pcr_set(&b->pcrs, TROTH_HASH_SHA256, pcr++,
						  (struct troth_view){ place.p + 2, 32 }));
		}
	}
	assert_true(troth_at_end(&r));
}

static struct boot *boot_load(struct troth_ctx *ctx, const char *name)
{
	char folder[512];
	struct troth_view inner;
	struct boot *b = calloc(1, sizeof *b);
	assert_non_null(b);
	(void)snprintf(folder, sizeof folder, TROTH_FIXTURES "/bootvm/%s", name);
	b->area = file_load(folder, "ak.pub");
	b->msg = file_load(folder, "quote.msg");
	b->der = file_load(folder, "quote.sig");
	b->pcr_file = file_load(folder, "quote.pcrs");
	b->nonce = TROTH_VIEW_OF(NONCE);
	assert_int_equal(troth_public_unwrap(b->area, &inner), TROTH_OK);
	assert_int_equal(troth_public_parse(ctx, inner, &b->ak), TROTH_OK);
	assert_int_equal(troth_key_from_public(&b->ak, &b->key), TROTH_OK);
	assert_int_equal(
		troth_signature_from_raw(TROTH_SIG_ECDSA, TROTH_HASH_SHA256, b->der, &b->sig),
		TROTH_OK);
	assert_true(troth_pcr_selection_add(&b->selection, TROTH_HASH_SHA256, MASK));
	read_pcrs(b);
	b->c = (struct troth_quote_case){ .key = b->key,
					  .ak = &b->ak,
					  .attest = b->msg,
					  .signature = &b->sig,
					  .extra_data = &b->nonce,
					  .selection = &b->selection,
					  .pcrs = &b->pcrs };
	return b;
}

static void boot_free(struct boot *b)
{
	troth_key_free(b->key);
	file_free(b->area);
	file_free(b->msg);
	file_free(b->der);
	file_free(b->pcr_file);
	free(b);
}

static void judge(struct troth_ctx *ctx, const struct boot *b, struct troth_findings *f)
{
	struct troth_attest a;
	f->n = 0;
	assert_int_equal(troth_quote_verify(ctx, &b->c, &a, f), TROTH_OK);
}

static void quotes_of_booted_machines_are_genuine(void **state)
{
	static struct troth_findings f;
	for (size_t i = 0; i < N_BOOTS; i++) {
		struct boot *b = boot_load(*state, BOOTS[i]);
		judge(*state, b, &f);
		troth_ak_check(&b->ak, &f);
		if (f.n != 0)
			fail_msg("%s: %s", BOOTS[i], troth_finding_name(f.list[0].code));
		boot_free(b);
	}
}

static void a_quote_of_another_machine_is_not(void **state)
{
	static struct troth_findings f;
	struct boot *a = boot_load(*state, BOOTS[0]);
	for (size_t i = 1; i < N_BOOTS; i++) {
		struct boot *b = boot_load(*state, BOOTS[i]);
		a->c.attest = b->msg;
		a->c.signature = &b->sig;
		a->c.pcrs = &b->pcrs;
		judge(*state, a, &f);
		assert_int_equal(f.n, 1);
		assert_int_equal(f.list[0].code, TROTH_FINDING_SIGNATURE);
		boot_free(b);
	}
	boot_free(a);
}

static void every_flipped_bit_of_a_machines_quote_denies(void **state)
{
	static struct troth_findings f;
	struct boot *b = boot_load(*state, "shim-sb-on");
	uint8_t *p = (uint8_t *)(uintptr_t)b->msg.p;
	for (size_t bit = 0; bit < 8 * b->msg.n; bit++) {
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		judge(*state, b, &f);
		if (f.n == 0)
			fail_msg("bit %zu", bit);
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	boot_free(b);
}

/* tpm2_createak makes the key a child of the endorsement key: no primary key of anything. */
static void a_child_is_told_from_a_primary_key(void **state)
{
	static const uint32_t HIERARCHIES[] = { 0x40000001, 0x4000000b, 0x4000000c };
	static struct troth_findings f;
	struct boot *b = boot_load(*state, "direct");
	for (size_t i = 0; i < sizeof HIERARCHIES / sizeof *HIERARCHIES; i++) {
		b->c.hierarchy = HIERARCHIES[i];
		judge(*state, b, &f);
		assert_int_equal(f.n, 1);
		assert_int_equal(f.list[0].code, TROTH_FINDING_QUALIFIED_SIGNER);
	}
	boot_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_of_booted_machines_are_genuine),
		cmocka_unit_test(a_quote_of_another_machine_is_not),
		cmocka_unit_test(every_flipped_bit_of_a_machines_quote_denies),
		cmocka_unit_test(a_child_is_told_from_a_primary_key),
	};
	return cmocka_run_group_tests_name("boot_quotes", tests, context_setup,
					   context_teardown);
}
