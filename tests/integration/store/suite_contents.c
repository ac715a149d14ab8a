/* SPDX-License-Identifier: Apache-2.0 */
/* What hangs on devices: records, logs and certificates. */
#include "base.h"
#include "suite.h"

static void expect_record(struct suite *s, const struct troth_device_row *row, bool affirming,
			  const char *want)
{
	struct troth_buffer out = { 0 };

	assert_int_equal(s->ops->record(s->b, row->id, affirming, &out), TROTH_OK);
	assert_int_equal(out.n, strlen(want));
	assert_memory_equal(out.p, want, out.n);
	free(out.p);
}

/* A verdict of its own tier, record and log; returns the row as stored then. */
static struct troth_device_row judge(struct suite *s, const struct troth_device_row *row,
				     enum troth_tier tier, const char *record, const char *log)
{
	struct troth_store_item item = sample_verdict(row);
	struct troth_store_verdict *v = &item.u.verdict;

	v->row.tier = tier;
	v->issued = tier == TROTH_TIER_AFFIRMING;
	v->record = (struct troth_view){ (const uint8_t *)record, strlen(record) };
	v->row.has_log = log != NULL;
	memset(v->row.log_digest, 0, sizeof v->row.log_digest);
	if (log != NULL) {
		memset(v->row.log_digest, log[0], sizeof v->row.log_digest);
		v->log = (struct troth_view){ (const uint8_t *)log, strlen(log) };
	}
	suite_must(s, &item);
	return suite_row(s, row->id);
}

static void the_last_record_and_the_last_affirming_one(void **state)
{
	struct suite *s = *state;
	struct troth_device_row row = suite_enrolled(s, 1);
	struct troth_buffer out;

	POISON(out);
	row = judge(s, &row, TROTH_TIER_CONTRAINDICATED, "bad", NULL);
	expect_record(s, &row, false, "bad");
	assert_int_equal(s->ops->record(s->b, row.id, true, &out), TROTH_E_NOT_FOUND);
	ASSERT_POISONED(out);
	row = judge(s, &row, TROTH_TIER_AFFIRMING, "good", NULL);
	expect_record(s, &row, false, "good");
	expect_record(s, &row, true, "good");
	row = judge(s, &row, TROTH_TIER_WARNING, "soso", NULL);
	expect_record(s, &row, false, "soso");
	expect_record(s, &row, true, "good");
	row = judge(s, &row, TROTH_TIER_NONE, "nothing", NULL);
	suite_reopen(s);
	expect_record(s, &row, false, "nothing");
	expect_record(s, &row, true, "good");
}

static bool log_is_kept(struct suite *s, const char *log)
{
	struct troth_buffer out = { 0 };
	uint8_t digest[32];
	enum troth_status status;

	memset(digest, log[0], sizeof digest);
	status = s->ops->log(s->b, digest, &out);
	if (status == TROTH_E_NOT_FOUND)
		return false;
	assert_int_equal(status, TROTH_OK);
	assert_int_equal(out.n, strlen(log));
	assert_memory_equal(out.p, log, out.n);
	free(out.p);
	return true;
}

static void a_log_stays_while_somebody_uses_it(void **state)
{
	struct suite *s = *state;
	struct troth_device_row one = suite_enrolled(s, 1), two = suite_enrolled(s, 2);

	one = judge(s, &one, TROTH_TIER_AFFIRMING, "r", "alpha");
	two = judge(s, &two, TROTH_TIER_AFFIRMING, "r", "alpha");
	assert_true(log_is_kept(s, "alpha"));
	/* The same log again, with its bytes and in a new record. */
	one = judge(s, &one, TROTH_TIER_AFFIRMING, "r2", "alpha");
	expect_record(s, &one, true, "r2");
	one = judge(s, &one, TROTH_TIER_AFFIRMING, "r", "beta");
	assert_true(log_is_kept(s, "alpha")); /* the other device's */
	two = judge(s, &two, TROTH_TIER_CONTRAINDICATED, "r", "gamma");
	assert_true(log_is_kept(s, "alpha")); /* its last affirming record's */
	two = judge(s, &two, TROTH_TIER_AFFIRMING, "r", "gamma");
	assert_false(log_is_kept(s, "alpha")); /* nobody's */
	two = judge(s, &two, TROTH_TIER_AFFIRMING, "r", NULL);
	assert_true(log_is_kept(s, "gamma")); /* its last other record's */
	two = judge(s, &two, TROTH_TIER_CONTRAINDICATED, "r", NULL);
	assert_false(log_is_kept(s, "gamma"));
	assert_true(log_is_kept(s, "beta"));
}

