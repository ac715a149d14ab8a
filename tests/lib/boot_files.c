/* SPDX-License-Identifier: Apache-2.0 */
/* Writes small boot files for scripts: shim.efi, grub.efi (with the start script of Debian's),
 * two kernels and two unified kernel images. usage: boot_files DIRECTORY */
#include <stdio.h>

#include "grub_builder.h"

#define PART(name, text)                     \
	{                                    \
		name, text, sizeof(text) - 1 \
	}

static const char START[] = "if [ -z \"$prefix\" -o ! -e \"$prefix\" ]; then\n"
			    "\tset prefix=($root)/boot/grub\n"
			    "fi\n"
			    "if [ -e $prefix/x86_64-efi/grub.cfg ]; then\n"
			    "\tsource $prefix/x86_64-efi/grub.cfg\n"
			    "elif [ -e $prefix/grub.cfg ]; then\n"
			    "\tsource $prefix/grub.cfg\n"
			    "else\n"
			    "\tsource $cmdpath/grub.cfg\n"
			    "fi\n";

static const struct pe_part SHIM[] = { PART(".text", "shim"), PART(".sbat", "sbat,1\n") };
static const struct pe_part KERNEL[] = { PART(".text", "kernel"), PART(".data", "6.1.0") };
static const struct pe_part NEWER[] = { PART(".text", "kernel"), PART(".data", "6.1.1") };
static const struct pe_part UKI[] = {
	PART(".sdmagic", "#### LoaderInfo: systemd-stub 252.39-1~deb12u2 ####"),
	PART(".initrd", "initial RAM disk"),
	PART(".cmdline", "root=/dev/sda1"),
	PART(".osrel", "ID=test\n"),
	PART(".linux", "kernel"),
};
static const struct pe_part PROFILES[] = {
	PART(".sdmagic", "#### LoaderInfo: systemd-stub 257.8 ####"),
	PART(".linux", "kernel"),
	PART(".cmdline", "base"),
	PART(".profile", "ID=main"),
	PART(".profile", "ID=other"),
	PART(".cmdline", "other"),
};

static int save(const char *directory, const char *name, const uint8_t *bytes, size_t n)
{
	char path[512];
	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	FILE *f = fopen(path, "wb");
	if (f == NULL || fwrite(bytes, 1, n, f) != n || fclose(f) != 0) {
		perror(path);
		return 1;
	}
	return 0;
}

static int make(const char *directory, const char *name, const struct pe_part *parts, size_t n)
{
	static uint8_t image[64 * 1024];
	memset(image, 0, sizeof image);
	return save(directory, name, image, pe_build(image, parts, n));
}

int main(int argc, char **argv)
{
	static uint8_t grub[GRUB_IMAGE_ROOM];
	if (argc != 2)
		return 2;
	const size_t n = grub_image(grub, START, "normal (memdisk)/grub.cfg\n", "/EFI/debian");
	return make(argv[1], "shim.efi", SHIM, 2) | save(argv[1], "grub.efi", grub, n) |
	       make(argv[1], "vmlinuz", KERNEL, 2) | make(argv[1], "vmlinuz-new", NEWER, 2) |
	       make(argv[1], "uki.efi", UKI, 5) | make(argv[1], "profiles.efi", PROFILES, 6);
}
