/* SPDX-License-Identifier: Apache-2.0 */
/* The writer thread: groups, their order, answers, limits. */
#include <stdio.h>

#include "answers.h"
#include "base.h"
#include "registry.h"
#include "suite_sqlite.h"
#include "watched.h"

struct bench {
	char where[256];
	struct troth_store_backend *b;
	struct troth_store_writer *w;
	struct troth_registry *registry;
	unsigned n_committed;
	bool told_too_early; /* an answer came before its row was in the registry */
};

static void on_commit(void *arg, const struct troth_device_row *row)
{
	struct bench *t = arg;

	t->n_committed++;
	assert_int_equal(troth_registry_put(t->registry, row), TROTH_OK);
}

static int setup(void **state)
{
	struct bench *t = calloc(1, sizeof *t);

	assert_non_null(t);
	watched_reset(WATCHED_NONE, 0);
	watched_gate(false);
	store_files_make(t->where);
	assert_int_equal(troth_registry_new(&t->registry), TROTH_OK);
	assert_int_equal(watched_ops.open(t->where, &t->b), TROTH_OK);
	assert_int_equal(troth_store_writer_start(&watched_ops, t->b, on_commit, t, &t->w),
			 TROTH_OK);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct bench *t = *state;

	troth_store_writer_stop(t->w);
	troth_registry_free(t->registry);
	store_files_discard(t->where);
	free(t);
	return 0;
}

static struct troth_device_row enrolled(struct bench *t, unsigned n)
{
	struct troth_store_item item = sample_enrol(n);
	struct troth_device_row row;

	assert_int_equal(answer_to(t->w, &item), TROTH_OK);
	assert_true(troth_registry_get(t->registry, item.u.enrol.row.id, &row));
	return row;
}

static void an_answer_carries_the_row_as_stored(void **state)
{
	struct bench *t = *state;
	struct troth_device_row row = enrolled(t, 1);
	struct troth_store_item items[] = { sample_verdict(&row), sample_enrol(1),
					    sample_state(&row, TROTH_DEVICE_QUARANTINED) };

	items[0].u.verdict.row.certification = sample_full_row(1).certification;
	for (size_t i = 0; i < TROTH_COUNT(items); i++) {
		struct suite s = { .ops = &troth_store_sqlite, .b = t->b };
		struct troth_device_row stored;
		struct answer a;
		answer_init(&a);
		items[1].u.enrol.row.version = 2;
		items[2].u.state.row.version = 3;
		assert_int_equal(troth_store_submit(t->w, &items[i], answer_done, &a),
				 TROTH_OK);
		assert_int_equal(answer_wait(&a), TROTH_OK);
		assert_true(a.has_row);
		stored = suite_row(&s, row.id);
		sample_assert_same_row(&a.row, &stored);
		assert_true(troth_registry_get(t->registry, row.id, &stored));
		sample_assert_same_row(&a.row, &stored);
	}
	assert_int_equal(t->n_committed, 4);
}

static void a_refusal_has_no_row_and_commits_nothing(void **state)
{
	struct bench *t = *state;
	struct troth_device_row row = enrolled(t, 1);
	struct troth_store_item item = sample_verdict(&row);
	struct answer a;

	answer_init(&a);
	item.u.verdict.version = 7;
	assert_int_equal(troth_store_submit(t->w, &item, answer_done, &a), TROTH_OK);
	assert_int_equal(answer_wait(&a), TROTH_E_CONFLICT);
	assert_false(a.has_row);
	assert_int_equal(t->n_committed, 1);
	assert_int_equal(watched_commits(), 1);
	assert_int_equal(watched_rollbacks(), 1); /* the lock is not kept until the next item */
}

static void a_document_has_no_row(void **state)
{
	struct bench *t = *state;
	struct troth_store_item item = sample_document(true, "pumps", "a: 1");
	struct answer a;

	answer_init(&a);
	assert_int_equal(troth_store_submit(t->w, &item, answer_done, &a), TROTH_OK);
	assert_int_equal(answer_wait(&a), TROTH_OK);
	assert_false(a.has_row);
	assert_int_equal(t->n_committed, 0);
}

