/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "documents.h"
#include "dpop.h"
#include "eventlog.h"
#include "ima_appraise.h"
#include "policy_ima.h"
#include "policy_parts.h"
#include "reader.h"
#include "text.h"

#define MONTH_S (30 * 86400)

/* The policy as it is written, before its parts are weighed against each other. */
struct draft {
	struct troth_policy policy;
	struct troth_view trust_domain; /* ours */
	uint32_t secure_boot, enrolment, ek_template, approve, result, result_profile;
	uint32_t result_on_request;
};

enum { SECURE_BOOT_REQUIRED, SECURE_BOOT_ANY };
enum { APPROVE_MANUAL, APPROVE_AUTOMATIC };
enum { ON_REQUEST_ANY, ON_REQUEST_POLICY };

static const char *const SECURE_BOOT[] = { "required", "any", NULL };
static const char *const APPROVE[] = { "manual", "automatic", NULL };
/* In the order of enum troth_enrolment_mode. */
static const char *const ENROLMENT[] = { "approval", "inventory", "ek-certificate",
					 "ek-certificate-and-inventory", NULL };

/* In the order of enum troth_ear_format and enum troth_ear_profile. */
static const char *const RESULTS[] = { "none", "jwt", "cwt", NULL };
static const char *const RESULT_PROFILES[] = { "deployed", "draft", NULL };
static const char *const ON_REQUEST[] = { "any", "policy", NULL };

/* In the order of enum troth_ek_template, from the first on. */
static const char *const EK_TEMPLATES[] = { "rsa2048", "p256", "p384", "rsa3072", NULL };

static enum troth_status read_name(struct troth_config_doc *doc, void *target)
{
	return troth_config_name(doc, ((struct draft *)target)->policy.name);
}

static enum troth_status read_segment(struct troth_config_doc *doc, void *target)
{
	return troth_config_name(doc, ((struct draft *)target)->policy.segment);
}

static enum troth_status read_reference(struct troth_config_doc *doc, void *target)
{
	return troth_config_name(doc, ((struct draft *)target)->policy.reference);
}

/* A guard against a policy that strayed into another domain's verifier. */
static enum troth_status read_trust_domain(struct troth_config_doc *doc, void *target)
{
	const struct draft *d = target;
	struct troth_view text;
	TROTH_TRY(troth_config_scalar(doc, &text));
	if (!troth_view_equal(text, d->trust_domain))
		return troth_config_fail(doc, "the policy is for another trust domain");
	return TROTH_OK;
}

static enum troth_status read_bank(struct troth_config_doc *doc, void *target)
{
	struct draft *d = target;
	enum troth_hash bank = troth_hash_from_name(troth_config_key(doc));
	uint32_t list[TROTH_PCR_COUNT], mask = 0;
	size_t n = 0;
	if (bank == TROTH_HASH_NONE)
		return troth_config_fail(doc, "no such PCR bank");
	TROTH_TRY(troth_config_numbers(doc, TROTH_PCR_COUNT - 1, list, TROTH_COUNT(list), &n));
	for (size_t i = 0; i < n; i++) {
		uint32_t bit = (uint32_t)1 << list[i];
		if ((mask & bit) != 0)
			return troth_config_fail(doc, "PCR %u comes twice", list[i]);
		mask |= bit;
	}
	if (mask == 0)
		return troth_config_fail(doc, "a bank without PCRs");
	if (!troth_pcr_selection_add(&d->policy.selection, bank, mask))
		return troth_config_fail(doc, "more than %d banks", TROTH_BANKS_MAX);
	return TROTH_OK;
}

/* Event types are found by trying those that are assigned: the names live in one place. */
static bool type_named(struct troth_view text, uint32_t *out)
{
	static const uint32_t BASES[] = { 0x00000000, 0x80000000, /* general, EFI */
					  TROTH_EV_SYSTEMD_FIRST };
	for (size_t b = 0; b < TROTH_COUNT(BASES); b++)
		for (uint32_t i = 0; i < 0x200; i++) {
			const char *name = troth_event_type_name(BASES[b] + i);
			if (name != NULL && troth_view_equal(text, troth_view_str(name))) {
				*out = BASES[b] + i;
				return true;
			}
		}
	return false;
}

