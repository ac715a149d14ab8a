/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"

#include <jansson.h>
#include <stdio.h>
#include <time.h>

#include "base.h"
#include "http.h"
#include "reader.h"
#include "route.h"
#include "writer.h"

static const char *reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} REASONS[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 410, "Gone" },
		{ 411, "Length Required" },
		{ 412, "Precondition Failed" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 417, "Expectation Failed" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};
	for (size_t i = 0; i < TROTH_COUNT(REASONS); i++)
		if (REASONS[i].status == status)
			return REASONS[i].reason;
	return "";
}

static void put(struct troth_writer *w, const char *text)
{
	troth_put_view(w, troth_view_str(text));
}

static void put_number(struct troth_writer *w, uint64_t v)
{
	uint8_t digits[20]; /* 2^64 has twenty */
	size_t n = sizeof digits;
	do {
		digits[--n] = (uint8_t)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	for (; n < sizeof digits; n++)
		troth_put_u8(w, digits[n]);
}

static void put_allow(struct troth_writer *w, unsigned allow)
{
	static const enum troth_http_method METHODS[] = { TROTH_HTTP_GET, TROTH_HTTP_POST,
							  TROTH_HTTP_DELETE };
	const char *before = "Allow: ";
	for (size_t i = 0; i < TROTH_COUNT(METHODS); i++) {
		if ((allow & 1U << METHODS[i]) == 0)
			continue;
		put(w, before);
		put(w, troth_method_name(METHODS[i]));
		before = ", ";
	}
	put(w, "\r\n");
}

void troth_answer_head(const struct troth_answer *a, struct troth_view date,
		       struct troth_writer *w)
{
	put(w, "HTTP/1.1 ");
	put_number(w, (uint64_t)a->status);
	put(w, " ");
	put(w, reason(a->status));
	put(w, "\r\nDate: ");
	troth_put_view(w, date);
	put(w, "\r\nCache-Control: ");
	put(w, a->cache_control != NULL ? a->cache_control : "no-store");
	put(w, "\r\n");
	troth_put_view(w, a->headers);
	/* RFC 9110, 8.6: none in a 204; in a 304 it would be that of the 200. */
	if (a->status != 204 && a->status != 304 && !a->endless) {
		put(w, "Content-Length: ");
		put_number(w, a->body.n);
		put(w, "\r\n");
	}
	if (a->content_type != NULL) {
		put(w, "Content-Type: ");
		put(w, a->content_type);
		put(w, "\r\n");
	}
	if (a->retry_after_s > 0) {
		put(w, "Retry-After: ");
		put_number(w, a->retry_after_s);
		put(w, "\r\n");
	}
	if (a->allow != 0)
		put_allow(w, a->allow);
	put(w, a->close ? "Connection: close\r\n\r\n" : "\r\n");
}

char *troth_answer_problem(int status, const char *code, const char *detail)
{
	char type[128] = "about:blank";
	if (code != NULL && code[0] != '\0')
		(void)snprintf(type, sizeof type, "urn:troth:problem:%s", code);
	/* A detail that is not UTF-8 makes no JSON: it is left out, never the answer. */
	json_t *doc = json_pack("{s:s, s:s, s:i}", "type", type, "title", reason(status),
				"status", status);
	json_t *text = detail == NULL ? NULL : json_string(detail);
	if (doc != NULL && text != NULL)
		(void)json_object_set(doc, "detail", text);
	char *out = doc == NULL ? NULL : json_dumps(doc, JSON_COMPACT);
	json_decref(text);
	json_decref(doc);
	return out;
}

/* The last two digits. */
static void put_two(struct troth_writer *w, int v)
{
	troth_put_u8(w, (uint8_t)('0' + v / 10 % 10));
	troth_put_u8(w, (uint8_t)('0' + v % 10));
}

/* By hand: strftime would take the names from the locale. */
void troth_answer_date(uint64_t unix_s, struct troth_writer *w)
{
	static const char DAYS[7][6] = { "Sun, ", "Mon, ", "Tue, ", "Wed, ",
					 "Thu, ", "Fri, ", "Sat, " };
	static const char MONTHS[12][6] = { " Jan ", " Feb ", " Mar ", " Apr ",
					    " May ", " Jun ", " Jul ", " Aug ",
					    " Sep ", " Oct ", " Nov ", " Dec " };
	time_t t = (time_t)unix_s;
	struct tm tm = { 0 };
	(void)gmtime_r(&t, &tm);
	put(w, DAYS[tm.tm_wday % 7]);
	put_two(w, tm.tm_mday);
	put(w, MONTHS[tm.tm_mon % 12]);
	put_two(w, (tm.tm_year + 1900) / 100);
	put_two(w, tm.tm_year + 1900);
	put(w, " ");
	put_two(w, tm.tm_hour);
	put(w, ":");
	put_two(w, tm.tm_min);
	put(w, ":");
	put_two(w, tm.tm_sec);
	put(w, " GMT");
}
