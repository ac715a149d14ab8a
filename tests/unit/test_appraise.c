/* SPDX-License-Identifier: Apache-2.0 */
/* What each check says when only it has something to say. Whole boots: test_appraise_captures.
 */
#include "check.h"

#include <stdio.h>

#include "appraise_trial.h"
#include "bootvm.h"
#include "log_builder.h"

static void empty_log(struct log_builder *b)
{
	static const enum troth_hash BANKS[] = { TROTH_HASH_SHA1, TROTH_HASH_SHA256 };
	log_begin(b, BANKS, 2);
}

static struct log_builder b;

static void change_log_missing(struct trial *t)
{
	t->bytes = (struct troth_view){ 0 };
	t->c.log_status = TROTH_E_NOT_FOUND;
}

static void change_log_of_no_bytes(struct trial *t)
{
	t->bytes = (struct troth_view){ 0 };
}

static void change_log_of_no_events(struct trial *t)
{
	empty_log(&b);
	use_log(t, &b);
}

static void change_log_cut(struct trial *t)
{
	edit_log(t);
	t->bytes.n--;
}

static void change_log_sha1(struct trial *t)
{
	log_begin(&b, NULL, 0);
	log_text(&b, 0, 8, "firmware");
	use_log(t, &b);
}

static void change_bank_missing(struct trial *t)
{
	select_bank(t, TROTH_HASH_SHA512, BOOT_PCRS);
	t->pcrs = bootvm_quoted(
		&t->vm->pcrs,
		&(struct troth_pcr_selection){ 1, { { TROTH_HASH_SHA256, BOOT_PCRS } } });
	struct troth_pcr_bank *bank = troth_pcr_bank_get(&t->pcrs, TROTH_HASH_SHA512);
	bank->have = BOOT_PCRS;
	memset(bank->value, 1, sizeof bank->value);
}

static void change_pcr_value(struct trial *t)
{
	t->pcrs = bootvm_quoted(&t->vm->pcrs, &t->policy.selection);
	t->pcrs.banks[0].value[9][31] ^= 1;
}

/* The events of PCR 14 become informative: they stay in the log and extend nothing. */
static void change_pcr_unlogged(struct trial *t)
{
	uint8_t *bytes = edit_log(t);
	for (size_t i = 0; i < t->vm->log.n_events; i++)
		if (t->vm->log.events[i].pcr == 14) {
			size_t at =
				(size_t)(t->vm->log.events[i].digests[0].p - t->vm->bytes.p);
			bytes[at - 10] = 3; /* type, before the count and the first algorithm */
		}
}

static void change_event_data(struct trial *t)
{
	uint8_t *bytes = edit_log(t);
	bytes[t->vm->log.events[14].data.p - t->vm->bytes.p] ^= 1; /* an EFI_ACTION */
}

static void change_separator_data(struct trial *t)
{
	uint8_t *bytes = edit_log(t);
	bytes[t->vm->log.events[17].data.p - t->vm->bytes.p] = 1; /* PCR 2 */
}

static void change_no_reference(struct trial *t)
{
	t->c.reference = NULL;
}

static void change_no_reference_name(struct trial *t)
{
	t->policy.reference[0] = '\0';
}

static void change_empty_reference(struct trial *t)
{
	troth_reference_release(&t->reference);
}

static void change_lost_component(struct trial *t)
{
	struct troth_component *c = &t->reference.components[t->reference.n_components - 1];
	struct troth_reference_event *ev = c->alternatives[0].events;
	c->alternatives[0].n_events = 1; /* boot-actions-2 loses its last event */
	assert_int_equal(ev->pcr, 5);
}

static void change_extra_component(struct trial *t)
{
	struct troth_reference_set more = { .n_components = 1 };
	struct troth_reference_event ev = { .pcr = 5, .n_digests = 1 };
	struct troth_alternative alt = { .name = "v1", .n_events = 1, .events = &ev };
	struct troth_component c = { .name = "extra",
				     .n_alternatives = 1,
				     .alternatives = &alt };
	ev.digests[0].alg = TROTH_HASH_SHA256;
	more.components = &c;
	assert_int_equal(troth_reference_merge(&t->reference, &more), TROTH_OK);
	for (size_t i = 0; i < t->reference.n_components; i++)
		t->reference.components[i].optional = false;
}

static void change_golden_value(struct trial *t)
{
	t->policy.selection.banks[0].mask |= IMA_PCR;
	learn_golden(t, IMA_PCR);
	t->pcrs = bootvm_quoted(&t->vm->pcrs, &t->policy.selection);
	t->pcrs.banks[0].value[10][0] ^= 1;
}

