/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a device, one thing after the other: let in, renewed, forgotten, cleared,
 * refused, cut off. The tests build on each other, in this order. */
#include "check.h"

#include <signal.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base.h"
#include "clock.h"
#include "files.h"
#include "reader.h"
#include "village.h"

static void from_stranger_to_identity(void **state)
{
	struct village *v = *state;
	village_attest(v, 3, "once");
	assert_true(rig_said(v->rig, "operator must approve"));
	assert_int_equal(village_set(v), 0);
	village_attest(v, 3, "status");
	village_admit(v);
	assert_int_equal(village_set(v), 0);
	village_attest(v, 0, "once");
	assert_int_equal(village_set(v), 1);
	RIG_OK(v->rig, "openssl", "x509", "-in", rig_path(v->rig, "run/cert.pem"), "-noout",
	       "-ext", "subjectAltName");
	assert_true(rig_said(v->rig, "URI:spiffe://test.example/line-1/"));
	village_attest(v, 0, "status");
	assert_true(rig_said(v->rig, "spiffe://test.example/line-1/"));
	assert_true(rig_said(v->rig, v->id));
	rig_assert_clean(v->rig);
}

/* The key stays while the boot does; the certificate is another. */
static void a_renewal_keeps_the_key(void **state)
{
	const struct village *v = *state;
	struct troth_view key = rig_read(v->rig, "run/key.pem");
	struct troth_view cert = rig_read(v->rig, "run/cert.pem");
	village_attest(v, 0, "once");
	assert_int_equal(village_set(v), 2);
	struct troth_view key_now = rig_read(v->rig, "run/key.pem");
	struct troth_view cert_now = rig_read(v->rig, "run/cert.pem");
	assert_int_equal(key_now.n, key.n);
	assert_memory_equal(key_now.p, key.p, key.n);
	assert_true(cert.n != cert_now.n || memcmp(cert.p, cert_now.p, cert.n) != 0);
	assert_int_equal(access(rig_path(v->rig, "run/gen-1"), F_OK), -1);
	file_free(key);
	file_free(cert);
	file_free(key_now);
	file_free(cert_now);
}

static void a_verifier_that_forgot_the_log_gets_it(void **state)
{
	struct village *v = *state;
	village_restart(v);
	village_attest(v, 0, "once");
	village_set(v);
}

static void lost_state_is_harmless(void **state)
{
	const struct village *v = *state;
	RIG_OK(v->rig, "rm", "-r", rig_path(v->rig, "device-state"), rig_path(v->rig, "run"));
	village_attest(v, 0, "once");
	assert_int_equal(village_set(v), 1);
	village_attest(v, 0, "status");
	assert_true(rig_said(v->rig, v->id));
	rig_write(v->rig, "device-state/device.json",
		  (struct troth_view){ (const uint8_t *)"{\"device_id\":7", 14 });
	village_attest(v, 0, "once");
}

static void a_reboot_brings_a_new_certification(void **state)
{
	const struct village *v = *state;
	village_boot(v, NULL);
	village_attest(v, 0, "once");
	/* /run is empty after a real one. */
	village_boot(v, NULL);
	RIG_OK(v->rig, "rm", "-r", rig_path(v->rig, "run"));
	village_attest(v, 0, "once");
	assert_int_equal(village_set(v), 1);
	rig_assert_clean(v->rig);
}

/* TPM2_Clear: the same AK, counters at zero, the credential key of no use. */
static void a_cleared_tpm_activates_again(void **state)
{
	const struct village *v = *state;
	RIG_OK(v->rig, "tpm2_clear");
	village_attest(v, 0, "once");
	village_set(v);
	rig_assert_clean(v->rig);
}

static void nothing_is_lost_when_the_verifier_is_away(void **state)
{
	struct village *v = *state;
	const unsigned before = village_set(v);
	assert_true(test_service_stop(&v->service));
	village_attest(v, 2, "once");
	assert_true(rig_said(v->rig, "cannot be reached"));
	assert_int_equal(village_set(v), before);
	village_attest(v, 0, "status");
	village_restart(v);
	rig_expect(v->rig, 2, village_args(v, "once", "--ca", rig_path(v->rig, "ca/root.pem")));
	assert_true(rig_said(v->rig, "not signed by the CA in"));
	rig_expect(v->rig, 2, village_args(v, "once", "--ca", "/nonexistent.pem"));
	rig_expect(v->rig, 2, village_args(v, "once", "--verifier", "https://localhost:1"));
	assert_int_equal(village_set(v), before);
}

