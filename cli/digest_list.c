/* SPDX-License-Identifier: Apache-2.0 */
#include "digest_list.h"

#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "mapped_file.h"
#include "output.h"
#include "reader.h"
#include "text.h"

/* ---- the output of sha256sum ---- */

#define SUMS_MAX ((size_t)2 * 1024 * 1024 * 1024)

/* Names with a backslash or a line feed are written with both escaped, and the line begins with
 * a backslash (coreutils, "sha256sum invocation"). In place. */
static bool unescape(uint8_t *p, size_t *n)
{
	size_t out = 0;
	for (size_t i = 0; i < *n; i++) {
		if (p[i] != '\\') {
			p[out++] = p[i];
			continue;
		}
		if (++i == *n || (p[i] != '\\' && p[i] != 'n' && p[i] != 'r'))
			return false;
		p[out++] = p[i] == '\\' ? '\\' : p[i] == 'n' ? '\n' : '\r';
	}
	*n = out;
	return true;
}

struct line {
	uint8_t *p;
	size_t n;
};

static enum troth_status add_line(struct line line, const char *source,
				  struct troth_digest_set_builder *b)
{
	const bool escaped = line.n > 0 && line.p[0] == '\\';
	const size_t head = 64 + 2;
	uint8_t digest[32];
	line.p += escaped;
	line.n -= escaped;
	if (line.n <= head || line.p[64] != ' ' || (line.p[65] != ' ' && line.p[65] != '*') ||
	    !troth_parse_hex((struct troth_view){ line.p, 64 }, digest, sizeof digest))
		return TROTH_E_MALFORMED;
	uint8_t *path = line.p + head;
	size_t n = line.n - head;
	if (escaped && !unescape(path, &n))
		return TROTH_E_MALFORMED;
	if (n > 1 && path[0] == '.' && path[1] == '/') {
		path++;
		n--;
	}
	return troth_digest_set_add(b, digest, (struct troth_view){ path, n },
				    troth_view_str(source));
}

bool troth_cli_digests_of_sums(const char *file, const char *source,
			       struct troth_digest_set_builder *b)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer text = { 0 };
	if (!troth_cli_read(file, SUMS_MAX, &text))
		return false;
	size_t number = 0;
	for (size_t at = 0; at < text.n;) {
		uint8_t *end = memchr(text.p + at, '\n', text.n - at);
		const size_t n = end != NULL ? (size_t)(end - text.p) - at : text.n - at;
		number++;
		const enum troth_status status =
			n == 0 ? TROTH_OK
			       : add_line((struct line){ text.p + at, n },
					  source != NULL ? source : "", b);
		if (status != TROTH_OK) {
			troth_cli_error("%s: line %zu is no line of sha256sum with an absolute "
					"path: %s",
					file, number, troth_status_name(status));
			return false;
		}
		at += n + 1;
	}
	return true;
}

/* ---- another list ---- */

static enum troth_status add_set(const struct troth_digest_set *set,
				 struct troth_digest_set_builder *b)
{
	for (size_t i = 0; i < set->n_entries; i++) {
		const struct troth_view digest = troth_digest_set_digest(set, i);
		TROTH_TRY(troth_digest_set_add(b, digest.p, troth_digest_set_path(set, i),
					       troth_digest_set_source(set, i)));
	}
	return TROTH_OK;
}

bool troth_cli_digests_of_list(struct troth_ctx *ctx, const char *file,
			       struct troth_digest_set_builder *b)
{
	struct troth_view map = { 0 };
	struct troth_digest_set set;
	enum troth_status status =
		troth_file_map(file, (size_t)TROTH_DIGEST_SET_FILE_MAX, &map);
	if (status == TROTH_OK)
		status = troth_digest_set_open(map, &set);
	if (status == TROTH_OK)
		status = troth_digest_set_verify(ctx, map);
	if (status == TROTH_OK)
		status = add_set(&set, b);
	troth_file_unmap(map);
	if (status != TROTH_OK)
		troth_cli_error("%s: no sound allow-list: %s", file, troth_status_name(status));
	return status == TROTH_OK;
}
