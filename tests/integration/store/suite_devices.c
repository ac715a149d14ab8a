/* SPDX-License-Identifier: Apache-2.0 */
/* Devices: enrolment, verdicts, state, and the conditions under which nothing happens. */
#include "suite.h"

#include "audit.h"
#include "base.h"

static const uint8_t BIG[TROTH_REFERENCE_JSON_MAX + 1] = { 1 };

static void a_new_store_is_empty(void **state)
{
	struct suite *s = *state;
	char *dump = suite_dump(s->ops, s->b);
	struct troth_buffer out;
	uint8_t id[32] = { 1 };

	assert_string_equal(dump, "epoch 0\n");
	free(dump);
	POISON(out);
	assert_int_equal(s->ops->record(s->b, id, true, &out), TROTH_E_NOT_FOUND);
	assert_int_equal(s->ops->record(s->b, id, false, &out), TROTH_E_NOT_FOUND);
	assert_int_equal(s->ops->log(s->b, id, &out), TROTH_E_NOT_FOUND);
	ASSERT_POISONED(out);
}

static void an_enrolled_row_comes_back_as_it_was(void **state)
{
	struct suite *s = *state;
	struct troth_store_item item = sample_enrol(1);
	struct troth_device_row got;

	item.u.enrol.row = sample_full_row(1);
	item.u.enrol.row.ak_len = TROTH_PUBLIC_MAX;
	suite_must(s, &item);
	suite_reopen(s);
	got = suite_row(s, item.u.enrol.row.id);
	item.u.enrol.row.version = 1;
	/* No key is certified under a new AK. */
	item.u.enrol.row.certification = (struct troth_certification_record){ 0 };
	sample_assert_same_row(&got, &item.u.enrol.row);
	assert_int_equal(suite_count_leaves(s), 1);
}

static void a_judged_row_comes_back_as_it_was(void **state)
{
	struct suite *s = *state;
	struct troth_device_row row = suite_enrolled(s, 1), full = sample_full_row(1), got;
	struct troth_store_item item = sample_verdict(&row);

	item.u.verdict.row.order = full.order;
	item.u.verdict.row.certification = full.certification;
	item.u.verdict.row.last_pass_ms = INT64_MAX;
	item.u.verdict.row.last_fail_ms = 5;
	item.u.verdict.row.certificate_not_after_s = 6;
	memcpy(item.u.verdict.row.finding, "nothing-checked", 16);
	suite_must(s, &item);
	suite_reopen(s);
	got = suite_row(s, row.id);
	item.u.verdict.row.version = 2;
	sample_assert_same_row(&got, &item.u.verdict.row);
	assert_int_equal(suite_count_leaves(s), 2);
}

static void enrolment_conflicts(void **state)
{
	struct suite *s = *state;
	struct troth_device_row one = suite_enrolled(s, 1), two = suite_enrolled(s, 2);
	struct troth_store_item item = sample_enrol(1);

	suite_refused(s, "a device that exists", &item, TROTH_E_CONFLICT);
	item = sample_enrol(3);
	memcpy(item.u.enrol.row.name, two.name, sizeof two.name);
	suite_refused(s, "a name that is taken", &item, TROTH_E_CONFLICT);
	item = sample_enrol(3);
	item.u.enrol.row.version = 1;
	suite_refused(s, "a version of no device", &item, TROTH_E_CONFLICT);
	item = sample_enrol(1);
	item.u.enrol.row.version = one.version + 1;
	suite_refused(s, "a version to come", &item, TROTH_E_CONFLICT);
	item.u.enrol.row = one;
	memcpy(item.u.enrol.row.name, two.name, sizeof two.name);
	suite_refused(s, "another's name at re-enrolment", &item, TROTH_E_CONFLICT);
	item.u.enrol.row = one;
	item.u.enrol.row.has_log = true;
	suite_refused(s, "a log that is not held", &item, TROTH_E_NOT_FOUND);
}

