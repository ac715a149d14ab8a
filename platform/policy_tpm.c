/* SPDX-License-Identifier: Apache-2.0 */
/* The key `tpm` of a policy. */
#include <string.h>

#include "base.h"
#include "policy_parts.h"

/* A rule as it is written. */
struct draft {
	struct troth_tpm_rule rule;
	bool from, to;
};

static enum troth_status read_maker(struct troth_config_doc *doc, void *target)
{
	struct troth_tpm_rule *rule = &((struct draft *)target)->rule;
	struct troth_view text;
	TROTH_TRY(troth_config_scalar(doc, &text));
	if (!troth_tpm_maker_valid(text))
		return troth_config_fail(doc, "no TPM vendor ID: wanted 1 to %d characters",
					 TROTH_TPM_MAKER_MAX);
	memcpy(rule->maker, text.p, text.n);
	return TROTH_OK;
}

static enum troth_status read_version(struct troth_config_doc *doc, bool end, uint64_t *out)
{
	struct troth_view text;
	TROTH_TRY(troth_config_scalar(doc, &text));
	if (!troth_tpm_version_read(text, end, out))
		return troth_config_fail(doc, "no firmware version: wanted 1 to 4 numbers up "
					      "to 65535 with dots between");
	return TROTH_OK;
}

static enum troth_status read_from(struct troth_config_doc *doc, void *target)
{
	struct draft *d = target;
	d->from = true;
	return read_version(doc, false, &d->rule.from);
}

static enum troth_status read_to(struct troth_config_doc *doc, void *target)
{
	struct draft *d = target;
	d->to = true;
	return read_version(doc, true, &d->rule.to);
}

static const struct troth_config_field RULE[] = {
	{ .key = "manufacturer", .type = TROTH_CONFIG_NODE, .each = read_maker },
	{ .key = "from", .type = TROTH_CONFIG_NODE, .each = read_from },
	{ .key = "to", .type = TROTH_CONFIG_NODE, .each = read_to },
	{ 0 },
};

static enum troth_status read_rule(struct troth_config_doc *doc, size_t *n,
				   struct troth_tpm_rule *rules)
{
	struct draft d = { .rule.to = UINT64_MAX };
	if (*n == TROTH_TPM_RULES_MAX)
		return troth_config_fail(doc, "more than %d rules", TROTH_TPM_RULES_MAX);
	TROTH_TRY(troth_config_map(doc, RULE, &d));
	if (d.rule.maker[0] == '\0' && !d.from && !d.to)
		return troth_config_fail(doc, "a rule that names no TPM");
	if (d.rule.from > d.rule.to)
		return troth_config_fail(doc, "from is later than to");
	rules[(*n)++] = d.rule;
	return TROTH_OK;
}

static enum troth_status read_deny(struct troth_config_doc *doc, void *target)
{
	struct troth_tpm_policy *p = target;
	return read_rule(doc, &p->n_deny, p->deny);
}

static enum troth_status read_allow(struct troth_config_doc *doc, void *target)
{
	struct troth_tpm_policy *p = target;
	return read_rule(doc, &p->n_allow, p->allow);
}

static const struct troth_config_field TPM[] = {
	{ .key = "deny", .type = TROTH_CONFIG_LIST, .each = read_deny },
	{ .key = "allow", .type = TROTH_CONFIG_LIST, .each = read_allow },
	{ 0 },
};

enum troth_status troth_policy_read_tpm(struct troth_config_doc *doc,
					struct troth_tpm_policy *out)
{
	struct troth_tpm_policy p = { 0 };
	TROTH_TRY(troth_config_map(doc, TPM, &p));
	if (p.n_deny == 0 && p.n_allow == 0)
		return troth_config_fail(doc, "neither deny nor allow has a rule");
	*out = p;
	return TROTH_OK;
}
