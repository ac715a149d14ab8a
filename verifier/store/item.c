/* SPDX-License-Identifier: Apache-2.0 */
#include "item.h"

#include <string.h>

#include "audit.h"
#include "base.h"
#include "reader.h"
#include "text.h"

static bool fits(uint64_t n)
{
	return n <= INT64_MAX;
}

/* Ended inside its field, and a legal name (or, where allowed, empty). */
static bool name_sound(const char field[TROTH_NAME_LEN_MAX + 1], bool may_be_empty)
{
	size_t n = strnlen(field, TROTH_NAME_LEN_MAX + 1);

	if (n > TROTH_NAME_LEN_MAX)
		return false;
	if (n == 0)
		return may_be_empty;
	return troth_name_valid((struct troth_view){ (const uint8_t *)field, n });
}

static enum troth_status check_row(const struct troth_device_row *row)
{
	/* One below the maximum: the stored version is one higher. */
	if (row->version >= INT64_MAX || !fits(row->generation) || !fits(row->order.clock) ||
	    !fits(row->certification.time_ms) || !fits(row->enrolled_ms) ||
	    !fits(row->last_pass_ms) || !fits(row->last_fail_ms) ||
	    !fits(row->certificate_not_after_s) || row->ak_len > sizeof row->ak_public ||
	    row->ima_len > sizeof row->ima)
		return TROTH_E_LIMIT;
	if (!name_sound(row->name, false) || !name_sound(row->segment, true) ||
	    !name_sound(row->group, true))
		return TROTH_E_MALFORMED;
	if (strnlen(row->finding, sizeof row->finding) == sizeof row->finding)
		return TROTH_E_MALFORMED;
	if ((unsigned)row->state >= TROTH_DEVICE_STATE_N ||
	    (unsigned)row->tier > TROTH_TIER_CONTRAINDICATED)
		return TROTH_E_MALFORMED;
	return TROTH_OK;
}

/* Nothing changes without its audit leaf. */
static enum troth_status check_leaf(struct troth_view leaf, uint64_t now_s)
{
	if (leaf.n == 0)
		return TROTH_E_MALFORMED;
	return leaf.n <= TROTH_AUDIT_LEAF_MAX && fits(now_s) ? TROTH_OK : TROTH_E_LIMIT;
}

static enum troth_status check_enrol(const struct troth_store_enrol *e)
{
	if (e->ek_key.n > TROTH_RSA_BYTES_MAX || e->ek_certificate.n > TROTH_CERT_MAX ||
	    e->facts.n > TROTH_SMALL_BODY_MAX)
		return TROTH_E_LIMIT;
	TROTH_TRY(check_leaf(e->leaf, e->now_s));
	return check_row(&e->row);
}

/* Nothing is released without a place to put it, and a leaf that says so. */
static enum troth_status check_release(const struct troth_store_verdict *v)
{
	if (v->secret_name[0] == '\0')
		return v->secret == NULL ? TROTH_OK : TROTH_E_MALFORMED;
	if (!name_sound(v->secret_name, false) || v->secret == NULL || !v->issued)
		return TROTH_E_MALFORMED;
	return check_leaf(v->secret_leaf, v->now_s);
}

static enum troth_status check_verdict(const struct troth_store_verdict *v)
{
	struct troth_view id = TROTH_VIEW_OF(v->device_id);

	if (v->version >= INT64_MAX || !fits(v->policy_epoch) || !fits(v->not_after_s) ||
	    v->record.n > TROTH_BODY_MAX || v->log.n > TROTH_LOG_MAX ||
	    v->systemd.n > TROTH_SYSTEMD_LOG_MAX || v->result_nonce.n > TROTH_RESULT_NONCE_MAX)
		return TROTH_E_LIMIT;
	if (!troth_view_equal(id, TROTH_VIEW_OF(v->row.id)) || v->record.n == 0 ||
	    (v->log.n > 0 && !v->row.has_log) || (v->systemd.n > 0 && !v->row.has_systemd))
		return TROTH_E_MALFORMED;
	if (v->issued && (v->revoke || v->row.tier == TROTH_TIER_CONTRAINDICATED))
		return TROTH_E_MALFORMED;
	TROTH_TRY(check_release(v));
	TROTH_TRY(check_leaf(v->leaf, v->now_s));
	return check_row(&v->row);
}

