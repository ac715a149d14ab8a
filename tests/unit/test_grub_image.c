/* SPDX-License-Identifier: Apache-2.0 */
/* What a GRUB image carries with it, and what a spoiled one must not make of us. */
#include "check.h"

#include "fat.h"
#include "grub_builder.h"
#include "grub_image.h"

#define SCRIPT "source $prefix/grub.cfg\n"
#define CONFIG "normal (memdisk)/grub.cfg\n"

static uint8_t image[GRUB_IMAGE_ROOM];

static void what_it_carries(void **state)
{
	(void)state;
	struct troth_grub_image g;
	const size_t n = grub_image(image, SCRIPT, CONFIG, "/EFI/debian");
	assert_int_equal(troth_grub_image_parse((struct troth_view){ image, n }, &g), TROTH_OK);
	assert_true(troth_view_equal(g.prefix, troth_view_str("/EFI/debian")));
	assert_true(troth_view_equal(g.script, troth_view_str(SCRIPT)));
	assert_true(troth_grub_image_has_font(&g, troth_view_str("unicode")));
	assert_false(troth_grub_image_has_font(&g, troth_view_str("ascii")));
	assert_false(
		troth_grub_image_has_font(&g, troth_view_str("/usr/share/grub/unicode.pf2")));
}

/* The built-in configuration, and the status. */
static const struct {
	const char *config;
	enum troth_status want;
} CONFIGS[] = {
	{ "", TROTH_OK },
	{ "normal (memdisk)/grub.cfg", TROTH_OK },
	{ "normal (memdisk)/GRUB.cfg\n", TROTH_OK },
	{ "normal (memdisk)/other.cfg\n", TROTH_E_NOT_FOUND },
	{ "normal (memdisk)/\n", TROTH_E_NOT_FOUND },
	{ "normal (memdisk)/fonts\n", TROTH_E_NOT_FOUND },
	{ "normal (memdisk)/grub.cfg/x\n", TROTH_E_NOT_FOUND },
	{ "search.fs_uuid 12 root\n", TROTH_E_UNSUPPORTED },
	{ "normal "
	  "(memdisk)/a-very-long-name-that-has-more-than-sixty-four-bytes-in-it-and-so-on\n",
	  TROTH_E_UNSUPPORTED },
};

static void configurations(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CONFIGS / sizeof *CONFIGS; i++) {
		struct troth_grub_image g;
		const size_t n = grub_image(image, SCRIPT, CONFIGS[i].config, "/EFI/debian");
		POISON(g);
		enum troth_status got =
			troth_grub_image_parse((struct troth_view){ image, n }, &g);
		if (got != CONFIGS[i].want)
			fail_msg("%s: %s", CONFIGS[i].config, troth_status_name(got));
		if (got != TROTH_OK)
			ASSERT_POISONED(g);
	}
}

/* A field of the list of modules, which starts at the second section. */
#define MODULES_AT 1024
static const struct {
	const char *name;
	size_t at;
	uint32_t value;
	enum troth_status want;
} MODULES[] = {
	{ "no magic", 0, 0, TROTH_E_MALFORMED },
	{ "a list that ends before it begins", 16, 23, TROTH_E_MALFORMED },
	{ "a list longer than the section", 16, 0x7fffffff, TROTH_E_TRUNCATED },
	{ "a list of more than 2^32 bytes", 20, 0xffffffff, TROTH_E_TRUNCATED },
	{ "a list behind the section", 12, 0xffffffff, TROTH_E_MALFORMED },
	{ "a module shorter than its header", 24 + 4, 7, TROTH_E_MALFORMED },
	{ "a module longer than the list", 24 + 4, 0xffffffff, TROTH_E_TRUNCATED },
};

static void spoiled_modules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof MODULES / sizeof *MODULES; i++) {
		struct troth_grub_image g;
		const size_t n = grub_image(image, SCRIPT, CONFIG, "/EFI/debian");
		pe_u32(image + MODULES_AT + MODULES[i].at, MODULES[i].value);
		enum troth_status got =
			troth_grub_image_parse((struct troth_view){ image, n }, &g);
		if (got != MODULES[i].want)
			fail_msg("%s: %s", MODULES[i].name, troth_status_name(got));
	}
}

static void images_without_modules(void **state)
{
	(void)state;
	static const struct pe_part PARTS[] = { { ".text", "code", 4 } };
	struct troth_grub_image g;
	memset(image, 0, sizeof image);
	const size_t n = pe_build(image, PARTS, 1);
	assert_int_equal(troth_grub_image_parse((struct troth_view){ image, n }, &g),
			 TROTH_E_NOT_FOUND);
	assert_int_equal(troth_grub_image_parse(troth_view_str("no image"), &g),
			 TROTH_E_MALFORMED);
}

