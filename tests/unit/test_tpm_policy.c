/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "reader.h"
#include "tpm_policy.h"

#define V(a, b, c, d) ((uint64_t)(a) << 48 | (uint64_t)(b) << 32 | (uint64_t)(c) << 16 | (d))
#define ANY_VERSION 0, UINT64_MAX

static const struct {
	const char *name;
	struct troth_tpm_policy policy;
	struct troth_tpm_facts facts;
	enum troth_tpm_answer want;
} JUDGEMENTS[] = {
	{ "no rules", { 0 }, { "IFX", V(7, 62, 0, 0) }, TROTH_TPM_ACCEPTED },
	{ "no rules, no maker", { 0 }, { "", 0 }, TROTH_TPM_ACCEPTED },
	{ "denied maker",
	  { .n_deny = 1, .deny = { { "IFX", ANY_VERSION } } },
	  { "IFX", V(9, 9, 9, 9) },
	  TROTH_TPM_DENIED },
	{ "another maker",
	  { .n_deny = 1, .deny = { { "IFX", ANY_VERSION } } },
	  { "STM", V(9, 9, 9, 9) },
	  TROTH_TPM_ACCEPTED },
	{ "a maker that begins alike",
	  { .n_deny = 1, .deny = { { "IFX", ANY_VERSION } } },
	  { "IFXX", 0 },
	  TROTH_TPM_ACCEPTED },
	{ "no maker known, one denied",
	  { .n_deny = 1, .deny = { { "IFX", ANY_VERSION } } },
	  { "", 0 },
	  TROTH_TPM_UNKNOWN },
	{ "no maker known, version outside",
	  { .n_deny = 1, .deny = { { "IFX", V(7, 0, 0, 0), V(7, 62, 0, 0) } } },
	  { "", V(8, 0, 0, 0) },
	  TROTH_TPM_ACCEPTED },
	{ "first of a range",
	  { .n_deny = 1, .deny = { { "IFX", V(7, 0, 0, 0), V(7, 62, 0, 0) } } },
	  { "IFX", V(7, 0, 0, 0) },
	  TROTH_TPM_DENIED },
	{ "last of a range",
	  { .n_deny = 1, .deny = { { "IFX", V(7, 0, 0, 0), V(7, 62, 0, 0) } } },
	  { "IFX", V(7, 62, 0, 0) },
	  TROTH_TPM_DENIED },
	{ "one past a range",
	  { .n_deny = 1, .deny = { { "IFX", V(7, 0, 0, 0), V(7, 62, 0, 0) } } },
	  { "IFX", V(7, 62, 0, 1) },
	  TROTH_TPM_ACCEPTED },
	{ "any maker's version",
	  { .n_deny = 1, .deny = { { "", 0, V(1, 0, 0, 0) } } },
	  { "", V(0, 5, 0, 0) },
	  TROTH_TPM_DENIED },
	{ "allowed",
	  { .n_allow = 1, .allow = { { "STM", V(74, 0, 0, 0), UINT64_MAX } } },
	  { "STM", V(74, 9, 0, 0) },
	  TROTH_TPM_ACCEPTED },
	{ "older than allowed",
	  { .n_allow = 1, .allow = { { "STM", V(74, 0, 0, 0), UINT64_MAX } } },
	  { "STM", V(73, 9, 0, 0) },
	  TROTH_TPM_DENIED },
	{ "not among the allowed",
	  { .n_allow = 1, .allow = { { "STM", ANY_VERSION } } },
	  { "IFX", 0 },
	  TROTH_TPM_DENIED },
	{ "no maker known, one allowed",
	  { .n_allow = 1, .allow = { { "STM", ANY_VERSION } } },
	  { "", 0 },
	  TROTH_TPM_UNKNOWN },
	{ "the second allowed",
	  { .n_allow = 2, .allow = { { "STM", ANY_VERSION }, { "IFX", ANY_VERSION } } },
	  { "IFX", 0 },
	  TROTH_TPM_ACCEPTED },
	{ "allowed and denied",
	  { .n_deny = 1,
	    .deny = { { "STM", 0, V(73, 0, 0, 0) } },
	    .n_allow = 1,
	    .allow = { { "STM", ANY_VERSION } } },
	  { "STM", V(72, 0, 0, 0) },
	  TROTH_TPM_DENIED },
};

