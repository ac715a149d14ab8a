/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the status feed: on the administration thread, from the registry, signed by the issuer.
 *
 * It looks twice a second whether something that shows has changed (troth_feed_maker_note), and
 * makes a document then; and one at a quarter of a document's life in any case, because health
 * passes with time alone. */
#ifndef TROTH_FEED_MAKER_H
#define TROTH_FEED_MAKER_H

#include "device_row.h"

struct troth_admin;
struct troth_feed_maker;

TROTH_NODISCARD enum troth_status troth_feed_maker_new(struct troth_admin *admin,
						       struct troth_feed_maker **out);
void troth_feed_maker_free(struct troth_feed_maker *m);
/* From now on, by itself. */
TROTH_NODISCARD enum troth_status troth_feed_maker_start(struct troth_feed_maker *m);
/* From any thread, before the row is replaced; old: NULL for a new one. */
void troth_feed_maker_note(struct troth_feed_maker *m, const struct troth_device_row *old,
			   const struct troth_device_row *now);

#endif
