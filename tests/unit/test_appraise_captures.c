/* SPDX-License-Identifier: Apache-2.0 */
/* Captures against what was learnt from another, and against golden values. */
#include "check.h"

#include "appraise.h"
#include "appraise_trial.h"
#include "bootvm.h"
#include "log_builder.h"

static const struct {
	const char *variant, *good;
	bool secure_boot;
	const char *want;
} CAPTURES[] = {
	{ "shim-sb-on", "shim-sb-on", true, "affirming:" },
	{ "uki-sb-on-snakeoil", "uki-sb-on-snakeoil", true, "affirming:" },
	{ "direct", "direct", false, "affirming:" },
	{ "shim-sb-on-cmdline", "shim-sb-on", true,
	  "contraindicated: unexpected-event 9, unexpected-event 8" },
	{ "shim-sb-on-initrd-tampered", "shim-sb-on", true,
	  "contraindicated: unexpected-event 9" },
	{ "direct-cmdline", "direct", false, "contraindicated: unexpected-event 9" },
	{ "direct-initrd-tampered", "direct", false, "contraindicated: unexpected-event 9" },
	{ "uki-sb-on-cmdline", "uki-sb-on-snakeoil", true,
	  "contraindicated: unexpected-event 4, unexpected-event 11, unexpected-event 9" },
	{ "shim-sb-off", "shim-sb-on", false, "contraindicated: log-empty" },
	{ "direct", "direct", true, "contraindicated: secure-boot-off 7" },
	{ "uki-sb-off", "uki-sb-off", true, "contraindicated: secure-boot-off 7" },
	{ "direct-sb-on-legacy-bypass", "direct-sb-on-legacy-bypass", true,
	  "contraindicated: secure-boot-unproven 7" },
	{ "direct-sb-on-legacy-bypass", "direct-sb-on-legacy-bypass", false, "affirming:" },
};

static void captures_are_judged(void **state)
{
	for (size_t i = 0; i < sizeof CAPTURES / sizeof *CAPTURES; i++) {
		struct trial *t = trial_new(*state, CAPTURES[i].variant, BOOT_PCRS);
		learn(*state, t, CAPTURES[i].good);
		t->policy.require_secure_boot = CAPTURES[i].secure_boot;
		appraise(*state, t);
		assert_verdict(t, CAPTURES[i].variant, CAPTURES[i].want);
		assert_int_equal(t->verdict.coverage.pcrs_quoted, BOOT_PCRS);
		assert_int_equal(t->verdict.coverage.secure_boot_checked,
				 CAPTURES[i].secure_boot);
		trial_free(t);
	}
}

static void affirming_verdict_says_what_it_saw(void **state)
{
	struct trial *t = trial_new(*state, "shim-sb-on", BOOT_PCRS);
	learn(*state, t, "shim-sb-on");
	t->policy.require_secure_boot = true;
	appraise(*state, t);
	const struct troth_coverage *c = &t->verdict.coverage;
	assert_int_equal(c->n_checks, 7);
	assert_int_equal(c->pcrs_replayed, BOOT_PCRS);
	assert_int_equal(c->pcrs_matched, BOOT_PCRS);
	assert_int_equal(c->pcrs_golden, 0);
	assert_int_equal(c->pcrs_unchecked, 0xff8400);
	assert_int_equal(c->n_events_matched, 51); /* of 52 records, one informative */
	assert_int_equal(c->n_events_ignored, 0);
	assert_false(c->ima_checked);
	trial_free(t);
}

static void unexpected_event_is_explained(void **state)
{
	struct trial *t = trial_new(*state, "shim-sb-on-initrd-tampered", BOOT_PCRS);
	learn(*state, t, "shim-sb-on");
	appraise(*state, t);
	const struct troth_finding *f = &t->verdict.findings.list[0];
	assert_int_equal(f->event, 48);
	assert_string_equal(f->reference, "grub-files/good");
	assert_string_equal(f->detail, "EV_IPL 'file /initrd'");
	assert_true(troth_view_equal(
		troth_digest_view(&f->seen),
		troth_event_digest(&t->log, &t->log.events[48], TROTH_HASH_SHA256)));
	struct bootvm *good = bootvm_load(*state, "shim-sb-on");
	assert_true(troth_view_equal(
		troth_digest_view(&f->expected),
		troth_event_digest(&good->log, &good->log.events[48], TROTH_HASH_SHA256)));
	bootvm_free(good);
	trial_free(t);
}

