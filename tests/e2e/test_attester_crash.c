/* SPDX-License-Identifier: Apache-2.0 */
/* kill -9 of the attester at random moments of provisioning, enrolment and renewal: the set of
 * credentials in force is the old one or the new one and belongs together, the next attempt
 * works, and the TPM keeps nothing of the one that was killed.
 *
 * The TPM is reached through a resource manager, as on a machine through /dev/tpmrm0: it is
 * what flushes the objects of a client that is gone. Without one the test is skipped. */
#include "check.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "random.h"
#include "serving.h"
#include "village.h"

/* Kills that met a running attester, in each of the four. */
#define KILLS 40
/* The issuer gives a device so many certificates a minute; a reload begins the count anew. */
#define RELOAD_EVERY 12

#define SRK "0x81000001"

static const char RM[] = TROTH_SWTPM_SETUP "/resource-manager";
static char manager_tcti[128];
static bool managed;

struct tally {
	unsigned killed, tries, kept, changed;
	uint32_t takes_ms; /* the command, left alone */
};

/* ---- the resource manager ---- */

static bool manager_start(const struct village *v)
{
	const char *const start[] = { RM, "--dir", v->rig->dir, "start", NULL };
	char bus[128], libraries[512] = "";
	if (rig_run(v->rig, start) != 0)
		return false;
	FILE *f = fopen(rig_path(v->rig, "output"), "re");
	assert_non_null(f);
	assert_true(fscanf(f, "tcti=%127s bus=%127s libraries=%511s", manager_tcti, bus,
			   libraries) >= 2);
	assert_int_equal(fclose(f), 0);
	setenv("DBUS_SESSION_BUS_ADDRESS", bus, 1);
	setenv("LD_LIBRARY_PATH", libraries, 1);
	setenv("TPM2TOOLS_TCTI", manager_tcti, 1);
	setenv("TPM2OPENSSL_TCTI", manager_tcti, 1);
	return true;
}

/* What is left in the TPM itself then is nobody's. */
static void manager_stop(const struct village *v)
{
	unsetenv("DBUS_SESSION_BUS_ADDRESS");
	unsetenv("LD_LIBRARY_PATH");
	setenv("TPM2TOOLS_TCTI", v->rig->tcti, 1);
	setenv("TPM2OPENSSL_TCTI", v->rig->tcti, 1);
	RIG_OK(v->rig, RM, "--dir", v->rig->dir, "stop");
	rig_assert_clean(v->rig);
}

static int open_village(void **state)
{
	struct village *v;
	if (village_setup(state) != 0)
		return -1;
	v = *state;
	village_admit(v);
	village_attest(v, 0, "once");
	managed = manager_start(v);
	if (!managed)
		print_message("no resource manager (swtpm-setup/install-deps run): skipped\n");
	return 0;
}

static int close_village(void **state)
{
	if (managed)
		manager_stop(*state);
	return village_teardown(state);
}

static void need_manager(void)
{
	if (!managed) {
		print_message("skipped: no resource manager (swtpm-setup/install-deps test)\n");
		skip();
	}
}

static void attest(const struct village *v, const char *command)
{
	rig_expect(v->rig, 0, village_args(v, command, "--tcti", manager_tcti));
}

/* ---- a kill ---- */

static void measure(const struct village *v, const char *command, struct tally *t)
{
	const uint64_t begun = troth_mono_ms();
	attest(v, command);
	t->takes_ms = (uint32_t)(troth_mono_ms() - begun);
}

static pid_t start(struct village *v, const char *command, struct tally *t)
{
	if (t->tries++ % RELOAD_EVERY == RELOAD_EVERY - 1) {
		size_t n = serving_generations(&v->service);
		assert_int_equal(kill(v->service.pid, SIGHUP), 0);
		(void)serving_await(&v->service, n);
	}
	return rig_spawn(v->rig, village_args(v, command, "--tcti", manager_tcti));
}

static void finish(pid_t pid, struct tally *t)
{
	kill(pid, SIGKILL);
	int code = rig_wait(pid);
	t->killed += code == 128 + SIGKILL;
	if (code != 128 + SIGKILL)
		assert_int_equal(code, 0); /* it was faster */
}

/* Starts the command and kills it at a moment of the time it takes. */
static void strike(struct village *v, const char *command, struct tally *t)
{
	uint32_t ms;
	assert_int_equal(troth_random_below(t->takes_ms + 5, &ms), TROTH_OK);
	pid_t pid = start(v, command, t);
	serving_nap_ms((long)ms);
	finish(pid, t);
}

