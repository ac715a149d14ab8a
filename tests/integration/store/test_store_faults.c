/* SPDX-License-Identifier: Apache-2.0 */
/* Every operation and every write of a scenario fails in turn; what is then on the
 * disk is the state before some step or after it, never one between, and no
 * acknowledged step is missing. */
#include <stdio.h>

#include "answers.h"
#include "bad_disk.h"
#include "base.h"
#include "suite_sqlite.h"
#include "watched.h"

#define STEPS 6

/* The life of a device, one step after the other; each step fits the state the one before left.
 * The log comes, is replaced and so deleted; serials come and are revoked. */
static struct troth_store_item step_item(size_t i)
{
	static uint8_t log[20000];
	struct troth_device_row row = sample_row(1);
	struct troth_store_item item = { 0 };

	row.version = i;
	row.has_log = i >= 2;
	memset(row.log_digest, i <= 2 ? 1 : 2, row.has_log ? sizeof row.log_digest : 0);
	switch (i) {
	case 0: return sample_enrol(1);
	case 1:
	case 2:
		item = sample_verdict(&row);
		item.u.verdict.row.has_log = true;
		memset(item.u.verdict.row.log_digest, (int)i, sizeof row.log_digest);
		log[0] = (uint8_t)i;
		item.u.verdict.log = TROTH_VIEW_OF(log);
		return item;
	case 3: return sample_document(true, "pumps", "a: 1");
	case 4:
		row.version = 3;
		item = sample_verdict(&row);
		item.u.verdict.policy_epoch = 1;
		return item;
	default: row.version = 4; return sample_state(&row, TROTH_DEVICE_QUARANTINED);
	}
}

static char *dump_of_store(const char *where)
{
	struct troth_store_backend *b = NULL;
	char *dump;

	assert_int_equal(troth_store_sqlite.open(where, &b), TROTH_OK);
	dump = suite_dump(&troth_store_sqlite, b);
	troth_store_sqlite.close(b);
	return dump;
}

/* What the store holds before the first step and after each, when nothing fails. */
static char *clean[STEPS + 1];

static int run_clean(void **state)
{
	struct suite s = { .ops = &troth_store_sqlite };

	(void)state;
	bad_disk_install();
	store_files_make(s.where);
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	clean[0] = suite_dump(s.ops, s.b);
	for (size_t i = 0; i < STEPS; i++) {
		struct troth_store_item item = step_item(i);
		assert_int_equal(suite_do(&s, &item), TROTH_OK);
		clean[i + 1] = suite_dump(s.ops, s.b);
		assert_string_not_equal(clean[i], clean[i + 1]);
	}
	s.ops->close(s.b);
	store_files_discard(s.where);
	return 0;
}

static int free_clean(void **state)
{
	(void)state;
	for (size_t i = 0; i <= STEPS; i++)
		free(clean[i]);
	return 0;
}

static struct troth_store_writer *start(const char *where)
{
	struct troth_store_backend *b = NULL;
	struct troth_store_writer *w = NULL;

	assert_int_equal(watched_ops.open(where, &b), TROTH_OK);
	assert_int_equal(troth_store_writer_start(&watched_ops, b, NULL, NULL, &w), TROTH_OK);
	return w;
}

/* Steps acknowledged before the first that was not. */
static size_t run_steps(struct troth_store_writer *w, size_t from)
{
	for (size_t i = from; i < STEPS; i++) {
		struct troth_store_item item = step_item(i);
		enum troth_status status = answer_to(w, &item);
		if (status != TROTH_OK) {
			assert_int_equal(status, TROTH_E_IO);
			return i;
		}
	}
	return STEPS;
}

/* The number of steps the store on the disk has behind it: as acknowledged, or one more when
 * only the answer was lost. */
