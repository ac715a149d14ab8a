/* SPDX-License-Identifier: Apache-2.0 */
#include "suite_sqlite.h"

#include <stdio.h>
#include <unistd.h>

#include "check.h"

void store_files_make(char where[256])
{
	/* In memory where there is such a place: these tests open hundreds of stores. */
	char memory[] = "/dev/shm/troth-store-XXXXXX", disk[] = "/tmp/troth-store-XXXXXX";
	const char *folder = mkdtemp(memory);

	if (folder == NULL)
		folder = mkdtemp(disk);
	assert_non_null(folder);
	(void)snprintf(where, 256, "%s/store.db", folder);
}

void store_files_discard(const char *where)
{
	static const char *const ENDS[] = { "", "-wal", "-shm", "-journal" };
	char path[300];

	for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++) {
		(void)snprintf(path, sizeof path, "%s%s", where, ENDS[i]);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof path, "%.*s", (int)(strrchr(where, '/') - where), where);
	assert_int_equal(rmdir(path), 0); /* the store left nothing else behind */
}

const struct suite_kind suite_sqlite = { "sqlite", &troth_store_sqlite, store_files_make,
					 store_files_discard };
