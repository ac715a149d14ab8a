/* SPDX-License-Identifier: Apache-2.0 */
/* EV_IPL: what boot loaders say they measured.
 *
 * GRUB writes commands and command lines with a prefix, and the names of files it read; shim
 * writes the names of its lists; systemd-boot and systemd-stub write UTF-16: a section's name,
 * a command line, or what an initrd is for. Whether a digest proves any of it is proof.h's
 * business. Views borrow from the event. */
#ifndef TROTH_CORE_IPL_H
#define TROTH_CORE_IPL_H

#include "eventlog.h"
#include "fields.h"

enum troth_ipl_kind {
	TROTH_IPL_OTHER = 0,
	TROTH_IPL_GRUB_COMMAND,
	TROTH_IPL_KERNEL_CMDLINE, /* GRUB's and systemd's */
	TROTH_IPL_MODULE_CMDLINE,
	TROTH_IPL_FILE,	       /* a file that was read */
	TROTH_IPL_SHIM,	       /* one of shim's lists: "MokList" */
	TROTH_IPL_UKI_SECTION, /* ".linux" */
	TROTH_IPL_CREDENTIALS, /* systemd-stub's initrd of them */
	TROTH_IPL_EXTENSIONS
};

struct troth_ipl {
	enum troth_ipl_kind kind;
	struct troth_view text; /* without prefix and NUL */
	struct troth_view rest; /* from the NUL on; empty when there is none */
	bool utf16;
	bool old_prefix; /* "grub_cmd " for "grub_cmd: " */
};

/* Never fails: what it does not know is OTHER, with all data as its text. */
struct troth_ipl troth_ipl_read(struct troth_view data);
/* "grub-command", "uki-section". */
const char *troth_ipl_kind_name(enum troth_ipl_kind kind);

TROTH_NODISCARD bool troth_ipl_line(struct troth_line *l, const struct troth_event *ev);
TROTH_NODISCARD bool troth_ipl_fields(const struct troth_fields *f,
				      const struct troth_event *ev);

#endif
