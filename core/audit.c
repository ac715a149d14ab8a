/* SPDX-License-Identifier: Apache-2.0 */
#include "audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "reader.h"
#include "text.h"
#include "writer.h"

#define DIGEST_LEN 32

static const char *const KINDS[] = {
	[TROTH_AUDIT_VERDICT] = "verdict",     [TROTH_AUDIT_ENROL] = "enrol",
	[TROTH_AUDIT_STATE] = "state",	       [TROTH_AUDIT_POLICY] = "policy",
	[TROTH_AUDIT_REFERENCE] = "reference",
};

static void put_line(struct troth_writer *w, const char *key, struct troth_view value)
{
	troth_put_view(w, troth_view_str(key));
	troth_put_u8(w, ' ');
	troth_put_view(w, value.n > 0 ? value : troth_view_str("-"));
	troth_put_u8(w, '\n');
}

/* A line break in a value would forge the lines after it; a lone "-" means absent. */
static bool plain(struct troth_view text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < 0x20 || text.p[i] > 0x7e)
			return false;
	return !troth_view_equal(text, troth_view_str("-"));
}

static enum troth_status put_text(struct troth_writer *w, const char *key,
				  struct troth_view text)
{
	if (!plain(text))
		return TROTH_E_MALFORMED;
	put_line(w, key, text);
	return TROTH_OK;
}

static enum troth_status put_digest(struct troth_writer *w, const char *key,
				    struct troth_view digest)
{
	char hex[2 * DIGEST_LEN + 1];
	if (digest.n != 0 && digest.n != DIGEST_LEN)
		return TROTH_E_MALFORMED;
	troth_format_hex(digest, hex);
	put_line(w, key, troth_view_str(hex));
	return TROTH_OK;
}

enum troth_status troth_audit_leaf_write(const struct troth_audit_leaf *leaf, uint8_t *buf,
					 size_t max, size_t *out_len)
{
	uint8_t text[TROTH_AUDIT_LEAF_MAX];
	char time[24];
	struct troth_writer w = troth_writer_make(text, sizeof text);

	if ((size_t)leaf->kind >= TROTH_COUNT(KINDS) || leaf->actor.n == 0)
		return TROTH_E_MALFORMED;
	(void)snprintf(time, sizeof time, "%" PRIu64, leaf->time_ms);

	troth_put_view(&w, troth_view_str("troth-audit/v1\n"));
	put_line(&w, "kind", troth_view_str(KINDS[leaf->kind]));
	put_line(&w, "time", troth_view_str(time));
	TROTH_TRY(put_text(&w, "name", leaf->name));
	TROTH_TRY(put_text(&w, "actor", leaf->actor));
	TROTH_TRY(put_text(&w, "detail", leaf->detail));
	TROTH_TRY(put_digest(&w, "digest", leaf->digest));
	TROTH_TRY(put_digest(&w, "policy", leaf->policy));
	TROTH_TRY(put_digest(&w, "reference", leaf->reference));
	TROTH_TRY(put_digest(&w, "certificate", leaf->certificate));
	if (!troth_writer_ok(&w) || w.n > max)
		return TROTH_E_LIMIT;

	memcpy(buf, text, w.n);
	*out_len = w.n;
	return TROTH_OK;
}
