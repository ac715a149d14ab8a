/* SPDX-License-Identifier: Apache-2.0 */
/* A front that was taken over, beside the real issuer under the real supervisor. It tries to
 * reach the keys, and to have certificates signed that no device has just earned.
 *
 * The hostile front writes what it found out into shared memory; the tests here judge it. */
#include "check.h"

#include <errno.h>
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
#include "issuer.h"
#include "keys.h"
#include "reader.h"
#include "sandbox.h"
#include "supervisor.h"

#define RESULTS_MAX 128
#define PATIENCE_MS 60000

struct tried {
	int before, after; /* 0 or errno */
};

struct asked {
	bool answered;
	enum troth_status status;
	enum troth_finding_code finding;
};

/* Written by the children, read by the tests. */
struct report {
	_Atomic pid_t issuer;
	_Atomic bool done;
	struct tried deeds[RESULTS_MAX], duties[RESULTS_MAX];
	struct asked exchanges[RESULTS_MAX], keys[RESULTS_MAX], enrolments[RESULTS_MAX];
	struct asked sessions[RESULTS_MAX];
	struct asked secrets[RESULTS_MAX], releases[RESULTS_MAX];
	bool opened[RESULTS_MAX];
	struct asked administration[RESULTS_MAX], devices_kinds[RESULTS_MAX];
	struct asked first, last; /* honest exchanges */
	size_t n_garbage, n_garbage_answered, n_garbage_taken;
	bool oversized_closed, endless_closed, whole_frame_answered;
};

static struct report *report;
static char key_dir[64], runtime_dir[64];
static int supervisor_code;

/* ---- issuer and hostile front ---- */

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

/* ---- enrolments that prove nothing ---- */

struct enrolment {
	struct troth_issuer_request begin, finish;
	uint8_t token[TROTH_TOKEN_MAX], activated[TROTH_ACTIVATED_MAX];
};

static void begin(struct scene *s, struct enrolment *e)
{
	struct troth_issuer_reply r;
	e->begin = (struct troth_issuer_request){ .kind = TROTH_ISSUER_ENROLL_BEGIN };
	e->begin.u.enroll_begin = (struct troth_issuer_enroll_begin){
		.ek_template = TROTH_EK_L1_RSA2048,
		.ek_key = TROTH_VIEW_OF(s->device->ek_key),
		.ak_public = soft_ak_public(s->device),
	};
	assert_true(harness_ask(s->channel, &e->begin, &r));
	assert_int_equal(r.status, TROTH_OK);
	const size_t n = r.u.enroll_begin.token.n;
	memcpy(e->token, r.u.enroll_begin.token.p, n);
	const size_t n_secret = soft_activate(s->device, r.u.enroll_begin.credential_blob,
					      r.u.enroll_begin.secret, e->activated,
					      sizeof e->activated);
	e->finish = (struct troth_issuer_request){ .kind = TROTH_ISSUER_ENROLL_FINISH };
	e->finish.u.enroll_finish = (struct troth_issuer_enroll_finish){
		.begin = e->begin.u.enroll_begin,
		.token = { e->token, n },
		.activated = { e->activated, n_secret },
		.name = troth_view_str("pump-3"),
		.segment = troth_view_str("plant"),
		.generation = 1,
	};
}

static void honest_enrolment(struct scene *s, struct enrolment *e)
{
	(void)s;
	(void)e;
}

static void guess_the_secret(struct scene *s, struct enrolment *e)
{
	(void)s;
	memset(e->activated, 0x55, sizeof e->activated);
}

static void bring_half_the_secret(struct scene *s, struct enrolment *e)
{
	(void)s;
	e->finish.u.enroll_finish.activated.n = 16;
}

static void bring_no_secret(struct scene *s, struct enrolment *e)
{
	(void)s;
	e->finish.u.enroll_finish.activated.n = 0;
}

static void bring_another_ak(struct scene *s, struct enrolment *e)
{
	e->finish.u.enroll_finish.begin.ak_public = soft_ak_public(s->other);
}

static void bring_another_ek(struct scene *s, struct enrolment *e)
{
	e->finish.u.enroll_finish.begin.ek_key = TROTH_VIEW_OF(s->other->ek_key);
}

static void bring_other_facts(struct scene *s, struct enrolment *e)
{
	(void)s;
	e->finish.u.enroll_finish.begin.facts_sha256[0] ^= 1;
}

static void bring_a_quote_token(struct scene *s, struct enrolment *e)
{
	harness_challenge(s->channel, s->row.id, &s->a);
	e->finish.u.enroll_finish.token = (struct troth_view){ s->a.token, s->a.token_len };
}

