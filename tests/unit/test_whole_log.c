/* SPDX-License-Identifier: Apache-2.0 */
/* The firmware's log and systemd's as one: what is taken of it, what it proves, and how it is
 * judged. */
#include "check.h"

#include <stdio.h>

#include "appraise.h"
#include "bootvm.h"
#include "systemd_log.h"
#include "whole_log.h"

#define SELECTED (0x95U | 1U << 11 | 1U << 15)

struct bench {
	struct troth_ctx *ctx;
	struct bootvm *vm; /* whose firmware left PCRs 11 and 15 alone */
	struct troth_pcr_selection selection;
	struct troth_pcr_values pcrs;
	struct troth_userspace_log systemd;
	struct troth_whole_log whole;
};

static void bench_open(struct troth_ctx *ctx, struct bench *b)
{
	*b = (struct bench){ .ctx = ctx, .vm = bootvm_load(ctx, "shim-sb-on") };
	assert_true(troth_pcr_selection_add(&b->selection, TROTH_HASH_SHA256, SELECTED));
	b->pcrs = bootvm_quoted(&b->vm->pcrs, &b->selection);
	/* As a verifier replays it. */
	assert_int_equal(
		troth_log_replay_banks(ctx, &b->vm->log, &b->selection, &b->vm->replay),
		TROTH_OK);
}

static void bench_close(struct bench *b)
{
	troth_whole_log_release(&b->whole);
	troth_userspace_release(&b->systemd);
	bootvm_free(b->vm);
}

static void quote(struct bench *b, uint32_t pcr, const uint8_t value[32])
{
	memcpy(troth_pcr_bank_get(&b->pcrs, TROTH_HASH_SHA256)->value[pcr], value, 32);
}

static void join(struct bench *b, struct troth_view log)
{
	const struct troth_whole_case c = {
		.firmware = &b->vm->log,
		.replay = &b->vm->replay,
		.systemd = &b->systemd,
		.selection = &b->selection,
		.pcrs = &b->pcrs,
	};
	troth_whole_log_release(&b->whole);
	troth_userspace_release(&b->systemd);
	assert_int_equal(troth_userspace_parse(log, &b->systemd), TROTH_OK);
	assert_int_equal(troth_whole_log_make(b->ctx, &c, &b->whole), TROTH_OK);
}

static bool leads(const struct bench *b, uint32_t pcr)
{
	return troth_view_equal(
		troth_pcr_value(&b->whole.replay.values, TROTH_HASH_SHA256, pcr),
		troth_pcr_value(&b->pcrs, TROTH_HASH_SHA256, pcr));
}

static size_t n_joined(const struct bench *b)
{
	return b->whole.log.n_events - b->whole.n_firmware;
}

/* Log and values are of systemd 257 and a TPM (tests/fixtures/README.md). */
static void a_real_log_leads_to_a_real_tpms_values(void **state)
{
	static const char *const VALUES[2] = {
		"38d2047d0545f701a253005037bd1d1662e5f59388885f9e9443f38e2f23531e",
		"9bde136019b7cd2bc157324ba2fa0d0b56bf69ffb046efbb73b45756909311d4"
	};
	static const uint32_t TYPES[] = { TROTH_EV_SYSTEMD_PHASE, TROTH_EV_SYSTEMD_PHASE,
					  TROTH_EV_SYSTEMD_MACHINE_ID, TROTH_EV_SYSTEMD_PHASE,
					  TROTH_EV_SYSTEMD_PHASE };
	struct troth_view log = file_load(TROTH_FIXTURES "/systemd", "tpm2-measure-257.log");
	struct bench b;
	uint8_t value[32];
	bench_open(*state, &b);
	for (uint32_t i = 0; i < 2; i++) {
		assert_true(troth_parse_hex(troth_view_str(VALUES[i]), value, sizeof value));
		quote(&b, i == 0 ? 11 : 15, value);
	}
	join(&b, log);
	assert_true(leads(&b, 11) && leads(&b, 15));
	assert_int_equal(n_joined(&b), 5);
	for (size_t i = 0; i < 5; i++) {
		const struct troth_event *ev = &b.whole.log.events[b.whole.n_firmware + i];
		assert_int_equal(ev->index, b.whole.n_firmware + i);
		assert_int_equal(ev->type, TYPES[i]);
	}
	/* The firmware's own are as they were. */
	for (uint32_t pcr = 0; pcr < 8; pcr++)
		assert_true((SELECTED & 1U << pcr) == 0 || leads(&b, pcr));
	bench_close(&b);
	file_free(log);
}

