/* SPDX-License-Identifier: Apache-2.0 */
#include "admin.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin_requests.h"
#include "base.h"
#include "clock.h"
#include "documents.h"
#include "followers.h"
#include "notice_keep.h"
#include "policy_clash.h"
#include "reader.h"
#include "webhook_desk.h"
#include "writer.h"

static const struct troth_http_route ROUTES[] = {
	{ TROTH_HTTP_GET, "/v1/admin/devices", TROTH_ROLE_VIEWER, 0, NULL,
	  troth_admin_devices },
	{ TROTH_HTTP_GET, "/v1/admin/devices/*", TROTH_ROLE_VIEWER, 0, NULL,
	  troth_admin_device },
	{ TROTH_HTTP_POST, "/v1/admin/devices/*", TROTH_ROLE_OPERATOR, TROTH_SMALL_BODY_MAX,
	  "application/json", troth_admin_device_change },
	{ TROTH_HTTP_GET, "/v1/admin/verdicts/*", TROTH_ROLE_VIEWER, 0, NULL,
	  troth_admin_verdict },
	{ TROTH_HTTP_GET, "/v1/admin/cases/*", TROTH_ROLE_VIEWER, 0, NULL, troth_admin_case },
	{ TROTH_HTTP_GET, "/v1/admin/policies", TROTH_ROLE_VIEWER, 0, NULL,
	  troth_admin_policies },
	{ TROTH_HTTP_GET, "/v1/admin/policies/*", TROTH_ROLE_VIEWER, 0, NULL,
	  troth_admin_policy },
	{ TROTH_HTTP_POST, "/v1/admin/policies", TROTH_ROLE_ADMIN, TROTH_POLICY_MAX,
	  "application/yaml", troth_admin_policy_put },
	{ TROTH_HTTP_GET, "/v1/admin/references", TROTH_ROLE_VIEWER, 0, NULL,
	  troth_admin_references },
	{ TROTH_HTTP_GET, "/v1/admin/references/*", TROTH_ROLE_VIEWER, 0, NULL,
	  troth_admin_reference },
	{ TROTH_HTTP_POST, "/v1/admin/references", TROTH_ROLE_ADMIN, TROTH_REFERENCE_JSON_MAX,
	  "application/json", troth_admin_reference_put },
	{ TROTH_HTTP_POST, "/v1/admin/learn", TROTH_ROLE_ADMIN, TROTH_SMALL_BODY_MAX,
	  "application/json", troth_admin_learn },
	{ TROTH_HTTP_GET, "/v1/admin/events", TROTH_ROLE_VIEWER, 0, NULL, troth_admin_events },
	{ TROTH_HTTP_GET, "/v1/admin/events/stream", TROTH_ROLE_VIEWER, 0, NULL,
	  troth_admin_event_stream },
	{ TROTH_HTTP_GET, "/v1/admin/webhooks", TROTH_ROLE_VIEWER, 0, NULL,
	  troth_admin_webhooks },
	{ TROTH_HTTP_GET, "/v1/admin/secrets", TROTH_ROLE_VIEWER, 0, NULL,
	  troth_admin_secrets },
	{ TROTH_HTTP_POST, "/v1/admin/secrets/*", TROTH_ROLE_ADMIN, TROTH_SMALL_BODY_MAX,
	  "application/json", troth_admin_secret_change },
	{ TROTH_HTTP_GET, "/v1/admin/audit", TROTH_ROLE_VIEWER, 0, NULL, troth_admin_audit },
	{ 0 },
};

/* ---- snapshot ---- */

struct loading {
	struct troth_admin *admin;
	struct troth_snapshot *snapshot;
};

/* Grows an array by one zeroed element. */
static void *grow(void **array, size_t *n, size_t size)
{
	char *p = realloc(*array, (*n + 1) * size);
	if (p == NULL)
		return NULL;
	*array = p;
	memset(p + *n * size, 0, size);
	return p + (*n)++ * size;
}

