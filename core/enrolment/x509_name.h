/* SPDX-License-Identifier: Apache-2.0 */
/* The subject of a certificate, read without judging the certificate: what a person knows a
 * secure boot key by. Nothing is allocated. */
#ifndef TROTH_CORE_X509_NAME_H
#define TROTH_CORE_X509_NAME_H

#include "line.h"

/* Takes the subject, a DER Name, out of a certificate (RFC 5280, 4.1). False when the bytes do
 * not begin with one. */
TROTH_NODISCARD bool troth_x509_subject(struct troth_view cert, struct troth_view *out);
/* "CN=..., O=..." in the order of the certificate; "(unreadable)" for what is no certificate.
 */
void troth_line_x509_subject(struct troth_line *l, struct troth_view cert);

#endif
