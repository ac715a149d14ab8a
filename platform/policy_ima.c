/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_ima.h"

#include "base.h"
#include "digest_set.h"
#include "ima_key.h"
#include "reader.h"
#include "text.h"

/* The section as it is written. */
struct draft {
	struct troth_ima_policy policy;
	uint32_t violations, kexec;
};

/* In the order of enum troth_ima_attitude. */
static const char *const ATTITUDES[] = { "deny", "warn", "allow", NULL };

static enum troth_status put(struct troth_config_doc *doc, struct troth_ima_policy *p,
			     struct troth_view text, troth_ima_text *out)
{
	if (!troth_ima_policy_put(p, text, out))
		return troth_config_fail(doc, "more than %d bytes of text in ima",
					 TROTH_IMA_POLICY_TEXT_MAX);
	return TROTH_OK;
}

/* A list of texts, each of which must hold a test. */
struct texts {
	struct troth_ima_policy *policy;
	troth_ima_text *list;
	size_t *n, max;
	bool (*valid)(struct troth_view text);
	const char *complaint;
};

static enum troth_status add_text(struct troth_config_doc *doc, const struct texts *t)
{
	struct troth_view text;
	TROTH_TRY(troth_config_scalar(doc, &text));
	if (!t->valid(text))
		return troth_config_fail(doc, "%s", t->complaint);
	if (*t->n == t->max)
		return troth_config_fail(doc, "more than %zu", t->max);
	TROTH_TRY(put(doc, t->policy, text, &t->list[*t->n]));
	(*t->n)++;
	return TROTH_OK;
}

static bool plain_name(struct troth_view text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] <= ' ' || text.p[i] > '~')
			return false;
	return text.n > 0 && text.n <= TROTH_DIGEST_SET_SOURCE_MAX;
}

static bool plain_path(struct troth_view text)
{
	return troth_ima_path_valid(text);
}

/* ---- allow ---- */

/* A rule being read: its texts go to the pool of the policy. */
struct rule_draft {
	struct troth_ima_policy *policy;
	struct troth_ima_rule rule;
	uint32_t match;
};

enum { MATCH_PATH, MATCH_DIGEST };
static const char *const MATCHES[] = { "path", "digest", NULL };

static enum troth_status read_list(struct troth_config_doc *doc, void *target)
{
	struct rule_draft *d = target;
	struct troth_view text;
	TROTH_TRY(troth_config_scalar(doc, &text));
	if (!troth_name_valid(text))
		return troth_config_fail(doc, "no name of an allow-list");
	return put(doc, d->policy, text, &d->rule.list);
}

static enum troth_status read_under(struct troth_config_doc *doc, void *target)
{
	struct rule_draft *d = target;
	return add_text(doc, &(struct texts){ d->policy, d->rule.under, &d->rule.n_under,
					      TROTH_IMA_RULE_NAMES_MAX, plain_path,
					      "no absolute path of a directory" });
}

static enum troth_status read_package(struct troth_config_doc *doc, void *target)
{
	struct rule_draft *d = target;
	return add_text(doc, &(struct texts){ d->policy, d->rule.packages, &d->rule.n_packages,
					      TROTH_IMA_RULE_NAMES_MAX, plain_name,
					      "no name of a package" });
}

static const struct troth_config_field RULE_FIELDS[] = {
	{ .key = "list", .type = TROTH_CONFIG_NODE, .each = read_list, .required = true },
	{ .key = "match",
	  .type = TROTH_CONFIG_ENUM,
	  .offset = offsetof(struct rule_draft, match),
	  .names = MATCHES,
	  .default_text = "path" },
	{ .key = "under", .type = TROTH_CONFIG_LIST, .each = read_under },
	{ .key = "packages", .type = TROTH_CONFIG_LIST, .each = read_package },
	{ 0 },
};

static enum troth_status read_rule(struct troth_config_doc *doc, void *target)
{
	struct troth_ima_policy *p = &((struct draft *)target)->policy;
	struct rule_draft d = { .policy = p };
	if (p->n_rules == TROTH_IMA_RULES_MAX)
		return troth_config_fail(doc, "more than %d rules", TROTH_IMA_RULES_MAX);
	TROTH_TRY(troth_config_map(doc, RULE_FIELDS, &d));
	d.rule.any_path = d.match == MATCH_DIGEST;
	p->rules[p->n_rules++] = d.rule;
	return TROTH_OK;
}

/* ---- what else is accepted ---- */

