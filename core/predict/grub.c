/* SPDX-License-Identifier: Apache-2.0 */
/* GRUB from its start: what is set before the first command, and which script is first. */
#include "grub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "grub_shell.h"

/* Set by GRUB 2.06 itself and inherited by every context. */
static const struct {
	const char *name, *value;
} BUILT_IN[] = {
	{ "grub_cpu", "x86_64" },
	{ "grub_platform", "efi" },
	{ "feature_timeout_style", "y" },
	{ "feature_chainloader_bpb", "y" },
	{ "feature_ntldr", "y" },
	{ "feature_platform_search_hint", "y" },
	{ "feature_default_font_path", "y" },
	{ "feature_all_video_module", "y" },
	{ "feature_menuentry_id", "y" },
	{ "feature_menuentry_options", "y" },
	{ "feature_200_final", "y" },
	{ "feature_nativedisk_cmd", "y" },
};

static enum troth_status set_exported(struct troth_grub *g, const char *name, const char *value)
{
	TROTH_TRY(troth_grub_export(g, name));
	return troth_grub_set(g, name, value);
}

/* "(device)path"; a path that names its device already stays as it is. */
static enum troth_status set_place(struct troth_grub *g, const char *name,
				   struct troth_view path)
{
	char text[512];
	const bool named = path.n > 0 && path.p[0] == '(';
	if (snprintf(text, sizeof text, "%s%s%s%.*s", named ? "" : "(",
		     named ? "" : g->c->device, named ? "" : ")", (int)path.n,
		     path.n > 0 ? (const char *)path.p : "") >= (int)sizeof text)
		return troth_grub_refuse(g, "%s is too long", name);
	return set_exported(g, name, text);
}

static enum troth_status start(struct troth_grub *g)
{
	TROTH_TRY(set_exported(g, "root", g->c->device));
	for (size_t i = 0; i < TROTH_COUNT(BUILT_IN); i++)
		TROTH_TRY(set_exported(g, BUILT_IN[i].name, BUILT_IN[i].value));
	TROTH_TRY(set_place(g, "cmdpath", troth_view_str(g->c->directory)));
	return set_place(g, "prefix", g->c->image->prefix);
}

/* The image's own script, or $prefix/grub.cfg, which is measured as every file. */
static enum troth_status run_first(struct troth_grub *g)
{
	char name[512];
	if (g->c->image->script.n > 0)
		return troth_grub_run_file(g, "(memdisk)/grub.cfg", g->c->image->script);
	if (snprintf(name, sizeof name, "%s/grub.cfg", troth_grub_get(g, "prefix")) >=
	    (int)sizeof name)
		return troth_grub_refuse(g, "the prefix is too long");
	enum troth_status status = troth_grub_source(g, name);
	if (status == TROTH_E_NOT_FOUND && g->error->text[0] == '\0')
		(void)troth_grub_refuse(g, "no file %s among what was given", name);
	return status;
}

static enum troth_status run(struct troth_grub *g)
{
	TROTH_TRY(start(g));
	TROTH_TRY(run_first(g));
	return g->booted ? TROTH_OK : troth_grub_run_menu(g, troth_grub_get(g, "default"));
}

enum troth_status troth_predict_grub(struct troth_prediction *p,
				     const struct troth_grub_case *c,
				     struct troth_grub_error *error)
{
	struct troth_grub *g = calloc(1, sizeof *g);
	struct troth_grub_menu *menu = calloc(1, sizeof *menu);
	char *memory = malloc(TROTH_GRUB_MEMORY_MAX);
	enum troth_status status = TROTH_E_MEMORY;
	*error = (struct troth_grub_error){ 0 };
	if (g != NULL && menu != NULL && memory != NULL) {
		*g = (struct troth_grub){ .prediction = p, .c = c, .error = error };
		g->menu = menu;
		g->memory = memory;
		status = run(g);
	}
	if (status != TROTH_OK && error->text[0] == '\0')
		(void)snprintf(error->text, sizeof error->text, "%s",
			       troth_status_name(status));
	free(memory);
	free(menu);
	free(g);
	return status;
}
