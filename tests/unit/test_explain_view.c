/* SPDX-License-Identifier: Apache-2.0 */
/* Explanations on their way out: foreign texts stay texts, in a terminal and in a page. */
#include "check.h"

#include <openssl/sha.h>
#include <stdio.h>

#include "explain_view.h"

/* What a device may write into its log to be shown: markup, a closed attribute, terminal
 * commands, another line, a byte of no alphabet. */
static const char *const HOSTILE[] = {
	"<script>alert(1)</script>",
	"\"><img src=x onerror=alert(1)>",
	"' onmouseover='alert(1)",
	"</style><b>",
	"</td></tr></table>",
	"&lt;b&gt;",
	"\x1b[2J\x1b]0;owned\x07",
	"\r\nRefused: nothing",
	"\xc2\x9b[31m",
	"javascript:alert(1)",
	"{\"a\":1}",
	"%s%n%p",
};

/* Every text of the JSON is the hostile one. */
static json_t *explanation_of(const char *text)
{
	json_t *event = json_pack("{s:i, s:i, s:s, s:s, s:s, s:s, s:{s:s}, s:b}", "index", 1,
				  "pcr", 4, "register", text, "type", text, "text", text,
				  "proof", text, "digests", "sha256", text, "deviates", 1);
	json_t *deviation = json_pack("{s:s, s:b, s:O, s:s, s:s, s:{s:i, s:{s:s}}, s:O, s:O}",
				      "edit", text, "final_value", 0, "event", event,
				      "component", text, "alternative", text, "expected", "pcr",
				      4, "digests", "sha256", text, "before", event,
				      "elsewhere", event);
	json_t *proposals =
		json_pack("{s:{s:s, s:[{s:s, s:b, s:[i]}]}, s:{s:s, s:[{s:i, s:s}]}, s:{s:s}}",
			  "accept", "tier", text, "components", "name", text, "new", 1,
			  "alternatives", 1, "ignore", "tier", text, "rules", "pcr", 1, "event",
			  text, "without_secure_boot", "tier", text);
	json_t *verdict =
		json_pack("{s:s, s:[{s:s, s:s, s:s, s:s, s:i, s:s}], s:{s:i}, s:{s:[s]}}",
			  "tier", text, "findings", "code", text, "severity", text, "meaning",
			  text, "next", text, "pcr", 4, "detail", text, "trust", "executables",
			  96, "coverage", "not_checked", text);
	json_t *o = json_pack(
		"{s:s, s:s, s:{s:s}, s:s, s:{s:s}, s:{s:s, s:s}, s:[o], s:o, s:o, "
		"s:[o], s:b}",
		"sentence", text, "next", text, "device", "name", text, "time", text, "policy",
		"name", text, "cause", "name", text, "why", text, "deviations", deviation,
		"proposals", proposals, "verdict", verdict, "log", event, "as_stored", 0);
	assert_non_null(o);
	return o;
}

static char *render(struct troth_ctx *ctx, json_t *o, bool html)
{
	char *out = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&out, &n);
	assert_non_null(to);
	if (html)
		assert_true(troth_cli_explain_html(ctx, to, o));
	else
		troth_cli_explain_text(to, o);
	assert_int_equal(fclose(to), 0);
	assert_int_equal(strlen(out), n); /* no NUL got in */
	return out;
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;
	for (const char *p = strstr(text, part); p != NULL; p = strstr(p + 1, part))
		n++;
	return n;
}

static size_t count_lines(const char *text)
{
	return count(text, "\n");
}

/* A page of hostile texts has the tags of a page of harmless ones, no more. */
static void a_page_is_not_to_be_written_by_a_device(void **state)
{
	json_t *harmless = explanation_of("harmless");
	char *want = render(*state, harmless, true);
	for (size_t i = 0; i < sizeof HOSTILE / sizeof *HOSTILE; i++) {
		json_t *o = explanation_of(HOSTILE[i]);
		char *page = render(*state, o, true);
		if (count(page, "<") != count(want, "<") ||
		    count(page, ">") != count(want, ">") ||
		    count(page, "\"") != count(want, "\"") ||
		    count(page, "'") != count(want, "'"))
			fail_msg("%s", HOSTILE[i]);
		assert_null(strchr(page, '\x1b'));
		assert_null(strchr(page, '\r'));
		assert_int_equal(count_lines(page), count_lines(want));
		free(page);
		json_decref(o);
	}
	free(want);
	json_decref(harmless);
}

static void a_terminal_gets_printable_ascii(void **state)
{
	json_t *harmless = explanation_of("harmless");
	char *want = render(*state, harmless, false);
	for (size_t i = 0; i < sizeof HOSTILE / sizeof *HOSTILE; i++) {
		json_t *o = explanation_of(HOSTILE[i]);
		char *text = render(*state, o, false);
		for (const char *p = text; *p != '\0'; p++)
			assert_true(*p == '\n' || (*p >= ' ' && *p < 0x7f));
		assert_int_equal(count_lines(text), count_lines(want));
		free(text);
		json_decref(o);
	}
	free(want);
	json_decref(harmless);
}

