/* SPDX-License-Identifier: Apache-2.0 */
/* Policies and reference sets over the administration API; the audit leaves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin_json.h"
#include "admin_requests.h"
#include "audit.h"
#include "base.h"
#include "clock.h"
#include "documents.h"
#include "line.h"
#include "policy_clash.h"
#include "problems.h"
#include "reader.h"
#include "text.h"

#define AUDIT_PAGE 1000

/* ---- listing ---- */

void troth_admin_policies(struct troth_exchange *x, void *arg)
{
	struct troth_admin *admin = arg;
	struct troth_snapshot *s = troth_snapshot_take(admin->front->snapshots);
	json_t *list = json_array();
	for (size_t i = 0; i < s->n_policies; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:o}", "name", s->policies[i].name, "id",
					troth_hex_json(TROTH_VIEW_OF(s->policies[i].id))));
	troth_snapshot_release(s);
	troth_admin_answer(x, json_pack("{s:o}", "policies", list));
}

void troth_admin_references(struct troth_exchange *x, void *arg)
{
	struct troth_admin *admin = arg;
	struct troth_snapshot *s = troth_snapshot_take(admin->front->snapshots);
	json_t *list = json_array();
	for (size_t i = 0; i < s->n_references; i++) {
		const struct troth_reference_set *r = &s->references[i];
		json_array_append_new(list,
				      json_pack("{s:s, s:o, s:I}", "name", r->name, "id",
						troth_hex_json(TROTH_VIEW_OF(r->id)),
						"components", (json_int_t)r->n_components));
	}
	troth_snapshot_release(s);
	troth_admin_answer(x, json_pack("{s:o}", "references", list));
}

struct text_search {
	struct troth_exchange *exchange;
	const char *content_type;
	bool found;
};

static enum troth_status answer_if_named(void *arg, const char *name, struct troth_view text)
{
	struct text_search *s = arg;
	if (!troth_view_equal(troth_view_str(name), troth_exchange_segment(s->exchange)))
		return TROTH_OK;
	s->found = true;
	troth_exchange_answer(s->exchange, 200, s->content_type, text);
	return TROTH_E_CONFLICT; /* ends the visit: names are unique */
}

static void answer_text(struct troth_exchange *x, struct troth_admin *admin, bool policy)
{
	struct text_search s = { x, policy ? "application/yaml" : "application/json", false };
	enum troth_status status = admin->front->store_ops->each_document(
		admin->front->store_backend, policy, answer_if_named, &s);
	if (s.found)
		return;
	if (status != TROTH_OK)
		troth_exchange_problem(x, 503, "unavailable", "The store cannot be read.", 1);
	else
		troth_exchange_problem(x, 404, "not-found",
				       policy ? "No policy has this name."
					      : "No reference set has this name.",
				       0);
}

void troth_admin_policy(struct troth_exchange *x, void *admin)
{
	answer_text(x, admin, true);
}

void troth_admin_reference(struct troth_exchange *x, void *admin)
{
	answer_text(x, admin, false);
}

/* ---- putting ---- */

/* One document on its way to the store; ends with the answer. */
struct operation {
	struct troth_job job; /* how the store's answer comes back */
	struct troth_admin *admin;
	struct troth_exchange *exchange;
	bool is_policy;
	char name[TROTH_NAME_LEN_MAX + 1];
	uint8_t id[32];
	size_t n_components;
	bool conditional;
	uint8_t over[32]; /* conditional: what is changed */
	enum troth_status status;
};

static void problem(struct operation *op)
{
	if (op->status == TROTH_E_CONFLICT)
		troth_exchange_problem(op->exchange, 409, "conflict",
				       "It was changed in the meantime; look at it as it is "
				       "now, and try again.",
				       0);
	else
		troth_exchange_problem(op->exchange, 503, "unavailable",
				       "The document was not stored; try again.", 1);
	free(op);
}

