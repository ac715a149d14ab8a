/* SPDX-License-Identifier: Apache-2.0 */
#include "signature_list.h"

#include "base.h"
#include "x509_name.h"

static const size_t GUID_LEN = 16;

/* UEFI 2.10, 32.4.1: GUIDs as they lie in memory, and the length of an entry's data where the
 * type fixes it. */
static const struct {
	uint8_t guid[16];
	enum troth_entry_kind kind;
	uint8_t data_len; /* 0: any */
	const char *name;
} TYPES[] = {
	{ { 0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a, 0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b,
	    0xf0, 0x72 },
	  TROTH_ENTRY_X509,
	  0,
	  "x509" },
	{ { 0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40, 0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93,
	    0x43, 0x28 },
	  TROTH_ENTRY_IMAGE_HASH,
	  32,
	  "sha256" },
	{ { 0x07, 0x53, 0x3e, 0xff, 0xd0, 0x9f, 0xc9, 0x48, 0x85, 0xf1, 0x8a, 0xd5, 0x6c, 0x70,
	    0x1e, 0x01 },
	  TROTH_ENTRY_IMAGE_HASH,
	  48,
	  "sha384" },
	{ { 0xae, 0x0f, 0x3e, 0x09, 0xc4, 0xa6, 0x50, 0x4f, 0x9f, 0x1b, 0xd4, 0x1e, 0x2b, 0x89,
	    0xc1, 0x9a },
	  TROTH_ENTRY_IMAGE_HASH,
	  64,
	  "sha512" },
	{ { 0x12, 0xa5, 0x6c, 0x82, 0x10, 0xcf, 0xc9, 0x4a, 0xb1, 0x87, 0xbe, 0x01, 0x49, 0x66,
	    0x31, 0xbd },
	  TROTH_ENTRY_IMAGE_HASH,
	  20,
	  "sha1" },
	{ { 0x92, 0xa4, 0xd2, 0x3b, 0xc0, 0x96, 0x79, 0x40, 0xb4, 0x20, 0xfc, 0xf9, 0x8e, 0xf1,
	    0x03, 0xed },
	  TROTH_ENTRY_CERT_HASH,
	  48,
	  "x509-sha256" },
	{ { 0x6e, 0x87, 0x76, 0x70, 0xc2, 0x80, 0xe6, 0x4e, 0xaa, 0xd2, 0x28, 0xb3, 0x49, 0xa6,
	    0x86, 0x5b },
	  TROTH_ENTRY_CERT_HASH,
	  64,
	  "x509-sha384" },
	{ { 0x63, 0xbf, 0x6d, 0x44, 0x02, 0x25, 0xda, 0x4c, 0xbc, 0xfa, 0x24, 0x65, 0xd2, 0xb0,
	    0xfe, 0x9d },
	  TROTH_ENTRY_CERT_HASH,
	  80,
	  "x509-sha512" },
	{ { 0xe8, 0x66, 0x57, 0x3c, 0x9c, 0x26, 0x34, 0x4e, 0xaa, 0x14, 0xed, 0x77, 0x6e, 0x85,
	    0xb3, 0xb6 },
	  TROTH_ENTRY_RSA2048,
	  0,
	  "rsa2048" },
	{ { 0x90, 0x61, 0xb3, 0xe2, 0x9b, 0x87, 0x3d, 0x4a, 0xad, 0x8d, 0xf2, 0xe7, 0xbb, 0xa3,
	    0x27, 0x84 },
	  TROTH_ENTRY_RSA2048,
	  0,
	  "rsa2048-sha256" },
};

/* A known type whose entries have another length than the type says is no list. */
static bool name_type(struct troth_signature_list *list)
{
	for (size_t i = 0; i < TROTH_COUNT(TYPES); i++) {
		if (!troth_view_equal(list->type, TROTH_VIEW_OF(TYPES[i].guid)))
			continue;
		list->kind = TYPES[i].kind;
		list->type_name = TYPES[i].name;
		return TYPES[i].data_len == 0 ||
		       list->entry_len == GUID_LEN + TYPES[i].data_len;
	}
	return true;
}

bool troth_signature_list_next(struct troth_reader *r, struct troth_signature_list *out)
{
	struct troth_signature_list list = { 0 };
	struct troth_reader at = *r;
	struct troth_view header, body;
	uint32_t list_len, header_len, entry_len;
	if (!troth_get_view(&at, GUID_LEN, &list.type) || !troth_get_u32le(&at, &list_len) ||
	    !troth_get_u32le(&at, &header_len) || !troth_get_u32le(&at, &entry_len))
		return false;
	if (list_len < GUID_LEN + 12 || entry_len < GUID_LEN ||
	    !troth_get_view(&at, list_len - (GUID_LEN + 12), &body))
		return false;
	struct troth_reader inside = { body };
	if (!troth_get_view(&inside, header_len, &header) || inside.left.n % entry_len != 0)
		return false;
	list.entry_len = entry_len;
	list.entries = inside.left;
	if (!name_type(&list))
		return false;
	*r = at;
	*out = list;
	return true;
}

bool troth_signature_entry_next(struct troth_signature_list *list,
				struct troth_signature_entry *out)
{
	struct troth_reader r = { list->entries };
	struct troth_signature_entry entry;
	if (!troth_get_view(&r, GUID_LEN, &entry.owner) ||
	    !troth_get_view(&r, list->entry_len - GUID_LEN, &entry.data))
		return false;
	list->entries = r.left;
	*out = entry;
	return true;
}

bool troth_database_count(struct troth_view data, struct troth_database_count *out)
{
	struct troth_database_count count = { 0 };
	struct troth_reader r = { data };
	struct troth_signature_list list;
	while (troth_signature_list_next(&r, &list)) {
		const size_t n = list.entries.n / list.entry_len;
		count.n_lists++;
		if (list.kind == TROTH_ENTRY_X509)
			count.n_certificates += n;
		else if (list.kind == TROTH_ENTRY_IMAGE_HASH)
			count.n_hashes += n;
		else
			count.n_others += n;
	}
	if (!troth_at_end(&r))
		return false;
	*out = count;
	return true;
}

static void put_count(struct troth_line *l, size_t n, const char *one, const char *many)
{
	if (n == 0)
		return;
	troth_line_comma(l);
	troth_line_format(l, "%zu %s", n, n == 1 ? one : many);
}

void troth_line_database_count(struct troth_line *l, const struct troth_database_count *count)
{
	char text[96];
	struct troth_line counts = troth_line_make(text, sizeof text);
	put_count(&counts, count->n_certificates, "certificate", "certificates");
	put_count(&counts, count->n_hashes, "hash", "hashes");
	put_count(&counts, count->n_others, "other entry", "other entries");
	troth_line_str(l, counts.n > 0 ? text : "empty");
}

void troth_line_signature(struct troth_line *l, const struct troth_signature_list *list,
			  struct troth_view data)
{
	if (list->kind == TROTH_ENTRY_X509) {
		troth_line_str(l, "certificate ");
		troth_line_x509_subject(l, data);
		return;
	}
	if (list->type_name != NULL)
		troth_line_str(l, list->type_name);
	else
		troth_line_guid(l, list->type);
	troth_line_str(l, " ");
	troth_line_hex(l, data);
}
