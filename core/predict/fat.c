/* SPDX-License-Identifier: Apache-2.0 */
#include "fat.h"

#include <string.h>

#include "base.h"

/* Microsoft FAT32 File System Specification 1.03: the boot sector and a directory's entries. */
#define ENTRY_LEN 32
#define SHORT_NAME_LEN 11
#define ATTRIBUTE_DIRECTORY 0x10
#define ATTRIBUTE_VOLUME 0x08 /* also set in the entries that hold long names */
#define FAT12_CLUSTERS_MAX 4084
#define FAT16_CLUSTERS_MAX 65524

struct fat {
	struct troth_view image, table, root, data;
	size_t cluster_len;
	size_t n_clusters;
	bool fat12;
};

struct entry {
	uint8_t attributes;
	uint16_t cluster;
	uint32_t len;
};

struct boot_sector {
	uint16_t sector_len, n_reserved, n_root, n_sectors16, table_sectors;
	uint32_t n_sectors32;
	uint8_t cluster_sectors, n_tables;
};

static enum troth_status read_boot_sector(struct troth_view image, struct boot_sector *out)
{
	struct troth_reader r = { image };
	struct troth_view skipped;
	struct boot_sector b;
	uint8_t media;
	if (!troth_get_view(&r, 11, &skipped) || !troth_get_u16le(&r, &b.sector_len) ||
	    !troth_get_u8(&r, &b.cluster_sectors) || !troth_get_u16le(&r, &b.n_reserved) ||
	    !troth_get_u8(&r, &b.n_tables) || !troth_get_u16le(&r, &b.n_root) ||
	    !troth_get_u16le(&r, &b.n_sectors16) || !troth_get_u8(&r, &media) ||
	    !troth_get_u16le(&r, &b.table_sectors) || !troth_get_view(&r, 8, &skipped) ||
	    !troth_get_u32le(&r, &b.n_sectors32))
		return TROTH_E_TRUNCATED;
	if (b.sector_len < 512 || b.sector_len > 4096 || b.cluster_sectors == 0 ||
	    b.n_tables == 0 || b.n_reserved == 0)
		return TROTH_E_MALFORMED;
	if (b.table_sectors == 0 || b.n_root == 0) /* FAT32 has neither */
		return TROTH_E_UNSUPPORTED;
	*out = b;
	return TROTH_OK;
}

/* Reserved sectors, the tables, the root directory, the clusters. */
static enum troth_status open_image(struct troth_view image, struct fat *out)
{
	struct boot_sector b;
	struct troth_reader r = { image };
	struct fat f = { .image = image };
	struct troth_view skipped;
	TROTH_TRY(read_boot_sector(image, &b));
	const size_t sector = b.sector_len;
	if (!troth_get_view(&r, b.n_reserved * sector, &skipped) ||
	    !troth_get_view(&r, b.table_sectors * sector, &f.table) ||
	    !troth_get_view(&r, (b.n_tables - 1U) * b.table_sectors * sector, &skipped) ||
	    !troth_get_view(&r, ((size_t)b.n_root * ENTRY_LEN + sector - 1) / sector * sector,
			    &f.root))
		return TROTH_E_TRUNCATED;
	f.data = r.left;
	f.cluster_len = b.cluster_sectors * sector;
	const size_t n_sectors = b.n_sectors16 != 0 ? b.n_sectors16 : b.n_sectors32;
	const size_t before = (size_t)(r.left.p - image.p) / sector;
	f.n_clusters = n_sectors > before ? (n_sectors - before) / b.cluster_sectors : 0;
	if (f.n_clusters > FAT16_CLUSTERS_MAX)
		return TROTH_E_UNSUPPORTED;
	f.fat12 = f.n_clusters <= FAT12_CLUSTERS_MAX;
	*out = f;
	return TROTH_OK;
}

/* The cluster behind this one in its file. */
static enum troth_status next_cluster(const struct fat *f, size_t cluster, size_t *out)
{
	const size_t at = f->fat12 ? cluster + cluster / 2 : cluster * 2;
	struct troth_reader r = { f->table };
	struct troth_view skipped;
	uint16_t v;
	if (!troth_get_view(&r, at, &skipped) || !troth_get_u16le(&r, &v))
		return TROTH_E_TRUNCATED;
	if (f->fat12)
		v = (uint16_t)(cluster % 2 == 0 ? v & 0xfff : v >> 4);
	*out = v;
	return TROTH_OK;
}

