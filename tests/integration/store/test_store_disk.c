/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that fills up, and has room again: a limit on the size of files, and, as root, a small
 * file system. They differ: on the first the log alone is full, on the second everything. */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "answers.h"
#include "base.h"
#include "suite_sqlite.h"

#define DEVICES 200
#define DISK_BYTES (8 * 1024 * 1024)

struct disk {
	char where[256];
	bool mounted;
};

static void folder_of(const char *where, char out[256])
{
	(void)snprintf(out, 256, "%.*s", (int)(strrchr(where, '/') - where), where);
}

/* In a mount namespace of its own, which ends with the process. */
static void disk_make(struct disk *d)
{
	char folder[256];

	folder_of(d->where, folder);
	(void)signal(SIGXFSZ, SIG_IGN);
	if (!d->mounted)
		return;
	d->mounted = unshare(CLONE_NEWNS) == 0 &&
		     mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		     mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, "size=8m") == 0;
	if (!d->mounted) {
		print_message("skipped: not root, or no right to mount\n");
		skip();
	}
}

static void disk_limit(const struct disk *d, rlim_t bytes)
{
	struct rlimit limit = { bytes, RLIM_INFINITY };

	if (!d->mounted)
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Room is made by giving the disk more of it. */
static void disk_make_room(const struct disk *d)
{
	char folder[256];

	folder_of(d->where, folder);
	if (d->mounted)
		assert_int_equal(mount("tmpfs", folder, "tmpfs", MS_REMOUNT, "size=64m"), 0);
	else
		disk_limit(d, RLIM_INFINITY);
}

static enum troth_status judge(struct troth_store_writer *w, const struct troth_device_row *row)
{
	static const uint8_t LOG[100000] = { 3 };
	struct troth_store_item item = sample_verdict(row);

	item.u.verdict.row.has_log = true;
	memcpy(item.u.verdict.row.log_digest, row->id, 32);
	item.u.verdict.log = TROTH_VIEW_OF(LOG);
	return answer_to(w, &item);
}

/* Judges one after the other until one fails three times on end (the first time the store may
 * still find room in its own log); returns how many were acknowledged. */
static unsigned fill(struct troth_store_writer *w, const struct troth_device_row *rows)
{
	unsigned n = 0, failures = 0;

	while (failures < 3 && n < DEVICES) {
		enum troth_status status = judge(w, &rows[n]);
		assert_true(status == TROTH_OK || status == TROTH_E_IO);
		n += status == TROTH_OK;
		failures = status == TROTH_OK ? 0 : failures + 1;
	}
	assert_int_equal(failures, 3);
	return n;
}

static void expect_judged(struct suite *s, const struct troth_device_row *rows, unsigned n)
{
	for (unsigned i = 0; i < DEVICES; i++)
		assert_int_equal(suite_row(s, rows[i].id).version, i < n ? 2 : 1);
	assert_int_equal(suite_count_leaves(s), DEVICES + n);
}

static void full_and_then_not(void **state)
{
	struct disk *d = *state;
	struct suite s = { .ops = &troth_store_sqlite };
	struct troth_device_row rows[DEVICES];
	struct troth_store_writer *w = NULL;
	unsigned n;

	disk_make(d);
	print_message("on %s\n", d->mounted ? "a small file system" : "a limit on file size");
	memcpy(s.where, d->where, sizeof s.where);
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	for (unsigned i = 0; i < DEVICES; i++)
		rows[i] = suite_enrolled(&s, i);
	assert_int_equal(troth_store_writer_start(s.ops, s.b, NULL, NULL, &w), TROTH_OK);
	disk_limit(d, DISK_BYTES);

	n = fill(w, rows);
	print_message("%u verdicts until it was full\n", n);
	/* Under the limit the log was full first, and found room in itself. */
	assert_true(n > (d->mounted ? 10 : 70));
	expect_judged(&s, rows, n); /* reads go on, and show what was acknowledged */
	assert_int_equal(judge(w, &rows[n]), TROTH_E_IO);
	assert_int_equal(judge(w, &rows[n + 1]), TROTH_E_IO);
	expect_judged(&s, rows, n);

	disk_make_room(d);
	for (unsigned end = n + 20; n < end; n++)
		assert_int_equal(judge(w, &rows[n]), TROTH_OK);
	expect_judged(&s, rows, n);
	troth_store_writer_stop(w);
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	expect_judged(&s, rows, n);
	s.ops->close(s.b);
}

static int run_alone(struct disk *d)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(full_and_then_not, d),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

static int run_in_child(bool mounted)
{
	struct disk d = { .mounted = mounted };
	int status = 0;
	pid_t child;

	store_files_make(d.where);
	child = fork();
	if (child == 0)
		_exit(run_alone(&d) == 0 ? 0 : 1);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 1;
	store_files_discard(d.where);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(void)
{
	return run_in_child(false) + run_in_child(true);
}
