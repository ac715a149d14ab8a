/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>

#include "bootvm.h"
#include "log_builder.h"
#include "reference.h"

/* Short scripts stand for logs and references: each event is a PCR digit and a letter;
 * the letter is what was measured. A reference is components separated by spaces, "?"
 * for an optional one, alternatives by "|". Letters a-z are EV_IPL, A-Z EV_EFI_ACTION
 * with the same digest. */

static const enum troth_hash TWO_BANKS[] = { TROTH_HASH_SHA1, TROTH_HASH_SHA256 };
static struct log_builder b;

static void digest_of(char letter, enum troth_hash bank, struct troth_digest *out)
{
	char lower = (char)(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
	uint8_t bytes[64];
	log_hash(bank, (struct troth_view){ (const uint8_t *)&lower, 1 }, bytes);
	assert_true(
		troth_digest_set(out, bank, (struct troth_view){ bytes, log_alg_size(bank) }));
}

/* Writes a log; indices count from 1, the Spec ID record is 0. */
static void put_log(const char *events)
{
	log_begin(&b, TWO_BANKS, 2);
	for (; *events != '\0'; events += 2) {
		const bool upper = events[1] >= 'A' && events[1] <= 'Z';
		char lower = (char)(upper ? events[1] - 'A' + 'a' : events[1]);
		log_event(&b, (uint32_t)(events[0] - '0'), upper ? 0x80000007U : 0x0dU,
			  (struct troth_view){ (const uint8_t *)&lower, 1 });
	}
}

static void add_event(struct troth_alternative *alt, char pcr, char letter)
{
	alt->events = realloc(alt->events, (alt->n_events + 1) * sizeof *alt->events);
	assert_non_null(alt->events);
	struct troth_reference_event *ev = &alt->events[alt->n_events++];
	*ev = (struct troth_reference_event){ .pcr = (uint32_t)(pcr - '0'), .n_digests = 2 };
	for (size_t i = 0; i < 2; i++)
		digest_of(letter, TWO_BANKS[i], &ev->digests[i]);
}

static struct troth_alternative *add_alternative(struct troth_component *c)
{
	c->alternatives =
		realloc(c->alternatives, (c->n_alternatives + 1) * sizeof *c->alternatives);
	assert_non_null(c->alternatives);
	struct troth_alternative *alt = &c->alternatives[c->n_alternatives++];
	*alt = (struct troth_alternative){ 0 };
	snprintf(alt->name, sizeof alt->name, "v%zu", c->n_alternatives);
	return alt;
}

static void make_set(const char *script, struct troth_reference_set *set)
{
	*set = (struct troth_reference_set){ .name = "set" };
	set->components = calloc(TROTH_COMPONENTS_MAX + 1, sizeof *set->components);
	assert_non_null(set->components);
	while (*script != '\0') {
		struct troth_component *c = &set->components[set->n_components++];
		snprintf(c->name, sizeof c->name, "c%zu", set->n_components);
		struct troth_alternative *alt = add_alternative(c);
		for (; *script != '\0' && *script != ' '; script++) {
			if (*script == '?') {
				c->optional = true;
			} else if (*script == '|') {
				alt = add_alternative(c);
			} else {
				add_event(alt, script[0], script[1]);
				script++;
			}
		}
		script += *script == ' ';
	}
}

/* A match of the log in b against a set; quoted values are zeros where not given. */
struct trial {
	struct troth_reference_set set;
	struct troth_log log;
	struct troth_pcr_selection selection;
	struct troth_pcr_values pcrs;
	struct troth_ignore_rule ignore[4];
	size_t n_ignore;
	struct troth_match match;
	struct troth_findings findings;
};

static struct trial *trial_new(const char *log, const char *reference, uint32_t mask)
{
	struct trial *t = calloc(1, sizeof *t);
	assert_non_null(t);
	put_log(log);
	struct troth_view copy = view_dup(log_bytes(&b));
	assert_int_equal(troth_log_parse(copy, &t->log), TROTH_OK);
	make_set(reference, &t->set);
	assert_true(troth_pcr_selection_add(&t->selection, TROTH_HASH_SHA256, mask));
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
		static const uint8_t ZEROS[32] = { 0 };
		if ((mask & 1U << pcr) != 0)
			assert_true(troth_pcr_set(&t->pcrs, TROTH_HASH_SHA256, pcr,
						  TROTH_VIEW_OF(ZEROS)));
	}
	return t;
}

