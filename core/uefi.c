/* SPDX-License-Identifier: Apache-2.0 */
#include "uefi.h"

#include "base.h"
#include "reader.h"

/* Lengths are 64-bit and foreign: each is compared with what is left before it is
 * multiplied or taken. */
bool troth_uefi_variable_read(struct troth_view data, struct troth_uefi_variable *out)
{
	struct troth_reader r = { data };
	struct troth_uefi_variable v;
	uint64_t name_units, data_len;
	if (!troth_get_view(&r, 16, &v.guid) || !troth_get_u64le(&r, &name_units) ||
	    !troth_get_u64le(&r, &data_len))
		return false;
	if (name_units > r.left.n / 2 || !troth_get_view(&r, (size_t)name_units * 2, &v.name))
		return false;
	if (data_len != r.left.n)
		return false;
	v.data = r.left;
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

struct text {
	char *out;
	size_t n, size; /* written, room with the final NUL */
};

static void put(struct text *t, uint16_t unit)
{
	if (t->n + 1 < t->size)
		t->out[t->n++] = (char)(unit >= ' ' && unit <= '~' ? unit : '?');
	t->out[t->n] = '\0';
}

static void put_utf16(struct text *t, struct troth_view v)
{
	struct troth_reader r = { v };
	uint16_t unit;
	while (troth_get_u16le(&r, &unit) && unit != 0)
		put(t, unit);
}

static bool looks_utf16(struct troth_view v)
{
	return v.n >= 4 && v.n % 2 == 0 && v.p[0] != 0 && v.p[1] == 0 && v.p[3] == 0;
}

/* GRUB and shim write ASCII with a NUL, systemd writes UTF-16. */
static void put_text(struct text *t, struct troth_view v)
{
	if (looks_utf16(v)) {
		put_utf16(t, v);
		return;
	}
	for (size_t i = 0; i < v.n && v.p[i] != 0; i++)
		put(t, v.p[i]);
}

/* Linux and systemd tags: an id, a length and a text (PFP 1.05, 10.4.2.1). */
static void put_tagged(struct text *t, struct troth_view data)
{
	struct troth_reader r = { data };
	uint32_t id, len;
	struct troth_view text;
	if (troth_get_u32le(&r, &id) && troth_get_u32le(&r, &len) &&
	    troth_get_view(&r, len, &text))
		put_text(t, text);
}

/* UEFI_IMAGE_LOAD_EVENT (PFP 1.05, 10.2.3): three addresses, then a device path of which the
 * file names are shown (UEFI 2.10, 10.3.5.4: type 4, sub-type 4). */
static void put_image(struct text *t, struct troth_view data)
{
	struct troth_reader r = { data };
	struct troth_view addresses, body;
	uint64_t path_len;
	uint8_t type, subtype;
	uint16_t len;
	if (!troth_get_view(&r, 24, &addresses) || !troth_get_u64le(&r, &path_len))
		return;
	while (troth_get_u8(&r, &type) && troth_get_u8(&r, &subtype) &&
	       troth_get_u16le(&r, &len) && len >= 4 &&
	       troth_get_view(&r, (size_t)len - 4, &body))
		if (type == 4 && subtype == 4)
			put_utf16(t, body);
}

void troth_event_describe(const struct troth_event *ev, char *out, size_t size)
{
	struct text t = { out, 0, size };
	struct troth_uefi_variable v;
	out[0] = '\0';
	switch (ev->type) {
	case TROTH_EV_EFI_VARIABLE_DRIVER_CONFIG:
	case TROTH_EV_EFI_VARIABLE_BOOT:
	case TROTH_EV_EFI_VARIABLE_BOOT2:
	case TROTH_EV_EFI_VARIABLE_AUTHORITY:
		if (troth_uefi_variable_read(ev->data, &v))
			put_utf16(&t, v.name);
		break;
	case TROTH_EV_EFI_BOOT_SERVICES_APPLICATION:
	case TROTH_EV_EFI_BOOT_SERVICES_DRIVER:
	case TROTH_EV_EFI_RUNTIME_SERVICES_DRIVER: put_image(&t, ev->data); break;
	case TROTH_EV_EVENT_TAG: put_tagged(&t, ev->data); break;
	case TROTH_EV_POST_CODE:
	case TROTH_EV_ACTION:
	case TROTH_EV_EFI_ACTION:
	case TROTH_EV_S_CRTM_CONTENTS:
	case TROTH_EV_S_CRTM_VERSION:
	case TROTH_EV_IPL: put_text(&t, ev->data); break;
	default: break;
	}
}
