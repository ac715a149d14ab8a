/* SPDX-License-Identifier: Apache-2.0 */
/* What a verdict is explained by: over our boot captures, and over logs written for one cause.
 */
#include "check.h"

#include <stdio.h>

#include "bootvm.h"
#include "explain.h"
#include "log_builder.h"

#define BOOT_PCRS 0x7bffU

/* A log with the values it leads to, as if they were quoted. */
struct boot {
	struct troth_view bytes;
	struct troth_log log;
	struct troth_replay replay;
	struct troth_pcr_values pcrs;
	enum troth_status status;
};

struct trial {
	struct boot now, good;
	bool good_elsewhere; /* good is another device's */
	struct troth_policy policy;
	struct troth_reference_set reference;
	struct troth_case c;
	struct troth_verdict verdict;
	struct troth_explanation e;
};

static void boot_from_capture(struct troth_ctx *ctx, const char *variant,
			      const struct troth_pcr_selection *s, struct boot *out)
{
	struct bootvm *vm = bootvm_load(ctx, variant);
	out->bytes = view_dup(vm->bytes);
	out->status = troth_log_parse(out->bytes, &out->log);
	if (out->status == TROTH_OK)
		assert_int_equal(troth_log_replay(ctx, &out->log, &out->replay), TROTH_OK);
	out->pcrs = bootvm_quoted(&vm->pcrs, s);
	bootvm_free(vm);
}

static void boot_from_builder(struct troth_ctx *ctx, const struct log_builder *b,
			      const struct troth_pcr_selection *s, struct boot *out)
{
	out->bytes = view_dup(log_bytes(b));
	out->status = troth_log_parse(out->bytes, &out->log);
	assert_int_equal(out->status, TROTH_OK);
	assert_int_equal(troth_log_replay(ctx, &out->log, &out->replay), TROTH_OK);
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
		uint8_t initial[TROTH_DIGEST_MAX];
		struct troth_view value =
			troth_pcr_value(&out->replay.values, TROTH_HASH_SHA256, pcr);
		troth_pcr_initial(TROTH_HASH_SHA256, pcr, initial);
		if (value.n == 0)
			value = (struct troth_view){ initial, 32 };
		if ((s->banks[0].mask & 1U << pcr) != 0)
			assert_true(troth_pcr_set(&out->pcrs, TROTH_HASH_SHA256, pcr, value));
	}
}

static struct trial *trial_new(uint32_t mask, bool secure_boot)
{
	struct trial *t = calloc(1, sizeof *t);
	assert_non_null(t);
	snprintf(t->policy.name, sizeof t->policy.name, "policy");
	snprintf(t->policy.reference, sizeof t->policy.reference, "lab");
	t->policy.require_secure_boot = secure_boot;
	assert_true(troth_pcr_selection_add(&t->policy.selection, TROTH_HASH_SHA256, mask));
	return t;
}

static void learn_good(struct trial *t, const char *alternative)
{
	assert_int_equal(troth_reference_learn(&t->good.log, &t->policy.selection, "lab",
					       alternative, &t->reference),
			 TROTH_OK);
}

static void appraise_and_explain(struct troth_ctx *ctx, struct trial *t, bool with_good_log)
{
	t->c = (struct troth_case){
		.policy = &t->policy,
		.reference = &t->reference,
		.pcrs = &t->now.pcrs,
		.log_bytes = t->now.bytes,
		.log = t->now.status == TROTH_OK ? &t->now.log : NULL,
		.replay = t->now.status == TROTH_OK ? &t->now.replay : NULL,
		.log_status = t->now.status,
	};
	assert_int_equal(troth_appraise(ctx, &t->c, &t->verdict), TROTH_OK);
	const struct troth_explain_case e = { &t->c, &t->verdict,
					      with_good_log ? &t->good.log : NULL,
					      t->good_elsewhere };
	assert_int_equal(troth_explain(ctx, &e, &t->e), TROTH_OK);
}

static void boot_clear(struct boot *b)
{
	if (b->status == TROTH_OK)
		troth_log_release(&b->log);
	file_free(b->bytes);
}