static const char *const PHASES[] = { "enter-initrd", "leave-initrd", "sysinit", "ready" };

/* The log of a machine that has come as far as a phase, the machine's id after the second. */
static void come_up(struct systemd_log *l, size_t n_phases)
{
	for (size_t i = 0; i < n_phases; i++) {
		systemd_measure(l, 11, "phase", PHASES[i]);
		if (i == 1)
			systemd_measure(l, 15, "machine-id", "machine-id:aa55");
	}
}

/* The log may be newer than the quote, by any number of records. */
static void what_came_after_the_quote_is_left_out(void **state)
{
	struct systemd_log now = { .n = 0 };
	struct bench b;
	bench_open(*state, &b);
	come_up(&now, 4);
	for (size_t n = 0; n <= 4; n++) {
		struct systemd_log then = { .n = 0 };
		come_up(&then, n);
		quote(&b, 11, then.pcr[11]);
		quote(&b, 15, then.pcr[15]);
		join(&b, systemd_log_bytes(&now));
		assert_true(leads(&b, 11) || n == 0);
		assert_true(leads(&b, 15) || n < 2);
		assert_int_equal(n_joined(&b), n + (n >= 2));
	}
	bench_close(&b);
}

/* What was never measured as the log has it leads nowhere, in that PCR alone. */
static void a_log_that_leads_nowhere_is_taken_whole(void **state)
{
	struct systemd_log real = { .n = 0 }, told = { .n = 0 };
	struct bench b;
	bench_open(*state, &b);
	come_up(&real, 4);
	systemd_measure(&told, 11, "phase", "enter-initrd");
	systemd_measure(&told, 11, "phase", "sysinit");
	systemd_measure(&told, 15, "machine-id", "machine-id:aa55");
	quote(&b, 11, real.pcr[11]);
	quote(&b, 15, real.pcr[15]);
	join(&b, systemd_log_bytes(&told));
	assert_false(leads(&b, 11));
	assert_true(leads(&b, 15));
	assert_int_equal(n_joined(&b), 3);
	bench_close(&b);
}

/* A bank that the firmware did not extend is not made good by userspace (CVE-2021-42299). */
static void systemd_does_not_fill_a_bank_of_its_own(void **state)
{
	struct systemd_log l = { .n = 0 };
	struct bench b;
	bench_open(*state, &b);
	come_up(&l, 4);
	b.vm->replay.values.n_banks = 0;
	join(&b, systemd_log_bytes(&l));
	assert_int_equal(b.whole.replay.values.n_banks, 0);
	bench_close(&b);
}

/* PCRs that are not quoted have nobody's word, and other PCRs than 0 to 23 there are none. */
static void of_unselected_pcrs_nothing_is_taken(void **state)
{
	struct systemd_log l = { .n = 0 };
	struct bench b;
	bench_open(*state, &b);
	systemd_measure(&l, 12, "phase", "enter-initrd");
	systemd_measure(&l, 9, "phase", "enter-initrd");
	join(&b, systemd_log_bytes(&l));
	assert_int_equal(n_joined(&b), 0);
	bench_close(&b);
}

static const struct {
	const char *name, *label, *string;
	bool proven;
	uint32_t type;
} KINDS[] = {
	{ "a phase", "phase", "sysinit", true, TROTH_EV_SYSTEMD_PHASE },
	{ "a phase of which something else was measured", "phase", "sysinit", false,
	  TROTH_EV_SYSTEMD_OTHER },
	{ "a machine's id that is called a phase", "phase", "machine-id:00", true,
	  TROTH_EV_SYSTEMD_MACHINE_ID },
	{ "a word that is called a machine's id", "machine-id", "sysinit", true,
	  TROTH_EV_SYSTEMD_OTHER },
	{ "no machine's id was measured", "machine-id", "machine-id:00", false,
	  TROTH_EV_SYSTEMD_OTHER },
	{ "a file system", "filesystem", "file-system:/:::::", true,
	  TROTH_EV_SYSTEMD_FILE_SYSTEM },
	{ "something of a later systemd", "product-id", "product-id:1", true,
	  TROTH_EV_SYSTEMD_OTHER },
	{ "a volume key", "volume-key", "cryptsetup:root:1-2", false,
	  TROTH_EV_SYSTEMD_VOLUME_KEY },
	{ "nothing at all", "phase", "", true, TROTH_EV_SYSTEMD_OTHER },
};

