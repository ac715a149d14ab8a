/* SPDX-License-Identifier: Apache-2.0 */
#include "ima_judge.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "ima_carry.h"
#include "learned_cache.h"
#include "reader.h"
#include "wire.h"

/* A state of another format is none. */
static bool read_state(const struct troth_device_row *row, struct troth_ima_state *out)
{
	return row->ima_len > 0 &&
	       troth_ima_state_read((struct troth_view){ row->ima, row->ima_len }, out) ==
		       TROTH_OK &&
	       !out->open;
}

static bool has_learned(const struct troth_ima_state *s)
{
	static const uint8_t NONE[32] = { 0 };
	return !troth_view_equal(TROTH_VIEW_OF(s->learned), TROTH_VIEW_OF(NONE));
}

uint64_t troth_ima_wanted_from(struct troth_worker *worker, const struct troth_policy *policy,
			       const struct troth_device_row *row)
{
	struct troth_ima_yardstick y;
	struct troth_ima_state state;
	if (!read_state(row, &state) ||
	    (has_learned(&state) &&
	     !troth_learned_cache_holds(worker->front->learned, state.learned)) ||
	    troth_ima_yardstick_find(worker->ctx, &worker->front->ima_lists, policy, &y) !=
		    TROTH_OK ||
	    !troth_view_equal(TROTH_VIEW_OF(state.version), TROTH_VIEW_OF(y.version)))
		return 0;
	return state.n_entries;
}

/* ---- what is judged ---- */

struct judging {
	struct troth_ima_yardstick y;
	struct troth_ima_state before, parts;
	struct troth_ima_learned learned;
	struct troth_ima_carry carry; /* of the parts before; zero: none */
	struct troth_ima_case c;
};

/* What the device carries from the part before. False: not what it was given, or too long ago.
 */
static bool take_carry(struct troth_attestation *a, struct judging *j)
{
	const struct troth_view sealed = troth_wire_view(a->message->ima_carry);
	if (sealed.n == 0)
		return true;
	if (!troth_ima_carry_open(a->worker->ctx, &a->worker->front->carry_key, a->row.id,
				  sealed, &j->carry) ||
	    troth_ima_carry_is_late(&j->carry, a->received_ms) ||
	    troth_ima_state_read(j->carry.state, &j->parts) != TROTH_OK || !j->parts.open)
		return false;
	a->ima_parts = j->carry.state;
	a->ima_learned = j->carry.learned;
	j->c.parts = &j->parts;
	return true;
}

/* The certificates that the list's beginning has shown. Those that are gone are none: then the
 * appraisal asks for the whole list. */
static enum troth_status find_learned(struct troth_attestation *a, struct judging *j)
{
	if (j->c.parts == NULL && j->c.before != NULL && j->c.first > 0 &&
	    has_learned(&j->before)) {
		const enum troth_status status = troth_learned_cache_get(
			a->worker->front->learned, j->before.learned, &a->ima_learned_copy);
		if (status != TROTH_OK && status != TROTH_E_NOT_FOUND)
			return status;
		a->ima_learned = troth_buffer_view(&a->ima_learned_copy);
	}
	if (troth_ima_learned_read(a->ima_learned, &j->learned))
		j->c.learned = &j->learned;
	return TROTH_OK;
}

static enum troth_status prepare(struct troth_attestation *a, struct judging *j, bool *carried)
{
	*j = (struct judging){ .carry = { .n_parts = 0 } };
	TROTH_TRY(troth_ima_yardstick_find(a->worker->ctx, &a->worker->front->ima_lists,
					   a->policy, &j->y));
	j->c = (struct troth_ima_case){
		.policy = &a->policy->ima,
		.sets = j->y.sets,
		.selection = &a->policy->selection,
		.pcrs = &a->pcrs,
		.reset_count = a->quote.reset_count,
		.restart_count = a->quote.restart_count,
		.list = troth_wire_view(a->message->ima),
		.first = a->message->ima_first,
		.before = read_state(&a->row, &j->before) ? &j->before : NULL,
	};
	memcpy(j->c.version, j->y.version, sizeof j->c.version);
	memcpy(a->ima_version, j->y.version, sizeof a->ima_version);
	*carried = take_carry(a, j);
	return *carried ? find_learned(a, j) : TROTH_OK;
}

