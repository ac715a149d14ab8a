/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <jansson.h>

#include "answer.h"
#include "base.h"
#include "http.h"
#include "reader.h"

static const char DATE[] = "Sun, 06 Nov 1994 08:49:37 GMT";

static const struct {
	const char *name;
	struct troth_answer answer;
	const char *want;
} HEADS[] = {
	{ "a page",
	  { .status = 200,
	    .content_type = "text/plain",
	    .body = { (const uint8_t *)"hello", 5 } },
	  "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nCache-Control: "
	  "no-store\r\n"
	  "Content-Length: 5\r\nContent-Type: text/plain\r\n\r\n" },
	{ "nothing",
	  { .status = 204 },
	  "HTTP/1.1 204 No Content\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
	  "Cache-Control: no-store\r\n\r\n" },
	{ "come again",
	  { .status = 503, .retry_after_s = 4294967295, .close = true },
	  "HTTP/1.1 503 Service Unavailable\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
	  "Cache-Control: no-store\r\nContent-Length: 0\r\nRetry-After: 4294967295\r\n"
	  "Connection: close\r\n\r\n" },
	{ "what was asked already",
	  { .status = 304,
	    .cache_control = "public, max-age=5",
	    .headers = { (const uint8_t *)"ETag: \"x\"\r\n", 11 } },
	  "HTTP/1.1 304 Not Modified\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
	  "Cache-Control: public, max-age=5\r\nETag: \"x\"\r\n\r\n" },
	{ "not like this",
	  { .status = 405, .allow = 1U << TROTH_HTTP_POST | 1U << TROTH_HTTP_DELETE },
	  "HTTP/1.1 405 Method Not Allowed\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
	  "Cache-Control: no-store\r\nContent-Length: 0\r\nAllow: POST, DELETE\r\n\r\n" },
	{ "a status without words",
	  { .status = 499 },
	  "HTTP/1.1 499 \r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nCache-Control: no-store\r\n"
	  "Content-Length: 0\r\n\r\n" },
};

static void heads_are_written_as_rfc_9112_has_them(void **state)
{
	uint8_t room[TROTH_ANSWER_HEAD_MAX];
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(HEADS); i++) {
		struct troth_writer w = troth_writer_make(room, sizeof room);
		troth_answer_head(&HEADS[i].answer, troth_view_str(DATE), &w);
		if (!troth_view_equal(troth_written(&w), troth_view_str(HEADS[i].want)))
			fail_msg("%s: %.*s", HEADS[i].name, (int)w.n, (const char *)room);
	}
}

static void a_head_that_does_not_fit_is_not_written(void **state)
{
	uint8_t room[TROTH_ANSWER_HEAD_MAX];
	size_t n = strlen(HEADS[0].want);
	(void)state;
	struct troth_writer w = troth_writer_make(room, n);
	troth_answer_head(&HEADS[0].answer, troth_view_str(DATE), &w);
	assert_true(troth_writer_ok(&w));
	w = troth_writer_make(room, n - 1);
	troth_answer_head(&HEADS[0].answer, troth_view_str(DATE), &w);
	assert_false(troth_writer_ok(&w));
}

/* As GNU date -u prints them. */
static void dates_are_those_of_the_calendar(void **state)
{
	static const struct {
		uint64_t unix_s;
		const char *want;
	} DATES[] = {
		{ 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ 784111777, "Sun, 06 Nov 1994 08:49:37 GMT" },
		{ 951782399, "Mon, 28 Feb 2000 23:59:59 GMT" },
		{ 951782400, "Tue, 29 Feb 2000 00:00:00 GMT" },
		{ 4102444800, "Fri, 01 Jan 2100 00:00:00 GMT" },
	};
	uint8_t room[TROTH_DATE_LEN];
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(DATES); i++) {
		struct troth_writer w = troth_writer_make(room, sizeof room);
		troth_answer_date(DATES[i].unix_s, &w);
		if (!troth_view_equal(troth_written(&w), troth_view_str(DATES[i].want)))
			fail_msg("%s: %.*s", DATES[i].want, (int)sizeof room,
				 (const char *)room);
	}
}

static void assert_member(const json_t *doc, const char *key, const char *want)
{
	const char *got = json_string_value(json_object_get(doc, key));
	if (want == NULL)
		assert_null(got);
	else
		assert_string_equal(got, want);
}

static void problems_are_rfc_9457_documents(void **state)
{
	static const struct {
		const char *code, *detail, *type, *want_detail;
	} PROBLEMS[] = {
		{ "denied", "No \"x\" here.", "urn:troth:problem:denied", "No \"x\" here." },
		{ NULL, "There is no such path.", "about:blank", "There is no such path." },
		{ "", NULL, "about:blank", NULL },
		/* A detail that is not UTF-8 does not take the rest with it. */
		{ "denied", "\xff", "urn:troth:problem:denied", NULL },
	};
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(PROBLEMS); i++) {
		char *text = troth_answer_problem(403, PROBLEMS[i].code, PROBLEMS[i].detail);
		json_t *doc = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(doc);
		assert_member(doc, "type", PROBLEMS[i].type);
		assert_member(doc, "title", "Forbidden");
		assert_member(doc, "detail", PROBLEMS[i].want_detail);
		assert_int_equal(json_integer_value(json_object_get(doc, "status")), 403);
		json_decref(doc);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_written_as_rfc_9112_has_them),
		cmocka_unit_test(a_head_that_does_not_fit_is_not_written),
		cmocka_unit_test(dates_are_those_of_the_calendar),
		cmocka_unit_test(problems_are_rfc_9457_documents),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
