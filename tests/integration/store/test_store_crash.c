/* SPDX-License-Identifier: Apache-2.0 */
/* kill -9 in the middle of writing: what was acknowledged is there afterwards, whole.
 *
 * A child submits verdicts from several threads and writes each acknowledgement to a pipe. The
 * parent kills it after a random time, reads what was acknowledged, and opens the store. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "answers.h"
#include "base.h"
#include "random.h"
#include "suite_sqlite.h"

#define ROUNDS 12
#define DEVICES 40
#define SUBMITTERS 8

struct acknowledgement {
	unsigned device;
	uint64_t version;
};

struct submitter {
	struct troth_store_writer *w;
	unsigned number;
	int acknowledgements;
	struct troth_device_row rows[DEVICES];
};

/* Each submitter has every eighth device to itself. */
static void *submit(void *arg)
{
	static const uint8_t LOG[30000] = { 7 };
	struct submitter *s = arg;

	for (unsigned n = s->number;; n = (n + SUBMITTERS) % DEVICES) {
		struct troth_device_row *row = &s->rows[n];
		struct troth_store_item item = sample_verdict(row);
		struct acknowledgement a = { n, row->version + 1 };
		item.u.verdict.row.has_log = true;
		/* Every third verdict comes with a log of its own, which is then dropped. */
		memset(item.u.verdict.row.log_digest, (int)(row->version / 3), 32);
		item.u.verdict.row.log_digest[0] = (uint8_t)n;
		item.u.verdict.log = TROTH_VIEW_OF(LOG);
		if (answer_to(s->w, &item) != TROTH_OK)
			_exit(3);
		*row = item.u.verdict.row;
		row->version = a.version;
		if (write(s->acknowledgements, &a, sizeof a) != sizeof a)
			_exit(4);
	}
	return NULL;
}

static enum troth_status keep_row(void *arg, const struct troth_device_row *row)
{
	struct submitter *all = arg;

	for (unsigned n = 0; n < DEVICES; n++) {
		struct troth_device_row sample = sample_row(n);
		if (memcmp(sample.id, row->id, sizeof row->id) == 0)
			all->rows[n] = *row;
	}
	return TROTH_OK;
}

static void run_child(const char *where, int acknowledgements)
{
	struct troth_store_backend *b = NULL;
	struct submitter all = { .acknowledgements = acknowledgements };
	struct submitter *s = calloc(SUBMITTERS, sizeof *s);
	pthread_t thread;

	if (s == NULL || troth_store_sqlite.open(where, &b) != TROTH_OK ||
	    troth_store_sqlite.each_device(b, keep_row, &all) != TROTH_OK ||
	    troth_store_writer_start(&troth_store_sqlite, b, NULL, NULL, &all.w) != TROTH_OK)
		_exit(2);
	for (unsigned i = 0; i < SUBMITTERS; i++) {
		s[i] = all;
		s[i].number = i;
		if (pthread_create(&thread, NULL, submit, &s[i]) != 0)
			_exit(2);
	}
	for (;;)
		(void)pause();
}

static void wait_for_first(int acknowledgements)
{
	struct pollfd first = { .fd = acknowledgements, .events = POLLIN };

	assert_int_equal(poll(&first, 1, 60000), 1);
}

static void kill_in_the_middle(pid_t child)
{
	uint32_t ms = 0;
	int status = 0;

	assert_int_equal(troth_random_below(150, &ms), TROTH_OK);
	(void)usleep(ms * 1000);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status)); /* it did not give up by itself */
}

/* The pipe would fill while the child lives: a thread empties it. */
struct drain {
	int fd;
	size_t n;
	uint64_t versions[DEVICES]; /* highest acknowledged */
};

static void *drain(void *arg)
{
	struct drain *d = arg;
	struct acknowledgement a;

	while (read(d->fd, &a, sizeof a) == sizeof a) {
		d->n++;
		if (a.version > d->versions[a.device])
			d->versions[a.device] = a.version;
	}
	return NULL;
}

static void check(struct suite *s, const struct drain *d)
{
	uint64_t leaves = 0;

	for (unsigned n = 0; n < DEVICES; n++) {
		struct troth_device_row sample = sample_row(n), row = suite_row(s, sample.id);
		struct troth_buffer found = { 0 };
		assert_true(row.version >= d->versions[n]);
		/* A change is whole: its leaf, its record and its log came with it. */
		leaves += row.version;
		if (row.version > 1) {
			assert_int_equal(s->ops->record(s->b, row.id, true, &found), TROTH_OK);
			free(found.p);
			assert_int_equal(s->ops->log(s->b, row.log_digest, &found), TROTH_OK);
			free(found.p);
		}
	}
	assert_int_equal(suite_count_leaves(s), leaves);
}

/* One life of the writing process, and its end. */
static void live_and_die(const char *where, struct drain *d)
{
	size_t before = d->n;
	int fds[2];
	pthread_t thread;
	pid_t child;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		run_child(where, fds[1]);
	(void)close(fds[1]);
	d->fd = fds[0];
	wait_for_first(fds[0]);
	assert_int_equal(pthread_create(&thread, NULL, drain, d), 0);
	kill_in_the_middle(child);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)close(fds[0]);
	assert_true(d->n > before);
}

static void kill_after_kill(void **state)
{
	struct suite *s = *state;
	struct drain d = { 0 };

	for (unsigned n = 0; n < DEVICES; n++)
		(void)suite_enrolled(s, n);
	for (unsigned round = 0; round < ROUNDS; round++) {
		s->ops->close(s->b);
		s->b = NULL;
		live_and_die(s->where, &d);
		assert_int_equal(s->ops->open(s->where, &s->b), TROTH_OK);
		check(s, &d);
	}
	print_message("%zu verdicts acknowledged in %d lives\n", d.n, ROUNDS);
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
		cmocka_unit_test_setup_teardown(kill_after_kill, suite_setup, suite_teardown),
	};

	suite_kind = &suite_sqlite;
	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