/* Lookup is never shared, though storage is. */
static void a_log_is_named_only_by_the_device_it_came_from(void **state)
{
	struct suite *s = *state;
	struct troth_device_row one = suite_enrolled(s, 1), two = suite_enrolled(s, 2);
	struct troth_store_item item;

	one = judge(s, &one, TROTH_TIER_AFFIRMING, "r", "alpha");
	item = sample_verdict(&two);
	item.u.verdict.row.has_log = true;
	memset(item.u.verdict.row.log_digest, 'a', 32);
	suite_refused(s, "another's log", &item, TROTH_E_NOT_FOUND);
	item = sample_verdict(&one);
	memset(item.u.verdict.row.log_digest, 'z', 32);
	suite_refused(s, "nobody's log", &item, TROTH_E_NOT_FOUND);
	item = sample_state(&one, TROTH_DEVICE_ACTIVE);
	memset(item.u.state.row.log_digest, 'z', 32);
	suite_refused(s, "an operator's invention", &item, TROTH_E_NOT_FOUND);

	item = sample_verdict(&one); /* its own, without bytes, and for the other record too */
	suite_must(s, &item);
	one = suite_row(s, one.id);
	item = sample_verdict(&one);
	item.u.verdict.row.tier = TROTH_TIER_WARNING;
	suite_must(s, &item);
	assert_true(log_is_kept(s, "alpha"));
	one = suite_row(s, one.id);
	item = sample_state(&one, TROTH_DEVICE_QUARANTINED);
	suite_must(s, &item);
	assert_true(suite_row(s, one.id).has_log);
}

static struct troth_device_row judge_systemd(struct suite *s,
					     const struct troth_device_row *row,
					     enum troth_tier tier, const char *log)
{
	struct troth_store_item item = sample_verdict(row);
	struct troth_store_verdict *v = &item.u.verdict;

	v->row.tier = tier;
	v->issued = tier == TROTH_TIER_AFFIRMING;
	v->row.has_systemd = log != NULL;
	memset(v->row.systemd_digest, log != NULL ? log[0] : 0, sizeof v->row.systemd_digest);
	v->systemd = troth_view_str(log != NULL ? log : "");
	suite_must(s, &item);
	return suite_row(s, row->id);
}

/* systemd's log is kept, named and let go as the firmware's is, beside it. */
static void systemds_log_goes_with_the_evidence(void **state)
{
	struct suite *s = *state;
	struct troth_device_row one = suite_enrolled(s, 1), two = suite_enrolled(s, 2);
	struct troth_store_item item;

	one = judge(s, &one, TROTH_TIER_AFFIRMING, "r", "alpha");
	one = judge_systemd(s, &one, TROTH_TIER_AFFIRMING, "first");
	assert_true(log_is_kept(s, "alpha") && log_is_kept(s, "first"));
	assert_true(one.has_log && one.has_systemd);
	item = sample_verdict(&two);
	item.u.verdict.row.has_systemd = true;
	memset(item.u.verdict.row.systemd_digest, 'f', 32);
	suite_refused(s, "another's log", &item, TROTH_E_NOT_FOUND);
	item.u.verdict.row.has_systemd = false;
	item.u.verdict.row.has_log = true;
	memset(item.u.verdict.row.log_digest, 'f', 32);
	suite_refused(s, "another's, as the firmware's", &item, TROTH_E_NOT_FOUND);

	item = sample_verdict(&one); /* its own, without bytes */
	suite_must(s, &item);
	one = suite_row(s, one.id);
	assert_true(one.has_systemd);
	one = judge_systemd(s, &one, TROTH_TIER_AFFIRMING, "second");
	assert_true(log_is_kept(s, "alpha") && log_is_kept(s, "second"));
	assert_false(log_is_kept(s, "first"));
	one = judge_systemd(s, &one, TROTH_TIER_AFFIRMING, NULL);
	assert_false(log_is_kept(s, "second"));
	assert_false(one.has_systemd);
	assert_true(log_is_kept(s, "alpha"));
}

struct revoked {
	size_t n;
	uint8_t serial[16];
	uint64_t revoked_s;
};

static enum troth_status note_revoked(void *arg, const uint8_t serial[16], uint64_t revoked_s)
{
	struct revoked *r = arg;

	memcpy(r->serial, serial, sizeof r->serial);
	r->revoked_s = revoked_s;
	r->n++;
	return TROTH_OK;
}

