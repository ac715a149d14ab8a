/* SPDX-License-Identifier: Apache-2.0 */
/* GRUB's commands, as far as they bear on what is measured. */
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "grub_shell.h"

/* ---- variables ---- */

static enum troth_status set_pair(struct troth_grub *g, const char *pair)
{
	const size_t n = strcspn(pair, "=");
	char name[64];
	if (n == 0 || n >= sizeof name)
		return troth_grub_refuse(g, "a variable without a plain name");
	memcpy(name, pair, n);
	name[n] = '\0';
	return troth_grub_set(g, name, pair + n + 1);
}

static enum troth_status do_set(struct troth_grub *g, struct troth_grub_command *c,
				enum troth_grub_outcome *out)
{
	(void)out;
	if (c->n == 1)
		return TROTH_OK; /* prints */
	if (strchr(c->words[1], '=') == NULL)
		return troth_grub_refuse(g, "set without a value");
	return set_pair(g, c->words[1]);
}

static enum troth_status do_unset(struct troth_grub *g, struct troth_grub_command *c,
				  enum troth_grub_outcome *out)
{
	(void)out;
	for (size_t i = 1; i < c->n; i++)
		TROTH_TRY(troth_grub_set(g, c->words[i], NULL));
	return TROTH_OK;
}

static enum troth_status do_export(struct troth_grub *g, struct troth_grub_command *c,
				   enum troth_grub_outcome *out)
{
	(void)out;
	for (size_t i = 1; i < c->n; i++)
		TROTH_TRY(troth_grub_export(g, c->words[i]));
	return TROTH_OK;
}

/* ---- the environment block ---- */

/* One "name=value" of the block, a backslash before what would end it. */
static enum troth_status load_line(struct troth_grub *g, struct troth_view line)
{
	char *pair;
	size_t n = 0;
	TROTH_TRY(troth_grub_keep(g, line, &pair));
	for (size_t i = 0; i < line.n; i++) {
		if (pair[i] == '\\' && i + 1 < line.n)
			i++;
		pair[n++] = pair[i];
	}
	pair[n] = '\0';
	return strchr(pair, '=') != NULL ? set_pair(g, pair) : TROTH_OK;
}

static enum troth_status load_block(struct troth_grub *g, struct troth_view block)
{
	size_t from = 0;
	for (size_t i = 0; i < block.n; i++) {
		if (block.p[i] != '\n')
			continue;
		if (block.p[from] != '#')
			TROTH_TRY(
				load_line(g, (struct troth_view){ block.p + from, i - from }));
		from = i + 1;
	}
	return TROTH_OK;
}

/* load_env [--file FILE]; what it may set can be listed, which the subset has not. */
static enum troth_status do_load_env(struct troth_grub *g, struct troth_grub_command *c,
				     enum troth_grub_outcome *out)
{
	char name[512];
	struct troth_view block;
	const bool given = strcmp(troth_grub_word(c, 1), "-f") == 0 ||
			   strcmp(troth_grub_word(c, 1), "--file") == 0;
	if (c->n != (given ? 3U : 1U))
		return troth_grub_refuse(g, "load_env with these arguments is not followed");
	if (snprintf(name, sizeof name, "%s%s", given ? "" : troth_grub_get(g, "prefix"),
		     given ? troth_grub_word(c, 2) : "/grubenv") >= (int)sizeof name)
		return troth_grub_refuse(g, "the file name is too long");
	enum troth_status status = troth_grub_open(g, name, TROTH_GRUB_ANY, &block);
	if (status == TROTH_E_NOT_FOUND) {
		*out = TROTH_GRUB_NO;
		return TROTH_OK;
	}
	TROTH_TRY(status);
	return load_block(g, block);
}

static enum troth_status do_entry(struct troth_grub *g, struct troth_grub_command *c,
				  enum troth_grub_outcome *out)
{
	(void)out;
	return troth_grub_add_entry(g, c);
}

static enum troth_status do_condition(struct troth_grub *g, struct troth_grub_command *c,
				      enum troth_grub_outcome *out)
{
	const bool bracket = strcmp(c->words[0], "[") == 0;
	if (bracket && strcmp(c->words[c->n - 1], "]") != 0)
		return troth_grub_refuse(g, "a [ is not closed");
	return troth_grub_condition(g, c->words + 1, c->n - 1 - bracket, out);
}

/* ---- the rest ---- */

/* Fonts: with secure boot only those in the image's memory disk, which are not measured. */
static enum troth_status do_loadfont(struct troth_grub *g, struct troth_grub_command *c,
				     enum troth_grub_outcome *out)
{
	*out = TROTH_GRUB_NO;
	for (size_t i = 1; i < c->n; i++)
		if (troth_grub_image_has_font(g->c->image, troth_view_str(c->words[i])))
			*out = TROTH_GRUB_YES;
	return TROTH_OK;
}

/* Translations are files; which of them GRUB opens depends on more than the subset has. */
static enum troth_status check_translation(struct troth_grub *g)
{
	struct troth_grub_file file;
	const char *directory = troth_grub_get(g, "locale_dir");
	const char *lang = troth_grub_get(g, "lang");
	if (directory[0] == '\0' || lang[0] == '\0')
		return TROTH_OK;
	for (size_t n = strlen(lang); n > 0;
	     n = n == strcspn(lang, "_") ? 0 : strcspn(lang, "_")) {
		static const char *const SUFFIXES[] = { "mo", "gmo" };
		for (size_t i = 0; i < TROTH_COUNT(SUFFIXES); i++) {
			char name[512];
			if (snprintf(name, sizeof name, "%s/%.*s.%s", directory, (int)n, lang,
				     SUFFIXES[i]) >= (int)sizeof name)
				return troth_grub_refuse(g, "the file name is too long");
			enum troth_status status =
				troth_grub_look(g, name, TROTH_GRUB_ANY, &file);
			if (status == TROTH_OK)
				return troth_grub_refuse(
					g, "the translation %s is not followed", name);
			if (status != TROTH_E_NOT_FOUND)
				return status;
		}
	}
	return TROTH_OK;
}