static void the_type_is_what_was_measured(void **state)
{
	static const uint8_t OTHER[32] = { 7 };
	for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
		struct systemd_log l = { .n = 0 };
		struct bench b;
		print_message("%s\n", KINDS[i].name);
		bench_open(*state, &b);
		if (KINDS[i].proven)
			systemd_measure(&l, 15, KINDS[i].label, KINDS[i].string);
		else
			systemd_log_record(&l, 15, OTHER, KINDS[i].label, KINDS[i].string);
		quote(&b, 15, OTHER); /* leads nowhere: all is taken */
		join(&b, systemd_log_bytes(&l));
		assert_int_equal(n_joined(&b), 1);
		assert_int_equal(b.whole.log.events[b.whole.n_firmware].type, KINDS[i].type);
		bench_close(&b);
	}
}

/* ---- verdicts ---- */

struct trial {
	struct bench b;
	struct troth_policy policy;
	struct troth_reference_set reference;
	struct troth_verdict verdict;
};

/* A device whose id is aa55 teaches what a machine measures that is up. */
static void learn(struct troth_ctx *ctx, struct trial *t)
{
	struct systemd_log l = { .n = 0 };
	memset(t, 0, sizeof *t);
	bench_open(ctx, &t->b);
	come_up(&l, 4);
	systemd_measure(&l, 15, "volume-key", "cryptsetup:root:1-2");
	quote(&t->b, 11, l.pcr[11]);
	quote(&t->b, 15, l.pcr[15]);
	join(&t->b, systemd_log_bytes(&l));
	assert_int_equal(troth_reference_learn(&t->b.whole.log, &t->b.selection, "lab", "good",
					       &t->reference),
			 TROTH_OK);
	t->policy.selection = t->b.selection;
	snprintf(t->policy.name, sizeof t->policy.name, "policy");
	snprintf(t->policy.reference, sizeof t->policy.reference, "lab");
}

/* What a device measured, and what it tells of it. */
static void judge(struct trial *t, const struct systemd_log *real,
		  const struct systemd_log *told)
{
	quote(&t->b, 11, real->pcr[11]);
	quote(&t->b, 15, real->pcr[15]);
	join(&t->b, told != NULL ? systemd_log_bytes(told) : (struct troth_view){ 0 });
	const struct troth_case c = {
		.policy = &t->policy,
		.reference = &t->reference,
		.pcrs = &t->b.pcrs,
		.log_bytes = t->b.vm->bytes,
		.log = told != NULL ? &t->b.whole.log : &t->b.vm->log,
		.replay = told != NULL ? &t->b.whole.replay : &t->b.vm->replay,
		.systemd_status = told != NULL ? TROTH_OK : TROTH_E_NOT_FOUND,
	};
	assert_int_equal(troth_appraise(t->b.ctx, &c, &t->verdict), TROTH_OK);
}

/* "affirming", or the first finding and its PCR: "unexpected-event 15". */
static void assert_judged(const struct trial *t, const char *want)
{
	const struct troth_finding *f = &t->verdict.findings.list[0];
	char got[64];
	if (t->verdict.findings.n == 0)
		snprintf(got, sizeof got, "%s", troth_tier_name(t->verdict.tier));
	else
		snprintf(got, sizeof got, "%s %d", troth_finding_name(f->code), f->pcr);
	assert_string_equal(got, want);
}

/* Whenever it attests while it comes up, a machine as good as the one that was learned from is
 * good. */
static void a_machine_is_good_at_every_phase(void **state)
{
	struct trial *t = malloc(sizeof *t);
	assert_non_null(t);
	learn(*state, t);
	for (size_t n = 0; n <= 4; n++) {
		struct systemd_log l = { .n = 0 };
		come_up(&l, n);
		judge(t, &l, &l);
		assert_judged(t, "affirming");
		assert_int_equal(t->verdict.coverage.pcrs_matched & SELECTED, SELECTED);
	}
	troth_reference_release(&t->reference);
	bench_close(&t->b);
	free(t);
}

