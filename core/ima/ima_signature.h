/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of files as the kernel keeps them in extended attributes, and so in IMA lists
 * (Linux, security/integrity/integrity.h, struct signature_v2_hdr; ima-evm-utils, imaevm.h). */
#ifndef TROTH_CORE_IMA_SIGNATURE_H
#define TROTH_CORE_IMA_SIGNATURE_H

#include "hash.h"

enum troth_ima_signature_kind {
	TROTH_IMA_SIGNATURE_FILE,     /* of the digest of a file's bytes; version 2 */
	TROTH_IMA_SIGNATURE_VERITY,   /* of type, hash and digest; version 3 */
	TROTH_IMA_SIGNATURE_PORTABLE, /* EVM's, of attributes: says nothing of the bytes alone
				       */
	TROTH_IMA_SIGNATURE_KIND_N
};
/* "file", "verity", "evm-portable"; NULL out of range. */
const char *troth_ima_signature_kind_name(enum troth_ima_signature_kind kind);

struct troth_ima_signature {
	enum troth_ima_signature_kind kind;
	enum troth_hash hash;	 /* NONE for what we do not know */
	uint32_t key_id;	 /* the last four bytes of the key's identifier */
	struct troth_view bytes; /* RSA PKCS #1 v1.5, or ECDSA as DER */
};

/* The kernel's number of a hash (Linux, enum hash_algo); 0 for one it does not sign with. */
uint8_t troth_ima_hash_number(enum troth_hash hash);
/* The kernel's number of what version 3 signs for fs-verity (IMA_VERITY_DIGSIG). */
#define TROTH_IMA_VERITY_TYPE 0x06

/* TROTH_E_UNSUPPORTED for another type or version, TROTH_E_MALFORMED for a length that is not
 * that of the signature. */
TROTH_NODISCARD enum troth_status troth_ima_signature_parse(struct troth_view field,
							    struct troth_ima_signature *out);

#endif
