/* SPDX-License-Identifier: Apache-2.0 */
/* IMA lists: what is read lies in the input, reading goes forward, and what replays is found
 * again as a prefix of itself. */
#include <assert.h>

#include "ima_replay.h"
#include "ima_signature.h"
#include "untouched.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct troth_ima_record *r, const uint8_t *data, size_t size)
{
	struct troth_ima_entry e;
	assert_within(r->name, data, size);
	assert_within(r->data, data, size);
	assert_within(r->digest, data, size);
	POISON(e);
	if (troth_ima_decode(r, &e) != TROTH_OK) {
		ASSERT_UNTOUCHED(e);
		return;
	}
	assert_within(e.path, data, size);
	assert_within(e.file.bytes, data, size);
	assert(e.path.n <= TROTH_IMA_PATH_MAX && e.file.bytes.n <= TROTH_DIGEST_MAX);
	for (size_t i = 0; i < TROTH_IMA_FIELD_N; i++)
		assert_within(e.field[i], data, size);
}

static void find_again(struct troth_ctx *ctx, const struct troth_ima_list *list,
		       const struct troth_ima_replay *replay)
{
	const struct troth_view value =
		troth_pcr_value(&replay->values[TROTH_IMA_HASHED], TROTH_HASH_SHA256, 10);
	const struct troth_ima_goal goal = { TROTH_HASH_SHA256, 10, NULL, value };
	struct troth_ima_prefix p;
	size_t offset;
	if (value.n == 0)
		return;
	assert(troth_ima_find_prefix(ctx, list, &goal, &p, &offset) == TROTH_OK);
	assert(p.found && p.n_entries <= replay->n_entries);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct troth_ctx *ctx; /* made once: it keeps no data of a call */
	const struct troth_view bytes = { data, size };
	struct troth_ima_list list;
	struct troth_ima_replay replay;
	size_t offset;
	if (ctx == NULL && troth_ctx_new(&ctx) != TROTH_OK)
		return 0;
	if (troth_ima_open(ctx, bytes, TROTH_HASH_NONE, &list) != TROTH_OK)
		return 0;
	struct troth_ima_list reading = list;
	while (!troth_ima_at_end(&reading)) {
		struct troth_ima_record r;
		const size_t before = troth_ima_offset(&reading);
		if (troth_ima_next(&reading, &r) != TROTH_OK) {
			assert(troth_ima_offset(&reading) == before);
			break;
		}
		assert(troth_ima_offset(&reading) > before);
		look_at(&r, data, size);
	}
	if (troth_ima_replay(ctx, bytes, TROTH_HASH_NONE, &replay, &offset) == TROTH_OK)
		find_again(ctx, &list, &replay);
	return 0;
}
