/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacking protobuf from strangers.
 *
 * protobuf-c is quadratic on repeated singular submessages and has no depth limit, so every
 * body is scanned first against its descriptor: unknown fields, repeated singular fields, wrong
 * wire types, over-long lists and nesting are refused before anything is allocated, and
 * unpacking draws from a capped arena. */
#ifndef TROTH_PROTO_WIRE_H
#define TROTH_PROTO_WIRE_H

#include <protobuf-c/protobuf-c.h>
#include <troth/status.h>
#include <troth/view.h>

/* Elements in one repeated field. */
#define TROTH_WIRE_LIST_MAX 64
/* Messages inside messages. */
#define TROTH_WIRE_DEPTH_MAX 4
/* Arena on top of the body's own size, bytes: structs, lists, list growth. */
#define TROTH_WIRE_ARENA_EXTRA (64 * 1024)

/* Unpacks the whole body as one message. Free with troth_wire_free. TROTH_E_TRUNCATED,
 * _MALFORMED, _LIMIT (body, lists, depth, arena), _UNSUPPORTED (unknown field), _MEMORY. */
TROTH_NODISCARD enum troth_status troth_wire_unpack(const ProtobufCMessageDescriptor *type,
						    struct troth_view body,
						    ProtobufCMessage **out);
/* The same for what is no message from the network: up to max bytes instead of
 * TROTH_BODY_MAX. */
TROTH_NODISCARD enum troth_status
troth_wire_unpack_within(const ProtobufCMessageDescriptor *type, struct troth_view bytes,
			 size_t max, ProtobufCMessage **out);
/* Accepts NULL. */
void troth_wire_free(ProtobufCMessage *message);

/* Packs into a new buffer, freed with free(). */
TROTH_NODISCARD enum troth_status troth_wire_pack(const ProtobufCMessage *message,
						  uint8_t **out, size_t *out_len);

/* A bytes field as a view and back; the data is borrowed. */
static inline struct troth_view troth_wire_view(ProtobufCBinaryData d)
{
	return (struct troth_view){ d.len > 0 ? d.data : NULL, d.len };
}
ProtobufCBinaryData troth_wire_bytes(struct troth_view v);

#endif
