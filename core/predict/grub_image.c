/* SPDX-License-Identifier: Apache-2.0 */
#include "grub_image.h"

#include <stdio.h>
#include <string.h>

#include "base.h"
#include "fat.h"
#include "pe.h"

/* GNU GRUB, kernel.h: "mimg", and the kinds of modules. */
#define MODULES_MAGIC 0x676d696d
#define MODULE_HEADER_LEN 8

enum kind { KIND_ELF, KIND_MEMDISK, KIND_CONFIG, KIND_PREFIX };

static struct troth_view until_nul(struct troth_view v)
{
	size_t n = 0;
	while (n < v.n && v.p[n] != '\0')
		n++;
	return (struct troth_view){ n > 0 ? v.p : NULL, n };
}

static enum troth_status read_modules(struct troth_view section, struct troth_reader *out)
{
	struct troth_reader r = { section };
	struct troth_view skipped, modules;
	uint32_t magic, padding;
	uint64_t offset, size;
	if (!troth_get_u32le(&r, &magic) || !troth_get_u32le(&r, &padding) ||
	    !troth_get_u64le(&r, &offset) || !troth_get_u64le(&r, &size))
		return TROTH_E_TRUNCATED;
	if (magic != MODULES_MAGIC || size < offset)
		return TROTH_E_MALFORMED;
	r.left = section;
	if (offset > section.n || size > section.n || !troth_get_view(&r, offset, &skipped) ||
	    !troth_get_view(&r, size - offset, &modules))
		return TROTH_E_TRUNCATED;
	out->left = modules;
	return TROTH_OK;
}

static enum troth_status read_module(struct troth_reader *r, struct troth_grub_image *image)
{
	uint32_t kind, size;
	struct troth_view body;
	if (!troth_get_u32le(r, &kind) || !troth_get_u32le(r, &size))
		return TROTH_E_TRUNCATED;
	if (size < MODULE_HEADER_LEN)
		return TROTH_E_MALFORMED;
	if (!troth_get_view(r, size - MODULE_HEADER_LEN, &body))
		return TROTH_E_TRUNCATED;
	if (kind == KIND_MEMDISK)
		image->memdisk = body;
	else if (kind == KIND_CONFIG)
		image->script = until_nul(body);
	else if (kind == KIND_PREFIX)
		image->prefix = until_nul(body);
	return TROTH_OK;
}

/* The built-in configuration is read by GRUB's rescue parser, which is no script to follow; the
 * form that hands over to the real one at once is "normal (memdisk)/FILE". */
static enum troth_status follow_normal(struct troth_grub_image *image)
{
	static const char NORMAL[] = "normal (memdisk)/";
	char path[64];
	struct troth_reader r = { image->script };
	struct troth_view start;
	if (image->script.n == 0)
		return TROTH_OK;
	if (!troth_get_view(&r, sizeof NORMAL - 1, &start) ||
	    !troth_view_equal(start, troth_view_str(NORMAL)))
		return TROTH_E_UNSUPPORTED;
	size_t n = 0;
	while (n < r.left.n && r.left.p[n] != '\n')
		n++;
	if (n >= sizeof path)
		return TROTH_E_UNSUPPORTED;
	memcpy(path, r.left.p, n);
	path[n] = '\0';
	return troth_fat_file(image->memdisk, path, &image->script);
}

enum troth_status troth_grub_image_parse(struct troth_view file, struct troth_grub_image *out)
{
	struct troth_grub_image image = { 0 };
	struct troth_reader modules;
	struct troth_pe pe;
	TROTH_TRY(troth_pe_parse(file, &pe));
	const struct troth_pe_section *s = troth_pe_section(&pe, "mods", 0);
	if (s == NULL)
		return TROTH_E_NOT_FOUND;
	TROTH_TRY(read_modules(s->data, &modules));
	while (!troth_at_end(&modules))
		TROTH_TRY(read_module(&modules, &image));
	TROTH_TRY(follow_normal(&image));
	*out = image;
	return TROTH_OK;
}

bool troth_grub_image_has_font(const struct troth_grub_image *image, struct troth_view name)
{
	char path[64];
	struct troth_view font;
	if (name.n > 32)
		return false;
	(void)snprintf(path, sizeof path, "fonts/%.*s.pf2", (int)name.n, (const char *)name.p);
	return troth_fat_file(image->memdisk, path, &font) == TROTH_OK;
}
