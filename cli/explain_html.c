/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <string.h>

#include "explain_view.h"
#include "hash.h"
#include "reader.h"
#include "trust_vector.h"

/* Readable at any width, in light and in dark; nothing is fetched. */
static const char STYLE[] =
	":root{color-scheme:light dark;--bg:#fdfdfc;--fg:#1b1d21;--dim:#5c626b;--line:#d9dce1;"
	"--card:#fff;--bad:#b3261e;--badbg:#fdecea;--warn:#8a5a00;--good:#1b6e3c}"
	"@media(prefers-color-scheme:dark){:root{--bg:#15171a;--fg:#e7e9ec;--dim:#9aa1ab;"
	"--line:#33373d;--card:#1d2024;--bad:#ff8a80;--badbg:#3a1e1c;--warn:#f0b95a;"
	"--good:#79d297}}"
	"body{font:16px/1.5 system-ui,sans-serif;background:var(--bg);color:var(--fg);"
	"max-width:72rem;margin:0 auto;padding:1.5rem}"
	"h1{font-size:1.35rem;margin:.2rem 0}h2{font-size:1.05rem;margin:2rem 0 .5rem}"
	"code,td.c{font-family:ui-monospace,monospace;font-size:.85rem;overflow-wrap:anywhere}"
	".dim{color:var(--dim)}.tier{font-weight:700;text-transform:uppercase;"
	"letter-spacing:.05em;font-size:.85rem}"
	".contraindicated{color:var(--bad)}.warning,.none{color:var(--warn)}"
	".affirming{color:var(--good)}"
	".card{background:var(--card);border:1px solid var(--line);border-radius:.5rem;"
	"padding:1rem;margin:.75rem 0}"
	".sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(18rem,1fr));gap:1rem}"
	"dt{color:var(--dim);font-size:.85rem}dd{margin:0 0 .5rem}"
	"table{border-collapse:collapse;width:100%}"
	"td,th{text-align:left;vertical-align:top;padding:.3rem .5rem;"
	"border-bottom:1px solid var(--line)}th{color:var(--dim);font-weight:500;"
	"font-size:.85rem}"
	"tr.bad{background:var(--badbg)}tr.bad td:first-child{border-left:.25rem solid "
	"var(--bad)}.scroll{overflow-x:auto}";

void troth_cli_put_html(FILE *to, const char *text)
{
	for (; *text != '\0'; text++) {
		const unsigned char c = (unsigned char)*text;
		switch (c) {
		case '&': fputs("&amp;", to); break;
		case '<': fputs("&lt;", to); break;
		case '>': fputs("&gt;", to); break;
		case '"': fputs("&quot;", to); break;
		case '\'': fputs("&#39;", to); break;
		default:
			if (c >= ' ' && c < 0x7f)
				fputc(c, to);
			else
				fprintf(to, "\\x%02x", c);
		}
	}
}

