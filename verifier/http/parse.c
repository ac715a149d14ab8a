/* SPDX-License-Identifier: Apache-2.0 */
#include "parse.h"

#include <string.h>
#include <strings.h>

#include "base.h"
#include "reader.h"

/* For llhttp's callbacks, where anything but 0 stops it. */
static int refuse(struct troth_parse *p, int status, const char *detail)
{
	if (p->status == 0) {
		p->status = status;
		p->detail = detail;
	}
	p->state = TROTH_PARSE_REFUSED;
	return -1;
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static int on_url(llhttp_t *http, const char *at, size_t n)
{
	struct troth_parse *p = http->data;
	if (n > sizeof p->target - p->target_len)
		return refuse(p, 414, "The request target is too long.");
	memcpy(p->target + p->target_len, at, n);
	p->target_len += n;
	return 0;
}

static int on_name(llhttp_t *http, const char *at, size_t n)
{
	struct troth_parse *p = http->data;
	if (!p->in_name) {
		p->in_name = true;
		p->too_long = false;
		p->name_len = 0;
		p->value_len = 0;
	}
	if (n > sizeof p->name - p->name_len) {
		p->name_len = sizeof p->name;
		return 0; /* a name we do not know, then */
	}
	memcpy(p->name + p->name_len, at, n);
	p->name_len += n;
	return 0;
}

static enum troth_parse_header which(const char *name, size_t n)
{
	static const struct {
		const char *name;
		enum troth_parse_header header;
	} NAMES[] = {
		{ "host", TROTH_PARSE_HOST },
		{ "content-type", TROTH_PARSE_CONTENT_TYPE },
		{ "transfer-encoding", TROTH_PARSE_TRANSFER_ENCODING },
		{ "expect", TROTH_PARSE_EXPECT },
	};
	for (size_t i = 0; i < TROTH_COUNT(NAMES); i++)
		if (strlen(NAMES[i].name) == n && strncasecmp(NAMES[i].name, name, n) == 0)
			return NAMES[i].header;
	return TROTH_PARSE_OTHER;
}

static enum troth_http_header which_kept(const char *name, size_t n)
{
	static const char *const NAMES[TROTH_HTTP_HEADER_N] = {
		[TROTH_HTTP_HOST] = "host",
		[TROTH_HTTP_AUTHORIZATION] = "authorization",
		[TROTH_HTTP_DPOP] = "dpop",
		[TROTH_HTTP_CLIENT_CERT] = "client-cert",
		[TROTH_HTTP_FORWARDED_CLIENT_CERT] = "x-forwarded-client-cert",
		[TROTH_HTTP_FORWARDED_PROTO] = "x-forwarded-proto",
		[TROTH_HTTP_ORIGINAL_METHOD] = "x-original-method",
		[TROTH_HTTP_ORIGINAL_URL] = "x-original-url",
		[TROTH_HTTP_TROTH_CALLER] = "troth-caller",
		[TROTH_HTTP_IF_NONE_MATCH] = "if-none-match",
		[TROTH_HTTP_LAST_EVENT_ID] = "last-event-id",
	};
	enum troth_http_header h = 0;
	while (h < TROTH_HTTP_HEADER_N &&
	       (strlen(NAMES[h]) != n || strncasecmp(NAMES[h], name, n) != 0))
		h++;
	return h;
}

/* The value begins where the last one ended. */
static void start_keeping(struct troth_parse *p)
{
	p->keeping = which_kept(p->name, p->name_len);
	if (p->keeping == TROTH_HTTP_HEADER_N)
		return;
	struct troth_parse_kept *k = &p->headers[p->keeping];
	if (k->n < UINT8_MAX)
		k->n++;
	k->at = (uint16_t)p->kept_len;
	k->len = 0;
}

static int on_name_complete(llhttp_t *http)
{
	struct troth_parse *p = http->data;
	p->in_name = false;
	start_keeping(p);
	p->header = which(p->name, p->name_len);
	if (p->header == TROTH_PARSE_TRANSFER_ENCODING)
		p->transfer_encoding = true;
	return 0;
}

/* No head is longer than the room, so that what does not fit is not there. */
static void keep(struct troth_parse *p, const char *at, size_t n)
{
	if (p->keeping == TROTH_HTTP_HEADER_N || n > sizeof p->kept - p->kept_len)
		return;
	memcpy(p->kept + p->kept_len, at, n);
	p->kept_len += n;
	p->headers[p->keeping].len = (uint16_t)(p->headers[p->keeping].len + n);
}

static int on_value(llhttp_t *http, const char *at, size_t n)
{
	struct troth_parse *p = http->data;
	keep(p, at, n);
	if (p->header == TROTH_PARSE_OTHER)
		return 0;
	if (n > sizeof p->value - p->value_len) {
		p->too_long = true;
		return 0;
	}
	memcpy(p->value + p->value_len, at, n);
	p->value_len += n;
	return 0;
}

/* RFC 9112, 3.2: exactly one Host, and a valid one, or 400. */
static int take_host(struct troth_parse *p, const char *value, size_t n)
{
	static const char OTHERS[] = ".-_:[]";
	if (p->host)
		return refuse(p, 400, "There is more than one Host header.");
	for (size_t i = 0; i < n; i++)
		if (!is_alnum(value[i]) && memchr(OTHERS, value[i], sizeof OTHERS - 1) == NULL)
			return refuse(p, 400, "The Host header is not a host.");
	if (n == 0 || p->too_long)
		return refuse(p, 400, "The Host header is not a host.");
	p->host = true;
	return 0;
}

/* Two of them could be read as either: refused. Parameters ("; charset=utf-8") say
 * nothing we act on. */
static int take_content_type(struct troth_parse *p, const char *value, size_t n)
{
	if (p->content_type_seen)
		return refuse(p, 400, "There is more than one Content-Type header.");
	p->content_type_seen = true;
	const char *semicolon = memchr(value, ';', n);
	if (semicolon != NULL)
		n = (size_t)(semicolon - value);
	while (n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t'))
		n--;
	if (p->too_long || n > sizeof p->content_type)
		return 0; /* no type of ours: stays empty and matches none */
	memcpy(p->content_type, value, n);
	p->content_type_len = n;
	return 0;
}

static int take_expect(struct troth_parse *p, const char *value, size_t n)
{
	if (n == 12 && strncasecmp(value, "100-continue", n) == 0)
		p->expect_continue = true;
	else
		p->expect_other = true;
	return 0;
}

static int on_value_complete(llhttp_t *http)
{
	struct troth_parse *p = http->data;
	size_t n = p->value_len;
	while (n > 0 && (p->value[n - 1] == ' ' || p->value[n - 1] == '\t'))
		n--;
	switch (p->header) {
	case TROTH_PARSE_HOST: return take_host(p, p->value, n);
	case TROTH_PARSE_CONTENT_TYPE: return take_content_type(p, p->value, n);
	case TROTH_PARSE_EXPECT: return take_expect(p, p->value, n);
	case TROTH_PARSE_TRANSFER_ENCODING:
	case TROTH_PARSE_OTHER: break;
	}
	return 0;
}

/* Only the origin form, of printable bytes; the absolute form is for proxies, which nobody puts
 * between a device and its verifier: it is refused rather than read in a second way. */
static bool target_is_sound(const struct troth_parse *p)
{
	if (p->target_len == 0 || p->target[0] != '/')
		return false;
	for (size_t i = 0; i < p->target_len; i++)
		if (p->target[i] <= ' ' || p->target[i] > '~' || p->target[i] == '#')
			return false;
	return true;
}

static int on_headers_complete(llhttp_t *http)
{
	struct troth_parse *p = http->data;
	p->head_complete = true;
	p->wants_close = (http->flags & F_CONNECTION_CLOSE) != 0;
	if (http->http_major != 1 || http->http_minor != 1)
		return refuse(p, 505, "Only HTTP/1.1 is spoken here.");
	if (!target_is_sound(p))
		return refuse(p, 400, "The request target is not a path.");
	if (!p->host)
		return refuse(p, 400, "The Host header is missing.");
	/* Every body we take has a length; chunks would only be a second way to frame one. */
	if (p->transfer_encoding)
		return refuse(p, 411, "Transfer-Encoding is not taken: send a Content-Length.");
	if (p->expect_other)
		return refuse(p, 417, "Only 100-continue can be expected.");
	return 0;
}

static int on_message_complete(llhttp_t *http)
{
	struct troth_parse *p = http->data;
	p->complete = true;
	return 0;
}

void troth_parse_start(struct troth_parse *p)
{
	static const llhttp_settings_t SETTINGS = {
		.on_url = on_url,
		.on_header_field = on_name,
		.on_header_field_complete = on_name_complete,
		.on_header_value = on_value,
		.on_header_value_complete = on_value_complete,
		.on_headers_complete = on_headers_complete,
		.on_message_complete = on_message_complete,
	};
	memset(p, 0, offsetof(struct troth_parse, name));
	p->blank = true;
	llhttp_init(&p->http, HTTP_REQUEST, &SETTINGS);
	p->http.data = p;
}

/* What is wrong with the first byte of a line; NULL: nothing. */
static const char *line_start_fault(const struct troth_parse *p, uint8_t c)
{
	/* RFC 9112, 2.2 lets a server skip empty lines before a request: bytes that two readers
	 * may count differently, so no. */
	if (p->head_len == 0 && (c < 'A' || c > 'Z'))
		return "A request starts with a method.";
	/* RFC 9112, 5.2: a folded line is refused or rewritten; we refuse. */
	if (c == ' ' || c == '\t')
		return "A header line is folded.";
	if (c == ':')
		return "A header has no name.";
	return NULL;
}

static const char *fault(const struct troth_parse *p, uint8_t c)
{
	const char *found = p->blank ? line_start_fault(p, c) : NULL;
	if (found != NULL)
		return found;
	if (c == '\0')
		return "There is a NUL in the head.";
	/* RFC 9112, 2.2: a lone CR or LF ends a line for some readers and not for others. */
	if ((p->last == '\r') != (c == '\n'))
		return "A line does not end in CR LF.";
	return NULL;
}

/* Takes one sound byte of the head; true for its last. */
static bool scan(struct troth_parse *p, uint8_t c)
{
	bool end = c == '\n' && p->blank;
	if (c == '\n')
		p->blank = true;
	else if (c != '\r')
		p->blank = false;
	p->last = c;
	p->head_len++;
	return end;
}

static void refuse_as_llhttp(struct troth_parse *p, llhttp_errno_t why)
{
	if (why == HPE_INVALID_METHOD)
		(void)refuse(p, 501, "The method is not known.");
	else if (why == HPE_INVALID_VERSION)
		(void)refuse(p, 505, "Only HTTP/1.1 is spoken here.");
	else
		(void)refuse(p, 400, "The request breaks the rules of HTTP/1.1.");
}

/* False when llhttp, or a callback of ours, refused. A request that asks for an upgrade stops
 * llhttp once it is whole: it is served as if it had not asked (RFC 9110, 7.8). */
static bool run_llhttp(struct troth_parse *p, struct troth_view bytes)
{
	llhttp_errno_t got = llhttp_execute(&p->http, (const char *)bytes.p, bytes.n);
	if (got == HPE_OK || (got == HPE_PAUSED_UPGRADE && p->complete))
		return true;
	refuse_as_llhttp(p, got);
	return false;
}

static struct troth_view take(struct troth_view *from, size_t n)
{
	struct troth_reader r = { *from };
	struct troth_view out = { 0 };
	if (troth_get_view(&r, n, &out))
		*from = r.left;
	return out;
}

/* llhttp reads up to where the scanner stopped before the scanner's own refusal counts, so that
 * the answer does not depend on how the bytes were cut. */
static enum troth_parse_result push_head(struct troth_parse *p, struct troth_view *bytes)
{
	const char *wrong = NULL;
	bool end = false;
	size_t n = 0;
	while (n < bytes->n && p->head_len < TROTH_HTTP_HEADER_MAX && !end) {
		wrong = fault(p, bytes->p[n]);
		if (wrong != NULL)
			break;
		end = scan(p, bytes->p[n]);
		n++;
	}
	if (n > 0 && !run_llhttp(p, take(bytes, n)))
		return TROTH_PARSE_REFUSED;
	if (wrong != NULL)
		(void)refuse(p, 400, wrong);
	else if (p->head_complete != end)
		(void)refuse(p, 400, "The head of the request ends in two places.");
	else if (!end && bytes->n > 0)
		(void)refuse(p, 431, "The head of the request is too long.");
	else if (end)
		p->state = p->complete ? TROTH_PARSE_DONE : TROTH_PARSE_HEAD;
	return end && p->status == 0 ? TROTH_PARSE_HEAD : p->state;
}

static enum troth_parse_result push_body(struct troth_parse *p, struct troth_view *bytes)
{
	uint64_t left = troth_parse_body_left(p);
	size_t n = bytes->n < left ? bytes->n : (size_t)left;
	if (n == 0)
		return TROTH_PARSE_MORE;
	if (!run_llhttp(p, take(bytes, n)))
		return TROTH_PARSE_REFUSED;
	if (p->complete)
		p->state = TROTH_PARSE_DONE;
	return p->complete ? TROTH_PARSE_DONE : TROTH_PARSE_MORE;
}

enum troth_parse_result troth_parse_push(struct troth_parse *p, struct troth_view *bytes)
{
	switch (p->state) {
	case TROTH_PARSE_MORE: return push_head(p, bytes);
	case TROTH_PARSE_HEAD: return push_body(p, bytes);
	case TROTH_PARSE_DONE:
	case TROTH_PARSE_REFUSED: break;
	}
	return p->state;
}

bool troth_parse_finish(struct troth_parse *p)
{
	if (p->state == TROTH_PARSE_REFUSED)
		return false;
	if (p->state == TROTH_PARSE_MORE && p->head_len == 0)
		return true;
	return llhttp_finish(&p->http) == HPE_OK && p->complete;
}

bool troth_parse_method(const struct troth_parse *p, enum troth_http_method *out)
{
	if (p->http.method == HTTP_GET)
		*out = TROTH_HTTP_GET;
	else if (p->http.method == HTTP_POST)
		*out = TROTH_HTTP_POST;
	else if (p->http.method == HTTP_DELETE)
		*out = TROTH_HTTP_DELETE;
	else
		return false;
	return true;
}

static size_t path_len(const struct troth_parse *p)
{
	const char *mark = memchr(p->target, '?', p->target_len);
	return mark == NULL ? p->target_len : (size_t)(mark - p->target);
}

struct troth_view troth_parse_method_text(const struct troth_parse *p)
{
	return troth_view_str(llhttp_method_name((llhttp_method_t)p->http.method));
}

size_t troth_parse_header(const struct troth_parse *p, enum troth_http_header header,
			  struct troth_view *out)
{
	const struct troth_parse_kept *k = &p->headers[header];
	struct troth_view v = { (const uint8_t *)p->kept + k->at, k->len };
	while (v.n > 0 && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t'))
		v.n--;
	*out = k->n == 1 && v.n > 0 ? v : (struct troth_view){ 0 };
	return k->n;
}

struct troth_view troth_parse_path(const struct troth_parse *p)
{
	return (struct troth_view){ (const uint8_t *)p->target, path_len(p) };
}

struct troth_view troth_parse_query(const struct troth_parse *p)
{
	struct troth_view rest = { (const uint8_t *)p->target, p->target_len };
	(void)take(&rest, path_len(p));
	(void)take(&rest, rest.n > 0 ? 1 : 0);
	return rest;
}

struct troth_view troth_parse_content_type(const struct troth_parse *p)
{
	return (struct troth_view){ (const uint8_t *)p->content_type, p->content_type_len };
}

uint64_t troth_parse_body_left(const struct troth_parse *p)
{
	return p->state == TROTH_PARSE_HEAD ? p->http.content_length : 0;
}