/* A log edited to look good: its events match, its replay does not. */
static void edited_log_is_caught_by_replay(void **state)
{
	struct trial *t = trial_new(*state, "shim-sb-on-initrd-tampered", BOOT_PCRS);
	struct bootvm *good = bootvm_load(*state, "shim-sb-on");
	learn(*state, t, "shim-sb-on");
	t->bytes = view_dup(good->bytes);
	t->own_bytes = true;
	appraise(*state, t);
	assert_verdict(t, "edited log", "contraindicated: replay-mismatch 9");
	bootvm_free(good);
	trial_free(t);
}

/* Secure boot facts hold only of PCRs that the log reproduces. */
static void secure_boot_needs_its_pcrs_replayed(void **state)
{
	static const struct {
		uint32_t without;
		const char *want;
	} CASES[] = {
		{ 1U << 7, "contraindicated: secure-boot-unproven 7" },
		{ 1U << 4, "contraindicated: secure-boot-unproven 7" },
		{ 1U << 8, "affirming:" },
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct trial *t =
			trial_new(*state, "shim-sb-on", BOOT_PCRS & ~CASES[i].without);
		learn(*state, t, "shim-sb-on");
		t->policy.require_secure_boot = true;
		appraise(*state, t);
		assert_verdict(t, "PCR not quoted", CASES[i].want);
		trial_free(t);
	}
}

static void golden_values_and_ignored_pcrs_are_told_apart(void **state)
{
	struct trial *t = trial_new(*state, "direct", BOOT_PCRS | IMA_PCR);
	learn(*state, t, "direct");
	learn_golden(t, IMA_PCR);
	appraise(*state, t);
	assert_verdict(t, "golden PCR 10", "affirming:");
	assert_int_equal(t->verdict.coverage.pcrs_golden, IMA_PCR);
	assert_int_equal(t->verdict.coverage.pcrs_unchecked, 0xff8000);
	assert_int_equal(t->verdict.coverage.pcrs_replayed, BOOT_PCRS);
	trial_free(t);

	t = trial_new(*state, "direct", BOOT_PCRS | IMA_PCR);
	learn(*state, t, "direct");
	ignore(t, 10, UINT32_MAX);
	appraise(*state, t);
	assert_verdict(t, "ignored PCR 10", "affirming:");
	assert_int_equal(t->verdict.coverage.pcrs_golden, 0);
	assert_int_equal(t->verdict.coverage.pcrs_unchecked, 0xff8000 | IMA_PCR);
	trial_free(t);
}

/* A bank of which only final values are known need not be in the log. */
static void golden_bank_need_not_be_in_the_log(void **state)
{
	struct trial *t = trial_new(*state, "direct", BOOT_PCRS);
	struct troth_pcr_selection s = { 0 };
	struct troth_reference_set golden;
	struct troth_pcr_values values = { 0 };
	uint8_t value[64];
	learn(*state, t, "direct");
	memset(value, 7, sizeof value);
	assert_true(troth_pcr_set(&values, TROTH_HASH_SHA512, 10, TROTH_VIEW_OF(value)));
	assert_true(troth_pcr_selection_add(&s, TROTH_HASH_SHA512, IMA_PCR));
	assert_int_equal(troth_reference_learn_golden(&values, &s, "golden", "good", &golden),
			 TROTH_OK);
	assert_int_equal(troth_reference_merge(&t->reference, &golden), TROTH_OK);
	troth_reference_release(&golden);
	t->pcrs = bootvm_quoted(&t->vm->pcrs, &t->policy.selection);
	assert_true(troth_pcr_set(&t->pcrs, TROTH_HASH_SHA512, 10, TROTH_VIEW_OF(value)));
	select_bank(t, TROTH_HASH_SHA512, IMA_PCR);
	appraise(*state, t);
	assert_verdict(t, "a golden bank", "affirming:");
	assert_int_equal(t->verdict.coverage.pcrs_golden, IMA_PCR);
	trial_free(t);
}

