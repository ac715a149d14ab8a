/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdalign.h>
#include <stdlib.h>
#include <troth/limits.h>

#include "base.h"
#include "scan.h"

/* All memory of one message. The message is the first thing drawn from it, so that freeing
 * finds the arena right before the message. */
struct arena {
	size_t size; /* bytes of memory */
	size_t used;
	bool full; /* something asked for more than the cap */
	alignas(max_align_t) uint8_t memory[];
};

static void *arena_alloc(void *data, size_t n)
{
	struct arena *a = data;
	const size_t align = alignof(max_align_t);
	size_t left = a->size - a->used;
	if (n > left || (align - n % align) % align > left - n) {
		a->full = true;
		return NULL;
	}
	void *p = a->memory + a->used;
	a->used += n + (align - n % align) % align;
	return p;
}

static void arena_free(void *data, void *p)
{
	(void)data; /* everything goes at once */
	(void)p;
}

static enum troth_status arena_new(size_t body_len, struct arena **out)
{
	size_t size = body_len + TROTH_WIRE_ARENA_EXTRA; /* body_len is bounded already */
	struct arena *a = malloc(sizeof *a + size);
	if (a == NULL)
		return TROTH_E_MEMORY;
	a->size = size;
	a->used = 0;
	a->full = false;
	*out = a;
	return TROTH_OK;
}

/* A message may hold an activated secret. */
static void arena_destroy(struct arena *a)
{
	OPENSSL_cleanse(a->memory, a->used);
	free(a);
}

enum troth_status troth_wire_unpack(const ProtobufCMessageDescriptor *type,
				    struct troth_view body, ProtobufCMessage **out)
{
	return troth_wire_unpack_within(type, body, TROTH_BODY_MAX, out);
}

enum troth_status troth_wire_unpack_within(const ProtobufCMessageDescriptor *type,
					   struct troth_view body, size_t max,
					   ProtobufCMessage **out)
{
	static const uint8_t NOTHING[1];
	struct arena *a = NULL;
	if (body.n > max)
		return TROTH_E_LIMIT;
	TROTH_TRY(troth_wire_scan(type, body, 1));
	TROTH_TRY(arena_new(body.n, &a));

	ProtobufCAllocator allocator = { arena_alloc, arena_free, a };
	ProtobufCMessage *m = protobuf_c_message_unpack(type, &allocator, body.n,
							body.n > 0 ? body.p : NOTHING);
	if (m == NULL) {
		enum troth_status st = a->full ? TROTH_E_LIMIT : TROTH_E_MALFORMED;
		arena_destroy(a);
		return st;
	}
	assert((uint8_t *)m == a->memory);
	*out = m;
	return TROTH_OK;
}

void troth_wire_free(ProtobufCMessage *message)
{
	if (message != NULL)
		arena_destroy((void *)((uint8_t *)message - offsetof(struct arena, memory)));
}

enum troth_status troth_wire_pack(const ProtobufCMessage *message, uint8_t **out,
				  size_t *out_len)
{
	size_t n = protobuf_c_message_get_packed_size(message);
	uint8_t *p = malloc(n > 0 ? n : 1);
	if (p == NULL)
		return TROTH_E_MEMORY;
	*out_len = protobuf_c_message_pack(message, p);
	*out = p;
	return TROTH_OK;
}

ProtobufCBinaryData troth_wire_bytes(struct troth_view v)
{
	/* protobuf-c packs from it and never writes through it. */
	union {
		const uint8_t *borrowed;
		uint8_t *data;
	} p = { .borrowed = v.p };
	return (ProtobufCBinaryData){ v.n, p.data };
}