/* One that an earlier version took, and this does not, is none: its devices are refused until
 * an operator has mended it, and all others served. */
static enum troth_status load_policy(void *arg, const char *name, struct troth_view text)
{
	struct loading *l = arg;
	struct troth_config_error error = { 0 };
	struct troth_snapshot *s = l->snapshot;
	struct troth_policy *policy =
		grow((void **)&s->policies, &s->n_policies, sizeof *s->policies);
	if (policy == NULL)
		return TROTH_E_MEMORY;
	struct troth_view domain = troth_view_str(l->admin->front->settings->trust_domain);
	enum troth_status status =
		troth_policy_parse(l->admin->ctx, text, domain, policy, &error);
	if (status != TROTH_E_CONFIG)
		return status;
	troth_error("policy", "name=%s line=%u reason=\"%s\" refused=\"all of its group\"",
		    name, error.line, error.text);
	s->n_policies--;
	return TROTH_OK;
}

static enum troth_status load_reference(void *arg, const char *name, struct troth_view text)
{
	struct loading *l = arg;
	struct troth_config_error error = { 0 };
	struct troth_snapshot *s = l->snapshot;
	struct troth_reference_set *set =
		grow((void **)&s->references, &s->n_references, sizeof *s->references);
	if (set == NULL)
		return TROTH_E_MEMORY;
	enum troth_status status = troth_reference_parse(l->admin->ctx, text, set, &error);
	if (status != TROTH_OK)
		troth_error("reference", "name=%s reason=\"%s\"", name, error.text);
	return status;
}

static bool clash(const struct troth_policy *a, const struct troth_policy *b)
{
	char why[TROTH_POLICY_CLASH_TEXT_MAX];
	if (!troth_policy_names_clash(&a->names, &b->names, why))
		return false;
	troth_error("policy", "name=%s other=%s reason=\"neither gives names: %s\"", b->name,
		    a->name, why);
	return true;
}

/* Of two policies that could name two devices alike neither names any: which of them is meant,
 * nobody here knows. */
static enum troth_status part_names(struct troth_snapshot *s)
{
	bool *mute = calloc(s->n_policies + 1, sizeof *mute);
	if (mute == NULL)
		return TROTH_E_MEMORY;
	for (size_t i = 0; i < s->n_policies; i++)
		for (size_t k = 0; k < i; k++)
			if (clash(&s->policies[k], &s->policies[i]))
				mute[i] = mute[k] = true;
	for (size_t i = 0; i < s->n_policies; i++)
		if (mute[i])
			s->policies[i].names = (struct troth_policy_names){ .n_dns = 0 };
	free(mute);
	return TROTH_OK;
}

enum troth_status troth_admin_load_snapshot(struct troth_admin *admin)
{
	struct troth_front *f = admin->front;
	if (admin->store_closed)
		return TROTH_E_IO;
	struct troth_snapshot *s = calloc(1, sizeof *s);
	struct loading l = { admin, s };
	if (s == NULL)
		return TROTH_E_MEMORY;
	enum troth_status status = f->store_ops->epoch(f->store_backend, &s->epoch);
	if (status == TROTH_OK)
		status = f->store_ops->each_document(f->store_backend, true, load_policy, &l);
	if (status == TROTH_OK)
		status = f->store_ops->each_document(f->store_backend, false, load_reference,
						     &l);
	if (status == TROTH_OK)
		status = part_names(s);
	if (status != TROTH_OK) {
		s->refs = 1;
		troth_snapshot_release(s);
		return status;
	}
	troth_snapshot_publish(f->snapshots, s);
	return TROTH_OK;
}

/* ---- CRL ---- */

struct crl_entries {
	uint8_t *bytes;
	struct troth_writer writer;
	size_t n;
};

