/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware_event.h"

#include <inttypes.h>

#include "base.h"
#include "reader.h"

static const size_t TABLE_LEN = 16 + 8;

/* The second form of either structure begins with a text of up to 255 bytes. */
static bool get_description(struct troth_reader *r, struct troth_view *out)
{
	uint8_t len;
	return troth_get_u8(r, &len) && troth_get_view(r, len, out);
}

bool troth_firmware_blob_read(const struct troth_event *ev, struct troth_firmware_blob *out)
{
	struct troth_reader r = { ev->data };
	struct troth_firmware_blob blob = { 0 };
	if (ev->type == TROTH_EV_EFI_PLATFORM_FIRMWARE_BLOB2 &&
	    !get_description(&r, &blob.description))
		return false;
	if (!troth_get_u64le(&r, &blob.base) || !troth_get_u64le(&r, &blob.length) ||
	    !troth_at_end(&r))
		return false;
	*out = blob;
	return true;
}

bool troth_handoff_tables_read(const struct troth_event *ev, struct troth_handoff_tables *out)
{
	struct troth_reader r = { ev->data };
	struct troth_handoff_tables tables = { 0 };
	uint64_t n;
	if (ev->type == TROTH_EV_EFI_HANDOFF_TABLES2 &&
	    !get_description(&r, &tables.description))
		return false;
	if (!troth_get_u64le(&r, &n) || n > r.left.n / TABLE_LEN ||
	    r.left.n != (size_t)n * TABLE_LEN)
		return false;
	tables.n = (size_t)n;
	tables.tables = r.left;
	*out = tables;
	return true;
}

/* Version 1 names its hash algorithm before the device's type, version 2 says first how the
 * device was authenticated (PFP 1.06, TCG_DEVICE_SECURITY_EVENT_DATA and its successor). */
bool troth_spdm_device_read(struct troth_view data, struct troth_spdm_device *out)
{
	static const char FIRST[16] = "SPDM Device Sec", SECOND[] = "SPDM Device Sec2";
	struct troth_reader r = { data };
	struct troth_spdm_device device = { 0 };
	struct troth_view signature;
	uint8_t reserved;
	uint16_t len;
	uint32_t number;
	if (!troth_get_view(&r, sizeof FIRST, &signature) ||
	    !troth_get_u16le(&r, &device.version))
		return false;
	const bool second = troth_view_equal(signature, troth_view_str(SECOND));
	if (!second && !troth_view_equal(signature, TROTH_VIEW_OF(FIRST)))
		return false;
	if (second) {
		if (!troth_get_u8(&r, &device.auth_state) || !troth_get_u8(&r, &reserved))
			return false;
	} else if (!troth_get_u16le(&r, &len)) {
		return false;
	}
	if (!troth_get_u32le(&r, &number) || !troth_get_u32le(&r, &device.device_type))
		return false;
	device.measurement = r.left;
	*out = device;
	return true;
}

static void put_description(struct troth_line *l, struct troth_view description)
{
	if (description.n == 0)
		return;
	troth_line_ascii(l, description);
	troth_line_str(l, ": ");
}

bool troth_blob_line(struct troth_line *l, const struct troth_event *ev)
{
	struct troth_firmware_blob blob;
	if (!troth_firmware_blob_read(ev, &blob))
		return false;
	put_description(l, blob.description);
	troth_line_format(l, "%" PRIu64 " bytes of firmware at 0x%" PRIx64, blob.length,
			  blob.base);
	return true;
}

bool troth_blob_fields(const struct troth_fields *f, const struct troth_event *ev)
{
	struct troth_firmware_blob blob;
	if (!troth_firmware_blob_read(ev, &blob))
		return false;
	if (ev->type == TROTH_EV_EFI_PLATFORM_FIRMWARE_BLOB2)
		troth_field_ascii(f, "description", blob.description);
	troth_field_number(f, "base", blob.base);
	troth_field_number(f, "length", blob.length);
	return true;
}

/* UEFI 2.10, 4.6, and the GUIDs of the specifications that define the tables. */
static const struct {
	uint8_t guid[16];
	const char *name;
} TABLES[] = {
	{ { 0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11, 0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c,
	    0x88, 0x81 },
	  "ACPI 2.0" },
	{ { 0x30, 0x2d, 0x9d, 0xeb, 0x88, 0x2d, 0xd3, 0x11, 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f,
	    0xc1, 0x4d },
	  "ACPI 1.0" },
	{ { 0x31, 0x2d, 0x9d, 0xeb, 0x88, 0x2d, 0xd3, 0x11, 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f,
	    0xc1, 0x4d },
	  "SMBIOS" },
	{ { 0x44, 0x15, 0xfd, 0xf2, 0x94, 0x97, 0x2c, 0x4a, 0x99, 0x2e, 0xe5, 0xbb, 0xcf, 0x20,
	    0xe3, 0x94 },
	  "SMBIOS 3" },
};

static void put_table(struct troth_line *l, struct troth_view guid)
{
	for (size_t i = 0; i < TROTH_COUNT(TABLES); i++)
		if (troth_view_equal(guid, TROTH_VIEW_OF(TABLES[i].guid))) {
			troth_line_str(l, TABLES[i].name);
			return;
		}
	troth_line_guid(l, guid);
}

bool troth_handoff_line(struct troth_line *l, const struct troth_event *ev)
{
	struct troth_handoff_tables tables;
	struct troth_view table;
	if (!troth_handoff_tables_read(ev, &tables))
		return false;
	put_description(l, tables.description);
	struct troth_reader r = { tables.tables };
	troth_line_format(l, "%zu table%s", tables.n, tables.n == 1 ? "" : "s");
	while (troth_get_view(&r, TABLE_LEN, &table)) {
		troth_line_str(l, " ");
		put_table(l, (struct troth_view){ table.p, 16 });
	}
	return true;
}

bool troth_handoff_fields(const struct troth_fields *f, const struct troth_event *ev)
{
	struct troth_handoff_tables tables;
	struct troth_field_line text;
	struct troth_view table;
	if (!troth_handoff_tables_read(ev, &tables))
		return false;
	if (ev->type == TROTH_EV_EFI_HANDOFF_TABLES2)
		troth_field_ascii(f, "description", tables.description);
	struct troth_reader r = { tables.tables };
	while (troth_get_view(&r, TABLE_LEN, &table)) {
		put_table(troth_field_begin(&text), (struct troth_view){ table.p, 16 });
		troth_field_end_item(f, "tables", &text);
	}
	return true;
}

static const char *device_type(uint32_t type)
{
	static const char *const NAMES[] = { "unnamed", "PCI", "USB" };
	return type < TROTH_COUNT(NAMES) ? NAMES[type] : "unknown";
}

bool troth_spdm_line(struct troth_line *l, const struct troth_event *ev)
{
	struct troth_spdm_device device;
	if (!troth_spdm_device_read(ev->data, &device))
		return false;
	troth_line_format(l, "SPDM device (%s)", device_type(device.device_type));
	if (device.version >= 2)
		troth_line_str(l, device.auth_state == 0 ? ", authenticated"
							 : ", not authenticated");
	return true;
}

bool troth_spdm_fields(const struct troth_fields *f, const struct troth_event *ev)
{
	struct troth_spdm_device device;
	if (!troth_spdm_device_read(ev->data, &device))
		return false;
	troth_field_number(f, "version", device.version);
	troth_field_text(f, "device_type", device_type(device.device_type));
	if (device.version >= 2)
		troth_field_number(f, "authentication_state", device.auth_state);
	troth_field_hex(f, "measurement", device.measurement);
	return true;
}
