/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "base.h"
#include "chain.h"
#include "channel.h"
#include "clock.h"
#include "desk.h"
#include "log.h"
#include "random.h"
#include "reader.h"
#include "sandbox.h"
#include "supervisor.h"
#include "text.h"

TROTH_DEFINE_AUTO(struct troth_ctx, troth_ctx_free)
TROTH_DEFINE_AUTO(struct troth_signer, troth_signer_free)

/* Workers wait here until the process has locked itself in. Semaphores: a condition variable
 * with several waiters can lose a wake-up in the C libraries of today (glibc's bug 25847), and
 * a worker that sleeps on would leave its front without answers. */
struct gate {
	sem_t warm;    /* posted by each worker that has got here */
	sem_t decided; /* posted once for each of them */
	bool open;     /* written before decided is posted */
};

struct worker {
	pthread_t thread;
	enum troth_status warm; /* readable once the gate was awaited */
	struct troth_desk *desk;
	int fd;
	struct gate *gate;
};

struct process {
	const struct troth_issuer_config *config;
	struct troth_office office;
	struct gate gate;
	struct troth_desk *administration;
	struct worker workers[TROTH_ISSUER_WORKERS_MAX];
	size_t n_started;
};

static void wait_for(sem_t *what)
{
	while (sem_wait(what) != 0 && errno == EINTR)
		;
}

/* True when the gate was opened. */
static bool gate_pass(struct gate *g)
{
	(void)sem_post(&g->warm);
	wait_for(&g->decided);
	return g->open;
}

static void gate_await(struct gate *g, size_t n)
{
	while (n-- > 0)
		wait_for(&g->warm);
}

static void gate_decide(struct gate *g, bool open, size_t n)
{
	g->open = open;
	while (n-- > 0)
		(void)sem_post(&g->decided);
}

/* A thread's first draw of randomness, first signature and first allocation set things up that
 * last; they do it while everything is still allowed, and show that the key works. */
static enum troth_status warm_up(struct troth_desk *d)
{
	uint8_t random[16], signature[TROTH_SIGNER_MAX];
	const struct troth_token_keys *keys;
	size_t n;
	TROTH_TRY(troth_random(random, sizeof random));
	TROTH_TRY(troth_desk_token_keys(d, troth_now_ms(), &keys));
	return troth_signer_sign(d->signer, d->ctx, TROTH_VIEW_OF(random), signature, &n);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	w->warm = warm_up(w->desk);
	if (gate_pass(w->gate))
		troth_channel_serve(w->desk, w->fd);
	return NULL;
}

/* A worker that cannot sign would leave its front's questions unanswered for ever. */
static enum troth_status all_warm(const struct process *p)
{
	for (size_t i = 0; i < p->n_started; i++)
		TROTH_TRY(p->workers[i].warm);
	return TROTH_OK;
}

static enum troth_status start_worker(struct process *p, int fd)
{
	struct worker *w = &p->workers[p->n_started];
	w->fd = fd;
	w->gate = &p->gate;
	TROTH_TRY(troth_desk_new(&p->office, false, &w->desk));
	if (pthread_create(&w->thread, NULL, work, w) != 0)
		return TROTH_E_MEMORY;
	p->n_started++;
	return TROTH_OK;
}

/* The allocator sizes its arenas to the number of processors, which it reads from a file the
 * first time threads compete; told a number, it does not. */
static void fix_arenas(size_t n_threads)
{
	(void)mallopt(M_ARENA_MAX, (int)n_threads);
}

/* The configuration may have changed since the CA was installed. */
static void warn_of_names(const struct troth_issuer_config *config)
{
	TROTH_AUTO(troth_chain_clear) struct troth_chain chain = { .n = 0 };
	struct troth_chain_refusal why = { "" };
	if (config->names == NULL ||
	    troth_chain_read(config->key_dir, "ca.crt", &chain) != TROTH_OK ||
	    chain.n == TROTH_AUTHORITY_CHAIN_MAX ||
	    troth_cert_read(config->key_dir, "root.crt", &chain.certs[chain.n]) != TROTH_OK)
		return;
	chain.n++;
	if (troth_chain_judge_names(&chain, config->names, &why) != TROTH_OK)
		troth_error("names-constrained", "why=\"%s\"", why.text);
}