static enum troth_status add_revoked(void *arg, const uint8_t serial[16], uint64_t revoked_s)
{
	struct crl_entries *e = arg;
	struct troth_crl_entry entry = { .revoked_s = revoked_s };
	memcpy(entry.serial, serial, sizeof entry.serial);
	troth_issuer_crl_put(&e->writer, &entry);
	e->n++;
	return troth_writer_ok(&e->writer) ? TROTH_OK : TROTH_E_LIMIT;
}

static void startup_step_done(struct troth_admin *admin)
{
	if (admin->startup_left > 0)
		admin->startup_left--;
}

static void on_crl(void *arg, const struct troth_issuer_reply *reply)
{
	struct troth_admin *admin = arg;
	enum troth_status status = reply->status;
	if (status == TROTH_OK)
		status = troth_published_set_crl(admin->front->published, reply->u.der);
	if (status != TROTH_OK)
		troth_error("crl", "status=%s", troth_status_name(status));
	startup_step_done(admin);
}

/* Numbers only grow, also over a restart: they follow the clock, or the last one. */
static uint64_t next_crl_number(struct troth_admin *admin)
{
	uint64_t now = troth_now_ms();
	admin->crl_number = now > admin->crl_number ? now : admin->crl_number + 1;
	return admin->crl_number;
}

/* Most of the time there is no former CA, and then no CRL of it either. */
static void on_former_crl(void *arg, const struct troth_issuer_reply *reply)
{
	struct troth_admin *admin = arg;
	enum troth_status status = reply->status;
	if (status == TROTH_OK)
		status = troth_published_set_former_crl(admin->front->published, reply->u.der);
	if (status != TROTH_OK && status != TROTH_E_NOT_FOUND)
		troth_error("crl", "of=former status=%s", troth_status_name(status));
}

/* Serials are random: each CA's list has those of both. */
static enum troth_status ask_for_crls(struct troth_admin *admin, struct crl_entries *e)
{
	struct troth_issuer_request request = {
		.kind = TROTH_ISSUER_CRL,
		.u.crl = { .former = true,
			   .number = next_crl_number(admin),
			   .life_s = admin->front->settings->crl_life_s,
			   .n_entries = e->n,
			   .entries = troth_written(&e->writer) },
	};
	TROTH_TRY(troth_issuer_call(admin->issuer, &request, on_former_crl, admin));
	request.u.crl.former = false;
	return troth_issuer_call(admin->issuer, &request, on_crl, admin);
}

static enum troth_status request_crl(struct troth_admin *admin)
{
	struct troth_front *f = admin->front;
	size_t max = (size_t)TROTH_CRL_ENTRIES_MAX * TROTH_CRL_ENTRY_SIZE;
	struct crl_entries e = { .bytes = malloc(max) };
	if (e.bytes == NULL)
		return TROTH_E_MEMORY;
	e.writer = troth_writer_make(e.bytes, max);
	enum troth_status status = f->store_ops->each_revoked(
		f->store_backend, troth_now_ms() / 1000, add_revoked, &e);
	if (status == TROTH_OK)
		status = ask_for_crls(admin, &e);
	free(e.bytes);
	return status;
}

static void refresh_crl(struct troth_admin *admin)
{
	enum troth_status status = request_crl(admin);
	if (status != TROTH_OK)
		troth_error("crl", "status=%s", troth_status_name(status));
}

static void on_crl_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	refresh_crl(arg);
}

static void on_crl_job(struct troth_job *job)
{
	struct troth_admin *admin =
		(struct troth_admin *)((char *)job - offsetof(struct troth_admin, crl_job));
	__atomic_store_n(&admin->crl_asked, 0, __ATOMIC_RELEASE);
	if (!admin->store_closed) /* the next start makes one */
		refresh_crl(admin);
}

