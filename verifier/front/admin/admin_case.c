/* SPDX-License-Identifier: Apache-2.0 */
/* A device's last verdict with everything it was made of: what explains and replays it
 * elsewhere. Policy and reference set come by the ids that the record names, whatever is in
 * force now. */
#include <stdlib.h>
#include <string.h>

#include "admin_requests.h"
#include "base.h"
#include "case_lists.h"
#include "reader.h"
#include "record.pb-c.h"
#include "wire.h"

/* The parts as they were read; the message borrows them. */
struct parts {
	struct troth_buffer record, log, systemd, policy, reference, good_log;
	uint8_t good_log_digest[32]; /* its name in the store */
	bool elsewhere;		     /* good_log is another device's */
	struct troth_case_lists lists;
};

static void parts_clear(struct parts *p)
{
	troth_buffer_clear(&p->record);
	troth_buffer_clear(&p->log);
	troth_buffer_clear(&p->systemd);
	troth_buffer_clear(&p->policy);
	troth_buffer_clear(&p->reference);
	troth_buffer_clear(&p->good_log);
	troth_case_lists_clear(&p->lists);
}

typedef enum troth_status find_fn(struct troth_store_backend *b, const uint8_t id[32],
				  struct troth_buffer *out);

/* What is gone from the store is left out: the reader of the case says so. */
static enum troth_status find(const struct troth_front *f, find_fn *find_by_id,
			      ProtobufCBinaryData id, struct troth_buffer *out)
{
	if (id.len != 32)
		return TROTH_OK;
	enum troth_status status = find_by_id(f->store_backend, id.data, out);
	return status == TROTH_E_NOT_FOUND ? TROTH_OK : status;
}

static bool same(ProtobufCBinaryData a, ProtobufCBinaryData b)
{
	return troth_view_equal(troth_wire_view(a), troth_wire_view(b));
}

static enum troth_status take_good_log(const struct troth_front *f, ProtobufCBinaryData digest,
				       struct parts *p)
{
	TROTH_TRY(find(f, f->store_ops->log, digest, &p->good_log));
	if (p->good_log.n > 0)
		memcpy(p->good_log_digest, digest.data, sizeof p->good_log_digest);
	return TROTH_OK;
}

/* The log the device last passed with tells what an unknown event was before. */
static enum troth_status find_own_log(const struct troth_front *f,
				      const Troth__V1__AppraisalRecord *record, struct parts *p)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer bytes = { 0 };
	ProtobufCMessage *m;
	if (record->device == NULL || record->device->device_id.len != 32)
		return TROTH_OK;
	enum troth_status status = f->store_ops->record(
		f->store_backend, record->device->device_id.data, true, &bytes);
	if (status == TROTH_E_NOT_FOUND)
		return TROTH_OK;
	TROTH_TRY(status);
	TROTH_TRY(troth_wire_unpack(&troth__v1__appraisal_record__descriptor,
				    troth_buffer_view(&bytes), &m));
	const Troth__V1__AppraisalRecord *good = (const Troth__V1__AppraisalRecord *)m;
	if (!same(good->log_digest, record->log_digest))
		status = take_good_log(f, good->log_digest, p);
	else
		status = TROTH_OK;
	troth_wire_free(m);
	return status;
}

/* Whoever passes under the policy, and did so last. */
struct witness {
	const char *group;
	struct troth_view log; /* of the device in question */
	uint8_t digest[32];
	uint64_t passed_ms; /* 0: nobody */
};

static bool ask_device(void *arg, const struct troth_device_row *row)
{
	struct witness *w = arg;
	if (row->tier == TROTH_TIER_AFFIRMING && row->has_log &&
	    row->last_pass_ms > w->passed_ms && row->last_pass_ms > row->last_fail_ms &&
	    strcmp(row->group, w->group) == 0 &&
	    !troth_view_equal(TROTH_VIEW_OF(row->log_digest), w->log)) {
		memcpy(w->digest, row->log_digest, sizeof w->digest);
		w->passed_ms = row->last_pass_ms;
	}
	return true;
}

/* A device that never passed is compared with one that does. It says nothing of this device:
 * only events that the reference values want there are looked up in its log. */
