/* SPDX-License-Identifier: Apache-2.0 */
/* TPMT_PUBLIC: what is accepted lies in the input, is named by it, and makes a key or none. */
#include "key.h"
#include "untouched.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct troth_ctx *ctx;
	struct troth_public p;
	struct troth_key *key = NULL;
	struct troth_digest d;
	POISON(p);
	if (ctx == NULL && troth_ctx_new(&ctx) != TROTH_OK)
		return 0;
	if (troth_public_parse(ctx, (struct troth_view){ data, size }, &p) != TROTH_OK) {
		ASSERT_UNTOUCHED(p);
		return 0;
	}
	assert_within(p.policy, data, size);
	assert_within(p.type == TROTH_KEY_RSA ? p.modulus : p.y, data, size);
	assert(troth_hash_one(ctx, p.name_alg, (struct troth_view){ data, size }, &d) ==
	       TROTH_OK);
	assert(p.name.n > 2 && memcmp(p.name.bytes + 2, d.bytes, p.name.n - 2) == 0);
	if (troth_key_from_public(&p, &key) == TROTH_OK)
		assert(troth_key_type_of(key) == p.type);
	troth_key_free(key);
	return 0;
}
