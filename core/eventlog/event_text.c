/* SPDX-License-Identifier: Apache-2.0 */
#include "event_text.h"

#include <inttypes.h>

#include "base.h"
#include "firmware_event.h"
#include "gpt.h"
#include "ipl.h"
#include "no_action.h"
#include "reader.h"
#include "sipa.h"
#include "uefi_image.h"
#include "uefi_variable.h"

/* ---- separators ---- */

/* PFP 1.05, 10.4.1. Windows ends the PCRs it measures to with another text. */
static const char *separator_meaning(struct troth_view data)
{
	static const uint8_t ZEROS[4] = { 0 }, ONES[4] = { 0xff, 0xff, 0xff, 0xff },
			     ERROR[4] = { 1 };
	if (troth_view_equal(data, TROTH_VIEW_OF(ZEROS)) ||
	    troth_view_equal(data, TROTH_VIEW_OF(ONES)))
		return "end of the firmware's measurements";
	if (troth_view_equal(data, TROTH_VIEW_OF(ERROR)))
		return "the firmware reports an error";
	if (troth_view_equal(data, troth_view_str("WBCL")))
		return "end of the Windows boot manager's measurements";
	return NULL;
}

static bool separator_line(struct troth_line *l, const struct troth_event *ev)
{
	const char *meaning = separator_meaning(ev->data);
	if (meaning == NULL)
		return false;
	troth_line_str(l, meaning);
	return true;
}

static bool separator_fields(const struct troth_fields *f, const struct troth_event *ev)
{
	const char *meaning = separator_meaning(ev->data);
	if (meaning != NULL)
		troth_field_text(f, "meaning", meaning);
	troth_field_hex(f, "data", ev->data);
	return true;
}

/* ---- texts and numbers ---- */

static bool looks_text(struct troth_view v)
{
	return troth_looks_utf16(v) || troth_looks_ascii(v);
}

static bool text_line(struct troth_line *l, const struct troth_event *ev)
{
	if (!looks_text(ev->data))
		return false;
	troth_line_text(l, ev->data);
	return true;
}

static bool text_fields(const struct troth_fields *f, const struct troth_event *ev)
{
	struct troth_field_line text;
	if (!looks_text(ev->data))
		return false;
	troth_line_text(troth_field_begin(&text), ev->data);
	troth_field_end(f, "text", &text);
	return true;
}

/* A version is a text, or the GUID of the firmware's build. */
static bool version_line(struct troth_line *l, const struct troth_event *ev)
{
	static const uint8_t NONE[2] = { 0 };
	if (troth_view_equal(ev->data, TROTH_VIEW_OF(NONE)))
		troth_line_str(l, "no version");
	else if (looks_text(ev->data))
		troth_line_text(l, ev->data);
	else if (ev->data.n == 16)
		troth_line_guid(l, ev->data);
	else
		return false;
	return true;
}

static bool version_fields(const struct troth_fields *f, const struct troth_event *ev)
{
	struct troth_field_line text;
	if (!version_line(troth_field_begin(&text), ev))
		return false;
	troth_field_end(f, "version", &text);
	return true;
}

/* Firmware and boot loaders use tags, or nothing but a name with something behind it. */
static bool config_line(struct troth_line *l, const struct troth_event *ev)
{
	return text_line(l, ev) || troth_tagged_line(l, ev);
}

static bool config_fields(const struct troth_fields *f, const struct troth_event *ev)
{
	return text_fields(f, ev) || troth_tagged_fields(f, ev);
}

/* POST codes name a part of the firmware, or say where it lies as a blob does. */
static bool post_code_line(struct troth_line *l, const struct troth_event *ev)
{
	return text_line(l, ev) || troth_blob_line(l, ev);
}

static bool post_code_fields(const struct troth_fields *f, const struct troth_event *ev)
{
	return text_fields(f, ev) || troth_blob_fields(f, ev);
}

