/* SPDX-License-Identifier: Apache-2.0 */
/* A device's state, name, segment and group changed over the administration API.
 *
 * A change goes issuer first where it takes something away (deny before the store says
 * so), store first where it gives (allow after the commit): whatever breaks in between,
 * nothing is gained. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin_json.h"
#include "admin_requests.h"
#include "audit.h"
#include "base.h"
#include "clock.h"
#include "identity.h"
#include "problems.h"
#include "reader.h"
#include "text.h"

/* Of a change that a busy device gets in the way of: each costs a commit. */
#define TRIES_MAX 32

/* One change on its way; ends with the answer. */
struct operation {
	struct troth_job job; /* how the store's answer comes back */
	struct troth_admin *admin;
	struct troth_exchange *exchange;
	struct troth_device_row row; /* as it shall be */
	bool revoke;
	bool renames; /* its certificates are somebody else's names from now on: revoked, too */
	unsigned int from; /* bits of states it is allowed from */
	unsigned int n_tries;
	enum troth_status status;
};

/* ---- what is asked ---- */

struct change {
	enum troth_device_state to;
	bool has_to;
	bool revoke;
	unsigned int from;
	const char *name, *segment, *group; /* NULL: as it is */
};

static const struct {
	const char *action;
	enum troth_device_state to;
	unsigned int from; /* bits of states it is allowed from */
	bool revoke;
} ACTIONS[] = {
	{ "approve", TROTH_DEVICE_ACTIVE, 1U << TROTH_DEVICE_PENDING, false },
	{ "quarantine", TROTH_DEVICE_QUARANTINED,
	  1U << TROTH_DEVICE_PENDING | 1U << TROTH_DEVICE_ACTIVE |
		  1U << TROTH_DEVICE_QUARANTINED,
	  true },
	{ "release", TROTH_DEVICE_ACTIVE, 1U << TROTH_DEVICE_QUARANTINED, false },
	{ "retire", TROTH_DEVICE_RETIRED,
	  1U << TROTH_DEVICE_PENDING | 1U << TROTH_DEVICE_ACTIVE |
		  1U << TROTH_DEVICE_QUARANTINED | 1U << TROTH_DEVICE_RETIRED,
	  true },
};

static bool read_action(const char *action, enum troth_device_state from, struct change *out)
{
	for (size_t i = 0; i < TROTH_COUNT(ACTIONS); i++) {
		if (strcmp(ACTIONS[i].action, action) != 0)
			continue;
		if ((ACTIONS[i].from & 1U << from) == 0)
			return false;
		out->has_to = true;
		out->to = ACTIONS[i].to;
		out->revoke = ACTIONS[i].revoke;
		out->from = ACTIONS[i].from;
		return true;
	}
	return false;
}

static bool name_or_null(const char *name)
{
	return name == NULL || troth_name_valid(troth_view_str(name));
}

static json_t *read_body(struct troth_exchange *x)
{
	struct troth_view body = troth_exchange_body(x);
	return json_loadb((const char *)body.p, body.n, JSON_REJECT_DUPLICATES, NULL);
}

static void apply_change(const struct change *c, struct troth_device_row *row)
{
	if (c->has_to)
		row->state = c->to;
	if (c->name != NULL)
		snprintf(row->name, sizeof row->name, "%s", c->name);
	if (c->segment != NULL)
		snprintf(row->segment, sizeof row->segment, "%s", c->segment);
	if (c->group != NULL)
		snprintf(row->group, sizeof row->group, "%s", c->group);
}

/* ---- the change ---- */

static void answer(struct operation *op)
{
	if (op->status == TROTH_OK)
		troth_admin_answer(op->exchange, troth_device_json(op->admin, &op->row));
	else if (op->status == TROTH_E_CONFLICT)
		troth_exchange_problem(
			op->exchange, 409, "conflict",
			"The device changed meanwhile, or the name is taken; try again.", 0);
	else
		troth_exchange_problem(op->exchange, 503, "unavailable",
				       "The change was not made; try again.", 1);
	free(op);
}

static enum troth_status tell_issuer(struct operation *op, enum troth_issuer_kind kind,
				     troth_issuer_done *done)
{
	struct troth_issuer_request request = { .kind = kind };
	memcpy(request.u.deny.device_id, op->row.id, sizeof request.u.deny.device_id);
	return troth_issuer_call(op->admin->issuer, &request, done, op);
}

static void answer_with(struct operation *op, enum troth_status status)
{
	op->status = status;
	answer(op);
}

static void on_told(void *arg, const struct troth_issuer_reply *reply)
{
	answer_with(arg, reply->status);
}

static enum troth_status store_change(struct operation *op);

/* What is taken away is taken from the row as it is now: a device that keeps renewing,
 * or keeps enrolling, must not be able to put it off. The issuer denies it already, so
 * there is an end to it. */
static bool try_again(struct operation *op)
{
	const enum troth_device_state to = op->row.state;
	struct troth_device_row now;
	if (op->status != TROTH_E_CONFLICT || !op->revoke || op->n_tries++ == TRIES_MAX ||
	    !troth_registry_get(op->admin->front->registry, op->row.id, &now) ||
	    (op->from & 1U << now.state) == 0)
		return false;
	op->row = now;
	op->row.state = to;
	return store_change(op) == TROTH_OK;
}

