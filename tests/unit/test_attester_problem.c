/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>

#include "base.h"
#include "problem.h"
#include "reader.h"
#include "url.h"

#define PROBLEM(code, detail)                 \
	"{\"type\":\"urn:troth:problem:" code \
	"\",\"title\":\"t\",\"status\":1,\"detail\":\"" detail "\"}"

static const struct {
	const char *name;
	long status;
	const char *body;
	enum troth_remedy remedy;
	enum troth_ending ending;
	const char *says;
} CASES[] = {
	{ "pending", 403, PROBLEM("pending", "wait"), TROTH_REMEDY_NONE, TROTH_ENDED_PENDING,
	  "wait" },
	{ "quarantined", 403, PROBLEM("quarantined", "no"), TROTH_REMEDY_NONE,
	  TROTH_ENDED_REFUSED, "quarantined" },
	{ "retired", 403, PROBLEM("retired", "no"), TROTH_REMEDY_NONE, TROTH_ENDED_REFUSED,
	  "retired" },
	{ "denied", 403, PROBLEM("denied", "no"), TROTH_REMEDY_NONE, TROTH_ENDED_REFUSED,
	  "denied" },
	{ "a code of tomorrow under 403", 403, PROBLEM("new", "no"), TROTH_REMEDY_NONE,
	  TROTH_ENDED_REFUSED, "new" },
	{ "unknown device", 404, PROBLEM("unknown-device", "who"), TROTH_REMEDY_ENROLL,
	  TROTH_ENDED_REFUSED, "unknown-device" },
	{ "another 404: a wrong address", 404, "<html>", TROTH_REMEDY_NONE,
	  TROTH_ENDED_UNREACHED, "404" },
	{ "stale challenge", 409, PROBLEM("stale-challenge", "again"), TROTH_REMEDY_AGAIN,
	  TROTH_ENDED_UNREACHED, "again" },
	{ "log wanted", 409, PROBLEM("log-wanted", "log"), TROTH_REMEDY_SEND_ALL,
	  TROTH_ENDED_UNREACHED, "log" },
	{ "certification wanted", 409, PROBLEM("certification-wanted", "key"),
	  TROTH_REMEDY_SEND_ALL, TROTH_ENDED_UNREACHED, "key" },
	{ "a nonce a second time", 409, PROBLEM("nonce-reused", "draw another"),
	  TROTH_REMEDY_NONE, TROTH_ENDED_REFUSED, "draw another" },
	{ "counters rewound", 409, PROBLEM("counters-rewound", "cleared"), TROTH_REMEDY_ENROLL,
	  TROTH_ENDED_REFUSED, "cleared" },
	{ "refused", 400, PROBLEM("refused", "signature"), TROTH_REMEDY_NONE,
	  TROTH_ENDED_REFUSED, "signature" },
	{ "malformed", 400, PROBLEM("malformed", "x"), TROTH_REMEDY_NONE, TROTH_ENDED_UNREACHED,
	  "malformed" },
	{ "busy", 503, PROBLEM("unavailable", "later"), TROTH_REMEDY_NONE,
	  TROTH_ENDED_UNREACHED, "later" },
	{ "too many", 429, PROBLEM("too-many-enrolments", "later"), TROTH_REMEDY_NONE,
	  TROTH_ENDED_UNREACHED, "later" },
	{ "another type of problem has no code", 403,
	  "{\"type\":\"about:blank\",\"title\":\"pending\"}", TROTH_REMEDY_NONE,
	  TROTH_ENDED_REFUSED, "pending" },
	{ "a code in front of another word", 404, PROBLEM("unknown-device-x", ""),
	  TROTH_REMEDY_NONE, TROTH_ENDED_UNREACHED, "unknown-device-x" },
	{ "no body", 404, "", TROTH_REMEDY_NONE, TROTH_ENDED_UNREACHED, "404" },
	{ "a list for a body", 409, "[\"stale-challenge\"]", TROTH_REMEDY_NONE,
	  TROTH_ENDED_UNREACHED, "409" },
	{ "the type twice", 409,
	  "{\"type\":\"urn:troth:problem:stale-challenge\",\"type\":\"about:blank\"}",
	  TROTH_REMEDY_NONE, TROTH_ENDED_UNREACHED, "409" },
	{ "a number for a type", 409, "{\"type\":7,\"detail\":[]}", TROTH_REMEDY_NONE,
	  TROTH_ENDED_UNREACHED, "409" },
	{ "a success that is none of ours", 204, "", TROTH_REMEDY_NONE, TROTH_ENDED_UNREACHED,
	  "204" },
};

static void what_follows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct troth_problem p;
		struct troth_outcome o;
		POISON(p);
		POISON(o);
		troth_problem_read(CASES[i].status, troth_view_str(CASES[i].body), &p);
		p.retry_after_s = 17;
		if (troth_problem_judge(&p, &o) != CASES[i].remedy)
			fail_msg("%s: wrong remedy", CASES[i].name);
		if (o.ending != CASES[i].ending || o.retry_after_s != 17)
			fail_msg("%s: ends as %s", CASES[i].name, troth_ending_name(o.ending));
		if (strstr(o.text, CASES[i].says) == NULL)
			fail_msg("%s: no '%s' in '%s'", CASES[i].name, CASES[i].says, o.text);
		assert_string_equal(o.reason, p.code);
	}
}

