/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts over our boot captures: what each check says when only it has something to say. */
#include "check.h"

#include <stdio.h>

#include "appraise.h"
#include "bootvm.h"
#include "log_builder.h"

/* PCRs 0 to 9, 11 to 14: what the firmware log of a capture explains. */
#define BOOT_PCRS 0x7bffU
#define IMA_PCR (1U << 10)

/* A case under construction: everything may be changed before it is appraised. */
struct trial {
	struct bootvm *vm;
	struct troth_policy policy;
	struct troth_reference_set reference;
	struct troth_pcr_values pcrs;
	struct troth_view bytes; /* of the log; owned where a change made new ones */
	bool own_bytes;
	struct troth_log log;
	struct troth_replay replay;
	struct troth_case c;
	struct troth_verdict verdict;
};

static void select_bank(struct trial *t, enum troth_hash bank, uint32_t mask)
{
	assert_true(troth_pcr_selection_add(&t->policy.selection, bank, mask));
}

static struct trial *trial_new(struct troth_ctx *ctx, const char *variant, uint32_t mask)
{
	struct trial *t = calloc(1, sizeof *t);
	assert_non_null(t);
	t->vm = bootvm_load(ctx, variant);
	t->bytes = t->vm->bytes;
	snprintf(t->policy.name, sizeof t->policy.name, "policy");
	snprintf(t->policy.reference, sizeof t->policy.reference, "lab");
	if (mask != 0)
		select_bank(t, TROTH_HASH_SHA256, mask);
	t->c.policy = &t->policy;
	t->c.reference = &t->reference;
	t->c.pcrs = &t->pcrs;
	return t;
}

/* Learns from a capture the PCRs a log explains. */
static void learn(struct troth_ctx *ctx, struct trial *t, const char *variant)
{
	struct bootvm *good = bootvm_load(ctx, variant);
	struct troth_pcr_selection s = t->policy.selection;
	for (size_t i = 0; i < s.n_banks; i++)
		s.banks[i].mask &= ~IMA_PCR;
	assert_int_equal(troth_reference_learn(&good->log, &s, "lab", "good", &t->reference),
			 TROTH_OK);
	bootvm_free(good);
}

static void learn_golden(struct trial *t, uint32_t mask)
{
	struct troth_pcr_selection s = { 0 };
	struct troth_reference_set golden;
	assert_true(troth_pcr_selection_add(&s, TROTH_HASH_SHA256, mask));
	assert_int_equal(
		troth_reference_learn_golden(&t->vm->pcrs, &s, "golden", "good", &golden),
		TROTH_OK);
	assert_int_equal(troth_reference_merge(&t->reference, &golden), TROTH_OK);
	troth_reference_release(&golden);
}

static void ignore(struct trial *t, uint32_t pcr, uint32_t type)
{
	t->policy.ignore[t->policy.n_ignore++] = (struct troth_ignore_rule){ pcr, type };
}

/* Replaces the log by what the builder holds. */
static void use_log(struct trial *t, const struct log_builder *b)
{
	t->bytes = view_dup(log_bytes(b));
	t->own_bytes = true;
}

/* The capture's own log in writable memory. */
static uint8_t *edit_log(struct trial *t)
{
	t->bytes = view_dup(t->vm->bytes);
	t->own_bytes = true;
	return (uint8_t *)(uintptr_t)t->bytes.p;
}

/* Quotes the capture's PCRs, unless the values are given already. */
static void appraise(struct troth_ctx *ctx, struct trial *t)
{
	if (t->pcrs.n_banks == 0)
		t->pcrs = bootvm_quoted(&t->vm->pcrs, &t->policy.selection);
	t->c.log_bytes = t->bytes;
	if (t->c.log_status == TROTH_OK) {
		t->c.log_status = troth_log_parse(t->bytes, &t->log);
		t->c.log_error_offset = t->log.error_offset;
	}
	if (t->c.log_status == TROTH_OK) {
		assert_int_equal(troth_log_replay(ctx, &t->log, &t->replay), TROTH_OK);
		t->c.log = &t->log;
		t->c.replay = &t->replay;
	}
	assert_int_equal(troth_appraise(ctx, &t->c, &t->verdict), TROTH_OK);
}

static void trial_free(struct trial *t)
{
	if (t->c.log != NULL)
		troth_log_release(&t->log);
	if (t->own_bytes)
		file_free(t->bytes);
	troth_reference_release(&t->reference);
	bootvm_free(t->vm);
	free(t);
}

/* Findings by name and PCR: "replay-mismatch 9". */
static void describe(const struct troth_verdict *v, char *out, size_t size)
{
	size_t n = (size_t)snprintf(out, size, "%s:", troth_tier_name(v->tier));
	for (size_t i = 0; i < v->findings.n && n < size; i++) {
		const struct troth_finding *f = &v->findings.list[i];
		n += (size_t)snprintf(out + n, size - n, "%s %s", i > 0 ? "," : "",
				      troth_finding_name(f->code));
		if (f->pcr >= 0 && n < size)
			n += (size_t)snprintf(out + n, size - n, " %d", f->pcr);
	}
}

static void assert_verdict(const struct trial *t, const char *name, const char *want)
{
	char got[600];
	describe(&t->verdict, got, sizeof got);
	if (strcmp(got, want) != 0)
		fail_msg("%s: got '%s', want '%s'", name, got, want);
}

/* ---- captures against a reference learnt from another ---- */

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

/* ---- one check at a time ---- */

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
		if (!sent)
			change_log_missing(t);
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
		cmocka_unit_test(captures_are_judged),
		cmocka_unit_test(affirming_verdict_says_what_it_saw),
		cmocka_unit_test(unexpected_event_is_explained),
		cmocka_unit_test(one_change_gives_its_finding),
		cmocka_unit_test(empty_reference_affirms_nothing),
		cmocka_unit_test(malformed_log_tells_where),
		cmocka_unit_test(weak_bank_alone_never_affirms),
		cmocka_unit_test(every_pcr_is_replayed_in_every_bank),
		cmocka_unit_test(edited_log_is_caught_by_replay),
		cmocka_unit_test(secure_boot_needs_its_pcrs_replayed),
		cmocka_unit_test(golden_values_and_ignored_pcrs_are_told_apart),
		cmocka_unit_test(golden_bank_need_not_be_in_the_log),
		cmocka_unit_test(golden_values_alone_need_no_log),
		cmocka_unit_test(ignored_types_are_counted),
		cmocka_unit_test(quirk_is_shown_and_does_no_harm),
		cmocka_unit_test(one_more_authentic_event_is_unexpected),
		cmocka_unit_test(same_case_gives_the_same_verdict),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