/* With secure boot a module is in the image or is refused before it is read. */
static enum troth_status do_insmod(struct troth_grub *g, struct troth_grub_command *c,
				   enum troth_grub_outcome *out)
{
	*out = TROTH_GRUB_UNKNOWN;
	return strcmp(troth_grub_word(c, 1), "gettext") == 0 ? check_translation(g) : TROTH_OK;
}

static enum troth_status do_quietly(struct troth_grub *g, struct troth_grub_command *c,
				    enum troth_grub_outcome *out)
{
	(void)g;
	(void)c;
	*out = TROTH_GRUB_UNKNOWN;
	return TROTH_OK;
}

static enum troth_status do_true(struct troth_grub *g, struct troth_grub_command *c,
				 enum troth_grub_outcome *out)
{
	(void)g;
	(void)c;
	(void)out;
	return TROTH_OK;
}

static enum troth_status do_false(struct troth_grub *g, struct troth_grub_command *c,
				  enum troth_grub_outcome *out)
{
	(void)g;
	(void)c;
	*out = TROTH_GRUB_NO;
	return TROTH_OK;
}

static const struct {
	const char *name;
	troth_grub_runner *run;
} COMMANDS[] = {
	{ "[", do_condition },
	{ "test", do_condition },
	{ "set", do_set },
	{ "unset", do_unset },
	{ "export", do_export },
	{ "true", do_true },
	{ "false", do_false },
	{ "load_env", do_load_env },
	{ "search", troth_grub_do_search },
	{ "search.fs_uuid", troth_grub_do_search },
	{ "search.fs_label", troth_grub_do_search },
	{ "search.file", troth_grub_do_search },
	{ "source", troth_grub_do_source },
	{ ".", troth_grub_do_source },
	{ "configfile", troth_grub_do_configfile },
	{ "menuentry", do_entry },
	{ "submenu", do_entry },
	{ "linux", troth_grub_do_linux },
	{ "linuxefi", troth_grub_do_linux },
	{ "initrd", troth_grub_do_initrd },
	{ "initrdefi", troth_grub_do_initrd },
	{ "boot", troth_grub_do_boot },
	{ "loadfont", do_loadfont },
	{ "insmod", do_insmod },
	/* Nothing but the command itself is measured. */
	{ "echo", do_true },
	{ "save_env", do_quietly },
	{ "serial", do_quietly },
	{ "terminal_input", do_quietly },
	{ "terminal_output", do_quietly },
	{ "clear", do_quietly },
	{ "sleep", do_quietly },
	{ "password", do_quietly },
	{ "password_pbkdf2", do_quietly },
};

/* Joins what was expanded, each word behind a blank: what GRUB measures of a command. */
static enum troth_status measure(struct troth_grub *g, const struct troth_grub_command *c)
{
	char *text = NULL, *end;
	for (size_t i = 0; i < c->n; i++) {
		const struct troth_view blank = troth_view_str(" ");
		if (i == 0) {
			TROTH_TRY(troth_grub_keep(g, troth_view_str(c->words[0]), &text));
			continue;
		}
		g->used--;
		TROTH_TRY(troth_grub_keep(g, blank, &end));
		g->used--;
		TROTH_TRY(troth_grub_keep(g, troth_view_str(c->words[i]), &end));
	}
	return troth_grub_measure(g, text);
}

static enum troth_status call(struct troth_grub *g, const struct troth_grub_function *f,
			      const struct troth_grub_command *c, enum troth_grub_outcome *out)
{
	const char *const *outer = g->parameters;
	g->parameters = (const char *const *)(c->words + 1);
	TROTH_TRY(troth_grub_run(g, f->body, out));
	g->parameters = outer;
	return TROTH_OK;
}

static enum troth_status dispatch(struct troth_grub *g, struct troth_grub_command *c,
				  enum troth_grub_outcome *out)
{
	for (size_t i = 0; i < TROTH_COUNT(COMMANDS); i++)
		if (strcmp(COMMANDS[i].name, c->words[0]) == 0)
			return COMMANDS[i].run(g, c, out);
	for (size_t i = 0; i < g->n_functions; i++)
		if (strcmp(g->functions[i].name, c->words[0]) == 0)
			return call(g, &g->functions[i], c, out);
	if (strchr(c->words[0], '=') != NULL)
		return set_pair(g, c->words[0]);
	return troth_grub_refuse(g, "the command \"%.100s\" is not followed", c->words[0]);
}

enum troth_status troth_grub_do(struct troth_grub *g, struct troth_grub_command *c,
				enum troth_grub_outcome *out)
{
	static const enum troth_grub_outcome INVERTED[] = {
		[TROTH_GRUB_NO] = TROTH_GRUB_YES,
		[TROTH_GRUB_YES] = TROTH_GRUB_NO,
		[TROTH_GRUB_UNKNOWN] = TROTH_GRUB_UNKNOWN,
	};
	const bool inverted = strcmp(c->words[0], "!") == 0 && c->n > 1;
	TROTH_TRY(measure(g, c));
	if (inverted)
		memmove(c->words, c->words + 1, c->n-- * sizeof *c->words);
	*out = TROTH_GRUB_YES;
	TROTH_TRY(dispatch(g, c, out));
	if (inverted)
		*out = INVERTED[*out];
	return TROTH_OK;
}
