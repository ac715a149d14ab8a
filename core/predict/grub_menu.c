/* SPDX-License-Identifier: Apache-2.0 */
/* GRUB's menus: which entry boots by itself, and what its script does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "grub_shell.h"
#include "text.h"

/* Options of menuentry and submenu, and whether a value follows. */
static const struct option {
	const char *name;
	bool value;
} OPTIONS[] = {
	{ "--class", true },  { "--users", true }, { "--hotkey", true },
	{ "--source", true }, { "--id", true },	   { "--unrestricted", false },
};

static const struct option *find_option(const char *word, size_t len)
{
	for (size_t i = 0; i < TROTH_COUNT(OPTIONS); i++)
		if (strlen(OPTIONS[i].name) == len && strncmp(OPTIONS[i].name, word, len) == 0)
			return &OPTIONS[i];
	return NULL;
}

/* Takes the option at *at with its value; the id is kept. */
static enum troth_status take_option(struct troth_grub *g, const struct troth_grub_command *c,
				     size_t *at, struct troth_grub_entry *e)
{
	const char *word = c->words[*at];
	const size_t len = strcspn(word, "=");
	const struct option *o = find_option(word, len);
	if (o == NULL)
		return troth_grub_refuse(g, "%s has no option %s we know", c->words[0], word);
	const char *value = word[len] == '=' ? word + len + 1 : NULL;
	if (o->value && value == NULL)
		value = ++*at < c->n ? c->words[*at] : NULL;
	if (o->value && value == NULL)
		return troth_grub_refuse(g, "%s wants a value", o->name);
	if (strcmp(o->name, "--source") == 0)
		return troth_grub_refuse(g, "an entry with --source is not followed");
	if (strcmp(o->name, "--id") == 0)
		e->id = value;
	return TROTH_OK;
}

enum troth_status troth_grub_add_entry(struct troth_grub *g, const struct troth_grub_command *c)
{
	struct troth_grub_entry e = { .submenu = strcmp(c->words[0], "submenu") == 0,
				      .body = c->block };
	if (!c->has_block)
		return troth_grub_refuse(g, "%s without a block", c->words[0]);
	for (size_t i = 1; i + 1 < c->n; i++) {
		if (strncmp(c->words[i], "--", 2) == 0)
			TROTH_TRY(take_option(g, c, &i, &e));
		else if (e.title == NULL)
			e.title = c->words[i];
		else
			return troth_grub_refuse(g, "an entry with arguments is not followed");
	}
	if (e.title == NULL)
		return troth_grub_refuse(g, "an entry without a title");
	if (g->menu->n == TROTH_GRUB_ENTRIES_MAX) {
		(void)troth_grub_refuse(g, "more than %d entries", TROTH_GRUB_ENTRIES_MAX);
		return TROTH_E_LIMIT;
	}
	g->menu->entries[g->menu->n++] = e;
	return TROTH_OK;
}

static bool names(const struct troth_grub_entry *e, struct troth_view wanted)
{
	return troth_view_equal(troth_view_str(e->title), wanted) ||
	       (e->id != NULL && troth_view_equal(troth_view_str(e->id), wanted));
}

/* A number, a title or an id; GRUB takes the first entry where it finds none. */
static const struct troth_grub_entry *choose(const struct troth_grub_menu *menu,
					     struct troth_view wanted)
{
	uint64_t number;
	if (troth_parse_u64(wanted, UINT32_MAX, &number))
		return &menu->entries[number < menu->n ? number : 0];
	for (size_t i = 0; i < menu->n; i++)
		if (names(&menu->entries[i], wanted))
			return &menu->entries[i];
	return &menu->entries[0];
}

/* An entry's script starts with the entry's title as its parameters. */
static enum troth_status run_entry(struct troth_grub *g, const struct troth_grub_entry *e)
{
	const char *const parameters[] = { e->title, NULL };
	const char *const *outer = g->parameters;
	enum troth_grub_outcome outcome;
	char text[512];
	if (snprintf(text, sizeof text, "setparams %s", e->title) >= (int)sizeof text)
		return troth_grub_refuse(g, "the entry's title is too long");
	TROTH_TRY(troth_grub_measure(g, text));
	g->parameters = parameters;
	TROTH_TRY(troth_grub_run(g, e->body, &outcome));
	g->parameters = outer;
	return TROTH_OK;
}

/* The entries of a submenu come to be when its script runs, in a context of its own. */
static enum troth_status run_submenu(struct troth_grub *g, const struct troth_grub_entry *e,
				     const char *rest)
{
	if (rest == NULL)
		return troth_grub_refuse(g, "the default is the submenu \"%s\", no entry in it",
					 e->title);
	if (++g->depth > TROTH_GRUB_DEPTH_MAX)
		return TROTH_E_LIMIT;
	struct troth_grub_menu *outer = g->menu;
	g->menu = calloc(1, sizeof *g->menu);
	enum troth_status status = g->menu == NULL ? TROTH_E_MEMORY : TROTH_OK;
	troth_grub_drop_local(g);
	if (status == TROTH_OK)
		status = run_entry(g, e);
	if (status == TROTH_OK && !g->booted)
		status = troth_grub_run_menu(g, rest);
	free(g->menu);
	g->menu = outer;
	g->depth--;
	return status;
}

enum troth_status troth_grub_run_menu(struct troth_grub *g, const char *wanted)
{
	const size_t n = strcspn(wanted, ">");
	const char *rest = wanted[n] == '>' ? wanted + n + 1 : NULL;
	if (g->menu->n == 0)
		return troth_grub_refuse(g, "the configuration ends and boots nothing");
	if (rest != NULL && rest[0] == '>')
		return troth_grub_refuse(g, "a > in the title of the default entry");
	const struct troth_grub_entry *e =
		choose(g->menu, (struct troth_view){ (const uint8_t *)wanted, n });
	if (e->submenu)
		return run_submenu(g, e, rest);
	TROTH_TRY(run_entry(g, e));
	if (!g->booted && !g->loaded)
		return troth_grub_refuse(g, "the entry \"%s\" loads no kernel", e->title);
	g->booted = true; /* what is loaded is booted, without a command */
	return TROTH_OK;
}