static void another_boot_loader_is_refused(void **state)
{
	const struct village *v = *state;
	const unsigned before = village_set(v);
	village_boot(v, "boot-loader");
	village_attest(v, 1, "once");
	assert_true(rig_said(v->rig, "code=unexpected-event pcr=4"));
	assert_int_equal(village_set(v), before);
	village_boot(v, NULL);
	village_attest(v, 0, "once");
}

static void a_missing_log_is_refused(void **state)
{
	const struct village *v = *state;
	rig_expect(v->rig, 1, village_args(v, "once", "--log", "/nonexistent/log"));
	assert_true(rig_said(v->rig, "attesting without it"));
	village_attest(v, 0, "once");
}

/* ---- run ---- */

static void run_renews_at_sighup_and_leaves_at_sigterm(void **state)
{
	const struct village *v = *state;
	unsigned number = village_set_number(v);
	pid_t pid = village_run(v);
	village_wait_for_set(v, ++number);
	for (int i = 0; i < 3; i++) {
		/* The attempt reports after the set is there; then it waits. */
		village_nap_ms(200);
		assert_int_equal(kill(pid, SIGHUP), 0);
		village_wait_for_set(v, ++number);
	}
	village_nap_ms(200);
	village_assert_leaves(pid);
	village_set(v);
	rig_assert_clean(v->rig);
}

/* What `proof` prints is what `run` has signed with the key that its result names: the
 * verifier's judgement of the pair is tests/attack/test_authorize.c. */
static void run_proves_calls_to_local_users(void **state)
{
	const struct village *v = *state;
	char run_dir[64], attester[512];
	snprintf(run_dir, sizeof run_dir, "%s", rig_path(v->rig, "run"));
	snprintf(attester, sizeof attester, "%s", rig_program("troth-attester"));
	const unsigned number = village_set_number(v);
	RIG_CODE(v->rig, 2, attester, "proof", "GET", "https://h/", "--run-dir", run_dir);
	pid_t pid = village_run(v);
	village_wait_for_set(v, number + 1);
	village_nap_ms(500); /* the attempt reports after the set is there */
	RIG_OK(v->rig, attester, "proof", "GET", "https://h/a?b", "--run-dir", run_dir);
	assert_true(rig_said(v->rig, "Authorization: DPoP eyJ"));
	assert_true(rig_said(v->rig, "\nDPoP: eyJ"));
	RIG_OK(v->rig, attester, "proof", "POST", "https://h/", "--nonce", "n1", "--format",
	       "json", "--run-dir", run_dir);
	assert_true(rig_said(v->rig, "{\"token\":\"eyJ"));
	assert_true(rig_said(v->rig, "\"proof\":\"eyJ"));
	RIG_CODE(v->rig, 2, attester, "proof", "GET", "h", "--run-dir", run_dir);
	RIG_CODE(v->rig, 2, attester, "proof", "GET", "--run-dir", run_dir);
	village_assert_leaves(pid);
	RIG_CODE(v->rig, 2, attester, "proof", "GET", "https://h/", "--run-dir", run_dir);
	rig_assert_clean(v->rig);
}

/* What the verifier makes of form, profile and nonce is tests/attack/test_results.c. */
static void a_result_in_the_form_asked_for(void **state)
{
	const struct village *v = *state;
	static const struct {
		const char *option, *value;
		int code;
		const char *says;
	} WISHES[] = {
		{ "--form", "cwt", 0, "0oRY" }, /* a tagged COSE_Sign1 */
		{ "--form", "jwt", 0, "eyJ" },
		{ "--profile", "draft", 0, "eyJ" },
		{ "--nonce", "AAECAwQFBgc", 0, "eyJ" },
		{ "--nonce", "AAECAwQFBgc", 1, "draw another" },
	};
	const unsigned number = village_set_number(v);
	for (size_t i = 0; i < TROTH_COUNT(WISHES); i++) {
		rig_expect(v->rig, WISHES[i].code,
			   village_args(v, "result", WISHES[i].option, WISHES[i].value));
		assert_true(rig_said(v->rig, WISHES[i].says));
	}
	assert_int_equal(village_set_number(v), number);
	rig_assert_clean(v->rig);
}

