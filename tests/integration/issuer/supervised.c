/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "supervised.h"
#include "supervisor.h"
#include "text.h"

struct stage *stage;

char dir[64], socket_path[128], port_path[128];
pid_t running[2]; /* supervisors a failed test has left behind */

static volatile sig_atomic_t asked_to_end;

static void on_term(int number)
{
	(void)number;
	asked_to_end = 1;
}

/* Descriptors beyond the standard three, and those an executed program would inherit. */
static int count_fds(void)
{
	int n = 0;
	for (int fd = 3; fd < 256; fd++) {
		int flags = fcntl(fd, F_GETFD);
		if (flags < 0)
			continue;
		n++;
		if ((flags & FD_CLOEXEC) == 0)
			stage->leaking_fds++;
	}
	return n;
}

/* The supervisor's word about the time, which no child can change. */
static void look_at_clock(const struct troth_role_fds *fds)
{
	struct troth_clock_watch *watch = (struct troth_clock_watch *)(uintptr_t)fds->clock;
	stage->n_right_clocks += troth_clock_jump_now_ms(watch) == 0;
	stage->n_writable_clocks += mprotect(watch, sizeof *watch, PROT_READ | PROT_WRITE) == 0;
}

static void answer(int listener)
{
	char text[32];
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	int n = snprintf(text, sizeof text, "%d", (int)getpid());
	(void)send(fd, text, (size_t)n, MSG_NOSIGNAL);
	(void)close(fd);
}

static void hear(int words)
{
	static uint8_t word[TROTH_WORD_MAX + 1];
	const ssize_t n = recv(words, word, sizeof word, MSG_DONTWAIT);
	if (n > 0 && word[n - 1] == 7)
		stage->heard_len = (size_t)n;
}

static int front(const struct troth_role_fds *fds, void *arg)
{
	(void)arg;
	stage->front = getpid();
	stage->n_fronts++;
	stage->front_fds = count_fds();
	look_at_clock(fds);
	if (stage->mood == MOOD_DIE)
		return 1;
	if (stage->mood == MOOD_MISCONFIGURED)
		return TROTH_ROLE_EXIT_CONFIG;
	(void)signal(SIGTERM, stage->mood == MOOD_IGNORE_SIGTERM ? SIG_IGN : on_term);
	struct pollfd polled[N_WORKERS];
	for (size_t i = 0; i < fds->n_workers; i++)
		polled[i] = (struct pollfd){ .fd = fds->listeners[i], .events = POLLIN };
	troth_role_ready(fds);
	stage->n_ready++;
	while (!asked_to_end) {
		(void)poll(polled, fds->n_workers, 20);
		for (size_t i = 0; i < fds->n_workers; i++)
			answer(fds->listeners[i]);
		hear(fds->words);
	}
	(void)poll(NULL, 0, 200); /* something to finish */
	stage->n_drained++;
	return 0;
}

static int issuer(const struct troth_role_fds *fds, void *arg)
{
	char byte;
	(void)arg;
	stage->issuer = getpid();
	stage->n_issuers++;
	stage->issuer_fds = count_fds();
	look_at_clock(fds);
	if (fds->listeners != NULL || fds->admin_listener != -1)
		return 1;
	troth_role_ready(fds);
	while (recv(fds->admin_channel, &byte, 1, 0) > 0)
		;
	stage->n_issuer_ends++;
	return 0;
}

static enum troth_status reload(void *arg, struct troth_buffer *out)
{
	(void)arg;
	if (stage->word_len > 0) {
		*out = (struct troth_buffer){ calloc(1, stage->word_len), stage->word_len };
		out->p[out->n - 1] = 7;
	}
	stage->n_reloads++;
	return stage->reload_fails ? TROTH_E_CONFIG : TROTH_OK;
}

pid_t start(const char *address)
{
	*stage = (struct stage){ .mood = stage->mood };
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid > 0) {
		running[running[0] == 0 ? 0 : 1] = pid;
		return pid;
	}
	const struct troth_supervisor_config config = {
		.n_workers = N_WORKERS,
		.listen_address = address,
		.admin_socket = socket_path,
		.port_file = port_path,
		.front = front,
		.issuer = issuer,
		.reload = reload,
	};
	_exit(troth_supervise(&config));
}

bool await(_Atomic int *value, int want, int patience_ms)
{
	for (int waited = 0; waited <= patience_ms; waited += 10) {
		if (*value >= want)
			return true;
		(void)poll(NULL, 0, 10);
	}
	return false;
}

bool gone(pid_t pid)
{
	for (int waited = 0; waited <= PATIENCE_MS; waited += 10) {
		if (kill(pid, 0) != 0 && errno == ESRCH)
			return true;
		(void)poll(NULL, 0, 10);
	}
	return false;
}

uint16_t port(void)
{
	uint8_t text[16];
	uint64_t value = 0;
	int fd = open(port_path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof text);
	(void)close(fd);
	assert_true(n > 1 && text[n - 1] == '\n');
	assert_true(troth_parse_u64((struct troth_view){ text, (size_t)n - 1 }, UINT16_MAX,
				    &value));
	return (uint16_t)value;
}

pid_t ask(void)
{
	uint8_t text[32];
	uint64_t pid = 0;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port()) };
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
		fail_msg("connect: %s", strerror(errno));
	struct pollfd p = { .fd = fd, .events = POLLIN };
	(void)poll(&p, 1, PATIENCE_MS);
	ssize_t n = recv(fd, text, sizeof text, MSG_DONTWAIT);
	(void)close(fd);
	if (n <= 0) /* taken by a front that died before it answered */
		return 0;
	assert_true(troth_parse_u64((struct troth_view){ text, (size_t)n }, INT32_MAX, &pid));
	return (pid_t)pid;
}

int code_of(pid_t supervisor)
{
	int status;
	assert_int_equal(waitpid(supervisor, &status, 0), supervisor);
	for (size_t i = 0; i < TROTH_COUNT(running); i++)
		if (running[i] == supervisor)
			running[i] = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int end(pid_t supervisor)
{
	(void)kill(supervisor, SIGTERM);
	return code_of(supervisor);
}

int clear_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(running); i++) {
		if (running[i] == 0)
			continue;
		(void)kill(running[i], SIGKILL);
		(void)waitpid(running[i], NULL, 0);
		running[i] = 0;
	}
	return 0;
}

int supervised_setup(void **state)
{
	(void)state;
	stage = mmap(NULL, sizeof *stage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	snprintf(dir, sizeof dir, "/tmp/troth-run-XXXXXX");
	if (stage == MAP_FAILED || mkdtemp(dir) == NULL)
		return -1;
	snprintf(socket_path, sizeof socket_path, "%s/admin.sock", dir);
	snprintf(port_path, sizeof port_path, "%s/port", dir);
	/* What the test program was started with is not the supervisor's doing. */
	for (int fd = 3; fd < 256; fd++)
		(void)close(fd);
	return 0;
}

int supervised_teardown(void **state)
{
	(void)state;
	(void)unlink(port_path);
	(void)unlink(socket_path);
	return rmdir(dir);
}
