/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base.h"
#include "file.h"
#include "log.h"
#include "reader.h"
#include "text.h"

#define FILE_MAX 4096

TROTH_DEFINE_AUTO(json_t, json_decref)

static bool path_of(const char *state_dir, char *out, size_t room)
{
	return (size_t)snprintf(out, room, "%s/device.json", state_dir) < room;
}

static bool get_text(const json_t *root, const char *key, char *out, size_t room)
{
	const char *text = json_string_value(json_object_get(root, key));
	if (text == NULL || strlen(text) >= room)
		return false;
	(void)snprintf(out, room, "%s", text);
	return true;
}

static bool get_hex(const json_t *root, const char *key, uint8_t *out, size_t n)
{
	const char *text = json_string_value(json_object_get(root, key));
	return text != NULL && troth_parse_hex(troth_view_str(text), out, n);
}

static bool read_state(const json_t *root, struct troth_state *s)
{
	const struct troth_ek_template_info *info;
	char ek[16];

	const json_int_t floor = json_integer_value(json_object_get(root, "time_floor"));
	s->time_floor_s = floor > 0 ? (uint64_t)floor : 0;
	if (!get_text(root, "verifier", s->verifier, sizeof s->verifier) ||
	    !get_text(root, "name", s->name, sizeof s->name) ||
	    !get_text(root, "ek", ek, sizeof ek) ||
	    !get_hex(root, "device_id", s->device_id, sizeof s->device_id))
		return false;
	s->ek = troth_ek_template_from_name(troth_view_str(ek));
	info = troth_ek_template_info(s->ek);
	/* The AK has a SHA-256 Name (tpm_templates.c). */
	s->ak_name.n = 2 + 32;
	return info != NULL && get_hex(root, "ak_name", s->ak_name.bytes, s->ak_name.n);
}

/* TROTH_E_NOT_FOUND when there is none; TROTH_E_MALFORMED. */
static enum troth_status load_from(const char *dir, struct troth_state *out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer text = { 0 };
	char path[TROTH_PATH_MAX + 32];
	struct troth_state s = { 0 };

	if (!path_of(dir, path, sizeof path))
		return TROTH_E_LIMIT;
	enum troth_status status = troth_file_read(path, FILE_MAX, &text);
	if (status == TROTH_OK) {
		TROTH_AUTO(json_decref_p)
		json_t *root =
			json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
		s.enrolled = read_state(root, &s);
		status = s.enrolled ? TROTH_OK : TROTH_E_MALFORMED;
	}
	if (status == TROTH_OK)
		*out = s;
	else if (status != TROTH_E_NOT_FOUND)
		troth_warn("state", "file=%s status=%s; enrolling anew", path,
			   troth_status_name(status));
	return status;
}

void troth_state_load(const struct troth_settings *settings, struct troth_state *out)
{
	struct troth_state s = { 0 };

	if (load_from(settings->run_dir, &s) != TROTH_OK &&
	    load_from(settings->state_dir, &s) != TROTH_OK)
		s = (struct troth_state){ 0 };
	*out = s;
}

static json_t *format_state(const struct troth_state *s)
{
	char id[2 * sizeof s->device_id + 1], ak[2 * TROTH_NAME_MAX + 1];

	troth_format_hex(TROTH_VIEW_OF(s->device_id), id);
	troth_format_hex(troth_name_view(&s->ak_name), ak);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "device_id", id, "ek",
			 troth_ek_template_info(s->ek)->name, "verifier", s->verifier, "name",
			 s->name, "ak_name", ak, "time_floor", (json_int_t)s->time_floor_s);
}

static enum troth_status save_to(const char *dir, mode_t mode, const char *text)
{
	char path[TROTH_PATH_MAX + 32];

	if (!path_of(dir, path, sizeof path))
		return TROTH_E_LIMIT;
	TROTH_TRY(troth_dir_make(dir, mode));
	return troth_file_write(path, troth_view_str(text), 0600);
}

/* What lay in run_dir has come home. */
static void remove_from(const char *dir)
{
	char path[TROTH_PATH_MAX + 32];

	if (path_of(dir, path, sizeof path))
		(void)unlink(path);
}

void troth_state_save(const struct troth_settings *settings, const struct troth_state *state)
{
	TROTH_AUTO(json_decref_p) json_t *root = format_state(state);
	const char *home = settings->state_dir, *aside = settings->run_dir;

	char *text = json_dumps(root, JSON_INDENT(1));
	if (text == NULL) {
		troth_warn("state", "kept=false; no memory");
		return;
	}
	if (save_to(home, 0700, text) == TROTH_OK) {
		if (strcmp(home, aside) != 0)
			remove_from(aside);
	} else {
		const char *why = strerror(errno);
		if (save_to(aside, 0755, text) == TROTH_OK)
			troth_warn("state",
				   "dir=%s why=\"%s\"; cannot be written, kept in %s until the "
				   "next boot",
				   home, why, aside);
		else
			troth_warn("state",
				   "dir=%s why=\"%s\"; cannot be written, the next start "
				   "enrols again",
				   home, why);
	}
	free(text);
}

bool troth_state_fits(const struct troth_state *state, const struct troth_settings *settings)
{
	return state->enrolled && strcmp(state->verifier, settings->verifier) == 0 &&
	       (settings->ek == TROTH_EK_NONE || settings->ek == state->ek);
}