static enum troth_status check_document(const struct troth_store_document *d)
{
	size_t max = d->is_policy ? TROTH_POLICY_MAX : TROTH_REFERENCE_JSON_MAX;

	if (d->text.n > max)
		return TROTH_E_LIMIT;
	if (!name_sound(d->name, false))
		return TROTH_E_MALFORMED;
	return check_leaf(d->leaf, d->now_s);
}

static enum troth_status check_cursor(const struct troth_store_cursor *c)
{
	if (!fits(c->next))
		return TROTH_E_LIMIT;
	return name_sound(c->name, false) ? TROTH_OK : TROTH_E_MALFORMED;
}

static enum troth_status check_forget(const struct troth_store_forget *f)
{
	if (!fits(f->first) || !fits(f->now_s) || f->n_leaves > TROTH_WEBHOOKS_MAX)
		return TROTH_E_LIMIT;
	for (size_t i = 0; i < f->n_leaves; i++)
		TROTH_TRY(check_leaf(f->leaves[i], f->now_s));
	return TROTH_OK;
}

/* A grant has no value of its own; a value comes with nothing but a put. */
static enum troth_status check_secret(const struct troth_store_secret *s)
{
	const bool put = s->deed == TROTH_STORE_SECRET_PUT;

	if (s->sealed.n > TROTH_SECRET_SEALED_MAX)
		return TROTH_E_LIMIT;
	if (!name_sound(s->name, false) || s->deed > TROTH_STORE_SECRET_REMOVE ||
	    put != (s->sealed.n > 0))
		return TROTH_E_MALFORMED;
	return check_leaf(s->leaf, s->now_s);
}

enum troth_status troth_store_item_check(const struct troth_store_item *item)
{
	switch (item->kind) {
	case TROTH_STORE_ENROL: return check_enrol(&item->u.enrol);
	case TROTH_STORE_VERDICT: return check_verdict(&item->u.verdict);
	case TROTH_STORE_STATE:
		TROTH_TRY(check_leaf(item->u.state.leaf, item->u.state.now_s));
		return check_row(&item->u.state.row);
	case TROTH_STORE_DOCUMENT: return check_document(&item->u.document);
	case TROTH_STORE_CURSOR: return check_cursor(&item->u.cursor);
	case TROTH_STORE_SECRET: return check_secret(&item->u.secret);
	case TROTH_STORE_FORGET: return check_forget(&item->u.forget);
	}
	return TROTH_E_MALFORMED;
}

/* Absent fields hold nothing, so that a row read back equals the row reported. */
static void normalise(struct troth_device_row *row)
{
	if (!row->order.known)
		row->order = (struct troth_order){ 0 };
	if (!row->certification.present)
		row->certification = (struct troth_certification_record){ 0 };
	if (!row->has_log)
		memset(row->log_digest, 0, sizeof row->log_digest);
	if (!row->has_systemd)
		memset(row->systemd_digest, 0, sizeof row->systemd_digest);
}

bool troth_store_row_after(const struct troth_store_item *item, struct troth_device_row *out)
{
	switch (item->kind) {
	case TROTH_STORE_ENROL:
		*out = item->u.enrol.row;
		/* A key certified under another AK is certified no more. */
		out->certification.present = false;
		break;
	case TROTH_STORE_VERDICT:
		*out = item->u.verdict.row;
		out->version = item->u.verdict.version;
		break;
	case TROTH_STORE_STATE: *out = item->u.state.row; break;
	case TROTH_STORE_DOCUMENT:
	case TROTH_STORE_CURSOR:
	case TROTH_STORE_FORGET:
	case TROTH_STORE_SECRET: return false;
	}
	out->version++;
	normalise(out);
	return true;
}

