/* SPDX-License-Identifier: Apache-2.0 */
/* The expected text is the example of docs/audit.md. */
#include "check.h"

#include "audit.h"
#include "base.h"
#include "reader.h"

static const uint8_t VERDICT[32] = { 0x01, 0x23 };
static const uint8_t POLICY[32] = { [31] = 0xff };
static const uint8_t CERTIFICATE[32] = { [0] = 0xab, [31] = 0xcd };

static struct troth_audit_leaf whole(void)
{
	return (struct troth_audit_leaf){
		.kind = TROTH_AUDIT_VERDICT,
		.time_ms = UINT64_C(1732230000123),
		.name = troth_view_str("press-4"),
		.actor = troth_view_str("device"),
		.detail = troth_view_str("affirming"),
		.digest = TROTH_VIEW_OF(VERDICT),
		.policy = TROTH_VIEW_OF(POLICY),
		.certificate = TROTH_VIEW_OF(CERTIFICATE),
	};
}

static const char WANT[] =
	"troth-audit/v1\n"
	"kind verdict\n"
	"time 1732230000123\n"
	"name press-4\n"
	"actor device\n"
	"detail affirming\n"
	"digest 0123000000000000000000000000000000000000000000000000000000000000\n"
	"policy 00000000000000000000000000000000000000000000000000000000000000ff\n"
	"reference -\n"
	"certificate ab000000000000000000000000000000000000000000000000000000000000cd\n";

static void is_written_as_documented(void **state)
{
	(void)state;
	const struct troth_audit_leaf leaf = whole();
	uint8_t buf[TROTH_AUDIT_LEAF_MAX];
	size_t n;
	assert_int_equal(troth_audit_leaf_write(&leaf, buf, sizeof buf, &n), TROTH_OK);
	assert_int_equal(n, sizeof WANT - 1);
	assert_memory_equal(buf, WANT, n);
}

static void fits_exactly_or_not_at_all(void **state)
{
	(void)state;
	const struct troth_audit_leaf leaf = whole();
	uint8_t buf[TROTH_AUDIT_LEAF_MAX];
	size_t n;
	POISON(buf);
	POISON(n);
	assert_int_equal(troth_audit_leaf_write(&leaf, buf, sizeof WANT - 2, &n),
			 TROTH_E_LIMIT);
	ASSERT_POISONED(buf);
	ASSERT_POISONED(n);
	assert_int_equal(troth_audit_leaf_write(&leaf, buf, sizeof WANT - 1, &n), TROTH_OK);
}

static const struct {
	const char *wrong;
	size_t field; /* offset of a struct troth_view in struct troth_audit_leaf */
	const char *value;
} BAD[] = {
	{ "line break in name", offsetof(struct troth_audit_leaf, name), "a\nkind state" },
	{ "carriage return in name", offsetof(struct troth_audit_leaf, name), "a\r" },
	{ "escape in name", offsetof(struct troth_audit_leaf, name), "\x1b[2J" },
	{ "delete in name", offsetof(struct troth_audit_leaf, name), "\x7f" },
	{ "byte past ASCII in name", offsetof(struct troth_audit_leaf, name), "\x9b" },
	{ "name that means absent", offsetof(struct troth_audit_leaf, name), "-" },
	{ "line break in actor", offsetof(struct troth_audit_leaf, actor), "uid:0\n" },
	{ "no actor", offsetof(struct troth_audit_leaf, actor), "" },
	{ "line break in detail", offsetof(struct troth_audit_leaf, detail), "\n" },
	{ "short digest", offsetof(struct troth_audit_leaf, digest), "x" },
	{ "short policy", offsetof(struct troth_audit_leaf, policy),
	  "0123456789012345678901234567890" },
	{ "long reference", offsetof(struct troth_audit_leaf, reference),
	  "012345678901234567890123456789012" },
	{ "short certificate", offsetof(struct troth_audit_leaf, certificate), "x" },
};

static void bad_fields_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(BAD); i++) {
		struct troth_audit_leaf leaf = whole();
		const struct troth_view v = troth_view_str(BAD[i].value);
		uint8_t buf[TROTH_AUDIT_LEAF_MAX];
		size_t n;
		memcpy((uint8_t *)&leaf + BAD[i].field, &v, sizeof v);
		POISON(buf);
		POISON(n);
		enum troth_status got = troth_audit_leaf_write(&leaf, buf, sizeof buf, &n);
		if (got != TROTH_E_MALFORMED)
			fail_msg("%s: %s", BAD[i].wrong, troth_status_name(got));
		ASSERT_POISONED(buf);
		ASSERT_POISONED(n);
	}
}

static void unknown_kind_is_refused(void **state)
{
	(void)state;
	struct troth_audit_leaf leaf = whole();
	uint8_t buf[TROTH_AUDIT_LEAF_MAX];
	size_t n;
	leaf.kind = (enum troth_audit_kind)7;
	assert_int_equal(troth_audit_leaf_write(&leaf, buf, sizeof buf, &n), TROTH_E_MALFORMED);
}

static void a_name_past_the_limit_is_refused(void **state)
{
	(void)state;
	static uint8_t text[TROTH_AUDIT_LEAF_MAX];
	struct troth_audit_leaf leaf = whole();
	uint8_t buf[TROTH_AUDIT_LEAF_MAX];
	size_t n;
	memset(text, 'a', sizeof text);
	leaf.name = (struct troth_view){ text,
					 sizeof text - (sizeof WANT - 1) + strlen("press-4") };
	assert_int_equal(troth_audit_leaf_write(&leaf, buf, sizeof buf, &n), TROTH_OK);
	assert_int_equal(n, TROTH_AUDIT_LEAF_MAX);
	leaf.name.n++;
	assert_int_equal(troth_audit_leaf_write(&leaf, buf, sizeof buf, &n), TROTH_E_LIMIT);
}

static void kinds(void **state)
{
	(void)state;
	static const char *const want[] = { "kind verdict\n",	"kind enrol\n",
					    "kind state\n",	"kind policy\n",
					    "kind reference\n", "kind secret\n",
					    "kind webhook\n" };
	for (size_t i = 0; i < TROTH_COUNT(want); i++) {
		struct troth_audit_leaf leaf = whole();
		uint8_t buf[TROTH_AUDIT_LEAF_MAX];
		size_t n;
		leaf.kind = (enum troth_audit_kind)i;
		assert_int_equal(troth_audit_leaf_write(&leaf, buf, sizeof buf, &n), TROTH_OK);
		assert_memory_equal(buf + strlen("troth-audit/v1\n"), want[i], strlen(want[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_written_as_documented),
		cmocka_unit_test(fits_exactly_or_not_at_all),
		cmocka_unit_test(bad_fields_are_refused),
		cmocka_unit_test(unknown_kind_is_refused),
		cmocka_unit_test(a_name_past_the_limit_is_refused),
		cmocka_unit_test(kinds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
