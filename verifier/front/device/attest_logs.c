/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/attest: the firmware's log and systemd's, sent whole, or named by the digest of one
 * held from this device. */
#include <stdlib.h>

#include "attestation.h"
#include "base.h"
#include "reader.h"
#include "wire.h"

/* One of the two logs: what came of it, and what is held from the device. */
struct sought {
	struct troth_view bytes, digest; /* of the message */
	bool held;			 /* the row names one */
	struct troth_view held_digest;
	const struct troth_pcr_selection *banks; /* as log_cache.h has them */
};

/* A digest alone must be of the log that the device's own row names. */
static enum troth_status find_held(const struct troth_attestation *a, const struct sought *s,
				   struct troth_cached_log **out)
{
	if (!s->held || !troth_view_equal(s->digest, s->held_digest))
		return TROTH_E_NOT_FOUND;
	*out = troth_log_cache_find(a->worker->front->logs, s->held_digest.p, s->banks);
	return *out != NULL ? TROTH_OK : TROTH_E_NOT_FOUND;
}

static enum troth_status find_firmware(struct troth_attestation *a)
{
	const struct sought s = {
		.bytes = troth_wire_view(a->message->log),
		.digest = troth_wire_view(a->message->log_digest),
		.held = a->row.has_log,
		.held_digest = TROTH_VIEW_OF(a->row.log_digest),
		.banks = &a->policy->selection,
	};
	const bool whole = s.bytes.n > 0 || (a->token.wants & TROTH_WANT_LOG) != 0;
	if (s.bytes.n == 0 && s.digest.n == 0)
		return TROTH_OK; /* none: the appraisal says so */
	if (!whole)
		return find_held(a, &s, &a->log);
	a->log_is_new = s.bytes.n > 0;
	return troth_cached_log_make(a->worker->ctx, s.bytes, s.banks, &a->log);
}

/* What was not asked for is left aside. */
static enum troth_status find_systemd(struct troth_attestation *a)
{
	const struct sought s = {
		.bytes = troth_wire_view(a->message->systemd_log),
		.digest = troth_wire_view(a->message->systemd_digest),
		.held = a->row.has_systemd,
		.held_digest = TROTH_VIEW_OF(a->row.systemd_digest),
	};
	if ((a->token.wants & TROTH_WANT_SYSTEMD) == 0 || (s.bytes.n == 0 && s.digest.n == 0))
		return TROTH_OK;
	if (s.bytes.n == 0)
		return find_held(a, &s, &a->systemd);
	a->systemd_is_new = true;
	return troth_cached_log_make(a->worker->ctx, s.bytes, s.banks, &a->systemd);
}

/* systemd's log goes on where the firmware's ends; alone it explains nothing. */
static enum troth_status join(struct troth_attestation *a)
{
	const bool both = a->log != NULL && a->log->status == TROTH_OK && a->systemd != NULL &&
			  a->systemd->status == TROTH_OK;
	if (!both)
		return TROTH_OK;
	const struct troth_pcr_selection selection = troth_policy_log_selection(a->policy);
	const struct troth_whole_case c = {
		.firmware = &a->log->log,
		.replay = &a->log->replay,
		.systemd = &a->systemd->systemd,
		.selection = &selection,
		.pcrs = &a->pcrs,
	};
	a->whole = calloc(1, sizeof *a->whole);
	if (a->whole == NULL)
		return TROTH_E_MEMORY;
	return troth_whole_log_make(a->worker->ctx, &c, a->whole);
}

enum troth_status troth_attestation_find_logs(struct troth_attestation *a)
{
	TROTH_TRY(find_firmware(a));
	TROTH_TRY(find_systemd(a));
	return join(a);
}

static void give_firmware(const struct troth_attestation *a, struct troth_case *c)
{
	c->log_status = TROTH_E_NOT_FOUND;
	if (a->log == NULL)
		return;
	c->log_bytes = a->log->bytes;
	c->log_status = a->log->status;
	c->log_error_offset = a->log->error_offset;
	if (a->log->status == TROTH_OK) {
		c->log = &a->log->log;
		c->replay = &a->log->replay;
	}
}

void troth_attestation_give_logs(const struct troth_attestation *a, struct troth_case *c)
{
	give_firmware(a, c);
	c->systemd_status = a->systemd != NULL ? a->systemd->status : TROTH_E_NOT_FOUND;
	c->systemd_error_offset = a->systemd != NULL ? a->systemd->error_offset : 0;
	if (a->whole != NULL) {
		c->log = &a->whole->log;
		c->replay = &a->whole->replay;
	}
}

void troth_attestation_drop_logs(struct troth_attestation *a)
{
	if (a->whole != NULL)
		troth_whole_log_release(a->whole);
	free(a->whole);
	troth_cached_log_release(a->log);
	troth_cached_log_release(a->systemd);
}
