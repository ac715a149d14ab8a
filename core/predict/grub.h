/* SPDX-License-Identifier: Apache-2.0 */
/* What GRUB measures while it runs its configuration: every command with its arguments as they
 * were expanded (PCR 8), every file it opens (PCR 9), and the kernel's image (PCR 4).
 *
 * The configuration is run, as far as files tell how: variables, conditions, functions, menus
 * and the entry that boots by itself. What GRUB's memory, devices or a person at the keyboard
 * would decide is refused with its place, never guessed: an unknown command, a condition on
 * something unknown, loops, wildcards. docs/reference-values.md has the list.
 *
 * GRUB measures through its verifiers (GNU GRUB manual, "Measured Boot"); memory disks are not
 * measured. Secure boot is taken to be on: modules and fonts then come from the image only. */
#ifndef TROTH_CORE_GRUB_H
#define TROTH_CORE_GRUB_H

#include "grub_image.h"
#include "predict.h"

enum troth_grub_use {
	TROTH_GRUB_ANY,
	TROTH_GRUB_SEARCHED, /* on one device after the other */
	TROTH_GRUB_KERNEL,
	TROTH_GRUB_INITRD
};

struct troth_grub_file {
	bool directory;
	struct troth_view data; /* lives until the prediction is made */
};

/* Where GRUB's files are. Paths are absolute, device names without parentheses. */
struct troth_grub_host {
	void *arg;
	/* TROTH_E_NOT_FOUND when the device has no such file. */
	enum troth_status (*file)(void *arg, const char *device, const char *path,
				  enum troth_grub_use use, struct troth_grub_file *out);
	/* The device with a file system of this UUID or label; NULL when it is not known. */
	const char *(*find)(void *arg, bool label, const char *text);
	/* The i-th device, NULL past the last. */
	const char *(*device)(void *arg, size_t i);
	/* Whether all files of a device are known: what is not found there is not there. */
	bool (*whole)(void *arg, const char *device);
};

struct troth_grub_case {
	const struct troth_grub_host *host;
	const struct troth_grub_image *image;
	const char *device;	      /* what GRUB itself was loaded from: "hd0,gpt1" */
	const char *directory;	      /* and where it lay there: "/EFI/debian" */
	unsigned int n_kernel_images; /* times GRUB has the kernel's image verified */
};

/* Where and why it stopped. */
struct troth_grub_error {
	char file[128];
	uint32_t line;
	char text[256];
};

/* Appends what GRUB measures from its start to the kernel's. Anything but TROTH_OK leaves the
 * reason in error: TROTH_E_CONFIG for what is outside the subset or contradicts the files,
 * TROTH_E_NOT_FOUND for a file that is needed and not there, TROTH_E_LIMIT past
 * TROTH_GRUB_... of limits.h. */
TROTH_NODISCARD enum troth_status troth_predict_grub(struct troth_prediction *p,
						     const struct troth_grub_case *c,
						     struct troth_grub_error *error);

#endif