void troth_admin_refresh_crl(struct troth_admin *admin)
{
	/* Many revocations at once make one CRL. */
	if (__atomic_exchange_n(&admin->crl_asked, 1, __ATOMIC_ACQ_REL) == 0)
		troth_mailbox_post(admin->mailbox, &admin->crl_job);
}

/* ---- start ---- */

static void on_denied(void *arg, const struct troth_issuer_reply *reply)
{
	struct troth_admin *admin = arg;
	if (reply->status != TROTH_OK) {
		troth_error("deny", "status=%s", troth_status_name(reply->status));
		admin->broken = true; /* serving on would let a quarantined device in */
	}
	startup_step_done(admin);
}

static bool deny_if_barred(void *arg, const struct troth_device_row *row)
{
	struct troth_admin *admin = arg;
	struct troth_issuer_request request = { .kind = TROTH_ISSUER_DENY };
	if (row->state == TROTH_DEVICE_PENDING)
		__atomic_add_fetch(&admin->front->n_pending, 1, __ATOMIC_RELAXED);
	if (row->state != TROTH_DEVICE_QUARANTINED && row->state != TROTH_DEVICE_RETIRED)
		return true;
	memcpy(request.u.deny.device_id, row->id, sizeof request.u.deny.device_id);
	admin->startup_left++;
	while (troth_issuer_call(admin->issuer, &request, on_denied, admin) == TROTH_E_BUSY &&
	       !admin->broken)
		event_base_loop(admin->base, EVLOOP_ONCE);
	return !admin->broken;
}

static void on_bundle(void *arg, const struct troth_issuer_reply *reply)
{
	struct troth_admin *admin = arg;
	enum troth_status status = reply->status;
	if (status == TROTH_OK)
		status = troth_published_set_bundle(admin->front->published, reply->u.der);
	if (status != TROTH_OK) {
		troth_error("bundle", "status=%s", troth_status_name(status));
		admin->broken = true;
	}
	startup_step_done(admin);
}

static void on_secrets_key(void *arg, const struct troth_issuer_reply *reply)
{
	struct troth_admin *admin = arg;
	if (reply->status == TROTH_OK && reply->u.der.n == sizeof admin->secrets_key) {
		memcpy(admin->secrets_key, reply->u.der.p, sizeof admin->secrets_key);
	} else {
		troth_error("secrets-key", "status=%s", troth_status_name(reply->status));
		admin->broken = true;
	}
	startup_step_done(admin);
}

/* More revocations than a CRL takes must not keep the service down, or devices that earn them
 * could: without a CRL whoever needs one denies, and the timer tries again. */
static enum troth_status request_first_crl(struct troth_admin *admin)
{
	enum troth_status status = request_crl(admin);
	if (status != TROTH_E_LIMIT)
		return status;
	troth_error("crl", "status=%s entries_max=%d", troth_status_name(status),
		    TROTH_CRL_ENTRIES_MAX);
	startup_step_done(admin);
	return TROTH_OK;
}

enum troth_status troth_admin_start_up(struct troth_admin *admin)
{
	const struct troth_issuer_request bundle = { .kind = TROTH_ISSUER_BUNDLE };
	const struct troth_issuer_request secrets = { .kind = TROTH_ISSUER_SECRETS_KEY };
	TROTH_TRY(troth_admin_load_snapshot(admin));
	troth_registry_each(admin->front->registry, deny_if_barred, admin);
	admin->startup_left += 3;
	TROTH_TRY(troth_issuer_call(admin->issuer, &bundle, on_bundle, admin));
	TROTH_TRY(troth_issuer_call(admin->issuer, &secrets, on_secrets_key, admin));
	TROTH_TRY(request_first_crl(admin));
	while (admin->startup_left > 0 && !admin->broken)
		if (event_base_loop(admin->base, EVLOOP_ONCE) != 0)
			return TROTH_E_IO;
	return admin->broken ? TROTH_E_IO : TROTH_OK;
}

