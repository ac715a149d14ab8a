/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <pthread.h>
#include <stdio.h>

#include "reader.h"
#include "registry.h"

/* Ids spread over shards, the last bytes telling n. */
static struct troth_device_row row_of(unsigned n)
{
	struct troth_device_row row = { .version = 1, .state = TROTH_DEVICE_ACTIVE };
	uint64_t x = n * 0x9e3779b97f4a7c15U;

	for (size_t i = 0; i < 8; i++)
		row.id[i] = (uint8_t)(x >> 8 * i);
	memcpy(row.id + 28, &n, sizeof n);
	(void)snprintf(row.name, sizeof row.name, "device-%u", n);
	row.ak_len = (uint16_t)(n % (TROTH_PUBLIC_MAX + 1));
	memset(row.ak_public, (int)(n % 251), row.ak_len);
	return row;
}

static struct troth_registry *setup_with(unsigned n)
{
	struct troth_registry *r = NULL;

	assert_int_equal(troth_registry_new(&r), TROTH_OK);
	for (unsigned i = 0; i < n; i++) {
		struct troth_device_row row = row_of(i);
		assert_int_equal(troth_registry_put(r, &row), TROTH_OK);
	}
	return r;
}

static void an_empty_registry_knows_nobody(void **state)
{
	struct troth_registry *r = setup_with(0);
	struct troth_device_row row, want = row_of(1);

	(void)state;
	POISON(row);
	assert_int_equal(troth_registry_count(r), 0);
	assert_false(troth_registry_get(r, want.id, &row));
	assert_false(troth_registry_find(r, troth_view_str("device-1"), &row));
	assert_false(troth_registry_find(r, (struct troth_view){ 0 }, &row));
	ASSERT_POISONED(row);
	troth_registry_free(r);
	troth_registry_free(NULL);
}

static void rows_come_back_by_id_and_by_name(void **state)
{
	struct troth_registry *r = setup_with(20000);

	(void)state;
	assert_int_equal(troth_registry_count(r), 20000);
	for (unsigned i = 0; i < 20000; i++) {
		struct troth_device_row want = row_of(i), got;
		POISON(got);
		assert_true(troth_registry_get(r, want.id, &got));
		assert_memory_equal(&got, &want, sizeof got); /* the unused end of the AK too */
		POISON(got);
		assert_true(troth_registry_find(r, troth_view_str(want.name), &got));
		assert_memory_equal(&got, &want, sizeof got);
	}
	troth_registry_free(r);
}

