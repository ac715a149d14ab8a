/* SPDX-License-Identifier: Apache-2.0 */
#include "scan.h"

#include <assert.h>

#include "base.h"
#include "reader.h"
#include "utf8.h"
#include "wire.h"

/* Fields in one message type of ours; a larger one is our own mistake. */
#define FIELDS_MAX 32

/* Protocol Buffers encoding: wire types. 3 and 4 (groups) and 6, 7 are refused. */
enum wire_type { WIRE_VARINT = 0, WIRE_I64 = 1, WIRE_LEN = 2, WIRE_I32 = 5 };

/* At most ten bytes and 64 bits. */
static enum troth_status get_varint(struct troth_reader *r, uint64_t *out)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 70; shift += 7) {
		uint8_t byte;
		if (!troth_get_u8(r, &byte))
			return TROTH_E_TRUNCATED;
		if (shift == 63 && byte > 1)
			return TROTH_E_MALFORMED;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0) {
			*out = v;
			return TROTH_OK;
		}
	}
	return TROTH_E_MALFORMED;
}

static enum wire_type wire_type_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT: return WIRE_I32;
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE: return WIRE_I64;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE: return WIRE_LEN;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_BOOL:
	case PROTOBUF_C_TYPE_ENUM: break;
	}
	return WIRE_VARINT;
}

/* A number that its type would silently cut is refused: what is judged is what was sent. */
static bool fits(const ProtobufCFieldDescriptor *f, uint64_t v)
{
	if (f->type == PROTOBUF_C_TYPE_BOOL)
		return v <= 1;
	if (f->type == PROTOBUF_C_TYPE_UINT32 || f->type == PROTOBUF_C_TYPE_SINT32)
		return v <= UINT32_MAX;
	if (f->type == PROTOBUF_C_TYPE_INT32 || f->type == PROTOBUF_C_TYPE_ENUM)
		return v <= INT32_MAX || v >= (uint64_t)INT32_MIN;
	return true;
}

/* One scalar of a field, alone or inside a packed list. */
static enum troth_status skip_scalar(const ProtobufCFieldDescriptor *f, struct troth_reader *r)
{
	struct troth_view bytes;
	uint64_t v;
	switch (wire_type_of(f->type)) {
	case WIRE_I64: return troth_get_view(r, 8, &bytes) ? TROTH_OK : TROTH_E_TRUNCATED;
	case WIRE_I32: return troth_get_view(r, 4, &bytes) ? TROTH_OK : TROTH_E_TRUNCATED;
	case WIRE_VARINT:
		TROTH_TRY(get_varint(r, &v));
		return fits(f, v) ? TROTH_OK : TROTH_E_MALFORMED;
	case WIRE_LEN: break;
	}
	return TROTH_E_MALFORMED;
}

static enum troth_status get_len(struct troth_reader *r, struct troth_view *out)
{
	uint64_t n;
	TROTH_TRY(get_varint(r, &n));
	if (n > SIZE_MAX || !troth_get_view(r, (size_t)n, out))
		return TROTH_E_TRUNCATED;
	return TROTH_OK;
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *type,
						  uint64_t id)
{
	for (unsigned i = 0; i < type->n_fields; i++)
		if (type->fields[i].id == id)
			return &type->fields[i];
	return NULL;
}

/* Counts elements; a singular field may come once (a second one makes protobuf-c merge, in
 * time that grows with the square), a list up to its limit. */
static enum troth_status count_one(const ProtobufCFieldDescriptor *f, unsigned *n)
{
	(*n)++;
	if (f->label != PROTOBUF_C_LABEL_REPEATED)
		return *n == 1 ? TROTH_OK : TROTH_E_MALFORMED;
	return *n <= TROTH_WIRE_LIST_MAX ? TROTH_OK : TROTH_E_LIMIT;
}

static enum troth_status scan_packed(const ProtobufCFieldDescriptor *f, struct troth_view bytes,
				     unsigned *n)
{
	struct troth_reader r = { bytes };
	while (!troth_at_end(&r)) {
		TROTH_TRY(skip_scalar(f, &r));
		TROTH_TRY(count_one(f, n));
	}
	return TROTH_OK;
}

static enum troth_status scan_len(const ProtobufCFieldDescriptor *f, struct troth_view bytes,
				  unsigned depth, unsigned *n)
{
	if (wire_type_of(f->type) != WIRE_LEN)
		return scan_packed(f, bytes, n);
	TROTH_TRY(count_one(f, n));
	if (f->type == PROTOBUF_C_TYPE_STRING)
		return troth_utf8_valid(bytes) ? TROTH_OK : TROTH_E_MALFORMED;
	if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		return troth_wire_scan(f->descriptor, bytes, depth + 1);
	return TROTH_OK;
}

static enum troth_status scan_field(const ProtobufCMessageDescriptor *type,
				    struct troth_reader *r, unsigned depth, unsigned *counts)
{
	uint64_t tag;
	struct troth_view bytes;
	TROTH_TRY(get_varint(r, &tag));
	if (tag > UINT32_MAX || tag >> 3 == 0)
		return TROTH_E_MALFORMED;
	const ProtobufCFieldDescriptor *f = find_field(type, tag >> 3);
	if (f == NULL)
		return TROTH_E_UNSUPPORTED;

	unsigned *n = &counts[f - type->fields];
	bool packable = f->label == PROTOBUF_C_LABEL_REPEATED;
	if ((tag & 7) == WIRE_LEN && (wire_type_of(f->type) == WIRE_LEN || packable)) {
		TROTH_TRY(get_len(r, &bytes));
		return scan_len(f, bytes, depth, n);
	}
	if ((tag & 7) != wire_type_of(f->type))
		return TROTH_E_MALFORMED;
	TROTH_TRY(count_one(f, n));
	return skip_scalar(f, r);
}

enum troth_status troth_wire_scan(const ProtobufCMessageDescriptor *type,
				  struct troth_view body, unsigned depth)
{
	unsigned counts[FIELDS_MAX] = { 0 };
	struct troth_reader r = { body };
	assert(type->n_fields <= FIELDS_MAX);
	if (depth > TROTH_WIRE_DEPTH_MAX)
		return TROTH_E_LIMIT;
	while (!troth_at_end(&r))
		TROTH_TRY(scan_field(type, &r, depth, counts));
	return TROTH_OK;
}
