/* SPDX-License-Identifier: Apache-2.0 */
#include "url.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SCHEME "https://"

/* RFC 3986 unreserved, the delimiters of hosts and ports (IPv6 brackets too), and '/'. What is
 * left out could make one address look like another: '@', '?', '#', '%', '\\', blanks. */
static bool plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("-._~:[]/", c) != NULL;
}

enum troth_status troth_url_join(const char *base, const char *path, char *out, size_t room)
{
	const size_t scheme = sizeof SCHEME - 1;

	if (strncmp(base, SCHEME, scheme) != 0)
		return TROTH_E_CONFIG;
	size_t n = strlen(base);
	while (n > scheme && base[n - 1] == '/')
		n--;
	if (n == scheme || base[scheme] == '/' || base[scheme] == ':')
		return TROTH_E_CONFIG;
	for (size_t i = scheme; i < n; i++)
		if (!plain(base[i]))
			return TROTH_E_CONFIG;
	if (n + strlen(path) >= room)
		return TROTH_E_LIMIT;
	(void)snprintf(out, room, "%.*s%s", (int)n, base, path);
	return TROTH_OK;
}