/* 0x and eight digits, for a vendor's own types. */
static bool type_numbered(struct troth_view text, uint32_t *out)
{
	uint8_t b[4];
	struct troth_reader r = { text };
	struct troth_view prefix;
	if (!troth_get_view(&r, 2, &prefix) ||
	    !troth_view_equal(prefix, troth_view_str("0x")) ||
	    !troth_parse_hex(r.left, b, sizeof b))
		return false;
	struct troth_reader number = { TROTH_VIEW_OF(b) };
	return troth_get_u32be(&number, out) && *out != UINT32_MAX;
}

static enum troth_status read_event_type(struct troth_config_doc *doc, void *target)
{
	struct troth_ignore_rule *rule = target;
	struct troth_view text;
	TROTH_TRY(troth_config_scalar(doc, &text));
	if (troth_view_equal(text, troth_view_str("any")))
		rule->type = UINT32_MAX;
	else if (!type_named(text, &rule->type) && !type_numbered(text, &rule->type))
		return troth_config_fail(doc, "no such event type");
	return TROTH_OK;
}

static const struct troth_config_field IGNORE_FIELDS[] = {
	{ .key = "pcr",
	  .type = TROTH_CONFIG_U32,
	  .offset = offsetof(struct troth_ignore_rule, pcr),
	  .max = TROTH_PCR_COUNT - 1,
	  .required = true },
	{ .key = "event",
	  .type = TROTH_CONFIG_NODE,
	  .each = read_event_type,
	  .required = true },
	{ 0 },
};

/* PCRs that say which code ran and who vouched for it. An event's type is the log's word and no
 * digest covers it: a rule by type there would let in whatever is called by that type. */
static const uint32_t CODE_PCRS = 1U << 0 | 1U << 2 | 1U << 4 | 1U << 7;

static enum troth_status read_ignore(struct troth_config_doc *doc, void *target)
{
	struct troth_policy *p = &((struct draft *)target)->policy;
	struct troth_ignore_rule rule = { 0 };
	if (p->n_ignore == TROTH_IGNORE_RULES_MAX)
		return troth_config_fail(doc, "more than %d rules", TROTH_IGNORE_RULES_MAX);
	TROTH_TRY(troth_config_map(doc, IGNORE_FIELDS, &rule));
	if ((CODE_PCRS & 1U << rule.pcr) != 0)
		return troth_config_fail(
			doc,
			"PCR %u says which code ran: nothing in it is ignored; "
			"leave it out of pcrs or name its events in the "
			"reference values",
			rule.pcr);
	for (size_t i = 0; i < p->n_ignore; i++)
		if (p->ignore[i].pcr == rule.pcr && p->ignore[i].type == rule.type)
			return troth_config_fail(doc, "the same rule twice");
	p->ignore[p->n_ignore++] = rule;
	return TROTH_OK;
}

static enum troth_status read_audience(struct troth_config_doc *doc, void *target)
{
	return troth_config_name(doc, ((struct troth_allow_rule *)target)->audience);
}

static enum troth_status read_method(struct troth_config_doc *doc, void *target)
{
	struct troth_allow_rule *rule = target;
	struct troth_view text;
	TROTH_TRY(troth_config_scalar(doc, &text));
	if (!troth_http_method_sound(text))
		return troth_config_fail(doc, "no method of HTTP");
	if (rule->n_methods == TROTH_ALLOW_METHODS_MAX)
		return troth_config_fail(doc, "more than %d methods", TROTH_ALLOW_METHODS_MAX);
	memcpy(rule->methods[rule->n_methods], text.p, text.n);
	rule->methods[rule->n_methods++][text.n] = '\0';
	return TROTH_OK;
}

static const struct troth_config_field ALLOW_FIELDS[] = {
	{ .key = "audience",
	  .type = TROTH_CONFIG_NODE,
	  .each = read_audience,
	  .required = true },
	{ .key = "methods", .type = TROTH_CONFIG_LIST, .each = read_method, .required = true },
	{ 0 },
};

static enum troth_status read_allow(struct troth_config_doc *doc, void *target)
{
	struct troth_policy *p = &((struct draft *)target)->policy;
	struct troth_allow_rule rule = { 0 };
	if (p->n_allow == TROTH_ALLOW_RULES_MAX)
		return troth_config_fail(doc, "more than %d audiences", TROTH_ALLOW_RULES_MAX);
	TROTH_TRY(troth_config_map(doc, ALLOW_FIELDS, &rule));
	if (rule.n_methods == 0)
		return troth_config_fail(doc, "methods: none is named");
	for (size_t i = 0; i < p->n_allow; i++)
		if (strcmp(p->allow[i].audience, rule.audience) == 0)
			return troth_config_fail(doc, "the same audience twice");
	p->allow[p->n_allow++] = rule;
	return TROTH_OK;
}

