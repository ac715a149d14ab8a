/* SPDX-License-Identifier: Apache-2.0 */
/* Every body a stranger sends, and the stored record: what is unpacked packs to no more bytes,
 * and those are read back to the same bytes. The first byte chooses the message. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "record.pb-c.h"
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ProtobufCMessageDescriptor *const TYPES[] = {
	&troth__v1__enroll_request__descriptor,
	&troth__v1__enroll_proof__descriptor,
	&troth__v1__challenge_request__descriptor,
	&troth__v1__attestation__descriptor,
	&troth__v1__facts__descriptor,
	&troth__v1__enroll_challenge__descriptor,
	&troth__v1__enroll_result__descriptor,
	&troth__v1__challenge__descriptor,
	&troth__v1__attestation_result__descriptor,
	&troth__v1__appraisal_record__descriptor,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ProtobufCMessage *m = NULL, *again = NULL;
	uint8_t *packed = NULL, *packed_again = NULL;
	size_t n = 0, n_again = 0;
	if (size == 0)
		return 0;
	const ProtobufCMessageDescriptor *type = TYPES[data[0] % TROTH_COUNT(TYPES)];
	if (troth_wire_unpack(type, (struct troth_view){ data + 1, size - 1 }, &m) != TROTH_OK)
		return 0;
	assert(troth_wire_pack(m, &packed, &n) == TROTH_OK && n < size);
	assert(troth_wire_unpack(type, (struct troth_view){ packed, n }, &again) == TROTH_OK);
	assert(troth_wire_pack(again, &packed_again, &n_again) == TROTH_OK);
	assert(n == n_again && memcmp(packed, packed_again, n) == 0);
	free(packed);
	free(packed_again);
	troth_wire_free(m);
	troth_wire_free(again);
	return 0;
}
