/* SPDX-License-Identifier: Apache-2.0 */
/* Values named "TPM" were read with tpm2_pcrread from an emulated TPM that was started and
 * extended as the case says; the captures' values were read in their guests. */
#include "check.h"

#include "bootvm.h"
#include "eventlog.h"
#include "log_builder.h"

static const enum troth_hash TWO_BANKS[] = { TROTH_HASH_SHA1, TROTH_HASH_SHA256 };
static struct log_builder b;

/* An event with the digests 11..11 and 22..22, as the TPM was extended with. */
static void put_marked(uint32_t pcr, uint32_t type, uint8_t sha1, uint8_t sha256)
{
	uint8_t digest[32];
	log_put_le(&b, pcr, 4);
	log_put_le(&b, type, 4);
	log_put_le(&b, 2, 4);
	log_put_le(&b, 4, 2);
	memset(digest, sha1, 20);
	log_put(&b, digest, 20);
	log_put_le(&b, 11, 2);
	memset(digest, sha256, 32);
	log_put(&b, digest, 32);
	log_put_le(&b, 0, 4);
}

static void put_locality(uint32_t pcr, uint32_t type, uint8_t locality, size_t len)
{
	uint8_t data[18] = "StartupLocality";
	data[16] = locality;
	log_event(&b, pcr, type, (struct troth_view){ data, len });
}

static void replay(struct troth_ctx *ctx, struct troth_replay *out)
{
	struct troth_log log;
	assert_int_equal(troth_log_parse(log_bytes(&b), &log), TROTH_OK);
	assert_int_equal(troth_log_replay(ctx, &log, out), TROTH_OK);
	troth_log_release(&log);
}

static void assert_pcr(const struct troth_replay *r, enum troth_hash bank, uint32_t pcr,
		       const char *hex)
{
	struct troth_view v = troth_pcr_value(&r->values, bank, pcr);
	assert_int_equal(v.n, strlen(hex) / 2);
	assert_hex(v.p, hex);
}

static void extends_as_a_tpm_does(void **state)
{
	struct troth_replay r;
	log_begin(&b, TWO_BANKS, 2);
	put_marked(23, 5, 0x11, 0x22);
	put_marked(23, 5, 0x33, 0x44);
	replay(*state, &r);
	assert_int_equal(r.values.n_banks, 2);
	assert_int_equal(r.values.banks[0].have, 1U << 23);
	/* TPM, PCR 23 */
	assert_pcr(&r, TROTH_HASH_SHA1, 23, "504fe15658ce3698183f693e3b7e11dd3b4d61f8");
	assert_pcr(&r, TROTH_HASH_SHA256, 23,
		   "89a58c1f9d94c990668a03db991956bd3cf7bcb2ffd8b0f69b5b462610adb29f");
	assert_int_equal(r.quirks, 0);
}

/* PCR 0 after one extension, by how it started. */
#define FROM_0 "b3e26c6ca6785f04dd7187293d802d5b16dad8c1"
#define FROM_3 "8d52f93935b28a7d42517b2ac78ed7d9ab5c0bf5"
#define FROM_0_SHA256 "ee4b0e933b56cdf12a42b1e3f3b9ed1aa70cf9f3cf37325693255c8bfbcb8ba8"
#define FROM_3_SHA256 "d872eaf4c7d40d8ed61bd2f7d0406647fdcad10358bd11f82ad6b696802f87ea"

static const struct {
	const char *name;
	uint32_t pcr, type;
	uint8_t locality;
	size_t len;
	bool late; /* the event comes after the extension */
	const char *sha1, *sha256;
	uint32_t quirks;
} STARTS[] = {
	{ "locality 3", 0, 3, 3, 17, false, FROM_3, FROM_3_SHA256,
	  TROTH_QUIRK_STARTUP_LOCALITY },
	{ "locality 0", 0, 3, 0, 17, false, FROM_0, FROM_0_SHA256, 0 },
	{ "a locality that does not start TPMs", 0, 3, 1, 17, false, FROM_0, FROM_0_SHA256,
	  TROTH_QUIRK_LOCALITY_FORM },
	{ "locality 3 said too late", 0, 3, 3, 17, true, FROM_0, FROM_0_SHA256,
	  TROTH_QUIRK_LOCALITY_FORM },
	{ "locality 3 said of PCR 1", 1, 3, 3, 17, false, FROM_0, FROM_0_SHA256, 0 },
	{ "locality 3 cut short", 0, 3, 3, 16, false, FROM_0, FROM_0_SHA256, 0 },
	{ "locality 3 and a byte", 0, 3, 3, 18, false, FROM_0, FROM_0_SHA256, 0 },
};