static enum troth_status read_secret(struct troth_config_doc *doc, void *target)
{
	struct troth_policy *p = &((struct draft *)target)->policy;
	char name[TROTH_NAME_LEN_MAX + 1];
	TROTH_TRY(troth_config_name(doc, name));
	if (p->n_secrets == TROTH_POLICY_SECRETS_MAX)
		return troth_config_fail(doc, "more than %d secrets", TROTH_POLICY_SECRETS_MAX);
	for (size_t i = 0; i < p->n_secrets; i++)
		if (strcmp(p->secrets[i], name) == 0)
			return troth_config_fail(doc, "the same secret twice");
	memcpy(p->secrets[p->n_secrets++], name, sizeof name);
	return TROTH_OK;
}

static enum troth_status read_ima(struct troth_config_doc *doc, void *target)
{
	return troth_policy_ima_read(doc, &((struct draft *)target)->policy.ima);
}

static enum troth_status read_tpm(struct troth_config_doc *doc, void *target)
{
	return troth_policy_read_tpm(doc, &((struct draft *)target)->policy.tpm);
}

static enum troth_status read_names(struct troth_config_doc *doc, void *target)
{
	return troth_policy_read_names(doc, &((struct draft *)target)->policy.names);
}

#define AT(member) .offset = offsetof(struct draft, member)
static const struct troth_config_field FIELDS[] = {
	{ .key = "name", .type = TROTH_CONFIG_NODE, .each = read_name, .required = true },
	{ .key = "segment", .type = TROTH_CONFIG_NODE, .each = read_segment, .required = true },
	{ .key = "trust_domain", .type = TROTH_CONFIG_NODE, .each = read_trust_domain },
	{ .key = "pcrs", .type = TROTH_CONFIG_ANYMAP, .each = read_bank, .required = true },
	{ .key = "secure_boot",
	  .type = TROTH_CONFIG_ENUM,
	  AT(secure_boot),
	  .names = SECURE_BOOT,
	  .default_text = "required" },
	{ .key = "reference", .type = TROTH_CONFIG_NODE, .each = read_reference },
	{ .key = "enrolment",
	  .type = TROTH_CONFIG_ENUM,
	  AT(enrolment),
	  .names = ENROLMENT,
	  .default_text = "approval" },
	{ .key = "ek_template",
	  .type = TROTH_CONFIG_ENUM,
	  AT(ek_template),
	  .names = EK_TEMPLATES,
	  .default_text = "rsa2048" },
	{ .key = "approve",
	  .type = TROTH_CONFIG_ENUM,
	  AT(approve),
	  .names = APPROVE,
	  .default_text = "manual" },
	{ .key = "result",
	  .type = TROTH_CONFIG_ENUM,
	  AT(result),
	  .names = RESULTS,
	  .default_text = "jwt" },
	{ .key = "result_profile",
	  .type = TROTH_CONFIG_ENUM,
	  AT(result_profile),
	  .names = RESULT_PROFILES,
	  .default_text = "deployed" },
	{ .key = "result_on_request",
	  .type = TROTH_CONFIG_ENUM,
	  AT(result_on_request),
	  .names = ON_REQUEST,
	  .default_text = "any" },
	{ .key = "certificate_lifetime",
	  .type = TROTH_CONFIG_DURATION,
	  AT(policy.certificate_ttl_s),
	  .min = 60,
	  .max = TROTH_CERTIFICATE_LIFE_MAX_S,
	  .default_text = "15m" },
	{ .key = "stale_after",
	  .type = TROTH_CONFIG_DURATION,
	  AT(policy.stale_after_s),
	  .min = 60,
	  .max = MONTH_S,
	  .default_text = "30m" },
	{ .key = "unreachable_after",
	  .type = TROTH_CONFIG_DURATION,
	  AT(policy.unreachable_after_s),
	  .min = 60,
	  .max = MONTH_S,
	  .default_text = "24h" },
	{ .key = "ignore", .type = TROTH_CONFIG_LIST, .each = read_ignore },
	{ .key = "allow", .type = TROTH_CONFIG_LIST, .each = read_allow },
	{ .key = "secrets", .type = TROTH_CONFIG_LIST, .each = read_secret },
	{ .key = "ima", .type = TROTH_CONFIG_NODE, .each = read_ima },
	{ .key = "names", .type = TROTH_CONFIG_NODE, .each = read_names },
	{ .key = "tpm", .type = TROTH_CONFIG_NODE, .each = read_tpm },
	{ 0 },
};

