/* SPDX-License-Identifier: Apache-2.0 */
/* Learning reference values from the evidence a device last gave.
 *
 * Whoever asks vouches that the device is good; what is taken is only what its quote has
 * proven: the log must have reproduced every PCR of the policy. */
#include <stdio.h>
#include <string.h>

#include "admin_json.h"
#include "admin_requests.h"
#include "base.h"
#include "reader.h"
#include "record.pb-c.h"
#include "text.h"
#include "verdict_wire.h"
#include "whole_log.h"
#include "wire.h"

struct lesson {
	const char *device, *name, *alternative;
	int merge;
	uint8_t over[32];  /* merge: the set that it is added to; zeros: there is none */
	char why_not[160]; /* filled when it cannot be learned */
};

static uint32_t selected_pcrs(const struct troth_pcr_selection *selection)
{
	uint32_t mask = 0;
	for (size_t i = 0; i < selection->n_banks; i++)
		mask |= selection->banks[i].mask;
	return mask;
}

/* PCRs of the bank that were quoted. */
static uint32_t quoted_pcrs(const Troth__V1__AppraisalRecord *record, enum troth_hash bank)
{
	for (size_t i = 0; i < record->n_pcrs; i++)
		if (record->pcrs[i]->algorithm == troth_hash_to_tpm(bank))
			return record->pcrs[i]->mask;
	return 0;
}

/* What a device last gave, as it is stored. */
struct evidence {
	ProtobufCMessage *unpacked;
	const Troth__V1__AppraisalRecord *record; /* of unpacked */
	struct troth_pcr_values pcrs;
	struct troth_buffer log, systemd;
};

static void evidence_clear(struct evidence *e)
{
	troth_wire_free(e->unpacked);
	troth_buffer_clear(&e->log);
	troth_buffer_clear(&e->systemd);
}

static bool names(ProtobufCBinaryData recorded, bool has, const uint8_t digest[32])
{
	return troth_view_equal(troth_wire_view(recorded),
				(struct troth_view){ digest, has ? 32 : 0 });
}

/* Which PCRs the logs reproduced, in every bank that the policy selects now: digests of a bank
 * that was not quoted are the log's mere word. And only if the record is about the logs that
 * the row names, for a device may attest in between. */
static uint32_t proven_by(const Troth__V1__AppraisalRecord *record,
			  const struct troth_device_row *row,
			  const struct troth_pcr_selection *selection)
{
	if (record->verdict == NULL || record->verdict->coverage == NULL ||
	    !names(record->log_digest, true, row->log_digest) ||
	    !names(record->systemd_digest, row->has_systemd, row->systemd_digest))
		return 0;
	uint32_t proven = record->verdict->coverage->pcrs_replayed;
	for (size_t i = 0; i < selection->n_banks; i++)
		proven &= quoted_pcrs(record, selection->banks[i].bank) |
			  ~selection->banks[i].mask;
	return proven;
}

static enum troth_status read_record(struct troth_admin *admin,
				     const struct troth_device_row *row, struct evidence *e)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer bytes = { 0 };
	bool affirming = row->last_pass_ms > row->last_fail_ms;
	TROTH_TRY(admin->front->store_ops->record(admin->front->store_backend, row->id,
						  affirming, &bytes));
	TROTH_TRY(troth_wire_unpack(&troth__v1__appraisal_record__descriptor,
				    troth_buffer_view(&bytes), &e->unpacked));
	e->record = (const Troth__V1__AppraisalRecord *)e->unpacked;
	return troth_wire_pcrs(e->record->pcrs, e->record->n_pcrs, &e->pcrs);
}

/* The verdict on the latest evidence says it. */
static enum troth_status check_proof(const struct evidence *e,
				     const struct troth_device_row *row,
				     const struct troth_policy *policy, struct lesson *l)
{
	const struct troth_pcr_selection selection = troth_policy_log_selection(policy);
	uint32_t missing = selected_pcrs(&selection) & ~proven_by(e->record, row, &selection);
	if (missing == 0)
		return TROTH_OK;
	snprintf(l->why_not, sizeof l->why_not,
		 "Its log does not reproduce PCR %d; leave that PCR out of policy '%s', or "
		 "find out why.",
		 __builtin_ctz(missing), policy->name);
	return TROTH_E_MISMATCH;
}

static enum troth_status read_logs(struct troth_admin *admin,
				   const struct troth_device_row *row, struct evidence *e)
{
	struct troth_store_backend *b = admin->front->store_backend;
	TROTH_TRY(admin->front->store_ops->log(b, row->log_digest, &e->log));
	return row->has_systemd
		       ? admin->front->store_ops->log(b, row->systemd_digest, &e->systemd)
		       : TROTH_OK;
}