static void pcr0_starts_where_startup_came_from(void **state)
{
	for (size_t i = 0; i < sizeof STARTS / sizeof *STARTS; i++) {
		struct troth_replay r;
		log_begin(&b, TWO_BANKS, 2);
		if (STARTS[i].late)
			put_marked(0, 5, 0x11, 0x22);
		put_locality(STARTS[i].pcr, STARTS[i].type, STARTS[i].locality, STARTS[i].len);
		if (!STARTS[i].late)
			put_marked(0, 5, 0x11, 0x22);
		replay(*state, &r);
		print_message("%s\n", STARTS[i].name);
		assert_pcr(&r, TROTH_HASH_SHA1, 0, STARTS[i].sha1);
		assert_pcr(&r, TROTH_HASH_SHA256, 0, STARTS[i].sha256);
		assert_int_equal(r.quirks, STARTS[i].quirks);
	}
}

static void first_locality_counts(void **state)
{
	struct troth_replay r;
	log_begin(&b, TWO_BANKS, 2);
	put_locality(0, 3, 3, 17);
	put_locality(0, 3, 0, 17);
	put_marked(0, 5, 0x11, 0x22);
	replay(*state, &r);
	assert_pcr(&r, TROTH_HASH_SHA256, 0, FROM_3_SHA256);
}

static void hcrtm_starts_pcr0_at_4(void **state)
{
	/* TPM: _TPM_Hash over "hcrtm-block" before startup, then one extension. */
	static const char *const SHA1_VALUE = "9b8223dceac574ea51a93f1057392dd30447bc68";
	static const char *const SHA256_VALUE =
		"4f4cd49896d46a557532adb5dff07be3638acb210ad6d39bcc61ff5eb79bf582";
	for (int said = 0; said < 2; said++) {
		struct troth_replay r;
		log_begin(&b, TWO_BANKS, 2);
		if (said)
			put_locality(0, 3, 4, 17);
		log_event2(&b, 0, 0x80000010, troth_view_str("hcrtm-block"),
			   troth_view_str("HCRTM"));
		put_marked(0, 5, 0x11, 0x22);
		replay(*state, &r);
		assert_pcr(&r, TROTH_HASH_SHA1, 0, SHA1_VALUE);
		assert_pcr(&r, TROTH_HASH_SHA256, 0, SHA256_VALUE);
		assert_int_equal(r.quirks, TROTH_QUIRK_HCRTM);
	}
}

static void what_extends_nothing_is_left_out(void **state)
{
	struct troth_replay r;
	log_begin(&b, TWO_BANKS, 2);
	put_marked(5, 3, 0x11, 0x22);  /* EV_NO_ACTION */
	put_marked(24, 5, 0x11, 0x22); /* no such PCR */
	put_marked(UINT32_MAX, 5, 0x11, 0x22);
	put_locality(0, 3, 3, 17); /* a start value alone is no measurement */
	replay(*state, &r);
	assert_int_equal(r.values.n_banks, 0);
}

static void missing_digest_leaves_its_bank_alone(void **state)
{
	struct troth_replay r;
	log_begin(&b, TWO_BANKS, 2);
	b.n_banks = 1;
	log_text(&b, 9, 5, "sha1 only");
	b.n_banks = 2;
	put_marked(23, 5, 0x11, 0x22);
	replay(*state, &r);
	assert_int_equal(troth_pcr_value(&r.values, TROTH_HASH_SHA1, 9).n, 20);
	assert_int_equal(troth_pcr_value(&r.values, TROTH_HASH_SHA256, 9).n, 0);
	assert_int_equal(r.quirks, TROTH_QUIRK_FEWER_DIGESTS);
}

