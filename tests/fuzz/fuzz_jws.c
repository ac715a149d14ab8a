/* SPDX-License-Identifier: Apache-2.0 */
/* Compact JWS: what is taken apart lies in the text, and a base64url text that decodes is the
 * only one of its bytes. */
#include "base64.h"
#include "jws.h"
#include "reader.h"
#include "untouched.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct troth_view input = { data, size };
	uint8_t bytes[1024], again[2048];
	struct troth_writer w = troth_writer_make(again, sizeof again);
	struct troth_view decoded;
	struct troth_jws jws;
	POISON(jws);
	if (troth_jws_read(input, "dpop+jwt", &jws) != TROTH_OK) {
		ASSERT_UNTOUCHED(jws);
	} else {
		assert_within(jws.signed_part, data, size);
		assert_within(jws.payload_text, data, size);
		assert(jws.kid_len <= sizeof jws.kid);
	}
	if (troth_base64url_decode(input, bytes, sizeof bytes, &decoded) == TROTH_OK) {
		troth_put_base64url(&w, decoded);
		assert(troth_view_equal(troth_written(&w), input));
	}
	return 0;
}