/* An AK belongs to one EK for ever. */
static void an_ak_belongs_to_one_device(void **state)
{
	struct suite *s = *state;
	struct troth_device_row one = suite_enrolled(s, 1), two = suite_enrolled(s, 2);
	const struct troth_device_row first = one;
	struct troth_store_item item = sample_enrol(3);

	memcpy(item.u.enrol.row.ak_public, one.ak_public, one.ak_len);
	suite_refused(s, "another's AK at enrolment", &item, TROTH_E_DENIED);
	item = sample_enrol(2);
	item.u.enrol.row = two;
	memcpy(item.u.enrol.row.ak_public, one.ak_public, one.ak_len);
	suite_refused(s, "another's AK at re-enrolment", &item, TROTH_E_DENIED);

	item = sample_enrol(1);
	item.u.enrol.row = one;
	item.u.enrol.row.ak_public[0] ^= 1;
	suite_must(s, &item);
	suite_reopen(s);
	item = sample_enrol(3);
	memcpy(item.u.enrol.row.ak_public, first.ak_public, first.ak_len);
	suite_refused(s, "an AK that another once had", &item, TROTH_E_DENIED);
	/* Its own of before it may take up again. */
	one = suite_row(s, one.id);
	item = sample_enrol(1);
	item.u.enrol.row = one;
	memcpy(item.u.enrol.row.ak_public, first.ak_public, first.ak_len);
	suite_must(s, &item);
	/* One byte less is another key. */
	item = sample_enrol(3);
	memcpy(item.u.enrol.row.ak_public, first.ak_public, first.ak_len);
	item.u.enrol.row.ak_len--;
	suite_must(s, &item);
}

static void enrolling_again_ends_what_the_old_ak_earned(void **state)
{
	struct suite *s = *state;
	struct troth_device_row row = suite_enrolled(s, 1);
	struct troth_store_item verdict = sample_verdict(&row), item = sample_enrol(1);

	verdict.u.verdict.row.certification = sample_full_row(1).certification;
	suite_must(s, &verdict);
	assert_int_equal(suite_count_revoked(s, SAMPLE_NOW_S), 0);

	item.u.enrol.row = suite_row(s, row.id);
	assert_true(item.u.enrol.row.certification.present);
	item.u.enrol.row.generation = 2;
	item.u.enrol.row.ak_public[0] ^= 1;
	suite_must(s, &item);
	row = suite_row(s, row.id);
	assert_int_equal(row.version, 3);
	assert_int_equal(row.generation, 2);
	assert_false(row.certification.present);
	assert_int_equal(suite_count_revoked(s, SAMPLE_NOW_S), 1);
	suite_refused(s, "the same once more", &item, TROTH_E_CONFLICT);
}

static void enrolling_again_lifts_no_quarantine(void **state)
{
	static const enum troth_device_state IMPOSED[] = { TROTH_DEVICE_QUARANTINED,
							   TROTH_DEVICE_RETIRED };
	struct suite *s = *state;

	for (unsigned i = 0; i < TROTH_COUNT(IMPOSED); i++) {
		struct troth_device_row row = suite_enrolled(s, i);
		struct troth_store_item item = sample_state(&row, IMPOSED[i]);
		suite_must(s, &item);
		item = sample_enrol(i);
		item.u.enrol.row.version = 2;
		suite_refused(s, "active", &item, TROTH_E_CONFLICT);
		item.u.enrol.row.state = TROTH_DEVICE_PENDING;
		suite_refused(s, "pending", &item, TROTH_E_CONFLICT);
		item.u.enrol.row.state = IMPOSED[i];
		suite_must(s, &item);
		assert_int_equal(suite_row(s, row.id).state, IMPOSED[i]);
	}
}

/* FIELD section 3, rows 10, 11, 15, 16, 29: only the token's own version, under the policy it
 * was judged by, of a device that is active, and only what a verdict may change. */
static void verdicts_under_wrong_conditions(void **state)
{
	struct suite *s = *state;
	struct troth_device_row row = suite_enrolled(s, 1);
	const struct troth_store_item good = sample_verdict(&row);
	struct troth_store_item bad;

#define WITH(change, why)                                       \
	do {                                                    \
		struct troth_store_verdict *v = &bad.u.verdict; \
		bad = good;                                     \
		change;                                         \
		suite_refused(s, why, &bad, TROTH_E_CONFLICT);  \
	} while (0)

	WITH(v->version = 0, "version before");
	WITH(v->version = 2, "version after");
	WITH(v->policy_epoch = 1, "epoch to come");
	WITH(v->device_id[31] ^= 1; v->row.id[31] ^= 1, "no such device");
	WITH(v->row.generation++, "generation");
	WITH(v->row.state = TROTH_DEVICE_PENDING, "state");
	WITH(v->row.name[0] = 'x', "name");
	WITH(v->row.segment[0] = 'x', "segment");
	WITH(v->row.group[0] = 'x', "group");
	WITH(v->row.mac[31] ^= 1, "MAC");
	WITH(v->row.ak_public[89] ^= 1, "AK");
	WITH(v->row.ak_len--, "length of the AK");
	WITH(v->row.enrolled_ms++, "enrolment time");
	WITH(v->row.ek_certificate_trusted ^= true, "trust in the EK certificate");
	WITH(v->row.ek_in_inventory ^= true, "inventory");
	WITH(v->row.ek_maker[0] ^= 1, "maker");
#undef WITH
	suite_must(s, &good);
	suite_refused(s, "the same once more", &good, TROTH_E_CONFLICT);
}

