/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "reader.h"
#include "text.h"

static bool blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of a line; empty at its end. */
static struct troth_view next_word(struct troth_view *line)
{
	while (line->n > 0 && blank(line->p[0])) {
		line->p++;
		line->n--;
	}
	struct troth_view word = { line->p, 0 };
	while (word.n < line->n && !blank(line->p[word.n]))
		word.n++;
	line->p += word.n;
	line->n -= word.n;
	return word;
}

static bool copy_name(struct troth_view word, char out[TROTH_NAME_LEN_MAX + 1])
{
	if (word.n == 0)
		return true;
	if (!troth_name_valid(word))
		return false;
	memcpy(out, word.p, word.n);
	return true;
}

/* False: neither an entry nor nothing. */
static bool parse_line(struct troth_view line, struct troth_inventory_entry *entry,
		       bool *present)
{
	const uint8_t *comment = line.n > 0 ? memchr(line.p, '#', line.n) : NULL;
	if (comment != NULL)
		line.n = (size_t)(comment - line.p);
	struct troth_view id = next_word(&line), name = next_word(&line),
			  group = next_word(&line);
	*present = id.n > 0;
	*entry = (struct troth_inventory_entry){ 0 };
	if (id.n == 0)
		return true;
	return troth_parse_hex(id, entry->id, sizeof entry->id) &&
	       copy_name(name, entry->name) && copy_name(group, entry->group) &&
	       next_word(&line).n == 0;
}

static int by_id(const void *a, const void *b)
{
	const struct troth_inventory_entry *x = a, *y = b;
	return memcmp(x->id, y->id, sizeof x->id);
}

static size_t count_lines(struct troth_view text)
{
	size_t n = 1;
	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

static struct troth_view next_line(struct troth_view *text)
{
	const uint8_t *end = memchr(text->p, '\n', text->n);
	struct troth_view line = { text->p, end != NULL ? (size_t)(end - text->p) : text->n };
	size_t eaten = line.n + (end != NULL);
	text->p += eaten;
	text->n -= eaten;
	return line;
}

enum troth_status troth_inventory_parse(struct troth_view text, struct troth_inventory *out,
					size_t *bad_line)
{
	if (text.n > TROTH_INVENTORY_MAX)
		return TROTH_E_LIMIT;
	struct troth_inventory inv = { 0 };
	inv.entries = calloc(count_lines(text), sizeof *inv.entries);
	if (inv.entries == NULL)
		return TROTH_E_MEMORY;
	for (size_t line = 1; text.n > 0; line++) {
		bool present;
		if (!parse_line(next_line(&text), &inv.entries[inv.n], &present)) {
			*bad_line = line;
			troth_inventory_release(&inv);
			return TROTH_E_MALFORMED;
		}
		inv.n += present;
	}
	qsort(inv.entries, inv.n, sizeof *inv.entries, by_id);
	for (size_t i = 1; i < inv.n; i++)
		if (by_id(&inv.entries[i - 1], &inv.entries[i]) == 0) {
			*bad_line = 0;
			troth_inventory_release(&inv);
			return TROTH_E_CONFLICT;
		}
	*out = inv;
	return TROTH_OK;
}

void troth_inventory_release(struct troth_inventory *inventory)
{
	free(inventory->entries);
	*inventory = (struct troth_inventory){ 0 };
}

const struct troth_inventory_entry *
troth_inventory_find(const struct troth_inventory *inventory, const uint8_t id[32])
{
	struct troth_inventory_entry key = { 0 };
	if (inventory->n == 0)
		return NULL;
	memcpy(key.id, id, sizeof key.id);
	return bsearch(&key, inventory->entries, inventory->n, sizeof key, by_id);
}
