/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of an answer: status line, headers, problem documents. Pure. */
#ifndef TROTH_HTTP_ANSWER_H
#define TROTH_HTTP_ANSWER_H

#include <troth/status.h>
#include <troth/view.h>

#include "writer.h"

/* Room for the head of any answer without its further headers, bytes; a handler's content type
 * and cache control are short. */
#define TROTH_ANSWER_HEAD_MAX 512
#define TROTH_DATE_LEN 29

struct troth_answer {
	int status;
	const char *content_type;  /* NULL: none */
	const char *cache_control; /* NULL: no-store */
	struct troth_view headers; /* further lines, each ending in CR LF */
	struct troth_view body;
	uint32_t retry_after_s; /* 0: no such header */
	unsigned allow;		/* bit per enum troth_http_method; 0: no such header */
	bool endless;		/* no Content-Length: the body is what comes until the end */
	bool close;
};

/* Writes the head with its empty line; date is an IMF-fixdate. */
void troth_answer_head(const struct troth_answer *a, struct troth_view date,
		       struct troth_writer *w);
/* An RFC 9457 document, new memory, freed with free(); NULL when there is none. */
char *troth_answer_problem(int status, const char *code, const char *detail);
/* An IMF-fixdate, TROTH_DATE_LEN bytes: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7). */
void troth_answer_date(uint64_t unix_s, struct troth_writer *w);

#endif
