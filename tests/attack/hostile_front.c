/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "deeds.h"
#include "file.h"
#include "forgeries.h"
#include "frames.h"
#include "hostile_front.h"
#include "issuer.h"
#include "keys.h"
#include "reader.h"
#include "sandbox.h"
#include "supervisor.h"

#define PATIENCE_MS 60000

struct report *report;
static char key_dir[64], runtime_dir[64];
int supervisor_code;

static int issuer_role(const struct troth_role_fds *fds, void *arg)
{
	(void)arg;
	report->issuer = getpid();
	const struct troth_issuer_config config = {
		.key_dir = key_dir,
		.trust_domain = HARNESS_DOMAIN,
		.worker_fds = fds->worker_channels,
		.n_workers = fds->n_workers,
		.admin_fd = fds->admin_channel,
		.ready_fd = fds->ready_fd,
		.clock = fds->clock,
		.certificates_per_minute = 1000,
	};
	return troth_issuer_run(&config);
}

static struct asked ask(int fd, const struct troth_issuer_request *q)
{
	struct troth_issuer_reply r;
	if (!harness_ask(fd, q, &r))
		return (struct asked){ 0 };
	return (struct asked){ true, r.status, r.finding };
}

static struct asked honest(struct scene *s)
{
	scene_prepare(s);
	return ask(s->channel, &s->a.request);
}

static void forge_all(struct scene *s, const struct forgery *list, size_t n, struct asked *out)
{
	for (size_t i = 0; i < n; i++) {
		scene_prepare(s);
		list[i].forge(s);
		out[i] = ask(s->channel, &s->a.request);
	}
}

static void forge_enrolments(struct scene *s)
{
	for (size_t i = 0; i < N_FORGED_ENROLMENTS; i++) {
		struct scene_enrolment e;
		scene_enrol(s, &e);
		FORGED_ENROLMENTS[i].forge(s, &e);
		report->enrolments[i] = ask(s->channel, &e.finish);
	}
}

static void forge_release(struct scene *s, size_t i)
{
	struct troth_issuer_request q = { .kind = TROTH_ISSUER_RELEASE };
	struct troth_issuer_reply r;
	if (!scene_release(s, &q.u.release))
		return;
	FORGED_RELEASES[i].forge(s, &q.u.release);
	if (!harness_ask(s->channel, &q, &r))
		return;
	report->releases[i] = (struct asked){ true, r.status, r.finding };
	report->opened[i] = r.status == TROTH_OK && scene_opens(s, &q.u.release, r.u.der);
}

/* The last of them has the device denied. */
static void forge_releases(struct scene *s)
{
	const struct troth_issuer_request ask_key = { .kind = TROTH_ISSUER_SECRETS_KEY };
	struct troth_issuer_request allow = { .kind = TROTH_ISSUER_ALLOW };
	struct troth_issuer_reply r;
	if (!harness_ask(s->admin, &ask_key, &r) || r.u.der.n != sizeof s->secrets_key)
		return;
	memcpy(&s->secrets_key, r.u.der.p, sizeof s->secrets_key);
	for (size_t i = 0; i < N_FORGED_RELEASES; i++)
		forge_release(s, i);
	memcpy(allow.u.deny.device_id, s->row.id, sizeof allow.u.deny.device_id);
	(void)harness_ask(s->admin, &allow, &r);
}

const enum troth_issuer_kind ADMINISTRATION[] = {
	TROTH_ISSUER_SEAL,   TROTH_ISSUER_DENY,	  TROTH_ISSUER_ALLOW,	    TROTH_ISSUER_CRL,
	TROTH_ISSUER_BUNDLE, TROTH_ISSUER_STATUS, TROTH_ISSUER_SECRETS_KEY,
};
const size_t N_ADMINISTRATION = TROTH_COUNT(ADMINISTRATION);
const enum troth_issuer_kind OF_DEVICES[] = {
	TROTH_ISSUER_CHALLENGE, TROTH_ISSUER_ENROLL_BEGIN, TROTH_ISSUER_ENROLL_FINISH,
	TROTH_ISSUER_ATTEST,	TROTH_ISSUER_RELEASE,
};
const size_t N_OF_DEVICES = TROTH_COUNT(OF_DEVICES);

