/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a policy that speaks of IMA: what is read, and what is refused where. */
#include "check.h"

#include <stdio.h>

#include "base.h"
#include "policy_text.h"
#include "reader.h"

/* Some public key, as YAML has it in double quotes. */
#define KEY                                                                   \
	"-----BEGIN PUBLIC KEY-----\\n"                                       \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE5rc/gjL26+NOdDnXi5/6Jpz17Hfy\\n" \
	"lZtqrgDeUpqu5CnPJIzcE1ReVREEvd7lENQ45S6yWVLbvTLJbtwrnty8dw==\\n"     \
	"-----END PUBLIC KEY-----\\n"
#define HEAD "name: a\nsegment: b\npcrs: { sha256: [0, 4, 7, 10] }\n"

static void assert_text(const struct troth_ima_policy *p, troth_ima_text at, const char *want)
{
	assert_string_equal(p->text + at, want);
}

static void without_the_key_nothing_is_asked(void **state)
{
	struct troth_policy p;
	struct troth_config_error e;
	assert_int_equal(parse(*state, HEAD, &p, &e), TROTH_OK);
	assert_false(p.ima.present);
	/* PCR 10 is then the event log's to explain, like any other. */
	assert_int_equal(troth_policy_log_selection(&p).banks[0].mask,
			 1U << 0 | 1U << 4 | 1U << 7 | 1U << 10);
}

static void a_short_section_is_careful(void **state)
{
	struct troth_policy p;
	struct troth_config_error e;
	assert_int_equal(parse(*state, HEAD "ima: {}\n", &p, &e), TROTH_OK);
	assert_true(p.ima.present && p.ima.required);
	assert_int_equal(p.ima.violations, TROTH_IMA_DENY);
	assert_int_equal(p.ima.kexec, TROTH_IMA_DENY);
	assert_false(p.ima.weak_bank);
	assert_int_equal(p.ima.n_rules + p.ima.n_ignore + p.ima.n_keys + p.ima.n_events, 0);
	assert_int_equal(troth_policy_log_selection(&p).banks[0].mask,
			 1U << 0 | 1U << 4 | 1U << 7);
}

static void everything_is_read(void **state)
{
	static const char TEXT[] = HEAD
		"ima:\n"
		"  required: false\n"
		"  allow:\n"
		"    - { list: base }\n"
		"    - { list: more, match: digest, under: [/opt/a, /srv], packages: [x, y] }\n"
		"  ignore: [/var/log/**, /tmp/*]\n"
		"  expect: [/sbin/init]\n"
		"  keyrings: [.ima]\n"
		"  events: { kexec-cmdline: any, dm_table_load: "
		"00000000000000000000000000000000000000000000000000000000000000aa }\n"
		"  violations: warn\n"
		"  kexec: allow\n"
		"  weak_bank: true\n";
	struct troth_policy p;
	struct troth_config_error e;
	if (parse(*state, TEXT, &p, &e) != TROTH_OK)
		fail_msg("%u:%u %s", e.line, e.column, e.text);
	const struct troth_ima_policy *i = &p.ima;
	assert_false(i->required);
	assert_int_equal(i->n_rules, 2);
	assert_text(i, i->rules[0].list, "base");
	assert_false(i->rules[0].any_path);
	assert_text(i, i->rules[1].list, "more");
	assert_true(i->rules[1].any_path);
	assert_int_equal(i->rules[1].n_under, 2);
	assert_text(i, i->rules[1].under[1], "/srv");
	assert_int_equal(i->rules[1].n_packages, 2);
	assert_text(i, i->rules[1].packages[0], "x");
	assert_int_equal(i->n_ignore, 2);
	assert_text(i, i->ignore[0], "/var/log/**");
	assert_text(i, i->expected[0], "/sbin/init");
	assert_text(i, i->keyrings[0], ".ima");
	assert_int_equal(i->n_events, 2);
	assert_true(i->events[0].any);
	assert_text(i, i->events[1].name, "dm_table_load");
	assert_int_equal(i->events[1].sha256[31], 0xaa);
	assert_int_equal(i->violations, TROTH_IMA_WARN);
	assert_int_equal(i->kexec, TROTH_IMA_ALLOW);
	assert_true(i->weak_bank);
}

