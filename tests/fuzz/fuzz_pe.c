/* SPDX-License-Identifier: Apache-2.0 */
/* Boot files: an image that is read has a digest, which does not depend on its checksum; what
 * else it may be (a unified kernel, GRUB with its memory disk) is looked into. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "grub_image.h"
#include "predict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct troth_ctx *ctx;

static void predict(struct troth_view file)
{
	struct troth_prediction p = { .banks = { TROTH_HASH_SHA256 }, .n_banks = 1 };
	struct troth_grub_image grub;
	bool inputs;
	assert(troth_prediction_start(ctx, "n", "v", &p) == TROTH_OK);
	assert(troth_predict_image(&p, file) == TROTH_OK && p.set.n_components == 1);
	if (troth_predict_uki(&p, file, (unsigned int)(file.n % 3), (struct troth_view){ 0 },
			      &inputs) == TROTH_OK)
		assert(p.set.n_components >= 2);
	troth_prediction_release(&p);
	if (troth_grub_image_parse(file, &grub) == TROTH_OK)
		(void)troth_grub_image_has_font(&grub, grub.prefix);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct troth_pe pe;
	struct troth_digest before, after;
	struct troth_view v;
	char name[32];
	if (ctx == NULL)
		assert(troth_ctx_new(&ctx) == TROTH_OK);
	if (troth_pe_parse((struct troth_view){ data, size }, &pe) != TROTH_OK)
		return 0;
	uint8_t *copy = malloc(size);
	assert(copy != NULL && troth_pe_digest(ctx, &pe, TROTH_HASH_SHA1, &before) == TROTH_OK);
	memcpy(copy, data, size);
	copy[pe.checksum_at] ^= 1;
	assert(troth_pe_parse((struct troth_view){ copy, size }, &pe) == TROTH_OK);
	assert(troth_pe_digest(ctx, &pe, TROTH_HASH_SHA1, &after) == TROTH_OK);
	assert(troth_digest_equal(&before, &after));
	struct troth_reader r = { pe.certificates };
	for (size_t left = r.left.n + 1; r.left.n < left;) {
		left = r.left.n;
		if (troth_pe_next_signature(&r, &v) == TROTH_OK)
			(void)!troth_pe_signer(v, name, sizeof name);
	}
	predict((struct troth_view){ copy, size });
	free(copy);
	return 0;
}
