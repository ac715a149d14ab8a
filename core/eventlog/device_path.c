/* SPDX-License-Identifier: Apache-2.0 */
#include "device_path.h"

#include <inttypes.h>

#include "base.h"

enum { HARDWARE = 1, ACPI = 2, MESSAGING = 3, MEDIA = 4, BIOS_BOOT = 5, END = 0x7f };

bool troth_device_node_next(struct troth_reader *r, struct troth_device_node *out)
{
	struct troth_reader at = *r;
	struct troth_device_node node;
	uint16_t len;
	if (!troth_get_u8(&at, &node.type) || !troth_get_u8(&at, &node.subtype) ||
	    !troth_get_u16le(&at, &len) || len < 4 ||
	    !troth_get_view(&at, (size_t)len - 4, &node.body) || node.type == END)
		return false;
	*r = at;
	*out = node;
	return true;
}

typedef bool node_text(struct troth_line *l, struct troth_reader body);

static bool put_pci(struct troth_line *l, struct troth_reader body)
{
	uint8_t function, device;
	if (!troth_get_u8(&body, &function) || !troth_get_u8(&body, &device))
		return false;
	troth_line_format(l, "Pci(0x%x,0x%x)", device, function);
	return true;
}

static bool put_memory(struct troth_line *l, struct troth_reader body)
{
	uint32_t type;
	uint64_t start, end;
	if (!troth_get_u32le(&body, &type) || !troth_get_u64le(&body, &start) ||
	    !troth_get_u64le(&body, &end))
		return false;
	troth_line_format(l, "MemoryMapped(0x%" PRIx32 ",0x%" PRIx64 ",0x%" PRIx64 ")", type,
			  start, end);
	return true;
}

static bool put_vendor(struct troth_line *l, struct troth_reader body)
{
	struct troth_view guid;
	if (!troth_get_view(&body, 16, &guid))
		return false;
	troth_line_str(l, "Vendor(");
	troth_line_guid(l, guid);
	troth_line_str(l, ")");
	return true;
}

/* UEFI 2.10, 10.3.3: the id is a compressed EISA name, PNP0A03 for a PCI root. */
static bool put_acpi(struct troth_line *l, struct troth_reader body)
{
	uint32_t hid, uid;
	if (!troth_get_u32le(&body, &hid) || !troth_get_u32le(&body, &uid))
		return false;
	if (hid == 0x0a0341d0)
		troth_line_format(l, "PciRoot(0x%" PRIx32 ")", uid);
	else if (hid == 0x0a0841d0)
		troth_line_format(l, "PcieRoot(0x%" PRIx32 ")", uid);
	else
		troth_line_format(l, "Acpi(0x%" PRIx32 ",0x%" PRIx32 ")", hid, uid);
	return true;
}

static bool put_scsi(struct troth_line *l, struct troth_reader body)
{
	uint16_t target, lun;
	if (!troth_get_u16le(&body, &target) || !troth_get_u16le(&body, &lun))
		return false;
	troth_line_format(l, "Scsi(0x%x,0x%x)", target, lun);
	return true;
}

static bool put_usb(struct troth_line *l, struct troth_reader body)
{
	uint8_t port, interface;
	if (!troth_get_u8(&body, &port) || !troth_get_u8(&body, &interface))
		return false;
	troth_line_format(l, "USB(0x%x,0x%x)", port, interface);
	return true;
}

static bool put_mac(struct troth_line *l, struct troth_reader body)
{
	struct troth_view address;
	if (!troth_get_view(&body, 6, &address))
		return false;
	troth_line_str(l, "MAC(");
	troth_line_hex(l, address);
	troth_line_str(l, ")");
	return true;
}

static bool put_sata(struct troth_line *l, struct troth_reader body)
{
	uint16_t port, multiplier, lun;
	if (!troth_get_u16le(&body, &port) || !troth_get_u16le(&body, &multiplier) ||
	    !troth_get_u16le(&body, &lun))
		return false;
	troth_line_format(l, "Sata(0x%x,0x%x,0x%x)", port, multiplier, lun);
	return true;
}

static bool put_nvme(struct troth_line *l, struct troth_reader body)
{
	uint32_t ns;
	struct troth_view id;
	if (!troth_get_u32le(&body, &ns) || !troth_get_view(&body, 8, &id))
		return false;
	troth_line_format(l, "NVMe(0x%" PRIx32 ",", ns);
	troth_line_hex(l, id);
	troth_line_str(l, ")");
	return true;
}

static bool put_uri(struct troth_line *l, struct troth_reader body)
{
	troth_line_str(l, "Uri(");
	troth_line_ascii(l, body.left);
	troth_line_str(l, ")");
	return true;
}

