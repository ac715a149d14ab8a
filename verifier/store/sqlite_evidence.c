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

/* The two logs that evidence may name. */
struct log_names {
	struct log_name firmware, systemd;
};

static struct troth_view log_view(const struct log_name *log)
{
	return log->present ? TROTH_VIEW_OF(log->digest) : (struct troth_view){ 0 };
}

static bool same_log(const struct log_name *a, const struct log_name *b)
{
	return troth_view_equal(log_view(a), log_view(b));
}

static bool same_logs(const struct log_names *a, const struct log_names *b)
{
	return same_log(&a->firmware, &b->firmware) && same_log(&a->systemd, &b->systemd);
}

static struct log_names logs_of(const struct troth_device_row *row)
{
	struct log_names names = { .firmware = { .present = row->has_log },
				   .systemd = { .present = row->has_systemd } };

	memcpy(names.firmware.digest, row->log_digest, sizeof names.firmware.digest);
	memcpy(names.systemd.digest, row->systemd_digest, sizeof names.systemd.digest);
	return names;
}

static void take_name(struct troth_call *c, struct log_name *out)
{
	out->present = !troth_take_null(c);
	if (out->present)
		troth_take_bytes(c, out->digest, sizeof out->digest);
	else
		troth_take_skip(c);
}

/* The logs of the record a new one will replace; *out_replaces tells whether there is one. */
static enum troth_status replaced_logs(struct troth_store_backend *b, uint64_t device,
				       bool affirming, bool *out_replaces,
				       struct log_names *out)
{
	struct troth_call c = troth_call_start(b, SQL_EVIDENCE_LOGS);
	struct log_names names = { 0 };
	bool row = false;
	enum troth_status status;

	troth_put_u64(&c, device);
	troth_put_u64(&c, affirming);
	status = troth_call_step(&c, &row);
	if (status == TROTH_OK && row) {
		take_name(&c, &names.firmware);
		take_name(&c, &names.systemd);
		status = troth_call_sound(&c);
	}
	troth_call_end(&c);
	TROTH_TRY(status);
	*out_replaces = row;
	*out = names;
	return TROTH_OK;
}

static enum troth_status check_held(struct troth_call c, uint64_t device,
				    const struct log_name *log)
{
	bool held = false;
	enum troth_status status = TROTH_OK;

	if (log->present) {
		troth_put_u64(&c, device);
		troth_put_bytes(&c, log_view(log));
		status = troth_call_step(&c, &held);
	}
	troth_call_end(&c);
	TROTH_TRY(status);
	return held || !log->present ? TROTH_OK : TROTH_E_NOT_FOUND;
}

static enum troth_status firmware_held(struct troth_store_backend *b, uint64_t device,
				       const struct log_name *log)
{
	return check_held(troth_call_start(b, SQL_EVIDENCE_HOLDS), device, log);
}

static enum troth_status systemd_held(struct troth_store_backend *b, uint64_t device,
				      const struct log_name *log)
{
	return check_held(troth_call_start(b, SQL_EVIDENCE_HOLDS_SYSTEMD), device, log);
}

enum troth_status troth_sqlite_log_held(struct troth_store_backend *b, uint64_t device,
					const struct troth_device_row *row)
{
	const struct log_names names = logs_of(row);

	TROTH_TRY(firmware_held(b, device, &names.firmware));
	return systemd_held(b, device, &names.systemd);
}

static enum troth_status keep_log(struct troth_store_backend *b, const struct log_name *log,
				  struct troth_view bytes)
{
	struct troth_call c = troth_call_start(b, SQL_LOG_KEEP);

	troth_put_bytes(&c, log_view(log));
	troth_put_bytes(&c, bytes);
	return troth_call_run(&c);
}

/* A log named without its bytes must have come from this device: storage is shared, lookup is
 * not. */
static enum troth_status keep_logs(struct troth_store_backend *b, uint64_t device,
				   const struct troth_store_verdict *v,
				   const struct log_names *now)
{
	TROTH_TRY(v->log.n > 0 ? keep_log(b, &now->firmware, v->log)
			       : firmware_held(b, device, &now->firmware));
	return v->systemd.n > 0 ? keep_log(b, &now->systemd, v->systemd)
				: systemd_held(b, device, &now->systemd);
}

static enum troth_status put_record(struct troth_store_backend *b, uint64_t device,
				    const struct troth_store_verdict *v,
				    const struct log_names *logs)
{
	struct troth_call c = troth_call_start(b, SQL_EVIDENCE_PUT);

	troth_put_u64(&c, device);
	troth_put_u64(&c, v->row.tier == TROTH_TIER_AFFIRMING);
	troth_put_u64(&c, v->version + 1);
	troth_put_bytes_or_null(&c, log_view(&logs->firmware));
	troth_put_bytes_or_null(&c, log_view(&logs->systemd));
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

/* Unless some evidence names it. */
static enum troth_status drop_log(struct troth_store_backend *b, const struct log_name *log)
{
	struct troth_call c = troth_call_start(b, SQL_LOG_DROP);

	if (!log->present) {
		troth_call_end(&c);
		return TROTH_OK;
	}
	troth_put_bytes(&c, TROTH_VIEW_OF(log->digest));
	return troth_call_run(&c);
}

enum troth_status troth_sqlite_keep_evidence(struct troth_store_backend *b, uint64_t device,
					     const struct troth_store_verdict *v)
{
	const struct log_names now = logs_of(&v->row);
	struct log_names before = { 0 };
	bool affirming = v->row.tier == TROTH_TIER_AFFIRMING, replaces = false;

	TROTH_TRY(replaced_logs(b, device, affirming, &replaces, &before));
	if (replaces && same_logs(&now, &before))
		return renew_record(b, device, v);

	TROTH_TRY(keep_logs(b, device, v, &now));
	TROTH_TRY(put_record(b, device, v, &now));
	TROTH_TRY(drop_log(b, &before.firmware));
	return drop_log(b, &before.systemd);
}