static void ask_for_a_path(struct scene *s, struct enrolment *e)
{
	(void)s;
	e->finish.u.enroll_finish.name = troth_view_str("../admin");
}

static void ask_for_a_deeper_path(struct scene *s, struct enrolment *e)
{
	(void)s;
	e->finish.u.enroll_finish.segment = troth_view_str("plant/line");
}

static const struct {
	const char *name;
	void (*forge)(struct scene *s, struct enrolment *e);
	enum troth_status status;
	enum troth_finding_code finding;
} ENROLMENTS[] = {
	{ "everything honest", honest_enrolment, TROTH_OK, TROTH_FINDING_NONE },
	{ "a guessed secret", guess_the_secret, TROTH_E_MISMATCH, TROTH_FINDING_TOKEN_INVALID },
	{ "half the secret", bring_half_the_secret, TROTH_E_MISMATCH,
	  TROTH_FINDING_TOKEN_INVALID },
	{ "no secret", bring_no_secret, TROTH_E_MISMATCH, TROTH_FINDING_TOKEN_INVALID },
	{ "another AK than began", bring_another_ak, TROTH_E_MISMATCH,
	  TROTH_FINDING_TOKEN_INVALID },
	{ "another EK than began", bring_another_ek, TROTH_E_MISMATCH,
	  TROTH_FINDING_TOKEN_INVALID },
	{ "other facts than began", bring_other_facts, TROTH_E_MISMATCH,
	  TROTH_FINDING_TOKEN_INVALID },
	{ "a token made for a quote", bring_a_quote_token, TROTH_E_MISMATCH,
	  TROTH_FINDING_TOKEN_INVALID },
	{ "a name that is a path", ask_for_a_path, TROTH_E_MALFORMED, TROTH_FINDING_NONE },
	{ "a segment of two", ask_for_a_deeper_path, TROTH_E_MALFORMED, TROTH_FINDING_NONE },
};

static void forge_enrolments(struct scene *s)
{
	for (size_t i = 0; i < TROTH_COUNT(ENROLMENTS); i++) {
		struct enrolment e;
		begin(s, &e);
		ENROLMENTS[i].forge(s, &e);
		report->enrolments[i] = ask(s->channel, &e.finish);
	}
}

/* ---- secrets ---- */

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

/* ---- the wrong channel, and what is no request ---- */

static const enum troth_issuer_kind ADMINISTRATION[] = {
	TROTH_ISSUER_SEAL,   TROTH_ISSUER_DENY,	  TROTH_ISSUER_ALLOW,	    TROTH_ISSUER_CRL,
	TROTH_ISSUER_BUNDLE, TROTH_ISSUER_STATUS, TROTH_ISSUER_SECRETS_KEY,
};
static const enum troth_issuer_kind OF_DEVICES[] = {
	TROTH_ISSUER_CHALLENGE, TROTH_ISSUER_ENROLL_BEGIN, TROTH_ISSUER_ENROLL_FINISH,
	TROTH_ISSUER_ATTEST,	TROTH_ISSUER_RELEASE,
};

static void use_wrong_channels(const struct scene *s, int admin)
{
	for (size_t i = 0; i < TROTH_COUNT(ADMINISTRATION); i++) {
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
	for (size_t i = 0; i < TROTH_COUNT(OF_DEVICES); i++) {
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

/* ---- the hostile front ---- */

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

static int setup(void **state)
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

static int teardown(void **state)
{
	(void)state;
	harness_remove(key_dir);
	harness_remove(runtime_dir);
	return 0;
}

/* ---- judgement ---- */

static void without_the_sandbox_it_could(void **state)
{
	(void)state;
	const bool root = geteuid() == 0;
	if (!root)
		print_message("not root: another process's memory is closed to us anyway\n");
	for (size_t i = 0; i < N_DEEDS; i++) {
		const int got = report->deeds[i].before;
		bool shown = DEEDS[i].before == BEFORE_WORKS ? got == 0 : got != EACCES;
		if (root && !shown)
			fail_msg("%s: %s before the sandbox", DEEDS[i].name, strerror(got));
	}
}

static void within_the_sandbox_it_cannot(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_DEEDS; i++)
		if (report->deeds[i].after != EACCES)
			fail_msg("%s: %s", DEEDS[i].name, strerror(report->deeds[i].after));
}

static void its_duties_it_can_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_DUTIES; i++) {
		if (report->duties[i].before != 0)
			fail_msg("%s: %s before", DUTIES[i].name,
				 strerror(report->duties[i].before));
		if (report->duties[i].after != 0)
			fail_msg("%s: %s", DUTIES[i].name, strerror(report->duties[i].after));
	}
}

