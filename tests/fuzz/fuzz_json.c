/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: views lie in the text, values nest as they say, and strings can be written out. */
#include "json.h"
#include "untouched.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct troth_json_value *v, const uint8_t *data, size_t size)
{
	uint8_t buf[256];
	struct troth_writer scratch = { .p = buf, .max = sizeof buf };
	struct troth_view text;
	assert_within(v->name, data, size);
	assert_within(v->text, data, size);
	if (troth_json_string(v, &scratch, &text))
		assert(text.n <= v->text.n);
	for (const struct troth_json_value *in = troth_json_first(v); in != NULL;
	     in = troth_json_next(v, in))
		walk(in, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct troth_json_value values[TROTH_JSON_VALUES_MAX];
	struct troth_json json;
	POISON(json);
	if (troth_json_parse((struct troth_view){ data, size }, values, TROTH_JSON_VALUES_MAX,
			     &json) == TROTH_OK)
		walk(troth_json_root(&json), data, size);
	else
		ASSERT_UNTOUCHED(json);
	return 0;
}
