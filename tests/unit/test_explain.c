/* SPDX-License-Identifier: Apache-2.0 */
/* What a verdict is explained by, over our boot captures. One cause at a time:
 * test_explain_stories. */
#include "check.h"

#include "explain_trial.h"

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
		cmocka_unit_test(the_same_case_is_explained_the_same),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
