/* SPDX-License-Identifier: Apache-2.0 */
/* The CRLs of the CAs above the issuing one, as they are published for gateways that want a CRL
 * of every CA in a chain (nginx, HAProxy). Their signatures are checked by who relies on them.
 */
#ifndef TROTH_ANCHOR_CRLS_H
#define TROTH_ANCHOR_CRLS_H

#include "file.h"

/* A file of PEM CRLs, one or more, at most TROTH_ANCHOR_CRLS_MAX bytes. A block of another
 * kind, which would be published with them, is TROTH_E_MALFORMED. */
TROTH_NODISCARD enum troth_status troth_anchor_crls_read(const char *path,
							 struct troth_buffer *out);

#endif