static pid_t start_and_await_writing(struct village *v, struct tally *t)
{
	char sign[256];
	snprintf(sign, sizeof sign, "%s", rig_path(v->rig, "run/.new-set"));
	pid_t pid = start(v, "once", t);
	const uint64_t deadline = troth_mono_ms() + 10000;
	while (access(sign, F_OK) != 0 && troth_mono_ms() < deadline)
		;
	return pid;
}

/* From the first sign of writing to the attester's end. */
static void measure_writing(struct village *v, struct tally *t)
{
	pid_t pid = start_and_await_writing(v, t);
	const double begun = serving_now_s();
	assert_int_equal(rig_wait(pid), 0);
	t->takes_ms = (uint32_t)((serving_now_s() - begun) * 1e3) + 1;
}

static void strike_while_it_writes(struct village *v, struct tally *t)
{
	uint32_t us;
	assert_int_equal(troth_random_below(t->takes_ms * 1000, &us), TROTH_OK);
	pid_t pid = start_and_await_writing(v, t);
	usleep(us);
	finish(pid, t);
}

static bool enough(const struct tally *t)
{
	assert_true(t->tries < 20 * KILLS);
	return t->killed >= KILLS;
}

static void print_tally(const char *what, const struct tally *t)
{
	print_message("%s: %u of %u killed within the %u ms it takes; %u sets kept, %u new\n",
		      what, t->killed, t->tries, t->takes_ms, t->kept, t->changed);
}

/* Old or new, and never a half: village_set compares the keys and verifies the certificate. */
static void check_set(const struct village *v, unsigned before, struct tally *t)
{
	unsigned now = village_set(v);
	if (now == before)
		t->kept++;
	else if (now == before + 1)
		t->changed++;
	else
		fail_msg("set %u became %u", before, now);
}

/* ---- the four ---- */

static void provisioning(void **state)
{
	struct village *v = *state;
	struct tally t = { 0 };
	need_manager();
	measure(v, "provision", &t);
	struct troth_view first = rig_read(v->rig, "output");
	while (!enough(&t)) {
		/* The storage key has to be made again. */
		RIG_OK(v->rig, "tpm2_evictcontrol", "-Q", "-C", "o", "-c", SRK);
		strike(v, "provision", &t);
		attest(v, "provision");
		struct troth_view again = rig_read(v->rig, "output");
		assert_int_equal(again.n, first.n);
		assert_memory_equal(again.p, first.p, first.n);
		free((void *)(uintptr_t)again.p);
		RIG_OK(v->rig, "tpm2_readpublic", "-Q", "-c", SRK);
	}
	free((void *)(uintptr_t)first.p);
	attest(v, "once"); /* the storage key is the same: derived, not drawn */
	print_tally("provisioning", &t);
}

static void forget(const struct village *v)
{
	RIG_OK(v->rig, "rm", "-rf", rig_path(v->rig, "device-state"), rig_path(v->rig, "run"));
}

static void enrolment(void **state)
{
	struct village *v = *state;
	struct tally t = { 0 };
	need_manager();
	forget(v);
	measure(v, "once", &t);
	while (!enough(&t)) {
		forget(v);
		strike(v, "once", &t);
		check_set(v, 0, &t);
		attest(v, "once");
		assert_int_not_equal(village_set(v), 0);
	}
	print_tally("enrolment", &t);
}

static void renewal(void **state)
{
	struct village *v = *state;
	struct tally t = { 0 };
	need_manager();
	measure(v, "once", &t);
	while (!enough(&t)) {
		unsigned before = village_set(v);
		strike(v, "once", &t);
		check_set(v, before, &t);
		attest(v, "once");
	}
	assert_int_not_equal(village_set(v), 0);
	print_tally("renewal", &t);
}

/* A set is four files and a link, each written and made durable. */
static void writing(void **state)
{
	struct village *v = *state;
	struct tally t = { 0 };
	need_manager();
	measure_writing(v, &t);
	while (!enough(&t)) {
		unsigned before = village_set(v);
		strike_while_it_writes(v, &t);
		check_set(v, before, &t);
		attest(v, "once");
	}
	print_tally("writing", &t);
	assert_true(t.kept > 0 && t.changed > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(provisioning),
		cmocka_unit_test(enrolment),
		cmocka_unit_test(renewal),
		cmocka_unit_test(writing),
	};
	return cmocka_run_group_tests(tests, open_village, close_village);
}
