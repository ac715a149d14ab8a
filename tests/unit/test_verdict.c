/* SPDX-License-Identifier: Apache-2.0 */
/* Digests were computed with python3's hashlib over the layout written in verdict.h. */
#include "check.h"

#include "verdict.h"

#define NONE TROTH_TIER_NONE
#define AFFIRMING TROTH_TIER_AFFIRMING
#define WARNING TROTH_TIER_WARNING
#define CONTRAINDICATED TROTH_TIER_CONTRAINDICATED

static const struct {
	const char *name;
	enum troth_tier severity[3];
	size_t n;
	bool saw_all;
	enum troth_tier want;
} FOLDS[] = {
	{ "nothing found, all seen", { 0 }, 0, true, AFFIRMING },
	{ "nothing found, not all seen", { 0 }, 0, false, NONE },
	{ "something shown", { AFFIRMING }, 1, true, AFFIRMING },
	{ "a warning", { AFFIRMING, WARNING }, 2, true, WARNING },
	{ "a warning, not all seen", { WARNING }, 1, false, NONE },
	{ "an open question beside a warning", { WARNING, NONE, AFFIRMING }, 3, true, NONE },
	{ "the worst first", { CONTRAINDICATED, NONE, AFFIRMING }, 3, true, CONTRAINDICATED },
	{ "the worst last", { AFFIRMING, WARNING, CONTRAINDICATED }, 3, true, CONTRAINDICATED },
	{ "the worst, not all seen", { CONTRAINDICATED }, 1, false, CONTRAINDICATED },
	{ "a severity there is not", { (enum troth_tier)9 }, 1, true, (enum troth_tier)9 },
};

static void tier_is_the_worst(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof FOLDS / sizeof *FOLDS; i++) {
		struct troth_findings f = { .n = FOLDS[i].n };
		for (size_t k = 0; k < FOLDS[i].n; k++)
			f.list[k].severity = FOLDS[i].severity[k];
		enum troth_tier got = troth_tier_fold(&f, FOLDS[i].saw_all);
		if (got != FOLDS[i].want)
			fail_msg("%s: %s", FOLDS[i].name, troth_tier_name(got));
	}
}

static void dropped_findings_are_the_worst(void **state)
{
	(void)state;
	const struct troth_findings f = { .n_dropped = 1 };
	assert_int_equal(troth_tier_fold(&f, true), CONTRAINDICATED);
}

static struct troth_verdict sample(void)
{
	struct troth_verdict v = { .tier = CONTRAINDICATED };
	struct troth_finding *f = troth_finding_add(&v.findings, TROTH_FINDING_REPLAY_MISMATCH);
	f->pcr = 7;
	f->seen.alg = TROTH_HASH_SHA256;
	memset(f->seen.bytes, 0xab, 32);
	memcpy(f->detail, "text", 5);
	memcpy(f->reference, "component/v1", 13);
	f = troth_finding_add(&v.findings, TROTH_FINDING_LOG_QUIRK);
	f->event = 3;
	f->expected.alg = TROTH_HASH_SHA384;
	memset(f->expected.bytes, 1, 48);
	v.findings.n_dropped = 5;
	v.coverage = (struct troth_coverage){ 1,
					      2,
					      3,
					      4,
					      5,
					      6,
					      7,
					      8,
					      9,
					      true,
					      false,
					      true,
					      { 1, 2, 3, 4, 5, 6, 7 },
					      1,
					      { { 5, 13, 2 } } };
	v.trust = (struct troth_trust_vector){ { 2, -1, 96, 0, 97, 1, -128, 127 } };
	return v;
}

