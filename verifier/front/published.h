/* SPDX-License-Identifier: Apache-2.0 */
/* What the verifier publishes: the CRL and the certificates that verify its credentials.
 *
 * Made by the administration thread, read by workers; replaced as a whole. */
#ifndef TROTH_PUBLISHED_H
#define TROTH_PUBLISHED_H

#include <troth/status.h>
#include <troth/view.h>

#define TROTH_PUBLISHED_CERTS_MAX 8

/* Immutable; views are owned by it. */
struct troth_published_set {
	struct troth_view crl; /* DER; empty until the first was signed */
	size_t n_chain, n_anchors;
	struct troth_view chain[TROTH_PUBLISHED_CERTS_MAX];   /* DER, issuing CA first */
	struct troth_view anchors[TROTH_PUBLISHED_CERTS_MAX]; /* DER */
	struct troth_view bundle_pem;			      /* chain and anchors */
	unsigned int refs;				      /* atomic */
	unsigned char *memory;
};

struct troth_published;

TROTH_NODISCARD enum troth_status troth_published_new(struct troth_published **out);
void troth_published_free(struct troth_published *p);
/* Never NULL; release it. */
struct troth_published_set *troth_published_take(struct troth_published *p);
void troth_published_release(struct troth_published_set *set);
/* Replaces the CRL, or the certificates (as the issuer sends them, message.h). Copies. */
TROTH_NODISCARD enum troth_status troth_published_set_crl(struct troth_published *p,
							  struct troth_view der);
TROTH_NODISCARD enum troth_status troth_published_set_bundle(struct troth_published *p,
							     struct troth_view certificates);

#endif
