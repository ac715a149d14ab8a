/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "base.h"
#include "documents.h"
#include "file.h"
#include "reader.h"

#define ZEROS32 "0000000000000000000000000000000000000000000000000000000000000000"
#define SHA1_HEX "00112233445566778899aAbBcCdDeEfF00112233"
#define RECORD(pcr) \
	"{\"pcr\":" pcr ",\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"" ZEROS32 "\"}]}"
#define ALT(name, records) "{\"name\":\"" name "\",\"records\":[" records "]}"
#define SET(components) "{\"format\":1,\"name\":\"s\",\"components\":[" components "]}"
#define ONE(alternatives) SET("{\"name\":\"c\",\"alternatives\":[" alternatives "]}")
#define DIGESTS(list) ONE(ALT("a", "{\"pcr\":4,\"digests\":[" list "]}"))

static enum troth_status parse(struct troth_ctx *ctx, struct troth_view text,
			       struct troth_reference_set *out,
			       struct troth_config_error *error)
{
	*error = (struct troth_config_error){ .line = 77 };
	return troth_reference_parse(ctx, text, out, error);
}

static const char GOOD[] = "{ \"components\": [ { \"alternatives\": [\n"
			   "  { \"records\": [ { \"digests\": [\n"
			   "      { \"digest\": \"" ZEROS32 "\", \"hashAlg\": \"sha256\" },\n"
			   "      { \"hashAlg\": \"sha1\", \"digest\": \"" SHA1_HEX "\" } ],\n"
			   "    \"pcr\": 4 } ], \"name\": \"2.06\" } ],\n"
			   "  \"optional\": true, \"name\": \"boot-loader\" } ],\n"
			   "  \"format\": 1, \"name\": \"factory\" }\n";
static const char CANONICAL[] =
	"{\"components\":[{\"alternatives\":[{\"name\":\"2.06\",\"records\":[{\"digests\":["
	"{\"digest\":\"00112233445566778899aabbccddeeff00112233\",\"hashAlg\":\"sha1\"},"
	"{\"digest\":\"" ZEROS32 "\",\"hashAlg\":\"sha256\"}],\"pcr\":4}]}],"
	"\"golden\":false,\"name\":\"boot-loader\",\"optional\":true}],"
	"\"format\":1,\"name\":\"factory\"}";

static void a_set_is_read(void **state)
{
	struct troth_reference_set set = { 0 };
	struct troth_config_error e;
	if (parse(*state, troth_view_str(GOOD), &set, &e) != TROTH_OK)
		fail_msg("%s", e.text);
	assert_string_equal(set.name, "factory");
	assert_int_equal(set.n_components, 1);
	const struct troth_component *c = &set.components[0];
	assert_string_equal(c->name, "boot-loader");
	assert_true(c->optional);
	assert_false(c->golden);
	assert_int_equal(c->n_alternatives, 1);
	assert_string_equal(c->alternatives[0].name, "2.06");
	assert_int_equal(c->alternatives[0].n_events, 1);
	const struct troth_reference_event *ev = &c->alternatives[0].events[0];
	assert_int_equal(ev->pcr, 4);
	assert_int_equal(ev->n_digests, 2);
	assert_int_equal(ev->digests[1].alg, TROTH_HASH_SHA1);
	assert_int_equal(ev->digests[1].bytes[10], 0xaa);
	troth_reference_release(&set);
}