static void change_ima_selected(struct trial *t)
{
	t->policy.selection.banks[0].mask |= IMA_PCR;
}

static void change_nothing_selected(struct trial *t)
{
	t->policy.selection.n_banks = 0;
}

static void change_all_ignored(struct trial *t)
{
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++)
		ignore(t, pcr, UINT32_MAX);
}

static void change_only_empty_pcrs(struct trial *t)
{
	t->policy.selection.banks[0].mask = 1U << 15 | 1U << 17;
}

static const struct {
	const char *name;
	void (*change)(struct trial *t);
	const char *want;
} CHANGES[] = {
	{ "no log sent", change_log_missing, "contraindicated: log-missing" },
	{ "a log of no bytes", change_log_of_no_bytes, "contraindicated: log-empty" },
	{ "a log of no events", change_log_of_no_events, "contraindicated: log-empty" },
	{ "a log without its last byte", change_log_cut, "contraindicated: log-malformed" },
	{ "a SHA-1-only log", change_log_sha1,
	  "contraindicated: log-weak-bank, log-bank-missing, log-quirk" },
	{ "a quoted bank that the log lacks", change_bank_missing,
	  "contraindicated: log-bank-missing" },
	{ "a PCR value that does not replay", change_pcr_value,
	  "contraindicated: replay-mismatch 9" },
	{ "a PCR without its events", change_pcr_unlogged,
	  "contraindicated: log-pcr-missing 14, missing-component 14" },
	{ "data that is not what was measured", change_event_data, "warning: event-data 4" },
	{ "a separator that shows an error", change_separator_data,
	  "contraindicated: event-data 2, separator 2" },
	{ "no reference set", change_no_reference, "none: reference-missing" },
	{ "a policy without reference", change_no_reference_name, "none: reference-missing" },
	{ "an event the reference lacks", change_lost_component,
	  "contraindicated: unexpected-event 5" },
	{ "a component the log lacks", change_extra_component,
	  "contraindicated: missing-component 5" },
	{ "a golden value that differs", change_golden_value,
	  "contraindicated: pcr-mismatch 10" },
	{ "a PCR that neither log nor reference explains", change_ima_selected,
	  "contraindicated: log-pcr-missing 10, reference-missing 10" },
	{ "an empty selection", change_nothing_selected, "none: nothing-checked" },
	{ "every PCR ignored", change_all_ignored, "none: nothing-checked" },
	{ "only PCRs that hold nothing", change_only_empty_pcrs, "none: nothing-checked" },
};

static void one_change_gives_its_finding(void **state)
{
	for (size_t i = 0; i < sizeof CHANGES / sizeof *CHANGES; i++) {
		struct trial *t = trial_new(*state, "shim-sb-on", BOOT_PCRS);
		learn(*state, t, "shim-sb-on");
		CHANGES[i].change(t);
		appraise(*state, t);
		assert_verdict(t, CHANGES[i].name, CHANGES[i].want);
		trial_free(t);
	}
}

static void empty_reference_affirms_nothing(void **state)
{
	struct trial *t = trial_new(*state, "direct", BOOT_PCRS);
	learn(*state, t, "direct");
	change_empty_reference(t);
	appraise(*state, t);
	assert_int_equal(t->verdict.tier, TROTH_TIER_NONE);
	assert_true(troth_findings_have(&t->verdict.findings, TROTH_FINDING_REFERENCE_MISSING));
	/* PCRs 8 and 11 to 14 were never extended: nothing is all there is to know of them. */
	assert_int_equal(t->verdict.coverage.pcrs_matched, 0x7900);
	trial_free(t);
}

static void malformed_log_tells_where(void **state)
{
	struct trial *t = trial_new(*state, "direct", BOOT_PCRS);
	char want[64];
	learn(*state, t, "direct");
	change_log_cut(t);
	appraise(*state, t);
	const struct troth_event *last = &t->vm->log.events[t->vm->log.n_events - 1];
	size_t start = (size_t)(last->digests[0].p - t->vm->bytes.p) - 14;
	snprintf(want, sizeof want, "truncated at offset %zu", start);
	assert_string_equal(t->verdict.findings.list[0].detail, want);
	trial_free(t);
}