static void trial_run(struct trial *t)
{
	const struct troth_match_case c = {
		.set = &t->set,
		.log = &t->log,
		.pcrs = &t->pcrs,
		.selection = &t->selection,
		.ignore = t->ignore,
		.n_ignore = t->n_ignore,
	};
	t->findings.n = 0;
	assert_int_equal(troth_reference_match(&c, &t->match, &t->findings), TROTH_OK);
}

static void trial_free(struct trial *t)
{
	file_free(t->log.bytes);
	troth_log_release(&t->log);
	troth_reference_release(&t->set);
	free(t);
}

/* Findings as text: "U4@5 c2/v1" is an unexpected event in PCR 4 at 5 where c2/v1 was expected,
 * "U4@5" one where nothing was, "M4 c2/v1" a missing component, "P4 c2/v1" a wrong final value,
 * "A" ambiguity. */
static void describe(const struct troth_findings *f, char *out, size_t size)
{
	size_t n = 0;
	out[0] = '\0';
	for (size_t i = 0; i < f->n && n < size; i++) {
		const struct troth_finding *g = &f->list[i];
		char letter = g->code == TROTH_FINDING_UNEXPECTED_EVENT	     ? 'U'
			      : g->code == TROTH_FINDING_MISSING_COMPONENT   ? 'M'
			      : g->code == TROTH_FINDING_PCR_MISMATCH	     ? 'P'
			      : g->code == TROTH_FINDING_REFERENCE_AMBIGUOUS ? 'A'
									     : '?';
		n += (size_t)snprintf(out + n, size - n, "%s%c", i > 0 ? "; " : "", letter);
		if (g->pcr >= 0)
			n += (size_t)snprintf(out + n, size - n, "%d", g->pcr);
		if (g->event >= 0)
			n += (size_t)snprintf(out + n, size - n, "@%d", g->event);
		if (g->reference[0] != '\0')
			n += (size_t)snprintf(out + n, size - n, " %s", g->reference);
	}
}

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

/* ---- ignore rules ---- */

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

/* ---- banks ---- */

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

/* ---- golden values ---- */

static void make_golden(struct trial *t, size_t component)
{
	struct troth_component *c = &t->set.components[component];
	c->golden = true;
}

static void quote_letter(struct trial *t, uint32_t pcr, char letter)
{
	struct troth_digest d;
	digest_of(letter, TROTH_HASH_SHA256, &d);
	memcpy(t->pcrs.banks[0].value[pcr], d.bytes, 32);
}

static void golden_value_stands_for_its_events(void **state)
{
	(void)state;
	struct trial *t = trial_new("4x4y5a", "4g 5a", 0x30);
	make_golden(t, 0);
	quote_letter(t, 4, 'g');
	trial_run(t);
	assert_int_equal(t->findings.n, 0);
	assert_int_equal(t->match.golden, 0x10);
	assert_int_equal(t->match.covered, 0x20);
	assert_int_equal(t->match.uncovered, 0);
	assert_int_equal(t->match.used[0], 0);

	quote_letter(t, 4, 'h');
	trial_run(t);
	char got[64];
	describe(&t->findings, got, sizeof got);
	assert_string_equal(got, "P4 c1/v1");
	assert_int_equal(t->match.golden, 0);
	assert_int_equal(t->match.uncovered, 0);
	assert_int_equal(t->match.used[0], -1);
	trial_free(t);
}

static void golden_alternatives_and_options(void **state)
{
	(void)state;
	char got[64];
	struct trial *t = trial_new("4x", "4g5g|4h5h", 0x30);
	make_golden(t, 0);
	quote_letter(t, 4, 'h');
	quote_letter(t, 5, 'h');
	trial_run(t);
	assert_int_equal(t->findings.n, 0);
	assert_int_equal(t->match.used[0], 1);
	quote_letter(t, 5, 'x'); /* one value of the second alternative differs */
	trial_run(t);
	describe(&t->findings, got, sizeof got);
	assert_string_equal(got, "P5 c1/v2");
	t->set.components[0].optional = true; /* an optional value that differs says nothing */
	trial_run(t);
	assert_int_equal(t->findings.n, 0);
	assert_int_equal(t->match.uncovered, 0x30);
	trial_free(t);
}

