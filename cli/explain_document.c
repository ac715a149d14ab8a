/* SPDX-License-Identifier: Apache-2.0 */
#include "explain_document.h"

#include <string.h>

#include "base.h"
#include "trust_vector.h"

/* ---- the head ---- */

static void tell_head(const struct troth_page *p, const json_t *o)
{
	const json_t *device = json_object_get(o, "device");
	if (json_is_object(device)) {
		troth_page_open(p, TROTH_PAGE_OF);
		troth_page_say_of(p, device, "name");
		troth_page_say(p, ", appraised ");
		troth_page_say_of(p, o, "time");
		troth_page_say(p, " under policy ");
		troth_page_say_of(p, json_object_get(o, "policy"), "name");
		troth_page_close(p, TROTH_PAGE_OF);
	}
	troth_page_put_of(p, TROTH_PAGE_TIER, json_object_get(o, "verdict"), "tier");
	troth_page_put_of(p, TROTH_PAGE_SENTENCE, o, "sentence");
	if (json_is_string(json_object_get(o, "next"))) {
		troth_page_open(p, TROTH_PAGE_TO_DO);
		troth_page_say(p, "What to do: ");
		troth_page_say_of(p, o, "next");
		troth_page_close(p, TROTH_PAGE_TO_DO);
	}
	if (json_is_false(json_object_get(o, "as_stored")))
		troth_page_put(p, TROTH_PAGE_CAREFUL,
			       "Careful: appraised anew, the verdict is not the one that was "
			       "stored; see "
			       "'trothctl replay'.");
}

static void tell_cause(const struct troth_page *p, const json_t *cause)
{
	if (!json_is_object(cause))
		return;
	troth_page_open(p, TROTH_PAGE_CAUSE);
	troth_page_open(p, TROTH_PAGE_CAUSE_NAME);
	troth_page_say(p, "Probable cause: ");
	troth_page_say_of(p, cause, "name");
	troth_page_close(p, TROTH_PAGE_CAUSE_NAME);
	troth_page_open(p, TROTH_PAGE_WHY);
	troth_page_say_of(p, cause, "why");
	troth_page_say(p, ".");
	troth_page_close(p, TROTH_PAGE_WHY);
	troth_page_close(p, TROTH_PAGE_CAUSE);
}

/* ---- deviations ---- */

static void tell_bank(const struct troth_page *p, const char *bank, const char *hex)
{
	troth_page_open_with(p, TROTH_PAGE_BANK, bank);
	troth_page_say(p, hex);
	troth_page_close(p, TROTH_PAGE_BANK);
}

static void tell_strongest(const struct troth_page *p, const json_t *digests)
{
	static const char *const BANKS[] = { "sha256", "sha384", "sha512", "sm3_256", "sha1" };
	for (size_t i = 0; i < TROTH_COUNT(BANKS); i++) {
		const char *hex = troth_cli_string_of(digests, BANKS[i]);
		if (hex[0] == '\0')
			continue;
		tell_bank(p, BANKS[i], hex);
		return;
	}
}

static void tell_digests(const struct troth_page *p, json_t *digests)
{
	const char *bank;
	json_t *hex;
	if (!p->medium->all_banks) {
		tell_strongest(p, digests);
		return;
	}
	json_object_foreach(digests, bank, hex)
		tell_bank(p, bank, troth_cli_string_of(digests, bank));
}

static const char *proof_words(const char *proof)
{
	if (strcmp(proof, "proven") == 0)
		return "the text is proven by the digest";
	if (strcmp(proof, "digest-only") == 0)
		return "the digest is proven, the text is the log's word";
	return "not proven";
}

static void tell_seen(const struct troth_page *p, const json_t *event)
{
	troth_page_open(p, TROTH_PAGE_SEEN);
	troth_page_put_of(p, TROTH_PAGE_SAYS, event, "text");
	tell_digests(p, json_object_get(event, "digests"));
	troth_page_put(p, TROTH_PAGE_PROOF, proof_words(troth_cli_string_of(event, "proof")));
	troth_page_close(p, TROTH_PAGE_SEEN);
}

