/* SPDX-License-Identifier: Apache-2.0 */
/* What every backend and the writer agree on about items: sizes, outcome, copies. */
#ifndef TROTH_STORE_ITEM_H
#define TROTH_STORE_ITEM_H

#include "store.h"

/* Refuses what no backend may write: TROTH_E_LIMIT for a number past INT64_MAX or bytes past
 * their maximum, TROTH_E_MALFORMED for a broken name, an unknown state or tier, a missing leaf,
 * another device's row, or a certificate issued to a device found bad. */
TROTH_NODISCARD enum troth_status troth_store_item_check(const struct troth_store_item *item);

/* The row as it stands once the item is committed: version up by one, fields that are absent
 * zeroed, no certified key after an enrolment. False for documents and cursors. */
TROTH_NODISCARD bool troth_store_row_after(const struct troth_store_item *item,
					   struct troth_device_row *out);

/* True when the item ends the life of the device's serials: it says so, or the device leaves
 * the active state. */
TROTH_NODISCARD bool troth_store_revokes(const struct troth_store_item *item);

/* The device the item is about; NULL for documents and cursors. Borrowed from the item. */
const uint8_t *troth_store_item_device(const struct troth_store_item *item);

uint64_t troth_store_item_now_s(const struct troth_store_item *item);

/* Bytes its views point at. */
size_t troth_store_item_bytes(const struct troth_store_item *item);

/* Copies the item; what its views point at goes to bytes, which has room for
 * troth_store_item_bytes(). The copy borrows from bytes alone. */
void troth_store_item_copy(const struct troth_store_item *item, struct troth_store_item *out,
			   uint8_t *bytes);

#endif
