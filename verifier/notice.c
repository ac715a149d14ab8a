/* SPDX-License-Identifier: Apache-2.0 */
#include "notice.h"

#include <string.h>

#include "base.h"
#include "clock.h"
#include "json_write.h"
#include "reader.h"

static const char *const TYPES[TROTH_NOTICE_N] = {
	[TROTH_NOTICE_NONE] = "",
	[TROTH_NOTICE_PENDING] = "device.pending",
	[TROTH_NOTICE_ENROLLED] = "device.enrolled",
	[TROTH_NOTICE_APPROVED] = "device.approved",
	[TROTH_NOTICE_QUARANTINED] = "device.quarantined",
	[TROTH_NOTICE_RELEASED] = "device.released",
	[TROTH_NOTICE_RETIRED] = "device.retired",
	[TROTH_NOTICE_CHANGED] = "device.changed",
	[TROTH_NOTICE_HEALTHY] = "device.healthy",
	[TROTH_NOTICE_UNTRUSTED] = "device.untrusted",
	[TROTH_NOTICE_RECOVERED] = "device.recovered",
	[TROTH_NOTICE_POLICY] = "policy.applied",
	[TROTH_NOTICE_REFERENCE] = "reference.applied",
};

const char *troth_notice_type(enum troth_notice_kind kind)
{
	return (size_t)kind < TROTH_COUNT(TYPES) ? TYPES[kind] : "";
}

bool troth_notice_matches(enum troth_notice_kind kind, const char *pattern)
{
	const char *type = troth_notice_type(kind);
	const size_t n = strlen(pattern);
	if (type[0] == '\0' || n == 0)
		return false;
	if (strcmp(pattern, "*") == 0 || strcmp(pattern, type) == 0)
		return true;
	return n > 2 && strcmp(pattern + n - 2, ".*") == 0 &&
	       strncmp(pattern, type, n - 1) == 0;
}

bool troth_notice_pattern_valid(const char *pattern)
{
	bool any = false;
	for (enum troth_notice_kind k = 0; k < TROTH_NOTICE_N; k++)
		any = any || troth_notice_matches(k, pattern);
	return any;
}

bool troth_notice_public(const struct troth_notice *n)
{
	return n->segment[0] != '\0' && troth_notice_matches(n->kind, "device.*");
}

static void put_text(struct troth_writer *w, const char *name, const char *text)
{
	if (text[0] != '\0')
		troth_json_member_text(w, name, troth_view_str(text));
}

enum troth_status troth_notice_write(const struct troth_notice *n, uint64_t index, uint8_t *buf,
				     size_t max, size_t *out_len)
{
	char time[32];
	struct troth_writer w = troth_writer_make(buf, max);
	if (n->kind == TROTH_NOTICE_NONE || index > INT64_MAX)
		return TROTH_E_MALFORMED;
	troth_format_time(n->time_s, time);
	troth_json_open(&w, '{');
	put_text(&w, "type", troth_notice_type(n->kind));
	put_text(&w, "timestamp", time);
	troth_json_name(&w, "data");
	troth_json_open(&w, '{');
	troth_json_member_int(&w, "seq", (int64_t)index);
	put_text(&w, "name", n->name);
	put_text(&w, "segment", n->segment);
	put_text(&w, "was", n->was);
	put_text(&w, "reason", n->reason);
	if (n->revoked)
		troth_json_member_text(&w, "certificates", troth_view_str("revoked"));
	troth_json_close(&w, '}');
	troth_json_close(&w, '}');
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;
	*out_len = w.n;
	return TROTH_OK;
}