static bool devices_line(struct troth_line *l, const struct troth_event *ev)
{
	return text_line(l, ev) || troth_handoff_line(l, ev);
}

static bool devices_fields(const struct troth_fields *f, const struct troth_event *ev)
{
	return text_fields(f, ev) || troth_handoff_fields(f, ev);
}

/* ---- platforms beside the host ---- */

/* What a hypervisor or a management engine says begins with its name, as a C string. */
static struct troth_view name_of(struct troth_view data)
{
	struct troth_view name = { data.p, 0 };
	while (name.n < data.n && data.p[name.n] >= 0x20 && data.p[name.n] < 0x7f)
		name.n++;
	return name.n >= 4 && name.n < data.n && data.p[name.n] == 0 ? name
								     : (struct troth_view){ 0 };
}

/* Google's hypervisor: a byte behind its name. NULL for others, and for what came later. */
static const char *memory_encryption(struct troth_view name, struct troth_view data)
{
	static const char *const KINDS[] = { "none", "AMD SEV", "AMD SEV-ES", "Intel TDX",
					     "AMD SEV-SNP" };
	struct troth_reader r = { data };
	struct troth_view skipped;
	uint8_t kind;
	if (!troth_view_equal(name, troth_view_str("GCE NonHostInfo")) ||
	    !troth_get_view(&r, name.n + 1, &skipped) || !troth_get_u8(&r, &kind))
		return NULL;
	return kind < TROTH_COUNT(KINDS) ? KINDS[kind] : NULL;
}

static bool non_host_line(struct troth_line *l, const struct troth_event *ev)
{
	const struct troth_view name = name_of(ev->data);
	const char *encryption = memory_encryption(name, ev->data);
	if (name.n == 0)
		return false;
	troth_line_bytes(l, name);
	if (encryption != NULL)
		troth_line_format(l, ": memory encryption: %s", encryption);
	else
		troth_line_format(l, ", %zu bytes", ev->data.n);
	return true;
}

static bool non_host_fields(const struct troth_fields *f, const struct troth_event *ev)
{
	const struct troth_view name = name_of(ev->data);
	const char *encryption = memory_encryption(name, ev->data);
	struct troth_field_line text;
	if (name.n == 0)
		return false;
	troth_line_bytes(troth_field_begin(&text), name);
	troth_field_end(f, "name", &text);
	if (encryption != NULL)
		troth_field_text(f, "memory_encryption", encryption);
	troth_field_hex(f, "data", ev->data);
	return true;
}

