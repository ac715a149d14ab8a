/* SPDX-License-Identifier: Apache-2.0 */
#include "front.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin.h"
#include "anchor_crls.h"
#include "base.h"
#include "bundle_update.h"
#include "clock.h"
#include "followers.h"
#include "learned_cache.h"
#include "rate.h"
#include "reader.h"
#include "sandbox.h"
#include "tls_words.h"
#include "webhook_desk.h"
#include "worker.h"

/* ---- what is read from files, before the right to open any is given up ---- */

static enum troth_status add_root(void *trust, const char *file)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer cert = { 0 };
	enum troth_status status = troth_file_read(file, TROTH_POLICY_MAX, &cert);
	if (status == TROTH_OK)
		status = troth_ek_trust_add_root(trust, troth_buffer_view(&cert));
	if (status != TROTH_OK)
		troth_error("ek-root", "file=%s status=%s", file, troth_status_name(status));
	return status;
}

static enum troth_status add_intermediate(void *trust, const char *file)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer cert = { 0 };
	enum troth_status status = troth_file_read(file, TROTH_POLICY_MAX, &cert);
	if (status == TROTH_OK)
		status = troth_ek_trust_add_intermediate(trust, troth_buffer_view(&cert));
	if (status != TROTH_OK)
		troth_error("ek-intermediate", "file=%s status=%s", file,
			    troth_status_name(status));
	return status;
}

static enum troth_status each_file(const char *dir,
				   enum troth_status (*add)(void *trust, const char *file),
				   struct troth_ek_trust *trust)
{
	if (dir[0] == '\0')
		return TROTH_OK;
	/* What is wrong with a file in it, who reads the file says. */
	if (access(dir, R_OK | X_OK) != 0) {
		troth_error("ek-directory", "dir=%s error=\"%s\"", dir, strerror(errno));
		return TROTH_E_CONFIG;
	}
	return troth_dir_each(dir, add, trust);
}

static enum troth_status load_ek_trust(struct troth_front *f)
{
	const struct troth_settings *s = f->settings;
	TROTH_TRY(troth_ek_trust_new(&f->ek_trust));
	TROTH_TRY(each_file(s->ek_roots, add_root, f->ek_trust));
	return each_file(s->ek_intermediates, add_intermediate, f->ek_trust);
}

static enum troth_status load_inventory(struct troth_front *f)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer text = { 0 };
	struct troth_inventory_fault fault = { 0, "it cannot be read" };
	const char *file = f->settings->inventory;
	if (file[0] == '\0')
		return TROTH_OK;
	enum troth_status status = troth_file_read(file, TROTH_INVENTORY_MAX, &text);
	if (status == TROTH_OK)
		status = troth_inventory_parse(troth_buffer_view(&text), &f->inventory, &fault);
	if (status != TROTH_OK)
		troth_error("inventory", "file=%s line=%zu status=%s why=\"%s\"", file,
			    fault.line, troth_status_name(status), fault.why);
	return status;
}

static enum troth_status load_tls(struct troth_front *f)
{
	char chain[PATH_MAX], key[PATH_MAX];
	const struct troth_settings *s = f->settings;
	TROTH_TRY(troth_state_path(s, "tls/tls.crt", chain));
	TROTH_TRY(troth_state_path(s, "tls/tls.key", key));
	const char *chain_file = s->tls_certificate[0] != '\0' ? s->tls_certificate : chain;
	const char *key_file = s->tls_key[0] != '\0' ? s->tls_key : key;
	enum troth_status status = troth_tls_server_new(chain_file, key_file, &f->tls);
	if (status == TROTH_OK)
		troth_tls_suit(s, f->tls);
	if (status != TROTH_OK)
		troth_error("tls",
			    "certificate=%s key=%s status=%s reason=\"not both there, "
			    "readable and of each other\"",
			    chain_file, key_file, troth_status_name(status));
	return status;
}

/* Its signature is the devices' to check: the update key is not here. */
static enum troth_status load_bundle_update(struct troth_front *f)
{
	const char *file = f->settings->bundle_update;
	if (file[0] == '\0')
		return TROTH_OK;
	enum troth_status status =
		troth_file_read(file, TROTH_BUNDLE_UPDATE_MAX, &f->bundle_update_file);
	const struct troth_view bytes = troth_buffer_view(&f->bundle_update_file);
	if (status == TROTH_OK)
		status = troth_bundle_update_peek(
			bytes, troth_view_str(f->settings->trust_domain), &f->bundle_sequence);
	if (status == TROTH_OK)
		status = troth_published_text_make(bytes, &f->bundle_update);
	if (status != TROTH_OK)
		troth_error("bundle-update", "file=%s status=%s", file,
			    troth_status_name(status));
	return status;
}

