/* SPDX-License-Identifier: Apache-2.0 */
/* The request parser: bytes are pushed in, one request's head and framing come out.
 *
 * llhttp in strict mode reads the head; a line scanner of ours runs ahead of it, refuses what
 * llhttp lets pass and finds the head's end for itself: a request is
 * taken only where both agree. No sockets, no memory of its own, no body: the body is exactly
 * the bytes taken between HEAD and DONE. One parser reads one request. */
#ifndef TROTH_HTTP_PARSE_H
#define TROTH_HTTP_PARSE_H

#include <llhttp.h>
#include <troth/limits.h>
#include <troth/view.h>

#include "http.h"

/* Longest value kept of a header that matters: a Host is at most a DNS name and a port. */
#define TROTH_PARSE_VALUE_MAX 272

enum troth_parse_result {
	TROTH_PARSE_MORE,   /* all was taken, the request is not whole yet */
	TROTH_PARSE_HEAD,   /* said once: the head is sound, the body has not been touched */
	TROTH_PARSE_DONE,   /* the request is whole; what was not taken comes after it */
	TROTH_PARSE_REFUSED /* status and detail say why; nothing more can be read */
};

enum troth_parse_header {
	TROTH_PARSE_OTHER,
	TROTH_PARSE_HOST,
	TROTH_PARSE_CONTENT_TYPE,
	TROTH_PARSE_TRANSFER_ENCODING,
	TROTH_PARSE_EXPECT
};

/* Where a kept header's value lies, and how often the header came. */
struct troth_parse_kept {
	uint16_t at, len;
	uint8_t n; /* no further than 255 */
};

struct troth_parse {
	llhttp_t http;
	enum troth_parse_result state; /* MORE: in the head; HEAD: in the body */
	int status;		       /* of a refusal, else 0 */
	const char *detail;	       /* one sentence, static */

	/* The line scanner. */
	size_t head_len; /* bytes */
	uint8_t last;
	bool blank; /* nothing but CR on this line so far */

	/* The header being read. */
	enum troth_parse_header header;
	enum troth_http_header keeping; /* TROTH_HTTP_HEADER_N: a handler needs it not */
	bool in_name, too_long;
	size_t name_len, value_len;

	/* What was read. */
	bool head_complete, complete, wants_close;
	bool host, content_type_seen, transfer_encoding, expect_continue, expect_other;
	size_t target_len;
	size_t content_type_len; /* without parameters */
	size_t kept_len;
	struct troth_parse_kept headers[TROTH_HTTP_HEADER_N];

	/* Bytes, valid up to their lengths above: kept last, so that a start
	 * clears the rest only. */
	char name[24]; /* none of the names that matter is longer */
	char value[TROTH_PARSE_VALUE_MAX];
	char content_type[64];
	char target[TROTH_HTTP_TARGET_MAX];
	char kept[TROTH_HTTP_HEADER_MAX]; /* values of kept headers: no more than the head has
					   */
};

void troth_parse_start(struct troth_parse *p);
/* Takes bytes from the front of *bytes. */
TROTH_NODISCARD enum troth_parse_result troth_parse_push(struct troth_parse *p,
							 struct troth_view *bytes);
/* At the end of the stream: true when no request is cut off by it. */
TROTH_NODISCARD bool troth_parse_finish(struct troth_parse *p);

/* From HEAD on. */
bool troth_parse_method(const struct troth_parse *p, enum troth_http_method *out);
struct troth_view troth_parse_method_text(const struct troth_parse *p);
/* As troth_exchange_header. */
size_t troth_parse_header(const struct troth_parse *p, enum troth_http_header header,
			  struct troth_view *out);
struct troth_view troth_parse_path(const struct troth_parse *p);
struct troth_view troth_parse_query(const struct troth_parse *p);
struct troth_view troth_parse_content_type(const struct troth_parse *p);
/* Bytes of the body not taken yet. */
uint64_t troth_parse_body_left(const struct troth_parse *p);

#endif
