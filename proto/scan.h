/* SPDX-License-Identifier: Apache-2.0 */
/* The look at a protobuf body before it is unpacked. Reads only; allocates nothing. */
#ifndef TROTH_PROTO_SCAN_H
#define TROTH_PROTO_SCAN_H

#include <protobuf-c/protobuf-c.h>
#include <troth/status.h>
#include <troth/view.h>

/* Walks a whole message and everything inside it. TROTH_E_TRUNCATED, _MALFORMED (wire type,
 * repeated singular field, number out of its type's range, text that is no UTF-8 or has a NUL),
 * _UNSUPPORTED (unknown field), _LIMIT (list, depth). depth is 1 for the outermost. */
TROTH_NODISCARD enum troth_status troth_wire_scan(const ProtobufCMessageDescriptor *type,
						  struct troth_view body, unsigned depth);

#endif
