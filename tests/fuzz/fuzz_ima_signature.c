/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of files, certificates of keyrings, states of a list: none verifies without its
 * key, and what is read of a state is written again as it was. */
#include <assert.h>

#include "ima_key.h"
#include "ima_learned.h"
#include "ima_state.h"
#include "untouched.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_signature(struct troth_ctx *ctx, struct troth_view bytes)
{
	static const uint8_t DIGEST[32] = { 1 };
	const struct troth_ima_keys none = { 0 };
	const struct troth_ima_digest file = { .hash = TROTH_HASH_SHA256,
					       .bytes = TROTH_VIEW_OF(DIGEST) };
	struct troth_ima_signature s;
	POISON(s);
	if (troth_ima_signature_parse(bytes, &s) != TROTH_OK) {
		ASSERT_UNTOUCHED(s);
		return;
	}
	assert_within(s.bytes, bytes.p, bytes.n);
	assert(troth_ima_keys_verify(ctx, &none, &s, &file) != TROTH_OK);
}

static void read_certificate(struct troth_view bytes)
{
	struct troth_ima_keys keys = { 0 };
	const enum troth_status status = troth_ima_keys_add_cert(&keys, bytes);
	assert((status == TROTH_OK) == (keys.n == 1));
	troth_ima_keys_release(&keys);
}

static void read_state(struct troth_view bytes)
{
	struct troth_ima_state s;
	uint8_t again[TROTH_IMA_STATE_MAX];
	size_t n;
	if (troth_ima_state_read(bytes, &s) == TROTH_OK &&
	    troth_ima_state_write(&s, again, &n) == TROTH_OK)
		assert(n == bytes.n && memcmp(again, bytes.p, n) == 0);
}

/* What was read of certificates is written again as it was. */
static void read_learned(struct troth_ctx *ctx, struct troth_view bytes)
{
	struct troth_ima_learned l;
	static uint8_t again[TROTH_IMA_LEARNED_BYTES_MAX];
	struct troth_writer w = troth_writer_make(again, sizeof again);
	uint8_t name[32];
	if (!troth_ima_learned_read(bytes, &l))
		return;
	troth_ima_learned_put(&w, &l);
	assert(w.n == bytes.n && (w.n == 0 || memcmp(again, bytes.p, w.n) == 0));
	assert(troth_ima_learned_name(ctx, &l, name) == TROTH_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct troth_ctx *ctx; /* made once: it keeps no data of a call */
	const struct troth_view bytes = { size > 0 ? data : NULL, size };
	if (ctx == NULL && troth_ctx_new(&ctx) != TROTH_OK)
		return 0;
	read_signature(ctx, bytes);
	read_certificate(bytes);
	read_state(bytes);
	read_learned(ctx, bytes);
	return 0;
}