static void what_cannot_be_written_is_refused_at_once(void **state)
{
	struct bench *t = *state;
	struct troth_store_item item = sample_enrol(1);
	struct answer a;

	answer_init(&a);
	item.u.enrol.leaf.n = 0;
	assert_int_equal(troth_store_submit(t->w, &item, answer_done, &a), TROTH_E_MALFORMED);
	item = sample_enrol(1);
	item.u.enrol.row.generation = UINT64_MAX;
	assert_int_equal(troth_store_submit(t->w, &item, answer_done, &a), TROTH_E_LIMIT);
	item = sample_enrol(1);
	assert_int_equal(answer_to(t->w, &item), TROTH_OK); /* comes after anything queued */
	assert_int_equal(a.n, 0);
}

/* Holds the writer at the gate with one item, so that what follows is one group. */
static void hold(struct bench *t, struct answer *a, unsigned n)
{
	struct troth_store_item item = sample_enrol(n);

	watched_gate(true);
	answer_init(a);
	assert_int_equal(troth_store_submit(t->w, &item, answer_done, a), TROTH_OK);
	watched_wait_for_begin();
}

static int by_id(const void *a, const void *b)
{
	return memcmp(((const struct troth_device_row *)a)->id,
		      ((const struct troth_device_row *)b)->id, 32);
}

static void a_group_goes_by_document_device_and_submission(void **state)
{
	struct bench *t = *state;
	struct troth_device_row rows[] = { enrolled(t, 1), enrolled(t, 2), enrolled(t, 3) };
	struct troth_store_item document = sample_document(true, "pumps", "a: 1"), item;
	struct answer first, answers[7];
	char want[512] = "device-9 pumps ";

	hold(t, &first, 9);
	watched_reset(WATCHED_NONE, 0);
	for (size_t i = 0; i < 6; i++) {
		/* Each device twice: a state first, then one more on the version after. */
		item = sample_state(&rows[i % 3], TROTH_DEVICE_ACTIVE);
		item.u.state.row.version = i < 3 ? 1 : 2;
		answer_init(&answers[i]);
		assert_int_equal(troth_store_submit(t->w, &item, answer_done, &answers[i]),
				 TROTH_OK);
	}
	answer_init(&answers[6]);
	assert_int_equal(troth_store_submit(t->w, &document, answer_done, &answers[6]),
			 TROTH_OK);
	watched_gate(false);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(answer_wait(&answers[i]), TROTH_OK);
	assert_int_equal(watched_commits(), 2); /* the one held, and all the others */

	qsort(rows, 3, sizeof rows[0], by_id);
	for (size_t i = 0; i < 3; i++) {
		size_t n = strlen(want);
		(void)snprintf(want + n, sizeof want - n, "%s %s ", rows[i].name, rows[i].name);
	}
	assert_string_equal(watched_order(), want);
}

static void a_policy_beside_a_verdict_voids_it(void **state)
{
	struct bench *t = *state;
	struct troth_device_row row = enrolled(t, 1);
	struct troth_store_item verdict = sample_verdict(&row),
				policy = sample_document(true, "pumps", "a: 1");
	struct answer first, judged, put;

	hold(t, &first, 9);
	answer_init(&judged);
	answer_init(&put);
	assert_int_equal(troth_store_submit(t->w, &verdict, answer_done, &judged), TROTH_OK);
	assert_int_equal(troth_store_submit(t->w, &policy, answer_done, &put), TROTH_OK);
	watched_gate(false);
	assert_int_equal(answer_wait(&put), TROTH_OK);
	assert_int_equal(answer_wait(&judged), TROTH_E_CONFLICT);
}

static void items_are_copied_whole(void **state)
{
	struct bench *t = *state;
	struct troth_device_row row = enrolled(t, 1);
	struct troth_store_item item = sample_verdict(&row);
	struct troth_buffer out = { 0 };
	uint8_t record[] = "record", log[] = "log", leaf[] = "leaf";
	struct answer first, a;

	hold(t, &first, 9);
	answer_init(&a);
	item.u.verdict.record = TROTH_VIEW_OF(record);
	item.u.verdict.log = TROTH_VIEW_OF(log);
	item.u.verdict.leaf = TROTH_VIEW_OF(leaf);
	item.u.verdict.row.has_log = true;
	assert_int_equal(troth_store_submit(t->w, &item, answer_done, &a), TROTH_OK);
	POISON(record);
	POISON(log);
	POISON(leaf);
	POISON(item);
	watched_gate(false);
	assert_int_equal(answer_wait(&a), TROTH_OK);
	assert_int_equal(troth_store_sqlite.record(t->b, row.id, true, &out), TROTH_OK);
	assert_string_equal((const char *)out.p, "record");
	free(out.p);
	assert_int_equal(troth_store_sqlite.log(t->b, a.row.log_digest, &out), TROTH_OK);
	assert_string_equal((const char *)out.p, "log");
	free(out.p);
}