/* A number of a process's status file. */
static unsigned long status_of(pid_t pid, const char *key)
{
	char path[64], line[256];
	unsigned long value = 0;
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, key, strlen(key)) == 0)
			assert_int_equal(sscanf(line + strlen(key), ": %lu", &value), 1);
	assert_int_equal(fclose(f), 0);
	return value;
}

/* Between renewals it does not wake up, and is small. */
static void run_sleeps(void **state)
{
	const struct village *v = *state;
	const unsigned number = village_set_number(v);
	pid_t pid = village_run(v);
	village_wait_for_set(v, number + 1);
	village_nap_ms(500);
	const unsigned long woken = status_of(pid, "voluntary_ctxt_switches");
	const unsigned long preempted = status_of(pid, "nonvoluntary_ctxt_switches");
	village_nap_ms(2000);
	assert_int_equal(status_of(pid, "voluntary_ctxt_switches"), woken);
	assert_int_equal(status_of(pid, "nonvoluntary_ctxt_switches"), preempted);
	const unsigned long own_kb = status_of(pid, "RssAnon");
	print_message("resident: %lu KB, %lu KB of it its own\n", status_of(pid, "VmRSS"),
		      own_kb);
#ifndef TROTH_SANITIZE
	assert_in_range(status_of(pid, "VmRSS"), 1, 20 * 1024);
	assert_in_range(own_kb, 1, 5 * 1024);
#endif
	village_assert_leaves(pid);
}

/* A port that takes connections and never answers. */
static void run_leaves_while_a_verifier_is_silent(void **state)
{
	struct village *v = *state;
	char url[sizeof v->url];
	RIG_OK(v->rig, "sh", "-c", "command -v python3");
	const char *const silent[] = {
		"python3", "-c",
		"import socket,time,sys\n"
		"s=socket.socket(); s.bind(('127.0.0.1',0)); s.listen()\n"
		"open(sys.argv[1],'w').write(str(s.getsockname()[1])+'\\n')\n"
		"time.sleep(60)",
		rig_path(v->rig, "port"), NULL
	};
	unlink(rig_path(v->rig, "port"));
	pid_t server = rig_spawn(v->rig, silent);
	while (access(rig_path(v->rig, "port"), F_OK) != 0)
		village_nap_ms(20);
	village_nap_ms(100);
	struct troth_view port = rig_read(v->rig, "port");
	snprintf(url, sizeof url, "https://localhost:%.*s", (int)port.n - 1,
		 (const char *)port.p);
	file_free(port);

	pid_t pid = rig_spawn(v->rig, village_args(v, "run", "--verifier", url));
	village_nap_ms(700);
	village_assert_leaves(pid);
	kill(server, SIGTERM);
	(void)rig_wait(server);
	rig_assert_clean(v->rig);
}

/* While `run` attests, `once` by hand does not write beside it. */
static void one_attester_at_a_time(void **state)
{
	const struct village *v = *state;
	RIG_CODE(v->rig, 0, "flock", "-n", rig_path(v->rig, "run/.lock"), "true");
	const char *const *args = village_args(v, "once", NULL, NULL);
	const char *argv[24] = { "flock", rig_path(v->rig, "run/.lock") };
	size_t n = 2;
	for (size_t i = 0; args[i] != NULL; i++)
		argv[n++] = args[i];
	rig_expect(v->rig, 2, argv);
	assert_true(rig_said(v->rig, "in use by another attester"));
}

static void hooks_run_after_a_change(void **state)
{
	const struct village *v = *state;
	FILE *f = fopen(rig_path(v->rig, "hook"), "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\ncat %s/run/cert.pem >>%s/hooked\n", v->rig->dir, v->rig->dir);
	assert_int_equal(fclose(f), 0);
	RIG_OK(v->rig, "chmod", "+x", rig_path(v->rig, "hook"));
	f = fopen(rig_path(v->rig, "attester.yaml"), "w");
	assert_non_null(f);
	fprintf(f, "reload_hooks:\n  - /nonexistent/hook\n  - /bin/false\n  - %s/hook\n",
		v->rig->dir);
	assert_int_equal(fclose(f), 0);
	rig_expect(v->rig, 0,
		   village_args(v, "once", "--config", rig_path(v->rig, "attester.yaml")));
	assert_true(rig_said(v->rig, "program=/nonexistent/hook"));
	assert_true(rig_said(v->rig, "program=/bin/false"));
	RIG_OK(v->rig, "cmp", rig_path(v->rig, "hooked"), rig_path(v->rig, "run/cert.pem"));
}

