/* SPDX-License-Identifier: Apache-2.0 */
/* Which events of a log a reference explains. Golden values: test_match_golden. */
#include "check.h"

#include "bootvm.h"
#include "log_builder.h"
#include "match_script.h"
#include "reference.h"

static const struct {
	const char *name, *log, *reference;
	uint32_t mask;
	const char *findings;
	uint32_t covered, uncovered;
} CASES[] = {
	{ "the same", "0a4b4c4d", "0a 4b 4c 4d", 0x11, "", 0x11, 0 },
	{ "the same, one component over two PCRs", "4b5a4c5d", "4b4c5a5d", 0x30, "", 0x30, 0 },
	{ "order between PCRs does not count", "5a4b5d4c", "4b5a 4c5d", 0x30, "", 0x30, 0 },
	{ "either alternative", "4a4c", "4a|4b 4c|4d", 0x10, "", 0x10, 0 },
	{ "the other of both", "4b4d", "4a|4b 4c|4d", 0x10, "", 0x10, 0 },
	{ "old and new mixed is a legal pair", "4a4d", "4a|4b 4c|4d", 0x10, "", 0x10, 0 },
	{ "a short alternative, then what the long one begins with", "4a4b", "4a|4a4b 4b", 0x10,
	  "", 0x10, 0 },
	{ "the long alternative, then the next", "4a4b4b", "4a|4a4b 4b", 0x10, "", 0x10, 0 },
	{ "an optional component left out", "4a4c", "4a ?4b 4c", 0x10, "", 0x10, 0 },
	{ "an optional component there", "4a4b4c", "4a ?4b 4c", 0x10, "", 0x10, 0 },
	{ "optional components that look like the required one", "4a", "?4a ?4a 4a", 0x10, "",
	  0x10, 0 },
	{ "an alternative of nothing", "4a4c", "4a 4b| 4c", 0x10, "", 0x10, 0 },

	{ "a changed event", "0a4b4x4d", "0a 4b 4c 4d", 0x11, "U4@3 c3/v1", 0x01, 0 },
	{ "a changed first event", "0x4b", "0a 4b", 0x11, "U0@1 c1/v1", 0x10, 0 },
	{ "two changed events of one PCR: the first", "4x4y4c", "4a 4b 4c", 0x10, "U4@1 c1/v1",
	  0, 0 },
	{ "changed events of two PCRs: in log order", "5x4y", "4a 5b", 0x30,
	  "U5@1 c2/v1; U4@2 c1/v1", 0, 0 },
	{ "nearest is the alternative that fits longest", "4a4b4x", "4y4y4y|4a4b4c|4a4z", 0x10,
	  "U4@3 c1/v2", 0, 0 },
	{ "nearest by the fewest changes, not by the longest beginning", "4a4x4y4z",
	  "4a4b4c4d4e|4q4x4y4z", 0x10, "U4@1 c1/v2", 0, 0 },
	{ "nearest beside one event more", "4n4a4b", "4a4c|4a4b", 0x10, "U4@1 c1/v2", 0, 0 },
	{ "nearest beside one event less", "4b4c4d4x", "4a4y4z4x|4a4b4c4d4x", 0x10,
	  "U4@1 c1/v2", 0, 0 },
	{ "nearest over two PCRs", "4a5x5y", "4b5p5q|4c5x5y", 0x30, "U4@1 c1/v2", 0x20, 0 },
	{ "of two as near the first", "4x", "4a|4b|4c", 0x10, "U4@1 c1/v1", 0, 0 },
	{ "nearest is the partial match that came farthest", "4a4y", "?4a 4x", 0x10,
	  "U4@2 c2/v1", 0, 0 },
	{ "a component begun and not gone on with", "4a4c", "4a4b 4c", 0x10, "U4@2 c1/v1", 0,
	  0 },
	{ "one event more at the end", "4a4b4b", "4a 4b", 0x10, "U4@3", 0, 0 },
	{ "one authentic event more in the middle", "4a4a4b", "4a 4b", 0x10, "U4@2 c2/v1", 0,
	  0 },
	{ "one event more at the front", "4x4a4b", "4a 4b", 0x10, "U4@1 c1/v1", 0, 0 },
	{ "events in the wrong order", "4b4a", "4a 4b", 0x10, "U4@2; M4 c1/v1", 0, 0 },
	{ "an event in the wrong PCR", "5a", "4a", 0x30, "M4 c1/v1", 0, 0x20 },
	{ "the last component missing", "4a", "4a 4b", 0x10, "M4 c2/v1", 0, 0 },
	{ "a component missing in the middle", "4a4c", "4a 4b 4c", 0x10, "M4 c2/v1", 0, 0 },
	{ "the first component missing", "4b4c", "4a 4b 4c", 0x10, "M4 c1/v1", 0, 0 },
	{ "all components of a PCR missing", "0a", "0a 4a 4b", 0x11, "M4 c2/v1; M4 c3/v1", 0x01,
	  0 },
	{ "a component cut short", "4a4b", "4a 4b4c", 0x10, "M4 c2/v1", 0, 0 },
	{ "half of a component in another PCR gone", "4a", "4a5a", 0x30, "M5 c1/v1", 0x10, 0 },

	{ "nothing speaks of a PCR with events", "4a5a", "4a", 0x30, "", 0x10, 0x20 },
	{ "a PCR that holds nothing", "4a", "4a", 0x30, "", 0x30, 0 },
	{ "PCRs outside the selection", "4a5x", "4a 5a", 0x10, "", 0x10, 0 },
	{ "an empty reference", "4a", "", 0x10, "", 0, 0x10 },
};

