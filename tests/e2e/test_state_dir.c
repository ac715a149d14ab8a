/* SPDX-License-Identifier: Apache-2.0 */
/* The state directory: on a disk that fills up and has room again, and wanted by two services
 * at once. The disk is a small file system in a mount namespace of the test's own; without the
 * right to make one (root), its tests are skipped. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"
#include "reader.h"
#include "serving.h"
#include "text.h"

/* The issuer's limit for a device in a minute; every try on a full disk has a certificate
 * signed, and none released. */
#define TRIES_MAX 40
#define HELPED_BY_ITSELF_S 5.0

struct scene {
	struct lab lab;
	struct fleet_device late; /* on the inventory, not enrolled */
	bool small_disk;
};

/* ---- a small disk ---- */

static bool own_mounts(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* A child tries. In a chroot half of it can be done and not undone, and a process in that state
 * is told a wrong path of itself. */
static bool may_have_own_mounts(void)
{
	int status;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(own_mounts() ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status == 0;
}

static bool mount_small(const char *where)
{
	return may_have_own_mounts() && own_mounts() && mkdir(where, 0700) == 0 &&
	       mount("tmpfs", where, "tmpfs", MS_NOSUID | MS_NODEV, "size=16m") == 0;
}

static void copy_tree(const char *from, const char *to)
{
	int status;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		execlp("cp", "cp", "-a", from, to, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* The whole state goes there while nothing serves. */
static void move_to_small_disk(struct scene *s)
{
	struct test_service *service = &s->lab.service;
	char small[PATH_MAX], state[PATH_MAX];
	snprintf(small, sizeof small, "%s/small", service->dir);
	snprintf(state, sizeof state, "%s/state", service->dir);
	s->small_disk = mount_small(small);
	if (!s->small_disk)
		return;
	assert_true(test_service_stop(service));
	copy_tree(state, small);
	serving_edit(service, "/state\n", "/small/state\n");
	test_service_start(service);
	tls_client_release(&s->lab.http);
	lab_client(&s->lab, &s->lab.http);
}

static const char *filler(const struct scene *s)
{
	return test_service_path(&s->lab.service, "small/filler");
}

static void fill(const struct scene *s)
{
	static const uint8_t BYTES[4096] = { 1 };
	int fd = open(filler(s), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	while (write(fd, BYTES, sizeof BYTES) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

static int scene_open(void **state)
{
	struct scene *s = calloc(1, sizeof *s);
	char id[65];
	assert_non_null(s);
	*state = s; /* what was begun is ended, also when something below fails */
	(void)signal(SIGPIPE, SIG_IGN);
	lab_open(&s->lab);
	fleet_device_make(&s->late);
	s->late.log = troth_buffer_view(&s->lab.log);
	s->late.pcrs = s->lab.boot.values;
	FILE *f = fopen(test_service_path(&s->lab.service, "inventory"), "ae");
	assert_non_null(f);
	troth_format_hex(TROTH_VIEW_OF(s->late.id), id);
	fprintf(f, "%s late\n", id);
	assert_int_equal(fclose(f), 0);
	move_to_small_disk(s);
	return 0;
}

static int scene_close(void **state)
{
	struct scene *s = *state;
	fleet_device_free(&s->late);
	assert_true(test_service_stop(&s->lab.service));
	if (s->small_disk)
		(void)umount(test_service_path(&s->lab.service, "small"));
	lab_close(&s->lab);
	free(s);
	return 0;
}

static void need_small_disk(const struct scene *s)
{
	if (s->small_disk)
		return;
	print_message("no right to mount a small file system: skipped\n");
	skip();
}

/* The store may find room in its own log for a little while: what it acknowledges then counts.
 * Returns how many it did. */
static long attest_until_refused(struct lab *lab, int device)
{
	long acknowledged = 0;
	for (int i = 0; i < TRIES_MAX; i++) {
		int status = lab_attest(lab, &lab->devices[device]);
		if (status == 503)
			return acknowledged;
		assert_int_equal(status, 200);
		acknowledged++;
	}
	fail_msg("the disk is full and %d attestations were acknowledged", TRIES_MAX);
	return 0;
}

/* The service was started once before it was moved; its log goes on. */
#define BEFORE_THE_MOVE 1

static void a_full_disk_issues_nothing(void **state)
{
	struct scene *s = *state;
	struct lab *lab = &s->lab;
	need_small_disk(s);
	const struct serving serving = serving_await(&lab->service, BEFORE_THE_MOVE);
	struct lab_state before = lab_state(lab, LAB_VICTIM), after;

	fill(s);
	long acknowledged = attest_until_refused(lab, LAB_VICTIM);
	lab_assert_problem(&lab->http, 503, "unavailable", NULL);
	struct lab_state full = lab_state(lab, LAB_VICTIM);
	assert_int_equal(full.n_leaves, before.n_leaves + acknowledged);
	for (int device = 0; device < LAB_DEVICES; device++)
		assert_int_equal(lab_attest(lab, &lab->devices[device]), 503);
	assert_int_equal(fleet_enroll(&s->late, &lab->http), 503);
	after = lab_state(lab, LAB_VICTIM);
	lab_assert_unchanged(&full, &after);

	/* Room again: nobody has to be told. */
	assert_int_equal(unlink(filler(s)), 0);
	double begun = serving_now_s();
	while (lab_attest(lab, &lab->devices[LAB_VICTIM]) != 200) {
		assert_true(serving_now_s() - begun < HELPED_BY_ITSELF_S);
		serving_nap_ms(200);
	}
	assert_true(lab_result(&lab->http).issued);
	assert_int_equal(lab_state(lab, LAB_VICTIM).n_leaves, full.n_leaves + 1);
	assert_int_equal(fleet_enroll(&s->late, &lab->http), 200);
	assert_int_equal(lab_attest(lab, &s->late), 200);
	const struct serving now = serving_await(&lab->service, 0);
	assert_int_equal(now.front, serving.front);
	assert_int_equal(now.issuer, serving.issuer);
}

/* A front that ends while the disk is full cannot open its store; the
 * supervisor goes on trying. */
static void a_restart_on_a_full_disk_waits_for_room(void **state)
{
	struct scene *s = *state;
	struct lab *lab = &s->lab;
	need_small_disk(s);
	const struct serving serving = serving_await(&lab->service, BEFORE_THE_MOVE);
	const size_t generations = serving_generations(&lab->service);
	fill(s);
	(void)attest_until_refused(lab, LAB_THIRD);
	assert_int_equal(kill(serving.front, SIGKILL), 0);
	serving_nap_ms(1500);
	assert_int_equal(unlink(filler(s)), 0);
	(void)serving_await(&lab->service, generations);
	tls_client_close(&lab->http);
	for (int device = 0; device < LAB_DEVICES; device++)
		assert_int_equal(lab_attest(lab, &lab->devices[device]), 200);
}

/* ---- two services ---- */

static void a_second_service_is_refused(void **state)
{
	struct lab *lab = &((struct scene *)*state)->lab;
	struct test_service second;
	char first[PATH_MAX + 16], own[PATH_MAX + 16];
	const bool small = ((struct scene *)*state)->small_disk;
	test_service_init(&second, "");
	snprintf(own, sizeof own, "state_dir: %s/state", second.dir);
	snprintf(first, sizeof first, "state_dir: %s/%s", lab->service.dir,
		 small ? "small/state" : "state");
	serving_edit(&second, own, first);
	assert_int_equal(serving_refused(&second), 1);
	assert_true(serving_said(&second, "another verifier serves from"));
	assert_int_equal(lab_attest(lab, &lab->devices[LAB_ATTACKER]), 200);

	/* Once the first has ended, it may. */
	assert_true(test_service_stop(&lab->service));
	test_service_start(&second);
	assert_int_equal(serving_refused(&lab->service), 1);
	assert_true(test_service_stop(&second));
	test_service_start(&lab->service);
	tls_client_release(&lab->http);
	lab_client(lab, &lab->http);
	assert_int_equal(lab_attest(lab, &lab->devices[LAB_ATTACKER]), 200);
	test_service_release(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_disk_issues_nothing),
		cmocka_unit_test(a_restart_on_a_full_disk_waits_for_room),
		cmocka_unit_test(a_second_service_is_refused),
	};
	return cmocka_run_group_tests(tests, scene_open, scene_close);
}
