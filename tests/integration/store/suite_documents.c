/* SPDX-License-Identifier: Apache-2.0 */
/* Documents, leaves, and who reads along: the latest of each, notices of what changed, cursors.
 */
#include <stdio.h>

#include "base.h"
#include "suite.h"

struct seen {
	size_t n;
	char names[8][TROTH_NAME_LEN_MAX + 1];
	char texts[8][32];
};

static enum troth_status see(void *arg, const char *name, struct troth_view text)
{
	struct seen *seen = arg;

	assert_true(seen->n < 8 && text.n < sizeof seen->texts[0]);
	memcpy(seen->names[seen->n], name, strlen(name));
	memcpy(seen->texts[seen->n], text.p, text.n);
	seen->n++;
	return TROTH_OK;
}

static void put(struct suite *s, bool is_policy, const char *name, const char *text)
{
	struct troth_store_item item = sample_document(is_policy, name, text);

	suite_must(s, &item);
}

static void the_latest_of_each_document(void **state)
{
	struct suite *s = *state;
	struct seen policies = { 0 }, references = { 0 };
	uint64_t epoch = 0;

	put(s, true, "pumps", "old");
	put(s, true, "lamps", "bright");
	put(s, false, "pumps", "reference");
	put(s, true, "pumps", "newer");
	put(s, false, "pumps", "reference"); /* the same once more is a new epoch too */
	suite_reopen(s);
	assert_int_equal(s->ops->epoch(s->b, &epoch), TROTH_OK);
	assert_int_equal(epoch, 5);
	assert_int_equal(s->ops->each_document(s->b, true, see, &policies), TROTH_OK);
	assert_int_equal(s->ops->each_document(s->b, false, see, &references), TROTH_OK);
	assert_int_equal(policies.n, 2);
	assert_string_equal(policies.names[0], "lamps");
	assert_string_equal(policies.texts[0], "bright");
	assert_string_equal(policies.names[1], "pumps");
	assert_string_equal(policies.texts[1], "newer");
	assert_int_equal(references.n, 1);
	assert_string_equal(references.texts[0], "reference");
	assert_int_equal(suite_count_leaves(s), 5);
}

/* A verdict names what it was made by, and that may have been replaced since. */
static void a_text_is_found_by_its_id_for_ever(void **state)
{
	struct suite *s = *state;
	struct troth_store_item old = sample_document(true, "pumps", "old");
	struct troth_buffer out = { 0 };
	const uint8_t nobodys[32] = { 0xfe };

	suite_must(s, &old);
	put(s, true, "pumps", "newer");
	suite_reopen(s);
	assert_int_equal(s->ops->text(s->b, old.u.document.id, &out), TROTH_OK);
	assert_int_equal(out.n, 3);
	assert_memory_equal(out.p, "old", 3);
	free(out.p);
	assert_int_equal(s->ops->text(s->b, nobodys, &out), TROTH_E_NOT_FOUND);
}

static void documents_refused(void **state)
{
	static const uint8_t BIG[TROTH_REFERENCE_JSON_MAX + 1] = { '{' };
	struct suite *s = *state;
	struct troth_store_item item = sample_document(true, "pumps", "one");

	suite_must(s, &item);
	item = sample_document(true, "pumps", "two"); /* sample ids go by length */
	suite_refused(s, "an id with another text", &item, TROTH_E_CONFLICT);
	item = sample_document(true, "Pumps!", "other");
	suite_refused(s, "a name that is none", &item, TROTH_E_MALFORMED);
	item = sample_document(true, "pumps", "other");
	item.u.document.leaf.n = 0;
	suite_refused(s, "no leaf", &item, TROTH_E_MALFORMED);
	item = sample_document(true, "pumps", "other");
	item.u.document.text = (struct troth_view){ BIG, TROTH_POLICY_MAX + 1 };
	suite_refused(s, "a policy too long", &item, TROTH_E_LIMIT);
	item.u.document.text.n = TROTH_POLICY_MAX;
	suite_must(s, &item);
	item = sample_document(false, "pumps", "another");
	item.u.document.text = (struct troth_view){ BIG, TROTH_REFERENCE_JSON_MAX + 1 };
	suite_refused(s, "a reference set too long", &item, TROTH_E_LIMIT);
	item.u.document.text.n = TROTH_REFERENCE_JSON_MAX;
	suite_must(s, &item);
}

