/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor_write.h"

#include <cbor.h>

enum { HEAD_MAX = 9 };

static void put_head(struct troth_writer *w, const uint8_t *head, size_t n)
{
	troth_put_view(w, (struct troth_view){ head, n });
}

void troth_cbor_put_int(struct troth_writer *w, int64_t v)
{
	uint8_t head[HEAD_MAX];
	put_head(w, head,
		 v >= 0 ? cbor_encode_uint((uint64_t)v, head, sizeof head)
			: cbor_encode_negint((uint64_t)(-(v + 1)), head, sizeof head));
}

void troth_cbor_put_bytes(struct troth_writer *w, struct troth_view v)
{
	uint8_t head[HEAD_MAX];
	put_head(w, head, cbor_encode_bytestring_start(v.n, head, sizeof head));
	troth_put_view(w, v);
}

void troth_cbor_put_text(struct troth_writer *w, struct troth_view v)
{
	uint8_t head[HEAD_MAX];
	put_head(w, head, cbor_encode_string_start(v.n, head, sizeof head));
	troth_put_view(w, v);
}

void troth_cbor_put_array(struct troth_writer *w, size_t n)
{
	uint8_t head[HEAD_MAX];
	put_head(w, head, cbor_encode_array_start(n, head, sizeof head));
}

void troth_cbor_put_map(struct troth_writer *w, size_t n)
{
	uint8_t head[HEAD_MAX];
	put_head(w, head, cbor_encode_map_start(n, head, sizeof head));
}

void troth_cbor_put_tag(struct troth_writer *w, uint64_t tag)
{
	uint8_t head[HEAD_MAX];
	put_head(w, head, cbor_encode_tag(tag, head, sizeof head));
}