static void trial_free(struct trial *t)
{
	troth_explanation_release(&t->e);
	troth_reference_release(&t->reference);
	boot_clear(&t->now);
	boot_clear(&t->good);
	free(t);
}

/* ---- captures ---- */

static const struct {
	const char *variant, *good;
	bool secure_boot, good_log;
	const char *cause;
	enum troth_tier accepted; /* with the proposed reference values */
	size_t n_deviations;
	const char *sentence;
} CAPTURES[] = {
	{ "shim-sb-on", "shim-sb-on", true, true, "unknown", TROTH_TIER_NONE, 0,
	  "Healthy: 51 measurements are what the reference values say (PCR 0 to 9 and 11 to "
	  "14)." },
	{ "shim-sb-on-cmdline", "shim-sb-on", true, true, "configuration-change",
	  TROTH_TIER_AFFIRMING, 3,
	  "Refused: event 35 of PCR 9 (EV_IPL 'file (hd0,gpt1)/EFI/debian/grub.cfg') is not "
	  "what "
	  "grub-files/good has there; 2 more after it." },
	/* Nothing says that this file was but a configuration. */
	{ "shim-sb-on-cmdline", "shim-sb-on", true, false, "unknown", TROTH_TIER_AFFIRMING, 3,
	  NULL },
	{ "shim-sb-on-initrd-tampered", "shim-sb-on", true, true, "unknown",
	  TROTH_TIER_AFFIRMING, 1,
	  "Refused: event 48 of PCR 9 (EV_IPL 'file /initrd') is not what grub-files/good has "
	  "there." },
	{ "direct-cmdline", "direct", false, true, "configuration-change", TROTH_TIER_AFFIRMING,
	  1, NULL },
	{ "direct-initrd-tampered", "direct", false, true, "unknown", TROTH_TIER_AFFIRMING, 1,
	  NULL },
	{ "uki-sb-on-cmdline", "uki-sb-on-snakeoil", true, true, "update", TROTH_TIER_AFFIRMING,
	  3, NULL },
	{ "uki-sb-off", "uki-sb-on-snakeoil", true, true, "secure-boot-disabled",
	  TROTH_TIER_CONTRAINDICATED, 0,
	  "Refused: Secure boot is required and is off (PCR 7)." },
	{ "direct-sb-on-legacy-bypass", "direct-sb-on-legacy-bypass", true, true, "unknown",
	  TROTH_TIER_NONE, 0, NULL },
	{ "shim-sb-off", "shim-sb-on", true, true, "unknown", TROTH_TIER_NONE, 0,
	  "Refused: The event log holds no measurement although PCRs were extended." },
};

static void captures_are_explained(void **state)
{
	for (size_t i = 0; i < sizeof CAPTURES / sizeof *CAPTURES; i++) {
		struct trial *t = trial_new(BOOT_PCRS, CAPTURES[i].secure_boot);
		boot_from_capture(*state, CAPTURES[i].variant, &t->policy.selection, &t->now);
		boot_from_capture(*state, CAPTURES[i].good, &t->policy.selection, &t->good);
		learn_good(t, "good");
		appraise_and_explain(*state, t, CAPTURES[i].good_log);
		if (strcmp(troth_cause_name(t->e.cause), CAPTURES[i].cause) != 0)
			fail_msg("%s: %s: %s", CAPTURES[i].variant,
				 troth_cause_name(t->e.cause), t->e.why);
		if (CAPTURES[i].sentence != NULL &&
		    strcmp(t->e.sentence, CAPTURES[i].sentence) != 0)
			fail_msg("%s: '%s'", CAPTURES[i].variant, t->e.sentence);
		if (CAPTURES[i].n_deviations > 0 &&
		    t->e.deviations.n != CAPTURES[i].n_deviations)
			fail_msg("%s: %zu deviations", CAPTURES[i].variant, t->e.deviations.n);
		if (t->e.accept_events.present &&
		    t->e.accept_events.tier != CAPTURES[i].accepted)
			fail_msg("%s: accepted it would be %s", CAPTURES[i].variant,
				 troth_tier_name(t->e.accept_events.tier));
		assert_int_equal(t->e.accept_events.present, t->e.deviations.n > 0);
		assert_true(t->e.finding == NULL || t->e.why[0] != '\0');
		trial_free(t);
	}
}