static void verdicts_on_devices_that_are_not_active(void **state)
{
	static const enum troth_device_state STATES[] = { TROTH_DEVICE_PENDING,
							  TROTH_DEVICE_QUARANTINED,
							  TROTH_DEVICE_RETIRED };
	struct suite *s = *state;

	for (unsigned i = 0; i < TROTH_COUNT(STATES); i++) {
		struct troth_device_row row = suite_enrolled(s, i);
		struct troth_store_item item = sample_state(&row, STATES[i]);
		suite_must(s, &item);
		row = suite_row(s, row.id);
		item = sample_verdict(&row);
		suite_refused(s, "in the state it is in", &item, TROTH_E_CONFLICT);
		item.u.verdict.row.state = TROTH_DEVICE_ACTIVE;
		suite_refused(s, "claiming to be active", &item, TROTH_E_CONFLICT);
	}
}

static void a_new_epoch_voids_verdicts_under_way(void **state)
{
	struct suite *s = *state;
	struct troth_device_row row = suite_enrolled(s, 1);
	struct troth_store_item policy = sample_document(true, "pumps", "a: 1"),
				verdict = sample_verdict(&row);

	suite_must(s, &policy);
	suite_refused(s, "epoch before", &verdict, TROTH_E_CONFLICT);
	verdict.u.verdict.policy_epoch = 1;
	suite_must(s, &verdict);
}

static void of_two_verdicts_on_one_version_one_succeeds(void **state)
{
	struct suite *s = *state;
	struct troth_device_row row = suite_enrolled(s, 1);
	struct troth_store_item first = sample_verdict(&row), second = first;

	second.u.verdict.serial[0] ^= 1;
	assert_int_equal(s->ops->begin(s->b), TROTH_OK);
	assert_int_equal(s->ops->apply(s->b, &first), TROTH_OK);
	assert_int_equal(s->ops->apply(s->b, &second), TROTH_E_CONFLICT);
	assert_int_equal(s->ops->commit(s->b), TROTH_OK);
	assert_int_equal(suite_row(s, row.id).version, 2);
	assert_int_equal(suite_count_leaves(s), 2);
	suite_refused(s, "in a later transaction", &second, TROTH_E_CONFLICT);
}

static void state_changes(void **state)
{
	struct suite *s = *state;
	struct troth_device_row row = suite_enrolled(s, 1), two = suite_enrolled(s, 2), got;
	struct troth_store_item item = sample_state(&row, TROTH_DEVICE_PENDING);

	memcpy(item.u.state.row.name, "renamed", 8);
	memcpy(item.u.state.row.segment, "east", 5);
	memcpy(item.u.state.row.group, "valves", 7);
	item.u.state.row.mac[0] ^= 1;
	suite_must(s, &item);
	got = suite_row(s, row.id);
	item.u.state.row.version = 2;
	sample_assert_same_row(&got, &item.u.state.row);

	item.u.state.row.version = 1;
	suite_refused(s, "version before", &item, TROTH_E_CONFLICT);
	item.u.state.row.version = 3;
	suite_refused(s, "version after", &item, TROTH_E_CONFLICT);
	item = sample_state(&got, TROTH_DEVICE_ACTIVE);
	memcpy(item.u.state.row.name, two.name, sizeof two.name);
	suite_refused(s, "a name that is taken", &item, TROTH_E_CONFLICT);
	item = sample_state(&got, TROTH_DEVICE_ACTIVE);
	item.u.state.row.id[0] ^= 1;
	suite_refused(s, "no such device", &item, TROTH_E_CONFLICT);
	/* A name that was given up is free. */
	item = sample_enrol(3);
	memcpy(item.u.enrol.row.name, row.name, sizeof row.name);
	suite_must(s, &item);
}

