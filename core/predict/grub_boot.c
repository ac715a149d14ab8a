/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts and kernels: what GRUB runs and what it loads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "grub_shell.h"

static enum troth_status missing(struct troth_grub *g, const char *command, const char *name)
{
	(void)troth_grub_refuse(g, "%s: no file %s among what was given", command, name);
	return TROTH_E_NOT_FOUND;
}

/* While a script is read its place is in two variables, which every context inherits. */
static enum troth_status set_place(struct troth_grub *g, const char *file)
{
	char directory[512];
	const char *slash = strrchr(file, '/');
	(void)snprintf(directory, sizeof directory, "%.*s",
		       slash != NULL ? (int)(slash - file) : 0, file);
	TROTH_TRY(troth_grub_export(g, "config_file"));
	TROTH_TRY(troth_grub_export(g, "config_directory"));
	TROTH_TRY(troth_grub_set(g, "config_file", file));
	return troth_grub_set(g, "config_directory", directory);
}

enum troth_status troth_grub_run_file(struct troth_grub *g, const char *name,
				      struct troth_view text)
{
	enum troth_grub_outcome outcome;
	struct troth_grub_script script = { .text = text, .line = 1 };
	char full[512], *kept;
	const char *before = troth_grub_get(g, "config_file");
	if (snprintf(full, sizeof full, "%s%s%s%s", name[0] == '(' ? "" : "(",
		     name[0] == '(' ? "" : troth_grub_get(g, "root"), name[0] == '(' ? "" : ")",
		     name) >= (int)sizeof full)
		return troth_grub_refuse(g, "the file name is too long");
	TROTH_TRY(troth_grub_keep(g, troth_view_str(full), &kept));
	TROTH_TRY(set_place(g, kept));
	script.name = kept;
	TROTH_TRY(troth_grub_run(g, script, &outcome));
	return set_place(g, before);
}

enum troth_status troth_grub_source(struct troth_grub *g, const char *name)
{
	struct troth_view text;
	TROTH_TRY(troth_grub_open(g, name, TROTH_GRUB_ANY, &text));
	return troth_grub_run_file(g, name, text);
}

enum troth_status troth_grub_do_source(struct troth_grub *g, struct troth_grub_command *c,
				       enum troth_grub_outcome *out)
{
	(void)out;
	enum troth_status status = troth_grub_source(g, troth_grub_word(c, 1));
	if (status == TROTH_E_NOT_FOUND && g->error->text[0] == '\0')
		return missing(g, c->words[0], troth_grub_word(c, 1));
	return status; /* what the script itself lacked has been said */
}

/* A new context with a menu of its own, which is then shown: its default entry boots. */
enum troth_status troth_grub_do_configfile(struct troth_grub *g, struct troth_grub_command *c,
					   enum troth_grub_outcome *out)
{
	struct troth_grub_menu *outer = g->menu;
	troth_grub_drop_local(g);
	g->menu = calloc(1, sizeof *g->menu);
	enum troth_status status = g->menu == NULL ? TROTH_E_MEMORY
						   : troth_grub_do_source(g, c, out);
	if (status == TROTH_OK && !g->booted)
		status = troth_grub_run_menu(g, troth_grub_get(g, "default"));
	free(g->menu);
	g->menu = outer;
	return status;
}

/* The command line as the kernel gets it: a word with blanks is quoted. How GRUB escapes quotes
 * in it differs between versions. */
static enum troth_status join_cmdline(struct troth_grub *g, const struct troth_grub_command *c,
				      char *out, size_t size)
{
	size_t n = 0;
	for (size_t i = 1; i < c->n; i++) {
		const char *w = c->words[i];
		const char *quote = strchr(w, ' ') != NULL ? "\"" : "";
		if (strpbrk(w, "\\'\"") != NULL)
			return troth_grub_refuse(g, "quotes in a kernel's command line");
		const int len = snprintf(out + n, size - n, "%s%s%s%s", i > 1 ? " " : "", quote,
					 w, quote);
		if (len < 0 || (size_t)len >= size - n) {
			(void)troth_grub_refuse(g, "a command line of more than %d bytes",
						TROTH_CMDLINE_MAX);
			return TROTH_E_LIMIT;
		}
		n += (size_t)len;
	}
	return TROTH_OK;
}

/* The file is read (PCR 9), its image is verified by shim (PCR 4), then the command line is
 * measured as what is handed over (PCR 8). */
enum troth_status troth_grub_do_linux(struct troth_grub *g, struct troth_grub_command *c,
				      enum troth_grub_outcome *out)
{
	char cmdline[TROTH_CMDLINE_MAX + 1] = "";
	struct troth_view kernel;
	(void)out;
	enum troth_status status =
		troth_grub_open(g, troth_grub_word(c, 1), TROTH_GRUB_KERNEL, &kernel);
	if (status == TROTH_E_NOT_FOUND)
		return missing(g, c->words[0], troth_grub_word(c, 1));
	TROTH_TRY(status);
	for (unsigned int i = 0; i < g->c->n_kernel_images; i++) {
		status = troth_predict_image(g->prediction, kernel);
		if (status == TROTH_E_MALFORMED || status == TROTH_E_TRUNCATED)
			return troth_grub_refuse(g, "%s is no sound EFI image",
						 troth_grub_word(c, 1));
		TROTH_TRY(status);
	}
	TROTH_TRY(join_cmdline(g, c, cmdline, sizeof cmdline));
	TROTH_TRY(troth_grub_measure(g, cmdline));
	g->loaded = true;
	return TROTH_OK;
}

enum troth_status troth_grub_do_initrd(struct troth_grub *g, struct troth_grub_command *c,
				       enum troth_grub_outcome *out)
{
	(void)out;
	for (size_t i = 1; i < c->n; i++) {
		struct troth_view data;
		if (strncmp(c->words[i], "newc:", 5) == 0)
			return troth_grub_refuse(g, "initrd newc: is not followed");
		enum troth_status status =
			troth_grub_open(g, c->words[i], TROTH_GRUB_INITRD, &data);
		if (status == TROTH_E_NOT_FOUND)
			return missing(g, c->words[0], c->words[i]);
		TROTH_TRY(status);
	}
	return TROTH_OK;
}

enum troth_status troth_grub_do_boot(struct troth_grub *g, struct troth_grub_command *c,
				     enum troth_grub_outcome *out)
{
	(void)c;
	(void)out;
	if (!g->loaded)
		return troth_grub_refuse(g, "boot without a kernel");
	g->booted = true;
	return TROTH_OK;
}