static void an_id_that_differs_in_one_bit_is_another(void **state)
{
	struct troth_registry *r = setup_with(1000);
	struct troth_device_row row = row_of(7), got;

	(void)state;
	POISON(got);
	for (size_t bit = 0; bit < 8 * sizeof row.id; bit++) {
		uint8_t id[32];
		memcpy(id, row.id, sizeof id);
		id[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(troth_registry_get(r, id, &got));
	}
	assert_false(troth_registry_find(r, troth_view_str("device-"), &got));
	assert_false(troth_registry_find(r, troth_view_str("device-70000"), &got));
	ASSERT_POISONED(got);
	troth_registry_free(r);
}

static void a_row_never_goes_back(void **state)
{
	struct troth_registry *r = setup_with(0);
	struct troth_device_row row = row_of(1), got;

	(void)state;
	row.version = 5;
	assert_int_equal(troth_registry_put(r, &row), TROTH_OK);
	row.version = 4;
	row.state = TROTH_DEVICE_QUARANTINED;
	memcpy(row.name, "older", 6);
	assert_int_equal(troth_registry_put(r, &row), TROTH_OK);
	assert_true(troth_registry_get(r, row.id, &got));
	assert_int_equal(got.version, 5);
	assert_int_equal(got.state, TROTH_DEVICE_ACTIVE);
	assert_false(troth_registry_find(r, troth_view_str("older"), &got));
	row.version = 6;
	row.ak_len = TROTH_PUBLIC_MAX; /* longer than before */
	assert_int_equal(troth_registry_put(r, &row), TROTH_OK);
	assert_true(troth_registry_get(r, row.id, &got));
	assert_int_equal(got.version, 6);
	assert_int_equal(got.ak_len, TROTH_PUBLIC_MAX);
	assert_int_equal(troth_registry_count(r), 1);
	troth_registry_free(r);
}

static void names_follow_their_devices(void **state)
{
	struct troth_registry *r = setup_with(2);
	struct troth_device_row one = row_of(0), two = row_of(1), got;

	(void)state;
	memcpy(one.name, "moved", 6);
	one.version = 2;
	assert_int_equal(troth_registry_put(r, &one), TROTH_OK);
	assert_false(troth_registry_find(r, troth_view_str("device-0"), &got));
	assert_true(troth_registry_find(r, troth_view_str("moved"), &got));
	assert_memory_equal(got.id, one.id, sizeof got.id);
	/* The name that became free is taken by the other, and its own by a third. */
	memcpy(two.name, "device-0", 9);
	two.version = 2;
	assert_int_equal(troth_registry_put(r, &two), TROTH_OK);
	assert_true(troth_registry_find(r, troth_view_str("device-0"), &got));
	assert_memory_equal(got.id, two.id, sizeof got.id);
	assert_false(troth_registry_find(r, troth_view_str("device-1"), &got));
	/* Two swap names: in between both have one, at the end each has its own. */
	memcpy(one.name, "device-0", 9);
	one.version = 3;
	assert_int_equal(troth_registry_put(r, &one), TROTH_OK);
	memcpy(two.name, "moved", 6);
	two.version = 3;
	assert_int_equal(troth_registry_put(r, &two), TROTH_OK);
	assert_true(troth_registry_find(r, troth_view_str("device-0"), &got));
	assert_memory_equal(got.id, one.id, sizeof got.id);
	assert_true(troth_registry_find(r, troth_view_str("moved"), &got));
	assert_memory_equal(got.id, two.id, sizeof got.id);
	troth_registry_free(r);
}

static void the_longest_name(void **state)
{
	struct troth_registry *r = setup_with(0);
	struct troth_device_row row = row_of(1), got;

	(void)state;
	memset(row.name, 'n', TROTH_NAME_LEN_MAX);
	row.name[TROTH_NAME_LEN_MAX] = 0;
	assert_int_equal(troth_registry_put(r, &row), TROTH_OK);
	assert_true(troth_registry_find(r, troth_view_str(row.name), &got));
	row.name[TROTH_NAME_LEN_MAX - 1] = 0;
	assert_false(troth_registry_find(r, troth_view_str(row.name), &got));
	troth_registry_free(r);
}

/* ---- walks ---- */

struct walk {
	struct troth_registry *r;
	size_t n, stop_at;
	uint8_t last[32];
	bool in_order;
};

static bool step(void *arg, const struct troth_device_row *row)
{
	struct walk *w = arg;

	if (w->n > 0 && memcmp(w->last, row->id, sizeof w->last) >= 0)
		w->in_order = false;
	memcpy(w->last, row->id, sizeof w->last);
	return ++w->n != w->stop_at;
}

static void a_walk_meets_each_once_in_order_of_id(void **state)
{
	struct troth_registry *r = setup_with(20000);
	struct walk w = { .in_order = true }, part = { .in_order = true, .stop_at = 3 };

	(void)state;
	troth_registry_each(r, step, &w);
	assert_int_equal(w.n, 20000);
	assert_true(w.in_order);
	troth_registry_each(r, step, &part);
	assert_int_equal(part.n, 3);
	troth_registry_free(r);
}

/* Ids that lie in one shard and one bucket. */
static void a_walk_through_one_chain(void **state)
{
	struct troth_registry *r = setup_with(0);
	struct walk w = { .in_order = true };

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		struct troth_device_row row = row_of(i);
		memset(row.id, 0xff, 28);
		assert_int_equal(troth_registry_put(r, &row), TROTH_OK);
	}
	troth_registry_each(r, step, &w);
	assert_int_equal(w.n, 300);
	assert_true(w.in_order);
	troth_registry_free(r);
}

static bool step_and_put(void *arg, const struct troth_device_row *row)
{
	struct walk *w = arg;
	struct troth_device_row changed = *row, more = row_of(100000 + (unsigned)w->n);

	changed.version++;
	assert_int_equal(troth_registry_put(w->r, &changed), TROTH_OK);
	/* Makes shards grow under the walk. */
	assert_int_equal(troth_registry_put(w->r, &more), TROTH_OK);
	return step(arg, row) && w->n < 10000;
}