/* A document put over what its maker had read, and over nothing else. */
static void documents_over_another(void **state)
{
	struct suite *s = *state;
	struct troth_store_item first = sample_document(false, "pumps", "one");
	struct troth_store_item second = sample_document(false, "pumps", "three");
	struct troth_store_item third = sample_document(false, "pumps", "fourth");
	struct troth_store_item policy = sample_document(true, "pumps", "a policy");

	first.u.document.conditional = true;
	first.u.document.over[31] = 1;
	suite_refused(s, "over what is not there", &first, TROTH_E_CONFLICT);
	first.u.document.over[31] = 0;
	suite_must(s, &first);
	suite_refused(s, "over nothing, where there is one", &first, TROTH_E_CONFLICT);
	second.u.document.conditional = true;
	memcpy(second.u.document.over, first.u.document.id, 32);
	suite_must(s, &second);
	third.u.document.conditional = true;
	memcpy(third.u.document.over, first.u.document.id, 32);
	suite_refused(s, "over what was replaced since", &third, TROTH_E_CONFLICT);
	policy.u.document.conditional = true;
	suite_must(s, &policy); /* a name of its own */
	suite_reopen(s);
	memcpy(third.u.document.over, second.u.document.id, 32);
	suite_must(s, &third);
	assert_int_equal(suite_count_leaves(s), 4);
}

struct stop {
	size_t n, at;
	uint64_t first;
};

static enum troth_status stop_at(void *arg, uint64_t index, struct troth_view leaf)
{
	struct stop *stop = arg;

	(void)leaf;
	if (stop->n == 0)
		stop->first = index;
	return ++stop->n == stop->at ? TROTH_E_BUSY : TROTH_OK;
}

static void leaves_from_anywhere(void **state)
{
	static const struct {
		uint64_t from;
		size_t most, want;
	} CASES[] = {
		{ 0, SIZE_MAX, 5 },  { 0, 2, 2 },	   { 2, SIZE_MAX, 3 },
		{ 4, 1, 1 },	     { 4, 0, 0 },	   { 5, SIZE_MAX, 0 },
		{ INT64_MAX, 1, 0 }, { UINT64_MAX, 1, 0 },
	};
	struct suite *s = *state;
	struct stop stop = { .at = 3 };

	for (unsigned i = 0; i < 5; i++)
		(void)suite_enrolled(s, i);
	for (size_t i = 0; i < TROTH_COUNT(CASES); i++) {
		struct stop none = { 0 };
		assert_int_equal(
			s->ops->each_leaf(s->b, CASES[i].from, CASES[i].most, stop_at, &none),
			TROTH_OK);
		assert_int_equal(none.n, CASES[i].want);
		assert_true(none.n == 0 || none.first == CASES[i].from);
	}
	/* A visitor's status ends the visit and comes back; the next starts afresh. */
	assert_int_equal(s->ops->each_leaf(s->b, 0, SIZE_MAX, stop_at, &stop), TROTH_E_BUSY);
	assert_int_equal(stop.n, 3);
	assert_int_equal(suite_count_leaves(s), 5);
}

/* The notices from an index on, in words. */
static enum troth_status say(void *arg, uint64_t index, const struct troth_notice *n)
{
	char *text = arg;
	size_t at = strlen(text);

	(void)snprintf(text + at, 1024 - at, "%llu %s %s/%s%s%s %s%s\n",
		       (unsigned long long)index, troth_notice_type(n->kind), n->segment,
		       n->name, n->was[0] != 0 ? "<" : "", n->was, n->reason,
		       n->revoked ? "!" : "");
	return TROTH_OK;
}

static void expect_notices(struct suite *s, uint64_t from, const char *want)
{
	char text[1024] = "";

	assert_int_equal(s->ops->each_notice(s->b, from, SIZE_MAX, say, text), TROTH_OK);
	assert_string_equal(text, want);
}

