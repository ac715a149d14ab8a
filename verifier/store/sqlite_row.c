/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "sqlite_internal.h"

static void put_nulls(struct troth_call *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		troth_put_null(c);
}

static void take_skips(struct troth_call *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		troth_take_skip(c);
}

static void put_order(struct troth_call *c, const struct troth_order *order)
{
	if (!order->known) {
		put_nulls(c, 3);
		return;
	}
	troth_put_u64(c, order->reset_count);
	troth_put_u64(c, order->restart_count);
	troth_put_u64(c, order->clock);
}

static void put_certification(struct troth_call *c, const struct troth_certification_record *r)
{
	if (!r->present) {
		put_nulls(c, 6);
		return;
	}
	troth_put_bytes(c, TROTH_VIEW_OF(r->key_name_sha256));
	troth_put_bytes(c, TROTH_VIEW_OF(r->session_thumbprint));
	troth_put_u64(c, r->reset_count);
	troth_put_u64(c, r->restart_count);
	troth_put_u64(c, r->time_ms);
	troth_put_bytes(c, TROTH_VIEW_OF(r->mac));
}

void troth_put_verdict_part(struct troth_call *c, const struct troth_device_row *row)
{
	struct troth_view log = TROTH_VIEW_OF(row->log_digest);
	struct troth_view systemd = TROTH_VIEW_OF(row->systemd_digest);

	put_order(c, &row->order);
	put_certification(c, &row->certification);
	troth_put_bytes_or_null(c, row->has_log ? log : (struct troth_view){ 0 });
	troth_put_u64(c, row->tier);
	troth_put_text(c, row->finding);
	troth_put_u64(c, row->last_pass_ms);
	troth_put_u64(c, row->last_fail_ms);
	troth_put_u64(c, row->certificate_not_after_s);
	troth_put_bytes_or_null(c, (struct troth_view){ row->ima, row->ima_len });
	troth_put_bytes_or_null(c, row->has_systemd ? systemd : (struct troth_view){ 0 });
}

void troth_put_identity_part(struct troth_call *c, const struct troth_device_row *row)
{
	troth_put_u64(c, row->generation);
	troth_put_u64(c, row->state);
	troth_put_text(c, row->name);
	troth_put_text(c, row->segment);
	troth_put_text(c, row->group);
	troth_put_bytes(c, TROTH_VIEW_OF(row->mac));
	troth_put_bytes(c, (struct troth_view){ row->ak_public, row->ak_len });
	troth_put_u64(c, row->enrolled_ms);
	troth_put_u64(c, row->ek_certificate_trusted);
	troth_put_u64(c, row->ek_in_inventory);
	troth_put_text(c, row->ek_maker);
}

static void take_order(struct troth_call *c, struct troth_order *out)
{
	out->known = !troth_take_null(c);
	if (!out->known) {
		take_skips(c, 3);
		return;
	}
	out->reset_count = (uint32_t)troth_take_u64(c, UINT32_MAX);
	out->restart_count = (uint32_t)troth_take_u64(c, UINT32_MAX);
	out->clock = troth_take_u64(c, INT64_MAX);
}

static void take_certification(struct troth_call *c, struct troth_certification_record *out)
{
	out->present = !troth_take_null(c);
	if (!out->present) {
		take_skips(c, 6);
		return;
	}
	troth_take_bytes(c, out->key_name_sha256, sizeof out->key_name_sha256);
	troth_take_bytes(c, out->session_thumbprint, sizeof out->session_thumbprint);
	out->reset_count = (uint32_t)troth_take_u64(c, UINT32_MAX);
	out->restart_count = (uint32_t)troth_take_u64(c, UINT32_MAX);
	out->time_ms = troth_take_u64(c, INT64_MAX);
	troth_take_bytes(c, out->mac, sizeof out->mac);
}

/* A blob of at most max bytes; what is longer breaks the row. */
static uint16_t take_up_to(struct troth_call *c, uint8_t *out, size_t max)
{
	const struct troth_view bytes = troth_take_view(c);

	if (bytes.n > max) {
		c->broken = true;
		return 0;
	}
	if (bytes.n > 0)
		memcpy(out, bytes.p, bytes.n);
	return (uint16_t)bytes.n;
}

/* False: there is none. */
static bool take_digest(struct troth_call *c, uint8_t out[32])
{
	const bool present = !troth_take_null(c);

	if (present)
		troth_take_bytes(c, out, 32);
	else
		troth_take_skip(c);
	return present;
}

static void take_verdict_part(struct troth_call *c, struct troth_device_row *row)
{
	take_order(c, &row->order);
	take_certification(c, &row->certification);
	row->has_log = take_digest(c, row->log_digest);
	row->tier = (enum troth_tier)troth_take_u64(c, TROTH_TIER_CONTRAINDICATED);
	troth_take_text(c, row->finding, sizeof row->finding);
	row->last_pass_ms = troth_take_u64(c, INT64_MAX);
	row->last_fail_ms = troth_take_u64(c, INT64_MAX);
	row->certificate_not_after_s = troth_take_u64(c, INT64_MAX);
	if (troth_take_null(c))
		troth_take_skip(c);
	else
		row->ima_len = take_up_to(c, row->ima, sizeof row->ima);
	row->has_systemd = take_digest(c, row->systemd_digest);
}

static void take_identity_part(struct troth_call *c, struct troth_device_row *row)
{
	row->generation = troth_take_u64(c, INT64_MAX);
	row->state = (enum troth_device_state)troth_take_u64(c, TROTH_DEVICE_STATE_N - 1);
	troth_take_text(c, row->name, sizeof row->name);
	troth_take_text(c, row->segment, sizeof row->segment);
	troth_take_text(c, row->group, sizeof row->group);
	troth_take_bytes(c, row->mac, sizeof row->mac);
	row->ak_len = take_up_to(c, row->ak_public, sizeof row->ak_public);
	row->enrolled_ms = troth_take_u64(c, INT64_MAX);
	row->ek_certificate_trusted = troth_take_u64(c, 1) == 1;
	row->ek_in_inventory = troth_take_u64(c, 1) == 1;
	troth_take_text(c, row->ek_maker, sizeof row->ek_maker);
}

enum troth_status troth_take_device(struct troth_call *c, struct troth_device_row *out)
{
	struct troth_device_row row = { 0 };

	troth_take_bytes(c, row.id, sizeof row.id);
	row.version = troth_take_u64(c, INT64_MAX);
	take_verdict_part(c, &row);
	take_identity_part(c, &row);
	TROTH_TRY(troth_call_sound(c));
	*out = row;
	return TROTH_OK;
}
