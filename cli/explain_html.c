/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>

#include "explain_document.h"
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

/* Text in HTML, also inside a quoted attribute: & < > " ' as entities, and whatever is not
 * printable ASCII as \xNN. */
static void put(FILE *to, const char *text)
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

static const struct troth_page_medium HTML = {
	.put = put,
	.deviations_max = SIZE_MAX,
	.all_banks = true,
	.markup = {
		[TROTH_PAGE_OF] = { "<p class=\"dim\">", "</p>\n" },
		[TROTH_PAGE_TIER] = { "<p class=\"tier *\">", "</p>\n" },
		[TROTH_PAGE_SENTENCE] = { "<h1>", "</h1>\n" },
		[TROTH_PAGE_TO_DO] = { "<p>", "</p>\n" },
		[TROTH_PAGE_CAREFUL] = { "<p class=\"warning\"><strong>", "</strong></p>\n" },
		[TROTH_PAGE_CAUSE] = { "<div class=\"card\">", "</div>\n" },
		[TROTH_PAGE_CAUSE_NAME] = { "<strong>", "</strong>" },
		[TROTH_PAGE_WHY] = { "<br>", "" },
		[TROTH_PAGE_HEADING] = { "<h2>", "</h2>\n" },
		[TROTH_PAGE_DEVIATION] = { "<div class=\"card\">", "</div>\n" },
		[TROTH_PAGE_DEVIATION_HEAD] = { "<strong>", "</strong>" },
		[TROTH_PAGE_EVENT] = { "<a href=\"#e*\">", "</a>" },
		[TROTH_PAGE_SIDES] = { "<div class=\"sides\">", "</div>" },
		[TROTH_PAGE_SEEN] = { "<div><h3>seen</h3><dl>", "</dl></div>" },
		[TROTH_PAGE_SAYS] = { "<dt>says</dt><dd>", "</dd>" },
		[TROTH_PAGE_PROOF] = { "<dt>proof</dt><dd>", "</dd>" },
		[TROTH_PAGE_NEAREST] = { "<div><h3>nearest reference</h3><dl>", "</dl></div>" },
		[TROTH_PAGE_REFERENCE] = { "<dt>reference</dt><dd>", "</dd>" },
		[TROTH_PAGE_BANK] = { "<dt>*</dt><dd><code>", "</code></dd>" },
		[TROTH_PAGE_BEFORE] = { "<dt>when the device last passed</dt><dd>", "</dd>" },
		[TROTH_PAGE_ELSEWHERE] = { "<dt>on another healthy device</dt><dd>", "</dd>" },
		[TROTH_PAGE_LIST] = { "<ul>\n", "</ul>\n" },
		[TROTH_PAGE_ITEM] = { "<li>", "</li>\n" },
		[TROTH_PAGE_POINT] = { "", "" },
		[TROTH_PAGE_KEY] = { "<code>", "</code>" },
		[TROTH_PAGE_COMPONENT] = { "<br>", "" },
		[TROTH_PAGE_RULES] = { "<br><code>", "</code>" },
		[TROTH_PAGE_RULE] = { "<br><code>", "</code>" },
		[TROTH_PAGE_REMARK] = { "<br><span class=\"dim\">", "</span>" },
		[TROTH_PAGE_FINDING] = { "", "" },
		[TROTH_PAGE_CODE] = { "<code>", "</code>" },
		[TROTH_PAGE_SEVERITY] = { " <span class=\"*\">", "</span> " },
		[TROTH_PAGE_PCR] = { " <span class=\"dim\">PCR ", ".</span>" },
		[TROTH_PAGE_DETAIL] = { " <span class=\"dim\">", "</span>" },
		[TROTH_PAGE_NEXT] = { "<br>", "" },
	},
};

/* The policy of the page: nothing but the style below, known by its hash. */
static bool put_head(struct troth_ctx *ctx, const struct troth_page *p, const json_t *o)
{
	struct troth_digest digest;
	unsigned char base64[64];
	if (troth_hash_one(ctx, TROTH_HASH_SHA256, troth_view_str(STYLE), &digest) != TROTH_OK)
		return false;
	(void)EVP_EncodeBlock(base64, digest.bytes, 32);
	fprintf(p->to,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'sha256-%s'; base-uri 'none'; form-action 'none'\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<title>",
		(const char *)base64);
	troth_page_say_of(p, json_object_get(o, "device"), "name");
	fprintf(p->to, " - Troth</title>\n<style>%s</style>\n</head>\n<body>\n", STYLE);
	return true;
}

static void put_trust(const struct troth_page *p, const json_t *trust)
{
	fputs("<h2>Trustworthiness (AR4SI)</h2>\n<table>\n", p->to);
	for (enum troth_claim k = 0; k < TROTH_CLAIM_N; k++) {
		const char *name = troth_claim_name(k);
		const json_int_t n = json_integer_value(json_object_get(trust, name));
		const int8_t value = n >= INT8_MIN && n <= INT8_MAX ? (int8_t)n : -1;
		fprintf(p->to, "<tr><td>%s</td><td>%d</td><td>", name, value);
		troth_page_say(p, troth_claim_words(k, value));
		fputs("</td></tr>\n", p->to);
	}
	fputs("</table>\n", p->to);
}

static void put_event(const struct troth_page *p, const json_t *ev)
{
	const bool deviates = json_is_true(json_object_get(ev, "deviates"));
	fputs("<tr id=\"e", p->to);
	troth_page_number_of(p, ev, "index");
	fputs(deviates ? "\" class=\"bad\"><td>" : "\"><td>", p->to);
	troth_page_number_of(p, ev, "index");
	fputs(deviates ? " <strong>differs</strong></td><td>" : "</td><td>", p->to);
	troth_page_say_of(p, ev, "register");
	fputs("</td><td>", p->to);
	troth_page_say_of(p, ev, "type");
	fputs("</td><td class=\"c\">", p->to);
	troth_page_say_of(p, ev, "text");
	fputs("</td><td>", p->to);
	troth_page_say_of(p, ev, "proof");
	fputs("</td></tr>\n", p->to);
}

static void put_log(const struct troth_page *p, const json_t *log)
{
	size_t i;
	json_t *ev;
	if (json_array_size(log) == 0)
		return;
	fputs("<h2>The event log</h2>\n<div class=\"scroll\"><table>\n<tr><th>event</th>"
	      "<th>register</th><th>type</th><th>says</th><th>proof</th></tr>\n",
	      p->to);
	json_array_foreach(log, i, ev) put_event(p, ev);
	fputs("</table></div>\n", p->to);
}

bool troth_cli_explain_html(struct troth_ctx *ctx, FILE *to, json_t *o)
{
	const struct troth_page page = { &HTML, to };
	if (!put_head(ctx, &page, o))
		return false;
	troth_cli_explain_tell(&page, o);
	put_trust(&page, json_object_get(json_object_get(o, "verdict"), "trust"));
	put_log(&page, json_object_get(o, "log"));
	fputs("</body>\n</html>\n", to);
	return true;
}