static void set_not_after(const struct village *v, uint64_t not_after_ms)
{
	char text[128];
	snprintf(text, sizeof text, "{\"not_after_ms\": %llu}",
		 (unsigned long long)not_after_ms);
	rig_write(v->rig, "run/current/state.json", troth_view_str(text));
}

/* No renewal, no identity: files of a certificate that has run out lead nobody astray. */
static void what_expires_is_removed(void **state)
{
	const struct village *v = *state;
	set_not_after(v, troth_now_ms() + 2000);
	pid_t pid =
		rig_spawn(v->rig, village_args(v, "run", "--verifier", "https://localhost:1"));
	village_nap_ms(800);
	assert_int_equal(access(rig_path(v->rig, "run/cert.pem"), F_OK), 0);
	village_nap_ms(2000);
	assert_int_equal(access(rig_path(v->rig, "run/cert.pem"), F_OK), -1);
	assert_int_equal(access(rig_path(v->rig, "run/key.pem"), F_OK), -1);
	assert_int_equal(village_set_number(v), 0);
	village_assert_leaves(pid);
	village_attest(v, 2, "status");

	/* And what had expired before the start, at the start. */
	village_attest(v, 0, "once");
	set_not_after(v, troth_now_ms() - 1);
	village_attest(v, 2, "status");
	assert_true(rig_said(v->rig, "identity:     -"));
	pid = rig_spawn(v->rig, village_args(v, "run", "--verifier", "https://localhost:1"));
	village_nap_ms(800);
	assert_int_equal(village_set_number(v), 0);
	village_assert_leaves(pid);
	village_attest(v, 0, "once");
	village_set(v);
}

/* A clock that is wrong by decades, in both directions, and not trusted: attested all the same
 * (the verifier's TLS certificate is judged by the floor). */
static void a_device_without_a_clock(void **state)
{
	const struct village *v = *state;
	FILE *f = fopen(rig_path(v->rig, "attester.yaml"), "w");
	assert_non_null(f);
	fprintf(f, "clock: none\n");
	assert_int_equal(fclose(f), 0);
	rig_expect(v->rig, 0,
		   village_args(v, "once", "--config", rig_path(v->rig, "attester.yaml")));
	struct troth_view device = rig_read(v->rig, "device-state/device.json");
	char text[2048];
	long long floor_s = 0;
	snprintf(text, sizeof text, "%.*s", (int)device.n, (const char *)device.p);
	file_free(device);
	const char *at = strstr(text, "\"time_floor\": ");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "\"time_floor\": %lld", &floor_s), 1);
	assert_in_range(floor_s, (long long)time(NULL) - 300, (long long)time(NULL) + 1);
}

/* kill -9 at any moment: what is in force belongs together, and the next attempt works. */
static void killed_at_random_moments(void **state)
{
	const struct village *v = *state;
	const uint64_t begun = troth_mono_ms();
	village_attest(v, 0, "once");
	const uint32_t takes_ms = (uint32_t)(troth_mono_ms() - begun);
	unsigned killed = 0;
	for (int i = 0; i < 40; i++) {
		uint32_t random;
		assert_int_equal(getrandom(&random, sizeof random, 0), sizeof random);
		pid_t pid = rig_spawn(v->rig, village_args(v, "once", NULL, NULL));
		village_nap_ms(random % (takes_ms + 10));
		kill(pid, SIGKILL);
		killed += rig_wait(pid) == 128 + SIGKILL;
		RIG_OK(v->rig, "tpm2_flushcontext", "-t"); /* no resource manager here */
		RIG_OK(v->rig, "tpm2_flushcontext", "-l");
		assert_int_not_equal(village_set(v), 0);
	}
	assert_in_range(killed, 10, 40);
	village_attest(v, 0, "once");
	village_set(v);
}

/* With a resource manager, as on a real machine, and with somebody else at
 * the TPM all the time. */
