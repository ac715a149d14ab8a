/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base.h"
#include "file.h"
#include "reader.h"

/* A directory of the test's own; every test leaves it empty. */
static char dir[] = "/tmp/troth-file-XXXXXX";

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir); /* fails if anything was left behind */
}

static const char *path_of(const char *name)
{
	static char paths[4][PATH_MAX];
	static size_t next;
	char *path = paths[next++ % TROTH_COUNT(paths)];
	snprintf(path, PATH_MAX, "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *text)
{
	assert_int_equal(troth_file_write(path_of(name), troth_view_str(text), 0600), TROTH_OK);
}

static void assert_holds(const char *name, const char *text)
{
	struct troth_buffer b = { 0 };
	assert_int_equal(troth_file_read(path_of(name), 4096, &b), TROTH_OK);
	assert_true(troth_view_equal(troth_buffer_view(&b), troth_view_str(text)));
	assert_int_equal(b.p[b.n], '\0');
	troth_buffer_clear(&b);
	assert_null(b.p);
}

static void reading_is_bounded(void **state)
{
	(void)state;
	static const size_t SIZES[] = { 0, 1, 8191, 8192, 8193, 20000 };
	for (size_t i = 0; i < TROTH_COUNT(SIZES); i++) {
		size_t n = SIZES[i];
		uint8_t *data = malloc(n + 1);
		struct troth_buffer b = { 0 }, untouched;
		assert_non_null(data);
		memset(data, 'x', n + 1);
		assert_int_equal(
			troth_file_write(path_of("f"), (struct troth_view){ data, n }, 0600),
			TROTH_OK);
		assert_int_equal(troth_file_read(path_of("f"), n, &b), TROTH_OK);
		assert_int_equal(b.n, n);
		assert_memory_equal(b.p, data, n);
		assert_int_equal(b.p[n], '\0');
		troth_buffer_clear(&b);
		POISON(untouched);
		if (n > 0)
			assert_int_equal(troth_file_read(path_of("f"), n - 1, &untouched),
					 TROTH_E_LIMIT);
		ASSERT_POISONED(untouched);
		free(data);
	}
	unlink(path_of("f"));
}

static void what_cannot_be_read_says_why(void **state)
{
	(void)state;
	struct troth_buffer b;
	POISON(b);
	assert_int_equal(troth_file_read(path_of("nothing"), 10, &b), TROTH_E_NOT_FOUND);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(troth_file_read(dir, 10, &b), TROTH_E_IO);
	assert_int_equal(errno, EISDIR);
	put("f", "");
	assert_int_equal(troth_file_read(path_of("f/below"), 10, &b), TROTH_E_NOT_FOUND);
	ASSERT_POISONED(b);
	assert_int_equal(troth_file_read("/dev/zero", 4096, &b), TROTH_E_LIMIT);
	unlink(path_of("f"));
}

/* Pseudo-files say that they have no size. */
static void a_file_without_a_size_is_read_whole(void **state)
{
	(void)state;
	struct troth_buffer b = { 0 };
	struct stat st;
	assert_int_equal(stat("/proc/self/maps", &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(troth_file_read("/proc/self/maps", 1 << 22, &b), TROTH_OK);
	assert_true(b.n > 100);
	troth_buffer_clear(&b);
}

static void writing_replaces_the_whole_file(void **state)
{
	(void)state;
	struct stat st;
	put("f", "a long first text");
	assert_int_equal(chmod(path_of("f"), 0644), 0);
	put("f", "short");
	assert_holds("f", "short");
	assert_int_equal(stat(path_of("f"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	unlink(path_of("f"));
}

/* The mode is what was asked for, whatever the umask. */
static void the_mode_is_exact(void **state)
{
	(void)state;
	struct stat st;
	mode_t mask = umask(0077);
	assert_int_equal(troth_file_write(path_of("f"), troth_view_str("x"), 0644), TROTH_OK);
	umask(mask);
	assert_int_equal(stat(path_of("f"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	unlink(path_of("f"));
}

/* A link planted where a file is to be written is replaced, not followed. */
static void links_are_not_written_through(void **state)
{
	(void)state;
	struct stat st;
	put("victim", "untouched");
	assert_int_equal(symlink(path_of("victim"), path_of("f")), 0);
	put("f", "new");
	assert_holds("victim", "untouched");
	assert_int_equal(lstat(path_of("f"), &st), 0);
	assert_true(S_ISREG(st.st_mode));
	unlink(path_of("f"));
	unlink(path_of("victim"));
}

/* A disk that is full after a kilobyte: the old file stays, and no part of the new one. */
static void a_failed_write_leaves_the_old_file(void **state)
{
	(void)state;
	struct rlimit old, small = { 1024, 1024 };
	char text[4096];
	memset(text, 'n', sizeof text);
	put("f", "old");
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	enum troth_status st = troth_file_write(path_of("f"), TROTH_VIEW_OF(text), 0600);
	int why = errno;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(st, TROTH_E_IO);
	assert_int_equal(why, EFBIG);
	assert_holds("f", "old");
	unlink(path_of("f")); /* remove_dir finds what was left beside */
}

static void writing_into_nowhere(void **state)
{
	(void)state;
	assert_int_equal(troth_file_write(path_of("no/f"), troth_view_str("x"), 0600),
			 TROTH_E_NOT_FOUND);
	char longer[PATH_MAX + 2];
	memset(longer, 'a', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(troth_file_write(longer, troth_view_str("x"), 0600), TROTH_E_LIMIT);
}

static void directories_are_made_with_their_parents(void **state)
{
	(void)state;
	struct stat st;
	assert_int_equal(troth_dir_make(path_of("a/b/c"), 0700), TROTH_OK);
	assert_int_equal(troth_dir_make(path_of("a/b/c/"), 0700), TROTH_OK);
	assert_int_equal(stat(path_of("a/b/c"), &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0700);
	put("f", "");
	assert_int_equal(troth_dir_make(path_of("f"), 0700), TROTH_E_IO);
	assert_int_equal(errno, ENOTDIR);
	assert_int_equal(troth_dir_make(path_of("f/below"), 0700), TROTH_E_IO);
	assert_int_equal(troth_dir_make("", 0700), TROTH_E_LIMIT);
	unlink(path_of("f"));
	rmdir(path_of("a/b/c"));
	rmdir(path_of("a/b"));
	rmdir(path_of("a"));
}

struct seen {
	char names[256];
	const char *stop_at;
};

static enum troth_status note(void *arg, const char *file)
{
	struct seen *s = arg;
	const char *name = strrchr(file, '/') + 1;
	size_t n = strlen(s->names);
	snprintf(s->names + n, sizeof s->names - n, "%s ", name);
	return s->stop_at != NULL && strcmp(name, s->stop_at) == 0 ? TROTH_E_CONFLICT
								   : TROTH_OK;
}

static void directories_are_visited_in_order(void **state)
{
	(void)state;
	static const char *const NAMES[] = { "b", "a", "B", "10", "9", ".hidden" };
	struct seen all = { .stop_at = NULL }, some = { .stop_at = "B" };
	for (size_t i = 0; i < TROTH_COUNT(NAMES); i++)
		put(NAMES[i], "x");
	assert_int_equal(mkdir(path_of("sub"), 0700), 0);
	assert_int_equal(symlink("a", path_of("link")), 0);
	assert_int_equal(troth_dir_each(dir, note, &all), TROTH_OK);
	assert_string_equal(all.names, "10 9 B a b link ");
	assert_int_equal(troth_dir_each(dir, note, &some), TROTH_E_CONFLICT);
	assert_string_equal(some.names, "10 9 B ");
	assert_int_equal(troth_dir_each(path_of("none"), note, &all), TROTH_E_NOT_FOUND);
	assert_int_equal(troth_dir_each(path_of("a"), note, &all), TROTH_E_NOT_FOUND);
	for (size_t i = 0; i < TROTH_COUNT(NAMES); i++)
		unlink(path_of(NAMES[i]));
	unlink(path_of("link"));
	rmdir(path_of("sub"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_is_bounded),
		cmocka_unit_test(what_cannot_be_read_says_why),
		cmocka_unit_test(a_file_without_a_size_is_read_whole),
		cmocka_unit_test(writing_replaces_the_whole_file),
		cmocka_unit_test(the_mode_is_exact),
		cmocka_unit_test(links_are_not_written_through),
		cmocka_unit_test(a_failed_write_leaves_the_old_file),
		cmocka_unit_test(writing_into_nowhere),
		cmocka_unit_test(directories_are_made_with_their_parents),
		cmocka_unit_test(directories_are_visited_in_order),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
