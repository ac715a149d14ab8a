/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict.h"

#include <string.h>

#include "base.h"
#include "reader.h"
#include "writer.h"

/* A finding is at most 2 names, 2 numbers, 2 digests and 2 texts, each with its length. */
#define FINDING_BYTES_MAX (2 * 34 + 2 * 4 + 2 * (2 + TROTH_DIGEST_MAX) + 2 + 160 + 2 + 128)
#define VERDICT_BYTES_MAX \
	(256 + TROTH_FINDINGS_MAX * FINDING_BYTES_MAX + TROTH_IGNORE_RULES_MAX * 12)

enum troth_tier troth_tier_fold(const struct troth_findings *findings, bool saw_all)
{
	enum troth_tier worst = saw_all ? TROTH_TIER_AFFIRMING : TROTH_TIER_NONE;
	if (findings->n_dropped > 0)
		return TROTH_TIER_CONTRAINDICATED;
	for (size_t i = 0; i < findings->n; i++)
		if (troth_tier_rank(findings->list[i].severity) > troth_tier_rank(worst))
			worst = findings->list[i].severity;
	return worst;
}

static void put_text(struct troth_writer *w, const char *text)
{
	troth_put_view16be(w, troth_view_str(text));
}

static void put_digest(struct troth_writer *w, const struct troth_digest *d)
{
	troth_put_u16be(w, troth_hash_to_tpm(d->alg));
	troth_put_view(w, troth_digest_view(d));
}

static void put_finding(struct troth_writer *w, const struct troth_finding *f)
{
	put_text(w, troth_finding_name(f->code));
	put_text(w, troth_tier_name(f->severity));
	troth_put_u32be(w, (uint32_t)f->pcr);
	troth_put_u32be(w, (uint32_t)f->event);
	put_digest(w, &f->seen);
	put_digest(w, &f->expected);
	put_text(w, f->detail);
	put_text(w, f->reference);
}

static void put_coverage(struct troth_writer *w, const struct troth_coverage *c)
{
	const uint32_t numbers[] = {
		c->n_checks,	   c->pcrs_quoted,	c->pcrs_replayed,
		c->pcrs_matched,   c->pcrs_golden,	c->pcrs_empty,
		c->pcrs_unchecked, c->n_events_matched, c->n_events_ignored,
	};
	for (size_t i = 0; i < TROTH_COUNT(numbers); i++)
		troth_put_u32be(w, numbers[i]);
	troth_put_u8(w, c->secure_boot_checked);
	troth_put_u8(w, c->ima_checked);
	troth_put_u32be(w, c->n_ignored);
	for (size_t i = 0; i < c->n_ignored && i < TROTH_IGNORE_RULES_MAX; i++) {
		troth_put_u32be(w, c->ignored[i].pcr);
		troth_put_u32be(w, c->ignored[i].type);
		troth_put_u32be(w, c->ignored[i].n_events);
	}
}

enum troth_status troth_verdict_digest(struct troth_ctx *ctx, const struct troth_verdict *v,
				       uint8_t out[32])
{
	uint8_t buffer[VERDICT_BYTES_MAX];
	struct troth_writer w = troth_writer_make(buffer, sizeof buffer);
	struct troth_digest digest;

	put_text(&w, "troth/v2/verdict");
	put_text(&w, troth_tier_name(v->tier));
	troth_put_u32be(&w, (uint32_t)v->findings.n);
	for (size_t i = 0; i < v->findings.n && i < TROTH_FINDINGS_MAX; i++)
		put_finding(&w, &v->findings.list[i]);
	troth_put_u32be(&w, (uint32_t)v->findings.n_dropped);
	put_coverage(&w, &v->coverage);
	for (size_t i = 0; i < TROTH_CLAIM_N; i++)
		troth_put_u8(&w, (uint8_t)v->trust.claim[i]);
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;
	TROTH_TRY(troth_hash_one(ctx, TROTH_HASH_SHA256, troth_written(&w), &digest));
	memcpy(out, digest.bytes, 32);
	return TROTH_OK;
}
