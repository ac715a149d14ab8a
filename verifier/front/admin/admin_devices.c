/* SPDX-License-Identifier: Apache-2.0 */
/* Devices over the administration API: find, list, show. */
#include "admin_json.h"
#include "admin_requests.h"
#include "base.h"
#include "reader.h"
#include "text.h"

#define ID_PREFIX_MIN 8

/* ---- finding ---- */

struct prefix_search {
	struct troth_view prefix;
	size_t n_found;
	struct troth_device_row row;
};

static bool match_prefix(void *arg, const struct troth_device_row *row)
{
	struct prefix_search *s = arg;
	char id[65];
	troth_format_hex(TROTH_VIEW_OF(row->id), id);
	if (troth_view_equal((struct troth_view){ (const uint8_t *)id, s->prefix.n },
			     s->prefix)) {
		s->row = *row;
		s->n_found++;
	}
	return s->n_found < 2;
}

bool troth_admin_find_device(struct troth_admin *admin, struct troth_view text,
			     struct troth_device_row *out)
{
	uint8_t id[32];
	struct prefix_search search = { .prefix = text };
	if (troth_registry_find(admin->front->registry, text, out))
		return true;
	if (troth_parse_hex(text, id, sizeof id))
		return troth_registry_get(admin->front->registry, id, out);
	if (text.n < ID_PREFIX_MIN || text.n > 64)
		return false;
	troth_registry_each(admin->front->registry, match_prefix, &search);
	if (search.n_found != 1)
		return false;
	*out = search.row;
	return true;
}

void troth_admin_unknown_device(struct troth_exchange *x)
{
	troth_exchange_problem(x, 404, "unknown-device",
			       "No device has this name, id or unique id prefix.", 0);
}

/* ---- reading ---- */

struct listing {
	struct troth_admin *admin;
	json_t *list;
};

static bool append_device(void *arg, const struct troth_device_row *row)
{
	struct listing *l = arg;
	json_array_append_new(l->list, troth_device_json(l->admin, row));
	return true;
}

void troth_admin_devices(struct troth_exchange *x, void *admin)
{
	struct listing l = { admin, json_array() };
	troth_registry_each(l.admin->front->registry, append_device, &l);
	troth_admin_answer(x, json_pack("{s:o}", "devices", l.list));
}

void troth_admin_device(struct troth_exchange *x, void *admin)
{
	struct troth_device_row row;
	if (!troth_admin_find_device(admin, troth_exchange_segment(x), &row)) {
		troth_admin_unknown_device(x);
		return;
	}
	troth_admin_answer(x, troth_device_json(admin, &row));
}

void troth_admin_verdict(struct troth_exchange *x, void *arg)
{
	struct troth_admin *admin = arg;
	struct troth_device_row row;
	struct troth_buffer record = { 0 };
	if (!troth_admin_find_device(admin, troth_exchange_segment(x), &row)) {
		troth_admin_unknown_device(x);
		return;
	}
	bool affirming = row.last_pass_ms > row.last_fail_ms;
	enum troth_status status = admin->front->store_ops->record(admin->front->store_backend,
								   row.id, affirming, &record);
	if (status == TROTH_E_NOT_FOUND)
		troth_exchange_problem(x, 404, "no-verdict",
				       "This device was not appraised yet.", 0);
	else if (status != TROTH_OK)
		troth_exchange_problem(x, 503, "unavailable", "The store cannot be read.", 1);
	else
		troth_admin_answer(x, troth_verdict_json(troth_buffer_view(&record)));
	troth_buffer_clear(&record);
}