/* len bytes from a cluster on; clusters of a file count from 2 and must follow each other. */
static enum troth_status take(const struct fat *f, size_t first, size_t len,
			      struct troth_view *out)
{
	struct troth_reader r = { f->data };
	struct troth_view skipped;
	const size_t n = (len + f->cluster_len - 1) / f->cluster_len;
	if (n == 0) {
		*out = (struct troth_view){ 0 };
		return TROTH_OK;
	}
	if (first < 2 || first - 2 + n > f->n_clusters)
		return TROTH_E_MALFORMED;
	for (size_t i = first; i + 1 < first + n; i++) {
		size_t next;
		TROTH_TRY(next_cluster(f, i, &next));
		if (next != i + 1)
			return TROTH_E_UNSUPPORTED;
	}
	if (!troth_get_view(&r, (first - 2) * f->cluster_len, &skipped) ||
	    !troth_get_view(&r, len, out))
		return TROTH_E_TRUNCATED;
	return TROTH_OK;
}

/* "grub.cfg" as "GRUB    CFG"; false when it is not such a name. */
static bool short_name(struct troth_view name, uint8_t out[SHORT_NAME_LEN])
{
	size_t at = 0;
	memset(out, ' ', SHORT_NAME_LEN);
	for (size_t i = 0; i < name.n; i++) {
		const uint8_t c = name.p[i];
		if (c == '.' && at <= 8)
			at = 8;
		else if (c == '.' || at == SHORT_NAME_LEN)
			return false;
		else
			out[at++] = (uint8_t)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
	}
	return name.n > 0;
}

static enum troth_status find_entry(struct troth_view directory, struct troth_view name,
				    struct entry *out)
{
	struct troth_reader r = { directory };
	uint8_t wanted[SHORT_NAME_LEN];
	if (!short_name(name, wanted))
		return TROTH_E_NOT_FOUND;
	while (r.left.n >= ENTRY_LEN && r.left.p[0] != 0) {
		struct troth_view have, skipped;
		struct entry e;
		if (!troth_get_view(&r, SHORT_NAME_LEN, &have) ||
		    !troth_get_u8(&r, &e.attributes) || !troth_get_view(&r, 14, &skipped) ||
		    !troth_get_u16le(&r, &e.cluster) || !troth_get_u32le(&r, &e.len))
			return TROTH_E_TRUNCATED;
		if ((e.attributes & ATTRIBUTE_VOLUME) == 0 &&
		    troth_view_equal(have, TROTH_VIEW_OF(wanted))) {
			*out = e;
			return TROTH_OK;
		}
	}
	return TROTH_E_NOT_FOUND;
}

/* A directory's length is not told; a small one is its first cluster. */
static enum troth_status enter(const struct fat *f, const struct entry *e,
			       struct troth_view *out)
{
	size_t next;
	if ((e->attributes & ATTRIBUTE_DIRECTORY) == 0)
		return TROTH_E_NOT_FOUND;
	TROTH_TRY(next_cluster(f, e->cluster, &next));
	if (next >= 2 && next - 2 < f->n_clusters)
		return TROTH_E_UNSUPPORTED;
	return take(f, e->cluster, f->cluster_len, out);
}

enum troth_status troth_fat_file(struct troth_view image, const char *path,
				 struct troth_view *out)
{
	struct fat f;
	struct entry e;
	TROTH_TRY(open_image(image, &f));
	struct troth_view directory = f.root;
	for (;;) {
		const size_t n = strcspn(path, "/");
		TROTH_TRY(find_entry(directory, (struct troth_view){ (const uint8_t *)path, n },
				     &e));
		if (path[n] == '\0')
			break;
		TROTH_TRY(enter(&f, &e, &directory));
		path += n + 1;
	}
	if ((e.attributes & ATTRIBUTE_DIRECTORY) != 0)
		return TROTH_E_NOT_FOUND;
	return take(&f, e.cluster, e.len, out);
}
