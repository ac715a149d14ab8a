/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor with roles that do little but tell who they are: what is started, restarted,
 * drained and given up. Every test runs a supervisor process of its own. */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base.h"
#include "clock.h"
#include "listeners.h"
#include "supervised.h"
#include "supervisor.h"

static void it_serves_and_ends_in_order(void **state)
{
	(void)state;
	struct stat st;
	stage->mood = MOOD_SERVE;
	pid_t s = start("127.0.0.1:0");
	assert_true(await(&stage->n_ready, 1, PATIENCE_MS));
	assert_int_equal(ask(), stage->front);
	assert_int_equal(stat(socket_path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(end(s), 0);
	assert_int_equal(stage->n_drained, 1);
	assert_int_equal(stage->n_issuer_ends, 1);
	assert_int_equal(stat(socket_path, &st), -1);
}

static void each_child_has_its_own_descriptors_only(void **state)
{
	(void)state;
	stage->mood = MOOD_SERVE;
	pid_t s = start("127.0.0.1:0");
	assert_true(await(&stage->n_ready, 1, PATIENCE_MS));
	/* Channels and the administration's, the ready pipe; for the front listeners, the
	 * administration's and the supervisor's words. Nothing else was open here but the
	 * standard three. */
	assert_int_equal(stage->issuer_fds, N_WORKERS + 1 + 1);
	assert_int_equal(stage->front_fds, N_WORKERS + 1 + 1 + N_WORKERS + 1 + 1);
	assert_int_equal(stage->leaking_fds, 0);
	assert_int_equal(stage->n_right_clocks, 2);
	assert_int_equal(stage->n_writable_clocks, 0);
	assert_int_equal(end(s), 0);
}

static void kill_one(_Atomic pid_t *which)
{
	stage->mood = MOOD_SERVE;
	pid_t s = start("127.0.0.1:0");
	assert_true(await(&stage->n_ready, 1, PATIENCE_MS));
	const pid_t front_before = stage->front, issuer_before = stage->issuer;
	const uint64_t killed_ms = troth_mono_ms();
	assert_int_equal(kill(*which, SIGKILL), 0);
	pid_t who;
	do {
		who = ask();
	} while (who == 0 || who == front_before);
	assert_true(troth_mono_ms() - killed_ms < RESTART_MS);
	assert_int_equal(who, stage->front);
	assert_true(await(&stage->n_issuers, 2, PATIENCE_MS));
	assert_int_not_equal(stage->issuer, issuer_before);
	assert_true(gone(front_before));
	assert_true(gone(issuer_before));
	assert_int_equal(end(s), 0);
}

static void a_dead_front_takes_the_issuer_along_and_both_return(void **state)
{
	(void)state;
	kill_one(&stage->front);
}

static void a_dead_issuer_takes_the_front_along_and_both_return(void **state)
{
	(void)state;
	kill_one(&stage->issuer);
}

static void children_do_not_outlive_their_supervisor(void **state)
{
	(void)state;
	stage->mood = MOOD_SERVE;
	pid_t s = start("127.0.0.1:0");
	assert_true(await(&stage->n_ready, 1, PATIENCE_MS));
	const pid_t front_pid = stage->front, issuer_pid = stage->issuer;
	assert_int_equal(kill(s, SIGKILL), 0);
	assert_int_equal(code_of(s), -SIGKILL);
	assert_true(gone(front_pid));
	assert_true(gone(issuer_pid));

	/* The next one takes over what was left, at once and on the same port. */
	char address[32];
	snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned int)port());
	s = start(address);
	assert_true(await(&stage->n_ready, 1, PATIENCE_MS));
	assert_int_equal(ask(), stage->front);
	assert_int_equal(end(s), 0);
}

static void a_reload_drains_and_refuses_nobody(void **state)
{
	(void)state;
	stage->mood = MOOD_SERVE;
	pid_t s = start("127.0.0.1:0");
	assert_true(await(&stage->n_ready, 1, PATIENCE_MS));
	const pid_t front_before = stage->front;
	assert_int_equal(kill(s, SIGHUP), 0);
	while (stage->n_ready < 2)
		(void)ask(); /* fails the test when it is refused */
	assert_int_equal(stage->n_reloads, 1);
	assert_int_equal(stage->n_drained, 1);
	assert_int_not_equal(stage->front, front_before);
	assert_int_equal(ask(), stage->front);
	assert_int_equal(end(s), 0);
}