/* The logs while they are learned from. */
struct reading {
	struct troth_log firmware;
	struct troth_userspace_log systemd;
	struct troth_replay replay;
	struct troth_whole_log whole;
};

static void reading_clear(struct reading *r)
{
	troth_whole_log_release(&r->whole);
	troth_userspace_release(&r->systemd);
	troth_log_release(&r->firmware);
}

/* What of systemd's log the quote proves is learned like the firmware's. */
static enum troth_status read_whole(struct troth_ctx *ctx, const struct evidence *e,
				    const struct troth_pcr_selection *selection,
				    struct reading *r)
{
	const struct troth_whole_case c = {
		.firmware = &r->firmware,
		.replay = &r->replay,
		.systemd = &r->systemd,
		.selection = selection,
		.pcrs = &e->pcrs,
	};
	TROTH_TRY(troth_log_parse(troth_buffer_view(&e->log), &r->firmware));
	TROTH_TRY(troth_log_replay_banks(ctx, &r->firmware, selection, &r->replay));
	TROTH_TRY(troth_userspace_parse(troth_buffer_view(&e->systemd), &r->systemd));
	return troth_whole_log_make(ctx, &c, &r->whole);
}

static enum troth_status learn_from(struct troth_ctx *ctx, const struct troth_policy *policy,
				    const struct evidence *e, const struct lesson *l,
				    struct troth_reference_set *out)
{
	const struct troth_pcr_selection selection = troth_policy_log_selection(policy);
	TROTH_AUTO(reading_clear) struct reading r = { 0 };
	TROTH_TRY(read_whole(ctx, e, &selection, &r));
	return troth_reference_learn(&r.whole.log, &selection, l->name, l->alternative, out);
}

static enum troth_status learn(struct troth_admin *admin, const struct troth_device_row *row,
			       const struct troth_snapshot *s, struct lesson *l,
			       struct troth_reference_set *out)
{
	TROTH_AUTO(evidence_clear) struct evidence e = { 0 };
	const struct troth_policy *policy = troth_snapshot_policy(s, row->group);
	if (policy == NULL || !row->has_log) {
		snprintf(l->why_not, sizeof l->why_not,
			 "It has sent no event log under a policy yet; let it attest first.");
		return TROTH_E_NOT_FOUND;
	}
	const struct troth_reference_set *old = troth_snapshot_reference(s, l->name);
	if (old != NULL)
		memcpy(l->over, old->id, sizeof l->over);
	TROTH_TRY(read_record(admin, row, &e));
	TROTH_TRY(check_proof(&e, row, policy, l));
	TROTH_TRY(read_logs(admin, row, &e));
	TROTH_TRY(learn_from(admin->ctx, policy, &e, l, out));
	return l->merge != 0 && old != NULL ? troth_reference_merge(out, old) : TROTH_OK;
}

static void answer_lesson(struct troth_exchange *x, struct troth_admin *admin, struct lesson *l)
{
	struct troth_device_row row;
	struct troth_reference_set set = { 0 };
	if (!troth_admin_find_device(admin, troth_view_str(l->device), &row)) {
		troth_admin_unknown_device(x);
		return;
	}
	struct troth_snapshot *s = troth_snapshot_take(admin->front->snapshots);
	enum troth_status status = learn(admin, &row, s, l, &set);
	troth_snapshot_release(s);
	if (status == TROTH_OK)
		troth_admin_put_set(x, admin, &set, l->merge != 0 ? l->over : NULL);
	else
		troth_exchange_problem(
			x, 409, status == TROTH_E_NOT_FOUND ? "no-evidence" : "cannot-learn",
			l->why_not[0] != '\0' ? l->why_not : troth_status_name(status), 0);
	troth_reference_release(&set);
}

void troth_admin_learn(struct troth_exchange *x, void *admin)
{
	struct troth_view body = troth_exchange_body(x);
	struct lesson l = { .alternative = "learned" };
	json_t *value = json_loadb((const char *)body.p, body.n, JSON_REJECT_DUPLICATES, NULL);
	if (json_unpack_ex(value, NULL, JSON_STRICT, "{s:s, s:s, s?:s, s?:b}", "device",
			   &l.device, "name", &l.name, "alternative", &l.alternative, "merge",
			   &l.merge) != 0 ||
	    !troth_name_valid(troth_view_str(l.name)) ||
	    !troth_name_valid(troth_view_str(l.alternative)))
		troth_exchange_problem(
			x, 400, "malformed",
			"Want {\"device\", \"name\", \"alternative\", \"merge\"}, "
			"names of a-z, 0-9, '.', '_', '-'.",
			0);
	else
		answer_lesson(x, admin, &l);
	json_decref(value);
}
