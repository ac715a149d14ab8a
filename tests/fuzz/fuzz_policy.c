/* SPDX-License-Identifier: Apache-2.0 */
/* Policies, and with them the YAML layer: a refusal has a text and points into the document. */
#include <assert.h>

#include "documents.h"
#include "reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct troth_ctx *ctx;
	static struct troth_policy policy;
	struct troth_config_error error = { 0 };
	if (ctx == NULL)
		assert(troth_ctx_new(&ctx) == TROTH_OK);
	enum troth_status st = troth_policy_parse(ctx, (struct troth_view){ data, size },
						  troth_view_str("example.org"), &policy,
						  &error);
	assert(st == TROTH_OK || error.text[0] != '\0');
	assert(st == TROTH_OK || error.line <= size + 1);
	assert(st != TROTH_OK || (policy.name[0] != '\0' && policy.selection.n_banks > 0));
	return 0;
}