static void judgements(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof JUDGEMENTS / sizeof *JUDGEMENTS; i++)
		if (troth_tpm_judge(&JUDGEMENTS[i].policy, &JUDGEMENTS[i].facts) !=
		    JUDGEMENTS[i].want)
			fail_msg("%s", JUDGEMENTS[i].name);
}

/* Attributes of real certificates (TCG Vendor ID Registry), and what is none. */
static const struct {
	const char *attribute, *want; /* NULL: refused */
} MAKERS[] = {
	{ "id:49465800", "IFX" },
	{ "id:53544D20", "STM" },
	{ "id:4E544300", "NTC" },
	{ "id:494E5443", "INTC" },
	{ "id:414D4400", "AMD" },
	{ "id:00001014", "00001014" },
	{ "id:41420043", "41420043" },
	{ "id:00000000", "00000000" },
	{ "49465800", NULL },
	{ "id:494658", NULL },
	{ "id:4946580000", NULL },
	{ "id:4946580g", NULL },
	{ "", NULL },
	{ "ID:49465800", NULL },
};

static void makers_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof MAKERS / sizeof *MAKERS; i++) {
		char got[TROTH_TPM_MAKER_MAX + 1];
		memset(got, 0xaa, sizeof got);
		const bool read = troth_tpm_maker_read(MAKERS[i].attribute, got);
		if (read != (MAKERS[i].want != NULL))
			fail_msg("%s", MAKERS[i].attribute);
		if (read)
			assert_string_equal(got, MAKERS[i].want);
		else
			ASSERT_POISONED(got);
	}
}

static const struct {
	const char *text;
	bool good;
	uint64_t from, to;
} VERSIONS[] = {
	{ "7", true, V(7, 0, 0, 0), V(7, 65535, 65535, 65535) },
	{ "7.62", true, V(7, 62, 0, 0), V(7, 62, 65535, 65535) },
	{ "7.85.17.51968", true, V(7, 85, 17, 51968), V(7, 85, 17, 51968) },
	{ "65535.65535.65535.65535", true, UINT64_MAX, UINT64_MAX },
	{ "0", true, 0, V(0, 65535, 65535, 65535) },
	{ "", false, 0, 0 },
	{ ".", false, 0, 0 },
	{ "7.", false, 0, 0 },
	{ ".7", false, 0, 0 },
	{ "7..1", false, 0, 0 },
	{ "65536", false, 0, 0 },
	{ "1.2.3.4.5", false, 0, 0 },
	{ "1.2.3.4.", false, 0, 0 },
	{ "07", false, 0, 0 },
	{ "-1", false, 0, 0 },
	{ "7 ", false, 0, 0 },
	{ "0x7", false, 0, 0 },
};

static void versions_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof VERSIONS / sizeof *VERSIONS; i++) {
		const struct troth_view text = troth_view_str(VERSIONS[i].text);
		uint64_t from = 1, to = 1;
		if (troth_tpm_version_read(text, false, &from) != VERSIONS[i].good ||
		    troth_tpm_version_read(text, true, &to) != VERSIONS[i].good)
			fail_msg("'%s'", VERSIONS[i].text);
		assert_int_equal(from, VERSIONS[i].good ? VERSIONS[i].from : 1);
		assert_int_equal(to, VERSIONS[i].good ? VERSIONS[i].to : 1);
	}
}

static void versions_are_written_as_they_are_read(void **state)
{
	static const uint64_t SOME[] = { 0, 1, V(7, 85, 17, 51968), UINT64_MAX };
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char text[TROTH_TPM_VERSION_TEXT];
		uint64_t back;
		troth_tpm_version_text(SOME[i], text);
		assert_true(troth_tpm_version_read(troth_view_str(text), false, &back));
		assert_int_equal(back, SOME[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judgements),
		cmocka_unit_test(makers_are_read),
		cmocka_unit_test(versions_are_read),
		cmocka_unit_test(versions_are_written_as_they_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
