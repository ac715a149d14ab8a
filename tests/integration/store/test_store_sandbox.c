/* SPDX-License-Identifier: Apache-2.0 */
/* The store in a process that may open nothing any more.
 *
 * A child opens a pool of stores, gives up the right to open files as the front does, and runs
 * the whole conformance suite on the pool; then it makes the log grow past its checkpoint and a
 * transaction grow past the cache. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "sandbox.h"
#include "suite_sqlite.h"

#define POOL 40

static struct {
	char where[256];
	struct troth_store_backend *b;
} pool[POOL];
static size_t n_used;

static void pool_make(char where[256])
{
	assert_true(n_used < POOL);
	memcpy(where, pool[n_used].where, sizeof pool[n_used].where);
	n_used++;
}

static enum troth_status pool_open(const char *where, struct troth_store_backend **out)
{
	for (size_t i = 0; i < POOL; i++) {
		if (strcmp(pool[i].where, where) == 0) {
			*out = pool[i].b;
			return TROTH_OK;
		}
	}
	return TROTH_E_NOT_FOUND;
}

static void pool_close(struct troth_store_backend *b)
{
	(void)b; /* a case that opens again gets the same, still open */
}

static void pool_discard(const char *where)
{
	(void)where;
}

static off_t size_of(const char *where)
{
	struct stat st;

	assert_int_equal(stat(where, &st), 0);
	return st.st_size;
}

static void nothing_can_be_opened(void **state)
{
	(void)state;
	assert_int_equal(open("/dev/null", O_RDONLY | O_CLOEXEC), -1);
	assert_int_equal(errno, EACCES);
	assert_int_equal(creat(pool[0].where, 0600), -1);
	assert_int_equal(errno, EACCES);
}

/* The log passes its checkpoint several times; the database itself then grows. */
static void the_log_is_checkpointed(void **state)
{
	static uint8_t log[TROTH_LOG_MAX];
	struct suite s = { .ops = &troth_store_sqlite };
	struct troth_store_item item;
	off_t before;

	(void)state;
	pool_make(s.where);
	assert_int_equal(pool_open(s.where, &s.b), TROTH_OK);
	before = size_of(s.where);
	for (unsigned i = 0; i < 40; i++) {
		struct troth_device_row row = suite_enrolled(&s, i);
		item = sample_verdict(&row);
		item.u.verdict.row.has_log = true;
		memset(item.u.verdict.row.log_digest, (int)i, 32);
		item.u.verdict.log = TROTH_VIEW_OF(log);
		suite_must(&s, &item);
	}
	assert_true(size_of(s.where) > before + 10 * TROTH_LOG_MAX);
	assert_int_equal(suite_count_leaves(&s), 80);
}

/* More changed pages than the cache holds are written before the commit. */
static void a_transaction_outgrows_the_cache(void **state)
{
	static uint8_t log[TROTH_LOG_MAX];
	struct suite s = { .ops = &troth_store_sqlite };
	struct troth_device_row rows[40];

	(void)state;
	pool_make(s.where);
	assert_int_equal(pool_open(s.where, &s.b), TROTH_OK);
	for (unsigned i = 0; i < 40; i++)
		rows[i] = suite_enrolled(&s, i);
	assert_int_equal(s.ops->begin(s.b), TROTH_OK);
	for (unsigned i = 0; i < 40; i++) {
		struct troth_store_item item = sample_verdict(&rows[i]);
		item.u.verdict.row.has_log = true;
		memset(item.u.verdict.row.log_digest, (int)i, 32);
		item.u.verdict.log = TROTH_VIEW_OF(log);
		assert_int_equal(s.ops->apply(s.b, &item), TROTH_OK);
	}
	assert_int_equal(s.ops->commit(s.b), TROTH_OK);
	assert_int_equal(suite_count_leaves(&s), 80);
}

static void the_pool_closes(void **state)
{
	(void)state;
	for (size_t i = 0; i < POOL; i++)
		troth_store_sqlite.close(pool[i].b);
}

/* Half are new, half were there already: their schema is not written any more. */
static enum troth_status open_one(size_t i)
{
	if (i % 2 == 1) {
		TROTH_TRY(troth_store_sqlite.open(pool[i].where, &pool[i].b));
		troth_store_sqlite.close(pool[i].b);
	}
	return troth_store_sqlite.open(pool[i].where, &pool[i].b);
}

static int run_confined(void)
{
	static const struct CMUnitTest TESTS[] = {
		cmocka_unit_test(nothing_can_be_opened),
		cmocka_unit_test(the_log_is_checkpointed),
		cmocka_unit_test(a_transaction_outgrows_the_cache),
		cmocka_unit_test(the_pool_closes),
	};
	static const struct troth_store_ops *const OPS = &troth_store_sqlite;
	struct troth_store_ops ops = *OPS;
	struct suite_kind kind = { "sqlite, confined", &ops, pool_make, pool_discard };

	ops.open = pool_open;
	ops.close = pool_close;
	suite_kind = &kind;
	for (size_t i = 0; i < POOL; i++) {
		if (open_one(i) != TROTH_OK)
			return 1;
	}
	if (troth_sandbox_front() != TROTH_OK)
		return 1;
	return suite_devices() + suite_contents() + suite_documents() +
	       cmocka_run_group_tests(TESTS, NULL, NULL);
}

int main(void)
{
	int status = 0;
	pid_t child;

	for (size_t i = 0; i < POOL; i++)
		store_files_make(pool[i].where);
	child = fork();
	if (child == 0)
		_exit(run_confined() == 0 ? 0 : 1);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 1;
	for (size_t i = 0; i < POOL; i++)
		store_files_discard(pool[i].where);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
