/* SPDX-License-Identifier: Apache-2.0 */
#include "x509_name.h"

#include "base.h"
#include "der.h"
#include "reader.h"

/* X.520 attribute types, 2.5.4.n. */
static const struct {
	uint8_t n;
	const char *name;
} ATTRIBUTES[] = {
	{ 3, "CN" }, { 5, "serialNumber" }, { 6, "C" },	  { 7, "L" },
	{ 8, "ST" }, { 10, "O" },	    { 11, "OU" },
};

/* Definite lengths of up to four bytes (X.690, 8.1.3). */
static bool get_length(struct troth_reader *r, size_t *out)
{
	uint8_t first, byte;
	size_t n = 0;
	if (!troth_get_u8(r, &first))
		return false;
	if (first < 0x80) {
		*out = first;
		return true;
	}
	if (first == 0x80 || first > 0x84)
		return false;
	for (uint8_t i = 0; i < (first & 0x7f); i++) {
		if (!troth_get_u8(r, &byte))
			return false;
		n = n << 8 | byte;
	}
	*out = n;
	return true;
}

static bool get_any(struct troth_reader *r, uint8_t *tag, struct troth_view *content)
{
	struct troth_reader at = *r;
	size_t n;
	if (!troth_get_u8(&at, tag) || !get_length(&at, &n) || !troth_get_view(&at, n, content))
		return false;
	*r = at;
	return true;
}

static bool get(struct troth_reader *r, uint8_t tag, struct troth_reader *inside)
{
	struct troth_reader at = *r;
	struct troth_view content;
	uint8_t seen;
	if (!get_any(&at, &seen, &content) || seen != tag)
		return false;
	*r = at;
	inside->left = content;
	return true;
}

bool troth_x509_subject(struct troth_view cert, struct troth_view *out)
{
	static const uint8_t VERSION = TROTH_DER_CONTEXT_CONSTRUCTED;
	struct troth_reader r = { cert }, outer, tbs, skipped, subject;
	if (!get(&r, TROTH_DER_SEQUENCE, &outer) || !get(&outer, TROTH_DER_SEQUENCE, &tbs))
		return false;
	/* Version 1 leaves the version out. */
	if (tbs.left.n > 0 && tbs.left.p[0] == VERSION && !get(&tbs, VERSION, &skipped))
		return false;
	if (!get(&tbs, TROTH_DER_INTEGER, &skipped) ||
	    !get(&tbs, TROTH_DER_SEQUENCE, &skipped) ||
	    !get(&tbs, TROTH_DER_SEQUENCE, &skipped) ||
	    !get(&tbs, TROTH_DER_SEQUENCE, &skipped) ||
	    !get(&tbs, TROTH_DER_SEQUENCE, &subject))
		return false;
	*out = subject.left;
	return true;
}

static const char *attribute_name(struct troth_view oid)
{
	for (size_t i = 0; i < TROTH_COUNT(ATTRIBUTES); i++)
		if (oid.n == 3 && oid.p[0] == 0x55 && oid.p[1] == 0x04 &&
		    oid.p[2] == ATTRIBUTES[i].n)
			return ATTRIBUTES[i].name;
	return NULL;
}

/* Attributes without a name we know (mail addresses, domain components) are left out. */
static void put_attribute(struct troth_line *l, struct troth_reader *rdn)
{
	struct troth_reader pair, oid;
	struct troth_view value;
	uint8_t tag;
	if (!get(rdn, TROTH_DER_SEQUENCE, &pair)) {
		rdn->left = (struct troth_view){ 0 };
		return;
	}
	if (!get(&pair, TROTH_DER_OID, &oid) || !get_any(&pair, &tag, &value))
		return;
	const char *name = attribute_name(oid.left);
	if (name == NULL)
		return;
	troth_line_comma(l);
	troth_line_str(l, name);
	troth_line_str(l, "=");
	troth_line_bytes(l, value);
}

void troth_line_x509_subject(struct troth_line *l, struct troth_view cert)
{
	char text[256];
	struct troth_line name = troth_line_make(text, sizeof text);
	struct troth_reader r, rdn;
	if (!troth_x509_subject(cert, &r.left)) {
		troth_line_str(l, "(unreadable)");
		return;
	}
	while (get(&r, TROTH_DER_SET, &rdn))
		while (!troth_at_end(&rdn))
			put_attribute(&name, &rdn);
	troth_line_str(l, name.n > 0 ? text : "(no name)");
}
