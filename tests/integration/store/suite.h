/* SPDX-License-Identifier: Apache-2.0 */
/* The conformance suite: what every backend must do, said through troth_store_ops alone.
 *
 * Each case starts on an empty store. A backend's test program fills in a struct suite_kind and
 * runs suite_devices(), suite_contents(), suite_documents() and suite_secrets(). */
#ifndef TROTH_TEST_STORE_SUITE_H
#define TROTH_TEST_STORE_SUITE_H

#include "check.h"
#include "sample.h"

struct suite_kind {
	const char *name;
	const struct troth_store_ops *ops;
	/* Makes room for an empty store and writes where to open it; removes it. */
	void (*make)(char where[256]);
	void (*discard)(const char *where);
};

struct suite {
	const struct suite_kind *kind;
	const struct troth_store_ops *ops;
	char where[256];
	struct troth_store_backend *b;
};

/* The kind the cases run on; set before the suites are run. */
extern const struct suite_kind *suite_kind;

int suite_devices(void);
int suite_contents(void);
int suite_documents(void);
int suite_secrets(void);

/* For cmocka: an empty store, opened; closed and removed. */
int suite_setup(void **state);
int suite_teardown(void **state);

/* One item in a transaction of its own; rolled back when refused. */
enum troth_status suite_do(struct suite *s, const struct troth_store_item *item);
/* The same, and it must succeed. */
void suite_must(struct suite *s, const struct troth_store_item *item);
/* Closes and opens again: what is read then was on the disk. */
void suite_reopen(struct suite *s);
/* The device as stored; the case fails when there is none. */
struct troth_device_row suite_row(struct suite *s, const uint8_t id[32]);
/* Enrols sample n and returns it as stored. */
struct troth_device_row suite_enrolled(struct suite *s, unsigned n);
size_t suite_count_leaves(struct suite *s);
size_t suite_count_revoked(struct suite *s, uint64_t now_s);

/* Everything the reads tell, as text: equal texts are equal stores. Owned. */
char *suite_dump(const struct troth_store_ops *ops, struct troth_store_backend *b);
/* The item is refused with this status and the store is as before. */
void suite_refused(struct suite *s, const char *why, const struct troth_store_item *item,
		   enum troth_status want);

#endif
