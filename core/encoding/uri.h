/* SPDX-License-Identifier: Apache-2.0 */
/* https and http addresses in one spelling, so that equal ones are equal bytes. */
#ifndef TROTH_CORE_URI_H
#define TROTH_CORE_URI_H

#include "writer.h"

/* Writes the address without query and fragment (RFC 9449, 4.3) and normalised (RFC 3986,
 * 6.2.2, 6.2.3): scheme and host in lower case, no default port, "/" for an empty path, escapes
 * in upper case and only where they are needed. TROTH_E_MALFORMED for another scheme, user
 * names, a port out of range, characters outside RFC 3986, and "." or ".." as a path segment,
 * spelled any way and also where an escaped slash or backslash or a semicolon ends it: who
 * resolves them and who does not would see two addresses. TROTH_E_LIMIT when it does not fit;
 * nothing is written then. */
TROTH_NODISCARD enum troth_status troth_uri_normal(struct troth_view uri,
						   struct troth_writer *out);

#endif
