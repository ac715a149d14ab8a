/* SPDX-License-Identifier: Apache-2.0 */
/* The issuer's messages: what is read is written again to the same bytes. The first byte says
 * whether the rest is a request or a reply to which kind. */
#include <assert.h>
#include <string.h>

#include "message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t again[TROTH_ADMIN_FRAME_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n;
	if (size == 0 || size > sizeof again)
		return 0;
	const struct troth_view body = { data + 1, size - 1 };
	if (data[0] == 0) {
		struct troth_issuer_request q;
		if (troth_issuer_request_read(body, &q) != TROTH_OK)
			return 0;
		assert(troth_issuer_request_write(&q, again, sizeof again, &n) == TROTH_OK);
	} else {
		struct troth_issuer_reply r;
		if (troth_issuer_reply_read(data[0], body, &r) != TROTH_OK)
			return 0;
		assert(troth_issuer_reply_write(data[0], &r, again, sizeof again, &n) ==
		       TROTH_OK);
	}
	assert(n == body.n && memcmp(again, body.p, n) == 0);
	return 0;
}
