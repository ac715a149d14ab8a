/* SPDX-License-Identifier: Apache-2.0 */
#include "case_ima.h"

#include <stdlib.h>
#include <string.h>

#include "ima_lists.h"
#include "output.h"
#include "reader.h"
#include "tpm.h"
#include "wire.h"

/* What the verifier knew of the list. */
struct known {
	struct troth_ima_state before, parts;
	struct troth_ima_learned learned;
};

/* Boot and restart counts are the quote's. */
static enum troth_status fill_case(const struct troth_cli_case *c,
				   const struct troth_ima_yardstick *y, struct known *known,
				   struct troth_ima_case *out)
{
	const Troth__V1__AppraisalRecord *r = c->record;
	struct troth_attest quote;
	TROTH_TRY(troth_attest_parse(troth_wire_view(r->quote), &quote));
	*out = (struct troth_ima_case){
		.policy = &c->policy.ima,
		.sets = y->sets,
		.selection = &c->policy.selection,
		.pcrs = &c->pcrs,
		.reset_count = quote.reset_count,
		.restart_count = quote.restart_count,
		.list = troth_wire_view(r->ima),
		.first = r->ima_first,
	};
	memcpy(out->version, y->version, sizeof out->version);
	if (r->ima_before.len > 0 &&
	    troth_ima_state_read(troth_wire_view(r->ima_before), &known->before) == TROTH_OK)
		out->before = &known->before;
	if (r->ima_parts.len > 0 &&
	    troth_ima_state_read(troth_wire_view(r->ima_parts), &known->parts) == TROTH_OK)
		out->parts = &known->parts;
	if (troth_ima_learned_read(troth_wire_view(r->ima_learned), &known->learned))
		out->learned = &known->learned;
	return TROTH_OK;
}

/* ---- allow-lists: a directory of them, or what the case has of them ---- */

/* Owned by whoever made it; zeroed to begin with. */
struct allow_lists {
	struct troth_ima_lists whole;
	uint8_t *bytes[TROTH_IMA_RULES_MAX];
	struct troth_digest_set parts[TROTH_IMA_RULES_MAX];
};

static void allow_lists_free(struct allow_lists *l)
{
	if (l == NULL)
		return;
	troth_ima_lists_release(&l->whole);
	for (size_t i = 0; i < TROTH_IMA_RULES_MAX; i++)
		free(l->bytes[i]);
	free(l);
}
TROTH_DEFINE_AUTO(struct allow_lists, allow_lists_free)

static enum troth_status fill(struct troth_digest_set_builder *b, struct troth_view entries)
{
	struct troth_reader r = { entries };
	while (!troth_at_end(&r)) {
		struct troth_view sha256, path, source;
		if (!troth_get_view(&r, 32, &sha256) || !troth_get_view16be(&r, &path) ||
		    !troth_get_view16be(&r, &source))
			return TROTH_E_TRUNCATED;
		TROTH_TRY(troth_digest_set_add(b, sha256.p, path, source));
	}
	return TROTH_OK;
}

/* A set of the entries there are, under the id of the whole list. */
static enum troth_status make_set(struct troth_ctx *ctx, const Troth__V1__ImaListPart *part,
				  uint8_t **out_bytes, struct troth_digest_set *out)
{
	struct troth_digest_set_builder *b;
	size_t n = 0;
	TROTH_TRY(troth_digest_set_builder_new(&b));
	enum troth_status st = fill(b, troth_wire_view(part->entries));
	if (st == TROTH_OK)
		st = troth_digest_set_finish(ctx, b, out_bytes, &n);
	troth_digest_set_builder_free(b);
	if (st == TROTH_OK)
		st = troth_digest_set_open((struct troth_view){ *out_bytes, n }, out);
	if (st == TROTH_OK)
		memcpy(out->id, part->id.data, sizeof out->id);
	return st;
}

