/* SPDX-License-Identifier: Apache-2.0 */
/* GRUB's search: devices by what is on them. */
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "grub_shell.h"

struct search {
	char how; /* 'f'ile, 'u'uid, 'l'abel */
	const char *what, *variable;
};

/* search --file|--fs-uuid|--label [--set[=VARIABLE]] [hints] WHAT */
static enum troth_status read_search(struct troth_grub *g, const struct troth_grub_command *c,
				     struct search *out)
{
	struct search s = { .how = 'f', .variable = NULL };
	for (size_t i = 1; i < c->n; i++) {
		const char *w = c->words[i];
		if (strcmp(w, "--file") == 0 || strcmp(w, "-f") == 0)
			s.how = 'f';
		else if (strcmp(w, "--fs-uuid") == 0 || strcmp(w, "-u") == 0)
			s.how = 'u';
		else if (strcmp(w, "--label") == 0 || strcmp(w, "-l") == 0)
			s.how = 'l';
		else if (strncmp(w, "--set=", 6) == 0)
			s.variable = w + 6;
		else if (strcmp(w, "--set") == 0 || strcmp(w, "-s") == 0)
			s.variable = "root";
		else if (strcmp(w, "--no-floppy") != 0 && strncmp(w, "--hint", 6) != 0) {
			if (w[0] == '-' || s.what != NULL)
				return troth_grub_refuse(g, "search with %s is not followed",
							 w);
			s.what = w;
		}
	}
	if (s.what == NULL)
		return troth_grub_refuse(g, "search for nothing");
	*out = s;
	return TROTH_OK;
}

/* search.fs_uuid WHAT [VARIABLE [HINTS]] */
static enum troth_status
read_short_search(struct troth_grub *g, const struct troth_grub_command *c, struct search *out)
{
	const char *kind = strchr(c->words[0], '.') + 1;
	if (c->n < 2)
		return troth_grub_refuse(g, "search for nothing");
	*out = (struct search){ .how = strcmp(kind, "fs_uuid") == 0    ? 'u'
				       : strcmp(kind, "fs_label") == 0 ? 'l'
								       : 'f',
				.what = c->words[1],
				.variable = c->n > 2 ? c->words[2] : NULL };
	return TROTH_OK;
}

/* The one device with this file. Which of several comes first, files do not tell; nor whether
 * a device has it of which only some files are known. */
static enum troth_status find_by_file(struct troth_grub *g, const char *path,
				      const char **out_device)
{
	const struct troth_grub_host *host = g->c->host;
	const char *found = NULL, *device;
	bool all_whole = true;
	for (size_t i = 0; (device = host->device(host->arg, i)) != NULL; i++) {
		struct troth_grub_file file;
		enum troth_status status =
			host->file(host->arg, device, path, TROTH_GRUB_SEARCHED, &file);
		all_whole &= host->whole(host->arg, device);
		if (status == TROTH_E_NOT_FOUND || (status == TROTH_OK && file.directory))
			continue;
		TROTH_TRY(status);
		if (found != NULL)
			return troth_grub_refuse(g, "search: %s is on several disks", path);
		found = device;
	}
	if (found == NULL && !all_whole)
		return troth_grub_refuse(g, "search: no file %s among what was given", path);
	*out_device = found;
	return TROTH_OK;
}

static enum troth_status open_found(struct troth_grub *g, const char *device, const char *path)
{
	char name[512];
	struct troth_view data;
	if (snprintf(name, sizeof name, "(%s)%s", device, path) >= (int)sizeof name)
		return troth_grub_refuse(g, "the file name is too long");
	return troth_grub_open(g, name, TROTH_GRUB_ANY, &data);
}

enum troth_status troth_grub_do_search(struct troth_grub *g, struct troth_grub_command *c,
				       enum troth_grub_outcome *out)
{
	const struct troth_grub_host *host = g->c->host;
	struct search s = { 0 };
	const char *device = NULL;
	if (c->words[0][6] == '.')
		TROTH_TRY(read_short_search(g, c, &s));
	else
		TROTH_TRY(read_search(g, c, &s));
	if (s.how == 'f') {
		TROTH_TRY(find_by_file(g, s.what, &device));
		if (device != NULL)
			TROTH_TRY(open_found(g, device, s.what));
	} else {
		device = host->find(host->arg, s.how == 'l', s.what);
		if (device == NULL)
			return troth_grub_refuse(g, "search: no disk was given for %s", s.what);
	}
	if (device == NULL)
		*out = TROTH_GRUB_NO;
	else if (s.variable != NULL)
		return troth_grub_set(g, s.variable, device);
	return TROTH_OK;
}