/* A word is no reason to begin anew; one that is too long to be told is. */
static void a_word_reaches_the_front_as_it_runs(void **state)
{
	(void)state;
	static const size_t LENGTHS[] = { 1, TROTH_WORD_MAX };
	stage->mood = MOOD_SERVE;
	pid_t s = start("127.0.0.1:0");
	assert_true(await(&stage->n_ready, 1, PATIENCE_MS));
	const pid_t front_before = stage->front;
	for (size_t i = 0; i < sizeof LENGTHS / sizeof *LENGTHS; i++) {
		stage->word_len = LENGTHS[i];
		assert_int_equal(kill(s, SIGHUP), 0);
		for (int ms = 0; stage->heard_len != LENGTHS[i] && ms < PATIENCE_MS; ms += 5)
			(void)poll(NULL, 0, 5);
		assert_int_equal(stage->heard_len, LENGTHS[i]);
		assert_int_equal(ask(), front_before);
	}
	stage->word_len = TROTH_WORD_MAX + 1;
	assert_int_equal(kill(s, SIGHUP), 0);
	assert_true(await(&stage->n_ready, 2, PATIENCE_MS));
	assert_int_not_equal(stage->front, front_before);
	assert_int_equal(stage->heard_len, TROTH_WORD_MAX);
	assert_int_equal(end(s), 0);
	stage->word_len = 0;
}

static void a_failed_reload_changes_nothing(void **state)
{
	(void)state;
	stage->mood = MOOD_SERVE;
	pid_t s = start("127.0.0.1:0");
	assert_true(await(&stage->n_ready, 1, PATIENCE_MS));
	stage->reload_fails = true;
	const pid_t front_before = stage->front;
	assert_int_equal(kill(s, SIGHUP), 0);
	assert_true(await(&stage->n_reloads, 1, PATIENCE_MS));
	assert_int_equal(ask(), front_before);
	assert_int_equal(end(s), 0);
	assert_int_equal(stage->n_fronts, 1);
}

/* ---- the service manager ---- */

static int manager_open(char path[64])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	snprintf(path, 64, "/tmp/troth-manager-%d", (int)getpid());
	memcpy(address.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
	return fd;
}

/* The next word that begins so; what comes before is of no matter. */
static void await_word(int manager, const char *want)
{
	struct pollfd p = { .fd = manager, .events = POLLIN };
	char text[512] = "";
	while (strncmp(text, want, strlen(want)) != 0) {
		if (poll(&p, 1, PATIENCE_MS) != 1)
			fail_msg("the manager does not hear %s", want);
		ssize_t n = recv(manager, text, sizeof text - 1, 0);
		text[n > 0 ? n : 0] = '\0';
	}
}

static void the_manager_hears_of_a_failed_reload(void **state)
{
	(void)state;
	char path[64];
	const int manager = manager_open(path);
	stage->mood = MOOD_SERVE;
	pid_t s = start("127.0.0.1:0");
	unsetenv("NOTIFY_SOCKET");
	await_word(manager, "READY=1");
	stage->reload_fails = true;
	assert_int_equal(kill(s, SIGHUP), 0);
	await_word(manager, "RELOADING=1");
	await_word(manager, "STATUS=The last reload was refused");
	await_word(manager, "READY=1"); /* or it waits for the end of the reload */
	stage->reload_fails = false;
	assert_int_equal(kill(s, SIGHUP), 0);
	await_word(manager, "RELOADING=1");
	await_word(manager, "STATUS=Serving.");
	await_word(manager, "READY=1");
	assert_int_equal(end(s), 0);
	assert_int_equal(stage->n_fronts, 2);
	close(manager);
	unlink(path);
}

/* A service manager may signal all processes of a service: the front still needs the issuer. */
static void the_issuer_outlasts_a_sigterm_for_everybody(void **state)
{
	(void)state;
	stage->mood = MOOD_SERVE;
	pid_t s = start("127.0.0.1:0");
	assert_true(await(&stage->n_ready, 1, PATIENCE_MS));
	assert_int_equal(kill(stage->issuer, SIGTERM), 0);
	assert_int_equal(kill(stage->front, SIGTERM), 0);
	assert_int_equal(end(s), 0);
	assert_int_equal(stage->n_drained, 1);
	assert_int_equal(stage->n_issuer_ends, 1);
}

static void a_front_that_does_not_end_is_ended(void **state)
{
	(void)state;
	stage->mood = MOOD_IGNORE_SIGTERM;
	pid_t s = start("127.0.0.1:0");
	assert_true(await(&stage->n_ready, 1, PATIENCE_MS));
	const pid_t front_pid = stage->front;
	const uint64_t asked_ms = troth_mono_ms();
	assert_int_equal(end(s), 0);
	assert_true(troth_mono_ms() - asked_ms >= TROTH_DRAIN_MS);
	assert_true(gone(front_pid));
}

static void what_never_starts_is_given_up_after_ten_tries(void **state)
{
	(void)state;
	stage->mood = MOOD_DIE;
	pid_t s = start("127.0.0.1:0");
	assert_int_equal(code_of(s), 1);
	assert_int_equal(stage->n_fronts, TROTH_START_TRIES_MAX);
}

static void it_stops_between_two_tries(void **state)
{
	(void)state;
	stage->mood = MOOD_DIE;
	pid_t s = start("127.0.0.1:0");
	assert_true(await(&stage->n_fronts, 5, PATIENCE_MS));
	assert_int_equal(end(s), 0);
}