static void an_untrusted_verdict_revokes(void **state)
{
	struct suite *s = *state;
	struct troth_device_row row = suite_enrolled(s, 1), other = suite_enrolled(s, 2);
	struct troth_store_item issued = sample_verdict(&row), bad,
				others = sample_verdict(&other);
	struct revoked r = { 0 };

	suite_must(s, &issued);
	suite_must(s, &others);
	row = suite_row(s, row.id);
	bad = sample_verdict(&row);
	bad.u.verdict.issued = false;
	bad.u.verdict.revoke = true;
	bad.u.verdict.now_s = SAMPLE_NOW_S + 10;
	bad.u.verdict.row.tier = TROTH_TIER_CONTRAINDICATED;
	suite_must(s, &bad);
	assert_int_equal(s->ops->each_revoked(s->b, SAMPLE_NOW_S, note_revoked, &r), TROTH_OK);
	assert_int_equal(r.n, 1); /* its own and not the other's */
	assert_memory_equal(r.serial, issued.u.verdict.serial, 16);
	assert_int_equal(r.revoked_s, SAMPLE_NOW_S + 10);
	/* At its end and after, a certificate is refused without a list. */
	assert_int_equal(suite_count_revoked(s, SAMPLE_NOW_S + 899), 1);
	assert_int_equal(suite_count_revoked(s, SAMPLE_NOW_S + 900), 0);
}

static void revoking_twice_keeps_the_first_time(void **state)
{
	struct suite *s = *state;
	struct troth_device_row row = suite_enrolled(s, 1);
	struct troth_store_item item = sample_verdict(&row);
	struct revoked r = { 0 };

	suite_must(s, &item);
	for (uint64_t later = 0; later < 2; later++) {
		row = suite_row(s, row.id);
		item = sample_state(&row, TROTH_DEVICE_QUARANTINED);
		item.u.state.now_s += later;
		suite_must(s, &item);
	}
	assert_int_equal(s->ops->each_revoked(s->b, 0, note_revoked, &r), TROTH_OK);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.revoked_s, SAMPLE_NOW_S);
}

static void leaving_the_active_state_revokes(void **state)
{
	static const struct {
		enum troth_device_state to;
		bool revoke;
		size_t want;
	} CASES[] = {
		{ TROTH_DEVICE_PENDING, false, 1 }, { TROTH_DEVICE_QUARANTINED, false, 1 },
		{ TROTH_DEVICE_RETIRED, false, 1 }, { TROTH_DEVICE_ACTIVE, true, 1 },
		{ TROTH_DEVICE_ACTIVE, false, 0 },
	};
	struct suite *s = *state;
	size_t want = 0;

	for (unsigned i = 0; i < TROTH_COUNT(CASES); i++) {
		struct troth_device_row row = suite_enrolled(s, i);
		struct troth_store_item item = sample_verdict(&row);
		suite_must(s, &item);
		row = suite_row(s, row.id);
		item = sample_state(&row, CASES[i].to);
		item.u.state.revoke = CASES[i].revoke;
		suite_must(s, &item);
		want += CASES[i].want;
		assert_int_equal(suite_count_revoked(s, SAMPLE_NOW_S), want);
	}
}

static void a_serial_is_issued_once_to_a_device(void **state)
{
	struct suite *s = *state;
	struct troth_device_row row = suite_enrolled(s, 1);
	struct troth_store_item item = sample_verdict(&row);
	uint8_t serial[16];

	memcpy(serial, item.u.verdict.serial, sizeof serial);
	suite_must(s, &item);
	row = suite_row(s, row.id);
	item = sample_verdict(&row);
	memcpy(item.u.verdict.serial, serial, sizeof serial);
	/* Found out last, after the row, the record and the leaves: still nothing changes. */
	suite_refused(s, "a serial used before", &item, TROTH_E_CONFLICT);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, suite_setup, suite_teardown)

int suite_contents(void)
{
	static const struct CMUnitTest TESTS[] = {
		CASE(the_last_record_and_the_last_affirming_one),
		CASE(a_log_stays_while_somebody_uses_it),
		CASE(a_log_is_named_only_by_the_device_it_came_from),
		CASE(systemds_log_goes_with_the_evidence),
		CASE(an_untrusted_verdict_revokes),
		CASE(revoking_twice_keeps_the_first_time),
		CASE(leaving_the_active_state_revokes),
		CASE(a_serial_is_issued_once_to_a_device),
	};

	return cmocka_run_group_tests_name(suite_kind->name, TESTS, NULL, NULL);
}
