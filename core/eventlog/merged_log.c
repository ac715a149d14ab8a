/* SPDX-License-Identifier: Apache-2.0 */
#include "merged_log.h"

#include "base.h"
#include "reader.h"

const char *troth_source_name(enum troth_source source)
{
	switch (source) {
	case TROTH_SOURCE_NONE: break;
	case TROTH_SOURCE_FIRMWARE: return "firmware";
	case TROTH_SOURCE_SYSTEMD: return "systemd";
	case TROTH_SOURCE_IMA: return "ima";
	}
	return NULL;
}

struct troth_merged_log troth_merged_begin(struct troth_ctx *ctx, enum troth_hash bank,
					   const struct troth_log *firmware,
					   const struct troth_userspace_log *systemd,
					   const struct troth_ima_list *ima)
{
	struct troth_merged_log m = { .ctx = ctx, .bank = bank };
	m.firmware = firmware;
	m.systemd = systemd;
	if (ima != NULL)
		m.ima = *ima;
	return m;
}

static enum troth_status next_firmware(struct troth_merged_log *m,
				       struct troth_merged_entry *entry)
{
	entry->source = TROTH_SOURCE_FIRMWARE;
	entry->event = &m->firmware->events[m->n_firmware];
	entry->index = m->n_firmware++;
	entry->has_pcr = true;
	entry->pcr = entry->event->pcr;
	TROTH_TRY(troth_event_prove(m->ctx, m->firmware, entry->event, m->bank, &entry->proof));
	entry->proof.quirks |= entry->event->quirks;
	return TROTH_OK;
}

static enum troth_status next_systemd(struct troth_merged_log *m,
				      struct troth_merged_entry *entry)
{
	entry->source = TROTH_SOURCE_SYSTEMD;
	entry->userspace = &m->systemd->events[m->n_systemd];
	entry->index = m->n_systemd++;
	entry->has_pcr = entry->userspace->has_pcr;
	entry->pcr = entry->userspace->pcr;
	return troth_userspace_prove(m->ctx, entry->userspace, m->bank, &entry->proof);
}

/* A bank is extended with the hash of the record's fields, which proves them; a violation says
 * only that there was one (ima_replay.h). */
static enum troth_status next_ima(struct troth_merged_log *m, struct troth_merged_entry *entry)
{
	TROTH_TRY(troth_ima_next(&m->ima, &m->record));
	entry->source = TROTH_SOURCE_IMA;
	entry->record = &m->record;
	entry->index = m->record.index;
	entry->has_pcr = true;
	entry->pcr = m->record.pcr;
	entry->proof.proof = TROTH_PROOF_DIGEST;
	entry->proof.digest = m->record.digest;
	if (m->record.violation)
		return TROTH_OK;
	TROTH_TRY(troth_ima_template_digest(m->ctx, m->ima.hash, &m->record,
					    &m->template_digest));
	if (troth_view_equal(troth_digest_view(&m->template_digest), m->record.digest)) {
		entry->proof.proof = TROTH_PROOF_DATA;
		entry->proof.data = m->record.data;
	}
	return TROTH_OK;
}

static bool ima_is_next(const struct troth_merged_log *m)
{
	const bool more_systemd = m->systemd != NULL && m->n_systemd < m->systemd->n_events;
	if (troth_ima_at_end(&m->ima))
		return false;
	return m->ima.n_read == 0 || !more_systemd;
}

enum troth_status troth_merged_next(struct troth_merged_log *m, struct troth_merged_entry *out)
{
	struct troth_merged_entry entry = { .position = m->n_told };
	if (m->n_firmware < m->firmware->n_events)
		TROTH_TRY(next_firmware(m, &entry));
	else if (ima_is_next(m))
		TROTH_TRY(next_ima(m, &entry));
	else if (m->systemd != NULL && m->n_systemd < m->systemd->n_events)
		TROTH_TRY(next_systemd(m, &entry));
	m->n_told += entry.source != TROTH_SOURCE_NONE;
	*out = entry;
	return TROTH_OK;
}

/* ---- rendering ---- */

static void ima_digest(struct troth_line *l, const struct troth_ima_digest *d)
{
	if (d->bytes.n == 0)
		return;
	if (d->algorithm.n > 0) {
		troth_line_bytes(l, d->algorithm);
		troth_line_str(l, ":");
	}
	troth_line_hex(l, d->bytes);
}

static void ima_line(struct troth_line *l, const struct troth_ima_record *r)
{
	struct troth_ima_entry e;
	if (troth_ima_decode(r, &e) != TROTH_OK) {
		troth_line_hex(l, r->data);
		return;
	}
	if (r->violation)
		troth_line_str(l, "violation: ");
	troth_line_ascii(l, e.path);
	troth_line_str(l, " ");
	ima_digest(l, &e.file);
}

static void ima_fields(const struct troth_fields *f, const struct troth_ima_record *r)
{
	struct troth_ima_entry e;
	struct troth_field_line text;
	if (troth_ima_decode(r, &e) != TROTH_OK) {
		troth_field_hex(f, "data", r->data);
		return;
	}
	troth_field_ascii(f, "path", e.path);
	ima_digest(troth_field_begin(&text), &e.file);
	troth_field_end(f, "file_digest", &text);
	if (r->violation)
		troth_field_text(f, "violation", "yes");
	if (e.field[TROTH_IMA_SIG].n > 0)
		troth_field_hex(f, "signature", e.field[TROTH_IMA_SIG]);
	if (e.field[TROTH_IMA_BUF].n > 0)
		troth_field_hex(f, "buffer", e.field[TROTH_IMA_BUF]);
}

void troth_merged_line(struct troth_line *l, const struct troth_merged_entry *entry)
{
	switch (entry->source) {
	case TROTH_SOURCE_NONE: break;
	case TROTH_SOURCE_FIRMWARE: troth_event_line(entry->event, l); break;
	case TROTH_SOURCE_SYSTEMD: troth_userspace_line(l, entry->userspace); break;
	case TROTH_SOURCE_IMA: ima_line(l, entry->record); break;
	}
}

void troth_merged_fields(const struct troth_fields *f, const struct troth_merged_entry *entry)
{
	switch (entry->source) {
	case TROTH_SOURCE_NONE: break;
	case TROTH_SOURCE_FIRMWARE: troth_event_fields(entry->event, f); break;
	case TROTH_SOURCE_SYSTEMD: troth_userspace_fields(f, entry->userspace); break;
	case TROTH_SOURCE_IMA: ima_fields(f, entry->record); break;
	}
}

void troth_merged_type(struct troth_line *l, const struct troth_merged_entry *entry)
{
	switch (entry->source) {
	case TROTH_SOURCE_NONE: break;
	case TROTH_SOURCE_FIRMWARE: troth_line_event_type(l, entry->event->type); break;
	case TROTH_SOURCE_SYSTEMD:
		if (entry->userspace->type.n > 0)
			troth_line_bytes(l, entry->userspace->type);
		else
			troth_line_str(l, "userspace");
		break;
	case TROTH_SOURCE_IMA: troth_line_bytes(l, entry->record->name); break;
	}
}
