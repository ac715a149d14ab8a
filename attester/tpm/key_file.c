/* SPDX-License-Identifier: Apache-2.0 */
#include "key_file.h"

#include <openssl/crypto.h>
#include <string.h>

#include "base.h"
#include "der.h"
#include "reader.h"
#include "writer.h"

#define LABEL "TSS2 PRIVATE KEY"

/* Both parts with their sizes, and the ASN.1 around them. */
#define DER_MAX (TROTH_PUBLIC_MAX + 512 + 128)

/* 2.23.133.10.1.3: a key that TPM2_Load takes. */
static const uint8_t OID_LOADABLE[] = { 0x67, 0x81, 0x05, 0x0a, 0x01, 0x03 };
static const uint8_t DER_TRUE[] = { 0xff };
/* The parents as an INTEGER's content. TROTH_SRK_HANDLE has five bytes, for it is not negative.
 */
static const uint8_t SRK[] = { 0x00, 0x81, 0x00, 0x00, 0x01 };
static const uint8_t OWNER[] = { 0x40, 0x00, 0x00, 0x01 };

static void put_tpm2b(struct troth_der *d, const uint8_t *p, size_t n)
{
	uint8_t tpm2b[2 + TROTH_PUBLIC_MAX];
	struct troth_writer w = troth_writer_make(tpm2b, sizeof tpm2b);

	troth_put_view16be(&w, (struct troth_view){ p, n });
	troth_der_value(d, TROTH_DER_OCTET_STRING, troth_written(&w));
}

/* TSS2 key file: SEQUENCE { type OID, [0] EXPLICIT emptyAuth BOOLEAN, parent INTEGER,
 * pubkey OCTET STRING, privkey OCTET STRING }. */
static void put_key(struct troth_der *d, const struct troth_credential_key *key)
{
	size_t sequence = troth_der_open(d, TROTH_DER_SEQUENCE);
	troth_der_value(d, TROTH_DER_OID, TROTH_VIEW_OF(OID_LOADABLE));
	size_t empty_auth = troth_der_open(d, TROTH_DER_CONTEXT_CONSTRUCTED);
	troth_der_value(d, TROTH_DER_BOOLEAN, TROTH_VIEW_OF(DER_TRUE));
	troth_der_close(d, empty_auth);
	troth_der_value(d, TROTH_DER_INTEGER,
			key->parent == TPM2_RH_OWNER ? TROTH_VIEW_OF(OWNER)
						     : TROTH_VIEW_OF(SRK));
	put_tpm2b(d, key->public_area, key->public_len);
	put_tpm2b(d, key->private_part, key->private_len);
	troth_der_close(d, sequence);
}

enum troth_status troth_key_file_format(const struct troth_credential_key *key,
					struct troth_pem *out)
{
	uint8_t buf[DER_MAX];
	struct troth_der d = troth_der_make(buf, sizeof buf);

	put_key(&d, key);
	if (d.overflow)
		return TROTH_E_LIMIT;
	return troth_pem_append(out, LABEL, (struct troth_view){ buf, d.n });
}

/* Content of the next value. Our keys are too small for lengths of more than two bytes. */
static bool get_value(struct troth_reader *r, uint8_t tag, struct troth_view *out)
{
	struct troth_reader at = *r;
	uint8_t t, n8;
	uint16_t n;

	if (!troth_get_u8(&at, &t) || t != tag || !troth_get_u8(&at, &n8))
		return false;
	n = n8;
	if (n8 == 0x81) {
		if (!troth_get_u8(&at, &n8))
			return false;
		n = n8;
	} else if (n8 == 0x82) {
		if (!troth_get_u16be(&at, &n))
			return false;
	} else if (n8 > 0x82) {
		return false;
	}
	if (!troth_get_view(&at, n, out))
		return false;
	*r = at;
	return true;
}

static bool get_tpm2b(struct troth_reader *r, uint8_t *out, size_t max, size_t *out_len)
{
	struct troth_view octets, v;

	if (!get_value(r, TROTH_DER_OCTET_STRING, &octets))
		return false;
	struct troth_reader inner = { octets };
	if (!troth_get_view16be(&inner, &v) || !troth_at_end(&inner) || v.n > max)
		return false;
	memcpy(out, v.p, v.n);
	*out_len = v.n;
	return true;
}

static bool get_key(struct troth_view der, struct troth_credential_key *out)
{
	struct troth_reader file = { der };
	struct troth_view sequence, skipped, parent;

	if (!get_value(&file, TROTH_DER_SEQUENCE, &sequence) || !troth_at_end(&file))
		return false;
	struct troth_reader r = { sequence };
	if (!get_value(&r, TROTH_DER_OID, &skipped) ||
	    !get_value(&r, TROTH_DER_CONTEXT_CONSTRUCTED, &skipped) ||
	    !get_value(&r, TROTH_DER_INTEGER, &parent))
		return false;
	out->parent = troth_view_equal(parent, TROTH_VIEW_OF(OWNER)) ? TPM2_RH_OWNER
								     : TROTH_SRK_HANDLE;
	return get_tpm2b(&r, out->public_area, sizeof out->public_area, &out->public_len) &&
	       get_tpm2b(&r, out->private_part, sizeof out->private_part, &out->private_len) &&
	       troth_at_end(&r);
}

enum troth_status troth_key_file_parse(struct troth_view pem, struct troth_credential_key *out)
{
	uint8_t der[DER_MAX], again[DER_MAX];
	struct troth_credential_key key = { 0 };
	size_t n;

	TROTH_TRY(troth_pem_read(pem, LABEL, der, sizeof der, &n));
	if (!get_key((struct troth_view){ der, n }, &key))
		return TROTH_E_MALFORMED;
	/* Type, emptyAuth and parent are ours if writing the key again gives the same bytes. */
	struct troth_der d = troth_der_make(again, sizeof again);
	put_key(&d, &key);
	if (d.overflow ||
	    !troth_view_equal((struct troth_view){ der, n }, (struct troth_view){ again, d.n }))
		return TROTH_E_MALFORMED;
	*out = key;
	return TROTH_OK;
}
