/* SPDX-License-Identifier: Apache-2.0 */
#include "agree.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <string.h>

#include "base.h"
#include "jwk.h"

TROTH_DEFINE_AUTO(struct troth_key, troth_key_free)
TROTH_DEFINE_AUTO(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
TROTH_DEFINE_AUTO(EC_GROUP, EC_GROUP_free)
TROTH_DEFINE_AUTO(EC_POINT, EC_POINT_clear_free)
TROTH_DEFINE_AUTO(BIGNUM, BN_clear_free)
TROTH_DEFINE_AUTO(BN_CTX, BN_CTX_free)

void troth_agreement_forget(struct troth_agreement *a)
{
	OPENSSL_cleanse(a, sizeof *a);
}

/* A scalar in [1, order - 1] from more random bits than it has: FIPS 186-4, B.4.1. */
static enum troth_status scalar(const EC_GROUP *group, const uint8_t *random, BN_CTX *bn,
				BIGNUM *out)
{
	TROTH_AUTO(BN_clear_free_p)
	BIGNUM *range = BN_dup(EC_GROUP_get0_order(group));
	TROTH_AUTO(BN_clear_free_p)
	BIGNUM *wide = BN_bin2bn(random, TROTH_AGREE_RANDOM, NULL);
	if (range == NULL || wide == NULL)
		return TROTH_E_MEMORY;
	BN_set_flags(wide, BN_FLG_CONSTTIME);
	if (BN_sub_word(range, 1) != 1 || BN_mod(out, wide, range, bn) != 1 ||
	    BN_add_word(out, 1) != 1)
		return TROTH_E_CRYPTO;
	BN_set_flags(out, BN_FLG_CONSTTIME);
	return TROTH_OK;
}

/* Affine coordinates in full width. */
static bool coordinates(const EC_GROUP *group, const EC_POINT *point, size_t width, uint8_t *xy)
{
	TROTH_AUTO(BN_clear_free_p) BIGNUM *x = BN_new();
	TROTH_AUTO(BN_clear_free_p) BIGNUM *y = BN_new();
	return x != NULL && y != NULL &&
	       EC_POINT_get_affine_coordinates(group, point, x, y, NULL) == 1 &&
	       BN_bn2binpad(x, xy, (int)width) == (int)width &&
	       BN_bn2binpad(y, xy + width, (int)width) == (int)width;
}

static enum troth_status agree_on(const EC_GROUP *group, struct troth_view peer_xy,
				  const uint8_t *random, struct troth_agreement *out)
{
	const size_t w = peer_xy.n / 2;
	TROTH_AUTO(BN_CTX_free_p) BN_CTX *bn = BN_CTX_secure_new();
	TROTH_AUTO(BN_clear_free_p) BIGNUM *d = BN_secure_new();
	TROTH_AUTO(BN_clear_free_p) BIGNUM *x = BN_bin2bn(peer_xy.p, (int)w, NULL);
	TROTH_AUTO(BN_clear_free_p) BIGNUM *y = BN_bin2bn(peer_xy.p + w, (int)w, NULL);
	TROTH_AUTO(EC_POINT_clear_free_p) EC_POINT *peer = EC_POINT_new(group);
	TROTH_AUTO(EC_POINT_clear_free_p) EC_POINT *own = EC_POINT_new(group);
	TROTH_AUTO(EC_POINT_clear_free_p) EC_POINT *shared = EC_POINT_new(group);
	if (bn == NULL || d == NULL || x == NULL || y == NULL || peer == NULL || own == NULL ||
	    shared == NULL)
		return TROTH_E_MEMORY;

	TROTH_TRY(scalar(group, random, bn, d));
	/* Refuses a point off the curve, which would give the scalar away. */
	if (EC_POINT_set_affine_coordinates(group, peer, x, y, bn) != 1)
		return TROTH_E_MALFORMED;
	if (EC_POINT_mul(group, own, d, NULL, NULL, bn) != 1 ||
	    EC_POINT_mul(group, shared, NULL, peer, d, bn) != 1 ||
	    !coordinates(group, own, w, out->ephemeral) ||
	    !coordinates(group, shared, w, out->shared))
		return TROTH_E_CRYPTO;
	out->width = w;
	return TROTH_OK;
}

enum troth_status troth_agree(enum troth_curve curve, struct troth_view peer,
			      const uint8_t random[TROTH_AGREE_RANDOM],
			      struct troth_agreement *out)
{
	const bool p384 = curve == TROTH_CURVE_P384;
	if (peer.n != (p384 ? 96U : 64U))
		return TROTH_E_MALFORMED;
	TROTH_AUTO(EC_GROUP_free_p)
	EC_GROUP *group =
		EC_GROUP_new_by_curve_name(p384 ? NID_secp384r1 : NID_X9_62_prime256v1);
	if (group == NULL)
		return TROTH_E_MEMORY;
	ERR_set_mark();
	enum troth_status got = agree_on(group, peer, random, out);
	ERR_pop_to_mark();
	return got;
}

enum troth_status troth_agree_held(EVP_PKEY *held, const uint8_t point[64], uint8_t out[32])
{
	TROTH_AUTO(troth_key_free_p) struct troth_key *peer = NULL;
	struct troth_jwk jwk;
	size_t n = 32;
	memcpy(&jwk, point, sizeof jwk);
	TROTH_TRY(troth_jwk_key(&jwk, &peer));
	TROTH_AUTO(EVP_PKEY_CTX_free_p)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, held, NULL);
	if (ctx == NULL || EVP_PKEY_derive_init(ctx) != 1 ||
	    EVP_PKEY_derive_set_peer(ctx, troth_key_evp(peer)) != 1 ||
	    EVP_PKEY_derive(ctx, out, &n) != 1 || n != 32)
		return TROTH_E_CRYPTO;
	return TROTH_OK;
}