static void digest_is_of_the_documented_bytes(void **state)
{
	uint8_t digest[32];
	const struct troth_verdict empty = { 0 };
	assert_int_equal(troth_verdict_digest(*state, &empty, digest), TROTH_OK);
	assert_hex(digest, "b50014473e0a8a014098babaf5064a41ed1e16ab2b0c069f7585f49cb0681f37");
	const struct troth_verdict v = sample();
	assert_int_equal(troth_verdict_digest(*state, &v, digest), TROTH_OK);
	assert_hex(digest, "39510ac9b540da44155dad0874ce2579f8d6cbb8c79050e29eb77fe908c66db2");
}

/* Changes one thing in a verdict. */
static bool change(struct troth_verdict *v, size_t i)
{
	struct troth_finding *f = &v->findings.list[0];
	switch (i) {
	case 0: v->tier = WARNING; return true;
	case 1: v->findings.n--; return true;
	case 2: v->findings.n_dropped++; return true;
	case 3: f->code = TROTH_FINDING_LOG_EMPTY; return true;
	case 4: f->severity = WARNING; return true;
	case 5: f->pcr = -1; return true;
	case 6: f->event = 0; return true;
	case 7: f->seen.bytes[31] ^= 1; return true;
	case 8: f->seen.alg = TROTH_HASH_NONE; return true;
	case 9: f->expected = f->seen; return true;
	case 10: f->detail[3] = '\0'; return true;
	case 11: f->reference[0] = 'x'; return true;
	case 12: v->coverage.n_checks++; return true;
	case 13: v->coverage.pcrs_quoted++; return true;
	case 14: v->coverage.pcrs_replayed++; return true;
	case 15: v->coverage.pcrs_matched++; return true;
	case 16: v->coverage.pcrs_golden++; return true;
	case 17: v->coverage.pcrs_unchecked++; return true;
	case 18: v->coverage.n_events_matched++; return true;
	case 19: v->coverage.n_events_ignored++; return true;
	case 20: v->coverage.secure_boot_checked = false; return true;
	case 21: v->coverage.ima_checked = true; return true;
	case 22: v->coverage.pcrs_empty++; return true;
	case 23: v->coverage.n_ignored--; return true;
	case 24: v->coverage.ignored[0].pcr++; return true;
	case 25: v->coverage.ignored[0].type++; return true;
	case 26: v->coverage.ignored[0].n_events++; return true;
	default: break;
	}
	if (i - 27 >= TROTH_CLAIM_N)
		return false;
	v->trust.claim[i - 27]++;
	return true;
}

static void every_field_is_in_the_digest(void **state)
{
	uint8_t seen[40][32];
	struct troth_verdict v = sample();
	size_t n = 0;
	assert_int_equal(troth_verdict_digest(*state, &v, seen[n]), TROTH_OK);
	for (n = 1; change(&v, n - 1); n++) {
		assert_int_equal(troth_verdict_digest(*state, &v, seen[n]), TROTH_OK);
		for (size_t i = 0; i < n; i++)
			assert_memory_not_equal(seen[i], seen[n], 32);
		v = sample();
	}
	assert_int_equal(n, 28 + TROTH_CLAIM_N);
}

static void fullest_verdict_has_a_digest(void **state)
{
	struct troth_verdict v = { 0 };
	uint8_t digest[32];
	for (size_t i = 0; i < TROTH_FINDINGS_MAX + 1; i++) {
		struct troth_finding *f =
			troth_finding_add(&v.findings, TROTH_FINDING_SECURE_BOOT_UNPROVEN);
		f->seen.alg = f->expected.alg = TROTH_HASH_SHA512;
		memset(f->detail, 'd', sizeof f->detail - 1);
		memset(f->reference, 'r', sizeof f->reference - 1);
	}
	assert_int_equal(troth_verdict_digest(*state, &v, digest), TROTH_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tier_is_the_worst),
		cmocka_unit_test(dropped_findings_are_the_worst),
		cmocka_unit_test(digest_is_of_the_documented_bytes),
		cmocka_unit_test(every_field_is_in_the_digest),
		cmocka_unit_test(fullest_verdict_has_a_digest),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
