/* SPDX-License-Identifier: Apache-2.0 */
/* Appraisal of whole IMA lists: each finding where only its check fails. Lists that prove
 * nothing: test_ima_proof. */
#include "check.h"

#include <stdio.h>

#include "bootvm.h"
#include "ima_bench.h"

static void a_good_list_is_proven(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	ima_bench_appraise_all(b);
	ima_bench_assert_clean(b);
	assert_true(b->r.boot_aggregate_checked);
	assert_int_equal(b->r.after.n_entries, 2);
	assert_int_equal(b->r.after.counts.allowed, 1);
	assert_int_equal(b->r.after.n_banks, 2);
	ima_bench_free(b);
}

static void what_came_after_the_quote_is_not_looked_at(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	ima_bench_quote(b);
	const size_t quoted = b->list.n;
	ima_add_file(&b->list, "/tmp/later", IMA_OTHER);
	b->c.list = ima_view(&b->list);
	ima_bench_appraise(b);
	ima_bench_assert_clean(b);
	assert_int_equal(b->r.after.n_entries, 2);
	assert_int_equal(b->r.n_unproven, b->list.n - quoted);
	ima_bench_free(b);
}

/* What is put behind boot_aggregate, and the only finding of it. */
struct variation {
	const char *name;
	void (*make)(struct ima_bench *b);
	enum troth_finding_code want; /* NONE: none */
};

static void unknown(struct ima_bench *b)
{
	ima_add_file(&b->list, "/usr/bin/evil", IMA_OTHER);
}

static void elsewhere(struct ima_bench *b)
{
	ima_add_file(&b->list, "/tmp/good", IMA_GOOD);
}

static void any_path(struct ima_bench *b)
{
	b->policy.rules[0].any_path = true;
	elsewhere(b);
}

static void under(struct ima_bench *b)
{
	any_path(b);
	b->policy.rules[0].n_under = 1;
	b->policy.rules[0].under[0] = ima_bench_text(b, "/tmp");
}

static void not_under(struct ima_bench *b)
{
	any_path(b);
	b->policy.rules[0].n_under = 1;
	b->policy.rules[0].under[0] = ima_bench_text(b, "/tm");
}

static void package(struct ima_bench *b)
{
	b->policy.rules[0].n_packages = 1;
	b->policy.rules[0].packages[0] = ima_bench_text(b, "good-utils");
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
}

static void other_package(struct ima_bench *b)
{
	b->policy.rules[0].n_packages = 1;
	b->policy.rules[0].packages[0] = ima_bench_text(b, "bad-utils");
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
}

static void ignored(struct ima_bench *b)
{
	b->policy.n_ignore = 1;
	b->policy.ignore[0] = ima_bench_text(b, "/var/log/**");
	ima_add_file(&b->list, "/var/log/a/b", IMA_OTHER);
}

static void not_ignored(struct ima_bench *b)
{
	b->policy.n_ignore = 1;
	b->policy.ignore[0] = ima_bench_text(b, "/var/log/**");
	ima_add_file(&b->list, "/tmp/var/log/a", IMA_OTHER);
}

/* A name without a place is below no directory. */
static void relative(struct ima_bench *b)
{
	b->policy.n_ignore = 1;
	b->policy.ignore[0] = ima_bench_text(b, "/memfd*");
	ima_add_file(&b->list, "memfd:x", IMA_OTHER);
}

static void violation(struct ima_bench *b)
{
	ima_add_violation(&b->list, "/var/log/wtmp");
}

static void violation_ignored(struct ima_bench *b)
{
	b->policy.n_ignore = 1;
	b->policy.ignore[0] = ima_bench_text(b, "/var/log/**");
	violation(b);
}

static void nothing(struct ima_bench *b)
{
	(void)b;
}

static void expected(struct ima_bench *b)
{
	b->policy.n_expected = 1;
	b->policy.expected[0] = ima_bench_text(b, "/usr/lib/systemd/systemd");
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
}