static bool put_hard_drive(struct troth_line *l, struct troth_reader body)
{
	uint32_t number;
	struct troth_view extent, signature;
	uint8_t format, signature_type;
	if (!troth_get_u32le(&body, &number) || !troth_get_view(&body, 16, &extent) ||
	    !troth_get_view(&body, 16, &signature) || !troth_get_u8(&body, &format) ||
	    !troth_get_u8(&body, &signature_type))
		return false;
	troth_line_format(l, "HD(%" PRIu32 ",%s,", number, format == 2 ? "GPT" : "MBR");
	if (signature_type == 2)
		troth_line_guid(l, signature);
	else
		troth_line_hex(l, (struct troth_view){ signature.p, 4 });
	troth_line_str(l, ")");
	return true;
}

static bool put_cdrom(struct troth_line *l, struct troth_reader body)
{
	uint32_t entry;
	if (!troth_get_u32le(&body, &entry))
		return false;
	troth_line_format(l, "CDROM(0x%" PRIx32 ")", entry);
	return true;
}

static bool put_file(struct troth_line *l, struct troth_reader body)
{
	troth_line_utf16(l, body.left);
	return true;
}

static bool put_fv_file(struct troth_line *l, struct troth_reader body)
{
	troth_line_str(l, "FvFile(");
	troth_line_guid(l, body.left);
	troth_line_str(l, ")");
	return true;
}

static bool put_fv(struct troth_line *l, struct troth_reader body)
{
	troth_line_str(l, "Fv(");
	troth_line_guid(l, body.left);
	troth_line_str(l, ")");
	return true;
}

static bool put_rom_range(struct troth_line *l, struct troth_reader body)
{
	uint32_t reserved;
	uint64_t start, end;
	if (!troth_get_u32le(&body, &reserved) || !troth_get_u64le(&body, &start) ||
	    !troth_get_u64le(&body, &end))
		return false;
	troth_line_format(l, "Offset(0x%" PRIx64 ",0x%" PRIx64 ")", start, end);
	return true;
}

static bool put_bios_boot(struct troth_line *l, struct troth_reader body)
{
	uint16_t type, status;
	if (!troth_get_u16le(&body, &type) || !troth_get_u16le(&body, &status))
		return false;
	troth_line_format(l, "BBS(0x%x,", type);
	troth_line_ascii(l, body.left);
	troth_line_str(l, ")");
	return true;
}

static const struct {
	uint8_t type, subtype;
	node_text *put;
} NODES[] = {
	{ HARDWARE, 1, put_pci },
	{ HARDWARE, 3, put_memory },
	{ HARDWARE, 4, put_vendor },
	{ ACPI, 1, put_acpi },
	{ MESSAGING, 2, put_scsi },
	{ MESSAGING, 5, put_usb },
	{ MESSAGING, 10, put_vendor },
	{ MESSAGING, 11, put_mac },
	{ MESSAGING, 18, put_sata },
	{ MESSAGING, 23, put_nvme },
	{ MESSAGING, 24, put_uri },
	{ MEDIA, 1, put_hard_drive },
	{ MEDIA, 2, put_cdrom },
	{ MEDIA, 3, put_vendor },
	{ MEDIA, 4, put_file },
	{ MEDIA, 6, put_fv_file },
	{ MEDIA, 7, put_fv },
	{ MEDIA, 8, put_rom_range },
	{ BIOS_BOOT, 1, put_bios_boot },
};

static bool put_known(struct troth_line *l, const struct troth_device_node *node)
{
	for (size_t i = 0; i < TROTH_COUNT(NODES); i++)
		if (NODES[i].type == node->type && NODES[i].subtype == node->subtype)
			return NODES[i].put(l, (struct troth_reader){ node->body });
	return false;
}

void troth_line_device_path(struct troth_line *l, struct troth_view path)
{
	struct troth_reader r = { path };
	struct troth_device_node node;
	const char *slash = "";
	while (!l->cut && troth_device_node_next(&r, &node)) {
		troth_line_str(l, slash);
		slash = "/";
		if (put_known(l, &node))
			continue;
		troth_line_format(l, "Path(%u,%u,", node.type, node.subtype);
		troth_line_hex(l, node.body);
		troth_line_str(l, ")");
	}
}

/* An option ROM is read from its PCI device: a range of offsets behind the device's node. */
bool troth_device_path_is_rom(struct troth_view path)
{
	struct troth_reader r = { path };
	struct troth_device_node node;
	bool through_pci = false;
	while (troth_device_node_next(&r, &node)) {
		if (node.type == MEDIA && node.subtype == 8)
			return through_pci;
		through_pci |= node.type == HARDWARE && node.subtype == 1;
	}
	return false;
}
