/* SPDX-License-Identifier: Apache-2.0 */
/* Reference sets: what is read formats to a text that reads back to the same id. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "documents.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct troth_ctx *ctx;
	struct troth_reference_set set = { 0 }, again = { 0 };
	struct troth_config_error error = { 0 };
	char *text = NULL;
	size_t n = 0;
	if (ctx == NULL)
		assert(troth_ctx_new(&ctx) == TROTH_OK);
	if (troth_reference_parse(ctx, (struct troth_view){ data, size }, &set, &error) !=
	    TROTH_OK) {
		assert(error.text[0] != '\0');
		return 0;
	}
	assert(troth_reference_format(ctx, &set, &text, &n) == TROTH_OK);
	assert(troth_reference_parse(ctx, (struct troth_view){ (const uint8_t *)text, n },
				     &again, &error) == TROTH_OK);
	assert(memcmp(set.id, again.id, sizeof set.id) == 0);
	free(text);
	troth_reference_release(&set);
	troth_reference_release(&again);
	return 0;
}