/* What no backend may write. */
static void verdicts_past_a_limit(void **state)
{
	struct suite *s = *state;
	struct troth_device_row row = suite_enrolled(s, 1);
	const struct troth_store_item good = sample_verdict(&row);
	struct troth_store_item item;

#define PAST(change, why, want)                                  \
	do {                                                     \
		struct troth_store_verdict *v = &item.u.verdict; \
		item = good;                                     \
		change;                                          \
		suite_refused(s, why, &item, want);              \
	} while (0)
#define OVER (uint64_t) INT64_MAX + 1

	PAST(v->version = INT64_MAX, "version", TROTH_E_LIMIT);
	PAST(v->policy_epoch = OVER, "epoch", TROTH_E_LIMIT);
	PAST(v->not_after_s = OVER, "end of certificate", TROTH_E_LIMIT);
	PAST(v->now_s = OVER, "time", TROTH_E_LIMIT);
	PAST(v->row.version = INT64_MAX, "row version", TROTH_E_LIMIT);
	PAST(v->row.generation = OVER, "generation", TROTH_E_LIMIT);
	PAST(v->row.order.clock = OVER, "clock", TROTH_E_LIMIT);
	PAST(v->row.certification.time_ms = OVER, "certification", TROTH_E_LIMIT);
	PAST(v->row.last_pass_ms = OVER, "last pass", TROTH_E_LIMIT);
	PAST(v->row.last_fail_ms = UINT64_MAX, "last fail", TROTH_E_LIMIT);
	PAST(v->row.enrolled_ms = OVER, "enrolment", TROTH_E_LIMIT);
	PAST(v->row.certificate_not_after_s = OVER, "row's certificate", TROTH_E_LIMIT);
	PAST(v->row.ak_len = TROTH_PUBLIC_MAX + 1, "AK", TROTH_E_LIMIT);
	PAST(v->row.ima_len = TROTH_IMA_STATE_MAX + 1, "IMA state", TROTH_E_LIMIT);
	PAST(v->record.p = BIG; v->record.n = TROTH_BODY_MAX + 1, "record", TROTH_E_LIMIT);
	PAST(v->row.has_log = true; v->log.p = BIG;
	     v->log.n = TROTH_LOG_MAX + 1, "log", TROTH_E_LIMIT);
	PAST(v->row.has_systemd = true; v->systemd.p = BIG;
	     v->systemd.n = TROTH_SYSTEMD_LOG_MAX + 1, "systemd's log", TROTH_E_LIMIT);
	PAST(v->leaf.p = BIG; v->leaf.n = TROTH_AUDIT_LEAF_MAX + 1, "leaf", TROTH_E_LIMIT);
	PAST(v->leaf.n = 0, "no leaf", TROTH_E_MALFORMED);
	PAST(v->record.n = 0, "no record", TROTH_E_MALFORMED);
	PAST(v->log.p = BIG; v->log.n = 1, "a log without its digest", TROTH_E_MALFORMED);
	PAST(v->systemd.p = BIG;
	     v->systemd.n = 1, "systemd's log without its digest", TROTH_E_MALFORMED);
	PAST(v->device_id[0] ^= 1, "another device's row", TROTH_E_MALFORMED);
	PAST(v->revoke = true, "issued and revoked", TROTH_E_MALFORMED);
	PAST(v->row.tier = TROTH_TIER_CONTRAINDICATED, "issued to a bad device",
	     TROTH_E_MALFORMED);
	PAST(v->row.tier = (enum troth_tier)4, "tier", TROTH_E_MALFORMED);
	PAST(v->row.state = TROTH_DEVICE_STATE_N, "state", TROTH_E_MALFORMED);
	PAST(memset(v->row.finding, 'f', sizeof v->row.finding), "finding without end",
	     TROTH_E_MALFORMED);
	PAST(memset(v->row.segment, 's', sizeof v->row.segment), "segment without end",
	     TROTH_E_MALFORMED);
#undef PAST
#undef OVER
}

/* The last thing before it. */
static void a_verdict_at_every_limit(void **state)
{
	struct suite *s = *state;
	struct troth_device_row row = suite_enrolled(s, 1);
	struct troth_store_item item = sample_verdict(&row);

	item.u.verdict.not_after_s = INT64_MAX;
	item.u.verdict.row.order =
		(struct troth_order){ true, UINT32_MAX, UINT32_MAX, INT64_MAX };
	item.u.verdict.row.has_log = true;
	item.u.verdict.record = (struct troth_view){ BIG, TROTH_BODY_MAX };
	item.u.verdict.log = (struct troth_view){ BIG, TROTH_LOG_MAX };
	item.u.verdict.leaf = (struct troth_view){ BIG, TROTH_AUDIT_LEAF_MAX };
	suite_must(s, &item);
	row = suite_row(s, row.id);
	assert_true(row.order.clock == INT64_MAX);
	assert_true(row.order.reset_count == UINT32_MAX);
}