static void use_wrong_channels(const struct scene *s, int admin)
{
	for (size_t i = 0; i < N_ADMINISTRATION; i++) {
		struct troth_issuer_request q = { .kind = ADMINISTRATION[i] };
		if (q.kind == TROTH_ISSUER_SEAL)
			q.u.seal = (struct troth_issuer_seal){
				.identity = harness_identity(&s->row, s->device),
				.name = troth_view_str("master-1"),
				.segment = troth_view_str("vault"),
				.generation = 1,
			};
		if (q.kind == TROTH_ISSUER_CRL)
			q.u.crl.life_s = 60;
		report->administration[i] = ask(s->channel, &q);
	}
	for (size_t i = 0; i < N_OF_DEVICES; i++) {
		const struct troth_issuer_request q = { .kind = OF_DEVICES[i] };
		report->devices_kinds[i] = ask(admin, &q);
	}
}

static struct troth_view frame_of(uint8_t *buf, uint32_t announced, size_t n)
{
	struct troth_writer w = troth_writer_make(buf, TROTH_FRAME_HEADER);
	troth_put_u32be(&w, announced);
	return (struct troth_view){ buf, TROTH_FRAME_HEADER + n };
}

/* Half of them begin like an attestation. */
static void send_garbage(int fd)
{
	enum { N = 2000, LEN = 600 };
	uint8_t buf[TROTH_FRAME_HEADER + LEN];
	report->n_garbage = N;
	for (size_t i = 0; i < N; i++) {
		struct troth_issuer_reply r;
		const size_t n = i % (LEN + 1);
		if (RAND_bytes(buf, sizeof buf) != 1)
			return;
		if (i % 2 == 0)
			buf[TROTH_FRAME_HEADER] = TROTH_ISSUER_ATTEST;
		/* A refusal reads the same whatever was asked. */
		if (!harness_ask_raw(fd, frame_of(buf, (uint32_t)n, n), TROTH_ISSUER_DENY, &r))
			continue;
		report->n_garbage_answered++;
		report->n_garbage_taken += r.status == TROTH_OK;
	}
}

static bool closed_after(int fd, uint32_t announced)
{
	uint8_t buf[TROTH_FRAME_HEADER + 16] = { 0 };
	struct troth_issuer_reply r;
	return !harness_ask_raw(fd, frame_of(buf, announced, 16), TROTH_ISSUER_DENY, &r) &&
	       recv(fd, buf, 1, 0) <= 0;
}

static void break_channels(const struct troth_role_fds *fds)
{
	static uint8_t buf[TROTH_FRAME_HEADER + TROTH_FRAME_MAX];
	struct troth_issuer_reply r;
	report->whole_frame_answered =
		harness_ask_raw(fds->worker_channels[1],
				frame_of(buf, TROTH_FRAME_MAX, TROTH_FRAME_MAX),
				TROTH_ISSUER_DENY, &r) &&
		r.status == TROTH_E_UNSUPPORTED;
	report->oversized_closed = closed_after(fds->worker_channels[1], TROTH_FRAME_MAX + 1);
	report->endless_closed = closed_after(fds->worker_channels[2], UINT32_MAX);
}

/* The attacker has the keys here, for once: to make what the issuer must not take although its
 * MAC is good. */
static void borrow_keys(struct scene *s)
{
	struct troth_buffer text;
	uint8_t master[TROTH_MAC_KEY_LEN];
	char path[128];
	snprintf(path, sizeof path, "%s/mac.keys", key_dir);
	assert_int_equal(troth_ctx_new(&s->ctx), TROTH_OK);
	assert_int_equal(troth_file_read(path, TROTH_KEY_FILE_MAX, &text), TROTH_OK);
	assert_int_equal(troth_mac_file_read(troth_buffer_view(&text), master), TROTH_OK);
	assert_int_equal(troth_mac_keys_derive(s->ctx, master, &s->mac), TROTH_OK);
	troth_buffer_clear(&text);
}

