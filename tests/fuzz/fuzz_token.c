/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: what reads is written back to the same bytes, and none opens under a key it was not
 * made with. */
#include "reader.h"
#include "token.h"
#include "untouched.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct troth_ctx *ctx;
	struct troth_token_keys keys = { .trust_domain = troth_view_str("example.org"),
					 .current = { .present = true, .key = "fuzz" } };
	const struct troth_view bytes = { data, size };
	struct troth_token t, opened;
	uint8_t again[TROTH_TOKEN_MAX];
	size_t n;
	POISON(t);
	POISON(opened);
	if (ctx == NULL && troth_ctx_new(&ctx) != TROTH_OK)
		return 0;
	if (troth_token_read(bytes, &t) != TROTH_OK) {
		ASSERT_UNTOUCHED(t);
		return 0;
	}
	keys.current.id = t.key_id;
	const struct troth_token_use use = { t.purpose, t.issued_ms };
	assert(troth_token_open(ctx, &keys, &use, bytes, &opened) == TROTH_E_MISMATCH);
	ASSERT_UNTOUCHED(opened);
	assert(troth_token_make(ctx, &keys, &t, again, &n) == TROTH_OK);
	assert(n == size && memcmp(again, data, size - 32) == 0);
	assert(troth_token_open(ctx, &keys, &use, (struct troth_view){ again, n }, &opened) ==
	       TROTH_OK);
	return 0;
}