static void count_done(void *arg, enum troth_status status, const struct troth_device_row *row)
{
	unsigned *counts = arg;

	(void)row;
	counts[status]++;
}

static void a_full_queue_is_busy_and_all_are_answered_at_the_stop(void **state)
{
	struct bench *t = *state;
	struct troth_device_row row = enrolled(t, 1);
	struct troth_store_item item = sample_verdict(&row);
	unsigned counts[TROTH_STATUS_N] = { 0 };
	struct answer first;

	hold(t, &first, 9);
	for (size_t i = 0; i < TROTH_STORE_QUEUE_MAX; i++)
		assert_int_equal(troth_store_submit(t->w, &item, count_done, counts), TROTH_OK);
	assert_int_equal(troth_store_submit(t->w, &item, count_done, counts), TROTH_E_BUSY);
	watched_gate(false);
	troth_store_writer_stop(t->w);
	t->w = NULL;
	assert_int_equal(answer_wait(&first), TROTH_OK);
	assert_int_equal(counts[TROTH_OK], 1); /* all were about one version of one device */
	assert_int_equal(counts[TROTH_E_CONFLICT], TROTH_STORE_QUEUE_MAX - 1);
}

static void a_queue_full_of_bytes_is_busy(void **state)
{
	static const uint8_t TEXT[TROTH_REFERENCE_JSON_MAX] = { '{' };
	struct bench *t = *state;
	struct troth_store_item item = sample_document(false, "pumps", "");
	unsigned counts[TROTH_STATUS_N] = { 0 };
	size_t leaf = item.u.document.leaf.n, n = 0;
	struct answer first;

	hold(t, &first, 9);
	item.u.document.text = TROTH_VIEW_OF(TEXT);
	while (troth_store_submit(t->w, &item, count_done, counts) == TROTH_OK)
		n++;
	assert_int_equal(n, TROTH_STORE_QUEUE_BYTES_MAX / (sizeof TEXT + leaf));
	/* The last byte there is room for, and one more. */
	item.u.document.text.n = TROTH_STORE_QUEUE_BYTES_MAX - n * (sizeof TEXT + leaf) - leaf;
	item.u.document.id[0] ^= 1;
	item.u.document.text.n++;
	assert_int_equal(troth_store_submit(t->w, &item, count_done, counts), TROTH_E_BUSY);
	item.u.document.text.n--;
	assert_int_equal(troth_store_submit(t->w, &item, count_done, counts), TROTH_OK);
	watched_gate(false);
	troth_store_writer_stop(t->w);
	t->w = NULL;
	assert_int_equal(counts[TROTH_OK], n + 1);
}

struct racer {
	struct bench *t;
	pthread_barrier_t *start;
	struct troth_store_item item;
	enum troth_status status;
};

static void *race(void *arg)
{
	struct racer *r = arg;

	(void)pthread_barrier_wait(r->start);
	r->status = answer_to(r->t->w, &r->item);
	return NULL;
}

/* FIELD section 3, row 15: one token redeemed by many at once. */
static void of_many_at_once_on_one_version_one_succeeds(void **state)
{
	struct bench *t = *state;
	struct troth_device_row row = enrolled(t, 1);
	pthread_barrier_t start;
	struct racer racers[8];
	pthread_t threads[TROTH_COUNT(racers)];

	assert_int_equal(pthread_barrier_init(&start, NULL, TROTH_COUNT(racers)), 0);
	for (unsigned round = 0; round < 50; round++) {
		unsigned won = 0;
		for (size_t i = 0; i < TROTH_COUNT(racers); i++) {
			racers[i] = (struct racer){ .t = t, .start = &start };
			racers[i].item = sample_verdict(&row);
			racers[i].item.u.verdict.serial[15] = (uint8_t)i;
			assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]),
					 0);
		}
		for (size_t i = 0; i < TROTH_COUNT(racers); i++) {
			assert_int_equal(pthread_join(threads[i], NULL), 0);
			won += racers[i].status == TROTH_OK;
			assert_true(racers[i].status == TROTH_OK ||
				    racers[i].status == TROTH_E_CONFLICT);
		}
		assert_int_equal(won, 1);
		assert_true(troth_registry_get(t->registry, row.id, &row));
		assert_int_equal(row.version, round + 2);
	}
	(void)pthread_barrier_destroy(&start);
}

