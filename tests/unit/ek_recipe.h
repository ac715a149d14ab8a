/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of endorsement keys made with OpenSSL after a recipe, and a root and an
 * intermediate that are trusted. Include after check.h. */
#ifndef TROTH_TESTS_EK_RECIPE_H
#define TROTH_TESTS_EK_RECIPE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ek.h"

#define NOW UINT64_C(1800000000)
#define YEAR_S UINT64_C(31536000)

/* An extension as OpenSSL's configuration names it. */
struct ek_extension {
	const char *name, *value;
};

/* What a certificate shall be; zero is a good one of its kind. */
struct ek_recipe {
	const char *subject; /* CN; NULL: empty */
	EVP_PKEY *key;
	X509 *issuer; /* NULL: self-signed */
	EVP_PKEY *issuer_key;
	const EVP_MD *md; /* NULL: SHA-256 */
	uint64_t not_before_s, not_after_s;
	struct ek_extension extensions[6];
};

#define SAN "critical,dirName:tpm" /* section tpm: a maker, a model, a version */
#define EK_USAGE "2.23.133.8.1"
#define GCE_INSTANCE                                   \
	{                                              \
		"1.3.6.1.4.1.11129.2.1.21", "DER:3000" \
	}
#define CA_EXTENSIONS                                       \
	{                                                   \
		{ "basicConstraints", "critical,CA:TRUE" }, \
		{                                           \
			"keyUsage", "critical,keyCertSign"  \
		}                                           \
	}

/* Owned by the caller. Asserts. */
X509 *ek_make(const struct ek_recipe *r);
/* A certificate as it should be, of ek_key, from the intermediate. */
struct ek_recipe ek_good(void);

struct ek_der {
	size_t n;
	uint8_t bytes[TROTH_CERT_MAX + 16];
};
struct ek_der ek_to_der(X509 *cert);
struct troth_view ek_view(const struct ek_der *d);

/* What ek_setup makes: ek_trust holds the root and the intermediate that it signed. */
extern EVP_PKEY *ek_root_key, *ek_middle_key, *ek_key;
extern X509 *ek_root, *ek_middle;
extern struct troth_ek_trust *ek_trust;

/* For cmocka's groups: all of that, and a context in *state. */
int ek_setup(void **state);
int ek_teardown(void **state);
void ek_add_intermediate(struct troth_ek_trust *to, X509 *cert);

struct troth_findings ek_judge_at(struct troth_ctx *ctx, const struct troth_ek_trust *by,
				  struct troth_view cert, uint64_t now_s);
/* Exactly this finding and no other; NONE: trusted. */
void ek_expect_at(struct troth_ctx *ctx, const struct ek_recipe *r, uint64_t now_s,
		  enum troth_finding_code want, const char *name);
void ek_expect(struct troth_ctx *ctx, const struct ek_recipe *r, enum troth_finding_code want,
	       const char *name);

#endif