/* Switching the demand off is told, with what it would lead to. */
static void secure_boot_off_is_weighed(void **state)
{
	struct trial *t = trial_new(BOOT_PCRS, true);
	boot_from_capture(*state, "uki-sb-off", &t->policy.selection, &t->now);
	boot_from_capture(*state, "uki-sb-on-snakeoil", &t->policy.selection, &t->good);
	learn_good(t, "good");
	appraise_and_explain(*state, t, true);
	assert_true(t->e.without_secure_boot.present);
	assert_int_equal(t->e.without_secure_boot.tier, TROTH_TIER_AFFIRMING);
	assert_string_equal(t->e.why, "PCR 7 proves that the variable SecureBoot is off");
	trial_free(t);
}

/* A device that never passed is compared with one that does: the file that changed is a
 * configuration there. Nothing else follows from it. */
static void another_healthy_device_tells_settings_from_code(void **state)
{
	static const struct {
		const char *variant, *good, *cause;
	} CASES[] = {
		{ "shim-sb-on-cmdline", "shim-sb-on", "configuration-change" },
		{ "shim-sb-on-initrd-tampered", "shim-sb-on", "unknown" },
		{ "shim-sb-on-cmdline", "direct", "unknown" }, /* boots in another way */
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct trial *t = trial_new(BOOT_PCRS, true);
		t->good_elsewhere = true;
		boot_from_capture(*state, "shim-sb-on", &t->policy.selection, &t->good);
		learn_good(t, "good");
		boot_clear(&t->good);
		boot_from_capture(*state, CASES[i].good, &t->policy.selection, &t->good);
		boot_from_capture(*state, CASES[i].variant, &t->policy.selection, &t->now);
		appraise_and_explain(*state, t, true);
		if (strcmp(troth_cause_name(t->e.cause), CASES[i].cause) != 0)
			fail_msg("%s: %s: %s", CASES[i].variant, troth_cause_name(t->e.cause),
				 t->e.why);
		trial_free(t);
	}
}

/* ---- one cause at a time ---- */

static struct log_builder b;

/* 605dab50-e046-4300-abb6-3dd810dd8b23, as it lies in memory. */
static const uint8_t GUID_SHIM[16] = { 0x50, 0xab, 0x5d, 0x60, 0x46, 0xe0, 0x00, 0x43,
				       0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23 };

static void begin(void)
{
	static const enum troth_hash BANKS[] = { TROTH_HASH_SHA256 };
	log_begin(&b, BANKS, 1);
}

/* EV_S_CRTM_VERSION is UTF-16 (PFP 1.05, 10.4.1). */
static void put_firmware(const char *version)
{
	uint8_t text[64] = { 0 };
	for (size_t i = 0; version[i] != '\0'; i++)
		text[2 * i] = (uint8_t)version[i];
	log_event(&b, 0, 8, (struct troth_view){ text, 2 * strlen(version) + 2 });
}

/* What GRUB does is measured without the word that it logs before it. */
static void put_grub(const char *word, const char *text)
{
	char said[128];
	snprintf(said, sizeof said, "%s: %s", word, text);
	log_event2(&b, 8, 13, troth_view_str(text),
		   (struct troth_view){ (const uint8_t *)said, strlen(said) + 1 });
}

static void put_variable(uint32_t type, const uint8_t guid[16], const char *name,
			 const char *data, size_t n)
{
	uint8_t bytes[256];
	const size_t len = uefi_variable(guid, name,
					 (struct troth_view){ (const uint8_t *)data, n }, bytes,
					 sizeof bytes);
	log_event(&b, 7, type, (struct troth_view){ bytes, len });
}

/* What the log says of a boot; fields left out are those of every boot. */
struct story {
	const char *firmware, *grub, *command_line, *sbat, *action, *setting, *file, *file_name,
		*extra_file;
	bool secure_boot_off;
};