static enum troth_status read_ignore(struct troth_config_doc *doc, void *target)
{
	struct troth_ima_policy *p = &((struct draft *)target)->policy;
	return add_text(doc,
			&(struct texts){ p, p->ignore, &p->n_ignore, TROTH_IMA_IGNORE_MAX,
					 troth_ima_pattern_valid,
					 "no anchored pattern: wanted an absolute path that "
					 "names something, '*' within one component, '/**' "
					 "at the end" });
}

static enum troth_status read_expected(struct troth_config_doc *doc, void *target)
{
	struct troth_ima_policy *p = &((struct draft *)target)->policy;
	return add_text(doc,
			&(struct texts){ p, p->expected, &p->n_expected, TROTH_IMA_EXPECTED_MAX,
					 plain_path, "no absolute path" });
}

static enum troth_status read_keyring(struct troth_config_doc *doc, void *target)
{
	struct troth_ima_policy *p = &((struct draft *)target)->policy;
	return add_text(doc,
			&(struct texts){ p, p->keyrings, &p->n_keyrings, TROTH_IMA_KEYRINGS_MAX,
					 plain_name, "no name of a keyring" });
}

static bool usable_key(struct troth_view pem)
{
	struct troth_ima_keys keys = { 0 };
	const bool usable = troth_ima_keys_add_pem(&keys, pem) == TROTH_OK;
	troth_ima_keys_release(&keys);
	return usable;
}

static enum troth_status read_key(struct troth_config_doc *doc, void *target)
{
	struct troth_ima_policy *p = &((struct draft *)target)->policy;
	return add_text(doc,
			&(struct texts){ p, p->keys, &p->n_keys, TROTH_IMA_KEYS_MAX, usable_key,
					 "no public key or certificate in PEM, of RSA from "
					 "2048 bits on, P-256 or P-384" });
}

/* ---- events ---- */

/* Under an event's name: its SHA-256, or any. */
static enum troth_status read_event(struct troth_config_doc *doc, void *target)
{
	struct troth_ima_policy *p = &((struct draft *)target)->policy;
	struct troth_ima_event_rule rule = { 0 };
	struct troth_view digest;
	const struct troth_view name = troth_config_key(doc);
	if (!plain_name(name))
		return troth_config_fail(doc, "no name of an event");
	if (p->n_events == TROTH_IMA_EVENTS_MAX)
		return troth_config_fail(doc, "more than %d events", TROTH_IMA_EVENTS_MAX);
	TROTH_TRY(put(doc, p, name, &rule.name));
	TROTH_TRY(troth_config_scalar(doc, &digest));
	rule.any = troth_view_equal(digest, troth_view_str("any"));
	if (!rule.any && !troth_parse_hex(digest, rule.sha256, sizeof rule.sha256))
		return troth_config_fail(doc, "wanted any, or a SHA-256 as 64 hex digits");
	p->events[p->n_events++] = rule;
	return TROTH_OK;
}

#define AT(member) .offset = offsetof(struct draft, member)
static const struct troth_config_field FIELDS[] = {
	{ .key = "required",
	  .type = TROTH_CONFIG_BOOL,
	  AT(policy.required),
	  .default_text = "true" },
	{ .key = "allow", .type = TROTH_CONFIG_LIST, .each = read_rule },
	{ .key = "ignore", .type = TROTH_CONFIG_LIST, .each = read_ignore },
	{ .key = "expect", .type = TROTH_CONFIG_LIST, .each = read_expected },
	{ .key = "keys", .type = TROTH_CONFIG_LIST, .each = read_key },
	{ .key = "keyrings", .type = TROTH_CONFIG_LIST, .each = read_keyring },
	{ .key = "events", .type = TROTH_CONFIG_ANYMAP, .each = read_event },
	{ .key = "violations",
	  .type = TROTH_CONFIG_ENUM,
	  AT(violations),
	  .names = ATTITUDES,
	  .default_text = "deny" },
	{ .key = "kexec",
	  .type = TROTH_CONFIG_ENUM,
	  AT(kexec),
	  .names = ATTITUDES,
	  .default_text = "deny" },
	{ .key = "weak_bank",
	  .type = TROTH_CONFIG_BOOL,
	  AT(policy.weak_bank),
	  .default_text = "false" },
	{ 0 },
};

enum troth_status troth_policy_ima_read(struct troth_config_doc *doc,
					struct troth_ima_policy *out)
{
	struct draft d = { .policy.present = true };
	TROTH_TRY(troth_config_map(doc, FIELDS, &d));
	d.policy.violations = (enum troth_ima_attitude)d.violations;
	d.policy.kexec = (enum troth_ima_attitude)d.kexec;
	*out = d.policy;
	return TROTH_OK;
}