static void limits_of_enrolments(void **state)
{
	struct suite *s = *state;
	struct troth_store_item item = sample_enrol(1);
	struct troth_store_enrol *e = &item.u.enrol;

	memset(e->row.name, 'n', TROTH_NAME_LEN_MAX + 1);
	suite_refused(s, "a name without end", &item, TROTH_E_MALFORMED);
	memset(e->row.name, 0, sizeof e->row.name);
	suite_refused(s, "no name", &item, TROTH_E_MALFORMED);
	memcpy(e->row.name, "a/b", 4);
	suite_refused(s, "a name with a slash", &item, TROTH_E_MALFORMED);

	item = sample_enrol(1);
	e->ek_key = (struct troth_view){ BIG, TROTH_RSA_BYTES_MAX + 1 };
	suite_refused(s, "EK", &item, TROTH_E_LIMIT);
	e->ek_key.n = TROTH_RSA_BYTES_MAX;
	e->ek_certificate = (struct troth_view){ BIG, TROTH_CERT_MAX + 1 };
	suite_refused(s, "EK certificate", &item, TROTH_E_LIMIT);
	e->ek_certificate.n = TROTH_CERT_MAX;
	e->facts = (struct troth_view){ BIG, TROTH_SMALL_BODY_MAX + 1 };
	suite_refused(s, "facts", &item, TROTH_E_LIMIT);
	e->facts.n = TROTH_SMALL_BODY_MAX;
	memset(e->row.name, 'n', TROTH_NAME_LEN_MAX);
	suite_must(s, &item);
	assert_int_equal(suite_row(s, e->row.id).name[TROTH_NAME_LEN_MAX - 1], 'n');
}

static void a_refusal_leaves_the_others_of_its_transaction(void **state)
{
	struct suite *s = *state;
	struct troth_store_item one = sample_enrol(1), again = sample_enrol(1),
				two = sample_enrol(2), long_leaf = sample_enrol(3);

	long_leaf.u.enrol.leaf.n = TROTH_AUDIT_LEAF_MAX + 1;
	assert_int_equal(s->ops->begin(s->b), TROTH_OK);
	assert_int_equal(s->ops->apply(s->b, &one), TROTH_OK);
	assert_int_equal(s->ops->apply(s->b, &again), TROTH_E_CONFLICT);
	assert_int_equal(s->ops->apply(s->b, &long_leaf), TROTH_E_LIMIT);
	assert_int_equal(s->ops->apply(s->b, &two), TROTH_OK);
	assert_int_equal(s->ops->commit(s->b), TROTH_OK);
	suite_reopen(s);
	assert_int_equal(suite_row(s, one.u.enrol.row.id).version, 1);
	assert_int_equal(suite_row(s, two.u.enrol.row.id).version, 1);
	assert_int_equal(suite_count_leaves(s), 2);
}

static void reads_see_what_is_committed(void **state)
{
	struct suite *s = *state;
	struct troth_store_item item = sample_enrol(1);
	char *dump;

	assert_int_equal(s->ops->begin(s->b), TROTH_OK);
	assert_int_equal(s->ops->apply(s->b, &item), TROTH_OK);
	dump = suite_dump(s->ops, s->b);
	assert_string_equal(dump, "epoch 0\n");
	free(dump);
	s->ops->rollback(s->b);
	dump = suite_dump(s->ops, s->b);
	assert_string_equal(dump, "epoch 0\n");
	free(dump);
	suite_must(s, &item); /* a rollback leaves nothing behind */
	assert_int_equal(suite_row(s, item.u.enrol.row.id).version, 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, suite_setup, suite_teardown)

int suite_devices(void)
{
	static const struct CMUnitTest TESTS[] = {
		CASE(a_new_store_is_empty),
		CASE(an_enrolled_row_comes_back_as_it_was),
		CASE(a_judged_row_comes_back_as_it_was),
		CASE(enrolment_conflicts),
		CASE(an_ak_belongs_to_one_device),
		CASE(enrolling_again_ends_what_the_old_ak_earned),
		CASE(enrolling_again_lifts_no_quarantine),
		CASE(verdicts_under_wrong_conditions),
		CASE(verdicts_on_devices_that_are_not_active),
		CASE(a_new_epoch_voids_verdicts_under_way),
		CASE(of_two_verdicts_on_one_version_one_succeeds),
		CASE(state_changes),
		CASE(verdicts_past_a_limit),
		CASE(a_verdict_at_every_limit),
		CASE(limits_of_enrolments),
		CASE(a_refusal_leaves_the_others_of_its_transaction),
		CASE(reads_see_what_is_committed),
	};

	return cmocka_run_group_tests_name(suite_kind->name, TESTS, NULL, NULL);
}
