/* SPDX-License-Identifier: Apache-2.0 */
#include "no_action.h"

#include "base.h"
#include "reader.h"
#include "sipa.h"

enum { SIGNATURE_LEN = 16 };

bool troth_startup_locality_read(const struct troth_event *ev, uint8_t *out)
{
	static const char SIGNATURE[SIGNATURE_LEN] = "StartupLocality";
	struct troth_reader r = { ev->data };
	struct troth_view signature;
	uint8_t locality;
	if (ev->type != TROTH_EV_NO_ACTION || ev->pcr != 0 ||
	    !troth_get_view(&r, sizeof SIGNATURE, &signature) ||
	    !troth_view_equal(signature, TROTH_VIEW_OF(SIGNATURE)) ||
	    !troth_get_u8(&r, &locality) || !troth_at_end(&r))
		return false;
	*out = locality;
	return true;
}

static unsigned int platform_id_version(struct troth_view signature)
{
	static const char FIRST[SIGNATURE_LEN] = "SP800-155 Event";
	if (troth_view_equal(signature, TROTH_VIEW_OF(FIRST)))
		return 1;
	if (troth_view_equal(signature, troth_view_str("SP800-155 Event2")))
		return 2;
	return troth_view_equal(signature, troth_view_str("SP800-155 Event3")) ? 3 : 0;
}

static bool get_text(struct troth_reader *r, struct troth_view *out)
{
	uint8_t len;
	return troth_get_u8(r, &len) && troth_get_view(r, len, out);
}

bool troth_platform_id_read(struct troth_view data, struct troth_platform_id *out)
{
	struct troth_reader r = { data };
	struct troth_platform_id id = { 0 };
	struct troth_view signature, version;
	uint32_t maker;
	if (!troth_get_view(&r, SIGNATURE_LEN, &signature) || !troth_get_u32le(&r, &maker) ||
	    !troth_get_view(&r, 16, &id.manifest))
		return false;
	id.version = platform_id_version(signature);
	if (id.version == 0)
		return false;
	/* Version 1 ends here; the others go on with texts. */
	if (id.version > 1 &&
	    (!get_text(&r, &id.platform_maker) || !get_text(&r, &id.platform_model) ||
	     !get_text(&r, &version) || !get_text(&r, &id.firmware_maker) ||
	     !troth_get_u32le(&r, &maker) || !get_text(&r, &id.firmware_version)))
		return false;
	*out = id;
	return true;
}

static void put_algs(struct troth_line *l, struct troth_view data)
{
	struct troth_reader r = { data };
	struct troth_view before;
	uint32_t n;
	uint16_t id, size;
	if (!troth_get_view(&r, SIGNATURE_LEN + 8, &before) || !troth_get_u32le(&r, &n))
		return;
	for (uint32_t i = 0; i < n && troth_get_u16le(&r, &id) && troth_get_u16le(&r, &size);
	     i++) {
		const char *name = troth_hash_name(troth_hash_from_tpm(id));
		troth_line_comma(l);
		if (name != NULL)
			troth_line_str(l, name);
		else
			troth_line_format(l, "0x%04x", id);
	}
}

static bool put_spec_id(struct troth_line *l, struct troth_view data)
{
	struct troth_view name = { data.p, SIGNATURE_LEN - 1 };
	char text[128];
	struct troth_line algs = troth_line_make(text, sizeof text);
	if (data.n < SIGNATURE_LEN || !troth_view_equal((struct troth_view){ data.p, 13 },
							troth_view_str("Spec ID Event")))
		return false;
	troth_line_ascii(l, name);
	put_algs(&algs, data);
	if (algs.n > 0)
		troth_line_format(l, " (%s)", text);
	return true;
}

bool troth_no_action_line(struct troth_line *l, const struct troth_event *ev)
{
	struct troth_platform_id id;
	uint8_t locality;
	if (troth_startup_locality_read(ev, &locality)) {
		troth_line_format(l, "TPM started from locality %u", locality);
		return true;
	}
	if (put_spec_id(l, ev->data))
		return true;
	if (troth_platform_id_read(ev->data, &id)) {
		troth_line_str(l, "reference manifest ");
		troth_line_guid(l, id.manifest);
		return true;
	}
	return troth_tagged_line(l, ev);
}

static void put_platform_id(const struct troth_fields *f, const struct troth_platform_id *id)
{
	troth_field_guid(f, "manifest", id->manifest);
	if (id->version == 1)
		return;
	troth_field_ascii(f, "platform_maker", id->platform_maker);
	troth_field_ascii(f, "platform_model", id->platform_model);
	troth_field_ascii(f, "firmware_maker", id->firmware_maker);
	troth_field_ascii(f, "firmware_version", id->firmware_version);
}

bool troth_no_action_fields(const struct troth_fields *f, const struct troth_event *ev)
{
	struct troth_platform_id id;
	struct troth_field_line text;
	uint8_t locality;
	if (troth_startup_locality_read(ev, &locality)) {
		troth_field_number(f, "startup_locality", locality);
		return true;
	}
	if (put_spec_id(troth_field_begin(&text), ev->data)) {
		troth_field_end(f, "format", &text);
		return true;
	}
	if (troth_platform_id_read(ev->data, &id)) {
		put_platform_id(f, &id);
		return true;
	}
	return troth_tagged_fields(f, ev);
}