static void a_visitor_may_change_the_registry(void **state)
{
	struct troth_registry *r = setup_with(2000);
	struct walk w = { .r = r, .in_order = true };

	(void)state;
	troth_registry_each(r, step_and_put, &w);
	assert_true(w.in_order);
	assert_true(w.n >= 2000);
	for (unsigned i = 0; i < 2000; i++) {
		struct troth_device_row row = row_of(i), got;
		assert_true(troth_registry_get(r, row.id, &got));
		assert_int_equal(got.version, 2); /* each was met, once */
	}
	troth_registry_free(r);
}

/* ---- threads ---- */

#define READERS 3
#define DEVICES 64

struct shared {
	struct troth_registry *r;
	bool stop;
	unsigned torn;
};

/* Version, times and AK of a row are written together: they must be read together. */
static struct troth_device_row row_at(unsigned n, uint64_t version)
{
	struct troth_device_row row = row_of(n);

	row.version = version;
	row.last_pass_ms = version;
	row.ak_len = (uint16_t)(version % TROTH_PUBLIC_MAX);
	memset(row.ak_public, (int)(version % 256), row.ak_len);
	(void)snprintf(row.name, sizeof row.name, "device-%u-%u", n, (unsigned)(version % 2));
	return row;
}

static bool whole(const struct troth_device_row *row)
{
	if (row->last_pass_ms != row->version || row->ak_len != row->version % TROTH_PUBLIC_MAX)
		return false;
	for (size_t i = 0; i < row->ak_len; i++) {
		if (row->ak_public[i] != (uint8_t)row->version)
			return false;
	}
	return true;
}

static bool stopped(struct shared *s)
{
	return __atomic_load_n(&s->stop, __ATOMIC_ACQUIRE);
}

static void *read_rows(void *arg)
{
	struct shared *s = arg;
	struct troth_device_row row;
	uint64_t last[DEVICES] = { 0 };

	for (unsigned n = 0; !stopped(s); n = (n + 1) % DEVICES) {
		struct troth_device_row want = row_of(n);
		if (!troth_registry_get(s->r, want.id, &row) || !whole(&row) ||
		    row.version < last[n])
			(void)__atomic_add_fetch(&s->torn, 1, __ATOMIC_RELAXED);
		last[n] = row.version;
		if (troth_registry_find(s->r, troth_view_str(row.name), &row) &&
		    (!whole(&row) || memcmp(row.id, want.id, sizeof row.id) != 0))
			(void)__atomic_add_fetch(&s->torn, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void readers_never_see_half_a_row(void **state)
{
	struct shared s = { 0 };
	pthread_t readers[READERS];

	(void)state;
	assert_int_equal(troth_registry_new(&s.r), TROTH_OK);
	for (unsigned n = 0; n < DEVICES; n++) {
		struct troth_device_row row = row_at(n, 1);
		assert_int_equal(troth_registry_put(s.r, &row), TROTH_OK);
	}
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_rows, &s), 0);
	for (uint64_t version = 2; version < 500; version++) {
		for (unsigned n = 0; n < DEVICES; n++) {
			struct troth_device_row row = row_at(n, version);
			assert_int_equal(troth_registry_put(s.r, &row), TROTH_OK);
		}
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(pthread_join(readers[i], NULL), 0);
	assert_int_equal(s.torn, 0);
	troth_registry_free(s.r);
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
		cmocka_unit_test(an_empty_registry_knows_nobody),
		cmocka_unit_test(rows_come_back_by_id_and_by_name),
		cmocka_unit_test(an_id_that_differs_in_one_bit_is_another),
		cmocka_unit_test(a_row_never_goes_back),
		cmocka_unit_test(names_follow_their_devices),
		cmocka_unit_test(the_longest_name),
		cmocka_unit_test(a_walk_meets_each_once_in_order_of_id),
		cmocka_unit_test(a_walk_through_one_chain),
		cmocka_unit_test(a_visitor_may_change_the_registry),
		cmocka_unit_test(readers_never_see_half_a_row),
	};

	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