static void another_machine_needs_rules(void **state)
{
	struct systemd_log l = { .n = 0 }, more = { .n = 0 };
	struct trial *t = malloc(sizeof *t);
	assert_non_null(t);
	learn(*state, t);
	systemd_measure(&l, 11, "phase", "enter-initrd");
	systemd_measure(&l, 15, "machine-id", "machine-id:bb66");
	systemd_measure(&l, 15, "volume-key", "cryptsetup:root:9-9");
	judge(t, &l, &l);
	assert_judged(t, "unexpected-event 15");
	assert_string_equal(t->verdict.findings.list[0].detail,
			    "systemd-machine-id 'machine-id:bb66' after all that was expected");
	t->policy.ignore[t->policy.n_ignore++] =
		(struct troth_ignore_rule){ 15, TROTH_EV_SYSTEMD_MACHINE_ID };
	t->policy.ignore[t->policy.n_ignore++] =
		(struct troth_ignore_rule){ 15, TROTH_EV_SYSTEMD_VOLUME_KEY };
	judge(t, &l, &l);
	assert_judged(t, "affirming");
	/* What is only called a machine's id is none. */
	more = l;
	systemd_measure(&more, 15, "machine-id", "file-system:/evil");
	judge(t, &more, &more);
	assert_judged(t, "unexpected-event 15");
	troth_reference_release(&t->reference);
	bench_close(&t->b);
	free(t);
}

static void without_the_log_the_finding_says_what_would_help(void **state)
{
	struct systemd_log l = { .n = 0 };
	struct trial *t = malloc(sizeof *t);
	assert_non_null(t);
	learn(*state, t);
	come_up(&l, 4);
	judge(t, &l, NULL);
	assert_judged(t, "log-pcr-missing 11");
	assert_non_null(strstr(t->verdict.findings.list[0].detail, "systemd_log"));
	troth_reference_release(&t->reference);
	bench_close(&t->b);
	free(t);
}

/* Fifteen file systems and the phases: no more partial matches than honest sets need. */
static void many_file_systems_are_no_product(void **state)
{
	struct systemd_log l = { .n = 0 };
	struct trial *t = malloc(sizeof *t);
	char text[32];
	assert_non_null(t);
	memset(t, 0, sizeof *t);
	bench_open(*state, &t->b);
	for (size_t i = 0; i < 15; i++) {
		snprintf(text, sizeof text, "file-system:/mnt%zu", i);
		systemd_measure(&l, 15, "filesystem", text);
		if (i % 4 == 0)
			systemd_measure(&l, 11, "phase", PHASES[i / 4]);
	}
	quote(&t->b, 11, l.pcr[11]);
	quote(&t->b, 15, l.pcr[15]);
	join(&t->b, systemd_log_bytes(&l));
	assert_int_equal(troth_reference_learn(&t->b.whole.log, &t->b.selection, "lab", "good",
					       &t->reference),
			 TROTH_OK);
	t->policy.selection = t->b.selection;
	snprintf(t->policy.reference, sizeof t->policy.reference, "lab");
	judge(t, &l, &l);
	assert_judged(t, "affirming");
	troth_reference_release(&t->reference);
	bench_close(&t->b);
	free(t);
}

/* The types are ours: a firmware log may not speak for systemd. */
static void firmware_cannot_claim_systemds_types(void **state)
{
	struct bootvm *vm = bootvm_load(*state, "shim-sb-on");
	struct troth_view copy = view_dup(vm->bytes);
	struct troth_log log;
	uint8_t *bytes = (uint8_t *)(uintptr_t)copy.p;
	/* The second record's type: behind the first's header of 32 bytes and its data. */
	const size_t at = 32 + vm->log.events[0].data.n + 4;
	for (uint32_t type = TROTH_EV_SYSTEMD_FIRST; type <= TROTH_EV_SYSTEMD_LAST + 1;
	     type++) {
		for (size_t i = 0; i < 4; i++)
			bytes[at + i] = (uint8_t)(type >> 8 * i);
		const enum troth_status want = type > TROTH_EV_SYSTEMD_LAST ? TROTH_OK
									    : TROTH_E_MALFORMED;
		assert_int_equal(troth_log_parse(copy, &log), want);
		if (want == TROTH_OK)
			troth_log_release(&log);
	}
	file_free(copy);
	bootvm_free(vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_real_log_leads_to_a_real_tpms_values),
		cmocka_unit_test(what_came_after_the_quote_is_left_out),
		cmocka_unit_test(a_log_that_leads_nowhere_is_taken_whole),
		cmocka_unit_test(systemd_does_not_fill_a_bank_of_its_own),
		cmocka_unit_test(of_unselected_pcrs_nothing_is_taken),
		cmocka_unit_test(the_type_is_what_was_measured),
		cmocka_unit_test(a_machine_is_good_at_every_phase),
		cmocka_unit_test(another_machine_needs_rules),
		cmocka_unit_test(without_the_log_the_finding_says_what_would_help),
		cmocka_unit_test(many_file_systems_are_no_product),
		cmocka_unit_test(firmware_cannot_claim_systemds_types),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