static void tell_nearest(const struct troth_page *p, const json_t *deviation)
{
	const json_t *expected = json_object_get(deviation, "expected");
	const json_t *before = json_object_get(deviation, "before");
	const json_t *elsewhere = json_object_get(deviation, "elsewhere");
	troth_page_open(p, TROTH_PAGE_NEAREST);
	troth_page_open(p, TROTH_PAGE_REFERENCE);
	if (json_is_object(expected)) {
		troth_page_say_of(p, deviation, "component");
		troth_page_say(p, "/");
		troth_page_say_of(p, deviation, "alternative");
	} else {
		troth_page_say(p, "nothing: the reference values have no event here");
	}
	troth_page_close(p, TROTH_PAGE_REFERENCE);
	if (json_is_object(expected)) {
		tell_digests(p, json_object_get(expected, "digests"));
		if (json_is_object(before))
			troth_page_put_of(p, TROTH_PAGE_BEFORE, before, "text");
		if (json_is_object(elsewhere))
			troth_page_put_of(p, TROTH_PAGE_ELSEWHERE, elsewhere, "text");
	}
	troth_page_close(p, TROTH_PAGE_NEAREST);
}

static void tell_where(const struct troth_page *p, const json_t *deviation)
{
	const json_t *event = json_object_get(deviation, "event");
	char index[24];
	if (json_is_object(event)) {
		(void)snprintf(index, sizeof index, "%" JSON_INTEGER_FORMAT,
			       json_integer_value(json_object_get(event, "index")));
		troth_page_open_with(p, TROTH_PAGE_EVENT, index);
		troth_page_say(p, "event ");
		troth_page_say(p, index);
		troth_page_close(p, TROTH_PAGE_EVENT);
		troth_page_say(p, ", ");
		troth_page_say_of(p, event, "register");
		troth_page_say(p, ", ");
		troth_page_say_of(p, event, "type");
		troth_page_say(p, ": ");
		troth_page_say_of(p, deviation, "edit");
	} else if (json_is_true(json_object_get(deviation, "final_value"))) {
		troth_page_say(p, "PCR ");
		troth_page_number_of(p, json_object_get(deviation, "expected"), "pcr");
		troth_page_say(p, ": another final value");
	} else {
		troth_page_say_of(p, deviation, "component");
		troth_page_say(p, ": not measured at all");
	}
}

static void tell_deviation(const struct troth_page *p, size_t n, const json_t *deviation)
{
	const json_t *event = json_object_get(deviation, "event");
	troth_page_open(p, TROTH_PAGE_DEVIATION);
	troth_page_open(p, TROTH_PAGE_DEVIATION_HEAD);
	fprintf(p->to, "%2zu. ", n);
	tell_where(p, deviation);
	troth_page_close(p, TROTH_PAGE_DEVIATION_HEAD);
	troth_page_open(p, TROTH_PAGE_SIDES);
	if (json_is_object(event))
		tell_seen(p, event);
	tell_nearest(p, deviation);
	troth_page_close(p, TROTH_PAGE_SIDES);
	troth_page_close(p, TROTH_PAGE_DEVIATION);
}

static void tell_deviations(const struct troth_page *p, const json_t *list)
{
	const size_t n = json_array_size(list), max = p->medium->deviations_max;
	if (n == 0)
		return;
	troth_page_open(p, TROTH_PAGE_HEADING);
	fprintf(p->to, "Where it leaves the reference values (%zu)", n);
	troth_page_close(p, TROTH_PAGE_HEADING);
	for (size_t i = 0; i < n && i < max; i++)
		tell_deviation(p, i + 1, json_array_get(list, i));
	if (n <= max)
		return;
	troth_page_open(p, TROTH_PAGE_MORE);
	fprintf(p->to, "%zu", n - max);
	troth_page_close(p, TROTH_PAGE_MORE);
}

