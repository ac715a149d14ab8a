/* SPDX-License-Identifier: Apache-2.0 */
/* One item inside the open transaction: all of it or, through a savepoint, nothing. */
#include <assert.h>
#include <string.h>

#include "noted.h"
#include "reader.h"
#include "sqlite_internal.h"

/* SQL_DEVICE_JUDGE names the state by its number. */
_Static_assert(TROTH_DEVICE_ACTIVE == 1, "devices.state");

/* A device as it is stored, and its number in the other tables. */
struct stored {
	uint64_t device;
	struct troth_device_row row;
};

static enum troth_status load(struct troth_store_backend *b, const uint8_t id[32],
			      struct stored *out)
{
	struct troth_call c = troth_call_start(b, SQL_DEVICE_LOAD);
	enum troth_status status;
	bool row = false;

	troth_put_bytes(&c, (struct troth_view){ id, 32 });
	status = troth_call_step(&c, &row);
	if (status == TROTH_OK && !row)
		status = TROTH_E_NOT_FOUND;
	if (status == TROTH_OK) {
		out->device = troth_take_u64(&c, INT64_MAX);
		status = troth_take_device(&c, &out->row);
	}
	troth_call_end(&c);
	return status;
}

/* Runs an update that must meet exactly one row. */
static enum troth_status run_on_one(struct troth_call *c)
{
	TROTH_TRY(troth_call_run(c));
	return sqlite3_changes(c->b->write) == 1 ? TROTH_OK : TROTH_E_CONFLICT;
}

static enum troth_status set_device(struct troth_store_backend *b, const struct stored *stored,
				    const struct troth_device_row *after)
{
	struct troth_call c = troth_call_start(b, SQL_DEVICE_SET);

	troth_put_verdict_part(&c, after);
	troth_put_identity_part(&c, after);
	troth_put_u64(&c, stored->device);
	troth_put_u64(&c, after->version - 1);
	return run_on_one(&c);
}

static enum troth_status add_device(struct troth_store_backend *b,
				    const struct troth_device_row *after, uint64_t *out_device)
{
	struct troth_call c = troth_call_start(b, SQL_DEVICE_ADD);

	troth_put_bytes(&c, TROTH_VIEW_OF(after->id));
	troth_put_u64(&c, after->version);
	troth_put_verdict_part(&c, after);
	troth_put_identity_part(&c, after);
	TROTH_TRY(troth_call_run(&c));
	*out_device = (uint64_t)sqlite3_last_insert_rowid(b->write);
	return TROTH_OK;
}

/* The row as it was and as it is, where there is one. */
struct change {
	const struct troth_device_row *before, *after;
};

enum troth_status troth_sqlite_add_leaf(struct troth_store_backend *b, struct troth_view leaf)
{
	struct troth_call c = troth_call_start(b, SQL_LEAF_ADD);

	troth_put_bytes(&c, leaf);
	return troth_call_run(&c);
}

/* The leaf, and what it tells. */
static enum troth_status add_leaf(struct troth_store_backend *b,
				  const struct troth_store_item *item, struct troth_view leaf,
				  struct change change)
{
	struct troth_notice notice;

	TROTH_TRY(troth_sqlite_add_leaf(b, leaf));
	if (!troth_store_noted(item, change.before, change.after, &notice))
		return TROTH_OK;
	return troth_sqlite_add_notice(b, &notice);
}

static enum troth_status revoke_serials(struct troth_store_backend *b, uint64_t device,
					uint64_t now_s)
{
	struct troth_call c = troth_call_start(b, SQL_SERIALS_REVOKE);

	troth_put_u64(&c, now_s);
	troth_put_u64(&c, device);
	return troth_call_run(&c);
}

static enum troth_status put_enrolment(struct troth_store_backend *b, uint64_t device,
				       const struct troth_store_enrol *e)
{
	struct troth_call c = troth_call_start(b, SQL_ENROLMENT_PUT);

	troth_put_u64(&c, device);
	troth_put_bytes(&c, e->ek_key);
	troth_put_bytes_or_null(&c, e->ek_certificate);
	troth_put_bytes_or_null(&c, e->facts);
	return troth_call_run(&c);
}

/* An EK of somebody's own making opens what was made for any AK: activation alone would let it
 * claim another device's. */
