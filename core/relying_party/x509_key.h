/* SPDX-License-Identifier: Apache-2.0 */
/* Which key is this certificate of? Found by walking its DER (RFC 5280, 4.1), with nothing
 * parsed or checked beyond: to be compared with a key that something trustworthy names. */
#ifndef TROTH_CORE_X509_KEY_H
#define TROTH_CORE_X509_KEY_H

#include <troth/status.h>
#include <troth/view.h>

/* *out is the SubjectPublicKeyInfo with its head, borrowed from der. TROTH_E_MALFORMED when
 * what comes up to it is not as in a certificate; bytes after the certificate are malformed,
 * too. */
TROTH_NODISCARD enum troth_status troth_x509_key(struct troth_view der, struct troth_view *out);

#endif
