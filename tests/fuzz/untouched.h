/* SPDX-License-Identifier: Apache-2.0 */
/* What every target asserts of outputs and of the views in them. */
#ifndef TROTH_FUZZ_UNTOUCHED_H
#define TROTH_FUZZ_UNTOUCHED_H

#include <assert.h>
#include <string.h>

#include <troth/view.h>

#define POISON(object) memset(&(object), 0xaa, sizeof(object))
#define ASSERT_UNTOUCHED(object)                                          \
	do {                                                              \
		for (size_t i_ = 0; i_ < sizeof(object); i_++)            \
			assert(((const uint8_t *)&(object))[i_] == 0xaa); \
	} while (0)

/* Empty, or all of it lies in the input. */
static inline void assert_within(struct troth_view v, const uint8_t *data, size_t size)
{
	assert(v.n == 0 ||
	       (v.p >= data && v.n <= size && v.p - data <= (ptrdiff_t)(size - v.n)));
}

#endif