static enum troth_status claim_ak(struct troth_store_backend *b, uint64_t device,
				  const struct troth_device_row *row)
{
	struct troth_call c = troth_call_start(b, SQL_AK_CLAIM);

	troth_put_bytes(&c, (struct troth_view){ row->ak_public, row->ak_len });
	troth_put_u64(&c, device);
	TROTH_TRY(troth_call_run(&c));
	return sqlite3_changes(b->write) == 1 ? TROTH_OK : TROTH_E_DENIED;
}

/* A new AK never lifts what an operator imposed. */
static bool state_kept(enum troth_device_state stored, enum troth_device_state wanted)
{
	bool imposed = stored == TROTH_DEVICE_QUARANTINED || stored == TROTH_DEVICE_RETIRED;

	return !imposed || stored == wanted;
}

static enum troth_status enrol_again(struct troth_store_backend *b,
				     const struct troth_store_enrol *e,
				     const struct troth_device_row *after, struct stored *out)
{
	enum troth_status status = load(b, e->row.id, out);

	if (status == TROTH_E_NOT_FOUND)
		return TROTH_E_CONFLICT;
	TROTH_TRY(status);
	if (!state_kept(out->row.state, e->row.state))
		return TROTH_E_CONFLICT;
	TROTH_TRY(set_device(b, out, after));
	TROTH_TRY(troth_sqlite_log_held(b, out->device, after));
	return revoke_serials(b, out->device, e->now_s);
}

static enum troth_status enrol(struct troth_store_backend *b,
			       const struct troth_store_item *item,
			       const struct troth_device_row *after)
{
	const struct troth_store_enrol *e = &item->u.enrol;
	const bool is_new = e->row.version == 0;
	struct stored stored;

	if (is_new) {
		TROTH_TRY(add_device(b, after, &stored.device));
		TROTH_TRY(troth_sqlite_log_held(b, stored.device, after));
	} else {
		TROTH_TRY(enrol_again(b, e, after, &stored));
	}
	TROTH_TRY(claim_ak(b, stored.device, after));
	TROTH_TRY(put_enrolment(b, stored.device, e));
	return add_leaf(b, item, e->leaf,
			(struct change){ is_new ? NULL : &stored.row, after });
}

/* What enrolment and operators decide, a verdict may not. */
static bool same_identity(const struct troth_device_row *a, const struct troth_device_row *b)
{
	struct troth_view ak_a = { a->ak_public, a->ak_len },
			  ak_b = { b->ak_public, b->ak_len };

	return a->generation == b->generation && a->state == b->state &&
	       strcmp(a->name, b->name) == 0 && strcmp(a->segment, b->segment) == 0 &&
	       strcmp(a->group, b->group) == 0 && a->enrolled_ms == b->enrolled_ms &&
	       a->ek_certificate_trusted == b->ek_certificate_trusted &&
	       a->ek_in_inventory == b->ek_in_inventory &&
	       strcmp(a->ek_maker, b->ek_maker) == 0 && troth_view_equal(ak_a, ak_b) &&
	       troth_view_equal(TROTH_VIEW_OF(a->mac), TROTH_VIEW_OF(b->mac));
}

static enum troth_status add_serial(struct troth_store_backend *b, uint64_t device,
				    const struct troth_store_verdict *v)
{
	struct troth_call prune = troth_call_start(b, SQL_SERIALS_PRUNE);
	struct troth_call add = troth_call_start(b, SQL_SERIAL_ADD);

	troth_put_u64(&prune, device);
	troth_put_u64(&prune, v->now_s);
	TROTH_TRY(troth_call_run(&prune));
	troth_put_u64(&add, device);
	troth_put_bytes(&add, TROTH_VIEW_OF(v->serial));
	troth_put_bytes(&add, TROTH_VIEW_OF(v->certificate_sha256));
	troth_put_u64(&add, v->not_after_s);
	return troth_call_run(&add);
}

/* Results live for a day at most: a nonce that is older vouches for none that is still good. */
static enum troth_status spend_nonce(struct troth_store_backend *b, uint64_t device,
				     const struct troth_store_verdict *v)
{
	struct troth_call prune = troth_call_start(b, SQL_NONCES_PRUNE);
	struct troth_call add = troth_call_start(b, SQL_NONCE_ADD);

	troth_put_u64(&prune, device);
	troth_put_u64(&prune, v->now_s > TROTH_CERTIFICATE_LIFE_MAX_S
				      ? v->now_s - TROTH_CERTIFICATE_LIFE_MAX_S
				      : 0);
	TROTH_TRY(troth_call_run(&prune));
	troth_put_u64(&add, device);
	troth_put_bytes(&add, v->result_nonce);
	troth_put_u64(&add, v->now_s);
	TROTH_TRY(troth_call_run(&add));
	return sqlite3_changes(b->write) == 1 ? TROTH_OK : TROTH_E_DENIED;
}