static void only_selected_banks_are_replayed(void **state)
{
	struct troth_pcr_selection s = { 0 };
	struct troth_replay all, some;
	struct troth_log log;
	log_begin(&b, TWO_BANKS, 2);
	put_marked(23, 5, 0x11, 0x22);
	replay(*state, &all);
	assert_int_equal(troth_log_parse(log_bytes(&b), &log), TROTH_OK);
	assert_true(troth_pcr_selection_add(&s, TROTH_HASH_SHA256, 1));
	assert_int_equal(troth_log_replay_banks(*state, &log, &s, &some), TROTH_OK);
	assert_int_equal(some.values.n_banks, 1);
	assert_true(troth_view_equal(troth_pcr_value(&some.values, TROTH_HASH_SHA256, 23),
				     troth_pcr_value(&all.values, TROTH_HASH_SHA256, 23)));
	troth_log_release(&log);
}

static void initial_values_are_those_of_a_tpm(void **state)
{
	struct bootvm *vm = bootvm_load(*state, "direct");
	static const uint32_t UNTOUCHED[] = { 8,  11, 12, 13, 14, 15, 16,
					      17, 18, 19, 20, 21, 22, 23 };
	for (size_t i = 0; i < sizeof UNTOUCHED / sizeof *UNTOUCHED; i++) {
		uint8_t initial[TROTH_DIGEST_MAX];
		struct troth_view v =
			troth_pcr_value(&vm->pcrs, TROTH_HASH_SHA384, UNTOUCHED[i]);
		troth_pcr_initial(TROTH_HASH_SHA384, UNTOUCHED[i], initial);
		assert_int_equal(v.n, 48);
		assert_memory_equal(v.p, initial, v.n);
	}
	bootvm_free(vm);
}

static void captures_replay_to_what_their_guests_read(void **state)
{
	static const char *const VARIANTS[] = {
		"direct",
		"direct-cmdline",
		"direct-initrd-tampered",
		"direct-sb-on-legacy-bypass",
		"direct-sha256only",
		"direct-tmpfs",
		"shim-sb-off-chainload",
		"shim-sb-on",
		"shim-sb-on-cmdline",
		"shim-sb-on-initrd-tampered",
		"uki-sb-off",
		"uki-sb-on-cmdline",
		"uki-sb-on-snakeoil",
	};
	for (size_t i = 0; i < sizeof VARIANTS / sizeof *VARIANTS; i++) {
		struct bootvm *vm = bootvm_load(*state, VARIANTS[i]);
		size_t n = 0;
		assert_int_equal(vm->status, TROTH_OK);
		assert_int_equal(vm->replay.values.n_banks, vm->pcrs.n_banks);
		for (size_t k = 0; k < vm->replay.values.n_banks; k++) {
			const struct troth_pcr_bank *bank = &vm->replay.values.banks[k];
			for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
				if ((bank->have & 1U << pcr) == 0)
					continue;
				n++;
				if (!troth_view_equal(
					    troth_pcr_value(&vm->replay.values, bank->bank,
							    pcr),
					    troth_pcr_value(&vm->pcrs, bank->bank, pcr)))
					fail_msg("%s: %s PCR %u differs", VARIANTS[i],
						 troth_hash_name(bank->bank), pcr);
			}
		}
		assert_true(n >= 9); /* PCRs 0 to 7 and 9 at least */
		bootvm_free(vm);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(extends_as_a_tpm_does),
		cmocka_unit_test(pcr0_starts_where_startup_came_from),
		cmocka_unit_test(first_locality_counts),
		cmocka_unit_test(hcrtm_starts_pcr0_at_4),
		cmocka_unit_test(what_extends_nothing_is_left_out),
		cmocka_unit_test(missing_digest_leaves_its_bank_alone),
		cmocka_unit_test(only_selected_banks_are_replayed),
		cmocka_unit_test(initial_values_are_those_of_a_tpm),
		cmocka_unit_test(captures_replay_to_what_their_guests_read),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
