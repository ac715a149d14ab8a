/* SPDX-License-Identifier: Apache-2.0 */
/* Where GRUB's files are on this machine: trees that stand for its disks, and single files that
 * stand for one of its names. Everything read is kept until the end. */
#ifndef TROTH_CLI_BOOT_FILES_H
#define TROTH_CLI_BOOT_FILES_H

#include "args.h"
#include "file.h"
#include "grub.h"

#define TROTH_CLI_BOOT_FILES_MAX 256

struct troth_cli_boot_files {
	struct troth_cli_list disks;   /* "hd0,gpt1[:UUID or label]=DIRECTORY" */
	struct troth_cli_list files;   /* "(hd0,gpt1)/vmlinuz=FILE"; without a device: on any */
	const char *kernel;	       /* whatever linux names and no tree has */
	struct troth_cli_list initrds; /* one after the other, for what initrd names */
	size_t n_initrds_used;
	size_t n_read;
	struct {
		char *name;
		struct troth_buffer bytes;
	} read[TROTH_CLI_BOOT_FILES_MAX];
	char names[TROTH_CLI_LIST_MAX][64]; /* of the disks */
	/* What GRUB looked for where nobody gave a tree: "(hd0,gpt1)/x". Owned. */
	size_t n_missed;
	char *missed[TROTH_CLI_BOOT_FILES_MAX];
};

/* Checks disks and files, before anything else is asked. Says what is wrong. */
TROTH_NODISCARD bool troth_cli_boot_files_check(struct troth_cli_boot_files *f);
void troth_cli_boot_files_clear(struct troth_cli_boot_files *f);
/* Reads a file of this machine, once. Says what was wrong. */
TROTH_NODISCARD bool troth_cli_boot_file(struct troth_cli_boot_files *f, const char *path,
					 struct troth_view *out);
struct troth_grub_host troth_cli_boot_host(struct troth_cli_boot_files *f);
/* Names what GRUB looked for and nobody gave: the prediction holds for a machine without. */
void troth_cli_boot_files_note(const struct troth_cli_boot_files *f);

#endif
