/* SPDX-License-Identifier: Apache-2.0 */
#include "settings_callers.h"

#include <string.h>

#include "base.h"
#include "config.h"
#include "reader.h"
#include "settings.h"
#include "text.h"

static enum troth_status read_name(struct troth_config_doc *doc, void *target)
{
	return troth_config_name(doc, ((struct troth_caller *)target)->name);
}

static enum troth_status read_audience(struct troth_config_doc *doc, void *target)
{
	return troth_config_name(doc, ((struct troth_caller *)target)->audience);
}

static enum troth_status get_digest(struct troth_config_doc *doc, uint8_t out[32])
{
	struct troth_view text;
	TROTH_TRY(troth_config_scalar(doc, &text));
	if (!troth_parse_hex(text, out, 32))
		return troth_config_fail(doc, "a SHA-256 is 64 hex digits");
	return TROTH_OK;
}

static enum troth_status read_token(struct troth_config_doc *doc, void *target)
{
	struct troth_caller *c = target;
	c->has_token = true;
	return get_digest(doc, c->token_sha256);
}

static enum troth_status read_certificate(struct troth_config_doc *doc, void *target)
{
	struct troth_caller *c = target;
	c->has_certificate = true;
	return get_digest(doc, c->certificate_sha256);
}

static const struct troth_config_field CALLER_FIELDS[] = {
	{ .key = "name", .type = TROTH_CONFIG_NODE, .each = read_name, .required = true },
	{ .key = "audience",
	  .type = TROTH_CONFIG_NODE,
	  .each = read_audience,
	  .required = true },
	{ .key = "token_sha256", .type = TROTH_CONFIG_NODE, .each = read_token },
	{ .key = "certificate_sha256", .type = TROTH_CONFIG_NODE, .each = read_certificate },
	{ 0 },
};

/* Two callers with one credential could not be told apart. */
static bool alike(const struct troth_caller *a, const struct troth_caller *b)
{
	return strcmp(a->name, b->name) == 0 ||
	       (a->has_token && b->has_token &&
		memcmp(a->token_sha256, b->token_sha256, sizeof a->token_sha256) == 0) ||
	       (a->has_certificate && b->has_certificate &&
		memcmp(a->certificate_sha256, b->certificate_sha256,
		       sizeof a->certificate_sha256) == 0);
}

enum troth_status troth_settings_caller(struct troth_config_doc *doc, void *settings)
{
	struct troth_callers *callers = &((struct troth_settings *)settings)->callers;
	struct troth_caller c = { 0 };
	if (callers->n == TROTH_CALLERS_MAX)
		return troth_config_fail(doc, "more than %d callers", TROTH_CALLERS_MAX);
	TROTH_TRY(troth_config_map(doc, CALLER_FIELDS, &c));
	if (!c.has_token && !c.has_certificate)
		return troth_config_fail(doc,
					 "a caller shows token_sha256 or certificate_sha256");
	for (size_t i = 0; i < callers->n; i++)
		if (alike(&c, &callers->list[i]))
			return troth_config_fail(
				doc, "a caller of this name or credential comes twice");
	callers->list[callers->n++] = c;
	return TROTH_OK;
}