bool troth_store_revokes(const struct troth_store_item *item)
{
	switch (item->kind) {
	case TROTH_STORE_ENROL: return true;
	case TROTH_STORE_VERDICT: return item->u.verdict.revoke;
	case TROTH_STORE_STATE:
		return item->u.state.revoke || item->u.state.row.state != TROTH_DEVICE_ACTIVE;
	case TROTH_STORE_DOCUMENT:
	case TROTH_STORE_CURSOR:
	case TROTH_STORE_FORGET:
	case TROTH_STORE_SECRET: break;
	}
	return false;
}

const uint8_t *troth_store_item_device(const struct troth_store_item *item)
{
	switch (item->kind) {
	case TROTH_STORE_ENROL: return item->u.enrol.row.id;
	case TROTH_STORE_VERDICT: return item->u.verdict.device_id;
	case TROTH_STORE_STATE: return item->u.state.row.id;
	case TROTH_STORE_DOCUMENT:
	case TROTH_STORE_CURSOR:
	case TROTH_STORE_FORGET:
	case TROTH_STORE_SECRET: break;
	}
	return NULL;
}

uint64_t troth_store_item_now_s(const struct troth_store_item *item)
{
	switch (item->kind) {
	case TROTH_STORE_ENROL: return item->u.enrol.now_s;
	case TROTH_STORE_VERDICT: return item->u.verdict.now_s;
	case TROTH_STORE_STATE: return item->u.state.now_s;
	case TROTH_STORE_DOCUMENT: return item->u.document.now_s;
	case TROTH_STORE_SECRET: return item->u.secret.now_s;
	case TROTH_STORE_FORGET: return item->u.forget.now_s;
	case TROTH_STORE_CURSOR: break;
	}
	return 0;
}

/* ---- copies ---- */

#define VIEWS_MAX TROTH_WEBHOOKS_MAX /* of what is forgotten */

/* The places of an item's views: sizing and copying walk the same list. */
static size_t views_of(struct troth_store_item *item, struct troth_view *out[VIEWS_MAX])
{
	size_t n = 0;

	switch (item->kind) {
	case TROTH_STORE_ENROL:
		out[n++] = &item->u.enrol.ek_key;
		out[n++] = &item->u.enrol.ek_certificate;
		out[n++] = &item->u.enrol.facts;
		out[n++] = &item->u.enrol.leaf;
		break;
	case TROTH_STORE_VERDICT:
		out[n++] = &item->u.verdict.record;
		out[n++] = &item->u.verdict.log;
		out[n++] = &item->u.verdict.systemd;
		out[n++] = &item->u.verdict.leaf;
		out[n++] = &item->u.verdict.result_nonce;
		out[n++] = &item->u.verdict.secret_leaf;
		break;
	case TROTH_STORE_STATE: out[n++] = &item->u.state.leaf; break;
	case TROTH_STORE_DOCUMENT:
		out[n++] = &item->u.document.text;
		out[n++] = &item->u.document.leaf;
		break;
	case TROTH_STORE_CURSOR: break;
	case TROTH_STORE_FORGET:
		while (n < item->u.forget.n_leaves) {
			out[n] = &item->u.forget.leaves[n];
			n++;
		}
		break;
	case TROTH_STORE_SECRET:
		out[n++] = &item->u.secret.sealed;
		out[n++] = &item->u.secret.leaf;
		break;
	}
	return n;
}

size_t troth_store_item_bytes(const struct troth_store_item *item)
{
	struct troth_store_item shallow = *item;
	struct troth_view *views[VIEWS_MAX];
	size_t n = views_of(&shallow, views), bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += views[i]->n;
	return bytes;
}

void troth_store_item_copy(const struct troth_store_item *item, struct troth_store_item *out,
			   uint8_t *bytes)
{
	struct troth_view *views[VIEWS_MAX];
	size_t n, at = 0;

	*out = *item;
	n = views_of(out, views);
	for (size_t i = 0; i < n; i++) {
		struct troth_view from = *views[i];
		if (from.n == 0) {
			*views[i] = (struct troth_view){ 0 };
			continue;
		}
		memcpy(bytes + at, from.p, from.n);
		views[i]->p = bytes + at;
		at += from.n;
	}
}