static void on_commit(struct troth_job *job)
{
	struct operation *op = (struct operation *)job;
	if (op->status != TROTH_OK || troth_admin_load_snapshot(op->admin) != TROTH_OK) {
		problem(op);
		return;
	}
	struct troth_snapshot *s = troth_snapshot_take(op->admin->front->snapshots);
	troth_info("document", "kind=%s name=%s epoch=%llu",
		   op->is_policy ? "policy" : "reference", op->name,
		   (unsigned long long)s->epoch);
	json_t *value = json_pack("{s:s, s:o, s:I}", "name", op->name, "id",
				  troth_hex_json(TROTH_VIEW_OF(op->id)), "epoch",
				  (json_int_t)s->epoch);
	if (!op->is_policy)
		json_object_set_new(value, "components",
				    json_integer((json_int_t)op->n_components));
	troth_snapshot_release(s);
	troth_admin_answer(op->exchange, value);
	free(op);
}

static void on_stored(void *arg, enum troth_status status, const struct troth_device_row *row)
{
	struct operation *op = arg;
	(void)row;
	op->status = status;
	if (status == TROTH_OK)
		troth_front_tell(op->admin->front);
	troth_mailbox_post(op->admin->mailbox, &op->job);
}

static enum troth_status submit(struct operation *op, struct troth_view text)
{
	uint8_t leaf[TROTH_AUDIT_LEAF_MAX];
	size_t leaf_len;
	struct troth_audit_leaf l = {
		.kind = op->is_policy ? TROTH_AUDIT_POLICY : TROTH_AUDIT_REFERENCE,
		.time_ms = troth_now_ms(),
		.name = troth_view_str(op->name),
		.actor = troth_view_str(troth_exchange_peer(op->exchange)), /* "uid:0" */
		.detail = troth_view_str("put"),
		.digest = TROTH_VIEW_OF(op->id),
	};
	TROTH_TRY(troth_audit_leaf_write(&l, leaf, sizeof leaf, &leaf_len));
	struct troth_store_item item = { .kind = TROTH_STORE_DOCUMENT };
	struct troth_store_document *d = &item.u.document;
	d->is_policy = op->is_policy;
	memcpy(d->name, op->name, sizeof d->name);
	memcpy(d->id, op->id, sizeof d->id);
	d->conditional = op->conditional;
	memcpy(d->over, op->over, sizeof d->over);
	d->text = text;
	d->leaf = (struct troth_view){ leaf, leaf_len };
	d->now_s = l.time_ms / 1000;
	op->job.run = on_commit;
	return troth_store_submit(op->admin->front->store, &item, on_stored, op);
}

static struct operation *operation_new(struct troth_exchange *x, struct troth_admin *admin)
{
	struct operation *op = calloc(1, sizeof *op);
	if (op == NULL) {
		troth_problem_memory(x);
		return NULL;
	}
	op->admin = admin;
	op->exchange = x;
	return op;
}

static void document_problem(struct troth_exchange *x, const struct troth_config_error *error)
{
	char detail[300];
	if (error->line > 0)
		snprintf(detail, sizeof detail, "line %u, column %u: %s", error->line,
			 error->column, error->text);
	else
		snprintf(detail, sizeof detail, "%s", error->text);
	troth_exchange_problem(x, 400, "invalid-document", detail, 0);
}

/* With the others in force, names would not be of one device each. Two that are put at the same
 * moment do not see each other here: loading looks again (admin.c). */
static bool clashes(struct troth_admin *admin, const struct troth_policy *policy,
		    struct troth_config_error *out)
{
	struct troth_snapshot *s = troth_snapshot_take(admin->front->snapshots);
	struct troth_line text = troth_line_make(out->text, sizeof out->text);
	char why[TROTH_POLICY_CLASH_TEXT_MAX];
	bool found = false;
	for (size_t i = 0; i < s->n_policies && !found; i++) {
		const struct troth_policy *other = &s->policies[i];
		found = strcmp(other->name, policy->name) != 0 &&
			troth_policy_names_clash(&policy->names, &other->names, why);
		if (found)
			troth_line_format(&text, "names, with policy %s: %s", other->name, why);
	}
	troth_snapshot_release(s);
	return found;
}

