/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a GRUB run: texts, variables, files. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "grub_shell.h"

#define PCR_FILES 9
#define PCR_COMMANDS 8

enum troth_status troth_grub_refuse(struct troth_grub *g, const char *format, ...)
{
	struct troth_grub_error *e = g->error;
	va_list args;
	*e = (struct troth_grub_error){ 0 };
	if (g->script != NULL) {
		(void)snprintf(e->file, sizeof e->file, "%s", g->script->name);
		e->line = g->script->line;
	}
	va_start(args, format);
	(void)vsnprintf(e->text, sizeof e->text, format, args);
	va_end(args);
	return TROTH_E_CONFIG;
}

enum troth_status troth_grub_keep(struct troth_grub *g, struct troth_view text, char **out)
{
	if (text.n >= TROTH_GRUB_MEMORY_MAX - g->used) {
		(void)troth_grub_refuse(g, "more than %d bytes of text", TROTH_GRUB_MEMORY_MAX);
		return TROTH_E_LIMIT;
	}
	char *p = g->memory + g->used;
	if (text.n > 0)
		memcpy(p, text.p, text.n);
	p[text.n] = '\0';
	g->used += text.n + 1;
	*out = p;
	return TROTH_OK;
}

static struct troth_grub_variable *find_variable(struct troth_grub *g, const char *name)
{
	for (size_t i = 0; i < g->n_variables; i++)
		if (strcmp(g->variables[i].name, name) == 0)
			return &g->variables[i];
	return NULL;
}

const char *troth_grub_get(const struct troth_grub *g, const char *name)
{
	for (size_t i = 0; i < g->n_variables; i++)
		if (strcmp(g->variables[i].name, name) == 0 && g->variables[i].value != NULL)
			return g->variables[i].value;
	return "";
}

static enum troth_status get_variable(struct troth_grub *g, const char *name,
				      struct troth_grub_variable **out)
{
	struct troth_grub_variable *v = find_variable(g, name);
	if (v == NULL) {
		char *kept;
		if (g->n_variables == TROTH_GRUB_VARIABLES_MAX) {
			(void)troth_grub_refuse(g, "more than %d variables",
						TROTH_GRUB_VARIABLES_MAX);
			return TROTH_E_LIMIT;
		}
		TROTH_TRY(troth_grub_keep(g, troth_view_str(name), &kept));
		v = &g->variables[g->n_variables++];
		*v = (struct troth_grub_variable){ .name = kept };
	}
	*out = v;
	return TROTH_OK;
}

/* Normal mode looks for its lists whenever the prefix changes, and reads those it finds. */
static enum troth_status read_lists(struct troth_grub *g, const char *prefix)
{
	static const char *const LISTS[] = { "command", "fs", "crypto", "terminal" };
	for (size_t i = 0; i < TROTH_COUNT(LISTS); i++) {
		char name[512];
		struct troth_view data;
		if (snprintf(name, sizeof name, "%s/x86_64-efi/%s.lst", prefix, LISTS[i]) >=
		    (int)sizeof name)
			return troth_grub_refuse(g, "the prefix is too long");
		enum troth_status status = troth_grub_open(g, name, TROTH_GRUB_ANY, &data);
		if (status != TROTH_OK && status != TROTH_E_NOT_FOUND)
			return status;
	}
	return TROTH_OK;
}

enum troth_status troth_grub_set(struct troth_grub *g, const char *name, const char *value)
{
	struct troth_grub_variable *v;
	char *kept = NULL;
	TROTH_TRY(get_variable(g, name, &v));
	if (value != NULL)
		TROTH_TRY(troth_grub_keep(g, troth_view_str(value), &kept));
	v->value = kept;
	return kept != NULL && strcmp(name, "prefix") == 0 ? read_lists(g, kept) : TROTH_OK;
}

enum troth_status troth_grub_export(struct troth_grub *g, const char *name)
{
	struct troth_grub_variable *v;
	TROTH_TRY(get_variable(g, name, &v));
	v->exported = true;
	return TROTH_OK;
}

void troth_grub_drop_local(struct troth_grub *g)
{
	for (size_t i = 0; i < g->n_variables; i++)
		if (!g->variables[i].exported)
			g->variables[i].value = NULL;
}

enum troth_status troth_grub_measure(struct troth_grub *g, const char *text)
{
	return troth_predict_data(g->prediction, "grub-commands", PCR_COMMANDS,
				  troth_view_str(text));
}

/* "(hd0,gpt1)/x" is a device and a path; "/x" is on $root, which may stand in parentheses. */
static bool split_name(const struct troth_grub *g, const char *name, char *device, size_t size,
		       const char **path)
{
	const bool named = name[0] == '(';
	const char *from = named ? name : troth_grub_get(g, "root");
	from += from[0] == '(';
	const size_t n = strcspn(from, ")");
	if (n == 0 || n >= size || (named && from[n] != ')'))
		return false;
	memcpy(device, from, n);
	device[n] = '\0';
	*path = named ? from + n + 1 : name;
	return (*path)[0] == '/';
}

/* Doubled and final slashes mean nothing to GRUB. */
static bool tidy(const char *path, char *out, size_t size)
{
	size_t n = 0;
	for (; *path != '\0'; path++) {
		if (*path == '/' && (path[1] == '/' || path[1] == '\0'))
			continue;
		if (n + 1 >= size)
			return false;
		out[n++] = *path;
	}
	out[n] = '\0';
	return true;
}

enum troth_status troth_grub_look(struct troth_grub *g, const char *name,
				  enum troth_grub_use use, struct troth_grub_file *out)
{
	const struct troth_grub_host *host = g->c->host;
	char device[64], path[512];
	const char *given;
	if (!split_name(g, name, device, sizeof device, &given))
		return TROTH_E_NOT_FOUND;
	if (!tidy(given, path, sizeof path))
		return troth_grub_refuse(g, "the file name is too long");
	if (path[0] == '\0') /* "/" */
		memcpy(path, "/", 2);
	return host->file(host->arg, device, path, use, out);
}

enum troth_status troth_grub_open(struct troth_grub *g, const char *name,
				  enum troth_grub_use use, struct troth_view *out)
{
	struct troth_grub_file file = { 0 };
	TROTH_TRY(troth_grub_look(g, name, use, &file));
	if (file.directory)
		return TROTH_E_NOT_FOUND;
	TROTH_TRY(troth_predict_data(g->prediction, "grub-files", PCR_FILES, file.data));
	*out = file.data;
	return TROTH_OK;
}
