/* SPDX-License-Identifier: Apache-2.0 */
#include "ima_judge.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "reader.h"
#include "wire.h"

/* A state of another format is none. */
static bool read_state(const struct troth_device_row *row, struct troth_ima_state *out)
{
	return row->ima_len > 0 &&
	       troth_ima_state_read((struct troth_view){ row->ima, row->ima_len }, out) ==
		       TROTH_OK;
}

uint64_t troth_ima_wanted_from(struct troth_worker *worker, const struct troth_policy *policy,
			       const struct troth_device_row *row)
{
	struct troth_ima_yardstick y;
	struct troth_ima_state state;
	/* Keys that the list itself brought are in the list alone. */
	if (!read_state(row, &state) || state.learned ||
	    troth_ima_yardstick_find(worker->ctx, &worker->front->ima_lists, policy, &y) !=
		    TROTH_OK ||
	    !troth_view_equal(TROTH_VIEW_OF(state.version), TROTH_VIEW_OF(y.version)))
		return 0;
	return state.n_entries;
}

enum troth_status troth_ima_judge(struct troth_attestation *a, struct troth_ima_result **out)
{
	struct troth_ima_yardstick y = { .version = { 0 } };
	struct troth_ima_state before;
	*out = NULL;
	if (!a->policy->ima.present)
		return TROTH_OK;
	TROTH_TRY(troth_ima_yardstick_find(a->worker->ctx, &a->worker->front->ima_lists,
					   a->policy, &y));
	struct troth_ima_case c = {
		.policy = &a->policy->ima,
		.sets = y.sets,
		.selection = &a->policy->selection,
		.pcrs = &a->pcrs,
		.reset_count = a->quote.reset_count,
		.restart_count = a->quote.restart_count,
		.list = troth_wire_view(a->message->ima),
		.first = a->message->ima_first,
		.before = read_state(&a->row, &before) ? &before : NULL,
	};
	memcpy(c.version, y.version, sizeof c.version);
	memcpy(a->ima_version, y.version, sizeof a->ima_version);
	struct troth_ima_result *result = malloc(sizeof *result);
	if (result == NULL)
		return TROTH_E_MEMORY;
	const enum troth_status status = troth_ima_appraise(a->worker->ctx, &c, result);
	if (status != TROTH_OK) {
		free(result);
		return status;
	}
	*out = result;
	return TROTH_OK;
}

void troth_ima_keep(const struct troth_ima_result *result, struct troth_device_row *row)
{
	size_t n = 0;
	/* One too long to keep is none: all of the list is asked for again. */
	if (result == NULL || !result->has_after ||
	    troth_ima_state_write(&result->after, row->ima, &n) != TROTH_OK)
		n = 0;
	row->ima_len = (uint16_t)n;
}
