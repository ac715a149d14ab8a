/* SPDX-License-Identifier: Apache-2.0 */
#include "proof_rules.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base.h"
#include "config.h"
#include "reader.h"
#include "text.h"
#include "uri.h"

static bool find_user(struct troth_view text, uid_t *out)
{
	char name[64], buf[4096];
	struct passwd entry, *found = NULL;
	uint64_t number;
	if (troth_parse_u64(text, UINT32_MAX - 1, &number)) {
		*out = (uid_t)number;
		return true;
	}
	if (text.n == 0 || text.n >= sizeof name)
		return false;
	memcpy(name, text.p, text.n);
	name[text.n] = '\0';
	if (getpwnam_r(name, &entry, buf, sizeof buf, &found) != 0 || found == NULL)
		return false;
	*out = found->pw_uid;
	return true;
}

static enum troth_status read_user(struct troth_config_doc *doc, void *target)
{
	struct troth_view text;
	TROTH_TRY(troth_config_scalar(doc, &text));
	if (!find_user(text, &((struct troth_proof_rule *)target)->uid))
		return troth_config_fail(doc, "there is no such user");
	return TROTH_OK;
}

static enum troth_status read_url(struct troth_config_doc *doc, void *target)
{
	struct troth_proof_rule *rule = target;
	struct troth_view text;
	TROTH_TRY(troth_config_scalar(doc, &text));
	if (rule->n_urls == TROTH_PROOF_URLS_MAX)
		return troth_config_fail(doc, "more than %d addresses", TROTH_PROOF_URLS_MAX);
	char *url = rule->urls[rule->n_urls];
	struct troth_writer w = troth_writer_make((uint8_t *)url, sizeof rule->urls[0] - 1);
	if (text.n == 0 || troth_uri_normal(text, &w) != TROTH_OK || url[w.n - 1] != '/')
		return troth_config_fail(doc, "an address is https://host[:port]/, with a "
					      "path that ends in / or none");
	url[w.n] = '\0';
	rule->n_urls++;
	return TROTH_OK;
}

enum troth_status troth_proof_rule_read(struct troth_config_doc *doc,
					struct troth_proof_rules *rules)
{
	static const struct troth_config_field FIELDS[] = {
		{ .key = "user",
		  .type = TROTH_CONFIG_NODE,
		  .each = read_user,
		  .required = true },
		{ .key = "urls",
		  .type = TROTH_CONFIG_LIST,
		  .each = read_url,
		  .required = true },
		{ 0 },
	};
	struct troth_proof_rule rule = { 0 };
	if (rules->n == TROTH_PROOF_RULES_MAX)
		return troth_config_fail(doc, "more than %d users", TROTH_PROOF_RULES_MAX);
	TROTH_TRY(troth_config_map(doc, FIELDS, &rule));
	if (rule.n_urls == 0)
		return troth_config_fail(doc, "urls: none is named");
	for (size_t i = 0; i < rules->n; i++)
		if (rules->list[i].uid == rule.uid)
			return troth_config_fail(doc, "the same user twice");
	rules->list[rules->n++] = rule;
	return TROTH_OK;
}

static bool is_owner(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

static const struct troth_proof_rule *find(const struct troth_proof_rules *rules, uid_t uid)
{
	for (size_t i = 0; i < rules->n; i++)
		if (rules->list[i].uid == uid)
			return &rules->list[i];
	return NULL;
}

bool troth_proof_user_known(const struct troth_proof_rules *rules, uid_t uid)
{
	return is_owner(uid) || find(rules, uid) != NULL;
}

static bool starts_with(struct troth_view text, const char *prefix)
{
	const struct troth_view want = troth_view_str(prefix);
	return text.n >= want.n &&
	       troth_view_equal((struct troth_view){ text.p, want.n }, want);
}

bool troth_proof_allowed(const struct troth_proof_rules *rules, uid_t uid,
			 struct troth_view url)
{
	uint8_t buf[TROTH_HTU_MAX];
	struct troth_writer w = troth_writer_make(buf, sizeof buf);
	const struct troth_proof_rule *rule = find(rules, uid);
	if (is_owner(uid))
		return true;
	if (rule == NULL || troth_uri_normal(url, &w) != TROTH_OK)
		return false;
	for (size_t i = 0; i < rule->n_urls; i++)
		if (starts_with(troth_written(&w), rule->urls[i]))
			return true;
	return false;
}
