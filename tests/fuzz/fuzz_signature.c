/* SPDX-License-Identifier: Apache-2.0 */
/* TPMT_SIGNATURE: what is accepted can be written again to the same bytes. */
#include "reader.h"
#include "tpm.h"
#include "untouched.h"
#include "writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t SCHEMES[] = { 0, 0x14, 0x16, 0x18 };
	const struct troth_view input = { data, size };
	struct troth_signature s;
	uint8_t again[TROTH_SIGNATURE_MAX];
	POISON(s);
	if (troth_signature_parse(input, &s) != TROTH_OK) {
		ASSERT_UNTOUCHED(s);
		return 0;
	}
	struct troth_writer w = troth_writer_make(again, sizeof again);
	troth_put_u16be(&w, SCHEMES[s.scheme]);
	troth_put_u16be(&w, troth_hash_to_tpm(s.hash));
	troth_put_view16be(&w, s.scheme == TROTH_SIG_ECDSA ? s.r : s.rsa);
	if (s.scheme == TROTH_SIG_ECDSA)
		troth_put_view16be(&w, s.s);
	assert(troth_view_equal(troth_written(&w), input));
	return 0;
}