/* ---- the memory disk ---- */

static uint8_t disk[FAT_LEN];

static void every_prefix_of_a_disk(void **state)
{
	(void)state;
	fat_memdisk(disk, SCRIPT);
	for (size_t n = 0; n < FAT_DATA_AT + 3 * FAT_SECTOR; n++) {
		uint8_t *exact = malloc(n + 1);
		struct troth_view v;
		memcpy(exact, disk, n);
		enum troth_status got = troth_fat_file((struct troth_view){ exact, n },
						       "fonts/unicode.pf2", &v);
		if (n < FAT_DATA_AT + FAT_SECTOR + 4 && got == TROTH_OK)
			fail_msg("%zu bytes are enough", n);
		free(exact);
	}
}

/* A file of three clusters in a row, and the same with its chain broken. */
static void files_of_several_clusters(void **state)
{
	(void)state;
	char text[2 * FAT_SECTOR + 1];
	struct troth_view v;
	memset(text, 'x', sizeof text);
	fat_start(disk);
	fat_entry(disk, FAT_ROOT_AT, "LONG       ", 0x20, 5, sizeof text);
	fat_content(disk, 5, text, sizeof text);
	assert_int_equal(troth_fat_file(TROTH_VIEW_OF(disk), "long", &v), TROTH_OK);
	assert_int_equal(v.n, sizeof text);
	assert_memory_equal(v.p, text, sizeof text);
	fat_link(disk, 6, 9);
	assert_int_equal(troth_fat_file(TROTH_VIEW_OF(disk), "long", &v), TROTH_E_UNSUPPORTED);
	fat_link(disk, 6, 6);
	assert_int_equal(troth_fat_file(TROTH_VIEW_OF(disk), "long", &v), TROTH_E_UNSUPPORTED);
}

static const struct {
	const char *name;
	size_t at, width;
	uint32_t value;
	enum troth_status want;
} DISKS[] = {
	{ "no sector size", 11, 2, 0, TROTH_E_MALFORMED },
	{ "a sector size too large", 11, 2, 8192, TROTH_E_MALFORMED },
	{ "clusters of no sectors", 13, 1, 0, TROTH_E_MALFORMED },
	{ "no reserved sector", 14, 2, 0, TROTH_E_MALFORMED },
	{ "no table", 16, 1, 0, TROTH_E_MALFORMED },
	{ "FAT32", 22, 2, 0, TROTH_E_UNSUPPORTED },
	{ "no root directory", 17, 2, 0, TROTH_E_UNSUPPORTED },
	{ "a table over everything", 22, 2, 65535, TROTH_E_TRUNCATED },
	{ "a root directory over everything", 17, 2, 65535, TROTH_E_TRUNCATED },
	{ "fewer sectors than come before the clusters", 19, 2, 2, TROTH_E_MALFORMED },
	{ "a file in no cluster", FAT_ROOT_AT + 32 + 26, 2, 0, TROTH_E_MALFORMED },
	{ "a file behind the clusters", FAT_ROOT_AT + 32 + 26, 2, 65535, TROTH_E_MALFORMED },
	{ "a file longer than its disk", FAT_ROOT_AT + 32 + 28, 4, 0xffffffff,
	  TROTH_E_MALFORMED },
};

static void spoiled_disks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof DISKS / sizeof *DISKS; i++) {
		struct troth_view v;
		fat_memdisk(disk, SCRIPT);
		if (DISKS[i].width == 1)
			disk[DISKS[i].at] = (uint8_t)DISKS[i].value;
		else if (DISKS[i].width == 2)
			pe_u16(disk + DISKS[i].at, DISKS[i].value);
		else
			pe_u32(disk + DISKS[i].at, DISKS[i].value);
		enum troth_status got = troth_fat_file(TROTH_VIEW_OF(disk), "grub.cfg", &v);
		if (got != DISKS[i].want)
			fail_msg("%s: %s", DISKS[i].name, troth_status_name(got));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_carries),
		cmocka_unit_test(configurations),
		cmocka_unit_test(spoiled_modules),
		cmocka_unit_test(images_without_modules),
		cmocka_unit_test(every_prefix_of_a_disk),
		cmocka_unit_test(files_of_several_clusters),
		cmocka_unit_test(spoiled_disks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
