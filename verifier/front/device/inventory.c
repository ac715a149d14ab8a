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

/* Why a line is neither an entry nor nothing; NULL when it is one of them. */
static const char *parse_line(struct troth_view line, struct troth_inventory_entry *entry,
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
		return NULL;
	if (!troth_parse_hex(id, entry->id, sizeof entry->id))
		return "a line begins with a device id, 64 hex digits";
	if (!copy_name(name, entry->name))
		return "the name, the second word, is none";
	if (!copy_name(group, entry->group))
		return "the group, the third word, is none";
	return next_word(&line).n == 0 ? NULL : "a fourth word";
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

static enum troth_status read_lines(struct troth_view text, struct troth_inventory *inv,
				    struct troth_inventory_fault *out_fault)
{
	for (uint32_t line = 1; text.n > 0; line++) {
		struct troth_inventory_entry *entry = &inv->entries[inv->n];
		bool present;
		const char *why = parse_line(next_line(&text), entry, &present);
		if (why != NULL) {
			*out_fault = (struct troth_inventory_fault){ line, why };
			return TROTH_E_MALFORMED;
		}
		entry->line = line;
		inv->n += present;
	}
	return TROTH_OK;
}

/* Of two lines with one id, the later one is at fault. */
static enum troth_status find_duplicate(const struct troth_inventory *inv,
					struct troth_inventory_fault *out_fault)
{
	for (size_t i = 1; i < inv->n; i++) {
		const struct troth_inventory_entry *a = &inv->entries[i - 1], *b = a + 1;
		if (by_id(a, b) != 0)
			continue;
		*out_fault =
			(struct troth_inventory_fault){ a->line > b->line ? a->line : b->line,
							"the device has a line already" };
		return TROTH_E_CONFLICT;
	}
	return TROTH_OK;
}

enum troth_status troth_inventory_parse(struct troth_view text, struct troth_inventory *out,
					struct troth_inventory_fault *out_fault)
{
	*out_fault = (struct troth_inventory_fault){ 0, "the text is too long" };
	if (text.n > TROTH_INVENTORY_MAX)
		return TROTH_E_LIMIT;
	struct troth_inventory inv = { 0 };
	inv.entries = calloc(count_lines(text), sizeof *inv.entries);
	if (inv.entries == NULL) {
		out_fault->why = "there is no memory for it";
		return TROTH_E_MEMORY;
	}
	enum troth_status status = read_lines(text, &inv, out_fault);
	if (status == TROTH_OK) {
		qsort(inv.entries, inv.n, sizeof *inv.entries, by_id);
		status = find_duplicate(&inv, out_fault);
	}
	if (status != TROTH_OK) {
		troth_inventory_release(&inv);
		return status;
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
