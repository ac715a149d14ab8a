/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets over the administration API. A value comes sealed for the issuer and stays so:
 * nothing in this process can read one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin_json.h"
#include "admin_requests.h"
#include "audit.h"
#include "base.h"
#include "base64.h"
#include "clock.h"
#include "problems.h"
#include "reader.h"
#include "text.h"

/* ---- listing ---- */

static const char *kind_of(const struct troth_secret_entry *e)
{
	if (!e->has_value)
		return "grant";
	return e->device[0] != '\0' ? "own" : "shared";
}

static enum troth_status append_secret(void *arg, const struct troth_secret_entry *e)
{
	json_t *device = e->device[0] != '\0' ? json_string(e->device) : json_null();
	json_array_append_new(arg,
			      json_pack("{s:s, s:o, s:s, s:b, s:o}", "name", e->name, "device",
					device, "kind", kind_of(e), "for_all", (int)e->for_all,
					"put", troth_time_json(e->put_s * 1000)));
	return TROTH_OK;
}

/* With the key that values are sealed for, and the domain they are sealed in. */
void troth_admin_secrets(struct troth_exchange *x, void *arg)
{
	struct troth_admin *admin = arg;
	uint8_t key[TROTH_BASE64URL_LEN(sizeof admin->secrets_key)];
	struct troth_writer w = troth_writer_make(key, sizeof key);
	json_t *list = json_array();
	if (admin->front->store_ops->each_secret(admin->front->store_backend, append_secret,
						 list) != TROTH_OK) {
		json_decref(list);
		troth_exchange_problem(x, 503, "unavailable", "The store cannot be read.", 1);
		return;
	}
	troth_put_base64url(&w, TROTH_VIEW_OF(admin->secrets_key));
	troth_admin_answer(x, json_pack("{s:s, s:s%, s:o}", "trust_domain",
					admin->front->settings->trust_domain, "key",
					(const char *)key, w.n, "secrets", list));
}

/* ---- changing ---- */

/* One change on its way to the store; ends with the answer. */
struct operation {
	struct troth_job job; /* how the store's answer comes back */
	struct troth_admin *admin;
	struct troth_exchange *exchange;
	struct troth_store_secret secret;
	char device[TROTH_NAME_LEN_MAX + 1]; /* registry name; empty: none */
	uint8_t sealed[TROTH_SECRET_SEALED_MAX];
	enum troth_status status;
};

static const char *const DEEDS[] = {
	[TROTH_STORE_SECRET_PUT] = "put",
	[TROTH_STORE_SECRET_GRANT] = "grant",
	[TROTH_STORE_SECRET_REMOVE] = "remove",
};

static void answer(struct operation *op)
{
	struct troth_exchange *x = op->exchange;
	const char *device = op->device[0] != '\0' ? op->device : NULL;
	if (op->status == TROTH_OK)
		troth_admin_answer(x, json_pack("{s:s, s:s, s:s?}", "name", op->secret.name,
						"action", DEEDS[op->secret.deed], "device",
						device));
	else if (op->status == TROTH_E_NOT_FOUND)
		troth_exchange_problem(x, 404, "unknown-secret",
				       op->secret.deed == TROTH_STORE_SECRET_GRANT
					       ? "No shared value has this name."
					       : "There is no such secret.",
				       0);
	else if (op->status == TROTH_E_CONFLICT)
		troth_exchange_problem(x, 409, "conflict", "The device has a value of its own.",
				       0);
	else
		troth_exchange_problem(x, 503, "unavailable",
				       "The change was not made; try again.", 1);
	free(op);
}

static void on_commit(struct troth_job *job)
{
	struct operation *op = (struct operation *)job;
	if (op->status == TROTH_OK)
		troth_info("secret", "action=%s name=%s device=%s", DEEDS[op->secret.deed],
			   op->secret.name, op->device[0] != '\0' ? op->device : "-");
	answer(op);
}

static void on_stored(void *arg, enum troth_status status, const struct troth_device_row *row)
{
	struct operation *op = arg;
	(void)row;
	op->status = status;
	troth_mailbox_post(op->admin->mailbox, &op->job);
}

