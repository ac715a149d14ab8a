/* SPDX-License-Identifier: Apache-2.0 */
/* PEM (RFC 7468), for the files other software reads. */
#ifndef TROTH_ATTESTER_PEM_H
#define TROTH_ATTESTER_PEM_H

#include <troth/status.h>
#include <troth/view.h>

/* PEM files under construction: text and its length, without a final NUL. */
struct troth_pem {
	size_t n;
	char text[64 * 1024]; /* four chain certificates, or eight anchors, of 4 KB in base64 */
};

/* Appends one block. TROTH_E_LIMIT when it does not fit; *out is as it was then. */
TROTH_NODISCARD enum troth_status troth_pem_append(struct troth_pem *out, const char *label,
						   struct troth_view der);
/* The contents of the first block, which must have this label. TROTH_E_MALFORMED, _LIMIT. */
TROTH_NODISCARD enum troth_status troth_pem_read(struct troth_view pem, const char *label,
						 uint8_t *out, size_t max, size_t *out_len);

#endif
