/* SPDX-License-Identifier: Apache-2.0 */
/* What an item tells those who follow (notice.h): seen inside its transaction, from the row as
 * it was and as it is. Pure. */
#ifndef TROTH_STORE_NOTED_H
#define TROTH_STORE_NOTED_H

#include "notice.h"
#include "store.h"

/* before and after are NULL for documents; before also for a device that is new. False when
 * there is nothing to tell: most renewals change nothing. */
TROTH_NODISCARD bool troth_store_noted(const struct troth_store_item *item,
				       const struct troth_device_row *before,
				       const struct troth_device_row *after,
				       struct troth_notice *out);

#endif
