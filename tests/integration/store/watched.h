/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's operations, watched: they can fail at a chosen call, be held at the gate, and leave
 * a list of what was applied in which order. One store at a time. */
#ifndef TROTH_TEST_STORE_WATCHED_H
#define TROTH_TEST_STORE_WATCHED_H

#include "sample.h"

extern const struct troth_store_ops watched_ops;

enum watched_fault {
	WATCHED_NONE,
	WATCHED_INSTEAD, /* the call is not made */
	WATCHED_AFTER	 /* the call is made and its success is lost */
};

/* Begin, apply and commit are counted from 1; call number `at` fails, and no other. */
void watched_reset(enum watched_fault fault, long at);
long watched_calls(void);
long watched_commits(void);
long watched_rollbacks(void);

/* While the gate is shut, begin waits. */
void watched_gate(bool shut);
/* Returns once begin waits at the gate. */
void watched_wait_for_begin(void);

/* Names of devices and documents in order of apply, each followed by a space. */
const char *watched_order(void);

#endif
