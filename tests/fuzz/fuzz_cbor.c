/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR of strangers: a failure leaves the output alone, and whatever parses can be walked whole
 * within its storage. */
#include "cbor_read.h"
#include "untouched.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t walk(const struct troth_cbor_item *item)
{
	size_t n = 1;
	for (const struct troth_cbor_item *i = troth_cbor_first(item); i != NULL;
	     i = troth_cbor_next(item, i))
		n += walk(i);
	assert(n == item->n_inside + 1);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct troth_cbor_item items[TROTH_CBOR_ITEMS_MAX];
	struct troth_cbor cbor;
	POISON(cbor);
	if (troth_cbor_parse((struct troth_view){ data, size }, items, TROTH_CBOR_ITEMS_MAX,
			     &cbor) != TROTH_OK) {
		ASSERT_UNTOUCHED(cbor);
		return 0;
	}
	assert(walk(troth_cbor_root(&cbor)) == cbor.n);
	return 0;
}
