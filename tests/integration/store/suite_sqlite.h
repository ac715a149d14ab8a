/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite as the suite meets it: a store in a folder of its own. */
#ifndef TROTH_TEST_STORE_SUITE_SQLITE_H
#define TROTH_TEST_STORE_SUITE_SQLITE_H

#include "suite.h"

extern const struct suite_kind suite_sqlite;

void store_files_make(char where[256]);
/* Fails when the store left files beside its own. */
void store_files_discard(const char *where);

#endif
