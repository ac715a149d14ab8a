/* SPDX-License-Identifier: Apache-2.0 */
/* Attestation results: EAR (draft-ietf-rats-ear) over EAT (RFC 9711), as a JWT signed with
 * ES256 or as a CWT in a COSE_Sign1 (RFC 9052). Both carry the same claims; docs/credentials.md
 * lists them.
 *
 * The draft has renamed its JSON members between -02 and -03, and every public library reads
 * the older, dotted ones: they are the default. Readers take either.
 *
 * A result is opened under keys of the caller's, never under one it brings itself, and nothing
 * of it can be had without its signature. Whether it is still good is a question of time and
 * revocation, and the caller's. */
#ifndef TROTH_CORE_EAR_H
#define TROTH_CORE_EAR_H

#include "es256.h"
#include "jwk.h"
#include "trust_vector.h"

#define TROTH_EAR_JWT_TYPE "eat+jwt" /* RFC 9782 */
#define TROTH_EAR_CWT_TYPE "application/eat+cwt"
/* The submodule all appraisals of ours are in. */
#define TROTH_EAR_SUBMODULE "tpm"

enum troth_ear_profile {
	TROTH_EAR_DEPLOYED = 0, /* tag:github.com,2023:veraison/ear */
	TROTH_EAR_DRAFT		/* tag:ietf.org,2026:rats/ear#03 */
};

enum troth_ear_format { TROTH_EAR_NONE = 0, TROTH_EAR_JWT, TROTH_EAR_CWT };

struct troth_ear {
	enum troth_ear_profile profile;
	struct troth_view issuer;  /* "spiffe://<trust domain>" */
	struct troth_view subject; /* SPIFFE ID: the registry's name */
	struct troth_view segment;
	uint8_t id[16];	   /* the certificate's serial, where one came with it: one revocation
			    * ends both */
	uint64_t issued_s; /* evidence time */
	uint64_t expires_s;
	/* A relying party's, 8 to TROTH_RESULT_NONCE_MAX bytes, or none. */
	struct troth_view nonce;
	uint8_t evidence_nonce[32]; /* SHA-256 of the challenge token */
	struct troth_view build;    /* of the verifier */
	enum troth_tier status;
	struct troth_trust_vector trust;
	struct troth_view policy; /* "<name>@sha256:<64 hex digits>" */
	struct troth_jwk key;	  /* cnf: who presents the result signs with it */
	uint8_t thumbprint[32];	  /* RFC 7638, of that key */
	/* DER SubjectPublicKeyInfo of the credential key that the TPM certified; or none. */
	struct troth_view attested_key;
};

/* Writes and signs; key_id is the signing key's thumbprint. TROTH_E_MALFORMED for a status
 * better than the vector's, times that do not follow each other, or a nonce out of bounds;
 * TROTH_E_LIMIT when it does not fit, and what the signer says. */
TROTH_NODISCARD enum troth_status troth_ear_jwt_write(const struct troth_ear *ear,
						      const uint8_t key_id[32],
						      const struct troth_es256_signer *signer,
						      struct troth_writer *out);
TROTH_NODISCARD enum troth_status troth_ear_cwt_write(const struct troth_ear *ear,
						      const uint8_t key_id[32],
						      const struct troth_es256_signer *signer,
						      struct troth_writer *out);

/* A key results are believed from. */
struct troth_ear_key {
	uint8_t id[32];	       /* its thumbprint */
	struct troth_key *key; /* P-256 */
};
struct troth_ear_keys {
	const struct troth_ear_key *list;
	size_t n;
};

/* Verify and read. Views of *out borrow from buf (a JWT's payload, TROTH_JWS_MAX bytes) or from
 * the bytes (a CWT). TROTH_E_NOT_FOUND for a key we do not know, TROTH_E_MISMATCH for a
 * signature that is not its, TROTH_E_UNSUPPORTED for another algorithm, type or profile,
 * TROTH_E_MALFORMED and TROTH_E_LIMIT. */
TROTH_NODISCARD enum troth_status troth_ear_jwt_open(struct troth_ctx *ctx,
						     struct troth_view compact,
						     const struct troth_ear_keys *keys,
						     struct troth_writer *buf,
						     struct troth_ear *out);
TROTH_NODISCARD enum troth_status troth_ear_cwt_open(struct troth_ctx *ctx,
						     struct troth_view bytes,
						     const struct troth_ear_keys *keys,
						     struct troth_ear *out);

/* ---- for ear_*.c ---- */

const char *troth_ear_profile_uri(enum troth_ear_profile profile);
TROTH_NODISCARD bool troth_ear_profile_find(struct troth_view uri, enum troth_ear_profile *out);
TROTH_NODISCARD enum troth_status troth_ear_check(const struct troth_ear *ear);
const struct troth_ear_key *troth_ear_key_find(const struct troth_ear_keys *keys,
					       const uint8_t id[32]);

#endif
