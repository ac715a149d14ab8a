/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "serving.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include "reader.h"

extern char **environ;

#define TEXT_MAX (64u * 1024 * 1024)
#define PATIENCE_S 20.0

double serving_now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void serving_nap_ms(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	nanosleep(&t, NULL);
}

static struct troth_buffer read_text(const struct test_service *s, const char *name)
{
	struct troth_buffer text = { 0 };
	assert_int_equal(troth_file_read(test_service_path(s, name), TEXT_MAX, &text),
			 TROTH_OK);
	return text;
}

void serving_edit(const struct test_service *s, const char *from, const char *to)
{
	struct troth_buffer text = read_text(s, "verifier.yaml");
	char *at = strstr((char *)text.p, from), *edited = NULL;
	assert_non_null(at);
	int n = asprintf(&edited, "%.*s%s%s", (int)(at - (char *)text.p), (char *)text.p, to,
			 at + strlen(from));
	assert_true(n > 0);
	assert_int_equal(troth_file_write(test_service_path(s, "verifier.yaml"),
					  troth_view_str(edited), 0600),
			 TROTH_OK);
	free(edited);
	troth_buffer_clear(&text);
}

static size_t count_ready(const struct test_service *s, struct serving *last)
{
	struct troth_buffer text = read_text(s, "log");
	size_t n = 0;
	const char *at = (const char *)text.p;
	while ((at = strstr(at, "event=ready ")) != NULL) {
		int front, issuer;
		if (sscanf(at, "event=ready front=%d issuer=%d", &front, &issuer) == 2) {
			*last = (struct serving){ s->pid, front, issuer };
			n++;
		}
		at++;
	}
	troth_buffer_clear(&text);
	return n;
}

size_t serving_generations(const struct test_service *s)
{
	struct serving last;
	return count_ready(s, &last);
}

struct serving serving_await(const struct test_service *s, size_t n)
{
	struct serving last = { 0 };
	double deadline = serving_now_s() + PATIENCE_S;
	while (count_ready(s, &last) <= n) {
		if (serving_now_s() > deadline)
			fail_msg("no generation of children after %zu serves", n);
		serving_nap_ms(5);
	}
	return last;
}

bool serving_said(const struct test_service *s, const char *text)
{
	struct troth_buffer log = read_text(s, "log");
	bool said = strstr((const char *)log.p, text) != NULL;
	troth_buffer_clear(&log);
	return said;
}

int serving_refused(const struct test_service *s)
{
	char config[PATH_MAX], log[PATH_MAX];
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int status;
	snprintf(config, sizeof config, "%s", test_service_path(s, "verifier.yaml"));
	snprintf(log, sizeof log, "%s", test_service_path(s, "log"));
	char *argv[] = { (char *)(uintptr_t)s->program, (char *)(uintptr_t) "serve",
			 (char *)(uintptr_t) "--config", config, NULL };
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	posix_spawn_file_actions_adddup2(&actions, 1, 2);
	assert_int_equal(posix_spawn(&pid, s->program, &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	double deadline = serving_now_s() + PATIENCE_S;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (serving_now_s() > deadline) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			fail_msg("it serves, and should not");
		}
		serving_nap_ms(10);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