/* The verdict's own leaf comes after: what it led to is decided here. */
static enum troth_status find_release(struct troth_store_backend *b, uint64_t device,
				      const struct troth_store_verdict *v)
{
	TROTH_TRY(troth_sqlite_find_secret(b, device, v->secret_name, v->secret));
	return v->secret->found ? troth_sqlite_add_leaf(b, v->secret_leaf) : TROTH_OK;
}

/* The single use of a challenge: version, state and epoch as they were when
 * it was made, or nothing. */
static enum troth_status judge(struct troth_store_backend *b,
			       const struct troth_store_item *item,
			       const struct troth_device_row *after)
{
	const struct troth_store_verdict *v = &item->u.verdict;
	struct stored stored;
	enum troth_status status = load(b, v->device_id, &stored);
	struct troth_call update;

	if (status == TROTH_E_NOT_FOUND)
		return TROTH_E_CONFLICT;
	TROTH_TRY(status);
	if (!same_identity(&stored.row, after))
		return TROTH_E_CONFLICT;

	update = troth_call_start(b, SQL_DEVICE_JUDGE);
	troth_put_verdict_part(&update, after);
	troth_put_u64(&update, stored.device);
	troth_put_u64(&update, v->version);
	troth_put_u64(&update, v->policy_epoch);
	TROTH_TRY(run_on_one(&update));

	TROTH_TRY(troth_sqlite_keep_evidence(b, stored.device, v));
	if (v->revoke)
		TROTH_TRY(revoke_serials(b, stored.device, v->now_s));
	if (v->issued)
		TROTH_TRY(add_serial(b, stored.device, v));
	if (v->result_nonce.n > 0)
		TROTH_TRY(spend_nonce(b, stored.device, v));
	if (v->secret_name[0] != '\0')
		TROTH_TRY(find_release(b, stored.device, v));
	return add_leaf(b, item, v->leaf, (struct change){ &stored.row, after });
}

static enum troth_status set_state(struct troth_store_backend *b,
				   const struct troth_store_item *item,
				   const struct troth_device_row *after)
{
	const struct troth_store_state *s = &item->u.state;
	struct stored stored;
	enum troth_status status = load(b, s->row.id, &stored);

	if (status == TROTH_E_NOT_FOUND)
		return TROTH_E_CONFLICT;
	TROTH_TRY(status);
	TROTH_TRY(set_device(b, &stored, after));
	TROTH_TRY(troth_sqlite_log_held(b, stored.device, after));
	if (troth_store_revokes(item))
		TROTH_TRY(revoke_serials(b, stored.device, s->now_s));
	return add_leaf(b, item, s->leaf, (struct change){ &stored.row, after });
}

/* The same id with another text is refused: an id names its text for ever. */
static enum troth_status keep_text(struct troth_store_backend *b,
				   const struct troth_store_document *d)
{
	struct troth_call find = troth_call_start(b, SQL_TEXT_FIND);
	struct troth_call add = troth_call_start(b, SQL_TEXT_ADD);
	enum troth_status status;
	bool held = false;

	troth_put_bytes(&find, TROTH_VIEW_OF(d->id));
	status = troth_call_step(&find, &held);
	if (status == TROTH_OK && held && !troth_view_equal(troth_take_view(&find), d->text))
		status = TROTH_E_CONFLICT;
	troth_call_end(&find);
	if (status != TROTH_OK || held)
		return status;
	troth_put_bytes(&add, TROTH_VIEW_OF(d->id));
	troth_put_bytes(&add, d->text);
	return troth_call_run(&add);
}

/* Two who change what they have read at once: the second has not seen what the first did. */
static enum troth_status still_over(struct troth_store_backend *b,
				    const struct troth_store_document *d)
{
	static const uint8_t NOTHING[32];
	struct troth_call find = troth_call_start(b, SQL_DOCUMENT_FIND);
	struct troth_view id = TROTH_VIEW_OF(NOTHING);
	bool held = false;

	troth_put_u64(&find, d->is_policy);
	troth_put_text(&find, d->name);
	enum troth_status status = troth_call_step(&find, &held);
	if (held)
		id = troth_take_view(&find);
	if (status == TROTH_OK && !troth_view_equal(id, TROTH_VIEW_OF(d->over)))
		status = TROTH_E_CONFLICT;
	troth_call_end(&find);
	return status;
}