static void list_missing(struct ima_bench *b)
{
	b->sets[0] = NULL;
	b->policy.n_ignore = 1;
	b->policy.ignore[0] = ima_bench_text(b, "/usr/bin/good");
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
}

static void kexec(struct ima_bench *b)
{
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	ima_bench_boot_aggregate(b);
}

/* A file that calls itself so, where kexec is allowed. */
static void false_kexec(struct ima_bench *b)
{
	b->policy.kexec = TROTH_IMA_ALLOW;
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	ima_add_file(&b->list, "boot_aggregate", IMA_OTHER);
}

static void buffer(struct ima_bench *b, const char *name, bool right)
{
	static const char BUFFER[] = "root=/dev/sda1";
	struct ima_builder data = { 0 };
	struct troth_digest d;
	assert_int_equal(troth_hash_one(b->ctx, TROTH_HASH_SHA256, TROTH_VIEW_OF(BUFFER), &d),
			 TROTH_OK);
	ima_digest_field(&data, "", TROTH_HASH_SHA256, right ? d.bytes : IMA_OTHER);
	ima_field(&data, name, strlen(name) + 1);
	ima_field(&data, BUFFER, sizeof BUFFER);
	ima_record(&b->list, 10, "ima-buf", &data, false);
	ima_free(&data);
}

static void event(struct ima_bench *b)
{
	buffer(b, "kexec-cmdline", true);
}

static void event_any(struct ima_bench *b)
{
	b->policy.n_events = 1;
	b->policy.events[0].name = ima_bench_text(b, "kexec-cmdline");
	b->policy.events[0].any = true;
	event(b);
}

static void event_other(struct ima_bench *b)
{
	b->policy.n_events = 1;
	b->policy.events[0].name = ima_bench_text(b, "kexec-cmdline");
	memcpy(b->policy.events[0].sha256, IMA_OTHER, 32);
	event(b);
}

static void event_not_of_its_data(struct ima_bench *b)
{
	b->policy.n_events = 1;
	b->policy.events[0].name = ima_bench_text(b, "kexec-cmdline");
	b->policy.events[0].any = true;
	buffer(b, "kexec-cmdline", false);
}

/* A file whose bytes equal a buffer is none: its template may be called anything. */
static void no_fields_to_judge(struct ima_bench *b)
{
	struct ima_builder data = { 0 };
	ima_field(&data, "x", 1);
	ima_record(&b->list, 10, "buf", &data, false);
	ima_free(&data);
}

/* The template evm-sig under another name: one field of it is anything a file's maker likes. */
static void with_attributes(struct ima_bench *b, const char *template, const uint8_t *sha256,
			    struct troth_view values)
{
	static const char NAMES[] = "security.SMACK64";
	static const uint8_t ZEROS[4] = { 0 };
	struct ima_builder data = { 0 };
	ima_digest_field(&data, "", TROTH_HASH_SHA256, sha256);
	ima_field(&data, "kexec-cmdline", sizeof "kexec-cmdline");
	ima_field(&data, "", 0);
	ima_field(&data, NAMES, sizeof NAMES);
	ima_put_u32(&data, sizeof ZEROS);
	ima_put_u32(&data, (uint32_t)values.n);
	ima_field(&data, values.p, values.n);
	ima_field(&data, ZEROS, 4);
	ima_field(&data, ZEROS, 4);
	ima_field(&data, ZEROS, 2);
	ima_record(&b->list, 10, template, &data, false);
	ima_free(&data);
	/* That the next entry's fields are in order excuses nothing. */
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
}

static void attribute_as_digest(struct ima_bench *b)
{
	uint8_t value[8 + 32] = "sha256:";
	memcpy(value + 8, IMA_GOOD, sizeof IMA_GOOD);
	b->policy.rules[0].any_path = true;
	with_attributes(b, "sig|n-ng|evmsig|xattrnames|xattrlengths|d-ng|iuid|igid|imode",
			IMA_OTHER, TROTH_VIEW_OF(value));
}

