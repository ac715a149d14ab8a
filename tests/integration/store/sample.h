/* SPDX-License-Identifier: Apache-2.0 */
/* Devices and items for the store's tests, each field with a value of its own. */
#ifndef TROTH_TEST_STORE_SAMPLE_H
#define TROTH_TEST_STORE_SAMPLE_H

#include "store.h"

/* A time the items carry, seconds. */
#define SAMPLE_NOW_S 1800000000U

/* A row as a caller would enrol it: id and name from n, version 0, active. */
struct troth_device_row sample_row(unsigned n);
/* Every field filled: order, certified key, log, findings. */
struct troth_device_row sample_full_row(unsigned n);
struct troth_store_item sample_enrol(unsigned n);
/* An affirming verdict under epoch 0 that issues a serial made of n and the version. */
struct troth_store_item sample_verdict(const struct troth_device_row *row);
struct troth_store_item sample_state(const struct troth_device_row *row,
				     enum troth_device_state state);
struct troth_store_item sample_document(bool is_policy, const char *name, const char *text);

/* id NULL: shared, or of all; value NULL: none. */
struct troth_store_item sample_secret(enum troth_store_deed deed, const char *name,
				      const uint8_t *id, const char *value);

/* Fails the test, naming the field, unless both rows hold the same. */
void sample_assert_same_row(const struct troth_device_row *a, const struct troth_device_row *b);

#endif
