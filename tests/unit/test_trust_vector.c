/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers are those of draft-ietf-rats-ar4si-06 and draft-ietf-rats-ear. */
#include "check.h"

#include "verdict.h"

#define NONE TROTH_TIER_NONE
#define AFFIRMING TROTH_TIER_AFFIRMING
#define WARNING TROTH_TIER_WARNING
#define CONTRAINDICATED TROTH_TIER_CONTRAINDICATED

#define PCR(n) (1U << (n))

/* The draft's tiers, at the edges of each. */
static const struct {
	int value;
	enum troth_tier want;
} TIERS[] = {
	{ 0, NONE },
	{ 1, NONE },
	{ -1, NONE },
	{ 2, AFFIRMING },
	{ 31, AFFIRMING },
	{ -2, AFFIRMING },
	{ -32, AFFIRMING },
	{ 32, WARNING },
	{ 95, WARNING },
	{ -33, WARNING },
	{ -96, WARNING },
	{ 96, CONTRAINDICATED },
	{ 127, CONTRAINDICATED },
	{ -97, CONTRAINDICATED },
	{ -128, CONTRAINDICATED },
};

static void values_have_the_drafts_tiers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof TIERS / sizeof *TIERS; i++)
		if (troth_claim_tier((int8_t)TIERS[i].value) != TIERS[i].want)
			fail_msg("%d", TIERS[i].value);
}

static void claims_have_the_drafts_numbers(void **state)
{
	static const char *const NAMES[] = { "instance-identity", "configuration",
					     "executables",	  "file-system",
					     "hardware",	  "runtime-opaque",
					     "storage-opaque",	  "sourced-data" };
	(void)state;
	assert_int_equal(TROTH_CLAIM_N, 8);
	for (size_t i = 0; i < 8; i++)
		assert_string_equal(troth_claim_name((enum troth_claim)i), NAMES[i]);
	assert_string_equal(troth_claim_name(TROTH_CLAIM_N), "unknown");
}

/* A claim's value and the finding's severity never tell two stories. */
static void a_findings_value_has_its_severitys_tier(void **state)
{
	(void)state;
	for (enum troth_finding_code c = TROTH_FINDING_NONE; c < TROTH_FINDING_N; c++)
		for (int32_t pcr = -1; pcr < 24; pcr++) {
			enum troth_claim claim = TROTH_CLAIM_N;
			int8_t value = 0;
			const enum troth_tier severity = troth_finding_severity(c);
			const bool speaks = troth_claim_of_finding(c, pcr, &claim, &value);
			if (speaks != (c != TROTH_FINDING_NONE && severity != AFFIRMING))
				fail_msg("%s speaks", troth_finding_name(c));
			if (speaks && (troth_claim_tier(value) != severity || value == 0 ||
				       claim >= TROTH_CLAIM_N))
				fail_msg("%s: %d", troth_finding_name(c), value);
		}
}

