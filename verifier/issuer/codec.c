/* SPDX-License-Identifier: Apache-2.0 */
#include "codec.h"

#include <string.h>

#include "base.h"

static enum troth_status put_selection(struct troth_writer *w,
				       const struct troth_pcr_selection *s)
{
	if (s->n_banks > TROTH_BANKS_MAX)
		return TROTH_E_LIMIT;
	troth_pcr_selection_put(w, s);
	return TROTH_OK;
}

static enum troth_status put_view(struct troth_writer *w, const struct troth_field *f,
				  const uint8_t *at)
{
	struct troth_view v;
	memcpy(&v, at, sizeof v);
	if (v.n > f->limit)
		return TROTH_E_LIMIT;
	if (f->kind == TROTH_FIELD_VIEW)
		troth_put_view16be(w, v);
	else
		troth_put_view32be(w, v);
	return TROTH_OK;
}

static enum troth_status put_number(struct troth_writer *w, const struct troth_field *f,
				    const uint8_t *at)
{
	uint32_t u32;
	size_t size;
	if (f->kind == TROTH_FIELD_SIZE) {
		memcpy(&size, at, sizeof size);
		if (size > f->limit)
			return TROTH_E_LIMIT;
		u32 = (uint32_t)size;
	} else {
		memcpy(&u32, at, sizeof u32);
		if (u32 > f->limit)
			return TROTH_E_LIMIT;
	}
	troth_put_u32be(w, u32);
	return TROTH_OK;
}

static enum troth_status put_field(struct troth_writer *w, const struct troth_field *f,
				   const uint8_t *at)
{
	uint64_t u64;
	bool flag;
	switch (f->kind) {
	case TROTH_FIELD_BOOL:
		memcpy(&flag, at, sizeof flag);
		troth_put_u8(w, flag ? 1 : 0);
		return TROTH_OK;
	case TROTH_FIELD_U8: troth_put_u8(w, *at); return TROTH_OK;
	case TROTH_FIELD_U64:
		memcpy(&u64, at, sizeof u64);
		troth_put_u64be(w, u64);
		return TROTH_OK;
	case TROTH_FIELD_BYTES:
		troth_put_view(w, (struct troth_view){ at, f->limit });
		return TROTH_OK;
	case TROTH_FIELD_SELECTION:
		return put_selection(w, (const struct troth_pcr_selection *)(const void *)at);
	case TROTH_FIELD_U32:
	case TROTH_FIELD_SIZE: return put_number(w, f, at);
	case TROTH_FIELD_VIEW:
	case TROTH_FIELD_VIEW32: return put_view(w, f, at);
	}
	return TROTH_E_MALFORMED;
}

static enum troth_status get_view(struct troth_reader *r, const struct troth_field *f,
				  uint8_t *at)
{
	struct troth_view v;
	bool got = f->kind == TROTH_FIELD_VIEW ? troth_get_view16be(r, &v)
					       : troth_get_view32be(r, &v);
	if (!got)
		return TROTH_E_TRUNCATED;
	if (v.n > f->limit)
		return TROTH_E_LIMIT;
	memcpy(at, &v, sizeof v);
	return TROTH_OK;
}

static enum troth_status get_number(struct troth_reader *r, const struct troth_field *f,
				    uint8_t *at)
{
	uint32_t u32;
	if (!troth_get_u32be(r, &u32))
		return TROTH_E_TRUNCATED;
	if (u32 > f->limit)
		return TROTH_E_LIMIT;
	size_t size = u32;
	if (f->kind == TROTH_FIELD_SIZE)
		memcpy(at, &size, sizeof size);
	else
		memcpy(at, &u32, sizeof u32);
	return TROTH_OK;
}

static enum troth_status get_bool(struct troth_reader *r, uint8_t *at)
{
	uint8_t byte;
	if (!troth_get_u8(r, &byte))
		return TROTH_E_TRUNCATED;
	if (byte > 1)
		return TROTH_E_MALFORMED;
	bool flag = byte == 1;
	memcpy(at, &flag, sizeof flag);
	return TROTH_OK;
}

static enum troth_status get_field(struct troth_reader *r, const struct troth_field *f,
				   uint8_t *at)
{
	uint64_t u64;
	switch (f->kind) {
	case TROTH_FIELD_BOOL: return get_bool(r, at);
	case TROTH_FIELD_U8: return troth_get_u8(r, at) ? TROTH_OK : TROTH_E_TRUNCATED;
	case TROTH_FIELD_U64:
		if (!troth_get_u64be(r, &u64))
			return TROTH_E_TRUNCATED;
		memcpy(at, &u64, sizeof u64);
		return TROTH_OK;
	case TROTH_FIELD_BYTES:
		return troth_get_bytes(r, f->limit, at) ? TROTH_OK : TROTH_E_TRUNCATED;
	case TROTH_FIELD_SELECTION:
		return troth_pcr_selection_get(r, (struct troth_pcr_selection *)(void *)at);
	case TROTH_FIELD_U32:
	case TROTH_FIELD_SIZE: return get_number(r, f, at);
	case TROTH_FIELD_VIEW:
	case TROTH_FIELD_VIEW32: return get_view(r, f, at);
	}
	return TROTH_E_MALFORMED;
}

enum troth_status troth_codec_put(struct troth_writer *w, struct troth_layout layout,
				  const void *from)
{
	for (size_t i = 0; i < layout.n; i++)
		TROTH_TRY(put_field(w, &layout.fields[i],
				    (const uint8_t *)from + layout.fields[i].offset));
	return TROTH_OK;
}

enum troth_status troth_codec_get(struct troth_reader *r, struct troth_layout layout, void *to)
{
	for (size_t i = 0; i < layout.n; i++)
		TROTH_TRY(get_field(r, &layout.fields[i],
				    (uint8_t *)to + layout.fields[i].offset));
	return troth_at_end(r) ? TROTH_OK : TROTH_E_MALFORMED;
}