static void tell(const struct story *s)
{
	begin();
	put_firmware(s->firmware != NULL ? s->firmware : "2.10.3");
	put_variable(0x80000001U, GUID_GLOBAL, "SecureBoot", s->secure_boot_off ? "\0" : "\1",
		     1);
	if (s->action != NULL)
		log_text(&b, 7, 0x80000007U, s->action);
	log_text(&b, 1, 0x80000002U, s->setting != NULL ? s->setting : "BootOrder 1,2");
	for (uint32_t pcr = 0; pcr < 8; pcr++)
		log_separator(&b, pcr);
	put_variable(0x800000e0U, GUID_SECURITY, "db", "a certificate", 13);
	const char *sbat = s->sbat != NULL ? s->sbat : "sbat,1,2024010100\nshim,3\n";
	put_variable(0x800000e0U, GUID_SHIM, "SbatLevel", sbat, strlen(sbat));
	log_text(&b, 4, 0x80000003U, "an image");
	put_grub("grub_cmd",
		 s->grub != NULL ? s->grub : "linux /vmlinuz-6.1.0-17-amd64 root=/dev/sda2");
	put_grub("kernel_cmdline", s->command_line != NULL
					   ? s->command_line
					   : "/vmlinuz-6.1.0-17-amd64 root=/dev/sda2");
	/* Files are measured by their content, called by their name. */
	log_event2(&b, 9, 13,
		   troth_view_str(s->extra_file != NULL ? s->extra_file : "settings"),
		   troth_view_str("/grub.cfg"));
	log_event2(&b, 9, 13, troth_view_str(s->file != NULL ? s->file : "content"),
		   troth_view_str(s->file_name != NULL ? s->file_name : "/initrd"));
}

static const struct {
	const char *name;
	struct story now;
	bool good_log;
	const char *alternative; /* name of the version learnt */
	const char *cause, *why;
} STORIES[] = {
	{ "firmware moved on",
	  { .firmware = "2.11.0" },
	  true,
	  "good",
	  "update",
	  "PCR 0 proves '2.11.0' where '2.10.3' was before" },
	{ "firmware went back",
	  { .firmware = "2.9.12" },
	  true,
	  "good",
	  "roll-back",
	  "PCR 0 proves '2.9.12' where '2.10.3' was before" },
	{ "firmware moved on from the version the reference is called by",
	  { .firmware = "2.11.0" },
	  false,
	  "2.10.3",
	  "update",
	  "PCR 0 proves '2.11.0', which is after every version of firmware that the reference "
	  "values know" },
	{ "firmware is older than the reference",
	  { .firmware = "2.9" },
	  false,
	  "2.10.3",
	  "roll-back",
	  "PCR 0 proves '2.9', which is before every version of firmware that the reference "
	  "values know" },
	{ "kernel moved on",
	  { .grub = "linux /vmlinuz-6.1.0-18-amd64 root=/dev/sda2" },
	  true,
	  "good",
	  "update",
	  NULL },
	{ "kernel went back",
	  { .grub = "linux /vmlinuz-6.1.0-9-amd64 root=/dev/sda2" },
	  true,
	  "good",
	  "roll-back",
	  NULL },
	{ "revocation level went back",
	  { .sbat = "sbat,1,2023012900\nshim,2\n" },
	  true,
	  "good",
	  "roll-back",
	  NULL },
	{ "revocation level moved on",
	  { .sbat = "sbat,1,2025021800\nshim,4\n" },
	  true,
	  "good",
	  "update",
	  NULL },
	{ "one moved on, one went back: the worse",
	  { .firmware = "2.11.0", .grub = "linux /vmlinuz-6.1.0-9-amd64 root=/dev/sda2" },
	  true,
	  "good",
	  "roll-back",
	  NULL },
	{ "another boot order",
	  { .setting = "BootOrder 2,1" },
	  false,
	  "good",
	  "configuration-change",
	  "only settings differ (PCR 1); all code is as the reference values say" },
	{ "another command line",
	  { .grub = "linux /vmlinuz-6.1.0-17-amd64 root=/dev/sdb1 quiet" },
	  true,
	  "good",
	  "configuration-change",
	  NULL },
	{ "a number of a parameter is no version",
	  { .grub = "linux /vmlinuz-6.1.0-17-amd64 root=/dev/sda3" },
	  true,
	  "good",
	  "configuration-change",
	  NULL },
	{ "secure boot switched off",
	  { .secure_boot_off = true },
	  true,
	  "good",
	  "secure-boot-disabled",
	  NULL },
	{ "firmware of a debug build",
	  { .action = "UEFI Debug Mode" },
	  true,
	  "good",
	  "debug-build",
	  "the firmware measured 'UEFI Debug Mode' into PCR 7" },
	{ "a root shell on a console",
	  { .command_line = "/vmlinuz-6.1.0-17-amd64 root=/dev/sda2 systemd.debug-shell=1" },
	  true,
	  "good",
	  "debug-shell",
	  "PCR 8 proves that the kernel was told 'systemd.debug-shell=1'" },
	{ "a changed file", { .file = "other" }, true, "good", "unknown", NULL },
	{ "a changed file under a name that promises a setting",
	  { .file = "other", .file_name = "/boot/grub.cfg" },
	  true,
	  "good",
	  "unknown",
	  NULL },
	{ "a changed file under a name that promises an update",
	  { .file = "other", .file_name = "/initrd-9.9.9" },
	  true,
	  "6.1.0",
	  "unknown",
	  NULL },
	{ "a changed setting, then a changed file of the same PCR",
	  { .extra_file = "evil", .file = "other" },
	  true,
	  "good",
	  "unknown",
	  NULL },
	{ "a changed setting that hides a changed file",
	  { .setting = "BootOrder 2,1", .file = "other" },
	  true,
	  "good",
	  "unknown",
	  NULL },
	{ "firmware that names no version",
	  { .firmware = "evil" },
	  true,
	  "good",
	  "unknown",
	  "nothing that the evidence proves tells an update from an attack" },
};