static enum troth_status load_anchor_crls(struct troth_front *f)
{
	char own[PATH_MAX];
	const char *file = f->settings->anchor_crls;
	TROTH_TRY(troth_state_path(f->settings, "tls/ca.crl", own));
	if (file[0] == '\0' && access(own, F_OK) != 0)
		return TROTH_OK;
	file = file[0] == '\0' ? own : file;
	enum troth_status status = troth_anchor_crls_read(file, &f->anchor_crls_file);
	if (status == TROTH_OK)
		status = troth_published_text_make(troth_buffer_view(&f->anchor_crls_file),
						   &f->anchor_crls);
	if (status != TROTH_OK)
		troth_error("anchor-crls", "file=%s status=%s", file,
			    troth_status_name(status));
	return status;
}

static enum troth_status put_row(void *registry, const struct troth_device_row *row)
{
	return troth_registry_put(registry, row);
}

static enum troth_status open_store(struct troth_front *f)
{
	char path[PATH_MAX];
	TROTH_TRY(troth_state_path(f->settings, "troth.db", path));
	f->store_ops = &troth_store_sqlite;
	enum troth_status status = f->store_ops->open(path, &f->store_backend);
	if (status != TROTH_OK) {
		troth_error("store", "file=%s status=%s", path, troth_status_name(status));
		return status;
	}
	return f->store_ops->each_device(f->store_backend, put_row, f->registry);
}

static enum troth_status load_files(struct troth_front *f)
{
	TROTH_TRY(load_tls(f));
	TROTH_TRY(load_ek_trust(f));
	TROTH_TRY(load_bundle_update(f));
	TROTH_TRY(load_anchor_crls(f));
	TROTH_TRY(load_inventory(f));
	return troth_ima_lists_load(f->settings->ima_lists, &f->ima_lists);
}

static enum troth_status load_gates(struct troth_front *f)
{
	TROTH_TRY(troth_proof_memory_new(f->settings->proofs_max,
					 f->settings->proofs_per_device, &f->proofs));
	TROTH_TRY(troth_proof_nonces_init(&f->nonces));
	f->gates = (struct troth_gates){ .trust_domain = f->settings->trust_domain,
					 .registry = f->registry,
					 .snapshots = f->snapshots,
					 .published = f->published,
					 .proofs = f->proofs,
					 .nonces = &f->nonces };
	return TROTH_OK;
}

static enum troth_status load_rest(struct troth_front *f)
{
	TROTH_TRY(troth_registry_new(&f->registry));
	TROTH_TRY(troth_snapshots_new(&f->snapshots));
	TROTH_TRY(troth_published_new(&f->published));
	TROTH_TRY(troth_feed_new(&f->feed));
	TROTH_TRY(troth_log_cache_new((size_t)f->settings->log_cache_mb << 20, &f->logs));
	TROTH_TRY(troth_learned_cache_new(&f->learned));
	TROTH_TRY(troth_ima_carry_key_make(&f->carry_key));
	TROTH_TRY(troth_rate_new(TROTH_APPRAISALS_PER_MINUTE, &f->appraisals));
	TROTH_TRY(load_gates(f));
	return open_store(f);
}

/* ---- threads ---- */

void troth_front_add_followers(struct troth_front *f, struct troth_followers *followers)
{
	const unsigned int n = __atomic_load_n(&f->n_followers, __ATOMIC_RELAXED);
	f->followers[n] = followers;
	__atomic_store_n(&f->n_followers, n + 1, __ATOMIC_RELEASE);
}

void troth_front_tell(struct troth_front *f)
{
	const unsigned int n = __atomic_load_n(&f->n_followers, __ATOMIC_ACQUIRE);
	for (unsigned int i = 0; i < n; i++)
		troth_followers_wake(f->followers[i]);
	if (n > 0) /* from then on there is an administration */
		troth_webhook_desk_wake(f->admin->webhooks);
}

/* Most renewals change nothing of what is told (store/noted.h says exactly what is). */
static bool may_be_told(const struct troth_device_row *old, const struct troth_device_row *now)
{
	return old->state != now->state || old->tier != now->tier ||
	       old->generation != now->generation || strcmp(old->name, now->name) != 0 ||
	       strcmp(old->segment, now->segment) != 0;
}

/* On the writer thread, for each committed row. A registry without room for a row could serve
 * an old one: better to end and be started anew. */
static void on_commit(void *arg, const struct troth_device_row *row)
{
	struct troth_front *f = arg;
	struct troth_device_row old;
	bool known = troth_registry_get(f->registry, row->id, &old);
	bool was_pending = known && old.state == TROTH_DEVICE_PENDING;
	bool is_pending = row->state == TROTH_DEVICE_PENDING;
	if (is_pending && !was_pending)
		__atomic_add_fetch(&f->n_pending, 1, __ATOMIC_RELAXED);
	if (was_pending && !is_pending)
		__atomic_sub_fetch(&f->n_pending, 1, __ATOMIC_RELAXED);
	if (f->admin != NULL)
		troth_feed_maker_note(f->admin->feed_maker, known ? &old : NULL, row);
	if (troth_registry_put(f->registry, row) != TROTH_OK)
		abort();
	if (!known || may_be_told(&old, row))
		troth_front_tell(f);
}

