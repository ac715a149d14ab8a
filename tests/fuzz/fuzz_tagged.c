/* SPDX-License-Identifier: Apache-2.0 */
/* Tagged events, nested as Windows does: walking ends, within the data. */
#include "payload.h"
#include "sipa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct walk {
	const uint8_t *data;
	size_t size, n;
};

static void visit(void *to, const struct troth_tagged *t)
{
	struct walk *w = to;
	assert_within(t->data, w->data, w->size);
	assert(!troth_tagged_is_container(t->id));
	w->n++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct walk w = { data, size, 0 };
	render(TROTH_EV_EVENT_TAG, data, size);
	troth_tagged_walk((struct troth_view){ data, size }, visit, &w);
	assert(w.n <= size / 8);
	return 0;
}