/* Whoever owns the service, and root, administer it. */
static enum troth_role role_of(uid_t uid, gid_t gid, void *app)
{
	(void)gid;
	(void)app;
	return uid == 0 || uid == geteuid() ? TROTH_ROLE_ADMIN : TROTH_ROLE_DEVICE;
}

enum troth_status troth_admin_serve(struct troth_admin *admin, int listener)
{
	const struct troth_http_config config = {
		.base = admin->base,
		.routes = ROUTES,
		.app = admin,
		.deadlines = { .handshake = 5000,
			       .header = 5000,
			       .body = 30000,
			       .response = 30000,
			       .idle = 60000 },
		.stream_ms = TROTH_FOLLOWER_SLOW_MS,
		.connections_max = 256,
		.role_of = role_of,
	};
	TROTH_TRY(troth_feed_maker_start(admin->feed_maker));
	TROTH_TRY(
		troth_clock_alarm_start(&admin->clock_alarm, admin->base, admin->front->clock));
	TROTH_TRY(troth_http_new(&config, &admin->http));
	return troth_http_listen(admin->http, listener);
}

static void on_issuer_broken(void *arg)
{
	struct troth_admin *admin = arg;
	admin->broken = true;
	/* The supervisor ends this process, too; until then nothing new is begun. */
	event_base_loopbreak(admin->base);
}

static enum troth_status make_parts(struct troth_admin *admin, const struct troth_role_fds *fds)
{
	admin->base = event_base_new();
	if (admin->base == NULL)
		return TROTH_E_IO;
	TROTH_TRY(troth_ctx_new(&admin->ctx));
	TROTH_TRY(troth_mailbox_new(admin->base, &admin->mailbox));
	TROTH_TRY(troth_issuer_link_new(admin->base, fds->admin_channel, TROTH_ADMIN_FRAME_MAX,
					on_issuer_broken, admin, &admin->issuer));
	TROTH_TRY(troth_followers_new(admin->front, admin->base, admin->mailbox,
				      &admin->followers));
	TROTH_TRY(troth_webhook_desk_new(admin, fds->courier_channel, &admin->webhooks));
	TROTH_TRY(troth_notice_keep_new(admin, &admin->notice_keep));
	admin->crl_job.run = on_crl_job;
	admin->crl_timer = event_new(admin->base, -1, EV_PERSIST, on_crl_timer, admin);
	const struct timeval every = { .tv_sec = admin->front->settings->crl_life_s / 4 };
	if (admin->crl_timer == NULL || event_add(admin->crl_timer, &every) != 0)
		return TROTH_E_IO;
	return troth_feed_maker_new(admin, &admin->feed_maker);
}

enum troth_status troth_admin_new(struct troth_front *front, const struct troth_role_fds *fds,
				  struct troth_admin **out)
{
	struct troth_admin *admin = calloc(1, sizeof *admin);
	if (admin == NULL)
		return TROTH_E_MEMORY;
	admin->front = front;
	enum troth_status status = make_parts(admin, fds);
	if (status != TROTH_OK) {
		troth_admin_free(admin);
		return status;
	}
	*out = admin;
	return TROTH_OK;
}

void troth_admin_free(struct troth_admin *admin)
{
	if (admin == NULL)
		return;
	troth_mailbox_free(admin->mailbox);
	if (admin->followers != NULL)
		troth_followers_end(admin->followers);
	troth_http_free(admin->http);
	troth_followers_free(admin->followers);
	troth_notice_keep_free(admin->notice_keep);
	troth_webhook_desk_free(admin->webhooks);
	troth_issuer_link_free(admin->issuer);
	if (admin->crl_timer != NULL)
		event_free(admin->crl_timer);
	troth_clock_alarm_stop(&admin->clock_alarm);
	troth_feed_maker_free(admin->feed_maker);
	if (admin->base != NULL)
		event_base_free(admin->base);
	troth_ctx_free(admin->ctx);
	free(admin);
}