/* The alternative that fits must have named a PCR: the other's word is not its. */
static void golden_alternatives_vouch_for_their_own_pcrs(void **state)
{
	(void)state;
	char got[64];
	struct trial *t = trial_new("4x", "4g5g|4h", 0x30);
	make_golden(t, 0);
	quote_letter(t, 4, 'h');
	quote_letter(t, 5, 'x'); /* anything at all */
	trial_run(t);
	assert_int_equal(t->findings.n, 0);
	assert_int_equal(t->match.used[0], 1);
	assert_int_equal(t->match.golden, 0x10);
	assert_int_equal(t->match.uncovered, 0x20);
	quote_letter(t, 4, 'x'); /* no alternative fits: that is the finding */
	trial_run(t);
	describe(&t->findings, got, sizeof got);
	assert_string_equal(got, "P4 c1/v2");
	assert_int_equal(t->match.uncovered, 0);
	trial_free(t);
}

static void golden_value_without_a_bank_differs(void **state)
{
	(void)state;
	struct trial *t = trial_new("4x", "4g", 0x10);
	make_golden(t, 0);
	quote_letter(t, 4, 'g');
	t->set.components[0].alternatives[0].events[0].n_digests = 1; /* SHA-1 only */
	trial_run(t);
	assert_true(troth_findings_have(&t->findings, TROTH_FINDING_PCR_MISMATCH));
	t->set.components[0].alternatives[0].events[0].n_digests = 2;
	t->pcrs.n_banks = 0; /* nothing quoted */
	trial_run(t);
	assert_true(troth_findings_have(&t->findings, TROTH_FINDING_PCR_MISMATCH));
	t->set.components[0].alternatives[0].events[0].n_digests = 0; /* nor known */
	trial_run(t);
	assert_true(troth_findings_have(&t->findings, TROTH_FINDING_PCR_MISMATCH));
	trial_free(t);
}

/* That a PCR holds nothing is known without a reference. */
static void golden_value_of_nothing_is_no_golden_value(void **state)
{
	(void)state;
	struct trial *t = trial_new("4a", "5g 4a", 0x30);
	make_golden(t, 0);
	struct troth_digest *golden =
		&t->set.components[0].alternatives[0].events[0].digests[1];
	memset(golden->bytes, 0, sizeof golden->bytes);
	trial_run(t);
	assert_int_equal(t->findings.n, 0);
	assert_int_equal(t->match.covered, 0x30);
	assert_int_equal(t->match.golden, 0);
	trial_free(t);
}