void troth_admin_policy_put(struct troth_exchange *x, void *arg)
{
	struct troth_admin *admin = arg;
	struct troth_policy policy;
	struct troth_config_error error = { 0 };
	struct troth_view domain = troth_view_str(admin->front->settings->trust_domain);
	if (troth_policy_parse(admin->ctx, troth_exchange_body(x), domain, &policy, &error) !=
		    TROTH_OK ||
	    clashes(admin, &policy, &error)) {
		document_problem(x, &error);
		return;
	}
	struct operation *op = operation_new(x, admin);
	if (op == NULL)
		return;
	op->is_policy = true;
	memcpy(op->name, policy.name, sizeof op->name);
	memcpy(op->id, policy.id, sizeof op->id);
	if (submit(op, troth_exchange_body(x)) != TROTH_OK)
		problem(op);
}

void troth_admin_put_set(struct troth_exchange *x, struct troth_admin *admin,
			 struct troth_reference_set *set, const uint8_t *over)
{
	char *json;
	size_t len;
	struct operation *op = operation_new(x, admin);
	if (op == NULL)
		return;
	if (troth_reference_format(admin->ctx, set, &json, &len) != TROTH_OK) {
		problem(op);
		return;
	}
	memcpy(op->name, set->name, sizeof op->name);
	memcpy(op->id, set->id, sizeof op->id);
	op->n_components = set->n_components;
	op->conditional = over != NULL;
	if (over != NULL)
		memcpy(op->over, over, sizeof op->over);
	if (submit(op, (struct troth_view){ (const uint8_t *)json, len }) != TROTH_OK)
		problem(op);
	free(json);
}

/* "over=<id>": only over this set. Without a query over whatever is there. */
static bool read_over(const struct troth_exchange *x, uint8_t out[32], bool *out_given)
{
	static const char OVER[] = "over=";
	struct troth_reader r = { troth_exchange_query(x) };
	struct troth_view key;
	*out_given = r.left.n > 0;
	return !*out_given || (troth_get_view(&r, sizeof OVER - 1, &key) &&
			       troth_view_equal(key, troth_view_str(OVER)) &&
			       troth_parse_hex(r.left, out, 32));
}

void troth_admin_reference_put(struct troth_exchange *x, void *arg)
{
	struct troth_admin *admin = arg;
	struct troth_reference_set set = { 0 };
	uint8_t over[32];
	bool conditional;
	struct troth_config_error error = { 0 };
	if (!read_over(x, over, &conditional)) {
		troth_exchange_problem(x, 400, "malformed", "Want ?over=<id>.", 0);
		return;
	}
	if (troth_reference_parse(admin->ctx, troth_exchange_body(x), &set, &error) !=
	    TROTH_OK) {
		document_problem(x, &error);
		return;
	}
	troth_admin_put_set(x, admin, &set, conditional ? over : NULL);
	troth_reference_release(&set);
}

/* ---- audit ---- */

static enum troth_status append_leaf(void *arg, uint64_t index, struct troth_view leaf)
{
	json_array_append_new(arg, json_pack("{s:I, s:s%}", "index", (json_int_t)index, "leaf",
					     (const char *)leaf.p, leaf.n));
	return TROTH_OK;
}

bool troth_admin_from(struct troth_exchange *x, uint64_t *out)
{
	static const char FROM[] = "from=";
	struct troth_reader r = { troth_exchange_query(x) };
	struct troth_view key;
	*out = 0;
	if (troth_at_end(&r))
		return true;
	if (troth_get_view(&r, sizeof FROM - 1, &key) &&
	    troth_view_equal(key, troth_view_str(FROM)) &&
	    troth_parse_u64(r.left, INT64_MAX, out))
		return true;
	troth_exchange_problem(x, 400, "malformed", "Want ?from=<index>.", 0);
	return false;
}

void troth_admin_audit(struct troth_exchange *x, void *arg)
{
	struct troth_admin *admin = arg;
	uint64_t from = 0;
	if (!troth_admin_from(x, &from))
		return;
	json_t *list = json_array();
	if (admin->front->store_ops->each_leaf(admin->front->store_backend, from, AUDIT_PAGE,
					       append_leaf, list) != TROTH_OK) {
		json_decref(list);
		troth_exchange_problem(x, 503, "unavailable", "The store cannot be read.", 1);
		return;
	}
	troth_admin_answer(x, json_pack("{s:o}", "leaves", list));
}
