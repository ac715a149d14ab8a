/* SPDX-License-Identifier: Apache-2.0 */
/* base64url without padding (RFC 7515, 2; RFC 4648, 5): how JOSE writes bytes. */
#ifndef TROTH_CORE_BASE64_H
#define TROTH_CORE_BASE64_H

#include "writer.h"

/* Characters that n bytes become. */
#define TROTH_BASE64URL_LEN(n) (((size_t)(n)*4 + 2) / 3)

void troth_put_base64url(struct troth_writer *w, struct troth_view bytes);
/* Every text has one decoding and every run of bytes one text: padding, blanks, a lone last
 * character and last bits that are not zero are TROTH_E_MALFORMED. TROTH_E_LIMIT when the bytes
 * do not fit into max. *out borrows from buf. */
TROTH_NODISCARD enum troth_status troth_base64url_decode(struct troth_view text, uint8_t *buf,
							 size_t max, struct troth_view *out);
/* The same into exactly out_len bytes; TROTH_E_MALFORMED for another length. */
TROTH_NODISCARD enum troth_status troth_base64url_exact(struct troth_view text, uint8_t *out,
							size_t out_len);

#endif