static void golden_values_need_no_log(void **state)
{
	(void)state;
	struct trial *t = trial_new("4x", "4g 5a", 0x30);
	make_golden(t, 0);
	quote_letter(t, 4, 'g');
	const struct troth_match_case c = {
		.set = &t->set,
		.pcrs = &t->pcrs,
		.selection = &t->selection,
	};
	char got[64];
	assert_int_equal(troth_reference_match(&c, &t->match, &t->findings), TROTH_OK);
	describe(&t->findings, got, sizeof got);
	assert_string_equal(got, "M5 c2/v1");
	assert_int_equal(t->match.golden, 0x10);
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

/* ---- limits ---- */

/* n optional components of the same event leave n + 1 places in a log of such events. */
static void too_many_partial_matches_are_denied(void **state)
{
	(void)state;
	for (size_t n = TROTH_MATCH_STATES_MAX - 1; n <= TROTH_MATCH_STATES_MAX; n++) {
		char log[2 * TROTH_MATCH_STATES_MAX + 1] = "", reference[512] = "";
		for (size_t i = 0; i < TROTH_MATCH_STATES_MAX; i++)
			memcpy(log + 2 * i, "4a", 3);
		for (size_t i = 0; i < n; i++)
			memcpy(reference + 4 * i, "?4a ", 5);
		struct trial *t = trial_new(log, reference, 0x10);
		char got[64];
		assert_int_equal(t->set.n_components, n);
		trial_run(t);
		describe(&t->findings, got, sizeof got);
		assert_string_equal(got, n < TROTH_MATCH_STATES_MAX ? "U4@64" : "A");
		assert_int_equal(t->match.covered, 0);
		trial_free(t);
	}
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

/* ---- against a matcher that tries every combination ---- */

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t n)
{
	random_state = random_state * 1664525U + 1013904223U;
	return (random_state >> 16) % n;
}

/* Whether components from k on explain the rest of the log exactly; at holds the position in
 * each PCR's events. Tries everything. */
static bool explains(const struct troth_reference_set *set, size_t k, const char *const *pcrs,
		     const size_t at[2])
{
	if (k == set->n_components)
		return pcrs[0][at[0]] == '\0' && pcrs[1][at[1]] == '\0';
	const struct troth_component *c = &set->components[k];
	if (c->optional && explains(set, k + 1, pcrs, at))
		return true;
	for (size_t a = 0; a < c->n_alternatives; a++) {
		size_t next[2] = { at[0], at[1] };
		bool fits = true;
		for (size_t i = 0; fits && i < c->alternatives[a].n_events; i++) {
			const struct troth_reference_event *ev = &c->alternatives[a].events[i];
			struct troth_digest d = { 0 };
			const size_t p = ev->pcr - 4;
			if (pcrs[p][next[p]] != '\0')
				digest_of(pcrs[p][next[p]++], TROTH_HASH_SHA256, &d);
			fits = troth_digest_equal(&d, &ev->digests[1]);
		}
		if (fits && explains(set, k + 1, pcrs, next))
			return true;
	}
	return false;
}

static void random_script(char *reference, size_t size)
{
	size_t n = 0;
	const uint32_t components = 1 + random_below(5);
	for (uint32_t c = 0; c < components; c++) {
		if (c > 0)
			reference[n++] = ' ';
		if (random_below(3) == 0)
			reference[n++] = '?';
		const uint32_t alternatives = 1 + random_below(3);
		for (uint32_t a = 0; a < alternatives; a++) {
			if (a > 0)
				reference[n++] = '|';
			for (uint32_t e = random_below(3); e > 0; e--) {
				reference[n++] = (char)('4' + random_below(2));
				reference[n++] = (char)('a' + random_below(2));
			}
		}
	}
	assert_true(n < size);
	reference[n] = '\0';
}

static void agrees_with_trying_everything(void **state)
{
	(void)state;
	size_t n_match = 0, n_differ = 0;
	for (int round = 0; round < 4000; round++) {
		char reference[128], log[32], pcrs[2][16];
		size_t len[2] = { 0, 0 }, n = 0;
		random_script(reference, sizeof reference);
		for (uint32_t e = random_below(8); e > 0; e--) {
			const uint32_t p = random_below(2);
			log[n++] = (char)('4' + p);
			log[n] = (char)('a' + random_below(2));
			pcrs[p][len[p]++] = log[n++];
		}
		log[n] = pcrs[0][len[0]] = pcrs[1][len[1]] = '\0';
		struct trial *t = trial_new(log, reference, 0x30);
		trial_run(t);
		const bool ours = t->findings.n == 0 && t->match.uncovered == 0;
		const bool theirs = explains(&t->set, 0,
					     (const char *const[]){ pcrs[0], pcrs[1] },
					     (const size_t[2]){ 0, 0 });
		if (ours != theirs)
			fail_msg("log '%s' reference '%s': ours %d, theirs %d", log, reference,
				 ours, theirs);
		if (ours)
			n_match++;
		else
			n_differ++;
		trial_free(t);
	}
	assert_true(n_match > 300);
	assert_true(n_differ > 300);
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
		cmocka_unit_test(golden_value_stands_for_its_events),
		cmocka_unit_test(golden_alternatives_and_options),
		cmocka_unit_test(golden_alternatives_vouch_for_their_own_pcrs),
		cmocka_unit_test(golden_value_without_a_bank_differs),
		cmocka_unit_test(golden_value_of_nothing_is_no_golden_value),
		cmocka_unit_test(golden_values_need_no_log),
		cmocka_unit_test(component_without_alternatives_never_matches),
		cmocka_unit_test(too_many_partial_matches_are_denied),
		cmocka_unit_test(too_many_components_are_refused),
		cmocka_unit_test(agrees_with_trying_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
