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
	[TROTH_AUDIT_REFERENCE] = "reference", [TROTH_AUDIT_SECRET] = "secret",
	[TROTH_AUDIT_WEBHOOK] = "webhook",
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

/* A value and the name of its line. */
struct line {
	const char *key;
	struct troth_view value;
};

static enum troth_status put_texts(struct troth_writer *w, const struct line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!plain(lines[i].value))
			return TROTH_E_MALFORMED;
		put_line(w, lines[i].key, lines[i].value);
	}
	return TROTH_OK;
}

static enum troth_status put_digests(struct troth_writer *w, const struct line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char hex[2 * DIGEST_LEN + 1];
		if (lines[i].value.n != 0 && lines[i].value.n != DIGEST_LEN)
			return TROTH_E_MALFORMED;
		troth_format_hex(lines[i].value, hex);
		put_line(w, lines[i].key, troth_view_str(hex));
	}
	return TROTH_OK;
}

enum troth_status troth_audit_leaf_write(const struct troth_audit_leaf *leaf, uint8_t *buf,
					 size_t max, size_t *out_len)
{
	const struct line texts[] = {
		{ "name", leaf->name },
		{ "actor", leaf->actor },
		{ "detail", leaf->detail },
	};
	const struct line digests[] = {
		{ "digest", leaf->digest },
		{ "policy", leaf->policy },
		{ "reference", leaf->reference },
		{ "certificate", leaf->certificate },
	};
	uint8_t text[TROTH_AUDIT_LEAF_MAX];
	char time[24];
	struct troth_writer w = troth_writer_make(text, sizeof text);

	if ((size_t)leaf->kind >= TROTH_COUNT(KINDS) || leaf->actor.n == 0)
		return TROTH_E_MALFORMED;
	(void)snprintf(time, sizeof time, "%" PRIu64, leaf->time_ms);
	troth_put_view(&w, troth_view_str("troth-audit/v1\n"));
	put_line(&w, "kind", troth_view_str(KINDS[leaf->kind]));
	put_line(&w, "time", troth_view_str(time));
	TROTH_TRY(put_texts(&w, texts, TROTH_COUNT(texts)));
	TROTH_TRY(put_digests(&w, digests, TROTH_COUNT(digests)));
	if (!troth_writer_ok(&w) || w.n > max)
		return TROTH_E_LIMIT;

	memcpy(buf, text, w.n);
	*out_len = w.n;
	return TROTH_OK;
}
