/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and hexadecimal as text: the one place where text becomes a number. */
#ifndef TROTH_CORE_TEXT_H
#define TROTH_CORE_TEXT_H

#include <troth/status.h>
#include <troth/view.h>

/* Decimal digits only, no sign, no blanks, no leading zero but "0" itself; false past max. */
TROTH_NODISCARD bool troth_parse_u64(struct troth_view text, uint64_t max, uint64_t *out);
/* An even count of hex digits, either case, into exactly out_len bytes. */
TROTH_NODISCARD bool troth_parse_hex(struct troth_view text, uint8_t *out, size_t out_len);
/* Lower-case hex and a final NUL; out has room for 2 * bytes.n + 1. */
void troth_format_hex(struct troth_view bytes, char *out);
/* Printable ASCII as it is, other bytes, and the one in `also` (0: none), as \xNN: what
 * strangers have written must not forge a line of a log or command a terminal. Whole escapes
 * only; ends before what does not fit into max bytes with the final NUL. */
void troth_escape(struct troth_view text, char also, char *out, size_t max);
/* A registry name: [a-z0-9] then [a-z0-9._-], at most TROTH_NAME_LEN_MAX bytes, no "..". Also a
 * legal SPIFFE path segment. */
TROTH_NODISCARD bool troth_name_valid(struct troth_view name);
/* A SPIFFE trust domain: [a-z0-9._-], 1 to 255 bytes. */
TROTH_NODISCARD bool troth_trust_domain_valid(struct troth_view name);

#endif