static enum troth_status furnish(struct process *p)
{
	const struct troth_issuer_config *config = p->config;
	TROTH_AUTO(troth_ctx_free_p) struct troth_ctx *ctx = NULL;
	const uint32_t rate = config->certificates_per_minute > 0
				      ? config->certificates_per_minute
				      : TROTH_CERTIFICATES_PER_MINUTE;
	p->office.trust_domain = troth_view_str(config->trust_domain);
	p->office.names = config->names;
	p->office.clock = config->clock;
	if (!troth_trust_domain_valid(p->office.trust_domain) || config->clock == NULL ||
	    config->n_workers == 0 || config->n_workers > TROTH_ISSUER_WORKERS_MAX)
		return TROTH_E_CONFIG;
	TROTH_TRY(troth_ctx_new(&ctx));
	TROTH_TRY(troth_issuer_keys_load(ctx, config->key_dir, &p->office.keys));
	warn_of_names(config);
	TROTH_TRY(troth_denied_new(&p->office.denied));
	TROTH_TRY(troth_rate_new(rate, &p->office.rate));
	TROTH_TRY(troth_desk_new(&p->office, true, &p->administration));
	TROTH_TRY(warm_up(p->administration));
	for (size_t i = 0; i < config->n_workers; i++)
		TROTH_TRY(start_worker(p, config->worker_fds[i]));
	gate_await(&p->gate, p->n_started);
	return all_warm(p);
}

static void clear(struct process *p)
{
	for (size_t i = 0; i < TROTH_ISSUER_WORKERS_MAX; i++)
		troth_desk_free(p->workers[i].desk);
	troth_desk_free(p->administration);
	troth_rate_free(p->office.rate);
	troth_denied_free(p->office.denied);
	troth_issuer_keys_clear(&p->office.keys);
	(void)sem_destroy(&p->gate.warm);
	(void)sem_destroy(&p->gate.decided);
	free(p);
}

static void say_ready(const struct process *p)
{
	const struct troth_role_fds fds = { .ready_fd = p->config->ready_fd };
	troth_info("issuer-serving", "workers=%zu", p->n_started);
	if (fds.ready_fd >= 0)
		troth_role_ready(&fds);
}

static int run(struct process *p)
{
	fix_arenas(p->config->n_workers + 1);
	enum troth_status got = troth_sandbox_no_dump();
	if (got == TROTH_OK)
		got = furnish(p);
	/* All threads are there and wait: the filter reaches each of them. */
	if (got == TROTH_OK)
		got = troth_sandbox_issuer();
	gate_decide(&p->gate, got == TROTH_OK, p->n_started);
	if (got == TROTH_OK) {
		say_ready(p);
		troth_channel_serve(p->administration, p->config->admin_fd);
	} else {
		troth_error("issuer-failed", "status=%s", troth_status_name(got));
	}
	for (size_t i = 0; i < p->n_started; i++)
		(void)pthread_join(p->workers[i].thread, NULL);
	if (got == TROTH_E_CONFIG || got == TROTH_E_NOT_FOUND)
		return TROTH_ROLE_EXIT_CONFIG;
	return got == TROTH_OK ? 0 : 1;
}

static enum troth_status try_key(struct troth_ctx *ctx, EVP_PKEY *key)
{
	TROTH_AUTO(troth_signer_free_p) struct troth_signer *signer = NULL;
	uint8_t random[16], signature[TROTH_SIGNER_MAX];
	size_t n;
	TROTH_TRY(troth_random(random, sizeof random));
	TROTH_TRY(troth_signer_new(key, &signer));
	return troth_signer_sign(signer, ctx, TROTH_VIEW_OF(random), signature, &n);
}

enum troth_status troth_issuer_check(const char *key_dir)
{
	TROTH_AUTO(troth_ctx_free_p) struct troth_ctx *ctx = NULL;
	TROTH_AUTO(troth_issuer_keys_clear) struct troth_issuer_keys keys = { 0 };
	TROTH_TRY(troth_ctx_new(&ctx));
	TROTH_TRY(troth_issuer_keys_load(ctx, key_dir, &keys));
	enum troth_status status = try_key(ctx, keys.ca);
	if (status == TROTH_OK && keys.former != NULL)
		status = try_key(ctx, keys.former);
	if (status != TROTH_OK)
		troth_error("keys-refused", "dir=%s why=\"a CA's key does not sign\"", key_dir);
	return status;
}

int troth_issuer_run(const struct troth_issuer_config *config)
{
	struct process *p = calloc(1, sizeof *p);
	if (p == NULL)
		return 1;
	p->config = config;
	if (sem_init(&p->gate.warm, 0, 0) != 0 || sem_init(&p->gate.decided, 0, 0) != 0) {
		free(p);
		return 1;
	}
	int code = run(p);
	clear(p);
	return code;
}
