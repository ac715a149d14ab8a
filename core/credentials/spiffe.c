/* SPDX-License-Identifier: Apache-2.0 */
#include "spiffe.h"

#include <string.h>

#include "reader.h"
#include "text.h"

/* Up to the next slash, which is taken too; the rest where there is none. */
static struct troth_view take_part(struct troth_reader *r)
{
	const uint8_t *slash = r->left.n > 0 ? memchr(r->left.p, '/', r->left.n) : NULL;
	const size_t n = slash != NULL ? (size_t)(slash - r->left.p) : r->left.n;
	struct troth_view part = { 0 };
	uint8_t c;
	if (!troth_get_view(r, n, &part) || (slash != NULL && !troth_get_u8(r, &c)))
		return (struct troth_view){ 0 };
	return part;
}

enum troth_status troth_spiffe_read(struct troth_view id, struct troth_spiffe *out)
{
	const struct troth_view scheme = troth_view_str("spiffe://");
	struct troth_reader r = { id };
	struct troth_view got;
	if (!troth_get_view(&r, scheme.n, &got) || !troth_view_equal(got, scheme))
		return TROTH_E_MALFORMED;
	struct troth_spiffe s;
	s.trust_domain = take_part(&r);
	s.segment = take_part(&r);
	s.name = r.left;
	if (!troth_trust_domain_valid(s.trust_domain) || !troth_name_valid(s.segment) ||
	    !troth_name_valid(s.name))
		return TROTH_E_MALFORMED;
	*out = s;
	return TROTH_OK;
}