/* Nothing is fetched, nothing runs: the page says so, and keeps to it. */
static void a_page_stands_alone(void **state)
{
	static const char *const NEVER[] = { "<script", "<link",   "<img",	"<iframe",
					     "http:",	"https:",  "url(",	"@import",
					     " src=",	" onload", " onerror=", "style=\"" };
	json_t *o = explanation_of("harmless");
	char *page = render(*state, o, true);
	for (size_t i = 0; i < sizeof NEVER / sizeof *NEVER; i++)
		if (strstr(page, NEVER[i]) != NULL)
			fail_msg("%s in the page", NEVER[i]);
	assert_non_null(strstr(page, "default-src 'none'; style-src 'sha256-"));
	assert_non_null(strstr(page, "base-uri 'none'; form-action 'none'"));
	assert_non_null(strstr(page, "prefers-color-scheme:dark"));
	assert_non_null(strstr(page, "<tr id=\"e1\" class=\"bad\">"));
	free(page);
	json_decref(o);
}

/* The hash in the policy is of the style in the page, or nothing would be styled. */
static void the_style_is_the_one_that_is_allowed(void **state)
{
	json_t *o = explanation_of("harmless");
	char *page = render(*state, o, true), hash[64], *begin, *end;
	uint8_t digest[32];
	static const char ALPHABET[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	begin = strstr(page, "<style>");
	end = strstr(page, "</style>");
	assert_true(begin != NULL && end != NULL);
	begin += strlen("<style>");
	SHA256((const uint8_t *)begin, (size_t)(end - begin), digest);
	size_t n = 0;
	for (size_t i = 0; i < 32; i += 3) { /* RFC 4648, section 4 */
		const uint32_t v = (uint32_t)digest[i] << 16 |
				   (i + 1 < 32 ? (uint32_t)digest[i + 1] << 8 : 0) |
				   (i + 2 < 32 ? (uint32_t)digest[i + 2] : 0);
		hash[n++] = ALPHABET[v >> 18 & 63];
		hash[n++] = ALPHABET[v >> 12 & 63];
		hash[n++] = ALPHABET[v >> 6 & 63];
		hash[n++] = i + 2 < 32 ? ALPHABET[v & 63] : '=';
	}
	hash[n] = '\0';
	assert_non_null(strstr(page, hash));
	free(page);
	json_decref(o);
}

/* A JSON that lacks everything is shown as little, and harms nothing. */
static void an_empty_explanation_is_shown(void **state)
{
	json_t *o = json_object();
	free(render(*state, o, false));
	free(render(*state, o, true));
	json_decref(o);
}

/* What would not be enough is called so, in the title and beside each proposal. */
static void a_proposal_that_is_not_enough_says_so(void **state)
{
	static const struct {
		const char *tier, *title;
		bool refused;
	} CASES[] = {
		{ "affirming", "What would accept it", false },
		{ "warning", "What would accept it", false },
		{ "contraindicated", "is not enough", true },
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		json_t *o = explanation_of("text");
		json_t *proposals = json_object_get(o, "proposals");
		static const char *const NAMES[] = { "accept", "ignore",
						     "without_secure_boot" };
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(
				json_object_set_new(json_object_get(proposals, NAMES[k]),
						    "tier", json_string(CASES[i].tier)),
				0);
		for (size_t html = 0; html < 2; html++) {
			char *out = render(*state, o, html == 1);
			assert_non_null(strstr(out, CASES[i].title));
			assert_int_equal(strstr(out, "contraindicated still") != NULL,
					 CASES[i].refused);
			free(out);
		}
		json_decref(o);
	}
}

static void both_say(struct troth_ctx *ctx, json_t *o, const char *words)
{
	for (size_t html = 0; html < 2; html++) {
		char *out = render(ctx, o, html == 1);
		if (strstr(out, words) == NULL)
			fail_msg("the %s does not say: %s", html == 1 ? "page" : "text", words);
		free(out);
	}
}

/* A deviation without an event, a component that lost its last reason: the page has no other
 * story than the text. */
static void text_and_page_say_the_same(void **state)
{
	json_t *o = explanation_of("text");
	json_t *deviation = json_array_get(json_object_get(o, "deviations"), 0);
	json_t *accept = json_object_get(json_object_get(o, "proposals"), "accept");
	json_t *component = json_array_get(json_object_get(accept, "components"), 0);
	both_say(*state, o, "component text (new): 1 more alternative");
	json_array_clear(json_object_get(component, "alternatives"));
	both_say(*state, o, "component text (new): may be absent");
	json_object_set_new(deviation, "event", json_null());
	both_say(*state, o, "text: not measured at all");
	json_object_set_new(deviation, "final_value", json_true());
	both_say(*state, o, "PCR 4: another final value");
	json_object_set_new(deviation, "expected", json_null());
	both_say(*state, o, "nothing: the reference values have no event here");
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_proposal_that_is_not_enough_says_so),
		cmocka_unit_test(text_and_page_say_the_same),
		cmocka_unit_test(a_page_is_not_to_be_written_by_a_device),
		cmocka_unit_test(a_terminal_gets_printable_ascii),
		cmocka_unit_test(a_page_stands_alone),
		cmocka_unit_test(the_style_is_the_one_that_is_allowed),
		cmocka_unit_test(an_empty_explanation_is_shown),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