static enum troth_status write_leaf(const struct operation *op, uint64_t now_ms, uint8_t *buf,
				    size_t *len)
{
	char detail[sizeof "remove " + TROTH_NAME_LEN_MAX];
	(void)snprintf(detail, sizeof detail, "%s%s%s", DEEDS[op->secret.deed],
		       op->device[0] != '\0' ? " " : "", op->device);
	struct troth_audit_leaf leaf = {
		.kind = TROTH_AUDIT_SECRET,
		.time_ms = now_ms,
		.name = troth_view_str(op->secret.name),
		.actor = troth_view_str(troth_exchange_peer(op->exchange)), /* "uid:0" */
		.detail = troth_view_str(detail),
	};
	if (op->secret.of_device)
		leaf.digest = TROTH_VIEW_OF(op->secret.device_id);
	return troth_audit_leaf_write(&leaf, buf, TROTH_AUDIT_LEAF_MAX, len);
}

static enum troth_status submit(struct operation *op)
{
	uint8_t leaf[TROTH_AUDIT_LEAF_MAX];
	size_t len;
	const uint64_t now_ms = troth_now_ms();
	if (op->admin->store_closed)
		return TROTH_E_IO;
	TROTH_TRY(write_leaf(op, now_ms, leaf, &len));
	op->secret.leaf = (struct troth_view){ leaf, len };
	op->secret.now_s = now_ms / 1000;
	const struct troth_store_item item = { .kind = TROTH_STORE_SECRET,
					       .u.secret = op->secret };
	op->job.run = on_commit;
	return troth_store_submit(op->admin->front->store, &item, on_stored, op);
}

/* ---- reading ---- */

struct wish {
	const char *action, *device, *sealed;
};

static bool read_deed(const struct wish *w, struct operation *op)
{
	for (size_t i = 0; i < TROTH_COUNT(DEEDS); i++) {
		if (strcmp(w->action, DEEDS[i]) != 0)
			continue;
		op->secret.deed = (enum troth_store_deed)i;
		return (w->sealed != NULL) == (i == TROTH_STORE_SECRET_PUT);
	}
	return false;
}

/* What is no sealed message is no value: whether it opens shows when it is released. */
static bool read_sealed(const char *text, struct operation *op)
{
	uint8_t point[64];
	if (text == NULL)
		return true;
	return troth_base64url_decode(troth_view_str(text), op->sealed, sizeof op->sealed,
				      &op->secret.sealed) == TROTH_OK &&
	       troth_hpke_point(op->secret.sealed, point) == TROTH_OK &&
	       op->secret.sealed.n > TROTH_HPKE_OVERHEAD;
}

static bool read_name(struct troth_view name, struct operation *op)
{
	struct troth_writer w =
		troth_writer_make((uint8_t *)op->secret.name, sizeof op->secret.name - 1);
	troth_put_view(&w, name);
	return troth_name_valid(name) && troth_writer_ok(&w);
}

static bool read_wish(json_t *body, struct operation *op, struct wish *w)
{
	return json_unpack_ex(body, NULL, JSON_STRICT, "{s:s, s?:s, s?:s}", "action",
			      &w->action, "device", &w->device, "sealed", &w->sealed) == 0 &&
	       read_name(troth_exchange_segment(op->exchange), op) && read_deed(w, op) &&
	       read_sealed(w->sealed, op);
}

static bool find_device(const struct wish *w, struct operation *op)
{
	struct troth_device_row row;
	if (w->device == NULL)
		return true;
	if (!troth_admin_find_device(op->admin, troth_view_str(w->device), &row))
		return false;
	op->secret.of_device = true;
	memcpy(op->secret.device_id, row.id, sizeof row.id);
	memcpy(op->device, row.name, sizeof row.name);
	return true;
}

/* True when the store has it, and answers. */
static bool start(struct operation *op)
{
	const struct troth_view text = troth_exchange_body(op->exchange);
	json_t *body = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	struct wish w = { 0 };
	bool started = false;
	if (!read_wish(body, op, &w))
		troth_exchange_problem(
			op->exchange, 400, "malformed",
			"Want {\"action\", \"device\", \"sealed\"} and a name of "
			"a-z, 0-9, '.', '_', '-'.",
			0);
	else if (!find_device(&w, op))
		troth_admin_unknown_device(op->exchange);
	else if (submit(op) != TROTH_OK)
		troth_exchange_problem(op->exchange, 503, "unavailable",
				       "The change was not made; try again.", 1);
	else
		started = true;
	json_decref(body);
	return started;
}

void troth_admin_secret_change(struct troth_exchange *x, void *admin)
{
	struct operation *op = calloc(1, sizeof *op);
	if (op == NULL) {
		troth_problem_memory(x);
		return;
	}
	op->admin = admin;
	op->exchange = x;
	if (!start(op))
		free(op);
}
