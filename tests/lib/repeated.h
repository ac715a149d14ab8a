/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of n items, for limits. Include after check.h. */
#ifndef TROTH_TESTS_REPEATED_H
#define TROTH_TESTS_REPEATED_H

#include <stdio.h>

/* before, n items with ", " between them, after. Where an item says %, its number stands. To be
 * freed. */
static inline char *repeated(const char *before, const char *item, size_t n, const char *after)
{
	const char *number = strchr(item, '%');
	const int head = number == NULL ? (int)strlen(item) : (int)(number - item);
	const size_t room = strlen(before) +
			    n * (strlen(item) + sizeof ", 18446744073709551615") +
			    strlen(after) + 1;
	char *text = malloc(room), digits[24] = "";
	assert_non_null(text);
	size_t at = (size_t)snprintf(text, room, "%s", before);
	for (size_t i = 0; i < n; i++) {
		if (number != NULL)
			(void)snprintf(digits, sizeof digits, "%zu", i);
		at += (size_t)snprintf(text + at, room - at, "%s%.*s%s%s", i > 0 ? ", " : "",
				       head, item, digits, number == NULL ? "" : number + 1);
	}
	(void)snprintf(text + at, room - at, "%s", after);
	return text;
}

#endif
