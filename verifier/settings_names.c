/* SPDX-License-Identifier: Apache-2.0 */
#include "settings_names.h"

#include <arpa/inet.h>
#include <string.h>

#include "base.h"
#include "reader.h"
#include "settings.h"
#include "text.h"

/* Bits past the prefix are zero, or the writer meant something else. */
static bool is_clean(const struct troth_name_rule *rule)
{
	for (size_t bit = rule->prefix; bit < (size_t)rule->len * 8; bit++)
		if ((rule->network[bit / 8] & 0x80 >> bit % 8) != 0)
			return false;
	return true;
}

static bool parse_network(struct troth_view text, size_t slash, struct troth_name_rule *out)
{
	char host[INET6_ADDRSTRLEN];
	uint64_t prefix;
	if (slash >= sizeof host)
		return false;
	memcpy(host, text.p, slash);
	host[slash] = '\0';
	out->len = inet_pton(AF_INET, host, out->network) == 1	  ? 4
		   : inet_pton(AF_INET6, host, out->network) == 1 ? 16
								  : 0;
	const struct troth_view bits = { text.p + slash + 1, text.n - slash - 1 };
	if (out->len == 0 || !troth_parse_u64(bits, (uint64_t)out->len * 8, &prefix))
		return false;
	out->prefix = (uint8_t)prefix;
	return is_clean(out);
}

static bool parse_rule(struct troth_view text, struct troth_name_rule *out)
{
	const uint8_t *slash = text.n > 0 ? memchr(text.p, '/', text.n) : NULL;
	if (slash != NULL)
		return parse_network(text, (size_t)(slash - text.p), out);
	if (!troth_dns_name_valid(text, false))
		return false;
	memcpy(out->domain, text.p, text.n);
	out->domain[text.n] = '\0';
	return true;
}

enum troth_status troth_settings_name_rule(struct troth_config_doc *doc, void *settings)
{
	struct troth_name_rules *rules =
		&((struct troth_settings *)settings)->certificate_names;
	struct troth_name_rule rule = { 0 };
	struct troth_view text;
	TROTH_TRY(troth_config_scalar(doc, &text));
	if (rules->n == TROTH_NAME_RULES_MAX)
		return troth_config_fail(doc, "more than %d names", TROTH_NAME_RULES_MAX);
	if (!parse_rule(text, &rule))
		return troth_config_fail(doc, "wanted a domain as example.org, or a network as "
					      "192.0.2.0/24");
	rules->list[rules->n++] = rule;
	return TROTH_OK;
}