/* One set has one text, however it was written, and the text's digest is its id. */
static void canonical_form_names_the_set(void **state)
{
	struct troth_reference_set set = { 0 }, again = { 0 };
	struct troth_config_error e;
	uint8_t want[32];
	char *text = NULL;
	size_t n = 0;
	assert_int_equal(parse(*state, troth_view_str(GOOD), &set, &e), TROTH_OK);
	assert_int_equal(troth_reference_format(*state, &set, &text, &n), TROTH_OK);
	assert_string_equal(text, CANONICAL);
	assert_int_equal(n, sizeof CANONICAL - 1);
	assert_int_equal(
		EVP_Digest(CANONICAL, sizeof CANONICAL - 1, want, NULL, EVP_sha256(), NULL), 1);
	assert_memory_equal(set.id, want, sizeof want);
	assert_int_equal(parse(*state, troth_view_str(text), &again, &e), TROTH_OK);
	assert_memory_equal(again.id, want, sizeof want);
	free(text);
	troth_reference_release(&set);
	troth_reference_release(&again);
}

static const struct {
	const char *name, *text, *says;
} REFUSED[] = {
	{ "nothing", "", "'[' or '{'" },
	{ "a list", "[]", "object" },
	{ "cut short", "{\"format\":1", "'}'" },
	{ "something behind",
	  SET("{\"name\":\"c\",\"alternatives\":[" ALT("a", RECORD("4")) "]}") " 1",
	  "end of file" },
	{ "key twice", "{\"format\":1,\"format\":1}", "duplicate" },
	{ "unknown key", "{\"format\":1,\"name\":\"s\",\"components\":[],\"x\":1}",
	  "a key the format does not have" },
	{ "format missing", "{\"name\":\"s\",\"components\":[]}", "format" },
	{ "format two", "{\"format\":2,\"name\":\"s\",\"components\":[]}", "format" },
	{ "format as a fraction", "{\"format\":1.0,\"name\":\"s\",\"components\":[]}",
	  "format" },
	{ "no name", "{\"format\":1,\"components\":[]}", "name" },
	{ "name that is no name", "{\"format\":1,\"name\":\"A\",\"components\":[]}", "name" },
	{ "name with a NUL", "{\"format\":1,\"name\":\"a\\u0000b\",\"components\":[]}",
	  "\\u0000" },
	{ "no component", SET(""), "components" },
	{ "components as an object", "{\"format\":1,\"name\":\"s\",\"components\":{}}",
	  "components" },
	{ "component that is a number", SET("1"), "components[0]: wanted an object" },
	{ "component without alternatives", SET("{\"name\":\"c\",\"alternatives\":[]}"),
	  "components[0]: alternatives" },
	{ "component with an unknown key",
	  SET("{\"name\":\"c\",\"alternatives\":[],\"mandatory\":true}"), "a key" },
	{ "two components of one name",
	  SET("{\"name\":\"c\",\"alternatives\":[" ALT(
		  "a", RECORD("4")) "]},"
				    "{\"name\":\"c\",\"alternatives\":[" ALT("a",
									     RECORD("5")) "]}"),
	  "components[1]: name: used before" },
	{ "two alternatives of one name", ONE(ALT("a", RECORD("4")) "," ALT("a", RECORD("5"))),
	  "components[0].alternatives[1]: name: used before" },
	{ "optional as a number",
	  SET("{\"name\":\"c\",\"optional\":1,\"alternatives\":[" ALT("a", RECORD("4")) "]}"),
	  "optional" },
	{ "alternative without records", ONE(ALT("a", "")), "records" },
	{ "PCR 24", ONE(ALT("a", RECORD("23") "," RECORD("24"))),
	  "components[0].alternatives[0].records[1]: pcr" },
	{ "PCR minus one", ONE(ALT("a", RECORD("-1"))), "pcr" },
	{ "PCR as a fraction", ONE(ALT("a", RECORD("4.0"))), "pcr" },
	{ "PCR as text", ONE(ALT("a", RECORD("\"4\""))), "pcr" },
	{ "PCR past 64 bits", ONE(ALT("a", RECORD("18446744073709551616"))), "integer" },
	{ "no digest", DIGESTS(""), "digests" },
	{ "unknown algorithm", DIGESTS("{\"hashAlg\":\"md5\",\"digest\":\"00\"}"), "hashAlg" },
	{ "digest a byte short",
	  DIGESTS("{\"hashAlg\":\"sha1\",\"digest\":"
		  "\"00112233445566778899aabbccddeeff001122\"}"),
	  "digest" },
	{ "digest a digit long", DIGESTS("{\"hashAlg\":\"sha1\",\"digest\":\"" SHA1_HEX "0\"}"),
	  "digest" },
	{ "digest that is no hex",
	  DIGESTS("{\"hashAlg\":\"sha1\",\"digest\":"
		  "\"x0112233445566778899aabbccddeeff00112233\"}"),
	  "digest" },
	{ "one algorithm twice",
	  DIGESTS("{\"hashAlg\":\"sha1\",\"digest\":\"" SHA1_HEX "\"},"
		  "{\"hashAlg\":\"sha1\",\"digest\":\"" SHA1_HEX "\"}"),
	  "twice" },
	{ "digest with a third key",
	  DIGESTS("{\"hashAlg\":\"sha1\",\"digest\":\"" SHA1_HEX "\",\"x\":0}"), "a key" },
	{ "two golden values for one PCR",
	  SET("{\"name\":\"c\",\"golden\":true,\"alternatives\":[" ALT(
		  "a", RECORD("4") "," RECORD("4")) "]}"),
	  "two golden values" },
};