static void a_wrong_configuration_is_said_at_once(void **state)
{
	(void)state;
	stage->mood = MOOD_MISCONFIGURED;
	assert_int_equal(code_of(start("127.0.0.1:0")), TROTH_ROLE_EXIT_CONFIG);
	assert_int_equal(stage->n_fronts, 1);
	assert_int_equal(code_of(start("localhost:0")), TROTH_ROLE_EXIT_CONFIG);
	assert_int_equal(stage->n_fronts, 0);
}

static void a_second_supervisor_shares_nothing(void **state)
{
	(void)state;
	char address[32];
	stage->mood = MOOD_SERVE;
	pid_t first = start("127.0.0.1:0");
	assert_true(await(&stage->n_ready, 1, PATIENCE_MS));
	const struct stage kept = *stage;
	snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned int)port());
	/* The same port, and another port with the same local socket. */
	assert_int_equal(code_of(start(address)), TROTH_ROLE_EXIT_CONFIG);
	assert_int_equal(code_of(start("127.0.0.1:0")), TROTH_ROLE_EXIT_CONFIG);
	assert_int_equal(stage->n_fronts, 0);
	assert_int_equal(ask(), kept.front);
	assert_int_equal(end(first), 0);
}

static void a_file_in_the_sockets_place_is_left_alone(void **state)
{
	(void)state;
	int fd = -1;
	int file = open(socket_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	(void)close(file);
	assert_int_equal(troth_listen_local(socket_path, &fd), TROTH_E_CONFLICT);
	assert_int_equal(fd, -1);
	assert_int_equal(access(socket_path, F_OK), 0);
	assert_int_equal(unlink(socket_path), 0);
}

static const struct {
	const char *text;
	enum troth_status want;
	int family;
} ADDRESSES[] = {
	{ "127.0.0.1:8443", TROTH_OK, AF_INET },
	{ "0.0.0.0:0", TROTH_OK, AF_INET },
	{ "[::]:8443", TROTH_OK, AF_INET6 },
	{ "[2001:db8::1]:65535", TROTH_OK, AF_INET6 },
	{ "127.0.0.1:65536", TROTH_E_CONFIG, 0 },
	{ "127.0.0.1:", TROTH_E_CONFIG, 0 },
	{ "127.0.0.1", TROTH_E_CONFIG, 0 },
	{ "127.0.0.1:+1", TROTH_E_CONFIG, 0 },
	{ "127.0.0.1:08443", TROTH_E_CONFIG, 0 },
	{ ":8443", TROTH_E_CONFIG, 0 },
	{ "::1:8443", TROTH_E_CONFIG, 0 },
	{ "[::1:8443", TROTH_E_CONFIG, 0 },
	{ "[]:8443", TROTH_E_CONFIG, 0 },
	{ "[127.0.0.1]:8443", TROTH_E_CONFIG, 0 },
	{ "localhost:8443", TROTH_E_CONFIG, 0 },
	{ "", TROTH_E_CONFIG, 0 },
	{ "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:1", TROTH_E_CONFIG, 0 },
};

static void addresses_are_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(ADDRESSES); i++) {
		struct sockaddr_storage a;
		socklen_t len;
		POISON(a);
		enum troth_status got = troth_address_parse(ADDRESSES[i].text, &a, &len);
		if (got != ADDRESSES[i].want)
			fail_msg("\"%s\": %d", ADDRESSES[i].text, got);
		if (got == TROTH_OK)
			assert_int_equal(a.ss_family, ADDRESSES[i].family);
		else
			ASSERT_POISONED(a);
	}
}

#define SUPERVISED(test) cmocka_unit_test_teardown(test, clear_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUPERVISED(addresses_are_numbers),
		SUPERVISED(it_serves_and_ends_in_order),
		SUPERVISED(each_child_has_its_own_descriptors_only),
		SUPERVISED(a_dead_front_takes_the_issuer_along_and_both_return),
		SUPERVISED(a_dead_issuer_takes_the_front_along_and_both_return),
		SUPERVISED(children_do_not_outlive_their_supervisor),
		SUPERVISED(a_reload_drains_and_refuses_nobody),
		SUPERVISED(a_word_reaches_the_front_as_it_runs),
		SUPERVISED(a_failed_reload_changes_nothing),
		SUPERVISED(the_manager_hears_of_a_failed_reload),
		SUPERVISED(the_issuer_outlasts_a_sigterm_for_everybody),
		SUPERVISED(a_front_that_does_not_end_is_ended),
		SUPERVISED(what_never_starts_is_given_up_after_ten_tries),
		SUPERVISED(it_stops_between_two_tries),
		SUPERVISED(a_wrong_configuration_is_said_at_once),
		SUPERVISED(a_second_supervisor_shares_nothing),
		SUPERVISED(a_file_in_the_sockets_place_is_left_alone),
	};
	return cmocka_run_group_tests(tests, supervised_setup, supervised_teardown);
}