static void assert_asked(const char *name, const struct asked *got, enum troth_status status,
			 enum troth_finding_code finding)
{
	if (!got->answered)
		fail_msg("%s: no answer", name);
	if (got->status != status || got->finding != finding)
		fail_msg("%s: %s, %s", name, troth_status_name(got->status),
			 troth_finding_name(got->finding));
}

static void an_honest_exchange_succeeds_first_and_last(void **state)
{
	(void)state;
	assert_asked("first", &report->first, TROTH_OK, TROTH_FINDING_NONE);
	assert_asked("last", &report->last, TROTH_OK, TROTH_FINDING_NONE);
}

static void forged_exchanges_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_FORGED_EXCHANGES; i++)
		assert_asked(FORGED_EXCHANGES[i].name, &report->exchanges[i],
			     FORGED_EXCHANGES[i].status, FORGED_EXCHANGES[i].finding);
}

static void forged_keys_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_FORGED_KEYS; i++)
		assert_asked(FORGED_KEYS[i].name, &report->keys[i], FORGED_KEYS[i].status,
			     FORGED_KEYS[i].finding);
}

static void forged_sessions_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_FORGED_SESSIONS; i++)
		assert_asked(FORGED_SESSIONS[i].name, &report->sessions[i],
			     FORGED_SESSIONS[i].status, FORGED_SESSIONS[i].finding);
}

static void secrets_are_for_keys_of_this_boot_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_FORGED_SECRETS; i++)
		assert_asked(FORGED_SECRETS[i].name, &report->secrets[i],
			     FORGED_SECRETS[i].status, FORGED_SECRETS[i].finding);
}

static void secrets_are_released_by_their_ticket_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_FORGED_RELEASES; i++) {
		assert_asked(FORGED_RELEASES[i].name, &report->releases[i],
			     FORGED_RELEASES[i].status, TROTH_FINDING_NONE);
		assert_int_equal(report->opened[i], FORGED_RELEASES[i].status == TROTH_OK);
	}
}

static void forged_enrolments_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(ENROLMENTS); i++)
		assert_asked(ENROLMENTS[i].name, &report->enrolments[i], ENROLMENTS[i].status,
			     ENROLMENTS[i].finding);
}

static void each_channel_takes_its_own_kinds_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(ADMINISTRATION); i++)
		assert_asked("administration on a worker's channel", &report->administration[i],
			     TROTH_E_DENIED, TROTH_FINDING_NONE);
	for (size_t i = 0; i < TROTH_COUNT(OF_DEVICES); i++)
		assert_asked("a device's on the administration's", &report->devices_kinds[i],
			     TROTH_E_DENIED, TROTH_FINDING_NONE);
}

static void garbage_is_answered_and_refused(void **state)
{
	(void)state;
	assert_int_equal(report->n_garbage_answered, report->n_garbage);
	assert_int_equal(report->n_garbage_taken, 0);
}

static void a_frame_past_the_limit_ends_the_channel(void **state)
{
	(void)state;
	assert_true(report->whole_frame_answered);
	assert_true(report->oversized_closed);
	assert_true(report->endless_closed);
}

static void the_supervisor_ends_both_in_good_order(void **state)
{
	(void)state;
	assert_int_equal(supervisor_code, 0);
	assert_int_equal(kill(report->issuer, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_the_sandbox_it_could),
		cmocka_unit_test(within_the_sandbox_it_cannot),
		cmocka_unit_test(its_duties_it_can_do),
		cmocka_unit_test(an_honest_exchange_succeeds_first_and_last),
		cmocka_unit_test(forged_exchanges_are_refused),
		cmocka_unit_test(forged_keys_are_refused),
		cmocka_unit_test(forged_sessions_are_refused),
		cmocka_unit_test(secrets_are_for_keys_of_this_boot_alone),
		cmocka_unit_test(secrets_are_released_by_their_ticket_alone),
		cmocka_unit_test(forged_enrolments_are_refused),
		cmocka_unit_test(each_channel_takes_its_own_kinds_only),
		cmocka_unit_test(garbage_is_answered_and_refused),
		cmocka_unit_test(a_frame_past_the_limit_ends_the_channel),
		cmocka_unit_test(the_supervisor_ends_both_in_good_order),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
