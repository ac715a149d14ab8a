/* SPDX-License-Identifier: Apache-2.0 */
/* An issuer process and one enrolled device of it, and what it issues before OpenSSL. Include
 * after check.h. */
#ifndef TROTH_TESTS_ISSUED_H
#define TROTH_TESTS_ISSUED_H

#include <openssl/x509.h>

#include "issuer_harness.h"

/* What issued_setup makes, and the key of results in the bundle that was read last. */
extern struct harness h;
extern struct soft_device device;
extern struct harness_row row;
extern struct troth_jwk result_key;

/* For cmocka's groups. */
int issued_setup(void **state);
int issued_teardown(void **state);

/* Everything but the reply's certificate, which lives until the next question. */
X509 *attest(struct harness_attest *a, bool fresh, struct troth_issuer_attest_reply *out);

/* The bundle: chain, anchors, CAs next and former, keys; an empty one between them. */
void read_bundle(X509 **issuing, X509 **root);

/* As a relying party would: the anchor, the chain, the purpose. */
int openssl_verdict(X509 *leaf, X509 *issuing, X509 *root, int purpose);
void assert_uri(X509 *cert, const char *want);

#endif
