/* SPDX-License-Identifier: Apache-2.0 */
/* EFI device paths, as text (UEFI 2.10, 10.3 and 10.6). Views borrow. */
#ifndef TROTH_CORE_DEVICE_PATH_H
#define TROTH_CORE_DEVICE_PATH_H

#include "line.h"
#include "reader.h"

struct troth_device_node {
	uint8_t type, subtype;
	struct troth_view body;
};

/* Takes the next node; false at the end node, at the end of the bytes, and for what is none. */
TROTH_NODISCARD bool troth_device_node_next(struct troth_reader *r,
					    struct troth_device_node *out);
/* "PciRoot(0x0)/Pci(0x1,0x1)/HD(1,GPT,...)/\EFI\debian\shimx64.efi"; a node without a text form
 * of its own is Path(type,subtype,hex). */
void troth_line_device_path(struct troth_line *l, struct troth_view path);
/* Whether the path leads through a PCI device's own memory: where option ROMs come from. */
TROTH_NODISCARD bool troth_device_path_is_rom(struct troth_view path);

#endif
