/* SPDX-License-Identifier: Apache-2.0 */
#include "uefi_variable.h"

#include "base.h"
#include "device_path.h"
#include "reader.h"
#include "signature_list.h"
#include "x509_name.h"

/* GUIDs as they lie in memory (UEFI 2.10, 3.3 and 32.6.1; shim's lib). */
static const uint8_t GLOBAL[16] = { 0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
				    0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c };
static const uint8_t SECURITY[16] = { 0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45,
				      0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f };
static const uint8_t SHIM[16] = { 0x50, 0xab, 0x5d, 0x60, 0x46, 0xe0, 0x00, 0x43,
				  0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23 };

static const struct {
	const uint8_t *guid; /* 16 bytes */
	const char *name;
	enum troth_variable variable;
} KNOWN[] = {
	{ GLOBAL, "SecureBoot", TROTH_VARIABLE_SECURE_BOOT },
	{ GLOBAL, "PK", TROTH_VARIABLE_PK },
	{ GLOBAL, "KEK", TROTH_VARIABLE_KEK },
	{ SECURITY, "db", TROTH_VARIABLE_DB },
	{ SECURITY, "dbx", TROTH_VARIABLE_DBX },
	{ SECURITY, "dbt", TROTH_VARIABLE_DBT },
	{ SECURITY, "dbr", TROTH_VARIABLE_DBR },
	{ GLOBAL, "DeployedMode", TROTH_VARIABLE_DEPLOYED_MODE },
	{ GLOBAL, "AuditMode", TROTH_VARIABLE_AUDIT_MODE },
	{ GLOBAL, "SetupMode", TROTH_VARIABLE_SETUP_MODE },
	{ GLOBAL, "BootOrder", TROTH_VARIABLE_BOOT_ORDER },
	{ SHIM, "SbatLevel", TROTH_VARIABLE_SBAT_LEVEL },
	{ SHIM, "MokList", TROTH_VARIABLE_MOK_LIST },
	{ SHIM, "MokListRT", TROTH_VARIABLE_MOK_LIST },
	{ SHIM, "MokListX", TROTH_VARIABLE_MOK_LIST_X },
	{ SHIM, "MokListXRT", TROTH_VARIABLE_MOK_LIST_X },
	{ SHIM, "MokListTrusted", TROTH_VARIABLE_MOK_LIST_TRUSTED },
	{ SHIM, "MokListTrustedRT", TROTH_VARIABLE_MOK_LIST_TRUSTED },
	{ SHIM, "MokSBState", TROTH_VARIABLE_MOK_SB_STATE },
	{ SHIM, "MokSBStateRT", TROTH_VARIABLE_MOK_SB_STATE },
	{ SHIM, "Shim", TROTH_VARIABLE_SHIM },
	{ SHIM, "vendor_db", TROTH_VARIABLE_VENDOR_DB },
};

/* Lengths are 64-bit and foreign: each is compared with what is left before it is multiplied or
 * taken. */
static bool get_variable(struct troth_reader *r, struct troth_uefi_variable *out)
{
	struct troth_uefi_variable v;
	uint64_t name_units, data_len;
	if (!troth_get_view(r, 16, &v.guid) || !troth_get_u64le(r, &name_units) ||
	    !troth_get_u64le(r, &data_len))
		return false;
	if (name_units > r->left.n / 2 || !troth_get_view(r, (size_t)name_units * 2, &v.name))
		return false;
	if (data_len > r->left.n || !troth_get_view(r, (size_t)data_len, &v.data))
		return false;
	*out = v;
	return true;
}

bool troth_uefi_variable_read(struct troth_view data, struct troth_uefi_variable *out)
{
	struct troth_reader r = { data };
	struct troth_uefi_variable v;
	if (!get_variable(&r, &v) || !troth_at_end(&r))
		return false;
	*out = v;
	return true;
}

bool troth_uefi_authority_read(struct troth_view data, struct troth_uefi_variable *out)
{
	static const size_t STRUCT_PADDING = 6;
	struct troth_reader r = { data };
	struct troth_uefi_variable v;
	if (!get_variable(&r, &v) || r.left.n > STRUCT_PADDING)
		return false;
	*out = v;
	return true;
}