static const struct {
	uint32_t type;
	bool (*line)(struct troth_line *l, const struct troth_event *ev);
	bool (*fields)(const struct troth_fields *f, const struct troth_event *ev);
} FAMILIES[] = {
	{ TROTH_EV_POST_CODE, post_code_line, post_code_fields },
	{ TROTH_EV_NO_ACTION, troth_no_action_line, troth_no_action_fields },
	{ TROTH_EV_SEPARATOR, separator_line, separator_fields },
	{ TROTH_EV_EVENT_TAG, troth_tagged_line, troth_tagged_fields },
	{ TROTH_EV_S_CRTM_CONTENTS, post_code_line, post_code_fields },
	{ TROTH_EV_S_CRTM_VERSION, version_line, version_fields },
	{ TROTH_EV_PLATFORM_CONFIG_FLAGS, config_line, config_fields },
	{ TROTH_EV_TABLE_OF_DEVICES, devices_line, devices_fields },
	{ TROTH_EV_NONHOST_CODE, non_host_line, non_host_fields },
	{ TROTH_EV_NONHOST_CONFIG, non_host_line, non_host_fields },
	{ TROTH_EV_NONHOST_INFO, non_host_line, non_host_fields },
	{ TROTH_EV_IPL, troth_ipl_line, troth_ipl_fields },
	{ TROTH_EV_EFI_VARIABLE_DRIVER_CONFIG, troth_variable_line, troth_variable_fields },
	{ TROTH_EV_EFI_VARIABLE_BOOT, troth_variable_line, troth_variable_fields },
	{ TROTH_EV_EFI_VARIABLE_BOOT2, troth_variable_line, troth_variable_fields },
	{ TROTH_EV_EFI_VARIABLE_AUTHORITY, troth_variable_line, troth_variable_fields },
	{ TROTH_EV_EFI_SPDM_DEVICE_POLICY, troth_variable_line, troth_variable_fields },
	{ TROTH_EV_EFI_SPDM_DEVICE_AUTHORITY, troth_variable_line, troth_variable_fields },
	{ TROTH_EV_EFI_BOOT_SERVICES_APPLICATION, troth_image_line, troth_image_fields },
	{ TROTH_EV_EFI_BOOT_SERVICES_DRIVER, troth_image_line, troth_image_fields },
	{ TROTH_EV_EFI_RUNTIME_SERVICES_DRIVER, troth_image_line, troth_image_fields },
	{ TROTH_EV_EFI_GPT_EVENT, troth_gpt_line, troth_gpt_fields },
	{ TROTH_EV_EFI_PLATFORM_FIRMWARE_BLOB, troth_blob_line, troth_blob_fields },
	{ TROTH_EV_EFI_PLATFORM_FIRMWARE_BLOB2, troth_blob_line, troth_blob_fields },
	{ TROTH_EV_EFI_HANDOFF_TABLES, troth_handoff_line, troth_handoff_fields },
	{ TROTH_EV_EFI_HANDOFF_TABLES2, troth_handoff_line, troth_handoff_fields },
	{ TROTH_EV_EFI_SPDM_FIRMWARE_BLOB, troth_spdm_line, troth_spdm_fields },
	{ TROTH_EV_EFI_SPDM_FIRMWARE_CONFIG, troth_spdm_line, troth_spdm_fields },
};

static size_t family_of(uint32_t type)
{
	size_t i = 0;
	while (i < TROTH_COUNT(FAMILIES) && FAMILIES[i].type != type)
		i++;
	return i;
}

void troth_event_line(const struct troth_event *ev, struct troth_line *l)
{
	const size_t i = family_of(ev->type);
	if (i < TROTH_COUNT(FAMILIES) && FAMILIES[i].line(l, ev))
		return;
	if (text_line(l, ev))
		return;
	troth_line_hex(l, ev->data);
}

void troth_event_fields(const struct troth_event *ev, const struct troth_fields *f)
{
	const size_t i = family_of(ev->type);
	if (i < TROTH_COUNT(FAMILIES) && FAMILIES[i].fields(f, ev))
		return;
	if (text_fields(f, ev))
		return;
	troth_field_hex(f, "data", ev->data);
}

void troth_line_event_type(struct troth_line *l, uint32_t type)
{
	const char *name = troth_event_type_name(type);
	if (name != NULL)
		troth_line_str(l, name);
	else
		troth_line_format(l, "EV_0x%08" PRIx32, type);
}

bool troth_log_has_pcrs(const struct troth_log *log)
{
	return (log->quirks & TROTH_QUIRK_CC_REGISTERS) == 0;
}

/* Confidential computing event logs count the measurement register that the firmware began in
 * as 0 and the run-time ones from 1 (GHCI 1.0, 4.3; UEFI 2.10, 38.4.1). */
void troth_line_register(struct troth_line *l, const struct troth_log *log, uint32_t index)
{
	if (!troth_log_has_pcrs(log) && index == 0)
		troth_line_str(l, "MRTD");
	else if (!troth_log_has_pcrs(log) && index <= 4)
		troth_line_format(l, "RTMR[%" PRIu32 "]", index - 1);
	else if (troth_log_has_pcrs(log) && index < TROTH_PCR_COUNT)
		troth_line_format(l, "PCR %" PRIu32, index);
	else
		troth_line_format(l, "index %" PRIu32, index);
}
