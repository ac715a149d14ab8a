/* SPDX-License-Identifier: Apache-2.0 */
#include "ecdsa.h"

#include "reader.h"
#include "writer.h"

/* X.690, 8.1.2 */
enum { TAG_INTEGER = 0x02, TAG_SEQUENCE = 0x30, SIGN_BIT = 0x80 };

/* A positive INTEGER in its shortest form (X.690, 8.3.2). */
static void put_integer(struct troth_writer *w, struct troth_view v)
{
	struct troth_reader digits = { v };
	uint8_t zero;
	while (digits.left.n > 1 && digits.left.p[0] == 0 && troth_get_u8(&digits, &zero))
		continue;
	const bool sign_byte = (digits.left.p[0] & SIGN_BIT) != 0;
	troth_put_u8(w, TAG_INTEGER);
	troth_put_u8(w, (uint8_t)(digits.left.n + sign_byte));
	if (sign_byte)
		troth_put_u8(w, 0);
	troth_put_view(w, digits.left);
}

struct troth_view troth_ecdsa_to_der(struct troth_view r, struct troth_view s,
				     uint8_t buf[TROTH_ECDSA_DER_MAX])
{
	if (r.n == 0 || r.n > TROTH_ECC_BYTES_MAX || s.n == 0 || s.n > TROTH_ECC_BYTES_MAX)
		return (struct troth_view){ 0 };
	uint8_t numbers[TROTH_ECDSA_DER_MAX];
	struct troth_writer inner = troth_writer_make(numbers, sizeof numbers);
	put_integer(&inner, r);
	put_integer(&inner, s);
	const struct troth_view body = troth_written(&inner);

	struct troth_writer w = troth_writer_make(buf, TROTH_ECDSA_DER_MAX);
	troth_put_u8(&w, TAG_SEQUENCE);
	troth_put_u8(&w, (uint8_t)body.n);
	troth_put_view(&w, body);
	return troth_written(&w);
}

/* Tag, a length of one byte, contents. */
static bool get_tagged(struct troth_reader *r, uint8_t tag, struct troth_view *out)
{
	uint8_t got, n;
	return troth_get_u8(r, &got) && got == tag && troth_get_u8(r, &n) && n < 0x80 &&
	       troth_get_view(r, n, out);
}

static bool get_integer(struct troth_reader *r, struct troth_view *out)
{
	struct troth_view v;
	uint8_t zero;
	if (!get_tagged(r, TAG_INTEGER, &v) || v.n == 0 || (v.p[0] & SIGN_BIT) != 0)
		return false;
	struct troth_reader digits = { v };
	/* A sign byte stands only where the number would be negative without it; zero alone is
	 * no signature. */
	if (v.p[0] == 0 && (!troth_get_u8(&digits, &zero) || troth_at_end(&digits) ||
			    (digits.left.p[0] & SIGN_BIT) == 0))
		return false;
	*out = digits.left;
	return out->n <= TROTH_ECC_BYTES_MAX;
}

enum troth_status troth_ecdsa_from_der(struct troth_view der, struct troth_view *out_r,
				       struct troth_view *out_s)
{
	struct troth_reader outer = { der };
	struct troth_view body, r, s;
	if (!get_tagged(&outer, TAG_SEQUENCE, &body) || !troth_at_end(&outer))
		return TROTH_E_MALFORMED;
	struct troth_reader inner = { body };
	if (!get_integer(&inner, &r) || !get_integer(&inner, &s) || !troth_at_end(&inner))
		return TROTH_E_MALFORMED;
	*out_r = r;
	*out_s = s;
	return TROTH_OK;
}
