/* SPDX-License-Identifier: Apache-2.0 */
#include "ima_lists.h"

#include <string.h>

#include "base.h"
#include "file.h"
#include "log.h"
#include "mapped_file.h"
#include "reader.h"
#include "text.h"

#define SUFFIX ".digests"

TROTH_DEFINE_AUTO(struct troth_ctx, troth_ctx_free)

struct loading {
	struct troth_ctx *ctx;
	struct troth_ima_lists *lists;
};

/* The part of a path that names the list; empty where it names none. */
static struct troth_view name_of(const char *file)
{
	const char *slash = strrchr(file, '/');
	struct troth_view name = troth_view_str(slash != NULL ? slash + 1 : file);
	const size_t suffix = sizeof SUFFIX - 1;
	if (name.n <= suffix || memcmp(name.p + name.n - suffix, SUFFIX, suffix) != 0)
		return (struct troth_view){ 0 };
	name.n -= suffix;
	return name;
}

/* What was damaged on the way is found here, not when a device is judged by it. */
static enum troth_status open_list(struct troth_ctx *ctx, const char *file,
				   struct troth_ima_list_file *out)
{
	TROTH_TRY(troth_file_map(file, (size_t)TROTH_DIGEST_SET_FILE_MAX, &out->map));
	enum troth_status status = troth_digest_set_open(out->map, &out->set);
	if (status == TROTH_OK)
		status = troth_digest_set_verify(ctx, out->map);
	if (status != TROTH_OK)
		troth_file_unmap(out->map);
	return status;
}

static enum troth_status add(struct loading *l, const char *file)
{
	struct troth_ima_lists *lists = l->lists;
	const struct troth_view name = name_of(file);
	struct troth_ima_list_file f = { .name = "" };
	if (name.n == 0)
		return TROTH_OK; /* something else lies there, too */
	if (!troth_name_valid(name))
		return TROTH_E_MALFORMED;
	if (lists->n == TROTH_IMA_LISTS_MAX)
		return TROTH_E_LIMIT;
	memcpy(f.name, name.p, name.n);
	TROTH_TRY(open_list(l->ctx, file, &f));
	lists->list[lists->n++] = f;
	return TROTH_OK;
}

static enum troth_status load_file(void *arg, const char *file)
{
	const enum troth_status status = add(arg, file);
	if (status != TROTH_OK)
		troth_error("ima-list", "file=%s status=%s", file, troth_status_name(status));
	return status;
}

enum troth_status troth_ima_lists_load(const char *directory, struct troth_ima_lists *out)
{
	TROTH_AUTO(troth_ctx_free_p) struct troth_ctx *ctx = NULL;
	struct loading l = { .lists = out };
	out->n = 0;
	if (directory[0] == '\0')
		return TROTH_OK;
	TROTH_TRY(troth_ctx_new(&ctx));
	l.ctx = ctx;
	const enum troth_status status = troth_dir_each(directory, load_file, &l);
	if (status == TROTH_E_NOT_FOUND)
		troth_error("ima-list", "directory=%s status=%s", directory,
			    troth_status_name(status));
	return status;
}

void troth_ima_lists_release(struct troth_ima_lists *lists)
{
	for (size_t i = 0; i < lists->n; i++)
		troth_file_unmap(lists->list[i].map);
	lists->n = 0;
}

const struct troth_digest_set *troth_ima_lists_find(const struct troth_ima_lists *lists,
						    const char *name)
{
	for (size_t i = 0; i < lists->n; i++)
		if (strcmp(lists->list[i].name, name) == 0)
			return &lists->list[i].set;
	return NULL;
}

enum troth_status troth_ima_yardstick_mark(struct troth_ctx *ctx,
					   const struct troth_policy *policy,
					   struct troth_ima_yardstick *out)
{
	static const uint8_t NONE[TROTH_DIGEST_SET_ID] = { 0 };
	struct troth_view parts[1 + TROTH_IMA_RULES_MAX] = { TROTH_VIEW_OF(policy->id) };
	struct troth_digest version;
	for (size_t i = 0; i < policy->ima.n_rules; i++)
		parts[1 + i] = out->sets[i] != NULL ? TROTH_VIEW_OF(out->sets[i]->id)
						    : TROTH_VIEW_OF(NONE);
	TROTH_TRY(troth_hash_parts(ctx, TROTH_HASH_SHA256, parts, 1 + policy->ima.n_rules,
				   &version));
	memcpy(out->version, version.bytes, sizeof out->version);
	return TROTH_OK;
}

enum troth_status troth_ima_yardstick_find(struct troth_ctx *ctx,
					   const struct troth_ima_lists *lists,
					   const struct troth_policy *policy,
					   struct troth_ima_yardstick *out)
{
	const struct troth_ima_policy *p = &policy->ima;
	for (size_t i = 0; i < p->n_rules; i++)
		out->sets[i] = troth_ima_lists_find(lists, p->text + p->rules[i].list);
	return troth_ima_yardstick_mark(ctx, policy, out);
}