static void make_scene(struct scene *s, int channel)
{
	static struct soft_device device, other;
	soft_device_make(&device);
	soft_device_make(&other);
	soft_device_new_session(&device);
	soft_device_new_session(&other);
	*s = (struct scene){ .channel = channel, .device = &device, .other = &other };
	harness_enrol(channel, &device, "pump-1", &s->row);
	harness_enrol(channel, &other, "pump-2", &s->other_row);
	borrow_keys(s);
}

static void attempt_all(const struct prey *prey, bool inside)
{
	for (size_t i = 0; i < N_DUTIES; i++) {
		int got = DUTIES[i].attempt(prey);
		*(inside ? &report->duties[i].after : &report->duties[i].before) = got;
	}
	for (size_t i = 0; i < N_DEEDS; i++) {
		int got = DEEDS[i].attempt(prey);
		*(inside ? &report->deeds[i].after : &report->deeds[i].before) = got;
	}
}

static void make_blocking(const struct troth_role_fds *fds)
{
	for (size_t i = 0; i < fds->n_workers; i++)
		(void)fcntl(fds->worker_channels[i], F_SETFL, 0);
	(void)fcntl(fds->admin_channel, F_SETFL, 0);
}

static int hostile_front(const struct troth_role_fds *fds, void *arg)
{
	static struct scene s;
	(void)arg;
	if (report->done)
		return 0;
	make_blocking(fds);
	make_scene(&s, fds->worker_channels[0]);
	const struct prey prey = { key_dir, report->issuer, getppid() };
	attempt_all(&prey, false);
	if (troth_sandbox_front() != TROTH_OK)
		return 1;
	troth_role_ready(fds);
	attempt_all(&prey, true);

	report->first = honest(&s);
	forge_all(&s, FORGED_EXCHANGES, N_FORGED_EXCHANGES, report->exchanges);
	forge_all(&s, FORGED_KEYS, N_FORGED_KEYS, report->keys);
	forge_all(&s, FORGED_SESSIONS, N_FORGED_SESSIONS, report->sessions);
	s.admin = fds->admin_channel;
	forge_all(&s, FORGED_SECRETS, N_FORGED_SECRETS, report->secrets);
	forge_releases(&s);
	forge_enrolments(&s);
	use_wrong_channels(&s, fds->admin_channel);
	send_garbage(s.channel);
	report->last = honest(&s);
	break_channels(fds);
	report->done = true;
	for (;;)
		(void)pause(); /* until SIGTERM */
}

static int supervise(void)
{
	char socket_path[128];
	snprintf(socket_path, sizeof socket_path, "%s/admin.sock", runtime_dir);
	const struct troth_supervisor_config config = {
		.n_workers = 3,
		.listen_address = "127.0.0.1:0",
		.admin_socket = socket_path,
		.front = hostile_front,
		.issuer = issuer_role,
	};
	return troth_supervise(&config);
}

int front_setup(void **state)
{
	(void)state;
	report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (report == MAP_FAILED)
		return -1;
	harness_keys(key_dir);
	snprintf(runtime_dir, sizeof runtime_dir, "/tmp/troth-run-XXXXXX");
	if (mkdtemp(runtime_dir) == NULL)
		return -1;
	pid_t pid = fork();
	if (pid == 0)
		_exit(supervise());
	for (int waited = 0; !report->done && waited < PATIENCE_MS; waited += 20)
		(void)poll(NULL, 0, 20);
	int status;
	(void)kill(pid, SIGTERM);
	(void)waitpid(pid, &status, 0);
	supervisor_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return report->done ? 0 : -1;
}

int front_teardown(void **state)
{
	(void)state;
	harness_remove(key_dir);
	harness_remove(runtime_dir);
	return 0;
}