static const struct {
	const char *name, *text, *complaint;
} REFUSED[] = {
	{ "PCR 10 is not quoted", "name: a\nsegment: b\npcrs: { sha256: [0, 4, 7] }\nima: {}\n",
	  "needs PCR 10" },
	{ "PCR 10 in SHA-1 alone",
	  "name: a\nsegment: b\npcrs: { sha256: [0, 4, 7], sha1: [10] }\nima: {}\n",
	  "needs PCR 10" },
	{ "an unknown key", HEAD "ima: { exclude: [] }\n", "unknown key" },
	{ "a pattern without an anchor", HEAD "ima: { ignore: ['*.log'] }\n",
	  "no anchored pattern" },
	{ "a regular expression", HEAD "ima: { ignore: ['^/tmp/.*$'] }\n",
	  "no anchored pattern" },
	{ "a pattern for everything", HEAD "ima: { ignore: ['/**'] }\n",
	  "no anchored pattern" },
	{ "a rule without a list", HEAD "ima: { allow: [{ match: digest }] }\n",
	  "missing key" },
	{ "another way to match", HEAD "ima: { allow: [{ list: a, match: any }] }\n",
	  "path digest" },
	{ "a relative directory", HEAD "ima: { allow: [{ list: a, under: [opt] }] }\n",
	  "no absolute path" },
	{ "a list's file name", HEAD "ima: { allow: [{ list: ../a }] }\n", "no name" },
	{ "a key that is none", HEAD "ima: { keys: [abc] }\n", "no public key" },
	{ "a digest that is none", HEAD "ima: { events: { x: 12 } }\n", "wanted any" },
	{ "an attitude that is none", HEAD "ima: { violations: ignore }\n", "deny warn allow" },
	{ "expecting a pattern's place", HEAD "ima: { expect: [sbin/init] }\n",
	  "no absolute path" },
};

static void refusals(void **state)
{
	for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
		struct troth_policy p;
		struct troth_config_error e;
		if (parse(*state, REFUSED[i].text, &p, &e) != TROTH_E_CONFIG)
			fail_msg("%s: taken", REFUSED[i].name);
		if (strstr(e.text, REFUSED[i].complaint) == NULL)
			fail_msg("%s: %s", REFUSED[i].name, e.text);
	}
}

static const struct policy_list LIMITS[] = {
	{ HEAD "ima: { ignore: [", "/a%", TROTH_IMA_IGNORE_MAX, "] }\n" },
	{ HEAD "ima: { expect: [", "/a%", TROTH_IMA_EXPECTED_MAX, "] }\n" },
	{ HEAD "ima: { keyrings: [", "k%", TROTH_IMA_KEYRINGS_MAX, "] }\n" },
	{ HEAD "ima: { keys: [", "\"" KEY "\"", TROTH_IMA_KEYS_MAX, "] }\n" },
	{ HEAD "ima: { events: {", "e%: any", TROTH_IMA_EVENTS_MAX, "} }\n" },
	{ HEAD "ima: { allow: [", "{ list: l% }", TROTH_IMA_RULES_MAX, "] }\n" },
	{ HEAD "ima: { allow: [{ list: a, under: [", "/a%", TROTH_IMA_RULE_NAMES_MAX,
	  "] }] }\n" },
	{ HEAD "ima: { allow: [{ list: a, packages: [", "p%", TROTH_IMA_RULE_NAMES_MAX,
	  "] }] }\n" },
};

static void lists_at_and_past_their_limits(void **state)
{
	assert_limits(*state, LIMITS, TROTH_COUNT(LIMITS));
}

/* The texts of all lists together, each with its NUL. */
static void texts_at_and_past_their_limit(void **state)
{
	static struct troth_ima_policy p;
	static const char LONG[1024] = { 0 };
	struct troth_view text = { (const uint8_t *)LONG, sizeof LONG - 1 };
	troth_ima_text at;
	(void)state;
	while (p.text_len + sizeof LONG < TROTH_IMA_POLICY_TEXT_MAX)
		assert_true(troth_ima_policy_put(&p, text, &at));
	text.n = TROTH_IMA_POLICY_TEXT_MAX - p.text_len;
	assert_false(troth_ima_policy_put(&p, text, &at));
	text.n--;
	assert_true(troth_ima_policy_put(&p, text, &at));
	text.n = 0;
	assert_false(troth_ima_policy_put(&p, text, &at));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_the_key_nothing_is_asked),
		cmocka_unit_test(a_short_section_is_careful),
		cmocka_unit_test(everything_is_read),
		cmocka_unit_test(refusals),
		cmocka_unit_test(lists_at_and_past_their_limits),
		cmocka_unit_test(texts_at_and_past_their_limit),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
