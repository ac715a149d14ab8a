/* SPDX-License-Identifier: Apache-2.0 */
/* What a verdict is explained by, over logs written for one cause each. */
#include "check.h"

#include <stdio.h>

#include "explain_trial.h"
#include "log_builder.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stories_have_their_cause),
		cmocka_unit_test(a_forged_text_is_no_cause),
		cmocka_unit_test(a_log_that_does_not_lead_to_the_quote_has_no_cause),
		cmocka_unit_test(rules_are_proposed_for_settings_only),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
