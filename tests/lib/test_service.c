/* SPDX-License-Identifier: Apache-2.0 */
#include "test_service.h"

#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "reader.h"
#include "text.h"

extern char **environ;

static const char BASE_YAML[] = "trust_domain: test.example\n"
				"listen: 127.0.0.1:0\n"
				"port_file: %s/port\n"
				"state_dir: %s/state\n"
				"admin_socket: %s/admin.sock\n"
				"%s";

static void nap_ms(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	nanosleep(&t, NULL);
}

const char *test_service_path(const struct test_service *s, const char *name)
{
	static char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/%s", s->dir, name);
	return path;
}

static void find_program(struct test_service *s)
{
	const char *bin = getenv("TROTH_BIN");
	if (bin != NULL) {
		snprintf(s->program, sizeof s->program, "%.4000s/troth-verifier", bin);
		return;
	}
	ssize_t n = readlink("/proc/self/exe", s->program, sizeof s->program - 32);
	assert_true(n > 0);
	s->program[n] = '\0';
	char *slash = strrchr(s->program, '/');
	assert_non_null(slash);
	snprintf(slash, 32, "/troth-verifier");
}

static pid_t start_program(struct test_service *s, const char *command)
{
	char config[PATH_MAX], log[PATH_MAX];
	pid_t pid;
	posix_spawn_file_actions_t actions;
	snprintf(config, sizeof config, "%s/verifier.yaml", s->dir);
	snprintf(log, sizeof log, "%s/log", s->dir);
	char *argv[] = { s->program, (char *)(uintptr_t)command, (char *)(uintptr_t) "--config",
			 config, NULL };
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	posix_spawn_file_actions_adddup2(&actions, 1, 2);
	int error = posix_spawn(&pid, s->program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (error != 0)
		fail_msg("%s cannot be started: %s", s->program, strerror(error));
	return pid;
}

static int wait_for(pid_t pid)
{
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void test_service_init(struct test_service *s, const char *extra_yaml)
{
	char config[4096];
	*s = (struct test_service){ .dir = "/tmp/troth-test-XXXXXX" };
	assert_non_null(mkdtemp(s->dir));
	find_program(s);
	int n = snprintf(config, sizeof config, BASE_YAML, s->dir, s->dir, s->dir, extra_yaml);
	assert_in_range(n, 1, (int)sizeof config - 1);
	assert_int_equal(troth_file_write(test_service_path(s, "verifier.yaml"),
					  troth_view_str(config), 0600),
			 TROTH_OK);
	int code = wait_for(start_program(s, "init"));
	if (code != 0)
		fail_msg("init failed with %d, see %s", code, test_service_path(s, "log"));
}

static bool read_port(struct test_service *s)
{
	struct troth_buffer text = { 0 };
	uint64_t port = 0;
	if (troth_file_read(test_service_path(s, "port"), 16, &text) != TROTH_OK)
		return false;
	struct troth_view digits = troth_buffer_view(&text);
	if (digits.n > 0 && digits.p[digits.n - 1] == '\n')
		digits.n--;
	bool read = troth_parse_u64(digits, UINT16_MAX, &port);
	troth_buffer_clear(&text);
	s->port = (uint16_t)port;
	return read && port > 0;
}

static bool answers(struct test_service *s)
{
	struct troth_https_answer a = { 0 };
	bool yes = test_service_admin(s, "GET", "/v1/admin/policies", NULL, "", &a) == 200;
	troth_https_answer_clear(&a);
	return yes;
}

void test_service_start(struct test_service *s)
{
	unlink(test_service_path(s, "port"));
	s->pid = start_program(s, "serve");
	for (int tries = 0; tries < 1000; tries++) {
		int status;
		if (read_port(s) && answers(s))
			return;
		if (waitpid(s->pid, &status, WNOHANG) == s->pid)
			break;
		nap_ms(20);
	}
	fail_msg("the verifier does not serve, see %s", test_service_path(s, "log"));
}

static void drop_admin(struct test_service *s)
{
	troth_https_free(s->admin);
	s->admin = NULL;
}

bool test_service_stop(struct test_service *s)
{
	drop_admin(s);
	if (s->pid == 0)
		return true;
	kill(s->pid, SIGTERM);
	int code = wait_for(s->pid);
	s->pid = 0;
	return code == 0;
}

void test_service_kill(struct test_service *s)
{
	drop_admin(s);
	kill(s->pid, SIGKILL);
	wait_for(s->pid);
	s->pid = 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void test_service_release(struct test_service *s)
{
	(void)test_service_stop(s);
	nftw(s->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

long test_service_admin(struct test_service *s, const char *method, const char *path,
			const char *content_type, const char *body,
			struct troth_https_answer *out)
{
	char url[512], socket_path[PATH_MAX];
	snprintf(socket_path, sizeof socket_path, "%s/admin.sock", s->dir);
	const struct troth_https_options options = {
		.unix_socket = socket_path,
		.connect_timeout_ms = 5000,
		.total_timeout_ms = 30000,
		.answer_max = 8 << 20,
	};
	if (s->admin == NULL && troth_https_new(&options, &s->admin) != TROTH_OK)
		return 0;
	snprintf(url, sizeof url, "http://localhost%s", path);
	if (troth_https_call(s->admin, method, url, content_type, troth_view_str(body), out) !=
	    TROTH_OK)
		return 0;
	return out->status;
}

void test_service_admin_ok(struct test_service *s, const char *path, const char *content_type,
			   const char *body)
{
	struct troth_https_answer a = { 0 };
	long status = test_service_admin(s, "POST", path, content_type, body, &a);
	if (status != 200)
		fail_msg("POST %s: %ld %.*s", path, status, (int)a.body.n,
			 a.body.p != NULL ? (const char *)a.body.p : "");
	troth_https_answer_clear(&a);
}

size_t test_service_children(const struct test_service *s, pid_t *out, size_t max)
{
	char path[64];
	size_t n = 0;
	int pid;
	snprintf(path, sizeof path, "/proc/%d/task/%d/children", s->pid, s->pid);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return 0;
	while (n < max && fscanf(f, "%d", &pid) == 1)
		out[n++] = pid;
	fclose(f);
	return n;
}