struct reader {
	struct bench *t;
	const uint8_t *id;
	bool stop;
	unsigned rounds;
};

static bool reader_stopped(struct reader *r)
{
	return __atomic_load_n(&r->stop, __ATOMIC_ACQUIRE);
}

/* As the administration thread does: each read sees some committed state. */
static void *read_on(void *arg)
{
	struct reader *r = arg;
	struct suite s = { .ops = &troth_store_sqlite, .b = r->t->b };
	uint64_t version = 0;

	while (!reader_stopped(r) || r->rounds == 0) {
		struct troth_device_row row = suite_row(&s, r->id);
		struct troth_buffer out = { 0 };
		assert_true(row.version >= version);
		version = row.version;
		assert_true(suite_count_leaves(&s) >= version);
		if (version > 1) {
			assert_int_equal(s.ops->record(s.b, r->id, true, &out), TROTH_OK);
			free(out.p);
		}
		r->rounds++;
	}
	return NULL;
}

static void reads_go_on_beside_writes(void **state)
{
	struct bench *t = *state;
	const struct troth_device_row first = enrolled(t, 1);
	struct reader readers[2] = { { .t = t, .id = first.id }, { .t = t, .id = first.id } };
	pthread_t threads[TROTH_COUNT(readers)];

	for (size_t i = 0; i < TROTH_COUNT(readers); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
	for (unsigned i = 0; i < 300; i++) {
		struct troth_device_row row;
		struct troth_store_item item;
		assert_true(troth_registry_get(t->registry, first.id, &row));
		item = sample_verdict(&row);
		assert_int_equal(answer_to(t->w, &item), TROTH_OK);
	}
	for (size_t i = 0; i < TROTH_COUNT(readers); i++) {
		__atomic_store_n(&readers[i].stop, true, __ATOMIC_RELEASE);
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_true(readers[i].rounds > 0);
	}
}

static void check_registry(void *arg, enum troth_status status,
			   const struct troth_device_row *row)
{
	struct bench *t = arg;
	struct troth_device_row held;

	if (status != TROTH_OK || !troth_registry_get(t->registry, row->id, &held) ||
	    held.version < row->version)
		t->told_too_early = true;
}

static void the_registry_knows_before_anybody_is_told(void **state)
{
	struct bench *t = *state;
	struct answer first;

	hold(t, &first, 1000);
	for (unsigned i = 0; i < 100; i++) {
		struct troth_store_item item = sample_enrol(i);
		assert_int_equal(troth_store_submit(t->w, &item, check_registry, t), TROTH_OK);
	}
	watched_gate(false);
	troth_store_writer_stop(t->w);
	t->w = NULL;
	assert_false(t->told_too_early);
	assert_int_equal(t->n_committed, 101);
	assert_int_equal(watched_commits(), 2);
}

/* A group is bounded: what is past it is the next one. */
static void groups_are_bounded(void **state)
{
	struct bench *t = *state;
	struct answer first;

	hold(t, &first, 1000);
	for (unsigned i = 0; i <= TROTH_STORE_GROUP_MAX; i++) {
		struct troth_store_item item = sample_enrol(i);
		assert_int_equal(troth_store_submit(t->w, &item, check_registry, t), TROTH_OK);
	}
	watched_gate(false);
	troth_store_writer_stop(t->w);
	t->w = NULL;
	assert_int_equal(watched_commits(), 3);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
		CASE(an_answer_carries_the_row_as_stored),
		CASE(a_refusal_has_no_row_and_commits_nothing),
		CASE(a_document_has_no_row),
		CASE(what_cannot_be_written_is_refused_at_once),
		CASE(a_group_goes_by_document_device_and_submission),
		CASE(a_policy_beside_a_verdict_voids_it),
		CASE(items_are_copied_whole),
		CASE(a_full_queue_is_busy_and_all_are_answered_at_the_stop),
		CASE(a_queue_full_of_bytes_is_busy),
		CASE(of_many_at_once_on_one_version_one_succeeds),
		CASE(reads_go_on_beside_writes),
		CASE(the_registry_knows_before_anybody_is_told),
		CASE(groups_are_bounded),
	};

	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
