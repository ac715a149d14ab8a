/* SPDX-License-Identifier: Apache-2.0 */
#include "noted.h"

#include <stdio.h>
#include <string.h>

#include "item.h"

static enum troth_notice_kind after_enrolment(const struct troth_device_row *after)
{
	switch (after->state) {
	case TROTH_DEVICE_PENDING: return TROTH_NOTICE_PENDING;
	case TROTH_DEVICE_ACTIVE: return TROTH_NOTICE_ENROLLED;
	case TROTH_DEVICE_QUARANTINED:
	case TROTH_DEVICE_RETIRED:
	case TROTH_DEVICE_STATE_N: break;
	}
	return TROTH_NOTICE_NONE; /* it stays what it was */
}

static bool was_judged(const struct troth_device_row *row)
{
	return row->last_pass_ms != 0 || row->last_fail_ms != 0;
}

static bool was_healthy(const struct troth_device_row *row)
{
	return row->last_pass_ms > row->last_fail_ms;
}

/* Of a verdict only what turns is told, not each that says the same again. */
static enum troth_notice_kind after_verdict(const struct troth_device_row *before,
					    const struct troth_device_row *after)
{
	const bool affirming = after->tier == TROTH_TIER_AFFIRMING;
	if (!was_judged(before))
		return affirming ? TROTH_NOTICE_HEALTHY : TROTH_NOTICE_UNTRUSTED;
	if (affirming == was_healthy(before))
		return TROTH_NOTICE_NONE;
	return affirming ? TROTH_NOTICE_RECOVERED : TROTH_NOTICE_UNTRUSTED;
}

static bool renamed(const struct troth_device_row *a, const struct troth_device_row *b)
{
	return strcmp(a->name, b->name) != 0 || strcmp(a->segment, b->segment) != 0;
}

static enum troth_notice_kind after_change(const struct troth_device_row *before,
					   const struct troth_device_row *after)
{
	if (before->state == after->state)
		return renamed(before, after) ? TROTH_NOTICE_CHANGED : TROTH_NOTICE_NONE;
	switch (after->state) {
	case TROTH_DEVICE_PENDING: return TROTH_NOTICE_PENDING;
	case TROTH_DEVICE_ACTIVE:
		return before->state == TROTH_DEVICE_PENDING ? TROTH_NOTICE_APPROVED
							     : TROTH_NOTICE_RELEASED;
	case TROTH_DEVICE_QUARANTINED: return TROTH_NOTICE_QUARANTINED;
	case TROTH_DEVICE_RETIRED: return TROTH_NOTICE_RETIRED;
	case TROTH_DEVICE_STATE_N: break;
	}
	return TROTH_NOTICE_NONE;
}

static enum troth_notice_kind kind_of(const struct troth_store_item *item,
				      const struct troth_device_row *before,
				      const struct troth_device_row *after)
{
	switch (item->kind) {
	case TROTH_STORE_ENROL: return after_enrolment(after);
	case TROTH_STORE_VERDICT: return after_verdict(before, after);
	case TROTH_STORE_STATE: return after_change(before, after);
	case TROTH_STORE_DOCUMENT:
		return item->u.document.is_policy ? TROTH_NOTICE_POLICY
						  : TROTH_NOTICE_REFERENCE;
	case TROTH_STORE_CURSOR:
	case TROTH_STORE_FORGET:
	case TROTH_STORE_SECRET: break;
	}
	return TROTH_NOTICE_NONE;
}

static void tell_device(const struct troth_store_item *item,
			const struct troth_device_row *before,
			const struct troth_device_row *after, struct troth_notice *out)
{
	memcpy(out->name, after->name, sizeof out->name);
	memcpy(out->segment, after->segment, sizeof out->segment);
	if (before != NULL && renamed(before, after))
		(void)snprintf(out->was, sizeof out->was, "%s/%s", before->segment,
			       before->name);
	if (item->kind == TROTH_STORE_VERDICT)
		memcpy(out->reason, after->finding, sizeof out->reason);
	if (item->kind == TROTH_STORE_STATE)
		(void)snprintf(out->reason, sizeof out->reason, "operator");
	out->revoked = before != NULL && troth_store_revokes(item);
}

bool troth_store_noted(const struct troth_store_item *item,
		       const struct troth_device_row *before,
		       const struct troth_device_row *after, struct troth_notice *out)
{
	struct troth_notice n = { .kind = kind_of(item, before, after),
				  .time_s = troth_store_item_now_s(item) };
	if (n.kind == TROTH_NOTICE_NONE)
		return false;
	if (item->kind == TROTH_STORE_DOCUMENT)
		memcpy(n.name, item->u.document.name, sizeof n.name);
	else
		tell_device(item, before, after, &n);
	*out = n;
	return true;
}