/* Golden values alone, the degenerate reference: no log is needed. */
static void golden_values_alone_need_no_log(void **state)
{
	static const uint32_t MASK = 0xff;
	for (int sent = 0; sent < 2; sent++) {
		struct trial *t = trial_new(*state, "shim-sb-on", MASK);
		learn_golden(t, MASK);
		if (!sent) {
			t->bytes = (struct troth_view){ 0 };
			t->c.log_status = TROTH_E_NOT_FOUND;
		}
		appraise(*state, t);
		assert_verdict(t, "golden only", "affirming:");
		assert_int_equal(t->verdict.coverage.pcrs_golden, MASK);
		assert_int_equal(t->verdict.coverage.pcrs_matched, 0);
		trial_free(t);
	}
}

static void ignored_types_are_counted(void **state)
{
	struct trial *t = trial_new(*state, "direct", BOOT_PCRS);
	learn(*state, t, "direct-tmpfs"); /* another command line, so another PCR 9 */
	ignore(t, 9, 6);		  /* EV_EVENT_TAG */
	for (size_t i = 0; i < t->reference.n_components; i++)
		if (strcmp(t->reference.components[i].name, "kernel-inputs") == 0)
			t->reference.components[i].optional = true;
	appraise(*state, t);
	assert_verdict(t, "ignored tags", "affirming:");
	assert_int_equal(t->verdict.coverage.n_events_ignored, 2);
	trial_free(t);
}

/* The authentic events of a boot, and one more of them, as the TPM would see it. */
static void one_more_authentic_event_is_unexpected(void **state)
{
	struct trial *t = trial_new(*state, "shim-sb-on", BOOT_PCRS);
	learn(*state, t, "shim-sb-on");
	const struct troth_event *grub = &t->vm->log.events[30];
	const size_t size = 4 + 4 + 4 + 2 + 20 + 2 + 32 + 2 + 48 + 4 + grub->data.n;
	const uint8_t *start = grub->digests[0].p - 14;
	const size_t after = (size_t)(start - t->vm->bytes.p) + size;
	uint8_t *longer = malloc(t->vm->bytes.n + size);
	assert_non_null(longer);
	memcpy(longer, t->vm->bytes.p, after);
	memcpy(longer + after, start, size);
	memcpy(longer + after + size, t->vm->bytes.p + after, t->vm->bytes.n - after);
	t->bytes = (struct troth_view){ longer, t->vm->bytes.n + size };
	t->own_bytes = true;

	struct troth_log log;
	struct troth_replay replay;
	assert_int_equal(troth_log_parse(t->bytes, &log), TROTH_OK);
	assert_int_equal(troth_log_replay(*state, &log, &replay), TROTH_OK);
	t->pcrs = bootvm_quoted(&t->vm->pcrs, &t->policy.selection);
	memcpy(t->pcrs.banks[0].value[4],
	       troth_pcr_value(&replay.values, TROTH_HASH_SHA256, 4).p, 32);
	troth_log_release(&log);

	appraise(*state, t);
	assert_verdict(t, "grub twice", "contraindicated: unexpected-event 4");
	assert_int_equal(t->verdict.findings.list[0].event, 31);
	assert_string_equal(t->verdict.findings.list[0].reference, "image-3/good");
	trial_free(t);
}

static void same_case_gives_the_same_verdict(void **state)
{
	uint8_t first[32], second[32];
	struct trial *t = trial_new(*state, "shim-sb-off-chainload", BOOT_PCRS);
	learn(*state, t, "shim-sb-on");
	appraise(*state, t);
	assert_int_equal(troth_verdict_digest(*state, &t->verdict, first), TROTH_OK);
	POISON(t->verdict);
	assert_int_equal(troth_appraise(*state, &t->c, &t->verdict), TROTH_OK);
	assert_int_equal(troth_verdict_digest(*state, &t->verdict, second), TROTH_OK);
	assert_memory_equal(first, second, sizeof first);
	trial_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures_are_judged),
		cmocka_unit_test(affirming_verdict_says_what_it_saw),
		cmocka_unit_test(unexpected_event_is_explained),
		cmocka_unit_test(edited_log_is_caught_by_replay),
		cmocka_unit_test(secure_boot_needs_its_pcrs_replayed),
		cmocka_unit_test(golden_values_and_ignored_pcrs_are_told_apart),
		cmocka_unit_test(golden_bank_need_not_be_in_the_log),
		cmocka_unit_test(golden_values_alone_need_no_log),
		cmocka_unit_test(ignored_types_are_counted),
		cmocka_unit_test(one_more_authentic_event_is_unexpected),
		cmocka_unit_test(same_case_gives_the_same_verdict),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