static void refusals(void **state)
{
	for (size_t i = 0; i < TROTH_COUNT(REFUSED); i++) {
		struct troth_reference_set set;
		struct troth_config_error e;
		POISON(set);
		enum troth_status st = parse(*state, troth_view_str(REFUSED[i].text), &set, &e);
		if (st != TROTH_E_CONFIG || strstr(e.text, REFUSED[i].says) == NULL)
			fail_msg("%s: got %s: %s", REFUSED[i].name, troth_status_name(st),
				 e.text);
		ASSERT_POISONED(set);
	}
}

/* Where jansson found it: line 5, at the word. */
static void syntax_errors_say_where(void **state)
{
	struct troth_reference_set set = { 0 };
	struct troth_config_error e;
	assert_int_equal(parse(*state, troth_view_str("{\n\n\n\n  nonsense }"), &set, &e),
			 TROTH_E_CONFIG);
	assert_int_equal(e.line, 5);
	assert_int_equal(e.column, 10);
}

static void every_prefix_is_refused(void **state)
{
	struct troth_reference_set set = { 0 };
	struct troth_config_error e;
	for (size_t n = 0; n + 1 < sizeof CANONICAL - 1; n++) {
		struct troth_view part = { (const uint8_t *)CANONICAL, n };
		assert_int_equal(parse(*state, part, &set, &e), TROTH_E_CONFIG);
	}
}

/* head, n numbered items with commas between, tail. Owned by the caller. */
static char *list_of(size_t n, const char *head, const char *item_head, const char *item_tail,
		     const char *tail)
{
	size_t room = 256 + n * (strlen(item_head) + strlen(item_tail) + 16);
	char *text = malloc(room);
	assert_non_null(text);
	size_t at = (size_t)snprintf(text, room, "%s", head);
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, room - at, "%s%s%04zu%s", i > 0 ? "," : "",
				       item_head, i, item_tail);
	snprintf(text + at, room - at, "%s", tail);
	return text;
}

static const struct {
	const char *name;
	size_t max;
	const char *head, *item_head, *item_tail, *tail;
} LISTS[] = {
	{ "components", TROTH_COMPONENTS_MAX, "{\"format\":1,\"name\":\"s\",\"components\":[",
	  "{\"name\":\"c", "\",\"alternatives\":[" ALT("a", RECORD("4")) "]}", "]}" },
	{ "alternatives", TROTH_ALTERNATIVES_MAX,
	  "{\"format\":1,\"name\":\"s\",\"components\":[{\"name\":\"c\",\"alternatives\":[",
	  "{\"name\":\"a", "\",\"records\":[" RECORD("4") "]}", "]}]}" },
	{ "records", TROTH_REFERENCE_EVENTS_MAX,
	  "{\"format\":1,\"name\":\"s\",\"components\":[{\"name\":\"c\",\"alternatives\":["
	  "{\"name\":\"a\",\"records\":[",
	  "{\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":"
	  "\"000000000000000000000000000000000000000000000000000000000000",
	  "\"}],\"pcr\":4}", "]}]}]}" },
};

