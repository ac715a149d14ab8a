/* SPDX-License-Identifier: Apache-2.0 */
#include "utf8.h"

#include "reader.h"

/* Bytes after the first one, -1 for a byte that starts nothing. */
static int n_following(uint8_t first)
{
	if (first < 0x80)
		return 0;
	if (first >= 0xc2 && first <= 0xdf)
		return 1;
	if (first >= 0xe0 && first <= 0xef)
		return 2;
	return first >= 0xf0 && first <= 0xf4 ? 3 : -1;
}

/* Overlong forms, surrogates and numbers past U+10FFFF show in the second byte. */
static bool second_ok(uint8_t first, uint8_t second)
{
	switch (first) {
	case 0xe0: return second >= 0xa0;
	case 0xed: return second <= 0x9f;
	case 0xf0: return second >= 0x90;
	case 0xf4: return second <= 0x8f;
	default: return true;
	}
}

static bool next_character(struct troth_reader *r)
{
	uint8_t first, byte;
	if (!troth_get_u8(r, &first) || first == 0)
		return false;
	int n = n_following(first);
	for (int i = 0; i < n; i++) {
		if (!troth_get_u8(r, &byte) || (byte & 0xc0) != 0x80)
			return false;
		if (i == 0 && !second_ok(first, byte))
			return false;
	}
	return n >= 0;
}

bool troth_utf8_valid(struct troth_view text)
{
	struct troth_reader r = { text };
	while (!troth_at_end(&r))
		if (!next_character(&r))
			return false;
	return true;
}