bool troth_utf16_equal(struct troth_view text, const char *ascii)
{
	struct troth_reader r = { text };
	uint16_t unit;
	for (; *ascii != '\0'; ascii++)
		if (!troth_get_u16le(&r, &unit) || unit != (uint8_t)*ascii)
			return false;
	return troth_at_end(&r);
}

static bool is_hex(uint16_t unit)
{
	return (unit >= '0' && unit <= '9') || (unit >= 'A' && unit <= 'F') ||
	       (unit >= 'a' && unit <= 'f');
}

/* "Boot" and four hexadecimal digits. */
static bool names_boot_option(struct troth_view name)
{
	struct troth_reader r = { name };
	struct troth_view boot;
	uint16_t unit;
	if (name.n != 16 || !troth_get_view(&r, 8, &boot) || !troth_utf16_equal(boot, "Boot"))
		return false;
	while (troth_get_u16le(&r, &unit))
		if (!is_hex(unit))
			return false;
	return true;
}

enum troth_variable troth_uefi_variable_known(const struct troth_uefi_variable *v)
{
	for (size_t i = 0; i < TROTH_COUNT(KNOWN); i++)
		if (troth_view_equal(v->guid, (struct troth_view){ KNOWN[i].guid, 16 }) &&
		    troth_utf16_equal(v->name, KNOWN[i].name))
			return KNOWN[i].variable;
	if (troth_view_equal(v->guid, TROTH_VIEW_OF(GLOBAL)) && names_boot_option(v->name))
		return TROTH_VARIABLE_BOOT_OPTION;
	return TROTH_VARIABLE_OTHER;
}

bool troth_boot_option_read(struct troth_view data, struct troth_boot_option *out)
{
	struct troth_reader r = { data };
	struct troth_boot_option option = { 0 };
	uint16_t path_len, unit;
	if (!troth_get_u32le(&r, &option.attributes) || !troth_get_u16le(&r, &path_len))
		return false;
	const struct troth_view text = r.left;
	do {
		if (!troth_get_u16le(&r, &unit))
			return false;
	} while (unit != 0);
	option.description = (struct troth_view){ text.p, text.n - r.left.n };
	if (!troth_get_view(&r, path_len, &option.path))
		return false;
	option.data = r.left;
	*out = option;
	return true;
}

/* ---- rendering ---- */

static bool is_database(enum troth_variable known)
{
	switch (known) {
	case TROTH_VARIABLE_PK:
	case TROTH_VARIABLE_KEK:
	case TROTH_VARIABLE_DB:
	case TROTH_VARIABLE_DBX:
	case TROTH_VARIABLE_DBT:
	case TROTH_VARIABLE_DBR:
	case TROTH_VARIABLE_MOK_LIST:
	case TROTH_VARIABLE_MOK_LIST_X:
	case TROTH_VARIABLE_MOK_LIST_TRUSTED:
	case TROTH_VARIABLE_VENDOR_DB:
	case TROTH_VARIABLE_SHIM: return true;
	case TROTH_VARIABLE_OTHER:
	case TROTH_VARIABLE_SECURE_BOOT:
	case TROTH_VARIABLE_DEPLOYED_MODE:
	case TROTH_VARIABLE_AUDIT_MODE:
	case TROTH_VARIABLE_SETUP_MODE:
	case TROTH_VARIABLE_BOOT_ORDER:
	case TROTH_VARIABLE_BOOT_OPTION:
	case TROTH_VARIABLE_SBAT_LEVEL:
	case TROTH_VARIABLE_MOK_SB_STATE: break;
	}
	return false;
}

static void put_boot_order(struct troth_line *l, struct troth_view data)
{
	struct troth_reader r = { data };
	uint16_t n;
	const char *comma = "";
	while (troth_get_u16le(&r, &n)) {
		troth_line_format(l, "%s%04X", comma, n);
		comma = ",";
	}
}

static void put_boot_option(struct troth_line *l, const struct troth_boot_option *option)
{
	troth_line_str(l, "\"");
	troth_line_utf16(l, option->description);
	troth_line_str(l, "\" ");
	troth_line_device_path(l, option->path);
	if ((option->attributes & 1) == 0)
		troth_line_str(l, " (inactive)");
}