static size_t steps_on_disk(const char *where, size_t acknowledged)
{
	char *dump = dump_of_store(where);
	size_t steps = acknowledged;

	if (acknowledged < STEPS && strcmp(dump, clean[acknowledged + 1]) == 0)
		steps++;
	else
		assert_string_equal(dump, clean[acknowledged]);
	free(dump);
	return steps;
}

static void each_operation_fails_in_turn(void **state)
{
	static const enum watched_fault FAULTS[] = { WATCHED_INSTEAD, WATCHED_AFTER };
	size_t failed = 0, lost = 0;

	(void)state;
	for (size_t f = 0; f < TROTH_COUNT(FAULTS); f++) {
		for (long at = 1; at <= 3 * STEPS; at++) {
			struct troth_store_writer *w;
			char where[256];
			size_t done, steps;
			store_files_make(where);
			watched_reset(FAULTS[f], at);
			w = start(where);
			done = run_steps(w, 0);
			troth_store_writer_stop(w);
			steps = steps_on_disk(where, done);
			failed += done < STEPS;
			lost += steps > done;
			store_files_discard(where);
		}
	}
	/* Each begin, apply and commit of each step, both ways; of these, the commits whose
	 * success was lost. */
	assert_int_equal(failed, 2 * 3 * STEPS);
	assert_int_equal(lost, STEPS);
}

/* After a write that failed, the same writer goes on: the step is tried again
 * and the rest follows. */
static void finish(struct troth_store_writer *w, size_t done)
{
	if (done < STEPS) {
		struct troth_store_item item = step_item(done);
		enum troth_status status = answer_to(w, &item);
		assert_int_equal(status, TROTH_OK);
		done = run_steps(w, done + 1);
	}
	assert_int_equal(done, STEPS);
}

static void each_write_fails_in_turn(void **state)
{
	static const enum bad_disk_fault FAULTS[] = { BAD_DISK_WRITE, BAD_DISK_TORN,
						      BAD_DISK_FULL };
	(void)state;
	for (size_t f = 0; f < TROTH_COUNT(FAULTS); f++) {
		bool met = true;
		long at;
		for (at = 1; met; at++) {
			struct troth_store_writer *w;
			char where[256], *dump;
			size_t done;
			store_files_make(where);
			watched_reset(WATCHED_NONE, 0);
			bad_disk_arm(BAD_DISK_NONE, 0, false);
			w = start(where);
			bad_disk_arm(FAULTS[f], at, false);
			done = run_steps(w, 0);
			met = bad_disk_count() >= at;
			finish(w, done);
			troth_store_writer_stop(w);
			bad_disk_arm(BAD_DISK_NONE, 0, false);
			dump = dump_of_store(where);
			assert_string_equal(dump, clean[STEPS]);
			free(dump);
			store_files_discard(where);
		}
		assert_true(at > 20); /* the scenario does write that often */
	}
}

/* The disk fails and stays so: the process ends, and starts again on a sound disk. */
static void the_disk_dies_at_each_write(void **state)
{
	static const enum bad_disk_fault FAULTS[] = { BAD_DISK_WRITE, BAD_DISK_TORN };

	(void)state;
	for (size_t f = 0; f < TROTH_COUNT(FAULTS); f++) {
		size_t done = 0;
		for (long at = 1; done < STEPS; at++) {
			struct troth_store_writer *w;
			char where[256];
			store_files_make(where);
			watched_reset(WATCHED_NONE, 0);
			bad_disk_arm(BAD_DISK_NONE, 0, false);
			w = start(where);
			bad_disk_arm(FAULTS[f], at, true);
			done = run_steps(w, 0);
			troth_store_writer_stop(w);
			bad_disk_arm(BAD_DISK_NONE, 0, false);
			(void)steps_on_disk(where, done);
			store_files_discard(where);
		}
	}
}