static enum troth_status put_document(struct troth_store_backend *b,
				      const struct troth_store_item *item)
{
	const struct troth_store_document *d = &item->u.document;
	struct troth_call up = troth_call_start(b, SQL_EPOCH_UP);
	struct troth_call add = troth_call_start(b, SQL_DOCUMENT_ADD);

	if (d->conditional)
		TROTH_TRY(still_over(b, d));
	TROTH_TRY(keep_text(b, d));
	TROTH_TRY(troth_call_run(&up));
	troth_put_u64(&add, d->is_policy);
	troth_put_text(&add, d->name);
	troth_put_bytes(&add, TROTH_VIEW_OF(d->id));
	troth_put_u64(&add, d->now_s);
	TROTH_TRY(troth_call_run(&add));
	return add_leaf(b, item, d->leaf, (struct change){ NULL, NULL });
}

/* What is of no device's row. */
static enum troth_status change_other(struct troth_store_backend *b,
				      const struct troth_store_item *item)
{
	if (item->kind == TROTH_STORE_CURSOR)
		return troth_sqlite_put_cursor(b, &item->u.cursor);
	if (item->kind == TROTH_STORE_FORGET)
		return troth_sqlite_forget(b, &item->u.forget);
	return item->kind == TROTH_STORE_SECRET ? troth_sqlite_change_secret(b, &item->u.secret)
						: put_document(b, item);
}

static enum troth_status change(struct troth_store_backend *b,
				const struct troth_store_item *item)
{
	struct troth_device_row after;

	if (!troth_store_row_after(item, &after))
		return change_other(b, item);
	switch (item->kind) {
	case TROTH_STORE_ENROL: return enrol(b, item, &after);
	case TROTH_STORE_VERDICT: return judge(b, item, &after);
	case TROTH_STORE_STATE: return set_state(b, item, &after);
	case TROTH_STORE_DOCUMENT:
	case TROTH_STORE_CURSOR:
	case TROTH_STORE_FORGET:
	case TROTH_STORE_SECRET: break;
	}
	return TROTH_E_MALFORMED;
}

static enum troth_status run(struct troth_store_backend *b, enum troth_sql sql)
{
	struct troth_call c = troth_call_start(b, sql);

	return troth_call_run(&c);
}

/* The item was refused as such: the medium and our memory are sound, so others may go on. */
static bool refused(enum troth_status status)
{
	return status == TROTH_E_CONFLICT || status == TROTH_E_NOT_FOUND ||
	       status == TROTH_E_DENIED || status == TROTH_E_LIMIT;
}

static enum troth_status apply_whole(struct troth_store_backend *b,
				     const struct troth_store_item *item)
{
	enum troth_status status;

	TROTH_TRY(run(b, SQL_ITEM_BEGIN));
	status = change(b, item);
	if (refused(status))
		TROTH_TRY(run(b, SQL_ITEM_UNDO));
	else
		TROTH_TRY(status);
	TROTH_TRY(run(b, SQL_ITEM_KEEP));
	return status;
}

enum troth_status troth_sqlite_apply(struct troth_store_backend *b,
				     const struct troth_store_item *item)
{
	uint64_t now_s = troth_store_item_now_s(item);
	enum troth_status status;

	TROTH_TRY(troth_store_item_check(item));
	if (b->poisoned)
		return TROTH_E_IO;
	/* Outside a transaction a savepoint would start, and end, one of its own. */
	assert(!sqlite3_get_autocommit(b->write));
	status = apply_whole(b, item);
	if (status == TROTH_OK && now_s > b->now_s)
		b->now_s = now_s;
	if (status == TROTH_OK || refused(status))
		return status;
	b->poisoned = true;
	return TROTH_E_IO;
}

/* As many as one group can add, so that the sweep keeps up with any load. */
static enum troth_status sweep(struct troth_store_backend *b, enum troth_sql sql,
			       uint64_t grace_s)
{
	struct troth_call c = troth_call_start(b, sql);

	if (b->now_s < grace_s)
		return TROTH_OK;
	troth_put_u64(&c, b->now_s - grace_s);
	troth_put_u64(&c, TROTH_STORE_GROUP_MAX);
	return troth_call_run(&c);
}

enum troth_status troth_sqlite_sweep(struct troth_store_backend *b)
{
	TROTH_TRY(sweep(b, SQL_SERIALS_SWEEP, TROTH_STORE_SERIAL_GRACE_S));
	return sweep(b, SQL_NONCES_SWEEP, TROTH_CERTIFICATE_LIFE_MAX_S);
}