static void beside_other_users_of_the_tpm(void **state)
{
	const struct village *v = *state;
	static const char RM[] = TROTH_SWTPM_SETUP "/resource-manager";
	const char *const start[] = { RM, "--dir", v->rig->dir, "start", NULL };
	char tcti[128], bus[128], libraries[512] = "";
	if (rig_run(v->rig, start) != 0) {
		print_message("skipped: no resource manager (swtpm-setup/install-deps test)\n");
		skip();
	}
	FILE *f = fopen(rig_path(v->rig, "output"), "r");
	assert_non_null(f);
	assert_int_equal(
		fscanf(f, "tcti=%127s bus=%127s libraries=%511s", tcti, bus, libraries), 3);
	assert_int_equal(fclose(f), 0);
	setenv("DBUS_SESSION_BUS_ADDRESS", bus, 1);
	setenv("LD_LIBRARY_PATH", libraries, 1);
	setenv("TPM2TOOLS_TCTI", tcti, 1);
	const char *const busy[] = { "sh", "-c",
				     "while :; do tpm2_createprimary -Q -c $0; done",
				     rig_path(v->rig, "busy.ctx"), NULL };
	pid_t other = rig_spawn(v->rig, busy);
	for (int i = 0; i < 5; i++)
		rig_expect(v->rig, 0, village_args(v, "once", "--tcti", tcti));
	kill(other, SIGTERM);
	(void)rig_wait(other);
	unsetenv("DBUS_SESSION_BUS_ADDRESS");
	unsetenv("LD_LIBRARY_PATH");
	setenv("TPM2TOOLS_TCTI", v->rig->tcti, 1);
	village_nap_ms(200);
	RIG_OK(v->rig, RM, "--dir", v->rig->dir, "stop");
	village_set(v);
	rig_assert_clean(v->rig);
}

static void the_other_attestation_key(void **state)
{
	const struct village *v = *state;
	/* A new AK is a re-enrolment, which this verifier's policy lets an operator see. */
	int code = rig_run(v->rig, village_args(v, "once", "--ak", "rsa"));
	if (code == 3) {
		village_ctl(v, "device", "approve", v->id);
		code = rig_run(v->rig, village_args(v, "once", "--ak", "rsa"));
	}
	assert_int_equal(code, 0);
	village_set(v);
	rig_assert_clean(v->rig);
}

static void quarantine_ends_it(void **state)
{
	const struct village *v = *state;
	village_ctl(v, "device", "quarantine", v->id);
	rig_expect(v->rig, 1, village_args(v, "once", "--ak", "rsa"));
	assert_true(rig_said(v->rig, "quarantined"));
	/* What is in force stays until it expires: the verifier has revoked it. */
	village_set(v);
	/* A forgotten state is no way around it: enrolled again, and still not let in. */
	RIG_OK(v->rig, "rm", "-r", rig_path(v->rig, "device-state"));
	assert_int_not_equal(rig_run(v->rig, village_args(v, "once", "--ak", "rsa")), 0);
	rig_expect(v->rig, 1, village_args(v, "once", "--ak", "rsa"));
	assert_true(rig_said(v->rig, "quarantined"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_stranger_to_identity),
		cmocka_unit_test(a_renewal_keeps_the_key),
		cmocka_unit_test(a_verifier_that_forgot_the_log_gets_it),
		cmocka_unit_test(lost_state_is_harmless),
		cmocka_unit_test(a_reboot_brings_a_new_certification),
		cmocka_unit_test(a_cleared_tpm_activates_again),
		cmocka_unit_test(nothing_is_lost_when_the_verifier_is_away),
		cmocka_unit_test(another_boot_loader_is_refused),
		cmocka_unit_test(a_missing_log_is_refused),
		cmocka_unit_test(run_renews_at_sighup_and_leaves_at_sigterm),
		cmocka_unit_test(run_proves_calls_to_local_users),
		cmocka_unit_test(a_result_in_the_form_asked_for),
		cmocka_unit_test(run_sleeps),
		cmocka_unit_test(run_leaves_while_a_verifier_is_silent),
		cmocka_unit_test(one_attester_at_a_time),
		cmocka_unit_test(hooks_run_after_a_change),
		cmocka_unit_test(what_expires_is_removed),
		cmocka_unit_test(a_device_without_a_clock),
		cmocka_unit_test(killed_at_random_moments),
		cmocka_unit_test(beside_other_users_of_the_tpm),
		cmocka_unit_test(the_other_attestation_key),
		cmocka_unit_test(quarantine_ends_it),
	};
	return cmocka_run_group_tests(tests, village_setup, village_teardown);
}