/* A file of the attribute's bytes, so that they have its digest. */
static void attribute_as_event(struct ima_bench *b)
{
	static const uint8_t VALUE[] = "#!/bin/sh";
	struct troth_digest d;
	assert_int_equal(troth_hash_one(b->ctx, TROTH_HASH_SHA256, TROTH_VIEW_OF(VALUE), &d),
			 TROTH_OK);
	b->policy.n_events = 1;
	b->policy.events[0].name = ima_bench_text(b, "kexec-cmdline");
	b->policy.events[0].any = true;
	with_attributes(b, "d-ng|n-ng|evmsig|xattrnames|xattrlengths|buf|iuid|igid|imode",
			d.bytes, TROTH_VIEW_OF(VALUE));
}

static const struct variation VARIATIONS[] = {
	{ "a digest nobody knows", unknown, TROTH_FINDING_IMA_UNKNOWN_FILE },
	{ "a good file at another place", elsewhere, TROTH_FINDING_IMA_UNKNOWN_FILE },
	{ "at any place", any_path, TROTH_FINDING_NONE },
	{ "in a directory", under, TROTH_FINDING_NONE },
	{ "in a directory whose name begins so", not_under, TROTH_FINDING_IMA_UNKNOWN_FILE },
	{ "of a package", package, TROTH_FINDING_NONE },
	{ "of another package", other_package, TROTH_FINDING_IMA_UNKNOWN_FILE },
	{ "a pattern lets it pass", ignored, TROTH_FINDING_NONE },
	{ "the pattern is anchored", not_ignored, TROTH_FINDING_IMA_UNKNOWN_FILE },
	{ "a name that is no path", relative, TROTH_FINDING_IMA_UNKNOWN_FILE },
	{ "a violation", violation, TROTH_FINDING_IMA_VIOLATION },
	{ "a violation's path excuses nothing", violation_ignored,
	  TROTH_FINDING_IMA_VIOLATION },
	{ "nothing but boot_aggregate", nothing, TROTH_FINDING_IMA_UNMEASURED },
	{ "what must be measured is not", expected, TROTH_FINDING_IMA_UNMEASURED },
	{ "an allow-list that is not there", list_missing, TROTH_FINDING_IMA_LIST_MISSING },
	{ "a kernel started by another", kexec, TROTH_FINDING_IMA_KEXEC },
	{ "an event nobody named", event, TROTH_FINDING_IMA_EVENT },
	{ "an event by its name", event_any, TROTH_FINDING_NONE },
	{ "an event of another digest", event_other, TROTH_FINDING_IMA_EVENT },
	{ "an event that is not of its data", event_not_of_its_data, TROTH_FINDING_IMA_EVENT },
	{ "a record that names nothing", no_fields_to_judge, TROTH_FINDING_IMA_MALFORMED },
	{ "an attribute called a digest", attribute_as_digest, TROTH_FINDING_IMA_MALFORMED },
	{ "an attribute called a buffer", attribute_as_event, TROTH_FINDING_IMA_MALFORMED },
};

static void each_entry_is_judged(void **state)
{
	for (size_t i = 0; i < sizeof VARIATIONS / sizeof *VARIATIONS; i++) {
		struct ima_bench *b = ima_bench_new(*state);
		VARIATIONS[i].make(b);
		ima_bench_appraise_all(b);
		const size_t n = b->r.findings.n;
		const enum troth_finding_code got = b->r.findings.list[0].code;
		if (VARIATIONS[i].want == TROTH_FINDING_NONE
			    ? n != 0
			    : n != 1 || got != VARIATIONS[i].want)
			fail_msg("%s: %zu findings, %s", VARIATIONS[i].name, n,
				 troth_finding_name(got));
		ima_bench_free(b);
	}
}

/* Entries are read some ahead of those that are judged. */
static void an_entry_is_judged_wherever_it_stands(void **state)
{
	for (size_t bad = 0; bad < 40; bad++) {
		struct ima_bench *b = ima_bench_new(*state);
		for (size_t i = 0; i < 40; i++)
			ima_add_file(&b->list, "/usr/bin/good",
				     i == bad ? IMA_OTHER : IMA_GOOD);
		ima_bench_appraise_all(b);
		ima_bench_assert_only(b, TROTH_FINDING_IMA_UNKNOWN_FILE);
		assert_int_equal(b->r.findings.list[0].event, bad + 1);
		assert_int_equal(b->r.after.counts.allowed, 39);
		ima_bench_free(b);
	}
}

