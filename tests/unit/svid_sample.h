/* SPDX-License-Identifier: Apache-2.0 */
/* A device, a CA, and the certificates that we write and the CA signs, before OpenSSL. Include
 * after check.h. */
#ifndef TROTH_TESTS_SVID_SAMPLE_H
#define TROTH_TESTS_SVID_SAMPLE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "authority.h"
#include "svid.h"

#define NOT_BEFORE UINT64_C(1732230000)
#define LIFE 900

/* What svid_setup makes. */
extern struct authority svid_ca;
extern EVP_PKEY *svid_device_key;
extern uint8_t svid_point[65];
extern struct troth_public svid_key;
extern const uint8_t SVID_EAR[32];
extern const char SVID_ID[];

/* For cmocka's groups. */
int svid_setup(void **state);
int svid_teardown(void **state);
/* All that a certificate of the device may say. */
struct troth_svid svid_whole(void);
/* Signed by the CA, and read by OpenSSL; the caller frees it. */
X509 *svid_issue(const struct troth_svid *svid);
/* OpenSSL's verdict, strict, with a CRL where one is given. */
int svid_verify(X509 *cert, X509_CRL *crl, int purpose, uint64_t at);

#endif