static void on_commit(struct troth_job *job)
{
	struct operation *op = (struct operation *)job;
	if (try_again(op))
		return;
	if (op->revoke || op->renames)
		troth_admin_refresh_crl(op->admin);
	if (op->status != TROTH_OK || op->row.state == TROTH_DEVICE_PENDING) {
		answer(op);
		return;
	}
	/* Denied once more: an earlier change of an active device may have been committed, and
	 * have had it allowed, after this one had it denied. Commits are answered in order, so
	 * the last of them has the last word. */
	const bool active = op->row.state == TROTH_DEVICE_ACTIVE;
	op->status = tell_issuer(op, active ? TROTH_ISSUER_ALLOW : TROTH_ISSUER_DENY, on_told);
	if (op->status != TROTH_OK)
		answer(op);
}

static void on_stored(void *arg, enum troth_status status, const struct troth_device_row *row)
{
	struct operation *op = arg;
	op->status = status;
	if (row != NULL)
		op->row = *row;
	troth_mailbox_post(op->admin->mailbox, &op->job);
}

/* Once submitted, op->status is the writer's to set: whoever calls this leaves it alone. */
static enum troth_status store_change(struct operation *op)
{
	uint8_t leaf[TROTH_AUDIT_LEAF_MAX];
	size_t leaf_len;
	if (op->admin->store_closed)
		return TROTH_E_IO;
	struct troth_audit_leaf l = {
		.kind = TROTH_AUDIT_STATE,
		.time_ms = troth_now_ms(),
		.name = troth_view_str(op->row.name),
		.actor = troth_view_str(troth_exchange_peer(op->exchange)), /* "uid:0" */
		.detail = troth_view_str(troth_device_state_name(op->row.state)),
		.digest = TROTH_VIEW_OF(op->row.id),
	};
	TROTH_TRY(troth_audit_leaf_write(&l, leaf, sizeof leaf, &leaf_len));
	struct troth_store_item item = {
		.kind = TROTH_STORE_STATE,
		.u.state = { .row = op->row,
			     .revoke = op->revoke || op->renames,
			     .leaf = { leaf, leaf_len },
			     .now_s = l.time_ms / 1000 },
	};
	op->job.run = on_commit;
	return troth_store_submit(op->admin->front->store, &item, on_stored, op);
}

static void on_sealed(void *arg, const struct troth_issuer_reply *reply)
{
	struct operation *op = arg;
	enum troth_status status = reply->status;
	if (status == TROTH_OK) {
		memcpy(op->row.mac, reply->u.seal.mac, sizeof op->row.mac);
		status = store_change(op);
	}
	if (status != TROTH_OK)
		answer_with(op, status);
}

/* A new MAC for the identity part as it shall be. */
static enum troth_status seal(struct operation *op, const struct troth_device_row *now)
{
	struct troth_issuer_request request = { .kind = TROTH_ISSUER_SEAL };
	struct troth_issuer_seal *s = &request.u.seal;
	s->identity = troth_identity_of(now);
	s->name = troth_view_str(op->row.name);
	s->segment = troth_view_str(op->row.segment);
	s->generation = op->row.generation;
	return troth_issuer_call(op->admin->issuer, &request, on_sealed, op);
}

static void on_denied(void *arg, const struct troth_issuer_reply *reply)
{
	struct operation *op = arg;
	enum troth_status status = reply->status;
	if (status == TROTH_OK)
		status = store_change(op);
	if (status != TROTH_OK)
		answer_with(op, status);
}

/* The name may be another device's a moment later, and whoever asks by name would take one for
 * the other as long as a certificate of before lives. */
static bool renames(const struct troth_device_row *now, const struct troth_device_row *after)
{
	return now->state == TROTH_DEVICE_ACTIVE && (strcmp(now->name, after->name) != 0 ||
						     strcmp(now->segment, after->segment) != 0);
}

static void start_change(struct troth_exchange *x, struct troth_admin *admin,
			 const struct troth_device_row *now, const struct change *c)
{
	struct operation *op = calloc(1, sizeof *op);
	if (op == NULL) {
		troth_problem_memory(x);
		return;
	}
	op->admin = admin;
	op->exchange = x;
	op->row = *now;
	op->revoke = c->revoke;
	op->from = c->from;
	apply_change(c, &op->row);
	op->renames = renames(now, &op->row);
	op->status = c->revoke ? tell_issuer(op, TROTH_ISSUER_DENY, on_denied) : seal(op, now);
	if (op->status != TROTH_OK)
		answer(op);
}

void troth_admin_device_change(struct troth_exchange *x, void *admin)
{
	struct troth_device_row row;
	struct change c = { 0 };
	const char *action = NULL;
	json_t *body = read_body(x);
	if (!troth_admin_find_device(admin, troth_exchange_segment(x), &row)) {
		troth_admin_unknown_device(x);
	} else if (json_unpack_ex(body, NULL, JSON_STRICT, "{s?:s, s?:s, s?:s, s?:s}", "action",
				  &action, "name", &c.name, "segment", &c.segment, "group",
				  &c.group) != 0 ||
		   !name_or_null(c.name) || !name_or_null(c.segment) ||
		   !name_or_null(c.group)) {
		troth_exchange_problem(
			x, 400, "malformed",
			"Want {\"action\", \"name\", \"segment\", \"group\"}, names of "
			"a-z, 0-9, '.', '_', '-'.",
			0);
	} else if (action != NULL && !read_action(action, row.state, &c)) {
		char detail[128];
		snprintf(detail, sizeof detail,
			 "A device that is %s cannot be asked to '%.32s'.",
			 troth_device_state_name(row.state), action);
		troth_exchange_problem(x, 409, "wrong-state", detail, 0);
	} else if (c.revoke && (c.name != NULL || c.segment != NULL || c.group != NULL)) {
		troth_exchange_problem(x, 400, "malformed",
				       "Quarantine and retirement change nothing else.", 0);
	} else {
		start_change(x, admin, &row, &c);
	}
	json_decref(body);
}