/* ---- proposals ---- */

/* Whether the device would be refused all the same. */
static bool refuses(const json_t *proposal)
{
	return strcmp(troth_cli_string_of(proposal, "tier"),
		      troth_tier_name(TROTH_TIER_CONTRAINDICATED)) == 0;
}

static bool any_is_enough(const json_t *proposals)
{
	static const char *const NAMES[] = { "accept", "ignore", "without_secure_boot" };
	for (size_t i = 0; i < TROTH_COUNT(NAMES); i++) {
		const json_t *one = json_object_get(proposals, NAMES[i]);
		if (json_is_object(one) && !refuses(one))
			return true;
	}
	return false;
}

static void say_tier(const struct troth_page *p, const json_t *proposal)
{
	troth_page_say(p, "the verdict would be ");
	troth_page_say_of(p, proposal, "tier");
	if (refuses(proposal))
		troth_page_say(p, " still, for other findings");
}

static void tell_component(const struct troth_page *p, const json_t *component)
{
	const size_t n = json_array_size(json_object_get(component, "alternatives"));
	troth_page_open(p, TROTH_PAGE_COMPONENT);
	troth_page_say(p, "component ");
	troth_page_say_of(p, component, "name");
	if (json_is_true(json_object_get(component, "new")))
		troth_page_say(p, " (new)");
	if (n > 0)
		fprintf(p->to, ": %zu more alternative%s", n, n > 1 ? "s" : "");
	else
		troth_page_say(p, ": may be absent");
	troth_page_close(p, TROTH_PAGE_COMPONENT);
}

static void tell_accept(const struct troth_page *p, const json_t *accept)
{
	size_t i;
	json_t *component;
	if (!json_is_object(accept))
		return;
	troth_page_open(p, TROTH_PAGE_ITEM);
	troth_page_open(p, TROTH_PAGE_POINT);
	troth_page_say(p, "Add to the reference values what was seen; ");
	say_tier(p, accept);
	troth_page_say(p, ":");
	troth_page_close(p, TROTH_PAGE_POINT);
	json_array_foreach(json_object_get(accept, "components"), i, component)
		tell_component(p, component);
	troth_page_put(
		p, TROTH_PAGE_REMARK,
		"--write-reference FILE writes the whole set, for 'trothctl reference put'");
	troth_page_close(p, TROTH_PAGE_ITEM);
}

static void tell_ignore(const struct troth_page *p, const json_t *ignore)
{
	size_t i;
	json_t *rule;
	if (!json_is_object(ignore))
		return;
	troth_page_open(p, TROTH_PAGE_ITEM);
	troth_page_open(p, TROTH_PAGE_POINT);
	troth_page_say(p, "Or add to the policy; ");
	say_tier(p, ignore);
	troth_page_say(p, ":");
	troth_page_close(p, TROTH_PAGE_POINT);
	troth_page_put(p, TROTH_PAGE_RULES, "ignore:");
	json_array_foreach(json_object_get(ignore, "rules"), i, rule)
	{
		troth_page_open(p, TROTH_PAGE_RULE);
		troth_page_say(p, "- { pcr: ");
		troth_page_number_of(p, rule, "pcr");
		troth_page_say(p, ", event: ");
		troth_page_say_of(p, rule, "event");
		troth_page_say(p, " }");
		troth_page_close(p, TROTH_PAGE_RULE);
	}
	troth_page_close(p, TROTH_PAGE_ITEM);
}

static void tell_without_secure_boot(const struct troth_page *p, const json_t *without)
{
	if (!json_is_object(without))
		return;
	troth_page_open(p, TROTH_PAGE_ITEM);
	troth_page_open(p, TROTH_PAGE_POINT);
	troth_page_say(p, "With ");
	troth_page_put(p, TROTH_PAGE_KEY, "secure_boot: any");
	troth_page_say(p, " in the policy as well ");
	say_tier(p, without);
	troth_page_say(p, ".");
	troth_page_close(p, TROTH_PAGE_POINT);
	troth_page_close(p, TROTH_PAGE_ITEM);
}