/* ---- judging it ---- */

static void put_learned(struct troth_attestation *a, const struct troth_ima_result *r)
{
	uint8_t bytes[TROTH_LEARNED_BYTES_MAX];
	struct troth_writer w = troth_writer_make(bytes, sizeof bytes);
	if (!r->proven || r->learned.n == 0)
		return;
	troth_ima_learned_put(&w, &r->learned);
	troth_learned_cache_put(a->worker->front->learned, r->after.learned, troth_written(&w));
}

enum troth_status troth_ima_judge(struct troth_attestation *a, struct troth_ima_result **out)
{
	struct judging j;
	bool carried;
	*out = NULL;
	if (!a->policy->ima.present)
		return TROTH_OK;
	TROTH_TRY(prepare(a, &j, &carried));
	struct troth_ima_result *result = malloc(sizeof *result);
	if (result == NULL)
		return TROTH_E_MEMORY;
	*result = (struct troth_ima_result){ .wants_whole = true };
	const enum troth_status status =
		carried ? troth_ima_appraise(a->worker->ctx, &j.c, result) : TROTH_OK;
	if (status != TROTH_OK) {
		free(result);
		return status;
	}
	put_learned(a, result);
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

/* ---- a part ---- */

static enum troth_status seal(struct troth_attestation *a, const struct judging *j,
			      const struct troth_ima_result *r, struct troth_view *out)
{
	uint8_t state[2 * TROTH_IMA_STATE_MAX];
	struct troth_writer w = troth_writer_make(state, sizeof state);
	uint8_t *learned = malloc(TROTH_IMA_LEARNED_BYTES_MAX);
	if (learned == NULL)
		return TROTH_E_MEMORY;
	struct troth_writer l = troth_writer_make(learned, TROTH_IMA_LEARNED_BYTES_MAX);
	troth_ima_state_put(&w, &r->after);
	troth_ima_learned_put(&l, &r->learned);
	const struct troth_ima_carry carry = {
		.begun_ms = j->carry.n_parts > 0 ? j->carry.begun_ms : a->received_ms,
		.n_parts = j->carry.n_parts + 1,
		.state = troth_written(&w),
		.learned = troth_written(&l),
	};
	enum troth_status status = troth_writer_ok(&w) && troth_writer_ok(&l)
					   ? troth_ima_carry_seal(a->worker->ctx,
								  &a->worker->front->carry_key,
								  a->row.id, &carry, out)
					   : TROTH_E_MEMORY;
	free(learned);
	return status;
}

static enum troth_status take_part(struct troth_attestation *a, const struct judging *j,
				   struct troth_ima_result *r, struct troth_ima_part_taken *out)
{
	TROTH_TRY(troth_ima_take_part(a->worker->ctx, &j->c, r));
	out->wants_whole = r->wants_whole;
	if (r->findings.n > 0 && !r->has_after)
		out->finding = r->findings.list[0].code;
	if (!r->has_after)
		return TROTH_OK;
	out->next = r->after.n_entries;
	return seal(a, j, r, &out->carry);
}

enum troth_status troth_ima_judge_part(struct troth_attestation *a,
				       struct troth_ima_part_taken *out)
{
	struct judging j;
	bool carried;
	*out = (struct troth_ima_part_taken){ .wants_whole = true };
	TROTH_TRY(prepare(a, &j, &carried));
	if (!carried)
		return TROTH_OK;
	if (j.carry.n_parts == TROTH_IMA_PARTS_MAX)
		return TROTH_E_LIMIT;
	struct troth_ima_result *r = malloc(sizeof *r);
	if (r == NULL)
		return TROTH_E_MEMORY;
	const enum troth_status status = take_part(a, &j, r, out);
	free(r);
	return status;
}