static enum troth_status start_workers(struct troth_front *f, const struct troth_role_fds *fds,
				       struct troth_workers *threads)
{
	for (size_t i = 0; i < fds->n_workers; i++) {
		TROTH_TRY(troth_worker_start(f, fds->listeners[i], fds->worker_channels[i],
					     &threads->list[i]));
		__atomic_add_fetch(&f->n_accepting, 1, __ATOMIC_RELAXED);
		threads->n++;
	}
	return TROTH_OK;
}

/* Workers finish, then what they gave the store is committed, then everything may go. */
static void stop_workers(struct troth_front *f, struct troth_workers *threads)
{
	for (size_t i = 0; i < threads->n; i++)
		troth_worker_drain(threads->list[i]);
	for (size_t i = 0; i < threads->n; i++)
		troth_worker_join(threads->list[i]);
	if (f->admin != NULL)
		f->admin->store_closed = true;
	if (f->store != NULL)
		troth_store_writer_stop(f->store);
	for (size_t i = 0; i < threads->n; i++)
		troth_worker_free(threads->list[i]);
}

static void on_terminate(evutil_socket_t signal_number, short what, void *base)
{
	(void)signal_number;
	(void)what;
	event_base_loopbreak(base);
}

static enum troth_status serve(struct troth_front *f, const struct troth_role_fds *fds,
			       struct troth_workers *threads)
{
	TROTH_TRY(troth_sandbox_front());
	TROTH_TRY(troth_store_writer_start(f->store_ops, f->store_backend, on_commit, f,
					   &f->store));
	troth_front_add_followers(f, f->admin->followers);
	TROTH_TRY(troth_admin_start_up(f->admin));
	TROTH_TRY(troth_admin_serve(f->admin, fds->admin_listener));
	TROTH_TRY(start_workers(f, fds, threads));
	struct troth_tls_words words = { .front = f, .workers = threads };
	TROTH_TRY(troth_tls_words_hear(&words, f->admin->base, fds->words));
	troth_role_ready(fds);
	event_base_dispatch(f->admin->base);
	troth_tls_words_end(&words);
	return f->admin->broken ? TROTH_E_IO : TROTH_OK;
}

static void front_release(struct troth_front *f)
{
	troth_admin_free(f->admin);
	if (f->store == NULL && f->store_backend != NULL)
		f->store_ops->close(f->store_backend);
	troth_registry_free(f->registry);
	troth_snapshots_free(f->snapshots);
	troth_log_cache_free(f->logs);
	troth_learned_cache_free(f->learned);
	troth_rate_free(f->appraisals);
	OPENSSL_cleanse(&f->carry_key, sizeof f->carry_key);
	troth_published_free(f->published);
	troth_feed_free(f->feed);
	troth_proof_memory_free(f->proofs);
	OPENSSL_cleanse(&f->nonces, sizeof f->nonces);
	troth_ek_trust_free(f->ek_trust);
	troth_inventory_release(&f->inventory);
	troth_buffer_clear(&f->bundle_update_file);
	troth_buffer_clear(&f->anchor_crls_file);
	troth_ima_lists_release(&f->ima_lists);
	SSL_CTX_free(f->tls);
}

enum troth_status troth_front_check(const struct troth_settings *settings)
{
	struct troth_front f = { .settings = settings };
	enum troth_status status = load_files(&f);
	front_release(&f);
	return status;
}

int troth_front_run(const struct troth_role_fds *fds, const struct troth_settings *settings)
{
	struct troth_front f = { .settings = settings, .clock = fds->clock };
	struct troth_workers threads = { .n = 0 };
	json_object_seed(
		0); /* jansson would open the random device later, when it no longer can */
	if (load_files(&f) != TROTH_OK) {
		front_release(&f);
		return TROTH_ROLE_EXIT_CONFIG;
	}
	enum troth_status status = load_rest(&f);
	if (status == TROTH_OK)
		status = troth_admin_new(&f, fds, &f.admin);
	struct event *terminate = NULL;
	if (status == TROTH_OK) {
		terminate = evsignal_new(f.admin->base, SIGTERM, on_terminate, f.admin->base);
		status = terminate != NULL && event_add(terminate, NULL) == 0 ? TROTH_OK
									      : TROTH_E_IO;
	}
	if (status == TROTH_OK)
		status = serve(&f, fds, &threads);
	if (status != TROTH_OK)
		troth_error("front", "status=%s", troth_status_name(status));
	stop_workers(&f, &threads);
	if (terminate != NULL)
		event_free(terminate);
	front_release(&f);
	return status == TROTH_OK ? 0 : 1;
}