static void tell_proposals(const struct troth_page *p, const json_t *proposals)
{
	const json_t *accept = json_object_get(proposals, "accept");
	const json_t *without = json_object_get(proposals, "without_secure_boot");
	if (!json_is_object(accept) && !json_is_object(without))
		return;
	troth_page_put(
		p, TROTH_PAGE_HEADING,
		any_is_enough(proposals)
			? "What would accept it, if you judge it good (nothing is applied)"
			: "What would have to be accepted, and is not enough (nothing is "
			  "applied)");
	troth_page_open(p, TROTH_PAGE_LIST);
	tell_accept(p, accept);
	tell_ignore(p, json_object_get(proposals, "ignore"));
	tell_without_secure_boot(p, without);
	troth_page_close(p, TROTH_PAGE_LIST);
}

/* ---- what it rests on ---- */

static void tell_finding(const struct troth_page *p, const json_t *f, const char *said)
{
	const char *next = troth_cli_string_of(f, "next");
	troth_page_open(p, TROTH_PAGE_ITEM);
	troth_page_open(p, TROTH_PAGE_FINDING);
	troth_page_put_of(p, TROTH_PAGE_CODE, f, "code");
	troth_page_put_of(p, TROTH_PAGE_SEVERITY, f, "severity");
	troth_page_say_of(p, f, "meaning");
	if (json_is_integer(json_object_get(f, "pcr"))) {
		troth_page_open(p, TROTH_PAGE_PCR);
		troth_page_number_of(p, f, "pcr");
		troth_page_close(p, TROTH_PAGE_PCR);
	}
	if (json_is_string(json_object_get(f, "detail")))
		troth_page_put_of(p, TROTH_PAGE_DETAIL, f, "detail");
	troth_page_close(p, TROTH_PAGE_FINDING);
	if (strcmp(next, said) != 0)
		troth_page_put(p, TROTH_PAGE_NEXT, next);
	troth_page_close(p, TROTH_PAGE_ITEM);
}

/* said: what to do, where it stands above already. */
static void tell_findings(const struct troth_page *p, const json_t *findings, const char *said)
{
	size_t i;
	json_t *f;
	if (json_array_size(findings) == 0)
		return;
	troth_page_put(p, TROTH_PAGE_HEADING, "Findings");
	troth_page_open(p, TROTH_PAGE_LIST);
	json_array_foreach(findings, i, f)
	{
		tell_finding(p, f, said);
		said = troth_cli_string_of(f, "next");
	}
	troth_page_close(p, TROTH_PAGE_LIST);
}

static void tell_gaps(const struct troth_page *p, const json_t *gaps)
{
	size_t i;
	json_t *gap;
	if (json_array_size(gaps) == 0)
		return;
	troth_page_put(p, TROTH_PAGE_HEADING, "Not checked");
	troth_page_open(p, TROTH_PAGE_LIST);
	json_array_foreach(gaps, i, gap)
	{
		troth_page_open(p, TROTH_PAGE_ITEM);
		troth_page_put(p, TROTH_PAGE_POINT,
			       json_is_string(gap) ? json_string_value(gap) : "");
		troth_page_close(p, TROTH_PAGE_ITEM);
	}
	troth_page_close(p, TROTH_PAGE_LIST);
}

void troth_cli_explain_tell(const struct troth_page *p, const json_t *o)
{
	const json_t *verdict = json_object_get(o, "verdict");
	tell_head(p, o);
	tell_cause(p, json_object_get(o, "cause"));
	tell_deviations(p, json_object_get(o, "deviations"));
	tell_proposals(p, json_object_get(o, "proposals"));
	tell_findings(p, json_object_get(verdict, "findings"), troth_cli_string_of(o, "next"));
	tell_gaps(p, json_object_get(json_object_get(verdict, "coverage"), "not_checked"));
}
