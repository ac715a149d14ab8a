/* SPDX-License-Identifier: Apache-2.0 */
/* Attestations signed by keys in software: what an attacker with a key of his own can make, and
 * what a TPM would have made.
 *
 * Structures are marshalled by tss2-mu and signed by OpenSSL, never by the code under test. */
#ifndef TROTH_TESTS_FORGE_H
#define TROTH_TESTS_FORGE_H

#include <openssl/types.h>
#include <tss2/tss2_tpm2_types.h>

#include <troth/limits.h>
#include <troth/view.h>

enum forge_kind { FORGE_RSA2048, FORGE_RSA3072, FORGE_P256, FORGE_P384 };

/* What a TPM would say of a good attestation key. */
#define FORGE_AK_ATTRIBUTES                                                                 \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN | \
	 TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED |             \
	 TPMA_OBJECT_SIGN_ENCRYPT)

struct forge_key {
	EVP_PKEY *pkey;
	enum forge_kind kind;
	TPM2_ALG_ID scheme, hash;
};

/* A fresh key that signs with scheme (TPM2_ALG_RSASSA, RSAPSS or ECDSA) over hash. */
struct forge_key forge_key(enum forge_kind kind, TPM2_ALG_ID scheme, TPM2_ALG_ID hash);
void forge_key_free(struct forge_key *key);

/* The key's public area, to be changed and marshalled. */
TPMT_PUBLIC forge_public(const struct forge_key *key, TPMA_OBJECT attributes);
struct troth_view forge_public_bytes(const TPMT_PUBLIC *pub, uint8_t *buf, size_t max);

/* A quote or certification with plausible fields and the extraData given. */
TPMS_ATTEST forge_quote(struct troth_view extra_data);
TPMS_ATTEST forge_certify(struct troth_view extra_data, struct troth_view name);
/* Appends a bank to a quote's selection. */
void forge_select(TPMS_ATTEST *quote, TPM2_ALG_ID bank, uint32_t mask);
struct troth_view forge_attest_bytes(const TPMS_ATTEST *attest, uint8_t *buf, size_t max);

/* A TPMT_SIGNATURE over the bytes, written to buf. */
struct troth_view forge_sign(const struct forge_key *key, struct troth_view bytes, uint8_t *buf,
			     size_t max);
/* What a TPM calls a primary key of a hierarchy, alg || SHA-256(handle || Name) with a Name
 * under SHA-256, by OpenSSL's own digest of the marshalled public area. */
TPM2B_NAME forge_qualified_name(uint32_t hierarchy, struct troth_view public_bytes);

#endif
