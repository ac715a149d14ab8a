/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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

/* ---- writers that are killed ---- */

static size_t n_files(void)
{
	DIR *all = opendir(dir);
	size_t n = 0;
	assert_non_null(all);
	for (const struct dirent *e; (e = readdir(all)) != NULL;)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(all);
	return n;
}

/* As a file system does that has no nameless files. False where the kernel (or what emulates
 * one) has no filters. */
static bool refuse_nameless_files(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_openat, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_TMPFILE & ~O_DIRECTORY, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { TROTH_COUNT(code), code };
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

enum { DONE, FAILED, NO_FILTERS };

/* In a process of its own: writes size bytes, and is killed after the first kilobyte. */
static int write_apart(size_t size, bool nameless)
{
	static char text[4096];
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const struct rlimit small = { 1024, 1024 }, none = { 0, 0 };
		signal(SIGXFSZ, SIG_DFL);
		if (setrlimit(RLIMIT_CORE, &none) != 0 || setrlimit(RLIMIT_FSIZE, &small) != 0)
			_exit(FAILED);
		if (!nameless && !refuse_nameless_files())
			_exit(NO_FILTERS);
		memset(text, 's', sizeof text);
		_exit(troth_file_write(path_of("f"),
				       (struct troth_view){ (uint8_t *)text, size },
				       0600) == TROTH_OK
			      ? DONE
			      : FAILED);
	}
	int how;
	assert_int_equal(waitpid(child, &how, 0), child);
	return how;
}

static bool has_nameless_files(void)
{
	int fd = open(dir, O_TMPFILE | O_WRONLY, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void a_killed_writer_leaves_nothing(void **state)
{
	(void)state;
	put("f", "old");
	const int how = write_apart(4096, true);
	assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGXFSZ);
	assert_holds("f", "old");
	if (has_nameless_files())
		assert_int_equal(n_files(), 1);
	put("f", "new");
	assert_holds("f", "new");
	assert_int_equal(n_files(), 1);
	unlink(path_of("f"));
}

static void without_nameless_files_the_next_write_cleans_up(void **state)
{
	(void)state;
	put("f", "old");
	int how = write_apart(4096, false);
	if (WIFEXITED(how) && WEXITSTATUS(how) == NO_FILTERS) {
		unlink(path_of("f"));
		skip();
	}
	assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGXFSZ);
	assert_holds("f", "old");
	assert_int_equal(n_files(), 2); /* it is this that is cleaned up */
	how = write_apart(5, false);
	assert_true(WIFEXITED(how) && WEXITSTATUS(how) == DONE);
	assert_holds("f", "sssss");
	assert_int_equal(n_files(), 1);
	unlink(path_of("f"));
}

static void plant(const char *name)
{
	int fd = open(path_of(name), O_CREAT | O_EXCL | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
}

/* What another writer holds, what belongs to another file, and what is no file. */
static void only_what_was_abandoned_is_removed(void **state)
{
	(void)state;
	static const char *const KEPT[] = { ".f.troth-live", ".f.backup", ".f", "f.troth-1",
					    ".g.troth-1" };
	for (size_t i = 0; i < TROTH_COUNT(KEPT); i++)
		plant(KEPT[i]);
	plant(".f.troth-dead");
	assert_int_equal(symlink(".f.backup", path_of(".f.troth-link")), 0);
	assert_int_equal(mkdir(path_of(".f.troth-dir"), 0700), 0);
	int live = open(path_of(KEPT[0]), O_RDWR);
	assert_int_equal(flock(live, LOCK_EX), 0);
	put("f", "x");
	close(live);
	assert_int_equal(access(path_of(".f.troth-dead"), F_OK), -1);
	assert_int_equal(n_files(), TROTH_COUNT(KEPT) + 3);
	for (size_t i = 0; i < TROTH_COUNT(KEPT); i++)
		assert_int_equal(unlink(path_of(KEPT[i])), 0);
	assert_int_equal(unlink(path_of(".f.troth-link")), 0);
	assert_int_equal(rmdir(path_of(".f.troth-dir")), 0);
	unlink(path_of("f"));
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
		cmocka_unit_test(a_killed_writer_leaves_nothing),
		cmocka_unit_test(without_nameless_files_the_next_write_cleans_up),
		cmocka_unit_test(only_what_was_abandoned_is_removed),
		cmocka_unit_test(writing_into_nowhere),
		cmocka_unit_test(directories_are_made_with_their_parents),
		cmocka_unit_test(directories_are_visited_in_order),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
