/* SPDX-License-Identifier: Apache-2.0 */
/* What the administration API answers; for admin*.c alone.
 *
 * Handlers run on the administration thread. One that waits for issuer or store keeps what it
 * needs in an operation of its own, which ends with the answer. */
#ifndef TROTH_ADMIN_REQUESTS_H
#define TROTH_ADMIN_REQUESTS_H

#include "admin.h"

/* Finds a device by registry name, id, or a prefix of at least eight digits of its id
 * that only one has. */
TROTH_NODISCARD bool troth_admin_find_device(struct troth_admin *admin, struct troth_view text,
					     struct troth_device_row *out);
/* Answers 404: no device has this name. */
void troth_admin_unknown_device(struct troth_exchange *x);

/* Stores the canonical form of a set and answers. over: only if this id is in force under the
 * set's name (32 bytes; zeros: none is), else 409; NULL: over whatever is. */
void troth_admin_put_set(struct troth_exchange *x, struct troth_admin *admin,
			 struct troth_reference_set *set, const uint8_t *over);

/* Reads "?from=<index>", 0 where there is none. False: it was answered. */
TROTH_NODISCARD bool troth_admin_from(struct troth_exchange *x, uint64_t *out);

/* Handlers of the local socket. */
void troth_admin_devices(struct troth_exchange *x, void *admin);
void troth_admin_device(struct troth_exchange *x, void *admin);
void troth_admin_device_change(struct troth_exchange *x, void *admin);
void troth_admin_verdict(struct troth_exchange *x, void *admin);
void troth_admin_case(struct troth_exchange *x, void *admin);
void troth_admin_policies(struct troth_exchange *x, void *admin);
void troth_admin_policy(struct troth_exchange *x, void *admin);
void troth_admin_policy_put(struct troth_exchange *x, void *admin);
void troth_admin_references(struct troth_exchange *x, void *admin);
void troth_admin_reference(struct troth_exchange *x, void *admin);
void troth_admin_reference_put(struct troth_exchange *x, void *admin);
void troth_admin_learn(struct troth_exchange *x, void *admin);
void troth_admin_secrets(struct troth_exchange *x, void *admin);
void troth_admin_secret_change(struct troth_exchange *x, void *admin);
void troth_admin_audit(struct troth_exchange *x, void *admin);
void troth_admin_webhooks(struct troth_exchange *x, void *admin);
void troth_admin_events(struct troth_exchange *x, void *admin);
void troth_admin_event_stream(struct troth_exchange *x, void *admin);

#endif
