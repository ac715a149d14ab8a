/* SPDX-License-Identifier: Apache-2.0 */
/* A borrowed run of bytes.
 *
 * A view never owns what it points at: it dies with the buffer it was made from. A zeroed view
 * is valid and empty. */
#ifndef TROTH_VIEW_H
#define TROTH_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct troth_view {
	const uint8_t *p; /* NULL only when n == 0 */
	size_t n;	  /* bytes */
};

/* A view of a whole array (not of a pointer). */
#define TROTH_VIEW_OF(array) ((struct troth_view){ (const uint8_t *)(array), sizeof(array) })

#endif