static void scripts_match_as_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		char got[256];
		struct trial *t = trial_new(CASES[i].log, CASES[i].reference, CASES[i].mask);
		trial_run(t);
		describe(&t->findings, got, sizeof got);
		if (strcmp(got, CASES[i].findings) != 0 ||
		    t->match.covered != CASES[i].covered ||
		    t->match.uncovered != CASES[i].uncovered)
			fail_msg("%s: '%s' covered %x uncovered %x", CASES[i].name, got,
				 t->match.covered, t->match.uncovered);
		trial_free(t);
	}
}

static void used_alternatives_are_told(void **state)
{
	(void)state;
	struct trial *t = trial_new("4b5x", "4a|4b ?4c 5x", 0x30);
	trial_run(t);
	assert_int_equal(t->match.n_components, 3);
	assert_int_equal(t->match.used[0], 1);
	assert_int_equal(t->match.used[1], -1);
	assert_int_equal(t->match.used[2], 0);
	assert_int_equal(t->match.n_matched, 2);
	assert_int_equal(t->match.n_ignored, 0);
	trial_free(t);
}

static void finding_shows_what_was_seen_and_expected(void **state)
{
	(void)state;
	struct trial *t = trial_new("0a4b4x", "0a 4b 4c", 0x11);
	struct troth_digest seen, expected;
	trial_run(t);
	digest_of('x', TROTH_HASH_SHA256, &seen);
	digest_of('c', TROTH_HASH_SHA256, &expected);
	const struct troth_finding *f = &t->findings.list[0];
	assert_true(troth_digest_equal(&f->seen, &seen));
	assert_true(troth_digest_equal(&f->expected, &expected));
	assert_string_equal(f->detail, "EV_IPL 'x'");
	assert_int_equal(f->severity, TROTH_TIER_CONTRAINDICATED);
	trial_free(t);

	t = trial_new("0a4b4X", "0a 4b", 0x11);
	trial_run(t);
	assert_string_equal(t->findings.list[0].detail,
			    "EV_EFI_ACTION 'x' after all that was expected");
	assert_int_equal(t->findings.list[0].expected.alg, TROTH_HASH_NONE);
	trial_free(t);
}

