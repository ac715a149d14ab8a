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

/* Which PCRs the log reproduced, in every bank that the policy selects now: digests of a bank
 * that was not quoted are the log's mere word. And only if the record is about the log that the
 * row names, for a device may attest in between. */
static uint32_t proven_by(const Troth__V1__AppraisalRecord *record,
			  const struct troth_device_row *row,
			  const struct troth_pcr_selection *selection)
{
	if (record->verdict == NULL || record->verdict->coverage == NULL ||
	    !troth_view_equal(troth_wire_view(record->log_digest),
			      TROTH_VIEW_OF(row->log_digest)))
		return 0;
	uint32_t proven = record->verdict->coverage->pcrs_replayed;
	for (size_t i = 0; i < selection->n_banks; i++)
		proven &= quoted_pcrs(record, selection->banks[i].bank) |
			  ~selection->banks[i].mask;
	return proven;
}

/* The verdict on the latest evidence says it. */
static enum troth_status proven_pcrs(struct troth_admin *admin,
				     const struct troth_device_row *row,
				     const struct troth_pcr_selection *selection, uint32_t *out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer bytes = { 0 };
	ProtobufCMessage *m;
	bool affirming = row->last_pass_ms > row->last_fail_ms;
	TROTH_TRY(admin->front->store_ops->record(admin->front->store_backend, row->id,
						  affirming, &bytes));
	TROTH_TRY(troth_wire_unpack(&troth__v1__appraisal_record__descriptor,
				    troth_buffer_view(&bytes), &m));
	*out = proven_by((const Troth__V1__AppraisalRecord *)m, row, selection);
	troth_wire_free(m);
	return TROTH_OK;
}

static enum troth_status check_proof(struct troth_admin *admin,
				     const struct troth_device_row *row,
				     const struct troth_policy *policy, struct lesson *l)
{
	const struct troth_pcr_selection selection = troth_policy_log_selection(policy);
	uint32_t proven;
	TROTH_TRY(proven_pcrs(admin, row, &selection, &proven));
	uint32_t missing = selected_pcrs(&selection) & ~proven;
	if (missing == 0)
		return TROTH_OK;
	snprintf(l->why_not, sizeof l->why_not,
		 "Its log does not reproduce PCR %d; leave that PCR out of policy '%s', or "
		 "find out why.",
		 __builtin_ctz(missing), policy->name);
	return TROTH_E_MISMATCH;
}

static enum troth_status learn_from(const struct troth_policy *policy,
				    const struct troth_reference_set *old,
				    struct troth_view bytes, const struct lesson *l,
				    struct troth_reference_set *out)
{
	const struct troth_pcr_selection selection = troth_policy_log_selection(policy);
	struct troth_log log = { 0 };
	TROTH_TRY(troth_log_parse(bytes, &log));
	enum troth_status status =
		troth_reference_learn(&log, &selection, l->name, l->alternative, out);
	troth_log_release(&log);
	if (status == TROTH_OK && l->merge != 0 && old != NULL)
		status = troth_reference_merge(out, old);
	return status;
}

static enum troth_status learn(struct troth_admin *admin, const struct troth_device_row *row,
			       const struct troth_snapshot *s, struct lesson *l,
			       struct troth_reference_set *out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer bytes = { 0 };
	const struct troth_policy *policy = troth_snapshot_policy(s, row->group);
	if (policy == NULL || !row->has_log) {
		snprintf(l->why_not, sizeof l->why_not,
			 "It has sent no event log under a policy yet; let it attest first.");
		return TROTH_E_NOT_FOUND;
	}
	const struct troth_reference_set *old = troth_snapshot_reference(s, l->name);
	if (old != NULL)
		memcpy(l->over, old->id, sizeof l->over);
	TROTH_TRY(check_proof(admin, row, policy, l));
	TROTH_TRY(admin->front->store_ops->log(admin->front->store_backend, row->log_digest,
					       &bytes));
	return learn_from(policy, old, troth_buffer_view(&bytes), l, out);
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
