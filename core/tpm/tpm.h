/* SPDX-License-Identifier: Apache-2.0 */
/* TPM 2.0 structures as facts.
 *
 * The bytes parsed are the bytes verified: every parser takes exactly one structure, lengths
 * are checked with our reader first, tss2-mu unmarshals, and what tss2-mu lets through (bad
 * magic, trailing bytes, duplicate banks, unknown algorithms, reserved bits) is refused here.
 * Views borrow from the input. TPM 2.0 Library, Part 2. */
#ifndef TROTH_CORE_TPM_H
#define TROTH_CORE_TPM_H

#include "hash.h"
#include "pcr.h"

/* Object attribute bits, TPM 2.0 Part 2, 8.3 (TPMA_OBJECT) are taken from tss2_tpm2_types.h. */

/* A Name: algorithm (big-endian) and digest of the public area; n == 0 means absent. */
struct troth_name {
	size_t n;
	uint8_t bytes[TROTH_NAME_MAX];
};

struct troth_view troth_name_view(const struct troth_name *name);

enum troth_attest_type { TROTH_ATTEST_QUOTE, TROTH_ATTEST_CERTIFY, TROTH_ATTEST_OTHER };

/* TPMS_ATTEST, Part 2, 10.12.12. Only type and magic of an OTHER are meaningful. */
struct troth_attest {
	bool magic_ok; /* TPM2_GENERATED_VALUE; a structure without it was not made by a TPM */
	enum troth_attest_type type;
	uint16_t raw_type; /* TPM2_ST_ATTEST_* as received */
	struct troth_view qualified_signer;
	struct troth_view extra_data;
	uint64_t clock; /* milliseconds; believed only after the signature is verified */
	uint32_t reset_count, restart_count;
	bool safe;
	uint64_t firmware_version;
	/* QUOTE */
	struct troth_pcr_selection selection; /* mask 0: a bank the TPM has not allocated */
	struct troth_view pcr_digest;
	/* CERTIFY */
	struct troth_view name, qualified_name;
};

enum troth_sig_scheme { TROTH_SIG_NONE, TROTH_SIG_RSASSA, TROTH_SIG_RSAPSS, TROTH_SIG_ECDSA };

/* TPMT_SIGNATURE, Part 2, 11.3.4. */
struct troth_signature {
	enum troth_sig_scheme scheme;
	enum troth_hash hash;
	struct troth_view rsa;	/* RSASSA, RSAPSS */
	struct troth_view r, s; /* ECDSA */
};

enum troth_key_type { TROTH_KEY_NONE, TROTH_KEY_RSA, TROTH_KEY_ECC };
enum troth_curve { TROTH_CURVE_NONE, TROTH_CURVE_P256, TROTH_CURVE_P384 };

/* TPMT_PUBLIC of an asymmetric key, Part 2, 12.2.4. */
struct troth_public {
	enum troth_key_type type;
	enum troth_hash name_alg;
	uint32_t attributes; /* TPMA_OBJECT */
	struct troth_view policy;
	uint16_t symmetric_bits; /* AES-CFB of a storage key; 0 for none */
	enum troth_sig_scheme scheme;
	enum troth_hash scheme_hash;
	uint16_t rsa_bits;
	uint32_t rsa_exponent; /* 65537 where the TPM wrote 0 */
	struct troth_view modulus;
	enum troth_curve curve;
	struct troth_view x, y; /* of the curve's full width */
	struct troth_name name; /* computed from the received bytes */
};

/* A marshalled TPMS_ATTEST. A well-formed structure with a foreign magic or type is returned
 * with magic_ok false or type OTHER, for the caller to judge; TROTH_E_MALFORMED, _TRUNCATED,
 * _LIMIT and _UNSUPPORTED (unknown hash in a selection) otherwise. */
TROTH_NODISCARD enum troth_status troth_attest_parse(struct troth_view bytes,
						     struct troth_attest *out);
/* A marshalled TPMT_SIGNATURE with nothing after it. */
TROTH_NODISCARD enum troth_status troth_signature_parse(struct troth_view bytes,
							struct troth_signature *out);
/* A marshalled TPMT_PUBLIC with nothing after it. Computes the Name. */
TROTH_NODISCARD enum troth_status
troth_public_parse(struct troth_ctx *ctx, struct troth_view bytes, struct troth_public *out);
/* Takes the TPMT_PUBLIC out of a TPM2B_PUBLIC: the outer size must be exact. */
TROTH_NODISCARD enum troth_status troth_public_unwrap(struct troth_view tpm2b,
						      struct troth_view *out);

/* Qualified name of a primary key: alg || H(handle || Name), Part 1, 16.2; hierarchy is a
 * TPM2_RH_* handle. */
TROTH_NODISCARD enum troth_status troth_qualified_name(struct troth_ctx *ctx,
						       uint32_t hierarchy,
						       const struct troth_public *key,
						       struct troth_name *out);

#endif