static void weak_bank_alone_never_affirms(void **state)
{
	struct trial *t = trial_new(*state, "direct", 0);
	select_bank(t, TROTH_HASH_SHA1, BOOT_PCRS);
	learn(*state, t, "direct");
	appraise(*state, t);
	assert_verdict(t, "SHA-1 only", "contraindicated: log-weak-bank");
	trial_free(t);

	t = trial_new(*state, "direct", 0); /* one PCR only under SHA-1 */
	select_bank(t, TROTH_HASH_SHA1, BOOT_PCRS);
	select_bank(t, TROTH_HASH_SHA256, BOOT_PCRS & ~1U);
	learn(*state, t, "direct");
	appraise(*state, t);
	assert_verdict(t, "PCR 0 under SHA-1 only", "contraindicated: log-weak-bank");
	trial_free(t);

	t = trial_new(*state, "direct", 0); /* beside a strong bank it does no harm */
	select_bank(t, TROTH_HASH_SHA1, BOOT_PCRS);
	select_bank(t, TROTH_HASH_SHA384, BOOT_PCRS);
	learn(*state, t, "direct");
	appraise(*state, t);
	assert_verdict(t, "SHA-1 and SHA-384", "affirming:");
	trial_free(t);
}

/* Each selected PCR, wrong in the second bank only. */
static void every_pcr_is_replayed_in_every_bank(void **state)
{
	for (uint32_t pcr = 0; pcr < 10; pcr++) {
		struct trial *t = trial_new(*state, "shim-sb-on", BOOT_PCRS);
		char want[64];
		select_bank(t, TROTH_HASH_SHA384, BOOT_PCRS);
		learn(*state, t, "shim-sb-on");
		t->pcrs = bootvm_quoted(&t->vm->pcrs, &t->policy.selection);
		t->pcrs.banks[1].value[pcr][47] ^= 0x80;
		appraise(*state, t);
		snprintf(want, sizeof want, "contraindicated: replay-mismatch %u", pcr);
		assert_verdict(t, "one wrong value", want);
		assert_int_equal(t->verdict.coverage.pcrs_replayed, BOOT_PCRS & ~(1U << pcr));
		assert_int_equal(t->verdict.coverage.pcrs_matched, BOOT_PCRS & ~(1U << pcr));
		assert_int_equal(t->verdict.findings.list[0].seen.alg, TROTH_HASH_SHA384);
		trial_free(t);
	}
}

static void quirk_is_shown_and_does_no_harm(void **state)
{
	struct trial *t = trial_new(*state, "direct", BOOT_PCRS);
	learn(*state, t, "direct");
	uint8_t *padded = calloc(1, t->vm->bytes.n + 8);
	assert_non_null(padded);
	memcpy(padded, t->vm->bytes.p, t->vm->bytes.n);
	t->bytes = (struct troth_view){ padded, t->vm->bytes.n + 8 };
	t->own_bytes = true;
	appraise(*state, t);
	assert_verdict(t, "padding", "affirming: log-quirk");
	assert_string_equal(t->verdict.findings.list[0].detail, "trailing-padding");
	assert_string_equal(t->verdict.findings.list[0].reference, "quirks/2");
	trial_free(t);
}

/* All is as the reference values say, and the TPM that says so is not to be believed. */
static void a_weak_tpm_proves_nothing(void **state)
{
	static const struct {
		const char *maker, *want;
	} CASES[] = {
		{ "IFX", "contraindicated: tpm-firmware" },
		{ "STM", "affirming:" },
		{ "", "none: tpm-firmware" },
		{ NULL, "none: tpm-firmware" },
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct trial *t = trial_new(*state, "shim-sb-on", BOOT_PCRS);
		learn(*state, t, "shim-sb-on");
		t->policy.tpm.n_deny = 1;
		t->policy.tpm.deny[0] =
			(struct troth_tpm_rule){ "IFX", 0, 0x00070055FFFFFFFFU };
		t->c.tpm_maker = CASES[i].maker;
		t->c.tpm_firmware = 0x0007003E00000000U;
		t->c.recognised = true;
		appraise(*state, t);
		assert_verdict(t, CASES[i].maker != NULL ? CASES[i].maker : "no maker",
			       CASES[i].want);
		if (i == 0) {
			assert_string_equal(t->verdict.findings.list[0].detail, "IFX 7.62.0.0");
			assert_int_equal(t->verdict.trust.claim[TROTH_CLAIM_HARDWARE], 96);
		}
		trial_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_weak_tpm_proves_nothing),
		cmocka_unit_test(one_change_gives_its_finding),
		cmocka_unit_test(empty_reference_affirms_nothing),
		cmocka_unit_test(malformed_log_tells_where),
		cmocka_unit_test(weak_bank_alone_never_affirms),
		cmocka_unit_test(every_pcr_is_replayed_in_every_bank),
		cmocka_unit_test(quirk_is_shown_and_does_no_harm),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
