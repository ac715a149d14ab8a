/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA signatures as DER (ECDSA-Sig-Value, RFC 3279, 2.2.3), the form OpenSSL and X.509 use,
 * and as the two numbers that TPMs, JOSE and COSE use. Curves up to P-384. */
#ifndef TROTH_CORE_ECDSA_H
#define TROTH_CORE_ECDSA_H

#include <troth/limits.h>
#include <troth/status.h>
#include <troth/view.h>

/* Two INTEGERs of 49 bytes at most, with their headers; every length takes one byte. */
#define TROTH_ECDSA_DER_MAX (2 + 2 * (2 + 1 + TROTH_ECC_BYTES_MAX))

/* Writes r and s, big-endian with or without leading zeros, to buf; returns what was written,
 * empty when a number is empty or longer than a coordinate. */
struct troth_view troth_ecdsa_to_der(struct troth_view r, struct troth_view s,
				     uint8_t buf[TROTH_ECDSA_DER_MAX]);
/* Takes r and s out, without sign bytes; the views borrow from der. TROTH_E_MALFORMED for
 * anything but the one DER encoding of two positive numbers of a coordinate's width. */
TROTH_NODISCARD enum troth_status
troth_ecdsa_from_der(struct troth_view der, struct troth_view *out_r, struct troth_view *out_s);

#endif