static enum troth_status take_parts(const struct troth_cli_case *c, struct allow_lists *l,
				    struct troth_ima_yardstick *out)
{
	const Troth__V1__AppraisalCase *m = (const Troth__V1__AppraisalCase *)c->exported;
	for (size_t i = 0; i < c->policy.ima.n_rules; i++) {
		const Troth__V1__ImaListPart *part = m->ima_lists[i];
		if (part->id.len == 0)
			continue;
		if (part->id.len != TROTH_DIGEST_SET_ID)
			return TROTH_E_MALFORMED;
		TROTH_TRY(make_set(c->ctx, part, &l->bytes[i], &l->parts[i]));
		out->sets[i] = &l->parts[i];
	}
	return troth_ima_yardstick_mark(c->ctx, &c->policy, out);
}

static bool has_parts(const struct troth_cli_case *c)
{
	const Troth__V1__AppraisalCase *m = (const Troth__V1__AppraisalCase *)c->exported;
	return m != NULL && m->n_ima_lists > 0 && m->n_ima_lists == c->policy.ima.n_rules;
}

static enum troth_cli_exit find_lists(struct troth_cli_case *c, struct allow_lists *l,
				      struct troth_ima_yardstick *out)
{
	const char *dir = c->ima_lists != NULL ? c->ima_lists : "";
	c->ima_in_part = c->ima_lists == NULL && has_parts(c);
	if (!c->ima_in_part && troth_ima_lists_load(dir, &l->whole) != TROTH_OK) {
		troth_cli_error("%s: no allow-lists can be read there", dir);
		return TROTH_CLI_UNSURE;
	}
	const enum troth_status st =
		c->ima_in_part ? take_parts(c, l, out)
			       : troth_ima_yardstick_find(c->ctx, &l->whole, &c->policy, out);
	if (st == TROTH_OK)
		return TROTH_CLI_YES;
	troth_cli_error("the allow-lists cannot be used: %s", troth_status_name(st));
	return TROTH_CLI_UNSURE;
}

static enum troth_cli_exit other_lists(const struct troth_cli_case *c)
{
	if (c->ima_in_part) {
		troth_cli_error(
			"these allow-lists for IMA are not those that the record names");
		return TROTH_CLI_NO;
	}
	if (c->ima_lists == NULL)
		troth_cli_error(
			"this verdict was made with allow-lists for IMA that the "
			"verifier has no longer, or were not exported: name a directory "
			"with those of the time with --ima-lists");
	else
		troth_cli_error("the evidence has expired: the allow-lists for IMA in %s are "
				"not those of the record",
				c->ima_lists);
	return TROTH_CLI_UNSURE;
}

static enum troth_cli_exit appraise(struct troth_cli_case *c,
				    const struct troth_ima_yardstick *y)
{
	struct known known;
	struct troth_ima_case ima;
	enum troth_status st = fill_case(c, y, &known, &ima);
	if (st == TROTH_OK && (c->ima = malloc(sizeof *c->ima)) == NULL)
		st = TROTH_E_MEMORY;
	if (st == TROTH_OK)
		st = troth_ima_appraise(c->ctx, &ima, c->ima);
	if (st != TROTH_OK)
		troth_cli_error("the IMA list cannot be appraised: %s", troth_status_name(st));
	return st == TROTH_OK ? TROTH_CLI_YES : TROTH_CLI_UNSURE;
}

enum troth_cli_exit troth_cli_case_appraise_ima(struct troth_cli_case *c)
{
	struct troth_ima_yardstick y = { { NULL }, { 0 } };
	if (!c->policy.ima.present || c->record == NULL)
		return TROTH_CLI_YES;
	TROTH_AUTO(allow_lists_free_p) struct allow_lists *lists = calloc(1, sizeof *lists);
	if (lists == NULL) {
		troth_cli_error("out of memory");
		return TROTH_CLI_UNSURE;
	}
	const enum troth_cli_exit code = find_lists(c, lists, &y);
	if (code != TROTH_CLI_YES)
		return code;
	if (!troth_view_equal(TROTH_VIEW_OF(y.version),
			      troth_wire_view(c->record->ima_version)))
		return other_lists(c);
	return appraise(c, &y);
}