static struct troth_device_row judge_as(struct suite *s, const struct troth_device_row *row,
					enum troth_tier tier, const char *finding)
{
	struct troth_store_item item = sample_verdict(row);
	struct troth_store_verdict *v = &item.u.verdict;
	const bool good = tier == TROTH_TIER_AFFIRMING;
	uint64_t *time = good ? &v->row.last_pass_ms : &v->row.last_fail_ms;

	v->row.tier = tier;
	v->issued = good;
	v->revoke = tier == TROTH_TIER_CONTRAINDICATED;
	*time = 1 +
		(row->last_pass_ms > row->last_fail_ms ? row->last_pass_ms : row->last_fail_ms);
	memset(v->row.finding, 0, sizeof v->row.finding);
	(void)snprintf(v->row.finding, sizeof v->row.finding, "%s", finding);
	suite_must(s, &item);
	return suite_row(s, row->id);
}

static struct troth_device_row state_as(struct suite *s, const struct troth_device_row *row,
					enum troth_device_state state)
{
	struct troth_store_item item = sample_state(row, state);

	suite_must(s, &item);
	return suite_row(s, row->id);
}

/* Each change is told once; what says the same again is not. */
static void what_changes_is_told(void **state)
{
	struct suite *s = *state;
	struct troth_store_item item = sample_enrol(1);
	struct troth_device_row row;
	char want[4096];

	item.u.enrol.row.last_pass_ms = item.u.enrol.row.last_fail_ms = 0;
	suite_must(s, &item);
	row = suite_row(s, item.u.enrol.row.id);
	row = judge_as(s, &row, TROTH_TIER_AFFIRMING, "");			 /* 1 */
	row = judge_as(s, &row, TROTH_TIER_AFFIRMING, "");			 /* 2 */
	row = judge_as(s, &row, TROTH_TIER_CONTRAINDICATED, "unexpected-event"); /* 3 */
	row = judge_as(s, &row, TROTH_TIER_WARNING, "counters-rewound");	 /* 4 */
	row = judge_as(s, &row, TROTH_TIER_AFFIRMING, "");			 /* 5 */
	row = state_as(s, &row, TROTH_DEVICE_QUARANTINED);			 /* 6 */
	row = state_as(s, &row, TROTH_DEVICE_QUARANTINED);			 /* 7 */
	row = state_as(s, &row, TROTH_DEVICE_ACTIVE);				 /* 8 */
	item = sample_state(&row, TROTH_DEVICE_ACTIVE);
	(void)snprintf(item.u.state.row.segment, sizeof item.u.state.row.segment, "line-z");
	suite_must(s, &item); /* 9 */
	item = sample_document(true, "factory", "text");
	suite_must(s, &item); /* 10 */
	(void)snprintf(want, sizeof want,
		       "0 device.enrolled %1$s/%2$s \n1 device.healthy %1$s/%2$s \n"
		       "3 device.untrusted %1$s/%2$s unexpected-event!\n"
		       "5 device.recovered %1$s/%2$s \n"
		       "6 device.quarantined %1$s/%2$s operator!\n"
		       "8 device.released %1$s/%2$s operator\n"
		       "9 device.changed line-z/%2$s<%1$s/%2$s operator\n"
		       "10 policy.applied /factory \n",
		       row.segment, row.name);
	expect_notices(s, 0, want);
	suite_reopen(s);
	expect_notices(s, 0, want);
	expect_notices(s, 10, "10 policy.applied /factory \n");
	expect_notices(s, 11, "");
	expect_notices(s, UINT64_MAX, "");
}

static void a_cursor_is_kept(void **state)
{
	struct suite *s = *state;
	struct troth_store_item item = { .kind = TROTH_STORE_CURSOR,
					 .u.cursor = { .name = "siem", .next = 7 } };
	uint64_t at = 99;

	assert_int_equal(s->ops->cursor(s->b, "siem", &at), TROTH_E_NOT_FOUND);
	assert_int_equal(at, 99);
	suite_must(s, &item);
	item.u.cursor.next = 12;
	suite_must(s, &item);
	suite_reopen(s);
	assert_int_equal(s->ops->cursor(s->b, "siem", &at), TROTH_OK);
	assert_int_equal(at, 12);
	assert_int_equal(suite_count_leaves(s), 0);
	item.u.cursor.next = (uint64_t)INT64_MAX + 1;
	suite_refused(s, "past what is stored", &item, TROTH_E_LIMIT);
	item.u.cursor.next = 1;
	memset(item.u.cursor.name, 0, sizeof item.u.cursor.name);
	suite_refused(s, "no name", &item, TROTH_E_MALFORMED);
}