static enum troth_status refuse(struct troth_config_error *error, const char *text)
{
	*error = (struct troth_config_error){ 0 };
	snprintf(error->text, sizeof error->text, "%s", text);
	return TROTH_E_CONFIG;
}

/* Root can extend PCRs 4 and 7 after the boot and write the events that prove secure boot into
 * the log himself; only reference values for both PCRs notice. */
static bool proves_secure_boot(const struct troth_pcr_selection *selection)
{
	const uint32_t needed = 1U << 4 | 1U << 7;
	for (size_t i = 0; i < selection->n_banks; i++)
		if (selection->banks[i].bank != TROTH_HASH_SHA1 &&
		    (selection->banks[i].mask & needed) == needed)
			return true;
	return false;
}

/* A list is proven by PCR 10 in a bank that SHA-1 does not vouch for. */
static bool quotes_ima(const struct troth_pcr_selection *selection)
{
	for (size_t i = 0; i < selection->n_banks; i++)
		if (selection->banks[i].bank != TROTH_HASH_SHA1 &&
		    (selection->banks[i].mask & 1U << TROTH_IMA_PCR) != 0)
			return true;
	return false;
}

/* What no single line of the document shows. */
static enum troth_status weigh(struct draft *d, struct troth_config_error *error)
{
	struct troth_policy *p = &d->policy;
	if (p->selection.n_banks == 0)
		return refuse(error, "pcrs: a policy that looks at no PCR");
	/* Collisions in SHA-1 are made to order; a bank of it may only come along. */
	if (p->selection.n_banks == 1 && p->selection.banks[0].bank == TROTH_HASH_SHA1)
		return refuse(error, "pcrs: SHA-1 alone decides nothing, add another bank");
	if (d->secure_boot == SECURE_BOOT_REQUIRED && !proves_secure_boot(&p->selection))
		return refuse(error,
			      "secure_boot: required needs PCRs 4 and 7 in one bank of pcrs; "
			      "without them nothing proves it");
	if (p->ima.present && !quotes_ima(&p->selection))
		return refuse(error, "ima: needs PCR 10 in a bank of pcrs other than sha1; "
				     "without it nothing proves a list");
	if (p->stale_after_s >= p->unreachable_after_s)
		return refuse(error, "stale_after: must be shorter than unreachable_after");
	if (d->enrolment == TROTH_ENROL_APPROVAL && d->approve == APPROVE_AUTOMATIC)
		return refuse(error, "approve: automatic would let in every stranger; name an "
				     "enrolment that checks something");
	p->require_secure_boot = d->secure_boot == SECURE_BOOT_REQUIRED;
	p->enrolment = (enum troth_enrolment_mode)d->enrolment;
	p->ek_template = (enum troth_ek_template)(d->ek_template + 1);
	p->result = (enum troth_ear_format)d->result;
	p->result_profile = (enum troth_ear_profile)d->result_profile;
	p->result_fixed = d->result_on_request == ON_REQUEST_POLICY;
	p->auto_approve = d->approve == APPROVE_AUTOMATIC;
	return TROTH_OK;
}

enum troth_status troth_policy_parse(struct troth_ctx *ctx, struct troth_view yaml,
				     struct troth_view trust_domain, struct troth_policy *out,
				     struct troth_config_error *error)
{
	struct draft d = { .trust_domain = trust_domain };
	struct troth_digest id;
	TROTH_TRY(troth_config_parse(yaml, FIELDS, &d, error));
	TROTH_TRY(weigh(&d, error));
	TROTH_TRY(troth_hash_one(ctx, TROTH_HASH_SHA256, yaml, &id));
	memcpy(d.policy.id, id.bytes, sizeof d.policy.id);
	*out = d.policy;
	return TROTH_OK;
}
