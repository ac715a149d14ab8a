/* SPDX-License-Identifier: Apache-2.0 */
/* What the issuer gives up: any of these ends the process on the spot; and what the courier may
 * not do. (What the front gives up is in tests/attack/test_front_isolation.c.) Each deed is
 * done in a process of its own, with and without the sandbox. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base.h"
#include "random.h"
#include "sandbox.h"

enum { DONE = 0, REFUSED = 3, FAILED = 4 };

static int code_of(long r)
{
	return r >= 0 ? DONE : errno == EACCES ? REFUSED : FAILED;
}

static int open_file(void)
{
	return code_of(open("/proc/self/status", O_RDONLY | O_CLOEXEC));
}

static int open_socket(void)
{
	return code_of(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int run_program(void)
{
	char *const arguments[] = { (char[]){ "true" }, NULL };
	return code_of(execve("/bin/true", arguments, NULL));
}

static int fork_process(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	return code_of(pid);
}

static void *nothing(void *arg)
{
	return arg;
}

static int start_thread(void)
{
	pthread_t t;
	return pthread_create(&t, NULL, nothing, NULL) == 0 ? DONE : REFUSED;
}

static pid_t parent; /* finding it is forbidden as well */

static int signal_parent(void)
{
	return code_of(kill(parent, 0));
}

static int find_self(void)
{
	char path[64];
	return code_of(readlink("/proc/self/exe", path, sizeof path));
}

static int take_descriptor(void)
{
	return code_of(dup(STDERR_FILENO));
}

static int trace(void)
{
	return code_of(syscall(SYS_ptrace, 0, 0, 0, 0));
}

static const struct {
	const char *name;
	int (*deed)(void);
	bool reported; /* a sanitizer needs the call: refused there, and not deadly */
} DEEDS[] = {
	{ "open a file", open_file, true },
	{ "open a socket", open_socket, false },
	{ "run a program", run_program, false },
	{ "fork", fork_process, true },
	{ "start a thread", start_thread, false },
	{ "signal the parent", signal_parent, false },
	{ "find its own program", find_self, true },
	{ "take a descriptor", take_descriptor, false },
	{ "be traced", trace, false },
};

