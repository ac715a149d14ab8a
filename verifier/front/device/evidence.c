/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence.h"

#include <stdlib.h>

#include "base.h"
#include "reader.h"
#include "verdict_wire.h"
#include "version.h"
#include "wire.h"

/* protobuf-c takes strings without const and never writes to them when packing. */
static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

static void fill_device(const struct troth_device_row *row, Troth__V1__RegistrySnapshot *m)
{
	troth__v1__registry_snapshot__init(m);
	m->device_id = troth_wire_bytes(TROTH_VIEW_OF(row->id));
	m->name = text(row->name);
	m->segment = text(row->segment);
	m->group = text(row->group);
	m->version = row->version;
	m->generation = row->generation;
	m->ak_public = troth_wire_bytes((struct troth_view){ row->ak_public, row->ak_len });
	m->order_known = row->order.known;
	m->reset_count = row->order.reset_count;
	m->restart_count = row->order.restart_count;
	m->clock = row->order.clock;
	m->ek_certificate_trusted = row->ek_certificate_trusted;
	m->ek_in_inventory = row->ek_in_inventory;
	m->ek_maker = text(row->ek_maker);
}

static void fill_message(const Troth__V1__Attestation *a, Troth__V1__AppraisalRecord *m)
{
	m->token = a->token;
	m->quote = a->quote;
	m->signature = a->signature;
	m->n_pcrs = a->n_pcrs;
	m->pcrs = a->pcrs;
	m->credential_key = a->credential_key;
	m->certification = a->certification;
	m->session_key = a->session_key;
	m->session_signature = a->session_signature;
	m->result_nonce = a->result_nonce;
	m->facts = a->facts;
	m->secret_key = a->secret_key;
	m->secret_name = a->secret_name;
	m->ima = a->ima;
	m->ima_first = a->ima_first;
}

enum troth_status troth_record_pack(const struct troth_record_case *c, uint8_t **out,
				    size_t *out_len)
{
	Troth__V1__RegistrySnapshot device;
	struct troth_verdict_message verdict;
	Troth__V1__AppraisalRecord m;
	fill_device(c->row, &device);
	troth_verdict_message_fill(c->verdict, c->verdict_digest, &verdict);
	troth__v1__appraisal_record__init(&m);
	fill_message(c->attestation, &m);
	m.format = 1;
	m.engine_version = text(TROTH_VERSION);
	m.device = &device;
	m.ima_version = troth_wire_bytes(c->ima_version);
	m.ima_before = troth_wire_bytes((struct troth_view){ c->row->ima, c->row->ima_len });
	m.ima_parts = troth_wire_bytes(c->ima_parts);
	m.ima_learned = troth_wire_bytes(c->ima_learned);
	m.verdict = &verdict.verdict;
	if (c->log_digest != NULL)
		m.log_digest = troth_wire_bytes((struct troth_view){ c->log_digest, 32 });
	if (c->systemd_digest != NULL)
		m.systemd_digest =
			troth_wire_bytes((struct troth_view){ c->systemd_digest, 32 });
	m.policy_name = text(c->policy_name);
	m.policy_id = troth_wire_bytes(c->policy_id);
	m.reference_name = text(c->reference_name);
	m.reference_id = troth_wire_bytes(c->reference_id);
	m.received_ms = c->received_ms;
	m.evidence_ms = c->evidence_ms;
	m.certificate_sha256 = troth_wire_bytes(c->certificate_sha256);
	return troth_wire_pack(&m.base, out, out_len);
}
