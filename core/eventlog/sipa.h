/* SPDX-License-Identifier: Apache-2.0 */
/* Tagged events: an id, a length and data (PFP 1.05, 10.4.2.1), one or several in a row.
 *
 * Windows nests them: its containers ("SIPA" events, wbcl.h of the Windows SDK) hold tagged
 * events themselves. Linux and systemd write one, whose data is a description. Nesting is
 * followed to TROTH_SIPA_DEPTH_MAX. Views borrow from the event. */
#ifndef TROTH_CORE_SIPA_H
#define TROTH_CORE_SIPA_H

#include "eventlog.h"
#include "fields.h"
#include "reader.h"

/* Ids of Windows that facts are made of. */
#define TROTH_SIPA_TRUST_BOUNDARY 0x40010001U
#define TROTH_SIPA_LOADED_MODULE 0x40010003U
#define TROTH_SIPA_TRUST_POINT 0xc0010004U
#define TROTH_SIPA_BOOT_COUNTER 0x00020002U
#define TROTH_SIPA_EVENT_COUNTER 0x00020006U
#define TROTH_SIPA_COUNTER_ID 0x00020007U
#define TROTH_SIPA_BOOT_DEBUGGING 0x00040001U
#define TROTH_SIPA_KERNEL_DEBUG 0x00050001U
#define TROTH_SIPA_CODE_INTEGRITY 0x00050002U
#define TROTH_SIPA_TEST_SIGNING 0x00050003U
#define TROTH_SIPA_DEP 0x00050004U
#define TROTH_SIPA_SAFE_MODE 0x00050005U
#define TROTH_SIPA_WINPE 0x00050006U
#define TROTH_SIPA_HYPERVISOR 0x0005000aU
#define TROTH_SIPA_HYPERVISOR_DEBUG 0x0005000dU
#define TROTH_SIPA_VSM 0x00050012U
#define TROTH_SIPA_FLIGHT_SIGNING 0x00050021U

/* Ids of Linux and systemd (drivers/firmware/efi/libstub; systemd's docs). */
#define TROTH_TAG_LINUX_INITRD 0x8f3b22ecU
#define TROTH_TAG_LINUX_OPTIONS 0x8f3b22edU
#define TROTH_TAG_LOADER_CONF 0xf5bc582aU
#define TROTH_TAG_DEVICE_TREE 0x6c46f751U
#define TROTH_TAG_INITRD_ADDON 0x49dffe0fU
#define TROTH_TAG_UCODE_ADDON 0xdac08e1aU
#define TROTH_TAG_UKI_PROFILE 0x13aed6dbU
#define TROTH_TAG_SMBIOS_SYSTEM 0xd5cb7cbcU
#define TROTH_TAG_SMBIOS_BOARD 0xe0d47bc8U
#define TROTH_TAG_SMBIOS_STRINGS 0xc0b3bd23U

struct troth_tagged {
	uint32_t id;
	struct troth_view data;
};

/* Takes the next tagged event; false at the end and for what is none. */
TROTH_NODISCARD bool troth_tagged_next(struct troth_reader *r, struct troth_tagged *out);
/* Whether the data is tagged events to its last byte, at least one. */
TROTH_NODISCARD bool troth_tagged_sound(struct troth_view data);
/* Whether the id says that the data is tagged events in turn. */
TROTH_NODISCARD bool troth_tagged_is_container(uint32_t id);
/* A number of at most eight bytes; false for other data. */
TROTH_NODISCARD bool troth_tagged_number(const struct troth_tagged *t, uint64_t *out);

/* Calls visit for every event that is no container, in order, at any depth. */
void troth_tagged_walk(struct troth_view data,
		       void (*visit)(void *to, const struct troth_tagged *t), void *to);

TROTH_NODISCARD bool troth_tagged_line(struct troth_line *l, const struct troth_event *ev);
TROTH_NODISCARD bool troth_tagged_fields(const struct troth_fields *f,
					 const struct troth_event *ev);

#endif
