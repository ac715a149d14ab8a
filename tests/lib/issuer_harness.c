/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "issuer_harness.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "frames.h"
#include "issuer.h"
#include "reader.h"

void harness_keys(char dir[64])
{
	snprintf(dir, 64, "/tmp/troth-issuer-XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(troth_issuer_init(dir, HARNESS_DOMAIN, NULL), TROTH_OK);
}

void harness_remove(const char *dir)
{
	DIR *d = opendir(dir);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		(void)unlinkat(dirfd(d), e->d_name, 0);
	(void)closedir(d);
	(void)rmdir(dir);
}

static int run_issuer(const struct harness *h, const int *ends, int ready, uint32_t rate)
{
	const struct troth_issuer_config config = {
		.key_dir = h->dir,
		.trust_domain = HARNESS_DOMAIN,
		.worker_fds = ends,
		.n_workers = HARNESS_WORKERS,
		.admin_fd = ends[HARNESS_WORKERS],
		.ready_fd = ready,
		.clock = h->clock,
		.certificates_per_minute = rate,
	};
	return troth_issuer_run(&config);
}

void harness_start(struct harness *h, uint32_t certificates_per_minute)
{
	int ours[HARNESS_WORKERS + 1], theirs[HARNESS_WORKERS + 1], ready[2];
	for (size_t i = 0; i < HARNESS_WORKERS + 1; i++) {
		int pair[2];
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
		ours[i] = pair[0];
		theirs[i] = pair[1];
	}
	assert_int_equal(pipe(ready), 0);
	h->clock = mmap(NULL, sizeof *h->clock, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(h->clock != MAP_FAILED);
	harness_set_clock(h, 0);
	h->pid = fork();
	assert_true(h->pid >= 0);
	if (h->pid == 0) {
		for (size_t i = 0; i < HARNESS_WORKERS + 1; i++)
			(void)close(ours[i]);
		(void)close(ready[0]);
		_exit(run_issuer(h, theirs, ready[1], certificates_per_minute));
	}
	for (size_t i = 0; i < HARNESS_WORKERS + 1; i++)
		(void)close(theirs[i]);
	(void)close(ready[1]);
	char byte;
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	memcpy(h->workers, ours, sizeof h->workers);
	h->admin = ours[HARNESS_WORKERS];
}

void harness_set_clock(struct harness *h, int64_t jump_ms)
{
	const int64_t offset_ms = (int64_t)troth_now_ms() - (int64_t)troth_mono_ms();
	__atomic_store_n(&h->clock->offset_ms, offset_ms - jump_ms, __ATOMIC_RELAXED);
}

int harness_stop(struct harness *h)
{
	int status;
	assert_int_equal(munmap(h->clock, sizeof *h->clock), 0);
	for (size_t i = 0; i < HARNESS_WORKERS; i++)
		(void)close(h->workers[i]);
	(void)close(h->admin);
	assert_int_equal(waitpid(h->pid, &status, 0), h->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool send_all(int fd, struct troth_view v)
{
	while (v.n > 0) {
		ssize_t n = send(fd, v.p, v.n, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		v.p += n;
		v.n -= (size_t)n;
	}
	return true;
}

static bool receive(int fd, uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t got = recv(fd, p, n, 0);
		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

bool harness_ask_raw(int fd, struct troth_view frame, enum troth_issuer_kind kind,
		     struct troth_issuer_reply *out)
{
	static uint8_t answer[TROTH_ADMIN_FRAME_MAX];
	uint8_t head[TROTH_FRAME_HEADER];
	uint32_t n;
	if (!send_all(fd, frame) || !receive(fd, head, sizeof head))
		return false;
	struct troth_reader r = { TROTH_VIEW_OF(head) };
	if (!troth_get_u32be(&r, &n) || n > sizeof answer || !receive(fd, answer, n))
		return false;
	return troth_issuer_reply_read(kind, (struct troth_view){ answer, n }, out) == TROTH_OK;
}

bool harness_ask(int fd, const struct troth_issuer_request *q, struct troth_issuer_reply *out)
{
	static uint8_t frame[TROTH_FRAME_HEADER + TROTH_ADMIN_FRAME_MAX];
	struct troth_writer w = troth_writer_make(frame, TROTH_FRAME_HEADER);
	size_t n;
	if (troth_issuer_request_write(q, frame + TROTH_FRAME_HEADER, TROTH_ADMIN_FRAME_MAX,
				       &n) != TROTH_OK)
		return false;
	troth_put_u32be(&w, (uint32_t)n);
	return harness_ask_raw(fd, (struct troth_view){ frame, TROTH_FRAME_HEADER + n },
			       q->kind, out);
}

struct troth_identity harness_identity(const struct harness_row *row,
				       const struct soft_device *d)
{
	struct troth_identity id = { .generation = row->generation,
				     .name = troth_view_str(row->name),
				     .segment = troth_view_str(row->segment),
				     .ak_public = soft_ak_public(d) };
	memcpy(id.id, row->id, sizeof id.id);
	memcpy(id.mac, row->mac, sizeof id.mac);
	return id;
}

void harness_enrol(int fd, const struct soft_device *d, const char *name,
		   struct harness_row *out)
{
	struct troth_issuer_request q = { .kind = TROTH_ISSUER_ENROLL_BEGIN };
	struct troth_issuer_reply r;
	uint8_t token[TROTH_TOKEN_MAX], activated[64];
	const struct troth_issuer_enroll_begin begin = {
		.ek_template = TROTH_EK_L1_RSA2048,
		.ek_key = TROTH_VIEW_OF(d->ek_key),
		.ak_public = soft_ak_public(d),
	};
	*out = (struct harness_row){ .name = name, .segment = "plant", .generation = 1 };
	q.u.enroll_begin = begin;
	assert_true(harness_ask(fd, &q, &r));
	assert_int_equal(r.status, TROTH_OK);
	const size_t token_len = r.u.enroll_begin.token.n;
	memcpy(token, r.u.enroll_begin.token.p, token_len);
	size_t n = soft_activate(d, r.u.enroll_begin.credential_blob, r.u.enroll_begin.secret,
				 activated, sizeof activated);
	assert_int_equal(n, 32);

	q = (struct troth_issuer_request){ .kind = TROTH_ISSUER_ENROLL_FINISH };
	q.u.enroll_finish = (struct troth_issuer_enroll_finish){
		.begin = begin,
		.token = { token, token_len },
		.activated = { activated, n },
		.name = troth_view_str(out->name),
		.segment = troth_view_str(out->segment),
		.generation = out->generation,
	};
	assert_true(harness_ask(fd, &q, &r));
	assert_int_equal(r.status, TROTH_OK);
	memcpy(out->id, r.u.enroll_finish.device_id, sizeof out->id);
	memcpy(out->mac, r.u.enroll_finish.mac, sizeof out->mac);
}

void harness_challenge(int fd, const uint8_t device_id[32], struct harness_attest *out)
{
	struct troth_issuer_request q = { .kind = TROTH_ISSUER_CHALLENGE };
	struct troth_issuer_reply r;
	memcpy(q.u.challenge.device_id, device_id, 32);
	q.u.challenge.row_version = 1;
	assert_true(troth_pcr_selection_add(&q.u.challenge.selection, TROTH_HASH_SHA256,
					    HARNESS_MASK));
	assert_true(harness_ask(fd, &q, &r));
	assert_int_equal(r.status, TROTH_OK);
	out->token_len = r.u.challenge.token.n;
	memcpy(out->token, r.u.challenge.token.p, out->token_len);
}

void harness_prepare(const struct soft_device *d, const struct harness_row *row, bool fresh,
		     struct harness_attest *a)
{
	struct soft_binding b = { .label = "troth/v1/quote",
				  .trust_domain = HARNESS_DOMAIN,
				  .device_id = row->id,
				  .token = { a->token, a->token_len },
				  .key_public = soft_key_public(d) };
	uint8_t extra[32];
	if (d->session != NULL) {
		soft_session_public(d, a->session_key);
		b.session_key = TROTH_VIEW_OF(a->session_key);
	}
	soft_bind(&b, extra);
	if (d->session != NULL)
		soft_session_sign(d, TROTH_VIEW_OF(extra), a->session_signature);
	soft_quote(d, extra, HARNESS_MASK, &a->quote);
	b.label = "troth/v1/certify";
	soft_bind(&b, extra);
	soft_certify(d, extra, &a->certify);
	a->request = (struct troth_issuer_request){ .kind = TROTH_ISSUER_ATTEST };
	a->request.u.attest = (struct troth_issuer_attest){
		.identity = harness_identity(row, d),
		.token = { a->token, a->token_len },
		.quote = soft_attest(&a->quote),
		.signature = soft_signature(&a->quote),
		.credential_key = soft_key_public(d),
		.certification = row->certification,
		.issue = true,
		.ttl_s = 900,
		.appraisal = { .format = TROTH_EAR_JWT,
			       .tier = TROTH_TIER_AFFIRMING,
			       .trust = { { 2, 0, 3, 0, 2, 0, 0, 0 } },
			       .policy_name = troth_view_str("default") },
	};
	memset(a->request.u.attest.appraisal.policy_id, 0xab,
	       sizeof a->request.u.attest.appraisal.policy_id);
	if (d->session != NULL) {
		a->request.u.attest.session_key = TROTH_VIEW_OF(a->session_key);
		a->request.u.attest.session_signature = TROTH_VIEW_OF(a->session_signature);
	}
	if (fresh) {
		a->request.u.attest.certify_attest = soft_attest(&a->certify);
		a->request.u.attest.certify_signature = soft_signature(&a->certify);
	}
}
