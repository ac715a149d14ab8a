/* SPDX-License-Identifier: Apache-2.0 */
/* A manufacturer of TPMs: certificates of endorsement keys, sound and unsound, made with
 * OpenSSL. Include after check.h or lab.h. */
#ifndef TROTH_TESTS_EK_MAKER_H
#define TROTH_TESTS_EK_MAKER_H

#include <openssl/types.h>
#include <troth/view.h>

struct ek_maker {
	EVP_PKEY *key;
	X509 *root;
};
void ek_maker_make(struct ek_maker *m);
void ek_maker_free(struct ek_maker *m);
/* DER, freed with file_free or free. */
struct troth_view ek_maker_root(const struct ek_maker *m);

enum ek_fault {
	EK_SOUND,
	EK_EXPIRED,
	EK_OF_AN_AK,	/* an attestation key's usage, not an endorsement key's */
	EK_SELF_SIGNED, /* by the endorsement key itself, under the maker's name */
};
struct troth_view ek_maker_certify(const struct ek_maker *m, EVP_PKEY *ek, enum ek_fault fault);

#endif