/* An authority is one entry of a database: the owner and, mostly, a certificate. Old shims left
 * the owner out. */
static void put_authority(struct troth_line *l, struct troth_view data)
{
	struct troth_reader r = { data };
	struct troth_view owner, subject;
	if (troth_x509_subject(data, &subject)) {
		troth_line_str(l, "certificate ");
		troth_line_x509_subject(l, data);
	} else if (troth_get_view(&r, 16, &owner) && troth_x509_subject(r.left, &subject)) {
		troth_line_str(l, "certificate ");
		troth_line_x509_subject(l, r.left);
	} else if (troth_looks_ascii(data)) {
		troth_line_ascii(l, data);
	} else {
		troth_line_hex(l, data);
	}
}

static void put_value(struct troth_line *l, const struct troth_event *ev,
		      const struct troth_uefi_variable *v)
{
	const enum troth_variable known = troth_uefi_variable_known(v);
	struct troth_database_count count;
	struct troth_boot_option option;
	if (known == TROTH_VARIABLE_SBAT_LEVEL) {
		troth_line_bytes(l, v->data);
	} else if (v->data.n == 0) {
		troth_line_str(l, "empty");
	} else if (v->data.n == 1) {
		troth_line_format(l, "%u", v->data.p[0]);
	} else if (ev->type == TROTH_EV_EFI_VARIABLE_AUTHORITY) {
		put_authority(l, v->data);
	} else if (is_database(known) && troth_database_count(v->data, &count)) {
		troth_line_database_count(l, &count);
	} else if (known == TROTH_VARIABLE_BOOT_ORDER) {
		put_boot_order(l, v->data);
	} else if (known == TROTH_VARIABLE_BOOT_OPTION &&
		   troth_boot_option_read(v->data, &option)) {
		put_boot_option(l, &option);
	} else {
		troth_line_hex(l, v->data);
	}
}

static bool read_of_event(const struct troth_event *ev, struct troth_uefi_variable *out)
{
	return ev->type == TROTH_EV_EFI_VARIABLE_AUTHORITY
		       ? troth_uefi_authority_read(ev->data, out)
		       : troth_uefi_variable_read(ev->data, out);
}

bool troth_variable_line(struct troth_line *l, const struct troth_event *ev)
{
	struct troth_uefi_variable v;
	if (!read_of_event(ev, &v))
		return false;
	troth_line_utf16(l, v.name);
	troth_line_str(l, ": ");
	put_value(l, ev, &v);
	return true;
}

static void put_entries(const struct troth_fields *f, struct troth_view data)
{
	struct troth_reader r = { data };
	struct troth_signature_list list;
	struct troth_signature_entry entry;
	struct troth_field_line text;
	while (troth_signature_list_next(&r, &list))
		while (troth_signature_entry_next(&list, &entry)) {
			troth_line_signature(troth_field_begin(&text), &list, entry.data);
			troth_field_end_item(f, "entries", &text);
		}
}

static void put_option_fields(const struct troth_fields *f,
			      const struct troth_boot_option *option)
{
	struct troth_field_line path;
	troth_field_text(f, "active", (option->attributes & 1) != 0 ? "yes" : "no");
	troth_field_utf16(f, "description", option->description);
	troth_line_device_path(troth_field_begin(&path), option->path);
	troth_field_end(f, "path", &path);
}

bool troth_variable_fields(const struct troth_fields *f, const struct troth_event *ev)
{
	struct troth_uefi_variable v;
	struct troth_boot_option option;
	struct troth_database_count count;
	struct troth_field_line value;
	if (!read_of_event(ev, &v))
		return false;
	troth_field_utf16(f, "variable", v.name);
	troth_field_guid(f, "guid", v.guid);
	put_value(troth_field_begin(&value), ev, &v);
	troth_field_end(f, "value", &value);
	const enum troth_variable known = troth_uefi_variable_known(&v);
	if (known == TROTH_VARIABLE_BOOT_OPTION && troth_boot_option_read(v.data, &option))
		put_option_fields(f, &option);
	if (ev->type != TROTH_EV_EFI_VARIABLE_AUTHORITY && is_database(known) &&
	    troth_database_count(v.data, &count))
		put_entries(f, v.data);
	return true;
}