static const struct {
	const char *name;
	bool recognised;
	struct troth_coverage coverage;
	enum troth_finding_code code;
	int32_t pcr;
	int8_t want[TROTH_CLAIM_N];
} CASES[] = {
	{ "nothing at all", .pcr = -1, .want = { 0 } },
	{ "only the TPM is known", .recognised = true, .pcr = -1, .want = { 2 } },
	{ "a boot that matched, of a known TPM", .recognised = true,
	  .coverage = { .pcrs_matched = PCR(0) | PCR(4) | PCR(7) }, .pcr = -1,
	  .want = { 2, 2, 3, 0, 2 } },
	{ "the same of an unknown TPM: no identity, no hardware",
	  .coverage = { .pcrs_matched = PCR(0) | PCR(4) | PCR(7) }, .pcr = -1,
	  .want = { 0, 2, 3, 0, 0 } },
	{ "golden values count", .recognised = true,
	  .coverage = { .pcrs_golden = PCR(0) | PCR(4) | PCR(7) }, .pcr = -1,
	  .want = { 2, 2, 3, 0, 2 } },
	{ "PCRs that hold nothing do not", .recognised = true,
	  .coverage = { .pcrs_matched = PCR(0) | PCR(4) | PCR(7),
			.pcrs_empty = PCR(0) | PCR(4) | PCR(7) },
	  .pcr = -1, .want = { 2 } },
	{ "replayed is not compared", .coverage = { .pcrs_replayed = 0xff }, .pcr = -1,
	  .want = { 0 } },
	{ "secure boot without reference values", .coverage = { .secure_boot_checked = true },
	  .pcr = -1, .want = { 0, 3 } },
	{ "IMA, too", .coverage = { .pcrs_matched = PCR(4), .ima_checked = true }, .pcr = -1,
	  .want = { 0, 0, 2, 2 } },
	{ "IMA alone says nothing of the boot", .coverage = { .ima_checked = true }, .pcr = -1,
	  .want = { 0, 0, 0, 2 } },
	{ "a file nobody approved is code and a file",
	  .coverage = { .pcrs_matched = PCR(4), .ima_checked = true },
	  .code = TROTH_FINDING_IMA_UNKNOWN_FILE, .pcr = 10, .want = { 0, 0, 96, 32 } },
	{ "what was not measured", .coverage = { .ima_checked = true },
	  .code = TROTH_FINDING_IMA_UNMEASURED, .pcr = 10, .want = { 0, 0, 1, 1 } },
	{ "a list that was not judged says nothing of files",
	  .coverage = { .pcrs_matched = PCR(4) }, .code = TROTH_FINDING_IMA_REPLAY_MISMATCH,
	  .pcr = 10, .want = { 0, 0, 99, 0 } },
	{ "files have nothing to do with a loader", .coverage = { .ima_checked = true },
	  .code = TROTH_FINDING_UNEXPECTED_EVENT, .pcr = 4, .want = { 0, 0, 96, 2 } },
	{ "unknown firmware", .recognised = true, .code = TROTH_FINDING_UNEXPECTED_EVENT,
	  .pcr = 0, .want = { 2, 0, 0, 0, 97 } },
	{ "unknown setting", .code = TROTH_FINDING_UNEXPECTED_EVENT, .pcr = 1,
	  .want = { 0, 96 } },
	{ "unknown loader", .code = TROTH_FINDING_UNEXPECTED_EVENT, .pcr = 4,
	  .want = { 0, 0, 96 } },
	{ "a log that does not lead to the quote", .code = TROTH_FINDING_REPLAY_MISMATCH,
	  .pcr = 0, .want = { 0, 0, 99 } },
	{ "secure boot off", .coverage = { .pcrs_matched = PCR(7) },
	  .code = TROTH_FINDING_SECURE_BOOT_OFF, .pcr = 7, .want = { 0, 96 } },
	{ "what could not be evaluated displaces what was affirmed",
	  .coverage = { .pcrs_matched = PCR(4) }, .code = TROTH_FINDING_REFERENCE_MISSING,
	  .pcr = 9, .want = { 0, 0, 1 } },
	{ "a quirk speaks against nothing", .coverage = { .pcrs_matched = PCR(4) },
	  .code = TROTH_FINDING_LOG_QUIRK, .pcr = -1, .want = { 0, 0, 3 } },
	{ "a quote that is not genuine", .recognised = true, .code = TROTH_FINDING_SIGNATURE,
	  .pcr = -1, .want = { 99 } },
	{ "a quote played again", .recognised = true, .code = TROTH_FINDING_ROLLBACK, .pcr = -1,
	  .want = { 96 } },
};

static void vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct troth_findings findings = { 0 };
		if (CASES[i].code != TROTH_FINDING_NONE)
			troth_finding_add(&findings, CASES[i].code)->pcr = CASES[i].pcr;
		const struct troth_trust_vector v =
			troth_trust_vector_make(&(struct troth_trust_case){
				&findings, &CASES[i].coverage, CASES[i].recognised });
		for (size_t k = 0; k < TROTH_CLAIM_N; k++)
			if (v.claim[k] != CASES[i].want[k])
				fail_msg("%s: %s is %d", CASES[i].name,
					 troth_claim_name((enum troth_claim)k), v.claim[k]);
	}
}

