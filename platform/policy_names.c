/* SPDX-License-Identifier: Apache-2.0 */
/* The key `names` of a policy. */
#include <arpa/inet.h>
#include <string.h>

#include "base.h"
#include "dns_pattern.h"
#include "policy_clash.h"
#include "policy_parts.h"
#include "reader.h"
#include "text.h"

static enum troth_status read_pattern(struct troth_config_doc *doc,
				      struct troth_policy_names *names, bool shared)
{
	struct troth_dns_pattern pattern = { .shared = shared };
	TROTH_TRY(troth_config_scalar(doc, &pattern.text));
	if (names->n_dns == TROTH_POLICY_DNS_MAX)
		return troth_config_fail(doc, "more than %d DNS names", TROTH_POLICY_DNS_MAX);
	const char *fault = troth_dns_pattern_fault(&pattern);
	if (fault != NULL)
		return troth_config_fail(doc, "%s", fault);
	for (size_t i = 0; i < names->n_dns; i++)
		if (troth_view_equal(troth_view_str(names->dns[i]), pattern.text))
			return troth_config_fail(doc, "the same DNS name twice");
	names->dns_shared[names->n_dns] = shared;
	memcpy(names->dns[names->n_dns], pattern.text.p, pattern.text.n);
	names->dns[names->n_dns++][pattern.text.n] = '\0';
	return TROTH_OK;
}

static enum troth_status read_dns(struct troth_config_doc *doc, void *target)
{
	return read_pattern(doc, target, false);
}

static enum troth_status read_shared(struct troth_config_doc *doc, void *target)
{
	return read_pattern(doc, target, true);
}

static bool parse_address(struct troth_view text, struct troth_policy_address *out)
{
	char host[INET6_ADDRSTRLEN];
	if (text.n >= sizeof host)
		return false;
	memcpy(host, text.p, text.n);
	host[text.n] = '\0';
	out->len = inet_pton(AF_INET, host, out->bytes) == 1	? 4
		   : inet_pton(AF_INET6, host, out->bytes) == 1 ? 16
								: 0;
	return out->len > 0;
}

/* An address is one device's, or two could pass for each other. */
static bool taken(const struct troth_policy_names *names, const struct troth_policy_address *a)
{
	bool found = false;
	for (size_t i = 0; i < names->n_addresses && !found; i++)
		found = names->addresses[i].len == a->len &&
			memcmp(names->addresses[i].bytes, a->bytes, a->len) == 0;
	return found;
}

static enum troth_status read_device(struct troth_config_doc *doc, void *target)
{
	return troth_config_name(doc, ((struct troth_policy_address *)target)->device);
}

static enum troth_status read_address(struct troth_config_doc *doc, void *target)
{
	struct troth_view text;
	TROTH_TRY(troth_config_scalar(doc, &text));
	return parse_address(text, target) ? TROTH_OK : troth_config_fail(doc, "no IP address");
}

static const struct troth_config_field ADDRESS[] = {
	{ .key = "device", .type = TROTH_CONFIG_NODE, .each = read_device, .required = true },
	{ .key = "address", .type = TROTH_CONFIG_NODE, .each = read_address, .required = true },
	{ 0 },
};

static size_t addresses_of(const struct troth_policy_names *names, const char *device)
{
	size_t n = 0;
	for (size_t i = 0; i < names->n_addresses; i++)
		n += strcmp(names->addresses[i].device, device) == 0;
	return n;
}

static enum troth_status read_ip(struct troth_config_doc *doc, void *target)
{
	struct troth_policy_names *names = target;
	struct troth_policy_address a = { 0 };
	if (names->n_addresses == TROTH_POLICY_ADDRESSES_MAX)
		return troth_config_fail(doc, "more than %d addresses",
					 TROTH_POLICY_ADDRESSES_MAX);
	TROTH_TRY(troth_config_map(doc, ADDRESS, &a));
	if (taken(names, &a))
		return troth_config_fail(doc, "the same address twice");
	if (addresses_of(names, a.device) == TROTH_SVID_NAMES_MAX - TROTH_POLICY_DNS_MAX)
		return troth_config_fail(doc, "more than %d addresses of one device",
					 TROTH_SVID_NAMES_MAX - TROTH_POLICY_DNS_MAX);
	names->addresses[names->n_addresses++] = a;
	return TROTH_OK;
}

static const struct troth_config_field NAMES[] = {
	{ .key = "dns", .type = TROTH_CONFIG_LIST, .each = read_dns },
	{ .key = "shared", .type = TROTH_CONFIG_LIST, .each = read_shared },
	{ .key = "ip", .type = TROTH_CONFIG_LIST, .each = read_ip },
	{ 0 },
};

enum troth_status troth_policy_read_names(struct troth_config_doc *doc,
					  struct troth_policy_names *out)
{
	struct troth_policy_names names = { 0 };
	char why[TROTH_POLICY_CLASH_TEXT_MAX];
	TROTH_TRY(troth_config_map(doc, NAMES, &names));
	if (names.n_dns == 0 && names.n_addresses == 0)
		return troth_config_fail(doc, "neither dns nor shared nor ip has a name");
	if (troth_policy_names_clash(&names, &names, why))
		return troth_config_fail(doc, "%s", why);
	*out = names;
	return TROTH_OK;
}
