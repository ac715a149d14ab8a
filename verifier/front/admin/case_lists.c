/* SPDX-License-Identifier: Apache-2.0 */
#include "case_lists.h"

#include <stdlib.h>

#include "base.h"
#include "documents.h"
#include "ima_grounds.h"
#include "reader.h"
#include "wire.h"
#include "writer.h"

static size_t entry_size(const struct troth_ima_ground *g)
{
	return g->sha256.n + 2 + g->path.n + 2 + g->source.n;
}

static enum troth_status count(void *arg, const struct troth_ima_ground *g)
{
	((struct troth_case_lists *)arg)->parts[g->rule].entries.len += entry_size(g);
	return TROTH_OK;
}

static enum troth_status take(void *arg, const struct troth_ima_ground *g)
{
	ProtobufCBinaryData *entries =
		&((struct troth_case_lists *)arg)->parts[g->rule].entries;
	struct troth_writer w = troth_writer_make(entries->data + entries->len, entry_size(g));
	troth_put_view(&w, g->sha256);
	troth_put_view16be(&w, g->path);
	troth_put_view16be(&w, g->source);
	entries->len += troth_written(&w).n;
	return TROTH_OK;
}

/* Room for what was counted, one part behind the other; the count begins anew. */
static enum troth_status make_room(struct troth_case_lists *l)
{
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++)
		n += l->parts[i].entries.len;
	l->bytes = malloc(n + 1);
	if (l->bytes == NULL)
		return TROTH_E_MEMORY;
	n = 0;
	for (size_t i = 0; i < l->n; i++) {
		l->parts[i].entries.data = l->bytes + n;
		n += l->parts[i].entries.len;
		l->parts[i].entries.len = 0;
	}
	return TROTH_OK;
}

static void begin(struct troth_case_lists *l, const struct troth_ima_yardstick *y, size_t n)
{
	l->n = n;
	for (size_t i = 0; i < n; i++) {
		troth__v1__ima_list_part__init(&l->parts[i]);
		if (y->sets[i] != NULL)
			l->parts[i].id = troth_wire_bytes(TROTH_VIEW_OF(y->sets[i]->id));
		l->list[i] = &l->parts[i];
	}
}

static enum troth_status find(struct troth_ctx *ctx, const struct troth_ima_case *c,
			      const struct troth_ima_yardstick *y, struct troth_case_lists *l)
{
	begin(l, y, c->policy->n_rules);
	TROTH_TRY(troth_ima_grounds_each(ctx, c, count, l));
	TROTH_TRY(make_room(l));
	return troth_ima_grounds_each(ctx, c, take, l);
}

enum troth_status troth_case_lists_find(struct troth_ctx *ctx, const struct troth_front *f,
					const Troth__V1__AppraisalRecord *r,
					struct troth_view policy_text,
					struct troth_case_lists *out)
{
	struct troth_policy policy;
	struct troth_config_error error;
	struct troth_ima_yardstick y = { { NULL }, { 0 } };
	if (policy_text.n == 0 || r->ima_version.len == 0)
		return TROTH_OK;
	/* One that another version of the software took: nobody here can appraise by it. */
	if (troth_policy_parse(ctx, policy_text, troth_view_str(f->settings->trust_domain),
			       &policy, &error) != TROTH_OK)
		return TROTH_OK;
	TROTH_TRY(troth_ima_yardstick_find(ctx, &f->ima_lists, &policy, &y));
	if (!troth_view_equal(TROTH_VIEW_OF(y.version), troth_wire_view(r->ima_version)))
		return TROTH_OK;
	const struct troth_ima_case c = { .policy = &policy.ima,
					  .sets = y.sets,
					  .list = troth_wire_view(r->ima) };
	const enum troth_status status = find(ctx, &c, &y, out);
	if (status != TROTH_OK)
		troth_case_lists_clear(out);
	return status;
}

void troth_case_lists_clear(struct troth_case_lists *l)
{
	free(l->bytes);
	*l = (struct troth_case_lists){ 0 };
}
