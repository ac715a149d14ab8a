/* SPDX-License-Identifier: Apache-2.0 */
#include "fields_json.h"

#include "text.h"

static void put_text(void *to, const char *name, const char *value)
{
	json_object_set_new(to, name, json_string(value));
}

static void put_item(void *to, const char *name, const char *value)
{
	json_t *list = json_object_get(to, name);
	if (list == NULL) {
		list = json_array();
		json_object_set_new(to, name, list);
	}
	json_array_append_new(list, json_string(value));
}

/* Past 63 bits JSON's numbers are not exact everywhere: as text then. */
static void put_number(void *to, const char *name, uint64_t value)
{
	char text[24];
	if (value <= INT64_MAX) {
		json_object_set_new(to, name, json_integer((json_int_t)value));
		return;
	}
	(void)snprintf(text, sizeof text, "%llu", (unsigned long long)value);
	json_object_set_new(to, name, json_string(text));
}

struct troth_fields troth_cli_fields_to(json_t *object)
{
	return (struct troth_fields){ put_text, put_item, put_number, object };
}

json_t *troth_cli_line_json(const struct troth_line *l)
{
	return json_string(l->out);
}

json_t *troth_cli_quirks_json(uint32_t quirks)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < TROTH_QUIRK_N; i++)
		if ((quirks >> i & 1) != 0)
			json_array_append_new(list, json_string(troth_quirk_name(
							    (enum troth_quirk)(1U << i))));
	return list;
}