static const struct {
	const char *name, *log, *reference;
	struct troth_ignore_rule rule;
	const char *findings;
	size_t n_ignored;
	uint32_t covered;
} IGNORES[] = {
	{ "events of the type are passed over",
	  "4A4b4C4d4E",
	  "4b 4d",
	  { 4, 0x80000007 },
	  "",
	  3,
	  0x10 },
	{ "a component may still take them", "4A4b", "4a 4b", { 4, 0x80000007 }, "", 0, 0x10 },
	{ "another type is not ignored", "4a4b", "4b", { 4, 0x80000007 }, "U4@1 c1/v1", 0, 0 },
	{ "another PCR is not ignored", "4A4b", "4b", { 5, 0x80000007 }, "U4@1 c1/v1", 0, 0 },
	{ "nothing but ignored events", "4A4B", "5x", { 4, 0x80000007 }, "", 2, 0x10 },
	{ "any type, whatever the reference says",
	  "4x4y",
	  "4a 4b",
	  { 4, UINT32_MAX },
	  "",
	  2,
	  0 },
	{ "any type of a PCR there is not", "4a", "4a", { 99, UINT32_MAX }, "", 0, 0x10 },
};

static void ignore_rules_are_counted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof IGNORES / sizeof *IGNORES; i++) {
		char got[256];
		struct trial *t = trial_new(IGNORES[i].log, IGNORES[i].reference, 0x10);
		t->ignore[0] = IGNORES[i].rule;
		t->n_ignore = 1;
		trial_run(t);
		describe(&t->findings, got, sizeof got);
		if (strcmp(got, IGNORES[i].findings) != 0 ||
		    t->match.n_ignored != IGNORES[i].n_ignored ||
		    t->match.covered != IGNORES[i].covered)
			fail_msg("%s: '%s' ignored %zu covered %x", IGNORES[i].name, got,
				 t->match.n_ignored, t->match.covered);
		assert_int_equal(t->match.uncovered, 0);
		trial_free(t);
	}
}

static void every_selected_bank_must_match(void **state)
{
	(void)state;
	static const uint8_t ZEROS[20] = { 0 };
	struct trial *t = trial_new("4a4b", "4a 4b", 0x10);
	struct troth_reference_event *ev = t->set.components[1].alternatives[0].events;
	assert_true(troth_pcr_selection_add(&t->selection, TROTH_HASH_SHA1, 0x10));
	assert_true(troth_pcr_set(&t->pcrs, TROTH_HASH_SHA1, 4, TROTH_VIEW_OF(ZEROS)));
	trial_run(t);
	assert_int_equal(t->findings.n, 0);

	const struct troth_reference_event good = *ev;
	ev->digests[0].bytes[19] ^= 1; /* SHA-1 differs, SHA-256 does not */
	trial_run(t);
	assert_true(troth_findings_have(&t->findings, TROTH_FINDING_UNEXPECTED_EVENT));
	*ev = good;
	ev->digests[0] = ev->digests[1]; /* a reference without SHA-1 */
	ev->n_digests = 1;
	trial_run(t);
	assert_true(troth_findings_have(&t->findings, TROTH_FINDING_UNEXPECTED_EVENT));
	t->selection.n_banks = 1;
	trial_run(t);
	assert_int_equal(t->findings.n, 0);
	ev->n_digests = 0; /* a reference without any digest */
	trial_run(t);
	assert_true(troth_findings_have(&t->findings, TROTH_FINDING_UNEXPECTED_EVENT));
	trial_free(t);
}

static void event_without_digest_never_matches(void **state)
{
	(void)state;
	struct trial *t = trial_new("4a4b", "4a 4b", 0x10);
	t->log.events[2].digests[1] = (struct troth_view){ 0 };
	trial_run(t);
	assert_int_equal(t->findings.n, 1);
	assert_int_equal(t->findings.list[0].code, TROTH_FINDING_UNEXPECTED_EVENT);
	assert_int_equal(t->findings.list[0].event, 2);
	assert_int_equal(t->findings.list[0].seen.alg, TROTH_HASH_NONE);
	/* Nor does no digest match none. */
	t->set.components[1].alternatives[0].events[0].n_digests = 0;
	trial_run(t);
	assert_int_equal(t->findings.n, 1);
	trial_free(t);
}

static void informative_events_take_no_part(void **state)
{
	(void)state;
	struct trial *t = trial_new("4a4b4c", "4a 4c", 0x10);
	t->log.events[2].type = 3;
	trial_run(t);
	assert_int_equal(t->findings.n, 0);
	assert_int_equal(t->match.n_matched, 2);
	trial_free(t);
}

