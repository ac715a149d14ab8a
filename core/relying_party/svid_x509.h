/* SPDX-License-Identifier: Apache-2.0 */
/* What a certificate must say to be an X.509-SVID. Internal to svid_trust.c. */
#ifndef TROTH_CORE_SVID_X509_H
#define TROTH_CORE_SVID_X509_H

#include <openssl/types.h>

#include "svid_trust.h"

/* The rules for a leaf (X509-SVID, 2 to 4): no CA, one URI among its names and that a SPIFFE ID
 * of ours, digitalSignature and neither of the signing usages, and both EKUs where there are
 * any. False when it breaks one. */
TROTH_NODISCARD bool troth_svid_facts_read(X509 *leaf, struct troth_svid_facts *out);

#endif
