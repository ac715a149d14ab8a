/* SPDX-License-Identifier: Apache-2.0 */
#include "gpt.h"

#include "reader.h"

/* UEFI 2.10, table 5-5: 92 bytes, the disk's GUID at 56 and the size of an entry at 84. */
bool troth_gpt_read(struct troth_view data, struct troth_gpt *out)
{
	static const char SIGNATURE[] = "EFI PART";
	struct troth_reader r = { data };
	struct troth_gpt gpt;
	struct troth_view signature, skipped;
	uint32_t entry_len, crc;
	uint64_t n;
	if (!troth_get_view(&r, 8, &signature) ||
	    !troth_view_equal(signature, troth_view_str(SIGNATURE)) ||
	    !troth_get_view(&r, 48, &skipped) || !troth_get_view(&r, 16, &gpt.disk) ||
	    !troth_get_view(&r, 12, &skipped) || !troth_get_u32le(&r, &entry_len) ||
	    !troth_get_u32le(&r, &crc) || !troth_get_u64le(&r, &n))
		return false;
	if (entry_len < 128 || n > r.left.n / entry_len || r.left.n != (size_t)n * entry_len)
		return false;
	gpt.n = (size_t)n;
	gpt.entry_len = entry_len;
	gpt.entries = r.left;
	*out = gpt;
	return true;
}

bool troth_gpt_next(struct troth_gpt *gpt, struct troth_gpt_partition *out)
{
	struct troth_reader r = { gpt->entries };
	struct troth_gpt_partition p;
	struct troth_view entry, attributes;
	if (!troth_get_view(&r, gpt->entry_len, &entry))
		return false;
	struct troth_reader e = { entry };
	if (!troth_get_view(&e, 16, &p.type) || !troth_get_view(&e, 16, &p.id) ||
	    !troth_get_u64le(&e, &p.first) || !troth_get_u64le(&e, &p.last) ||
	    !troth_get_view(&e, 8, &attributes) || !troth_get_view(&e, 72, &p.name))
		return false;
	gpt->entries = r.left;
	*out = p;
	return true;
}

bool troth_gpt_line(struct troth_line *l, const struct troth_event *ev)
{
	struct troth_gpt gpt;
	struct troth_gpt_partition p;
	if (!troth_gpt_read(ev->data, &gpt))
		return false;
	troth_line_str(l, "disk ");
	troth_line_guid(l, gpt.disk);
	troth_line_format(l, ", %zu partition%s", gpt.n, gpt.n == 1 ? "" : "s");
	const char *before = ": ";
	while (troth_gpt_next(&gpt, &p)) {
		troth_line_str(l, before);
		troth_line_str(l, "\"");
		troth_line_utf16(l, p.name);
		troth_line_str(l, "\"");
		before = ", ";
	}
	return true;
}

bool troth_gpt_fields(const struct troth_fields *f, const struct troth_event *ev)
{
	struct troth_gpt gpt;
	struct troth_gpt_partition p;
	struct troth_field_line text;
	if (!troth_gpt_read(ev->data, &gpt))
		return false;
	troth_field_guid(f, "disk", gpt.disk);
	while (troth_gpt_next(&gpt, &p)) {
		struct troth_line *l = troth_field_begin(&text);
		troth_line_guid(l, p.id);
		troth_line_str(l, " ");
		troth_line_utf16(l, p.name);
		troth_field_end_item(f, "partitions", &text);
	}
	return true;
}
