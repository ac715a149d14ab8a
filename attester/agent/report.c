/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <jansson.h>
#include <limits.h>
#include <stdlib.h>

#include "base.h"
#include "clock.h"
#include "file.h"
#include "log.h"
#include "reader.h"
#include "state.h"
#include "text.h"

#define FILE_MAX 8192

TROTH_DEFINE_AUTO(json_t, json_decref)

void troth_report_attempt(const struct troth_settings *settings, const struct troth_outcome *o,
			  uint64_t next_ms)
{
	char path[PATH_MAX], at[32];
	const uint64_t now_ms = troth_now_ms();

	troth_format_time(now_ms / 1000, at);
	TROTH_AUTO(json_decref_p)
	json_t *root = json_pack("{s:s, s:i, s:s?, s:s, s:s, s:I}", "outcome",
				 troth_ending_name(o->ending), "code", (int)o->ending, "reason",
				 o->reason[0] != '\0' ? o->reason : NULL, "text", o->text, "at",
				 at, "next_ms",
				 (json_int_t)(next_ms > 0 ? now_ms + next_ms : 0));
	char *text = json_dumps(root, JSON_INDENT(1));
	(void)snprintf(path, sizeof path, "%s/status.json", settings->run_dir);
	if (text == NULL || troth_file_write(path, troth_view_str(text), 0644) != TROTH_OK)
		troth_warn("status", "file=%s cannot be written", path);
	free(text);
}

/* NULL when there is none, or none that can be read. */
static json_t *read_json(const char *dir, const char *name)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer text = { 0 };
	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	if (troth_file_read(path, FILE_MAX, &text) != TROTH_OK)
		return NULL;
	return json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
}

uint64_t troth_report_not_after_ms(const char *run_dir)
{
	TROTH_AUTO(json_decref_p) json_t *root = read_json(run_dir, "current/state.json");
	const json_int_t ms = json_integer_value(json_object_get(root, "not_after_ms"));
	return ms > 0 ? (uint64_t)ms : 0;
}

static const char *text_of(const json_t *root, const char *key)
{
	const char *text = json_string_value(json_object_get(root, key));
	return text != NULL && text[0] != '\0' ? text : "-";
}

static void print_text(const json_t *all)
{
	const json_t *device = json_object_get(all, "device");
	const json_t *credentials = json_object_get(all, "credentials");
	const json_t *last = json_object_get(all, "last_attempt"); /* or JSON's null */

	printf("device:       %s\n",
	       json_is_object(device) ? text_of(device, "device_id") : "not enrolled yet");
	printf("name:         %s\n", text_of(device, "name"));
	printf("verifier:     %s\n", text_of(device, "verifier"));
	printf("EK:           %s\n", text_of(device, "ek"));
	printf("identity:     %s\n", text_of(credentials, "spiffe_id"));
	printf("valid until:  %s\n", text_of(credentials, "not_after"));
	if (!json_is_object(last)) {
		puts("last attempt: none yet");
		return;
	}
	printf("last attempt: %s %s\n", text_of(last, "at"), text_of(last, "outcome"));
	printf("              %s\n", text_of(last, "text"));
}

/* What device.json has, as it stands for a reader. */
static json_t *device_json(const struct troth_settings *settings)
{
	struct troth_state s;
	char id[2 * sizeof s.device_id + 1];

	troth_state_load(settings, &s);
	if (!s.enrolled)
		return json_null();
	troth_format_hex(TROTH_VIEW_OF(s.device_id), id);
	return json_pack("{s:s, s:s, s:s, s:s}", "device_id", id, "name", s.name, "verifier",
			 s.verifier, "ek", troth_ek_template_info(s.ek)->name);
}

enum troth_ending troth_report_print(const struct troth_settings *settings, bool json)
{
	const uint64_t not_after_ms = troth_report_not_after_ms(settings->run_dir);
	const bool valid = not_after_ms > troth_now_ms();
	json_t *last = read_json(settings->run_dir, "status.json");
	json_t *held = valid ? read_json(settings->run_dir, "current/state.json") : NULL;
	const json_t *code = json_object_get(last, "code");
	enum troth_ending ending = TROTH_ENDED_UNREACHED;

	if (json_is_integer(code) && json_integer_value(code) > TROTH_ENDED_WELL &&
	    json_integer_value(code) <= TROTH_ENDED_TPM)
		ending = (enum troth_ending)json_integer_value(code);
	if (valid)
		ending = TROTH_ENDED_WELL;
	TROTH_AUTO(json_decref_p)
	json_t *all = json_pack("{s:b, s:o, s:o?, s:o?}", "valid", valid, "device",
				device_json(settings), "credentials", held, "last_attempt",
				last);
	if (!json)
		print_text(all);
	else if (json_dumpf(all, stdout, JSON_INDENT(1)) == 0)
		putchar('\n');
	return ending;
}