static void a_failed_open_leaves_a_store_that_opens(void **state)
{
	bool met = true;

	(void)state;
	for (long at = 1; met; at++) {
		struct troth_store_backend *b = NULL;
		char where[256], *dump;
		enum troth_status status;
		store_files_make(where);
		bad_disk_arm(BAD_DISK_TORN, at, true);
		status = troth_store_sqlite.open(where, &b);
		met = bad_disk_count() >= at;
		if (status == TROTH_OK)
			troth_store_sqlite.close(b);
		else
			assert_null(b);
		bad_disk_arm(BAD_DISK_NONE, 0, false);
		dump = dump_of_store(where);
		assert_string_equal(dump, clean[0]);
		free(dump);
		store_files_discard(where);
	}
}

/* A store with one device behind it, whose pages are on the disk and not in memory. */
static void open_cold(struct suite *s)
{
	struct troth_store_item item = step_item(0);

	store_files_make(s->where);
	assert_int_equal(s->ops->open(s->where, &s->b), TROTH_OK);
	suite_must(s, &item);
	suite_reopen(s);
}

/* A page that cannot be read in the middle of a transaction: nothing of it may be committed. */
static void each_read_fails_in_turn(void **state)
{
	bool met = true;
	unsigned poisoned = 0;

	(void)state;
	for (long at = 1; met; at++) {
		struct suite s = { .ops = &troth_store_sqlite };
		struct troth_store_item before = sample_enrol(2), item = step_item(1),
					after = sample_enrol(3);
		enum troth_status status;
		char *dump;
		open_cold(&s);
		assert_int_equal(s.ops->begin(s.b), TROTH_OK);
		assert_int_equal(s.ops->apply(s.b, &before), TROTH_OK);
		bad_disk_arm(BAD_DISK_READ, at, false);
		status = s.ops->apply(s.b, &item);
		met = bad_disk_count() >= at;
		bad_disk_arm(BAD_DISK_NONE, 0, false);
		if (status != TROTH_OK) {
			assert_int_equal(status, TROTH_E_IO);
			assert_int_equal(s.ops->apply(s.b, &after), TROTH_E_IO);
			assert_int_equal(s.ops->commit(s.b), TROTH_E_IO);
			poisoned++;
		} else {
			s.ops->rollback(s.b);
		}
		dump = suite_dump(s.ops, s.b);
		assert_string_equal(dump, clean[1]);
		free(dump);
		suite_must(&s, &item); /* and the store goes on */
		s.ops->close(s.b);
		store_files_discard(s.where);
	}
	assert_true(poisoned > 0);
}

/* What the disk still has after a power cut is what was synced. After each acknowledgement that
 * must be all of it. */
static void a_power_cut_takes_nothing_acknowledged(void **state)
{
	struct troth_store_writer *w;
	char where[256], after[256], *dump;

	(void)state;
	watched_reset(WATCHED_NONE, 0);
	bad_disk_arm(BAD_DISK_NONE, 0, false);
	bad_disk_keep_durable(true);
	store_files_make(where);
	w = start(where);
	for (size_t i = 0; i < STEPS; i++) {
		struct troth_store_item item = step_item(i);
		assert_int_equal(answer_to(w, &item), TROTH_OK);
		store_files_make(after);
		bad_disk_power_cut(where, after);
		bad_disk_keep_durable(false);
		dump = dump_of_store(after);
		assert_string_equal(dump, clean[i + 1]);
		free(dump);
		store_files_discard(after);
		bad_disk_keep_durable(true);
	}
	troth_store_writer_stop(w);
	bad_disk_keep_durable(false);
	bad_disk_discard_durable(where);
	store_files_discard(where);
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
		cmocka_unit_test(each_operation_fails_in_turn),
		cmocka_unit_test(each_write_fails_in_turn),
		cmocka_unit_test(each_read_fails_in_turn),
		cmocka_unit_test(the_disk_dies_at_each_write),
		cmocka_unit_test(a_failed_open_leaves_a_store_that_opens),
		cmocka_unit_test(a_power_cut_takes_nothing_acknowledged),
	};

	return cmocka_run_group_tests(TESTS, run_clean, free_clean);
}