static void stories_have_their_cause(void **state)
{
	for (size_t i = 0; i < sizeof STORIES / sizeof *STORIES; i++) {
		struct trial *t = trial_new(0x3ff, false);
		tell(&(struct story){ 0 });
		boot_from_builder(*state, &b, &t->policy.selection, &t->good);
		tell(&STORIES[i].now);
		boot_from_builder(*state, &b, &t->policy.selection, &t->now);
		learn_good(t, STORIES[i].alternative);
		appraise_and_explain(*state, t, STORIES[i].good_log);
		assert_int_equal(t->verdict.tier, TROTH_TIER_CONTRAINDICATED);
		if (strcmp(troth_cause_name(t->e.cause), STORIES[i].cause) != 0)
			fail_msg("%s: %s: %s", STORIES[i].name, troth_cause_name(t->e.cause),
				 t->e.why);
		if (STORIES[i].why != NULL && strcmp(t->e.why, STORIES[i].why) != 0)
			fail_msg("%s: '%s'", STORIES[i].name, t->e.why);
		/* What is proposed would do. */
		assert_true(t->e.accept_events.present);
		assert_int_equal(t->e.accept_events.tier, TROTH_TIER_AFFIRMING);
		trial_free(t);
	}
}

/* The data changed, the digest kept: the quote still holds, and the text counts for nothing. */
static void a_forged_text_is_no_cause(void **state)
{
	struct trial *t = trial_new(0x3ff, false);
	tell(&(struct story){ 0 });
	boot_from_builder(*state, &b, &t->policy.selection, &t->good);
	tell(&(struct story){ .firmware = "2.9.12" });
	uint8_t *text = memmem(b.bytes, b.n, "2\0.\0009\0", 6);
	assert_non_null(text);
	text[0] = '3'; /* "3.9.12": it would be an update */
	boot_from_builder(*state, &b, &t->policy.selection, &t->now);
	learn_good(t, "good");
	appraise_and_explain(*state, t, true);
	assert_int_equal(t->e.cause, TROTH_CAUSE_UNKNOWN);
	trial_free(t);
}

