/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "explain_view.h"
#include "output.h"
#include "trust_vector.h"

#define INDENT "       "
/* Deviations shown. */
#define SHOWN_MAX 5

const char *troth_cli_string_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text != NULL ? text : "";
}

/* Paths of EFI files are full of backslashes, and every text was escaped where it was made: one
 * stays as it is here. Whatever a terminal would obey does not. */
static void put(FILE *to, const char *text)
{
	for (; *text != '\0'; text++) {
		const unsigned char c = (unsigned char)*text;
		if (c >= ' ' && c < 0x7f)
			fputc(c, to);
		else
			fprintf(to, "\\x%02x", c);
	}
}

static void put_of(FILE *to, const json_t *object, const char *key)
{
	put(to, troth_cli_string_of(object, key));
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* The digest of the strongest bank, cut: enough to compare two by eye. */
static void put_digest(FILE *to, const json_t *digests)
{
	static const char *const BANKS[] = { "sha256", "sha384", "sha512", "sm3_256", "sha1" };
	for (size_t i = 0; i < TROTH_COUNT(BANKS); i++) {
		const char *hex = troth_cli_string_of(digests, BANKS[i]);
		if (hex[0] == '\0')
			continue;
		fprintf(to, "%s ", BANKS[i]);
		put(to, hex);
		return;
	}
}

static const char *proof_words(const char *proof)
{
	if (strcmp(proof, "proven") == 0)
		return "the text is proven by the digest";
	if (strcmp(proof, "digest-only") == 0)
		return "the digest is proven, the text is the log's word";
	return "not proven";
}

static void put_side(FILE *to, const char *label, json_t *event)
{
	fprintf(to, INDENT "%-9s", label);
	put_of(to, event, "text");
	fputc('\n', to);
}

static void put_event(FILE *to, json_t *event)
{
	put_side(to, "seen", event);
	fputs(INDENT "         ", to);
	put_digest(to, json_object_get(event, "digests"));
	fprintf(to, "\n" INDENT "         (%s)\n",
		proof_words(troth_cli_string_of(event, "proof")));
}

static void put_nearest(FILE *to, json_t *deviation)
{
	json_t *expected = json_object_get(deviation, "expected");
	json_t *before = json_object_get(deviation, "before"),
	       *elsewhere = json_object_get(deviation, "elsewhere");
	if (!json_is_object(expected)) {
		fputs(INDENT "nearest  nothing: the reference values have no event here\n", to);
		return;
	}
	fputs(INDENT "nearest  ", to);
	put_of(to, deviation, "component");
	fputc('/', to);
	put_of(to, deviation, "alternative");
	fputs("\n" INDENT "         ", to);
	put_digest(to, json_object_get(expected, "digests"));
	fputc('\n', to);
	if (json_is_object(before))
		put_side(to, "before", before);
	if (json_is_object(elsewhere))
		put_side(to, "others", elsewhere);
}

static void put_deviation(FILE *to, size_t n, json_t *deviation)
{
	json_t *event = json_object_get(deviation, "event");
	fprintf(to, "  %2zu. ", n);
	if (json_is_object(event)) {
		fprintf(to, "event %" JSON_INTEGER_FORMAT ", ", number_of(event, "index"));
		put_of(to, event, "register");
		fputs(", ", to);
		put_of(to, event, "type");
		fputs(": ", to);
		put_of(to, deviation, "edit");
		fputc('\n', to);
		put_event(to, event);
	} else if (json_is_true(json_object_get(deviation, "final_value"))) {
		fprintf(to, "PCR %" JSON_INTEGER_FORMAT ": another final value\n",
			number_of(json_object_get(deviation, "expected"), "pcr"));
	} else {
		put_of(to, deviation, "component");
		fputs(": not measured at all\n", to);
	}
	put_nearest(to, deviation);
}

/* The first is where to look; many more are seldom read. */
static void put_deviations(FILE *to, json_t *list)
{
	const size_t n = json_array_size(list);
	if (n == 0)
		return;
	fprintf(to, "\nWhere it leaves the reference values (%zu)\n", n);
	for (size_t i = 0; i < n && i < SHOWN_MAX; i++)
		put_deviation(to, i + 1, json_array_get(list, i));
	if (n > SHOWN_MAX)
		fprintf(to, "  ... and %zu more: --format html or json shows all\n",
			n - SHOWN_MAX);
}

static void put_cause(FILE *to, json_t *cause)
{
	if (!json_is_object(cause))
		return;
	fputs("\nProbable cause: ", to);
	put_of(to, cause, "name");
	fputs("\n  ", to);
	put_of(to, cause, "why");
	fputs(".\n", to);
}

bool troth_cli_proposal_refuses(const json_t *proposal)
{
	return strcmp(troth_cli_string_of(proposal, "tier"),
		      troth_tier_name(TROTH_TIER_CONTRAINDICATED)) == 0;
}

const char *troth_cli_proposals_title(const json_t *proposals)
{
	static const char *const NAMES[] = { "accept", "ignore", "without_secure_boot" };
	for (size_t i = 0; i < TROTH_COUNT(NAMES); i++) {
		const json_t *p = json_object_get(proposals, NAMES[i]);
		if (json_is_object(p) && !troth_cli_proposal_refuses(p))
			return "What would accept it, if you judge it good";
	}
	return "What would have to be accepted, and is not enough";
}

static void put_tier(FILE *to, const json_t *proposal)
{
	put_of(to, proposal, "tier");
	if (troth_cli_proposal_refuses(proposal))
		fputs(" still, for other findings", to);
}

static void put_accept(FILE *to, json_t *accept)
{
	size_t i;
	json_t *component;
	if (!json_is_object(accept))
		return;
	fputs("  - Add to the reference values what was seen; the verdict would be ", to);
	put_tier(to, accept);
	fputs(":\n", to);
	json_array_foreach(json_object_get(accept, "components"), i, component)
	{
		const size_t n = json_array_size(json_object_get(component, "alternatives"));
		fputs("      component ", to);
		put_of(to, component, "name");
		if (json_is_true(json_object_get(component, "new")))
			fputs(" (new)", to);
		if (n > 0)
			fprintf(to, ": %zu more alternative%s\n", n, n > 1 ? "s" : "");
		else
			fputs(": may be absent\n", to);
	}
	fputs("    (--write-reference FILE writes the whole set, for 'trothctl reference "
	      "put')\n",
	      to);
}

static void put_ignore(FILE *to, json_t *ignore)
{
	size_t i;
	json_t *rule;
	if (!json_is_object(ignore))
		return;
	fputs("  - Or add to the policy; the verdict would be ", to);
	put_tier(to, ignore);
	fputs(":\n      ignore:\n", to);
	json_array_foreach(json_object_get(ignore, "rules"), i, rule)
	{
		fprintf(to, "        - { pcr: %" JSON_INTEGER_FORMAT ", event: ",
			number_of(rule, "pcr"));
		put_of(to, rule, "event");
		fputs(" }\n", to);
	}
}

static void put_proposals(FILE *to, json_t *proposals)
{
	json_t *without = json_object_get(proposals, "without_secure_boot");
	if (!json_is_object(json_object_get(proposals, "accept")) && !json_is_object(without))
		return;
	fprintf(to, "\n%s (nothing is applied)\n", troth_cli_proposals_title(proposals));
	put_accept(to, json_object_get(proposals, "accept"));
	put_ignore(to, json_object_get(proposals, "ignore"));
	if (!json_is_object(without))
		return;
	fputs("  - With 'secure_boot: any' in the policy as well the verdict would be ", to);
	put_tier(to, without);
	fputs(".\n", to);
}

/* said: what to do, where it stands above already. */
static void put_findings(FILE *to, json_t *findings, const char *said)
{
	size_t i;
	json_t *f;
	if (json_array_size(findings) > 0)
		fputs("\nFindings\n", to);
	json_array_foreach(findings, i, f)
	{
		fputs("  ", to);
		put_of(to, f, "code");
		fputs(" (", to);
		put_of(to, f, "severity");
		fputs("): ", to);
		put_of(to, f, "meaning");
		if (json_is_integer(json_object_get(f, "pcr")))
			fprintf(to, " PCR %" JSON_INTEGER_FORMAT ".", number_of(f, "pcr"));
		if (json_is_string(json_object_get(f, "detail"))) {
			fputs(" [", to);
			put_of(to, f, "detail");
			fputc(']', to);
		}
		fputc('\n', to);
		const char *next = troth_cli_string_of(f, "next");
		if (strcmp(next, said) != 0) {
			fputs("    ", to);
			put(to, next);
			fputc('\n', to);
		}
		said = next;
	}
}

static void put_gaps(FILE *to, json_t *gaps)
{
	size_t i;
	json_t *gap;
	if (json_array_size(gaps) > 0)
		fputs("\nNot checked\n", to);
	json_array_foreach(gaps, i, gap)
	{
		fputs("  - ", to);
		put(to, json_string_value(gap) != NULL ? json_string_value(gap) : "");
		fputc('\n', to);
	}
}

static void put_head(FILE *to, json_t *o)
{
	json_t *device = json_object_get(o, "device");
	if (json_is_object(device)) {
		put_of(to, device, "name");
		fputs(", appraised ", to);
		put_of(to, o, "time");
		fputs(" under policy ", to);
		put_of(to, json_object_get(o, "policy"), "name");
		fputs("\n\n", to);
	}
	put_of(to, o, "sentence");
	fputc('\n', to);
	if (json_is_string(json_object_get(o, "next"))) {
		fputs("\nWhat to do: ", to);
		put_of(to, o, "next");
		fputc('\n', to);
	}
	if (json_is_false(json_object_get(o, "as_stored")))
		fputs("\nCareful: appraised anew, the verdict is not the one that was stored; "
		      "see "
		      "'trothctl replay'.\n",
		      to);
}

void troth_cli_explain_text(FILE *to, json_t *o)
{
	json_t *verdict = json_object_get(o, "verdict");
	put_head(to, o);
	put_cause(to, json_object_get(o, "cause"));
	put_deviations(to, json_object_get(o, "deviations"));
	put_proposals(to, json_object_get(o, "proposals"));
	put_findings(to, json_object_get(verdict, "findings"), troth_cli_string_of(o, "next"));
	put_gaps(to, json_object_get(json_object_get(verdict, "coverage"), "not_checked"));
}
