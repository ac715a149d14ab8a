/* SPDX-License-Identifier: Apache-2.0 */
/* What the verifier publishes: the CRL, the certificates that verify its credentials and the
 * keys that verify its attestation results.
 *
 * Made by the administration thread, read by workers; replaced as a whole. */
#ifndef TROTH_PUBLISHED_H
#define TROTH_PUBLISHED_H

#include "ear_keys.h"

#define TROTH_PUBLISHED_CERTS_MAX 8

/* A document anybody may fetch, and its strong ETag with the quotes (RFC 9110, 8.8.3). */
struct troth_published_text {
	struct troth_view bytes; /* empty: not made yet */
	char etag[36];
};

/* Immutable; views are owned by it. */
struct troth_published_set {
	struct troth_published_text crl;	/* DER */
	struct troth_published_text former_crl; /* of the CA before, while it is rotated */
	size_t n_chain, n_anchors, n_others;
	struct troth_view chain[TROTH_PUBLISHED_CERTS_MAX];   /* DER, issuing CA first */
	struct troth_view others[TROTH_PUBLISHED_CERTS_MAX];  /* issuing CAs next and former */
	struct troth_view anchors[TROTH_PUBLISHED_CERTS_MAX]; /* DER */
	struct troth_published_text bundle_pem;		      /* chain, others, anchors */
	uint64_t sequence;			 /* of certificates and keys; only grows */
	struct troth_published_text bundle_json; /* anchors, as SPIFFE has them */
	size_t n_keys;
	struct troth_jwk keys[TROTH_EAR_KEYS_MAX]; /* of results; the present one first */
	struct troth_published_text keys_json;	   /* JWK Set */
	struct troth_published_text keys_cbor;	   /* COSE Key Set */
	unsigned int refs;			   /* atomic */
	unsigned char *memory;
};

struct troth_published;

/* Around bytes of the caller's, outside any set. */
TROTH_NODISCARD enum troth_status troth_published_text_make(struct troth_view bytes,
							    struct troth_published_text *out);

TROTH_NODISCARD enum troth_status troth_published_new(struct troth_published **out);
void troth_published_free(struct troth_published *p);
/* Never NULL; release it. */
struct troth_published_set *troth_published_take(struct troth_published *p);
void troth_published_release(struct troth_published_set *set);
/* Replaces the CRL, or certificates and keys (as the issuer sends them, message.h). Copies. */
TROTH_NODISCARD enum troth_status troth_published_set_crl(struct troth_published *p,
							  struct troth_view der);
TROTH_NODISCARD enum troth_status troth_published_set_former_crl(struct troth_published *p,
								 struct troth_view der);
TROTH_NODISCARD enum troth_status troth_published_set_bundle(struct troth_published *p,
							     struct troth_view groups);

#endif
