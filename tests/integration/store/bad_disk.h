/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that fails: an SQLite VFS in front of the real one, made the default.
 *
 * It counts what changes a file (writes, syncs, truncations) and fails at a chosen
 * one. It also keeps, beside each file, what was last made durable: after a power cut
 * that is all there is. */
#ifndef TROTH_TEST_STORE_BAD_DISK_H
#define TROTH_TEST_STORE_BAD_DISK_H

#include <stdbool.h>

enum bad_disk_fault {
	BAD_DISK_NONE,
	BAD_DISK_WRITE, /* nothing is written */
	BAD_DISK_TORN,	/* half of it is written */
	BAD_DISK_FULL,	/* as a full disk answers */
	BAD_DISK_READ	/* of reads, which are counted in place of changes */
};

/* Once, before any store is opened. */
void bad_disk_install(void);
/* Operations are counted from 1; number `at` fails, and with sticky every one after it. A sync
 * or truncation fails whatever the fault is. */
void bad_disk_arm(enum bad_disk_fault fault, long at, bool sticky);
long bad_disk_count(void);

/* From now on every sync copies its file to file.durable. */
void bad_disk_keep_durable(bool keep);
/* Puts the durable copies of the store's files at another place: the disk after a power cut. */
void bad_disk_power_cut(const char *from, const char *to);
void bad_disk_discard_durable(const char *where);

#endif