static void lists_at_and_past_their_limits(void **state)
{
	for (size_t i = 0; i < 2 * TROTH_COUNT(LISTS); i++) {
		size_t k = i / 2, past = i % 2;
		struct troth_reference_set set = { 0 };
		struct troth_config_error e;
		char *text = list_of(LISTS[k].max + past, LISTS[k].head, LISTS[k].item_head,
				     LISTS[k].item_tail, LISTS[k].tail);
		enum troth_status st = parse(*state, troth_view_str(text), &set, &e);
		if (st != (past ? TROTH_E_CONFIG : TROTH_OK) ||
		    (past && strstr(e.text, "more than") == NULL))
			fail_msg("%s, %zu past the limit: %s: %s", LISTS[k].name, past,
				 troth_status_name(st), e.text);
		troth_reference_release(&set);
		free(text);
	}
}

static void size_at_and_past_its_limit(void **state)
{
	struct troth_reference_set set = { 0 };
	struct troth_config_error e;
	uint8_t *text = malloc(TROTH_REFERENCE_JSON_MAX + 1);
	assert_non_null(text);
	memset(text, ' ', TROTH_REFERENCE_JSON_MAX + 1);
	memcpy(text, CANONICAL, sizeof CANONICAL - 1);
	assert_int_equal(
		parse(*state, (struct troth_view){ text, TROTH_REFERENCE_JSON_MAX }, &set, &e),
		TROTH_OK);
	troth_reference_release(&set);
	assert_int_equal(parse(*state,
			       (struct troth_view){ text, TROTH_REFERENCE_JSON_MAX + 1 }, &set,
			       &e),
			 TROTH_E_LIMIT);
	free(text);
}

static void nesting_bomb_is_refused(void **state)
{
	struct troth_reference_set set = { 0 };
	struct troth_config_error e;
	uint8_t *text = malloc(TROTH_REFERENCE_JSON_MAX);
	assert_non_null(text);
	memset(text, '[', TROTH_REFERENCE_JSON_MAX);
	assert_int_equal(
		parse(*state, (struct troth_view){ text, TROTH_REFERENCE_JSON_MAX }, &set, &e),
		TROTH_E_CONFIG);
	free(text);
}

/* What the manual shows is what the verifier takes. */
static void the_manual_is_right(void **state)
{
	struct troth_buffer manual = { 0 };
	struct troth_reference_set set = { 0 };
	struct troth_config_error e;
	assert_int_equal(troth_file_read(TROTH_DOCS "/reference-values.md", 1 << 20, &manual),
			 TROTH_OK);
	char *start = strstr((char *)manual.p, "```json\n");
	assert_non_null(start);
	start += strlen("```json\n");
	char *end = strstr(start, "```");
	assert_non_null(end);
	*end = '\0';
	if (parse(*state, troth_view_str(start), &set, &e) != TROTH_OK)
		fail_msg("line %u of the example: %s", e.line, e.text);
	assert_string_equal(set.components[0].name, "boot-loader");
	troth_reference_release(&set);
	troth_buffer_clear(&manual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_is_read),
		cmocka_unit_test(canonical_form_names_the_set),
		cmocka_unit_test(refusals),
		cmocka_unit_test(syntax_errors_say_where),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(lists_at_and_past_their_limits),
		cmocka_unit_test(size_at_and_past_its_limit),
		cmocka_unit_test(nesting_bomb_is_refused),
		cmocka_unit_test(the_manual_is_right),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