static void a_file_that_calls_itself_boot_aggregate_is_seen(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	false_kexec(b);
	ima_bench_appraise_all(b);
	assert_true(troth_findings_have(&b->r.findings, TROTH_FINDING_IMA_BOOT_AGGREGATE));
	ima_bench_free(b);
}

static void a_boot_aggregate_of_other_pcrs_is_seen(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	ima_bench_quote(b);
	b->c.list = ima_view(&b->list);
	b->pcrs.banks[0].value[0][5] ^= 1;
	ima_bench_appraise(b);
	ima_bench_assert_only(b, TROTH_FINDING_IMA_BOOT_AGGREGATE);
	ima_bench_free(b);
}

static void a_violation_weighs_what_policy_says(void **state)
{
	static const enum troth_tier WANT[] = { TROTH_TIER_CONTRAINDICATED, TROTH_TIER_WARNING,
						TROTH_TIER_AFFIRMING };
	for (size_t i = 0; i < 3; i++) {
		struct ima_bench *b = ima_bench_new(*state);
		b->policy.violations = (enum troth_ima_attitude)i;
		for (size_t k = 0; k < 2 * TROTH_IMA_FINDINGS_MAX; k++)
			violation(b);
		ima_bench_appraise_all(b);
		assert_int_equal(b->r.findings.list[0].severity, WANT[i]);
		assert_int_equal(troth_tier_fold(&b->r.findings, true), WANT[i]);
		ima_bench_free(b);
	}
}

static void captures_have_the_boot_aggregate_of_their_pcrs(void **state)
{
	static const char *const CAPTURES[] = { "direct", "direct-sha256only", "direct-tmpfs",
						"shim-sb-on", "uki-sb-on-snakeoil" };
	for (size_t i = 0; i < sizeof CAPTURES / sizeof *CAPTURES; i++) {
		struct ima_bench *b = ima_bench_new(*state);
		char folder[512];
		struct bootvm *vm = bootvm_load(*state, CAPTURES[i]);
		snprintf(folder, sizeof folder, "%s/bootvm/%s", TROTH_FIXTURES, CAPTURES[i]);
		struct troth_view list = file_load(folder, "ima_binary");
		b->selection = (struct troth_pcr_selection){ 0 };
		assert_true(troth_pcr_selection_add(&b->selection, TROTH_HASH_SHA256, 0x7ff));
		b->pcrs = bootvm_quoted(&vm->pcrs, &b->selection);
		b->c.list = list;
		ima_bench_appraise(b);
		assert_true(b->r.proven);
		assert_true(b->r.boot_aggregate_checked);
		assert_false(
			troth_findings_have(&b->r.findings, TROTH_FINDING_IMA_BOOT_AGGREGATE));
		/* A root file system on tmpfs is not measured: nothing to affirm. */
		assert_int_equal(
			troth_findings_have(&b->r.findings, TROTH_FINDING_IMA_UNMEASURED),
			strcmp(CAPTURES[i], "direct-tmpfs") == 0);
		file_free(list);
		bootvm_free(vm);
		ima_bench_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_list_is_proven),
		cmocka_unit_test(what_came_after_the_quote_is_not_looked_at),
		cmocka_unit_test(each_entry_is_judged),
		cmocka_unit_test(an_entry_is_judged_wherever_it_stands),
		cmocka_unit_test(a_file_that_calls_itself_boot_aggregate_is_seen),
		cmocka_unit_test(a_boot_aggregate_of_other_pcrs_is_seen),
		cmocka_unit_test(a_violation_weighs_what_policy_says),
		cmocka_unit_test(captures_have_the_boot_aggregate_of_their_pcrs),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
