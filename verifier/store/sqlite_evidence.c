/* SPDX-License-Identifier: Apache-2.0 */
/* Records and logs. A log is stored once however many devices sent it, belongs to those whose
 * evidence names it, and goes with the last of them. */
#include <string.h>

#include "reader.h"
#include "sqlite_internal.h"

struct log_name {
	bool present;
	uint8_t digest[32];
};

static struct troth_view log_view(const struct log_name *log)
{
	return log->present ? TROTH_VIEW_OF(log->digest) : (struct troth_view){ 0 };
}

static bool same_log(const struct log_name *a, const struct log_name *b)
{
	return troth_view_equal(log_view(a), log_view(b));
}

/* The log of the record a new one will replace; *out_replaces tells whether there is one. */
static enum troth_status replaced_log(struct troth_store_backend *b, uint64_t device,
				      bool affirming, bool *out_replaces, struct log_name *out)
{
	struct troth_call c = troth_call_start(b, SQL_EVIDENCE_LOG);
	struct log_name log = { 0 };
	bool row = false;
	enum troth_status status;

	troth_put_u64(&c, device);
	troth_put_u64(&c, affirming);
	status = troth_call_step(&c, &row);
	if (status == TROTH_OK && row && !troth_take_null(&c)) {
		log.present = true;
		troth_take_bytes(&c, log.digest, sizeof log.digest);
		status = troth_call_sound(&c);
	}
	troth_call_end(&c);
	TROTH_TRY(status);
	*out_replaces = row;
	*out = log;
	return TROTH_OK;
}

enum troth_status troth_sqlite_log_held(struct troth_store_backend *b, uint64_t device,
					const struct troth_device_row *row)
{
	struct troth_call c = troth_call_start(b, SQL_EVIDENCE_HOLDS);
	bool held = false;
	enum troth_status status;

	if (!row->has_log)
		return TROTH_OK;
	troth_put_u64(&c, device);
	troth_put_bytes(&c, TROTH_VIEW_OF(row->log_digest));
	status = troth_call_step(&c, &held);
	troth_call_end(&c);
	TROTH_TRY(status);
	return held ? TROTH_OK : TROTH_E_NOT_FOUND;
}

/* A log named without its bytes must have come from this device: storage is shared, lookup is
 * not. */
static enum troth_status keep_log(struct troth_store_backend *b, uint64_t device,
				  const struct troth_store_verdict *v)
{
	struct troth_call c = troth_call_start(b, SQL_LOG_KEEP);

	if (v->log.n == 0)
		return troth_sqlite_log_held(b, device, &v->row);
	troth_put_bytes(&c, TROTH_VIEW_OF(v->row.log_digest));
	troth_put_bytes(&c, v->log);
	return troth_call_run(&c);
}

static enum troth_status put_record(struct troth_store_backend *b, uint64_t device,
				    const struct troth_store_verdict *v,
				    const struct log_name *log)
{
	struct troth_call c = troth_call_start(b, SQL_EVIDENCE_PUT);

	troth_put_u64(&c, device);
	troth_put_u64(&c, v->row.tier == TROTH_TIER_AFFIRMING);
	troth_put_u64(&c, v->version + 1);
	troth_put_bytes_or_null(&c, log_view(log));
	troth_put_bytes(&c, v->record);
	return troth_call_run(&c);
}

static enum troth_status renew_record(struct troth_store_backend *b, uint64_t device,
				      const struct troth_store_verdict *v)
{
	struct troth_call c = troth_call_start(b, SQL_EVIDENCE_RENEW);

	troth_put_u64(&c, v->version + 1);
	troth_put_bytes(&c, v->record);
	troth_put_u64(&c, device);
	troth_put_u64(&c, v->row.tier == TROTH_TIER_AFFIRMING);
	return troth_call_run(&c);
}

static enum troth_status drop_log(struct troth_store_backend *b, const struct log_name *log)
{
	struct troth_call c = troth_call_start(b, SQL_LOG_DROP);

	troth_put_bytes(&c, TROTH_VIEW_OF(log->digest));
	return troth_call_run(&c);
}

enum troth_status troth_sqlite_keep_evidence(struct troth_store_backend *b, uint64_t device,
					     const struct troth_store_verdict *v)
{
	bool affirming = v->row.tier == TROTH_TIER_AFFIRMING, replaces = false;
	struct log_name now = { .present = v->row.has_log }, before = { 0 };

	if (now.present)
		memcpy(now.digest, v->row.log_digest, sizeof now.digest);
	TROTH_TRY(replaced_log(b, device, affirming, &replaces, &before));
	if (replaces && same_log(&now, &before))
		return renew_record(b, device, v);

	TROTH_TRY(keep_log(b, device, v));
	TROTH_TRY(put_record(b, device, v, &now));
	return before.present ? drop_log(b, &before) : TROTH_OK;
}
