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

static enum troth_cli_exit other_lists(const struct troth_cli_case *c)
{
	if (c->ima_lists == NULL)
		troth_cli_error("this verdict was made with allow-lists for IMA: name their "
				"directory, the verifier's ima.lists, with --ima-lists");
	else
		troth_cli_error("the evidence has expired: the allow-lists for IMA in %s are "
				"not those of the record",
				c->ima_lists);
	return TROTH_CLI_UNSURE;
}

static enum troth_cli_exit appraise(struct troth_cli_case *c,
				    const struct troth_ima_lists *lists)
{
	struct troth_ima_yardstick y;
	struct known known;
	struct troth_ima_case ima;
	enum troth_status st = troth_ima_yardstick_find(c->ctx, lists, &c->policy, &y);
	if (st == TROTH_OK && !troth_view_equal(TROTH_VIEW_OF(y.version),
						troth_wire_view(c->record->ima_version)))
		return other_lists(c);
	if (st == TROTH_OK)
		st = fill_case(c, &y, &known, &ima);
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
	if (!c->policy.ima.present || c->record == NULL)
		return TROTH_CLI_YES;
	struct troth_ima_lists *lists = calloc(1, sizeof *lists);
	if (lists == NULL ||
	    troth_ima_lists_load(c->ima_lists != NULL ? c->ima_lists : "", lists) != TROTH_OK) {
		troth_cli_error("%s: no allow-lists can be read there",
				c->ima_lists != NULL ? c->ima_lists : "memory");
		free(lists);
		return TROTH_CLI_UNSURE;
	}
	const enum troth_cli_exit code = appraise(c, lists);
	troth_ima_lists_release(lists);
	free(lists);
	return code;
}
