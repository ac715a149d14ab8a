/* SPDX-License-Identifier: Apache-2.0 */
#include "key_source.h"

#include <string.h>

#include "reader.h"

static const char HEAD[] = "troth-key-1\n";
static const char PROVIDER[] = "provider ";
static const char URI[] = "uri ";
_Static_assert(sizeof HEAD + TROTH_KEY_PROVIDERS_MAX * (sizeof PROVIDER + TROTH_NAME_LEN_MAX) +
			       sizeof URI + TROTH_KEY_URI_MAX <=
		       TROTH_KEY_SOURCE_TEXT_MAX,
	       "all of it fits");

bool troth_key_uri_valid(struct troth_view uri)
{
	for (size_t i = 0; i < uri.n; i++)
		if (uri.p[i] <= ' ' || uri.p[i] > '~')
			return false;
	return uri.n > 0 && uri.n <= TROTH_KEY_URI_MAX;
}

bool troth_key_provider_valid(struct troth_view name)
{
	static const char MAY[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	for (size_t i = 0; i < name.n; i++)
		if (memchr(MAY, name.p[i], sizeof MAY - 1) == NULL)
			return false;
	return name.n > 0 && name.n <= TROTH_NAME_LEN_MAX;
}

void troth_key_source_write(struct troth_writer *w, const struct troth_key_source *s)
{
	troth_put_view(w, troth_view_str(HEAD));
	for (size_t i = 0; i < s->n_providers; i++) {
		troth_put_view(w, troth_view_str(PROVIDER));
		troth_put_view(w, troth_view_str(s->providers[i]));
		troth_put_u8(w, '\n');
	}
	troth_put_view(w, troth_view_str(URI));
	troth_put_view(w, troth_view_str(s->uri));
	troth_put_u8(w, '\n');
}

static bool take(struct troth_reader *r, const char *text)
{
	const struct troth_view want = troth_view_str(text);
	struct troth_reader ahead = *r;
	struct troth_view got;
	if (!troth_get_view(&ahead, want.n, &got) || !troth_view_equal(got, want))
		return false;
	*r = ahead;
	return true;
}

static bool take_line(struct troth_reader *r, struct troth_view *out)
{
	const uint8_t *end = r->left.n > 0 ? memchr(r->left.p, '\n', r->left.n) : NULL;
	uint8_t newline;
	return end != NULL && troth_get_view(r, (size_t)(end - r->left.p), out) &&
	       troth_get_u8(r, &newline);
}

bool troth_key_source_is(struct troth_view text)
{
	struct troth_reader r = { text };
	return take(&r, HEAD);
}

enum troth_status troth_key_source_read(struct troth_view text, struct troth_key_source *out)
{
	struct troth_reader r = { text };
	struct troth_key_source s = { 0 };
	struct troth_view line;
	if (!take(&r, HEAD))
		return TROTH_E_MALFORMED;
	while (take(&r, PROVIDER)) {
		if (s.n_providers == TROTH_KEY_PROVIDERS_MAX)
			return TROTH_E_LIMIT;
		if (!take_line(&r, &line) || !troth_key_provider_valid(line))
			return TROTH_E_MALFORMED;
		memcpy(s.providers[s.n_providers++], line.p, line.n);
	}
	if (s.n_providers == 0 || !take(&r, URI) || !take_line(&r, &line) ||
	    !troth_key_uri_valid(line) || !troth_at_end(&r))
		return TROTH_E_MALFORMED;
	memcpy(s.uri, line.p, line.n);
	*out = s;
	return TROTH_OK;
}
