/* SPDX-License-Identifier: Apache-2.0 */
/* The request parser: however the bytes are cut, it takes or refuses the same requests, and a
 * request is whole exactly when it says so. */
#include <assert.h>

#include "parse.h"
#include "reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Pushes everything in pieces of at most step; returns the bytes taken. */
static size_t run(struct troth_parse *p, struct troth_view all, size_t step)
{
	enum troth_parse_result got = TROTH_PARSE_MORE;
	struct troth_reader r = { all };
	size_t taken = 0;
	troth_parse_start(p);
	while (r.left.n > 0 && got == TROTH_PARSE_MORE) {
		struct troth_view piece = { 0 };
		assert(troth_get_view(&r, r.left.n < step ? r.left.n : step, &piece));
		size_t before = piece.n;
		do
			got = troth_parse_push(p, &piece);
		while (got == TROTH_PARSE_HEAD);
		assert(piece.n <= before && (got != TROTH_PARSE_MORE || piece.n == 0));
		taken += before - piece.n;
	}
	return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct troth_parse whole, cut;
	size_t taken = run(&whole, (struct troth_view){ data, size }, size);
	size_t taken_cut = run(&cut, (struct troth_view){ data, size }, 1 + size % 7);
	assert(whole.state == cut.state && whole.status == cut.status);
	assert(whole.state != TROTH_PARSE_DONE || taken == taken_cut);
	assert((whole.state == TROTH_PARSE_REFUSED) == (whole.status >= 400));
	assert(troth_parse_finish(&whole) == (whole.state == TROTH_PARSE_DONE || size == 0));
	return 0;
}
