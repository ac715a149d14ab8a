/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets, sealed for the issuer. Device 0 is none: its row is the shared value. */
#include <string.h>

#include "sqlite_internal.h"

#define SHARED 0

_Static_assert(TROTH_SECRET_SEALED_MAX == 4177, "the schema says so");

static enum troth_status device_number(struct troth_store_backend *b, const uint8_t id[32],
				       uint64_t *out)
{
	struct troth_call c = troth_call_start(b, SQL_DEVICE_NUMBER);
	enum troth_status status;
	bool row = false;

	troth_put_bytes(&c, (struct troth_view){ id, 32 });
	status = troth_call_step(&c, &row);
	if (status == TROTH_OK && !row)
		status = TROTH_E_CONFLICT;
	if (status == TROTH_OK) {
		*out = troth_take_u64(&c, INT64_MAX);
		status = troth_call_sound(&c);
	}
	troth_call_end(&c);
	return status;
}

/* Whether the last statement met a row. */
static enum troth_status met_one(const struct troth_store_backend *b)
{
	return sqlite3_changes(b->write) > 0 ? TROTH_OK : TROTH_E_NOT_FOUND;
}

static enum troth_status put(struct troth_store_backend *b, const struct troth_store_secret *s,
			     uint64_t device)
{
	struct troth_call c = troth_call_start(b, SQL_SECRET_PUT);

	troth_put_text(&c, s->name);
	troth_put_u64(&c, device);
	troth_put_bytes(&c, s->sealed);
	troth_put_u64(&c, s->now_s);
	return troth_call_run(&c);
}

static enum troth_status has_row(struct troth_store_backend *b, const char *name,
				 uint64_t device, bool *out)
{
	struct troth_call c = troth_call_start(b, SQL_SECRETS_OF);
	enum troth_status status;

	troth_put_text(&c, name);
	troth_put_u64(&c, device);
	status = troth_call_step(&c, out);
	troth_call_end(&c);
	return status;
}

static enum troth_status grant(struct troth_store_backend *b,
			       const struct troth_store_secret *s, uint64_t device)
{
	struct troth_call c;
	bool shared = false;

	TROTH_TRY(has_row(b, s->name, SHARED, &shared));
	if (!shared)
		return TROTH_E_NOT_FOUND;
	c = troth_call_start(b, s->of_device ? SQL_SECRET_GRANT : SQL_SECRET_GRANT_ALL);
	troth_put_text(&c, s->name);
	if (s->of_device) {
		troth_put_u64(&c, device);
		troth_put_u64(&c, s->now_s);
	}
	TROTH_TRY(troth_call_run(&c));
	return met_one(b) == TROTH_OK ? TROTH_OK : TROTH_E_CONFLICT;
}

static enum troth_status drop(struct troth_store_backend *b, const struct troth_store_secret *s,
			      uint64_t device)
{
	struct troth_call c =
		troth_call_start(b, s->of_device ? SQL_SECRET_REMOVE : SQL_SECRET_REMOVE_ALL);

	troth_put_text(&c, s->name);
	if (s->of_device)
		troth_put_u64(&c, device);
	TROTH_TRY(troth_call_run(&c));
	return met_one(b);
}

static enum troth_status change(struct troth_store_backend *b,
				const struct troth_store_secret *s, uint64_t device)
{
	switch (s->deed) {
	case TROTH_STORE_SECRET_PUT: return put(b, s, device);
	case TROTH_STORE_SECRET_GRANT: return grant(b, s, device);
	case TROTH_STORE_SECRET_REMOVE: return drop(b, s, device);
	}
	return TROTH_E_MALFORMED;
}

enum troth_status troth_sqlite_change_secret(struct troth_store_backend *b,
					     const struct troth_store_secret *s)
{
	uint64_t device = SHARED;

	if (s->of_device)
		TROTH_TRY(device_number(b, s->device_id, &device));
	TROTH_TRY(change(b, s, device));
	return troth_sqlite_add_leaf(b, s->leaf);
}

static enum troth_status take_secret(struct troth_call *c, struct troth_sealed_secret *out)
{
	struct troth_sealed_secret found = { .found = true };
	struct troth_view sealed;

	found.own = troth_take_u64(c, 1) == 1;
	sealed = troth_take_view(c);
	TROTH_TRY(troth_call_sound(c));
	if (sealed.n == 0 || sealed.n > sizeof found.bytes)
		return TROTH_E_MALFORMED;
	memcpy(found.bytes, sealed.p, sealed.n);
	found.n = sealed.n;
	*out = found;
	return TROTH_OK;
}

enum troth_status troth_sqlite_find_secret(struct troth_store_backend *b, uint64_t device,
					   const char *name, struct troth_sealed_secret *out)
{
	struct troth_call c = troth_call_start(b, SQL_SECRET_FIND);
	enum troth_status status;
	bool row = false;

	out->found = false;
	troth_put_text(&c, name);
	troth_put_u64(&c, device);
	status = troth_call_step(&c, &row);
	if (status == TROTH_OK && row)
		status = take_secret(&c, out);
	troth_call_end(&c);
	return status;
}

struct secret_visit {
	enum troth_status (*visit)(void *arg, const struct troth_secret_entry *entry);
	void *arg;
};

static enum troth_status one_secret(struct troth_call *c, void *arg)
{
	const struct secret_visit *v = arg;
	struct troth_secret_entry e = { 0 };

	troth_take_text(c, e.name, sizeof e.name);
	troth_take_text(c, e.device, sizeof e.device);
	e.has_value = troth_take_u64(c, 1) == 1;
	e.for_all = troth_take_u64(c, 1) == 1;
	e.put_s = troth_take_u64(c, INT64_MAX);
	TROTH_TRY(troth_call_sound(c));
	return v->visit(v->arg, &e);
}

enum troth_status troth_sqlite_each_secret(
	struct troth_store_backend *b,
	enum troth_status (*visit)(void *arg, const struct troth_secret_entry *entry),
	void *arg)
{
	struct secret_visit v = { visit, arg };
	struct troth_call c = troth_sqlite_read_start(b, SQL_READ_SECRETS);
	enum troth_status status = troth_sqlite_for_each(&c, one_secret, &v);

	troth_sqlite_read_end(&c);
	return status;
}