/* A check that weighs a finding otherwise than its code does. */
static void severity_overrides_the_code(void **state)
{
	static const struct {
		enum troth_tier severity;
		int8_t want;
	} SEVERITIES[] = {
		{ AFFIRMING, 0 }, { NONE, 1 }, { WARNING, 32 }, { CONTRAINDICATED, 99 }
	};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct troth_findings findings = { 0 };
		const struct troth_coverage coverage = { 0 };
		troth_finding_add(&findings, TROTH_FINDING_LOG_MISSING)->severity =
			SEVERITIES[i].severity;
		const struct troth_trust_vector v = troth_trust_vector_make(
			&(struct troth_trust_case){ &findings, &coverage, false });
		assert_int_equal(v.claim[TROTH_CLAIM_EXECUTABLES], SEVERITIES[i].want);
	}
}

static void the_worst_finding_of_a_claim_counts(void **state)
{
	static const enum troth_finding_code CODES[] = { TROTH_FINDING_REFERENCE_MISSING,
							 TROTH_FINDING_EVENT_DATA,
							 TROTH_FINDING_LOG_EMPTY,
							 TROTH_FINDING_UNEXPECTED_EVENT };
	static const int8_t WANT[] = { 1, 32, 99, 99 };
	const struct troth_coverage coverage = { .pcrs_matched = PCR(4) };
	struct troth_findings findings = { 0 };
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		troth_finding_add(&findings, CODES[i])->pcr = 9;
		const struct troth_trust_vector v = troth_trust_vector_make(
			&(struct troth_trust_case){ &findings, &coverage, false });
		assert_int_equal(v.claim[TROTH_CLAIM_EXECUTABLES], WANT[i]);
	}
}

static void dropped_findings_may_be_the_worst(void **state)
{
	const struct troth_findings findings = { .n_dropped = 1 };
	const struct troth_coverage coverage = { .pcrs_matched = PCR(4), .ima_checked = true };
	(void)state;
	const struct troth_trust_vector v = troth_trust_vector_make(
		&(struct troth_trust_case){ &findings, &coverage, true });
	assert_int_equal(v.claim[TROTH_CLAIM_EXECUTABLES], 96);
	assert_int_equal(v.claim[TROTH_CLAIM_FILE_SYSTEM], 32);
}

static const struct {
	enum troth_tier verdict;
	int8_t claim;
	enum troth_tier want;
	int number;
} STATUSES[] = {
	{ AFFIRMING, 2, AFFIRMING, 2 },	   { AFFIRMING, 0, AFFIRMING, 2 },
	{ AFFIRMING, 32, WARNING, 32 },	   { AFFIRMING, 1, NONE, 0 },
	{ AFFIRMING, -1, NONE, 0 },	   { AFFIRMING, 99, CONTRAINDICATED, 96 },
	{ WARNING, 2, WARNING, 32 },	   { NONE, 32, NONE, 0 },
	{ NONE, 96, CONTRAINDICATED, 96 }, { CONTRAINDICATED, 2, CONTRAINDICATED, 96 },
};

static void status_is_never_better_than_the_worst_claim(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof STATUSES / sizeof *STATUSES; i++)
		for (size_t k = 0; k < TROTH_CLAIM_N; k++) {
			struct troth_trust_vector v = { 0 };
			v.claim[k] = STATUSES[i].claim;
			const enum troth_tier got = troth_trust_status(STATUSES[i].verdict, &v);
			if (got != STATUSES[i].want ||
			    troth_status_number(got) != STATUSES[i].number)
				fail_msg("row %zu: %s", i, troth_tier_name(got));
		}
}

static void every_value_has_words(void **state)
{
	(void)state;
	for (size_t k = 0; k <= TROTH_CLAIM_N; k++)
		for (int value = INT8_MIN; value <= INT8_MAX; value++)
			assert_true(strlen(troth_claim_words((enum troth_claim)k,
							     (int8_t)value)) > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_have_the_drafts_tiers),
		cmocka_unit_test(claims_have_the_drafts_numbers),
		cmocka_unit_test(a_findings_value_has_its_severitys_tier),
		cmocka_unit_test(vectors),
		cmocka_unit_test(severity_overrides_the_code),
		cmocka_unit_test(the_worst_finding_of_a_claim_counts),
		cmocka_unit_test(dropped_findings_may_be_the_worst),
		cmocka_unit_test(status_is_never_better_than_the_worst_claim),
		cmocka_unit_test(every_value_has_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
