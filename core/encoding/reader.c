/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <string.h>

static bool take_le(struct troth_reader *r, size_t n, uint64_t *out)
{
	struct troth_view taken;
	if (!troth_get_view(r, n, &taken))
		return false;
	uint64_t v = 0;
	for (size_t i = n; i > 0; i--)
		v = v << 8 | taken.p[i - 1];
	*out = v;
	return true;
}

static bool take_be(struct troth_reader *r, size_t n, uint64_t *out)
{
	struct troth_view taken;
	if (!troth_get_view(r, n, &taken))
		return false;
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | taken.p[i];
	*out = v;
	return true;
}

bool troth_get_u16le(struct troth_reader *r, uint16_t *out)
{
	uint64_t v;
	if (!take_le(r, sizeof *out, &v))
		return false;
	*out = (uint16_t)v;
	return true;
}

bool troth_get_u64le(struct troth_reader *r, uint64_t *out)
{
	return take_le(r, sizeof *out, out);
}

bool troth_get_u8(struct troth_reader *r, uint8_t *out)
{
	uint64_t v;
	if (!take_be(r, sizeof *out, &v))
		return false;
	*out = (uint8_t)v;
	return true;
}

bool troth_get_u16be(struct troth_reader *r, uint16_t *out)
{
	uint64_t v;
	if (!take_be(r, sizeof *out, &v))
		return false;
	*out = (uint16_t)v;
	return true;
}

bool troth_get_u32be(struct troth_reader *r, uint32_t *out)
{
	uint64_t v;
	if (!take_be(r, sizeof *out, &v))
		return false;
	*out = (uint32_t)v;
	return true;
}

bool troth_get_u64be(struct troth_reader *r, uint64_t *out)
{
	return take_be(r, sizeof *out, out);
}

bool troth_get_bytes(struct troth_reader *r, size_t n, uint8_t *out)
{
	struct troth_view taken;
	if (!troth_get_view(r, n, &taken))
		return false;
	if (n > 0)
		memcpy(out, taken.p, n);
	return true;
}

bool troth_get_view16be(struct troth_reader *r, struct troth_view *out)
{
	struct troth_reader probe = *r;
	uint16_t n;
	if (!troth_get_u16be(&probe, &n) || !troth_get_view(&probe, n, out))
		return false;
	*r = probe;
	return true;
}

bool troth_get_view32be(struct troth_reader *r, struct troth_view *out)
{
	struct troth_reader probe = *r;
	uint32_t n;
	if (!troth_get_u32be(&probe, &n) || !troth_get_view(&probe, n, out))
		return false;
	*r = probe;
	return true;
}

int troth_view_compare(struct troth_view a, struct troth_view b)
{
	const size_t common = a.n < b.n ? a.n : b.n;
	const int order = common > 0 ? memcmp(a.p, b.p, common) : 0;
	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

uint64_t troth_view_hash(struct troth_view v)
{
	uint64_t h = 0xcbf29ce484222325U;
	for (size_t i = 0; i < v.n; i++)
		h = (h ^ v.p[i]) * 0x100000001b3U;
	return h;
}
