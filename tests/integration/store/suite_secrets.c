/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets: who may have which value, decided in the transaction of the verdict it goes with. */
#include <stdio.h>

#include "suite.h"

#include "base.h"

#define PUT TROTH_STORE_SECRET_PUT
#define GRANT TROTH_STORE_SECRET_GRANT
#define REMOVE TROTH_STORE_SECRET_REMOVE

/* The value that comes with an affirming verdict; NULL: none. Whether it is the device's own.
 */
static void expect_secret(struct suite *s, const uint8_t id[32], const char *name,
			  const char *want, bool own)
{
	const struct troth_device_row row = suite_row(s, id);
	struct troth_store_item item = sample_verdict(&row);
	struct troth_store_verdict *v = &item.u.verdict;
	struct troth_sealed_secret got = { .found = true };
	const size_t leaves = suite_count_leaves(s);

	(void)snprintf(v->secret_name, sizeof v->secret_name, "%s", name);
	v->secret_leaf = (struct troth_view){ (const uint8_t *)"leaf release\n", 13 };
	v->secret = &got;
	suite_must(s, &item);
	assert_int_equal(got.found, want != NULL);
	/* The verdict's leaf, and one before it for what was released. */
	assert_int_equal(suite_count_leaves(s), leaves + (want != NULL ? 2 : 1));
	if (want == NULL)
		return;
	assert_int_equal(got.own, own);
	assert_int_equal(got.n, strlen(want));
	assert_memory_equal(got.bytes, want, got.n);
}

static void do_secret(struct suite *s, enum troth_store_deed deed, const uint8_t *id,
		      const char *value)
{
	const struct troth_store_item item = sample_secret(deed, "disk", id, value);
	suite_must(s, &item);
}

static void a_device_has_its_own(void **state)
{
	struct suite *s = *state;
	const struct troth_device_row one = suite_enrolled(s, 1), two = suite_enrolled(s, 2);

	expect_secret(s, one.id, "disk", NULL, false);
	do_secret(s, PUT, one.id, "first");
	do_secret(s, PUT, two.id, "second");
	suite_reopen(s);
	expect_secret(s, one.id, "disk", "first", true);
	expect_secret(s, two.id, "disk", "second", true);
	expect_secret(s, one.id, "disc", NULL, false);
	do_secret(s, PUT, one.id, "third");
	expect_secret(s, one.id, "disk", "third", true);
	do_secret(s, REMOVE, one.id, NULL);
	expect_secret(s, one.id, "disk", NULL, false);
	expect_secret(s, two.id, "disk", "second", true);
}

static void a_shared_one_is_granted(void **state)
{
	struct suite *s = *state;
	const struct troth_device_row one = suite_enrolled(s, 1), two = suite_enrolled(s, 2);

	do_secret(s, PUT, NULL, "shared");
	expect_secret(s, one.id, "disk", NULL, false);
	do_secret(s, GRANT, one.id, NULL);
	do_secret(s, GRANT, one.id, NULL); /* once more changes nothing */
	expect_secret(s, one.id, "disk", "shared", false);
	expect_secret(s, two.id, "disk", NULL, false);
	do_secret(s, GRANT, NULL, NULL);
	expect_secret(s, two.id, "disk", "shared", false);
	/* A new value does not change who has it; a device's own goes before it. */
	do_secret(s, PUT, NULL, "new");
	do_secret(s, PUT, two.id, "own");
	expect_secret(s, one.id, "disk", "new", false);
	expect_secret(s, two.id, "disk", "own", true);
	do_secret(s, REMOVE, two.id, NULL);
	expect_secret(s, two.id, "disk", "new", false);
	do_secret(s, REMOVE, NULL, NULL);
	expect_secret(s, one.id, "disk", NULL, false);
}

