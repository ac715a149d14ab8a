/* SPDX-License-Identifier: Apache-2.0 */
/* DNS names and IP addresses beside the SPIFFE ID in a certificate. They come from policy and
 * registry; who signs checks them again, for a wrong one is somebody else's identity.
 *
 * A list is bytes: of each name its kind, its length (a byte each) and its value. */
#ifndef TROTH_CORE_SVID_NAMES_H
#define TROTH_CORE_SVID_NAMES_H

#include <troth/limits.h>

#include "reader.h"
#include "writer.h"

/* As GeneralName numbers them (RFC 5280, 4.2.1.6). */
enum troth_svid_name_kind { TROTH_SVID_DNS = 2, TROTH_SVID_IP = 7 };

struct troth_svid_name {
	enum troth_svid_name_kind kind;
	struct troth_view value; /* text; or 4 or 16 bytes */
};

/* Preferred syntax (RFC 1034, 3.5; RFC 1123, 2.1) in lower case: labels of letters, digits and
 * hyphens within, 63 bytes at most, 253 in all; the last is no number, or the whole would be
 * read as an address. wildcard: "*" may be the first of at least three labels. */
TROTH_NODISCARD bool troth_dns_name_valid(struct troth_view name, bool wildcard);

/* A template with {name} and {segment} filled in, into out (TROTH_DNS_NAME_MAX + 1 bytes).
 * False where that gives no DNS name: one that is too long, or a name with a dot or an
 * underscore, which would not be one label. "*" only stands where the template has it. */
TROTH_NODISCARD bool troth_dns_name_fill(struct troth_view pattern, struct troth_view name,
					 struct troth_view segment, char *out);

void troth_svid_name_put(struct troth_writer *w, const struct troth_svid_name *name);
/* The next of a list; false at its end and where it is broken (what is left tells). */
TROTH_NODISCARD bool troth_svid_name_next(struct troth_reader *list,
					  struct troth_svid_name *out);
/* Every name is sound and none comes twice: TROTH_E_MALFORMED; TROTH_E_LIMIT past
 * TROTH_SVID_NAMES_MAX. */
TROTH_NODISCARD enum troth_status troth_svid_names_check(struct troth_view list);

#endif