static void component_without_alternatives_never_matches(void **state)
{
	(void)state;
	for (int golden = 0; golden < 2; golden++) {
		struct trial *t = trial_new("4a", "4a 5x", 0x10);
		struct troth_component *c = &t->set.components[1];
		free(c->alternatives[0].events);
		free(c->alternatives);
		c->alternatives = NULL;
		c->n_alternatives = 0;
		c->golden = golden;
		trial_run(t);
		assert_int_equal(t->findings.n, 1);
		assert_int_equal(t->findings.list[0].code, TROTH_FINDING_MISSING_COMPONENT);
		c->optional = true;
		trial_run(t);
		assert_int_equal(t->findings.n, 0);
		trial_free(t);
	}
}

/* n optional components of the same two events leave n + 1 places in a log of such events. */
static void too_many_partial_matches_are_denied(void **state)
{
	(void)state;
	for (size_t n = TROTH_MATCH_STATES_MAX - 1; n <= TROTH_MATCH_STATES_MAX; n++) {
		char log[4 * TROTH_MATCH_STATES_MAX + 1] = "", reference[512] = "";
		for (size_t i = 0; i < (size_t)2 * TROTH_MATCH_STATES_MAX; i++)
			memcpy(log + 2 * i, "4a", 3);
		for (size_t i = 0; i < n; i++)
			memcpy(reference + 6 * i, "?4a4a ", 7);
		struct trial *t = trial_new(log, reference, 0x10);
		char got[64];
		assert_int_equal(t->set.n_components, n);
		trial_run(t);
		describe(&t->findings, got, sizeof got);
		assert_string_equal(got, n < TROTH_MATCH_STATES_MAX ? "U4@127" : "A");
		assert_int_equal(t->match.covered, 0);
		trial_free(t);
	}
}

/* Of one event each, what comes next is taken where it fits, and no place is left behind. */
static void single_events_that_fit_leave_no_choice(void **state)
{
	(void)state;
	char log[2 * TROTH_COMPONENTS_MAX + 1] = "", reference[5 * TROTH_COMPONENTS_MAX] = "";
	for (size_t i = 0; i < TROTH_COMPONENTS_MAX; i++) {
		const char event[3] = { (char)('4' + i % 3), (char)('a' + i / 3), '\0' };
		memcpy(log + 2 * i, event, 3);
		(void)snprintf(reference + 4 * i, 5, "?%s ", event);
	}
	struct trial *t = trial_new(log, reference, 0x70);
	trial_run(t);
	assert_int_equal(t->findings.n, 0);
	assert_int_equal(t->match.n_matched, TROTH_COMPONENTS_MAX);
	trial_free(t);
}

static void too_many_components_are_refused(void **state)
{
	(void)state;
	struct trial *t = trial_new("4a", "4a", 0x10);
	struct troth_match m;
	const struct troth_match_case c = {
		.set = &t->set,
		.log = &t->log,
		.pcrs = &t->pcrs,
		.selection = &t->selection,
	};
	t->set.n_components = TROTH_COMPONENTS_MAX + 1;
	POISON(m);
	assert_int_equal(troth_reference_match(&c, &m, &t->findings), TROTH_E_LIMIT);
	ASSERT_POISONED(m);
	assert_int_equal(t->findings.n, 0);
	t->set.n_components = 1;
	trial_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts_match_as_written),
		cmocka_unit_test(used_alternatives_are_told),
		cmocka_unit_test(finding_shows_what_was_seen_and_expected),
		cmocka_unit_test(ignore_rules_are_counted),
		cmocka_unit_test(every_selected_bank_must_match),
		cmocka_unit_test(event_without_digest_never_matches),
		cmocka_unit_test(informative_events_take_no_part),
		cmocka_unit_test(component_without_alternatives_never_matches),
		cmocka_unit_test(too_many_partial_matches_are_denied),
		cmocka_unit_test(single_events_that_fit_leave_no_choice),
		cmocka_unit_test(too_many_components_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