/* It goes into logs and scripts as it is. */
static void a_reason_is_a_code_or_nothing(void **state)
{
	(void)state;
	struct troth_outcome o;
	char long_code[sizeof o.reason + 1];
	memset(long_code, 'x', sizeof long_code);
	long_code[sizeof o.reason] = '\0';
	const char *const none[] = { "", "two words", "Upper", "a\nb", "\"", long_code };
	for (size_t i = 0; i < TROTH_COUNT(none); i++) {
		POISON(o);
		troth_outcome_reason(&o, none[i]);
		assert_string_equal(o.reason, "");
	}
	troth_outcome_reason(&o, long_code + 1);
	assert_string_equal(o.reason, long_code + 1);
	troth_outcome_reason(&o, "ima-unknown-file");
	assert_string_equal(o.reason, "ima-unknown-file");
	troth_outcome_set(&o, TROTH_ENDED_WELL, "issued");
	assert_string_equal(o.reason, "");
}

static void no_answer_at_all(void **state)
{
	(void)state;
	struct troth_outcome o;
	const struct troth_problem p = { .detail = "the verifier cannot be reached" };
	assert_int_equal(troth_problem_judge(&p, &o), TROTH_REMEDY_NONE);
	assert_int_equal(o.ending, TROTH_ENDED_UNREACHED);
	assert_string_equal(o.text, "the verifier cannot be reached");
}

/* Texts of a verifier reach a terminal and a log: no control byte does. */
static void foreign_text_is_escaped_and_cut(void **state)
{
	(void)state;
	struct troth_problem p;
	struct troth_outcome o;
	char body[2048], detail[1024];
	memset(detail, 'x', sizeof detail);
	detail[sizeof detail - 1] = '\0';
	snprintf(body, sizeof body,
		 "{\"type\":\"urn:troth:problem:%.200s\",\"detail\":\"\\u001b[31m\\n%s\"}",
		 detail, detail);
	troth_problem_read(403, troth_view_str(body), &p);
	assert_int_equal(strlen(p.code), sizeof p.code - 1);
	assert_int_equal(strlen(p.detail), sizeof p.detail - 1);
	(void)troth_problem_judge(&p, &o);
	assert_true(strlen(o.text) < sizeof o.text);
	for (const char *c = o.text; *c != '\0'; c++)
		assert_in_range(*c, ' ', '~');
	assert_non_null(strstr(o.text, "\\x1b[31m\\x0a"));
}

static const struct {
	const char *name, *base;
	enum troth_status want;
	const char *url;
} URLS[] = {
	{ "host", "https://v.example", TROTH_OK, "https://v.example/v1/x" },
	{ "host and port", "https://v.example:8443", TROTH_OK, "https://v.example:8443/v1/x" },
	{ "final slashes", "https://v.example//", TROTH_OK, "https://v.example/v1/x" },
	{ "prefix", "https://v.example/troth/", TROTH_OK, "https://v.example/troth/v1/x" },
	{ "IPv6", "https://[::1]:8443", TROTH_OK, "https://[::1]:8443/v1/x" },
	{ "plain HTTP", "http://v.example", TROTH_E_CONFIG, NULL },
	{ "no scheme", "v.example", TROTH_E_CONFIG, NULL },
	{ "upper-case scheme", "HTTPS://v.example", TROTH_E_CONFIG, NULL },
	{ "nothing", "", TROTH_E_CONFIG, NULL },
	{ "no host", "https://", TROTH_E_CONFIG, NULL },
	{ "only slashes", "https:////", TROTH_E_CONFIG, NULL },
	{ "no host but a path", "https:///v1", TROTH_E_CONFIG, NULL },
	{ "no host but a port", "https://:1", TROTH_E_CONFIG, NULL },
	{ "a user", "https://v.example@evil.example", TROTH_E_CONFIG, NULL },
	{ "a query", "https://v.example/?a", TROTH_E_CONFIG, NULL },
	{ "a fragment", "https://v.example/#a", TROTH_E_CONFIG, NULL },
	{ "an escape", "https://v.example/%2e", TROTH_E_CONFIG, NULL },
	{ "a blank", "https://v.example /", TROTH_E_CONFIG, NULL },
	{ "a line break", "https://v.example\r\nX:", TROTH_E_CONFIG, NULL },
	{ "a backslash", "https://v.example\\@e", TROTH_E_CONFIG, NULL },
	{ "a byte that is not ASCII", "https://v\xc3\xa4.example", TROTH_E_CONFIG, NULL },
};

static void addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof URLS / sizeof *URLS; i++) {
		char out[64];
		POISON(out);
		enum troth_status got = troth_url_join(URLS[i].base, "/v1/x", out, sizeof out);
		if (got != URLS[i].want)
			fail_msg("%s: %s", URLS[i].name, troth_status_name(got));
		if (got == TROTH_OK)
			assert_string_equal(out, URLS[i].url);
		else
			ASSERT_POISONED(out);
	}
	char out[sizeof "https://v.example/v1/x"];
	assert_int_equal(troth_url_join("https://v.example", "/v1/x", out, sizeof out),
			 TROTH_OK);
	POISON(out);
	assert_int_equal(troth_url_join("https://v.example", "/v1/x", out, sizeof out - 1),
			 TROTH_E_LIMIT);
	ASSERT_POISONED(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_follows),
		cmocka_unit_test(a_reason_is_a_code_or_nothing),
		cmocka_unit_test(no_answer_at_all),
		cmocka_unit_test(foreign_text_is_escaped_and_cut),
		cmocka_unit_test(addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
