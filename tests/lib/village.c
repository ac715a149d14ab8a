/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "village.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "files.h"
#include "reader.h"

static const char BOOT[] = TROTH_SWTPM_SETUP "/boot";
static const char BOOT_LOG[] = TROTH_FIXTURES "/bootvm/shim-sb-on/binary_bios_measurements";

static const char POLICY[] = "name: default\n"
			     "segment: line-1\n"
			     "pcrs:\n"
			     "  sha256: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14]\n"
			     "secure_boot: required\n"
			     "reference: base\n"
			     "enrolment: ek-certificate\n"
			     "approve: manual\n"
			     "certificate_lifetime: 15m\n";

static const char *bin_dir(void)
{
	static char path[4096];
	snprintf(path, sizeof path, "%s", rig_program("x"));
	*strrchr(path, '/') = '\0';
	return path;
}

void village_boot(const struct village *v, const char *tamper)
{
	const char *const argv[] = { BOOT,
				     "--bin",
				     bin_dir(),
				     "--dir",
				     v->rig->dir,
				     "--ca-dir",
				     rig_path(v->rig, "ca"),
				     "--banks",
				     "sha256,sha384",
				     "--log",
				     BOOT_LOG,
				     tamper != NULL ? "--tamper" : NULL,
				     tamper,
				     NULL };
	rig_expect(v->rig, 0, argv);
}

void village_ctl(const struct village *v, const char *a, const char *b, const char *c)
{
	RIG_OK(v->rig, rig_program("trothctl"), a, b, "--socket",
	       test_service_path(&v->service, "admin.sock"), c);
}

static void read_id(struct village *v)
{
	village_attest(v, 0, "provision");
	struct troth_view output = rig_read(v->rig, "output");
	assert_true(output.n > 9 + 64);
	assert_memory_equal(output.p, "device:  ", 9);
	snprintf(v->id, sizeof v->id, "%.64s", (const char *)output.p + 9);
	file_free(output);
}

static void serve(struct village *v)
{
	test_service_start(&v->service);
	snprintf(v->url, sizeof v->url, "https://localhost:%u", v->service.port);
}

void village_restart(struct village *v)
{
	assert_true(test_service_stop(&v->service));
	serve(v);
}

int village_setup(void **state)
{
	static struct village v;
	char extra[512];
	void *rig;
	if (rig_setup(&rig) != 0)
		return -1;
	v.rig = rig;
	snprintf(extra, sizeof extra, "ek:\n  roots: %s/roots\n  intermediates: %s/issuers\n",
		 v.rig->dir, v.rig->dir);
	RIG_OK(v.rig, "mkdir", rig_path(v.rig, "roots"), rig_path(v.rig, "issuers"));
	RIG_OK(v.rig, "cp", rig_path(v.rig, "ca/root.pem"), rig_path(v.rig, "roots"));
	RIG_OK(v.rig, "cp", rig_path(v.rig, "ca/issuer.pem"), rig_path(v.rig, "issuers"));
	test_service_init(&v.service, extra);
	serve(&v);
	rig_write(v.rig, "policy.yaml", troth_view_str(POLICY));
	village_ctl(&v, "policy", "apply", rig_path(v.rig, "policy.yaml"));
	village_boot(&v, NULL);
	read_id(&v);
	*state = &v;
	return 0;
}

int village_teardown(void **state)
{
	struct village *v = *state;
	void *rig = v->rig;
	test_service_release(&v->service);
	return rig_teardown(&rig);
}

void village_admit(struct village *v)
{
	village_attest(v, 3, "once");
	village_ctl(v, "device", "approve", v->id);
	village_attest(v, 1, "once"); /* shows its log; there is no reference yet */
	RIG_OK(v->rig, rig_program("trothctl"), "reference", "learn", "--socket",
	       test_service_path(&v->service, "admin.sock"), "--device", v->id, "--name",
	       "base");
}

const char *const *village_args(const struct village *v, const char *command,
				const char *option, const char *value)
{
	static const char *args[20];
	static char ca[256], log[64], run_dir[64], state_dir[64];
	size_t n = 0;
	snprintf(ca, sizeof ca, "%s", test_service_path(&v->service, "state/tls/ca.crt"));
	snprintf(log, sizeof log, "%s/eventlog", v->rig->dir);
	snprintf(run_dir, sizeof run_dir, "%s/run", v->rig->dir);
	snprintf(state_dir, sizeof state_dir, "%s/device-state", v->rig->dir);
	args[n++] = rig_program("troth-attester");
	args[n++] = command;
	args[n++] = "--tcti";
	args[n++] = v->rig->tcti;
	args[n++] = "--verifier";
	args[n++] = v->url;
	args[n++] = "--ca";
	args[n++] = ca;
	args[n++] = "--log";
	args[n++] = log;
	args[n++] = "--run-dir";
	args[n++] = run_dir;
	args[n++] = "--state-dir";
	args[n++] = state_dir;
	args[n++] = option;
	args[n++] = value;
	args[n] = NULL;
	return args;
}

void village_attest(const struct village *v, int code, const char *command)
{
	rig_expect(v->rig, code, village_args(v, command, NULL, NULL));
}

unsigned village_set(const struct village *v)
{
	char link[64], key[64], cert[64];
	unsigned number;
	ssize_t n = readlink(rig_path(v->rig, "run/current"), link, sizeof link - 1);
	if (n < 0)
		return 0;
	link[n] = '\0';
	assert_int_equal(sscanf(link, "gen-%u", &number), 1);
	RIG_OK(v->rig, "openssl", "verify", "-CAfile", rig_path(v->rig, "run/bundle.pem"),
	       "-untrusted", rig_path(v->rig, "run/cert.pem"),
	       rig_path(v->rig, "run/cert.pem"));
	snprintf(key, sizeof key, "%s/key.pub", v->rig->dir);
	snprintf(cert, sizeof cert, "%s/cert.pub", v->rig->dir);
	RIG_OK(v->rig, "openssl", "x509", "-in", rig_path(v->rig, "run/cert.pem"), "-noout",
	       "-pubkey", "-out", cert);
	RIG_OK(v->rig, "openssl", "pkey", "-provider", "tpm2", "-provider", "default",
	       "-propquery", "?provider=tpm2", "-in", rig_path(v->rig, "run/key.pem"),
	       "-pubout", "-out", key);
	RIG_OK(v->rig, "cmp", key, cert);
	return number;
}

pid_t village_run(const struct village *v)
{
	return rig_spawn(v->rig, village_args(v, "run", NULL, NULL));
}

unsigned village_set_number(const struct village *v)
{
	char link[64] = "";
	unsigned number = 0;
	ssize_t n = readlink(rig_path(v->rig, "run/current"), link, sizeof link - 1);
	if (n > 0)
		(void)sscanf(link, "gen-%u", &number);
	return number;
}

void village_wait_for_set(const struct village *v, unsigned number)
{
	for (int i = 0; i < 500 && village_set_number(v) < number; i++)
		village_nap_ms(20);
	assert_int_equal(village_set_number(v), number);
}

void village_assert_leaves(pid_t pid)
{
	const uint64_t begun = troth_mono_ms();
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(rig_wait(pid), 0);
	assert_in_range(troth_mono_ms() - begun, 0, 5000);
}

void village_nap_ms(uint32_t ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000L };
	nanosleep(&t, NULL);
}
