/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <stdlib.h>

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