static void expect_kept(struct suite *s, uint64_t first, uint64_t n)
{
	struct troth_notices_kept kept;

	assert_int_equal(s->ops->kept(s->b, &kept), TROTH_OK);
	assert_int_equal(kept.first, first);
	assert_int_equal(kept.n, n);
}

/* Notices go, leaves stay; what a webhook lost has one of its own. */
static void old_notices_are_forgotten(void **state)
{
	struct suite *s = *state;
	struct troth_store_item item = { .kind = TROTH_STORE_FORGET, .u.forget.first = 2 };

	expect_kept(s, 0, 0);
	for (uint8_t i = 1; i <= 3; i++)
		(void)suite_enrolled(s, i);
	expect_kept(s, 0, 3);
	suite_must(s, &item);
	suite_must(s, &item); /* there is nothing left to forget */
	expect_kept(s, 2, 1);
	assert_int_equal(suite_count_leaves(s), 3);
	item.u.forget.first = 1; /* nothing comes back */
	item.u.forget.leaves[0] = troth_view_str("webhook one");
	item.u.forget.leaves[1] = troth_view_str("webhook two");
	item.u.forget.n_leaves = 2;
	suite_must(s, &item);
	suite_reopen(s);
	expect_kept(s, 2, 1);
	assert_int_equal(suite_count_leaves(s), 5);
	(void)suite_enrolled(s, 4);
	expect_kept(s, 2, 2);
	item.u.forget.n_leaves = TROTH_WEBHOOKS_MAX + 1;
	suite_refused(s, "more leaves than webhooks", &item, TROTH_E_LIMIT);
	item.u.forget.n_leaves = 3;
	suite_refused(s, "a leaf that is none", &item, TROTH_E_MALFORMED);
	item.u.forget.n_leaves = 0;
	item.u.forget.first = (uint64_t)INT64_MAX + 1;
	suite_refused(s, "past what is stored", &item, TROTH_E_LIMIT);
}

static void the_end_is_past_the_last_leaf(void **state)
{
	struct suite *s = *state;
	uint64_t end = 99;

	assert_int_equal(s->ops->end(s->b, &end), TROTH_OK);
	assert_int_equal(end, 0);
	(void)suite_enrolled(s, 1);
	(void)suite_enrolled(s, 2);
	assert_int_equal(s->ops->end(s->b, &end), TROTH_OK);
	assert_int_equal(end, 2);
}

static enum troth_status refuse_device(void *arg, const struct troth_device_row *row)
{
	(void)row;
	++*(size_t *)arg;
	return TROTH_E_MEMORY;
}

static void a_visitor_ends_the_visit(void **state)
{
	struct suite *s = *state;
	size_t n = 0;

	(void)suite_enrolled(s, 1);
	(void)suite_enrolled(s, 2);
	assert_int_equal(s->ops->each_device(s->b, refuse_device, &n), TROTH_E_MEMORY);
	assert_int_equal(n, 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, suite_setup, suite_teardown)

int suite_documents(void)
{
	static const struct CMUnitTest TESTS[] = {
		CASE(the_latest_of_each_document),
		CASE(a_text_is_found_by_its_id_for_ever),
		CASE(documents_refused),
		CASE(documents_over_another),
		CASE(leaves_from_anywhere),
		CASE(what_changes_is_told),
		CASE(a_cursor_is_kept),
		CASE(old_notices_are_forgotten),
		CASE(the_end_is_past_the_last_leaf),
		CASE(a_visitor_ends_the_visit),
	};

	return cmocka_run_group_tests_name(suite_kind->name, TESTS, NULL, NULL);
}
