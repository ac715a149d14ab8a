/* SPDX-License-Identifier: Apache-2.0 */
/* GRUB images for tests: a PE image with a list of modules, and a memory disk in it. */
#ifndef TROTH_TESTS_GRUB_BUILDER_H
#define TROTH_TESTS_GRUB_BUILDER_H

#include "pe_builder.h"

/* FAT12: boot sector, one table, 16 entries of a root directory, clusters of one sector. */
#define FAT_SECTOR 512
#define FAT_TABLE_AT FAT_SECTOR
#define FAT_ROOT_AT (2 * FAT_SECTOR)
#define FAT_DATA_AT (3 * FAT_SECTOR)
#define FAT_SECTORS 24
#define FAT_LEN (FAT_SECTORS * FAT_SECTOR)

static inline void fat_start(uint8_t *out)
{
	memset(out, 0, FAT_LEN);
	pe_u16(out + 11, FAT_SECTOR);
	out[13] = 1;	      /* sectors in a cluster */
	pe_u16(out + 14, 1);  /* reserved sectors */
	out[16] = 1;	      /* tables */
	pe_u16(out + 17, 16); /* entries of the root directory */
	pe_u16(out + 19, FAT_SECTORS);
	out[21] = 0xf8;
	pe_u16(out + 22, 1); /* sectors of a table */
}

static inline void fat_link(uint8_t *out, uint32_t cluster, uint32_t next)
{
	uint8_t *p = out + FAT_TABLE_AT + cluster + cluster / 2;
	if (cluster % 2 == 0) {
		p[0] = (uint8_t)next;
		p[1] = (uint8_t)((p[1] & 0xf0) | (next >> 8));
	} else {
		p[0] = (uint8_t)((p[0] & 0x0f) | (next << 4));
		p[1] = (uint8_t)(next >> 4);
	}
}

/* An entry of a directory at an offset; short_name has eleven bytes. */
static inline void fat_entry(uint8_t *out, size_t at, const char *short_name,
			     uint8_t attributes, uint32_t cluster, size_t len)
{
	memcpy(out + at, short_name, 11);
	out[at + 11] = attributes;
	pe_u16(out + at + 26, cluster);
	pe_u32(out + at + 28, (uint32_t)len);
}

/* The bytes of a file, in clusters that follow each other. */
static inline void fat_content(uint8_t *out, uint32_t cluster, const void *data, size_t len)
{
	memcpy(out + FAT_DATA_AT + (cluster - 2) * FAT_SECTOR, data, len);
	for (size_t n = 0; n < len; n += FAT_SECTOR, cluster++)
		fat_link(out, cluster, n + FAT_SECTOR < len ? cluster + 1 : 0xfff);
}

/* grub.cfg with a script, and fonts/unicode.pf2. */
static inline void fat_memdisk(uint8_t *out, const char *script)
{
	const size_t len = strlen(script);
	fat_start(out);
	fat_entry(out, FAT_ROOT_AT, "NO NAME    ", 0x08, 0, 0);
	fat_entry(out, FAT_ROOT_AT + 32, "GRUB    CFG", 0x20, 4, len);
	fat_content(out, 4, script, len);
	fat_entry(out, FAT_ROOT_AT + 64, "FONTS      ", 0x10, 2, 0);
	fat_link(out, 2, 0xfff);
	fat_entry(out, FAT_DATA_AT, "UNICODE PF2", 0x20, 3, 4);
	fat_content(out, 3, "font", 4);
}

/* A module with its header; returns where the next one goes. */
static inline size_t grub_module(uint8_t *out, size_t at, uint32_t kind, const void *body,
				 size_t len)
{
	const size_t whole = 8 + (len + 7) / 8 * 8;
	pe_u32(out + at, kind);
	pe_u32(out + at + 4, (uint32_t)whole);
	memcpy(out + at + 8, body, len);
	return at + whole;
}

#define GRUB_MODULES_ROOM (FAT_LEN + 1024)
#define GRUB_IMAGE_ROOM (GRUB_MODULES_ROOM + 4096)

/* The list of modules; returns its length. */
static inline size_t grub_modules(uint8_t *out, const uint8_t *memdisk, const char *config,
				  const char *prefix)
{
	size_t at = 24;
	memset(out, 0, GRUB_MODULES_ROOM);
	at = grub_module(out, at, 0, "\177ELF", 4);
	at = grub_module(out, at, 1, memdisk, FAT_LEN);
	at = grub_module(out, at, 2, config, strlen(config) + 1);
	at = grub_module(out, at, 3, prefix, strlen(prefix) + 1);
	memcpy(out, "mimg", 4);
	pe_u32(out + 8, 24);
	pe_u32(out + 16, (uint32_t)at);
	return at;
}

/* The whole image; returns its length. */
static inline size_t grub_image(uint8_t *out, const char *script, const char *config,
				const char *prefix)
{
	static uint8_t memdisk[FAT_LEN], modules[GRUB_MODULES_ROOM];
	fat_memdisk(memdisk, script);
	const struct pe_part parts[] = { { ".text", "grub", 4 }, { "mods", modules, 0 } };
	struct pe_part whole[] = { parts[0], parts[1] };
	whole[1].len = grub_modules(modules, memdisk, config, prefix);
	memset(out, 0, GRUB_IMAGE_ROOM);
	return pe_build(out, whole, 2);
}

#endif