static int in_a_process(int (*deed)(void), enum troth_status (*sandbox)(void))
{
	parent = getpid();
	pid_t pid = fork();
	int status;
	assert_true(pid >= 0);
	if (pid == 0) {
		if (sandbox != NULL && sandbox() != TROTH_OK)
			_exit(FAILED);
		_exit(deed());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int wanted(size_t i)
{
#ifdef TROTH_SANITIZE
	if (DEEDS[i].reported)
		return REFUSED;
#endif
	(void)DEEDS[i].reported;
	return -SIGSYS;
}

static void a_deed_of_the_issuer_is_its_last(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(DEEDS); i++) {
		int before = in_a_process(DEEDS[i].deed, NULL);
		int after = in_a_process(DEEDS[i].deed, troth_sandbox_issuer);
		if (before != DONE)
			fail_msg("%s: impossible anyway (%d)", DEEDS[i].name, before);
		if (after != wanted(i))
			fail_msg("%s: %d", DEEDS[i].name, after);
	}
}

/* ---- threads that ran before ---- */

static int pipe_ends[2];

static void *open_when_told(void *arg)
{
	char byte;
	(void)arg;
	if (read(pipe_ends[0], &byte, 1) == 1)
		_exit(open_socket());
	return NULL;
}

static int let_another_thread(void)
{
	char byte = 1;
	if (write(pipe_ends[1], &byte, 1) != 1)
		return FAILED;
	for (;;)
		(void)poll(NULL, 0, 1000);
}

static enum troth_status start_then_lock(void)
{
	pthread_t t;
	if (pipe(pipe_ends) != 0 || pthread_create(&t, NULL, open_when_told, NULL) != 0)
		return TROTH_E_IO;
	return troth_sandbox_issuer();
}

static void threads_from_before_are_locked_in_too(void **state)
{
	(void)state;
	assert_int_equal(in_a_process(let_another_thread, start_then_lock), -SIGSYS);
}

/* ---- what goes on working ---- */

static int do_ones_work(void)
{
	uint8_t bytes[32];
	char text[32];
	time_t now = time(NULL);
	struct tm tm;
	if (troth_random(bytes, sizeof bytes) != TROTH_OK)
		return FAILED;
	void *p = malloc((size_t)64 * 1024 * 1024); /* beyond any arena */
	if (p == NULL)
		return FAILED;
	memset(p, 1, (size_t)64 * 1024 * 1024);
	free(p);
	if (gmtime_r(&now, &tm) == NULL || strftime(text, sizeof text, "%F", &tm) == 0)
		return FAILED;
	fprintf(stderr, "the issuer logs: %s\n", text);
	return DONE;
}

/* As the issuer does: OpenSSL reads its configuration at the first use. */
static enum troth_status use_once_then_lock(void)
{
	uint8_t byte;
	TROTH_TRY(troth_random(&byte, 1));
	return troth_sandbox_issuer();
}

static void the_issuer_can_do_its_work(void **state)
{
	(void)state;
	assert_int_equal(in_a_process(do_ones_work, use_once_then_lock), DONE);
}

static int shows_nothing(void)
{
	struct rlimit core;
	bool bare = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
		    getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 &&
		    core.rlim_max == 0;
	return bare ? DONE : FAILED;
}

static int shows_nothing_and_gains_nothing(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? shows_nothing() : FAILED;
}

static void nothing_is_dumped_and_nothing_gained(void **state)
{
	(void)state;
	assert_int_equal(in_a_process(shows_nothing, NULL), FAILED);
	assert_int_equal(in_a_process(shows_nothing, troth_sandbox_no_dump), DONE);
	assert_int_equal(in_a_process(shows_nothing_and_gains_nothing, troth_sandbox_front),
			 DONE);
}

/* ---- the courier ---- */

static char secret_file[] = "/tmp/troth-secret.XXXXXX";

static int read_a_secret(void)
{
	return code_of(open(secret_file, O_RDONLY | O_CLOEXEC));
}

static int write_a_file(void)
{
	return code_of(open(secret_file, O_WRONLY | O_CLOEXEC));
}

static int write_the_hosts(void)
{
	return code_of(open("/etc/hosts", O_RDWR | O_CLOEXEC));
}

static int make_a_file(void)
{
	return code_of(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
}

static int call_a_unix_socket(void)
{
	return code_of(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int make_a_packet_socket(void)
{
	return code_of(socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int listen_for_others(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd < 0 ? FAILED : code_of(bind(fd, (struct sockaddr *)&a, sizeof a));
}

static int open_a_socket_of_ip6(void)
{
	const long fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd < 0 && errno == EAFNOSUPPORT ? DONE : code_of(fd);
}

/* What it may not, and what it must be able to do. */
static const struct {
	const char *name;
	int (*deed)(void);
	int want;
} COURIERS_DEEDS[] = {
	{ "read a secret", read_a_secret, REFUSED },
	{ "read its own state", open_file, REFUSED },
	{ "write a file", write_a_file, REFUSED },
	{ "write a file that it may read", write_the_hosts, REFUSED },
	{ "make a file", make_a_file, REFUSED },
	{ "call a Unix socket", call_a_unix_socket, REFUSED },
	{ "call a virtual machine", make_a_packet_socket, REFUSED },
	{ "listen", listen_for_others, REFUSED },
	{ "run a program", run_program, REFUSED },
	{ "signal the parent", signal_parent, REFUSED },
	{ "be traced", trace, REFUSED },
	{ "make a socket", open_socket, DONE },
	{ "make a socket of IP 6", open_a_socket_of_ip6, DONE },
	{ "start a thread", start_thread, DONE },
};

static void the_courier_calls_the_internet_and_nothing_else(void **state)
{
	const int fd = mkstemp(secret_file);
	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	for (size_t i = 0; i < TROTH_COUNT(COURIERS_DEEDS); i++) {
		int after = in_a_process(COURIERS_DEEDS[i].deed, troth_sandbox_courier);
		if (after != COURIERS_DEEDS[i].want)
			fail_msg("%s: %d", COURIERS_DEEDS[i].name, after);
	}
	assert_int_equal(in_a_process(read_a_secret, NULL), DONE);
	(void)unlink(secret_file);
}

static int held_to_the_resolvers_files(void)
{
	if (!troth_sandbox_resolver_files())
		return FAILED;
	return code_of(open("/etc/hosts", O_RDONLY | O_CLOEXEC));
}

/* The kernel's word, not that of what is tried here. */
static bool has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >
	       0;
}

static void names_can_be_looked_up_where_landlock_is(void **state)
{
	(void)state;
	if (access("/etc/hosts", R_OK) != 0 || !has_landlock()) {
		print_message(
			"skipped: no Landlock here; without it the courier opens nothing\n");
		skip();
	}
	assert_int_equal(in_a_process(held_to_the_resolvers_files, NULL), DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deed_of_the_issuer_is_its_last),
		cmocka_unit_test(threads_from_before_are_locked_in_too),
		cmocka_unit_test(the_issuer_can_do_its_work),
		cmocka_unit_test(nothing_is_dumped_and_nothing_gained),
		cmocka_unit_test(the_courier_calls_the_internet_and_nothing_else),
		cmocka_unit_test(names_can_be_looked_up_where_landlock_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