static void what_cannot_be_is_refused(void **state)
{
	struct suite *s = *state;
	const struct troth_device_row one = suite_enrolled(s, 1), two = suite_enrolled(s, 2);
	static const uint8_t stranger[32] = { 0xee };
	const struct {
		const char *why;
		enum troth_store_deed deed;
		const uint8_t *id;
		enum troth_status want;
	} CASES[] = {
		{ "a grant without a shared value", GRANT, one.id, TROTH_E_NOT_FOUND },
		{ "a grant to all without one", GRANT, NULL, TROTH_E_NOT_FOUND },
		{ "nothing to remove", REMOVE, two.id, TROTH_E_NOT_FOUND },
		{ "a value of a stranger", PUT, stranger, TROTH_E_CONFLICT },
		{ "a removal of a stranger's", REMOVE, stranger, TROTH_E_CONFLICT },
	};

	do_secret(s, PUT, one.id, "own");
	for (size_t i = 0; i < TROTH_COUNT(CASES); i++) {
		const struct troth_store_item item = sample_secret(
			CASES[i].deed, "disk", CASES[i].id, CASES[i].deed == PUT ? "v" : NULL);
		suite_refused(s, CASES[i].why, &item, CASES[i].want);
	}
	do_secret(s, PUT, NULL, "shared");
	const struct troth_store_item beside = sample_secret(GRANT, "disk", one.id, NULL);
	suite_refused(s, "a grant beside a value of its own", &beside, TROTH_E_CONFLICT);
}

static void items_have_limits(void **state)
{
	struct suite *s = *state;
	const struct troth_device_row one = suite_enrolled(s, 1);
	static uint8_t big[TROTH_SECRET_SEALED_MAX + 1];
	struct troth_store_item item = sample_secret(PUT, "disk", one.id, "v");
	struct troth_sealed_secret got;

	memset(big, 'x', sizeof big);
	item.u.secret.sealed = (struct troth_view){ big, sizeof big };
	suite_refused(s, "a value past its limit", &item, TROTH_E_LIMIT);
	item.u.secret.sealed.n--;
	suite_must(s, &item);
	item.u.secret.sealed.n = 0;
	suite_refused(s, "a put without a value", &item, TROTH_E_MALFORMED);
	item = sample_secret(GRANT, "disk", one.id, "v");
	suite_refused(s, "a grant with a value", &item, TROTH_E_MALFORMED);
	item = sample_secret(PUT, "di/sk", one.id, "v");
	suite_refused(s, "a broken name", &item, TROTH_E_MALFORMED);
	item = sample_secret(PUT, "disk", one.id, "v");
	item.u.secret.leaf.n = 0;
	suite_refused(s, "no leaf", &item, TROTH_E_MALFORMED);

	item = sample_verdict(&one);
	item.u.verdict.secret = &got;
	suite_refused(s, "a place for no secret", &item, TROTH_E_MALFORMED);
	(void)snprintf(item.u.verdict.secret_name, 8, "disk");
	suite_refused(s, "a release without its leaf", &item, TROTH_E_MALFORMED);
	item.u.verdict.secret_leaf = item.u.verdict.leaf;
	item.u.verdict.issued = false;
	suite_refused(s, "a release without a certificate", &item, TROTH_E_MALFORMED);
	item.u.verdict.issued = true;
	item.u.verdict.secret = NULL;
	suite_refused(s, "no place for the secret", &item, TROTH_E_MALFORMED);
}

struct seen {
	size_t n;
	struct troth_secret_entry list[8];
};

static enum troth_status see(void *arg, const struct troth_secret_entry *entry)
{
	struct seen *seen = arg;
	seen->list[seen->n++] = *entry;
	return TROTH_OK;
}

static void a_list_has_no_values(void **state)
{
	struct suite *s = *state;
	const struct troth_device_row one = suite_enrolled(s, 1), two = suite_enrolled(s, 2);
	struct seen seen = { 0 };

	do_secret(s, PUT, one.id, "own");
	do_secret(s, PUT, NULL, "shared");
	do_secret(s, GRANT, two.id, NULL);
	do_secret(s, GRANT, NULL, NULL);
	assert_int_equal(s->ops->each_secret(s->b, see, &seen), TROTH_OK);
	assert_int_equal(seen.n, 3);
	assert_string_equal(seen.list[0].device, "");
	assert_true(seen.list[0].has_value && seen.list[0].for_all);
	assert_string_equal(seen.list[1].device, one.name);
	assert_true(seen.list[1].has_value && !seen.list[1].for_all);
	assert_string_equal(seen.list[2].device, two.name);
	assert_false(seen.list[2].has_value);
	assert_int_equal(seen.list[2].put_s, SAMPLE_NOW_S);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, suite_setup, suite_teardown)

int suite_secrets(void)
{
	static const struct CMUnitTest TESTS[] = {
		CASE(a_device_has_its_own),	 CASE(a_shared_one_is_granted),
		CASE(what_cannot_be_is_refused), CASE(items_have_limits),
		CASE(a_list_has_no_values),
	};

	return cmocka_run_group_tests_name("secrets", TESTS, NULL, NULL);
}