static enum troth_status find_good_log(const struct troth_front *f,
				       const Troth__V1__AppraisalRecord *record,
				       struct parts *p)
{
	TROTH_TRY(find_own_log(f, record, p));
	if (p->good_log.n > 0 || record->policy_name == NULL)
		return TROTH_OK;
	struct witness w = { .group = record->policy_name,
			     .log = troth_wire_view(record->log_digest) };
	troth_registry_each(f->registry, ask_device, &w);
	if (w.passed_ms == 0)
		return TROTH_OK;
	p->elsewhere = true;
	return take_good_log(f, (ProtobufCBinaryData){ sizeof w.digest, w.digest }, p);
}

static enum troth_status gather(struct troth_ctx *ctx, const struct troth_front *f,
				struct parts *p)
{
	ProtobufCMessage *m;
	TROTH_TRY(troth_wire_unpack(&troth__v1__appraisal_record__descriptor,
				    troth_buffer_view(&p->record), &m));
	const Troth__V1__AppraisalRecord *r = (const Troth__V1__AppraisalRecord *)m;
	enum troth_status status = find(f, f->store_ops->log, r->log_digest, &p->log);
	if (status == TROTH_OK)
		status = find(f, f->store_ops->log, r->systemd_digest, &p->systemd);
	if (status == TROTH_OK)
		status = find(f, f->store_ops->text, r->policy_id, &p->policy);
	if (status == TROTH_OK)
		status = find(f, f->store_ops->text, r->reference_id, &p->reference);
	if (status == TROTH_OK)
		status = find_good_log(f, r, p);
	if (status == TROTH_OK)
		status = troth_case_lists_find(ctx, f, r, troth_buffer_view(&p->policy),
					       &p->lists);
	troth_wire_free(m);
	return status;
}

static enum troth_status answer(struct troth_exchange *x, const struct troth_front *f,
				struct parts *p)
{
	Troth__V1__AppraisalCase m;
	uint8_t *bytes;
	size_t n;
	troth__v1__appraisal_case__init(&m);
	m.format = 1;
	m.trust_domain = (char *)(uintptr_t)f->settings->trust_domain;
	m.record = troth_wire_bytes(troth_buffer_view(&p->record));
	m.log = troth_wire_bytes(troth_buffer_view(&p->log));
	m.systemd_log = troth_wire_bytes(troth_buffer_view(&p->systemd));
	m.policy = troth_wire_bytes(troth_buffer_view(&p->policy));
	m.reference = troth_wire_bytes(troth_buffer_view(&p->reference));
	m.good_log = troth_wire_bytes(troth_buffer_view(&p->good_log));
	m.good_log_elsewhere = p->elsewhere && p->good_log.n > 0;
	if (p->good_log.n > 0)
		m.good_log_digest = troth_wire_bytes(TROTH_VIEW_OF(p->good_log_digest));
	m.n_ima_lists = p->lists.n;
	m.ima_lists = p->lists.list;
	TROTH_TRY(troth_wire_pack(&m.base, &bytes, &n));
	troth_exchange_answer(x, 200, "application/x-protobuf",
			      (struct troth_view){ bytes, n });
	free(bytes);
	return TROTH_OK;
}

void troth_admin_case(struct troth_exchange *x, void *arg)
{
	struct troth_admin *admin = arg;
	const struct troth_front *f = admin->front;
	struct troth_device_row row;
	struct parts p = { 0 };
	if (!troth_admin_find_device(admin, troth_exchange_segment(x), &row)) {
		troth_admin_unknown_device(x);
		return;
	}
	bool affirming = row.last_pass_ms > row.last_fail_ms;
	enum troth_status status =
		f->store_ops->record(f->store_backend, row.id, affirming, &p.record);
	if (status == TROTH_E_NOT_FOUND) {
		troth_exchange_problem(x, 404, "no-verdict",
				       "This device was not appraised yet.", 0);
		parts_clear(&p);
		return;
	}
	if (status == TROTH_OK)
		status = gather(admin->ctx, f, &p);
	if (status == TROTH_OK)
		status = answer(x, f, &p);
	if (status != TROTH_OK)
		troth_exchange_problem(x, 503, "unavailable", "The store cannot be read.", 1);
	parts_clear(&p);
}
