/* SPDX-License-Identifier: Apache-2.0 */
#include "x509_key.h"

#include "der.h"
#include "reader.h"

/* X.690, 10.1: definite and in the shortest form. Certificates have at most 65,535 bytes here.
 */
static bool get_length(struct troth_reader *r, size_t *out)
{
	uint8_t first, low;
	uint16_t both;
	if (!troth_get_u8(r, &first))
		return false;
	if (first < 0x80) {
		*out = first;
		return true;
	}
	if (first == 0x81 && troth_get_u8(r, &low) && low >= 0x80) {
		*out = low;
		return true;
	}
	if (first == 0x82 && troth_get_u16be(r, &both) && both >= 0x100) {
		*out = both;
		return true;
	}
	return false;
}

/* The next value, which must have this tag: its content, and all of it. */
static bool get_value(struct troth_reader *r, uint8_t tag, struct troth_view *content,
		      struct troth_view *whole)
{
	struct troth_reader at = *r;
	uint8_t found;
	size_t n;
	if (!troth_get_u8(&at, &found) || found != tag || !get_length(&at, &n) ||
	    !troth_get_view(&at, n, content))
		return false;
	return troth_get_view(r, r->left.n - at.left.n, whole);
}

/* version, serialNumber, signature, issuer, validity, subject */
static const uint8_t BEFORE_THE_KEY[] = { TROTH_DER_CONTEXT_CONSTRUCTED,
					  TROTH_DER_INTEGER,
					  TROTH_DER_SEQUENCE,
					  TROTH_DER_SEQUENCE,
					  TROTH_DER_SEQUENCE,
					  TROTH_DER_SEQUENCE };

enum troth_status troth_x509_key(struct troth_view der, struct troth_view *out)
{
	struct troth_reader r = { der }, fields = { 0 };
	struct troth_view certificate, content, whole;
	if (!get_value(&r, TROTH_DER_SEQUENCE, &certificate, &whole) || !troth_at_end(&r))
		return TROTH_E_MALFORMED;
	r.left = certificate;
	if (!get_value(&r, TROTH_DER_SEQUENCE, &fields.left, &whole))
		return TROTH_E_MALFORMED;
	for (size_t i = 0; i < sizeof BEFORE_THE_KEY; i++)
		if (!get_value(&fields, BEFORE_THE_KEY[i], &content, &whole))
			return TROTH_E_MALFORMED;
	if (!get_value(&fields, TROTH_DER_SEQUENCE, &content, &whole))
		return TROTH_E_MALFORMED;
	*out = whole;
	return TROTH_OK;
}
