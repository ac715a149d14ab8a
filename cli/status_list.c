/* SPDX-License-Identifier: Apache-2.0 */
#include "status_list.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "reader.h"

void troth_cli_status_list_clear(struct troth_cli_status_list *l)
{
	free(l->list);
	*l = (struct troth_cli_status_list){ 0 };
}

/* "<segment>/<name> <status>\n" */
static bool get_line(struct troth_reader *r, struct troth_cli_status *out)
{
	struct troth_view line, end;
	const uint8_t *feed = memchr(r->left.p, '\n', r->left.n);
	if (feed == NULL || !troth_get_view(r, (size_t)(feed - r->left.p), &line) ||
	    !troth_get_view(r, 1, &end) || line.n == 0)
		return false;
	const uint8_t *space = memchr(line.p, ' ', line.n);
	struct troth_reader in = { line };
	return space != NULL && troth_get_view(&in, (size_t)(space - line.p), &out->device) &&
	       troth_get_view(&in, 1, &end) && (out->status = in.left).n > 0;
}

static int compare(struct troth_view a, struct troth_view b)
{
	const size_t n = a.n < b.n ? a.n : b.n;
	const int order = n == 0 ? 0 : memcmp(a.p, b.p, n);
	if (order != 0)
		return order;
	return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

static size_t count_lines(struct troth_view lines)
{
	size_t n = 0;
	for (size_t i = 0; i < lines.n; i++)
		n += lines.p[i] == '\n';
	return n;
}

static bool is_gone(const struct troth_cli_status *s)
{
	return troth_view_equal(s->status, troth_view_str("gone"));
}

enum troth_status troth_cli_status_merge(struct troth_cli_status_list *l,
					 struct troth_view lines)
{
	struct troth_reader r = { lines };
	struct troth_cli_status_list merged = { 0 };
	size_t i = 0;
	merged.list = calloc(l->n + count_lines(lines) + 1, sizeof *merged.list);
	if (merged.list == NULL)
		return TROTH_E_MEMORY;
	while (!troth_at_end(&r)) {
		struct troth_cli_status s;
		if (!get_line(&r, &s)) {
			free(merged.list);
			return TROTH_E_MALFORMED;
		}
		while (i < l->n && compare(l->list[i].device, s.device) < 0)
			merged.list[merged.n++] = l->list[i++];
		if (i < l->n && compare(l->list[i].device, s.device) == 0)
			i++;
		if (!is_gone(&s))
			merged.list[merged.n++] = s;
	}
	while (i < l->n)
		merged.list[merged.n++] = l->list[i++];
	free(l->list);
	*l = merged;
	return TROTH_OK;
}
