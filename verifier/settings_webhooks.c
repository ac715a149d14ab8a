/* SPDX-License-Identifier: Apache-2.0 */
#include "settings_webhooks.h"

#include <string.h>

#include "base.h"
#include "config.h"
#include "notice.h"
#include "reader.h"
#include "settings.h"
#include "uri.h"

static enum troth_status read_name(struct troth_config_doc *doc, void *target)
{
	return troth_config_name(doc, ((struct troth_webhook *)target)->name);
}

/* Nobody outside says where to: an address is the operator's, whole, and of https. */
static enum troth_status read_url(struct troth_config_doc *doc, void *target)
{
	static const char SCHEME[] = "https://";
	struct troth_webhook *h = target;
	struct troth_view text;
	uint8_t normal[TROTH_WEBHOOK_URL_MAX + 64];
	struct troth_writer w = troth_writer_make(normal, sizeof normal);
	TROTH_TRY(troth_config_scalar(doc, &text));
	if (text.n > TROTH_WEBHOOK_URL_MAX)
		return troth_config_fail(doc, "an address has at most %d bytes",
					 TROTH_WEBHOOK_URL_MAX);
	if (text.n < sizeof SCHEME || memcmp(text.p, SCHEME, sizeof SCHEME - 1) != 0 ||
	    troth_uri_normal(text, &w) != TROTH_OK)
		return troth_config_fail(doc, "a webhook's address is https://, without a "
					      "user name");
	memcpy(h->url, text.p, text.n);
	h->url[text.n] = '\0';
	return TROTH_OK;
}

static enum troth_status read_event(struct troth_config_doc *doc, void *target)
{
	struct troth_webhook *h = target;
	struct troth_view text;
	TROTH_TRY(troth_config_scalar(doc, &text));
	if (h->n_events == TROTH_WEBHOOK_EVENTS_MAX)
		return troth_config_fail(doc, "more than %d types of events",
					 TROTH_WEBHOOK_EVENTS_MAX);
	char *pattern = h->events[h->n_events];
	if (text.n >= sizeof h->events[0] || memchr(text.p, 0, text.n) != NULL)
		return troth_config_fail(doc, "no event is called so");
	memcpy(pattern, text.p, text.n);
	pattern[text.n] = '\0';
	if (!troth_notice_pattern_valid(pattern))
		return troth_config_fail(doc, "no event is called so");
	h->n_events++;
	return TROTH_OK;
}

#define FILE_FIELD(member)                                           \
	{                                                            \
		.key = #member, .type = TROTH_CONFIG_STRING,         \
		.offset = offsetof(struct troth_webhook, member),    \
		.size = sizeof((struct troth_webhook *)0)->member,   \
		.max = sizeof((struct troth_webhook *)0)->member - 1 \
	}

static const struct troth_config_field FIELDS[] = {
	{ .key = "name", .type = TROTH_CONFIG_NODE, .each = read_name, .required = true },
	{ .key = "url", .type = TROTH_CONFIG_NODE, .each = read_url, .required = true },
	FILE_FIELD(ca),
	FILE_FIELD(secret),
	FILE_FIELD(key),
	{ .key = "events", .type = TROTH_CONFIG_LIST, .each = read_event },
	{ 0 },
};

enum troth_status troth_settings_webhook(struct troth_config_doc *doc, void *settings)
{
	struct troth_webhooks *hooks = &((struct troth_settings *)settings)->webhooks;
	if (hooks->n == TROTH_WEBHOOKS_MAX)
		return troth_config_fail(doc, "more than %d webhooks", TROTH_WEBHOOKS_MAX);
	struct troth_webhook *h = &hooks->list[hooks->n];
	*h = (struct troth_webhook){ .n_events = 0 };
	TROTH_TRY(troth_config_map(doc, FIELDS, h));
	if (h->secret[0] == '\0' && h->key[0] == '\0')
		return troth_config_fail(doc, "a webhook is signed with a secret or a key");
	for (size_t i = 0; i < hooks->n; i++)
		if (strcmp(hooks->list[i].name, h->name) == 0)
			return troth_config_fail(doc, "a webhook of this name comes twice");
	hooks->n++;
	return TROTH_OK;
}