static void put_of(FILE *to, const json_t *object, const char *key)
{
	troth_cli_put_html(to, troth_cli_string_of(object, key));
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* The policy of the page: nothing but the style below, known by its hash. */
static bool put_head(struct troth_ctx *ctx, FILE *to, json_t *o)
{
	struct troth_digest digest;
	unsigned char base64[64];
	if (troth_hash_one(ctx, TROTH_HASH_SHA256, troth_view_str(STYLE), &digest) != TROTH_OK)
		return false;
	(void)EVP_EncodeBlock(base64, digest.bytes, 32);
	fprintf(to,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'sha256-%s'; base-uri 'none'; form-action 'none'\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<title>",
		(const char *)base64);
	put_of(to, json_object_get(o, "device"), "name");
	fprintf(to, " - Troth</title>\n<style>%s</style>\n</head>\n<body>\n", STYLE);
	return true;
}

static void put_summary(FILE *to, json_t *o)
{
	json_t *device = json_object_get(o, "device"), *cause = json_object_get(o, "cause");
	const char *tier = troth_cli_string_of(json_object_get(o, "verdict"), "tier");
	fputs("<p class=\"tier ", to);
	troth_cli_put_html(to, tier);
	fputs("\">", to);
	troth_cli_put_html(to, tier);
	fputs("</p>\n<h1>", to);
	put_of(to, o, "sentence");
	fputs("</h1>\n", to);
	if (json_is_string(json_object_get(o, "next"))) {
		fputs("<p>What to do: ", to);
		put_of(to, o, "next");
		fputs("</p>\n", to);
	}
	if (json_is_object(device)) {
		fputs("<p class=\"dim\">", to);
		put_of(to, device, "name");
		fputs(", appraised ", to);
		put_of(to, o, "time");
		fputs(" under policy ", to);
		put_of(to, json_object_get(o, "policy"), "name");
		fputs("</p>\n", to);
	}
	if (json_is_false(json_object_get(o, "as_stored")))
		fputs("<p class=\"tier warning\">Appraised anew, the verdict is not the one "
		      "that "
		      "was stored.</p>\n",
		      to);
	if (!json_is_object(cause))
		return;
	fputs("<div class=\"card\"><strong>Probable cause: ", to);
	put_of(to, cause, "name");
	fputs("</strong><br>", to);
	put_of(to, cause, "why");
	fputs(".</div>\n", to);
}

/* ---- deviations, side by side ---- */

static void put_digests(FILE *to, json_t *digests)
{
	const char *bank;
	json_t *hex;
	json_object_foreach(digests, bank, hex)
	{
		fputs("<dt>", to);
		troth_cli_put_html(to, bank);
		fputs("</dt><dd><code>", to);
		troth_cli_put_html(to, json_string_value(hex) != NULL ? json_string_value(hex)
								      : "");
		fputs("</code></dd>", to);
	}
}

static void put_seen(FILE *to, json_t *event)
{
	fputs("<div><h3>seen</h3><dl>", to);
	if (json_is_object(event)) {
		fputs("<dt>says</dt><dd>", to);
		put_of(to, event, "text");
		fputs("</dd><dt>proof</dt><dd>", to);
		put_of(to, event, "proof");
		fputs("</dd>", to);
		put_digests(to, json_object_get(event, "digests"));
	} else {
		fputs("<dd>nothing</dd>", to);
	}
	fputs("</dl></div>", to);
}

static void put_good(FILE *to, const char *when, json_t *event)
{
	if (!json_is_object(event))
		return;
	fprintf(to, "<dt>%s</dt><dd>", when);
	put_of(to, event, "text");
	fputs("</dd>", to);
}

static void put_nearest(FILE *to, json_t *deviation)
{
	json_t *expected = json_object_get(deviation, "expected");
	json_t *before = json_object_get(deviation, "before"),
	       *elsewhere = json_object_get(deviation, "elsewhere");
	fputs("<div><h3>nearest reference</h3><dl>", to);
	if (json_is_object(expected)) {
		fputs("<dt>reference</dt><dd>", to);
		put_of(to, deviation, "component");
		fputc('/', to);
		put_of(to, deviation, "alternative");
		fputs("</dd>", to);
		put_good(to, "when the device last passed", before);
		put_good(to, "on another healthy device", elsewhere);
		put_digests(to, json_object_get(expected, "digests"));
	} else {
		fputs("<dd>no event here</dd>", to);
	}
	fputs("</dl></div>", to);
}

static void put_deviations(FILE *to, json_t *list)
{
	size_t i;
	json_t *d;
	if (json_array_size(list) > 0)
		fputs("<h2>Where it leaves the reference values</h2>\n", to);
	json_array_foreach(list, i, d)
	{
		json_t *event = json_object_get(d, "event");
		fputs("<div class=\"card\"><strong>", to);
		put_of(to, d, "edit");
		if (json_is_object(event)) {
			fprintf(to,
				": <a href=\"#e%" JSON_INTEGER_FORMAT
				"\">event %" JSON_INTEGER_FORMAT "</a>, ",
				number_of(event, "index"), number_of(event, "index"));
			put_of(to, event, "register");
			fputs(", ", to);
			put_of(to, event, "type");
		} else {
			fputs(": ", to);
			put_of(to, d, "component");
		}
		fputs("</strong><div class=\"sides\">", to);
		put_seen(to, event);
		put_nearest(to, d);
		fputs("</div></div>\n", to);
	}
}

/* ---- proposals ---- */

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
	fputs("<li>Add to the reference values what was seen; the verdict would be ", to);
	put_tier(to, accept);
	fputs(".<br>Components: ", to);
	json_array_foreach(json_object_get(accept, "components"), i, component)
	{
		fputs(i > 0 ? ", <code>" : "<code>", to);
		put_of(to, component, "name");
		fputs("</code>", to);
	}
	fputs("</li>\n", to);
}

static void put_ignore(FILE *to, json_t *ignore)
{
	size_t i;
	json_t *rule;
	if (!json_is_object(ignore))
		return;
	fputs("<li>Or add ignore rules to the policy; the verdict would be ", to);
	put_tier(to, ignore);
	fputs(".", to);
	json_array_foreach(json_object_get(ignore, "rules"), i, rule)
	{
		fprintf(to, "<br><code>- { pcr: %" JSON_INTEGER_FORMAT ", event: ",
			number_of(rule, "pcr"));
		put_of(to, rule, "event");
		fputs(" }</code>", to);
	}
	fputs("</li>\n", to);
}

