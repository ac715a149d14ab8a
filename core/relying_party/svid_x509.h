/* SPDX-License-Identifier: Apache-2.0 */
/* X.509 certificates of strangers as OpenSSL reads them. Internal to svid_trust.c. */
#ifndef TROTH_CORE_SVID_X509_H
#define TROTH_CORE_SVID_X509_H

#include <openssl/types.h>

#include "svid_trust.h"

/* One certificate of at most TROTH_CERT_MAX bytes with nothing after it; NULL for anything
 * else. Owned. */
X509 *troth_x509_parse(struct troth_view der);
/* The rules for a leaf (X509-SVID, 2 to 4): no CA, one URI among its names and that a SPIFFE ID
 * of ours, digitalSignature and neither of the signing usages, and both EKUs where there are
 * any. False when it breaks one. */
TROTH_NODISCARD bool troth_svid_facts_read(X509 *leaf, struct troth_svid_facts *out);

#endif