static void a_log_that_does_not_lead_to_the_quote_has_no_cause(void **state)
{
	struct trial *t = trial_new(0x3ff, false);
	tell(&(struct story){ 0 });
	boot_from_builder(*state, &b, &t->policy.selection, &t->good);
	tell(&(struct story){ .firmware = "2.11.0" });
	boot_from_builder(*state, &b, &t->policy.selection, &t->now);
	t->now.pcrs.banks[0].value[0][0] ^= 1;
	learn_good(t, "good");
	appraise_and_explain(*state, t, true);
	assert_int_equal(t->e.cause, TROTH_CAUSE_UNKNOWN);
	assert_non_null(strstr(t->e.why, "replay-mismatch"));
	assert_int_equal(t->e.finding->code, TROTH_FINDING_REPLAY_MISMATCH);
	assert_int_equal(t->e.accept_events.tier, TROTH_TIER_CONTRAINDICATED);
	assert_false(t->e.ignore_events.present);
	assert_int_equal(t->e.n_rules, 0);
	trial_free(t);
}

/* Rules are proposed for settings, and never for what says which code ran. */
static void rules_are_proposed_for_settings_only(void **state)
{
	static const struct {
		struct story now;
		size_t n;
		uint32_t pcr;
	} CASES[] = {
		{ { .setting = "BootOrder 2,1" }, 1, 1 },
		{ { .firmware = "2.11.0" }, 0, 0 },
		{ { .firmware = "2.11.0", .setting = "BootOrder 2,1" }, 0, 0 },
		{ { .sbat = "sbat,1,2025021800\n" }, 0, 0 },
	};
	for (size_t i = 0; i < 4; i++) {
		struct trial *t = trial_new(0x3ff, false);
		tell(&(struct story){ 0 });
		boot_from_builder(*state, &b, &t->policy.selection, &t->good);
		tell(&CASES[i].now);
		boot_from_builder(*state, &b, &t->policy.selection, &t->now);
		learn_good(t, "good");
		appraise_and_explain(*state, t, true);
		assert_int_equal(t->e.n_rules, CASES[i].n);
		assert_int_equal(t->e.ignore_events.present, CASES[i].n > 0);
		if (CASES[i].n > 0) {
			assert_int_equal(t->e.rules[0].pcr, CASES[i].pcr);
			assert_int_equal(t->e.ignore_events.tier, TROTH_TIER_AFFIRMING);
		}
		trial_free(t);
	}
}

static void the_same_case_is_explained_the_same(void **state)
{
	struct trial *t[2];
	for (size_t i = 0; i < 2; i++) {
		t[i] = trial_new(BOOT_PCRS, true);
		boot_from_capture(*state, "uki-sb-on-cmdline", &t[i]->policy.selection,
				  &t[i]->now);
		boot_from_capture(*state, "uki-sb-on-snakeoil", &t[i]->policy.selection,
				  &t[i]->good);
		learn_good(t[i], "good");
		appraise_and_explain(*state, t[i], true);
	}
	assert_string_equal(t[0]->e.sentence, t[1]->e.sentence);
	assert_string_equal(t[0]->e.why, t[1]->e.why);
	assert_int_equal(t[0]->e.deviations.n, t[1]->e.deviations.n);
	for (size_t i = 0; i < t[0]->e.deviations.n; i++)
		assert_int_equal(t[0]->e.deviations.list[i].event->index,
				 t[1]->e.deviations.list[i].event->index);
	trial_free(t[0]);
	trial_free(t[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures_are_explained),
		cmocka_unit_test(secure_boot_off_is_weighed),
		cmocka_unit_test(another_healthy_device_tells_settings_from_code),
		cmocka_unit_test(stories_have_their_cause),
		cmocka_unit_test(a_forged_text_is_no_cause),
		cmocka_unit_test(a_log_that_does_not_lead_to_the_quote_has_no_cause),
		cmocka_unit_test(rules_are_proposed_for_settings_only),
		cmocka_unit_test(the_same_case_is_explained_the_same),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
