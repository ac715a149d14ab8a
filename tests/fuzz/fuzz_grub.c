/* SPDX-License-Identifier: Apache-2.0 */
/* GRUB's configuration: it boots, or it is refused with a reason. */
#include <assert.h>
#include <string.h>

#include "grub.h"
#include "reader.h"

static bool whole(void *arg, const char *device)
{
	(void)arg;
	return device[0] == 'h';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum troth_status find_file(void *arg, const char *device, const char *path,
				   enum troth_grub_use use, struct troth_grub_file *out)
{
	const struct troth_view *script = arg;
	(void)use;
	if (strcmp(device, "hd0") != 0 || path[0] != '/' || strlen(path) > 9)
		return TROTH_E_NOT_FOUND;
	out->directory = path[1] == 'd';
	out->data = *script;
	return TROTH_OK;
}

static const char *find_disk(void *arg, bool label, const char *text)
{
	(void)arg;
	return label || text[0] == 'x' ? "hd1" : NULL;
}

static const char *nth_disk(void *arg, size_t i)
{
	(void)arg;
	return i == 0 ? "hd0" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct troth_ctx *ctx;
	struct troth_view script = { data, size };
	const struct troth_grub_host host = { &script, find_file, find_disk, nth_disk, whole };
	const struct troth_grub_image image = { .prefix = troth_view_str("/g"),
						.script = script };
	const struct troth_grub_case c = { &host, &image, "hd0", "/g", 0 };
	struct troth_prediction p = { .banks = { TROTH_HASH_SHA1 }, .n_banks = 1 };
	struct troth_grub_error error;
	if (ctx == NULL)
		assert(troth_ctx_new(&ctx) == TROTH_OK);
	if (size == 0)
		return 0;
	assert(troth_prediction_start(ctx, "n", "v", &p) == TROTH_OK);
	if (troth_predict_grub(&p, &c, &error) == TROTH_OK)
		assert(p.set.n_components > 0 && error.text[0] == '\0');
	else
		assert(error.text[0] != '\0');
	troth_prediction_release(&p);
	return 0;
}
