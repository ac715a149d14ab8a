/* SPDX-License-Identifier: Apache-2.0 */
/* What a boot may meet: no clock, a network or verifier that comes late, a TPM that is busy,
 * locked, full or away, a root that cannot be written, a full /run. docs/attester.md, "What a
 * boot may meet", has a line for each. The tests build on each other, in this order. */
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base.h"
#include "files.h"
#include "reader.h"
#include "village.h"

/* ---- the service manager ---- */

static int manager_fd = -1;

static void manager_start(const struct village *v)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	snprintf(address.sun_path, sizeof address.sun_path, "%s/notify", v->rig->dir);
	(void)unlink(address.sun_path);
	manager_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct timeval patience = { .tv_sec = 60 };
	assert_int_equal(
		setsockopt(manager_fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	assert_int_equal(bind(manager_fd, (struct sockaddr *)&address, sizeof address), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
}

static void manager_end(void)
{
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	close(manager_fd);
}

/* The next message that has the text in it, which must come. */
static const char *told(const char *text)
{
	static char message[1024];
	do {
		ssize_t n = recv(manager_fd, message, sizeof message - 1, 0);
		if (n < 0)
			fail_msg("the manager was never told '%s'", text);
		message[n] = '\0';
	} while (strstr(message, text) == NULL);
	return message;
}

/* ---- helpers ---- */

/* `once` with one line of configuration. */
static int once_with(const struct village *v, const char *line)
{
	rig_write(v->rig, "attester.yaml", troth_view_str(line));
	return rig_run(v->rig,
		       village_args(v, "once", "--config", rig_path(v->rig, "attester.yaml")));
}

/* Runs a shell script with the attester's words as its arguments, in a mount namespace of its
 * own; skips the test where that is not allowed. */
static int in_namespace(const struct village *v, const char *script)
{
	const char *argv[32] = { "unshare", "-rm", "sh", "-c", script, "sh" };
	const char *const *args = village_args(v, "once", NULL, NULL);
	if (rig_run(v->rig, (const char *const[]){ "unshare", "-rm", "mount", "-t", "tmpfs",
						   "none", "/mnt", NULL }) != 0) {
		print_message("skipped: no mount namespace\n");
		skip();
	}
	for (size_t i = 0; args[i] != NULL; i++)
		argv[6 + i] = args[i];
	return rig_run(v->rig, argv);
}

static void take_port(struct village *v)
{
	char edit[128];
	/* The verifier comes back where it was: a device's configuration does not change. */
	snprintf(edit, sizeof edit, "s/127.0.0.1:0/127.0.0.1:%u/", v->service.port);
	RIG_OK(v->rig, "sed", "-i", edit, test_service_path(&v->service, "verifier.yaml"));
}

/* ---- tests ---- */

static void let_in(void **state)
{
	struct village *v = *state;
	village_admit(v);
	village_attest(v, 0, "once");
	assert_int_equal(village_set(v), 1);
	take_port(v);
}

/* 1970: with a clock that counts, the verifier's certificate is not valid yet; without one the
 * floor judges it. */
static void no_clock(void **state)
{
	const struct village *v = *state;
	setenv("LD_PRELOAD", TROTH_CLOCK_1970, 1);
	setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
	int trusted = once_with(v, "clock: system\n");
	bool said = rig_said(v->rig, "this machine's clock is wrong");
	int untrusted = once_with(v, "clock: none\n");
	unsetenv("LD_PRELOAD");
	unsetenv("ASAN_OPTIONS");
	assert_int_equal(trusted, 2);
	assert_true(said);
	assert_int_equal(untrusted, 0);
	assert_true(rig_said(v->rig, "1970-01-01T00:01:00Z"));
	assert_int_not_equal(village_set(v), 0);
}

static unsigned next_attempt_s(const char *message)
{
	unsigned s = 0;
	assert_int_equal(sscanf(strstr(message, "STATUS="), "STATUS=next attempt in %u s;", &s),
			 1);
	return s;
}

/* Ready at once: a boot does not hang on a verifier. The pauses grow, each is told, and the
 * verifier is found when it is there. */
static void a_verifier_that_comes_late(void **state)
{
	struct village *v = *state;
	assert_true(test_service_stop(&v->service));
	RIG_OK(v->rig, "rm", "-r", rig_path(v->rig, "run"));
	manager_start(v);
	pid_t pid = village_run(v);
	told("READY=1");
	for (unsigned most_s = 1; most_s <= 4; most_s *= 2) {
		const char *message = told("STATUS=");
		assert_non_null(strstr(message, "cannot be reached"));
		assert_in_range(next_attempt_s(message), 1, most_s);
	}
	test_service_start(&v->service);
	told("spiffe://test.example/line-1/");
	assert_int_equal(village_set_number(v), 1);
	village_assert_leaves(pid);
	manager_end();
	village_set(v);
}

/* A name that resolves only once the network is up, tried again by the process that failed. */
static void a_network_that_comes_late(void **state)
{
	struct village *v = *state;
	char url[sizeof v->url];
	snprintf(url, sizeof url, "https://late.test:%u", v->service.port);
	rig_write(v->rig, "hosts", troth_view_str("127.0.0.1 localhost\n"));
	static const char SCRIPT[] =
		"mount --bind $(dirname $NOTIFY_SOCKET)/hosts /etc/hosts || exit 9; "
		"exec \"$1\" run \"${@:3}\" --verifier \"$0\"";
	const char *argv[32] = { "unshare", "-rm", "bash", "-c", SCRIPT, url };
	const char *const *args = village_args(v, "once", NULL, NULL);
	if (in_namespace(v, "exit 0") != 0)
		skip();
	for (size_t i = 0; args[i] != NULL; i++)
		argv[6 + i] = args[i];
	manager_start(v);
	pid_t pid = rig_spawn(v->rig, argv);
	told("STATUS=next attempt in 1 s; the verifier cannot be reached, its name does not "
	     "resolve");
	/* In place: a bind mount stays with the file. */
	rig_write(v->rig, "hosts", troth_view_str("127.0.0.1 localhost late.test\n"));
	told("certificate is for another host name");
	village_assert_leaves(pid);
	manager_end();
}

/* In an initramfs: one command that waits for the network, for so long and no longer. */
static void once_tries_again_for_a_while(void **state)
{
	struct village *v = *state;
	const unsigned before = village_set_number(v);
	assert_true(test_service_stop(&v->service));
	rig_expect(v->rig, 2, village_args(v, "once", "--retry-for", "1s"));
	assert_true(rig_said(v->rig, "cannot be reached"));
	pid_t pid = rig_spawn(v->rig, village_args(v, "once", "--retry-for", "60s"));
	village_nap_ms(300);
	test_service_start(&v->service);
	assert_int_equal(rig_wait(pid), 0);
	assert_int_equal(village_set(v), before + 1);
	/* A refusal is an answer. */
	rig_expect(v->rig, 1,
		   (const char *const[]){
			   "sh", "-c", "exec \"$@\" --retry-for 1h --log /nonexistent", "sh",
			   rig_program("troth-attester"), "once", "--tcti", v->rig->tcti,
			   "--verifier", v->url, "--run-dir", rig_path(v->rig, "run"),
			   "--state-dir", rig_path(v->rig, "device-state"), "--ca",
			   test_service_path(&v->service, "state/tls/ca.crt"), NULL });
	rig_expect(v->rig, 2, village_args(v, "once", "--retry-for", "61m"));
}

/* From then on SIGTERM is kept until the program waits. */
static void wait_until_it_catches_signals(pid_t pid)
{
	char path[64], line[256];
	unsigned long long caught = 0;
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	while ((caught & 1ULL << (SIGTERM - 1)) == 0) {
		FILE *f = fopen(path, "r");
		assert_non_null(f);
		while (fgets(line, sizeof line, f) != NULL)
			(void)sscanf(line, "SigCgt: %llx", &caught);
		assert_int_equal(fclose(f), 0);
		village_nap_ms(10);
	}
}

/* What needs a credential waits for it, and needs no attester beside it. */
static void waiting_for_a_credential(void **state)
{
	const struct village *v = *state;
	village_attest(v, 0, "wait");
	RIG_OK(v->rig, "rm", "-r", rig_path(v->rig, "run"));
	pid_t asked = rig_spawn(v->rig, village_args(v, "wait", NULL, NULL));
	pid_t waiting = rig_spawn(v->rig, village_args(v, "wait", NULL, NULL));
	wait_until_it_catches_signals(asked);
	assert_int_equal(kill(asked, SIGTERM), 0);
	assert_int_equal(rig_wait(asked), 2);
	rig_expect(v->rig, 2, village_args(v, "wait", "--timeout", "1s"));
	village_attest(v, 0, "once");
	assert_int_equal(rig_wait(waiting), 0);
	rig_expect(v->rig, 0, village_args(v, "wait", "--timeout", "1s"));
}

/* One message as it falls asleep, with a patience past its sleep; then none until it wakes. */
static void a_watchdog_costs_no_wake_ups(void **state)
{
	const struct village *v = *state;
	unsigned long long us;
	setenv("WATCHDOG_USEC", "2000000", 1);
	manager_start(v);
	pid_t pid = village_run(v);
	assert_int_equal(sscanf(told("WATCHDOG=1"), "WATCHDOG=1\nWATCHDOG_USEC=%llu", &us), 1);
	assert_int_equal(us, 2000000);
	const unsigned renewal_s =
		(unsigned)atol(strstr(told("STATUS="), "in ") + strlen("in "));
	assert_int_equal(sscanf(told("WATCHDOG=1"), "WATCHDOG=1\nWATCHDOG_USEC=%llu", &us), 1);
	assert_in_range(us, (renewal_s - 2) * 1000000ULL, (renewal_s + 3) * 1000000ULL);
	village_nap_ms(2500);
	char text[64];
	assert_int_equal(recv(manager_fd, text, sizeof text, MSG_DONTWAIT), -1);
	/* Awake again, the manager's own patience counts. */
	assert_int_equal(kill(pid, SIGHUP), 0);
	told("WATCHDOG_USEC=2000000");
	told("STATUS=");
	village_assert_leaves(pid);
	manager_end();
}

static const struct {
	const char *code, *name;
} BUSY[] = {
	{ "922", "TPM_RC_RETRY" },
	{ "908", "TPM_RC_YIELDED" },
	{ "90a", "TPM_RC_TESTING" },
};

static pid_t start_busy(const struct village *v, const char *code, const char *times)
{
	const char *const argv[] = { TROTH_BUSY_TPM,
				     rig_path(v->rig, "busy"),
				     rig_path(v->rig, "sock"),
				     code,
				     times,
				     NULL };
	(void)unlink(rig_path(v->rig, "busy"));
	pid_t pid = rig_spawn(v->rig, argv);
	for (int i = 0; i < 500 && access(rig_path(v->rig, "busy"), F_OK) != 0; i++)
		village_nap_ms(20);
	return pid;
}

/* Each kind of command is put off twice, or for ever. */
static void a_busy_tpm(void **state)
{
	const struct village *v = *state;
	char tcti[128];
	snprintf(tcti, sizeof tcti, "swtpm:path=%s/busy", v->rig->dir);
	for (size_t i = 0; i < TROTH_COUNT(BUSY); i++) {
		pid_t pid = start_busy(v, BUSY[i].code, "2");
		rig_expect(v->rig, 0, village_args(v, "once", "--tcti", tcti));
		kill(pid, SIGTERM);
		(void)rig_wait(pid);
	}
	pid_t pid = start_busy(v, "922", "1000000");
	rig_expect(v->rig, 4, village_args(v, "once", "--tcti", tcti));
	assert_true(rig_said(v->rig, "it stays busy"));
	kill(pid, SIGTERM);
	(void)rig_wait(pid);
	village_attest(v, 0, "once");
	rig_assert_clean(v->rig);
}

/* Without a resource manager one client holds it: the next waits for its turn. */
static void a_tpm_in_other_hands(void **state)
{
	const struct village *v = *state;
	static const char HOLD[] = "import socket,sys,time\n"
				   "s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
				   "open(sys.argv[2],'w').close(); time.sleep(2)";
	const char *const holder[] = {
		"python3", "-c", HOLD, rig_path(v->rig, "sock"), rig_path(v->rig, "held"), NULL
	};
	pid_t pid = rig_spawn(v->rig, holder);
	while (access(rig_path(v->rig, "held"), F_OK) != 0)
		village_nap_ms(20);
	village_attest(v, 0, "once");
	assert_int_equal(rig_wait(pid), 0);
	rig_assert_clean(v->rig);
}

/* From stranger to identity while wrong guesses and power cuts have locked the TPM. */
static void a_tpm_in_lockout(void **state)
{
	const struct village *v = *state;
	RIG_OK(v->rig, "tpm2_dictionarylockout", "-s", "-n", "1", "-t", "1000", "-l", "1000");
	RIG_OK(v->rig, "tpm2_createprimary", "-Q", "-C", "o", "-p", "right", "-a",
	       "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|decrypt", "-c",
	       rig_path(v->rig, "locked.ctx"));
	RIG_OK(v->rig, "tpm2_flushcontext", "-t");
	static const char *const GUESSES[] = { "wrong", "right" };
	for (size_t i = 0; i < 2; i++) {
		const char *const create[] = { "tpm2_create", "-Q",
					       "-C",	      rig_path(v->rig, "locked.ctx"),
					       "-P",	      GUESSES[i],
					       "-u",	      rig_path(v->rig, "x.pub"),
					       "-r",	      rig_path(v->rig, "x.priv"),
					       NULL };
		assert_int_not_equal(rig_run(v->rig, create), 0);
		RIG_OK(v->rig, "tpm2_flushcontext", "-t");
	}
	RIG_OK(v->rig, "rm", "-r", rig_path(v->rig, "device-state"), rig_path(v->rig, "run"));
	village_attest(v, 0, "once");
	assert_int_equal(village_set_number(v), 1);
	RIG_OK(v->rig, "tpm2_dictionarylockout", "-c");
	rig_assert_clean(v->rig);
}

/* Its daemon, its bus or its firmware went, and came back: the same process goes on. */
static void a_tpm_that_comes_back(void **state)
{
	const struct village *v = *state;
	const unsigned before = village_set_number(v);
	manager_start(v);
	pid_t pid = village_run(v);
	told("spiffe://");
	rig_stop(v->rig);
	assert_int_equal(kill(pid, SIGHUP), 0);
	told("no TPM answers there");
	assert_int_equal(village_set_number(v), before + 1); /* still in force */
	village_boot(v, NULL);
	told("spiffe://");
	village_assert_leaves(pid);
	manager_end();
	assert_int_not_equal(village_set(v), 0);
	rig_assert_clean(v->rig);
}

/* The state goes into run_dir, is found there, and goes home when it can. */
static void a_root_that_cannot_be_written(void **state)
{
	const struct village *v = *state;
	static const char READ_ONLY[] =
		"for d; do case $last in --state-dir) break;; esac; last=$d; done; "
		"rm -rf \"$d\"; mkdir \"$d\"; mount --bind \"$d\" \"$d\" && "
		"mount -o remount,bind,ro \"$d\" || exit 9; \"$@\" && exec \"$@\"";
	assert_int_equal(in_namespace(v, READ_ONLY), 0);
	struct troth_view output = rig_read(v->rig, "output");
	const char *first = memmem(output.p, output.n, "event=enrolled", 14);
	assert_non_null(first);
	/* The second attempt did not enrol again. */
	assert_null(memmem(first + 1,
			   output.n - (size_t)((const uint8_t *)first + 1 - output.p),
			   "event=enrolled", 14));
	file_free(output);
	assert_true(rig_said(v->rig, "until the next boot"));
	village_attest(v, 0, "status");
	assert_true(rig_said(v->rig, v->id));
	assert_int_equal(access(rig_path(v->rig, "run/device.json"), F_OK), 0);
	/* Home again with the next enrolment. */
	RIG_OK(v->rig, "rm", rig_path(v->rig, "run/device.json"));
	village_attest(v, 0, "once");
	assert_int_equal(access(rig_path(v->rig, "device-state/device.json"), F_OK), 0);
}

/* No room for a new set: the one in force stays whole, and the way out is in the log. */
static void a_full_run(void **state)
{
	const struct village *v = *state;
	static const char FULL[] =
		"for d; do case $last in --run-dir) break;; esac; last=$d; done; "
		"mount -t tmpfs -o size=64k none \"$d\" || exit 9; \"$@\" || exit 8; "
		"cksum \"$d\"/*.pem >\"$d.before\"; dd if=/dev/zero of=\"$d\"/fill "
		"2>/dev/null; "
		"\"$@\"; code=$?; cksum \"$d\"/*.pem | cmp - \"$d.before\" || exit 7; "
		"ls -A \"$d\" | grep -q new- && exit 6; rm \"$d\"/fill; \"$@\" || exit 5; "
		"exit $code";
	assert_int_equal(in_namespace(v, FULL), 2);
	assert_true(
		rig_said(v->rig, "credentials cannot be written (No space left on device)"));
}

static void without_srk(const struct village *v)
{
	RIG_OK(v->rig, "tpm2_evictcontrol", "-c", "0x81000001");
	RIG_OK(v->rig, "rm", "-r", rig_path(v->rig, "run"));
}

/* The storage root key is derived then, and the key file says so in a way that other software
 * understands. */
static void assert_srk_is_derived(const struct village *v)
{
	village_attest(v, 0, "once");
	assert_true(rig_said(v->rig, "event=srk kept=false"));
	assert_int_not_equal(village_set(v), 0); /* openssl takes the key file */
	village_attest(v, 0, "once");
}

/* Indices and keys of others fill the TPM. It keeps some room for keys alone, so keys it is. */
static void a_tpm_without_room_for_the_srk(void **state)
{
	const struct village *v = *state;
	without_srk(v);
	RIG_OK(v->rig, "sh", "-c",
	       "for size in 2000 500 100; do while tpm2_nvdefine -Q -C o -s $size; do :; done; "
	       "done 2>/dev/null; tpm2_createprimary -Q -c $0 && tpm2_flushcontext -t && "
	       "i=256; while tpm2_evictcontrol -Q -c $0 $(printf 0x8102%04x $i); do "
	       "tpm2_flushcontext -t; i=$((i + 1)); done 2>/dev/null; tpm2_flushcontext -t",
	       rig_path(v->rig, "filler.ctx"));
	assert_srk_is_derived(v);
	RIG_CODE(v->rig, 1, "tpm2_readpublic", "-Q", "-c", "0x81000001");
	RIG_OK(v->rig, "sh", "-c",
	       "for h in $(tpm2_getcap handles-persistent | grep -o '0x8102.*'); do "
	       "tpm2_evictcontrol -Q -c $h; done; "
	       "for i in $(tpm2_getcap handles-nv-index | grep -o '0x1[0-7].*'); do "
	       "tpm2_nvundefine -Q -C o $i; done; :");
	/* A key under the hierarchy goes on working; the next boot has room for the SRK. */
	village_attest(v, 0, "once");
	RIG_OK(v->rig, "rm", "-r", rig_path(v->rig, "run"));
	village_attest(v, 0, "once");
	RIG_OK(v->rig, "tpm2_readpublic", "-Q", "-c", "0x81000001");
	village_set(v);
	rig_assert_clean(v->rig);
}

/* Whoever put it there did not mean it for a parent that lockout cannot reach. */
static void another_key_in_the_srks_place(void **state)
{
	const struct village *v = *state;
	without_srk(v);
	RIG_OK(v->rig, "tpm2_createprimary", "-Q", "-c", rig_path(v->rig, "filler.ctx"));
	RIG_OK(v->rig, "tpm2_evictcontrol", "-Q", "-c", rig_path(v->rig, "filler.ctx"),
	       "0x81000001");
	RIG_OK(v->rig, "tpm2_flushcontext", "-t");
	assert_srk_is_derived(v);
	rig_assert_clean(v->rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(let_in),
		cmocka_unit_test(no_clock),
		cmocka_unit_test(a_verifier_that_comes_late),
		cmocka_unit_test(a_network_that_comes_late),
		cmocka_unit_test(once_tries_again_for_a_while),
		cmocka_unit_test(waiting_for_a_credential),
		cmocka_unit_test(a_watchdog_costs_no_wake_ups),
		cmocka_unit_test(a_busy_tpm),
		cmocka_unit_test(a_tpm_in_other_hands),
		cmocka_unit_test(a_tpm_in_lockout),
		cmocka_unit_test(a_tpm_that_comes_back),
		cmocka_unit_test(a_root_that_cannot_be_written),
		cmocka_unit_test(a_full_run),
		cmocka_unit_test(a_tpm_without_room_for_the_srk),
		cmocka_unit_test(another_key_in_the_srks_place),
	};
	return cmocka_run_group_tests(tests, village_setup, village_teardown);
}
