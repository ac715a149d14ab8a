/* SPDX-License-Identifier: Apache-2.0 */
/* Files of fixtures and of foreign test data. Include after check.h. */
#ifndef TROTH_TESTS_FILES_H
#define TROTH_TESTS_FILES_H

#include <stdio.h>
#include <stdlib.h>

#include <troth/view.h>

/* The whole file at folder/name, in a buffer of exactly its size so that AddressSanitizer sees
 * a byte too many; p is NULL when there is no such file. The caller frees p. */
static inline struct troth_view file_load(const char *folder, const char *name)
{
	char path[512];
	int n = snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = n > 0 && (size_t)n < sizeof path ? fopen(path, "rb") : NULL;
	if (file == NULL)
		return (struct troth_view){ 0 };
	uint8_t *bytes = NULL;
	size_t len = 0;
	if (fseek(file, 0, SEEK_END) == 0) {
		len = (size_t)ftell(file);
		rewind(file);
		bytes = malloc(len > 0 ? len : 1);
		if (bytes != NULL && fread(bytes, 1, len, file) != len) {
			free(bytes);
			bytes = NULL;
		}
	}
	(void)fclose(file);
	return (struct troth_view){ bytes, bytes != NULL ? len : 0 };
}

static inline void file_free(struct troth_view v)
{
	free((void *)(uintptr_t)v.p);
}

/* Copies bytes to a buffer of exactly their size. */
static inline struct troth_view view_dup(struct troth_view v)
{
	uint8_t *copy = malloc(v.n > 0 ? v.n : 1);
	if (copy != NULL && v.n > 0)
		__builtin_memcpy(copy, v.p, v.n);
	return (struct troth_view){ copy, copy != NULL ? v.n : 0 };
}

#endif
