/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that others made, as OpenSSL reads them: bounded, whole, and in one way for
 * everybody who takes one.
 *
 * Reading is not trusting: whom a certificate is of, and who signed it, its reader judges.
 * OpenSSL's queue of errors is left as it was found, and a block that is encrypted is refused:
 * nobody is asked for a pass phrase. */
#ifndef TROTH_CORE_X509_READ_H
#define TROTH_CORE_X509_READ_H

#include <openssl/x509.h>
#include <troth/view.h>

#include "base.h"

TROTH_DEFINE_AUTO(X509, X509_free)

/* One certificate of at most TROTH_CERT_MAX bytes with nothing after it; NULL for anything
 * else. Owned. */
X509 *troth_x509_parse(struct troth_view der);

/* All of them, in order; *out is owned, and freed by troth_x509_stack_free. TROTH_E_MALFORMED
 * when one is no certificate. */
TROTH_NODISCARD enum troth_status troth_x509_parse_all(const struct troth_view *ders, size_t n,
						       STACK_OF(X509) * *out);
/* For TROTH_AUTO; accepts a pointer to NULL. */
void troth_x509_stack_free(STACK_OF(X509) * *stack);

/* The first certificate of a PEM text, whatever stands around it; NULL when there is none.
 * Owned. */
X509 *troth_x509_first_pem(struct troth_view pem);

/* Every certificate of a PEM text, in order; visit borrows it, and its first failure ends it
 * all. What stands between them, and blocks of another name, are passed over.
 * TROTH_E_MALFORMED when there is no certificate, and when what should be one is none: a file
 * that was cut short must not pass for a shorter list. */
TROTH_NODISCARD enum troth_status
troth_x509_each_pem(struct troth_view pem, enum troth_status (*visit)(void *arg, X509 *cert),
		    void *arg);

/* Unix seconds. TROTH_E_MALFORMED for NULL, what is no time, and a time before 1970. */
TROTH_NODISCARD enum troth_status troth_x509_time(const ASN1_TIME *time, uint64_t *out_s);

/* What paths may end at, empty; owned, NULL when there is no memory. An issuing CA ends a path
 * as well as its root does. */
X509_STORE *troth_x509_anchors_new(void);
/* TROTH_E_MALFORMED unless it is a CA's: a leaf that was its own anchor would prove nothing.
 * The anchors hold a reference of their own. */
TROTH_NODISCARD enum troth_status troth_x509_anchors_add(X509_STORE *anchors, X509 *cert);

#endif