static void put_proposals(FILE *to, json_t *proposals)
{
	json_t *without = json_object_get(proposals, "without_secure_boot");
	if (!json_is_object(json_object_get(proposals, "accept")) && !json_is_object(without))
		return;
	fprintf(to, "<h2>%s</h2>\n<p class=\"dim\">Nothing of this is applied.</p>\n<ul>\n",
		troth_cli_proposals_title(proposals));
	put_accept(to, json_object_get(proposals, "accept"));
	put_ignore(to, json_object_get(proposals, "ignore"));
	if (json_is_object(without)) {
		fputs("<li>With <code>secure_boot: any</code> in the policy as well the "
		      "verdict "
		      "would be ",
		      to);
		put_tier(to, without);
		fputs(".</li>\n", to);
	}
	fputs("</ul>\n", to);
}

/* ---- what it rests on ---- */

/* said: what to do, where it stands above already. */
static void put_findings(FILE *to, json_t *findings, const char *said)
{
	size_t i;
	json_t *f;
	if (json_array_size(findings) == 0)
		return;
	fputs("<h2>Findings</h2>\n<ul>\n", to);
	json_array_foreach(findings, i, f)
	{
		fputs("<li><code>", to);
		put_of(to, f, "code");
		fputs("</code> <span class=\"", to);
		put_of(to, f, "severity");
		fputs("\">", to);
		put_of(to, f, "severity");
		fputs("</span> ", to);
		put_of(to, f, "meaning");
		fputs(" <span class=\"dim\">", to);
		if (json_is_integer(json_object_get(f, "pcr")))
			fprintf(to, "PCR %" JSON_INTEGER_FORMAT ". ", number_of(f, "pcr"));
		put_of(to, f, "detail");
		fputs("</span>", to);
		const char *next = troth_cli_string_of(f, "next");
		if (strcmp(next, said) != 0) {
			fputs("<br>", to);
			troth_cli_put_html(to, next);
		}
		said = next;
		fputs("</li>\n", to);
	}
	fputs("</ul>\n", to);
}

static void put_trust(FILE *to, json_t *trust)
{
	fputs("<h2>Trustworthiness (AR4SI)</h2>\n<table>\n", to);
	for (enum troth_claim k = 0; k < TROTH_CLAIM_N; k++) {
		const json_int_t n = number_of(trust, troth_claim_name(k));
		const int8_t value = n >= INT8_MIN && n <= INT8_MAX ? (int8_t)n : -1;
		fprintf(to, "<tr><td>%s</td><td>%d</td><td>", troth_claim_name(k), value);
		troth_cli_put_html(to, troth_claim_words(k, value));
		fputs("</td></tr>\n", to);
	}
	fputs("</table>\n", to);
}

static void put_gaps(FILE *to, json_t *gaps)
{
	size_t i;
	json_t *gap;
	if (json_array_size(gaps) == 0)
		return;
	fputs("<h2>Not checked</h2>\n<ul>\n", to);
	json_array_foreach(gaps, i, gap)
	{
		fputs("<li>", to);
		troth_cli_put_html(to, json_string_value(gap) != NULL ? json_string_value(gap)
								      : "");
		fputs("</li>\n", to);
	}
	fputs("</ul>\n", to);
}

static void put_log(FILE *to, json_t *log)
{
	size_t i;
	json_t *ev;
	if (json_array_size(log) == 0)
		return;
	fputs("<h2>The event log</h2>\n<div class=\"scroll\"><table>\n<tr><th>event</th>"
	      "<th>register</th><th>type</th><th>says</th><th>proof</th></tr>\n",
	      to);
	json_array_foreach(log, i, ev)
	{
		fprintf(to,
			"<tr id=\"e%" JSON_INTEGER_FORMAT "\"%s><td>%" JSON_INTEGER_FORMAT
			"%s</td>"
			"<td>",
			number_of(ev, "index"),
			json_is_true(json_object_get(ev, "deviates")) ? " class=\"bad\"" : "",
			number_of(ev, "index"),
			json_is_true(json_object_get(ev, "deviates"))
				? " <strong>differs</strong>"
				: "");
		put_of(to, ev, "register");
		fputs("</td><td>", to);
		put_of(to, ev, "type");
		fputs("</td><td class=\"c\">", to);
		put_of(to, ev, "text");
		fputs("</td><td>", to);
		put_of(to, ev, "proof");
		fputs("</td></tr>\n", to);
	}
	fputs("</table></div>\n", to);
}

bool troth_cli_explain_html(struct troth_ctx *ctx, FILE *to, json_t *o)
{
	json_t *verdict = json_object_get(o, "verdict");
	if (!put_head(ctx, to, o))
		return false;
	put_summary(to, o);
	put_deviations(to, json_object_get(o, "deviations"));
	put_proposals(to, json_object_get(o, "proposals"));
	put_findings(to, json_object_get(verdict, "findings"), troth_cli_string_of(o, "next"));
	put_trust(to, json_object_get(verdict, "trust"));
	put_gaps(to, json_object_get(json_object_get(verdict, "coverage"), "not_checked"));
	put_log(to, json_object_get(o, "log"));
	fputs("</body>\n</html>\n", to);
	return true;
}
