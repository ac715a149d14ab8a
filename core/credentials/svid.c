/* SPDX-License-Identifier: Apache-2.0 */
#include "svid.h"

#include <string.h>

#include "base.h"
#include "der.h"
#include "reader.h"
#include "svid_names.h"
#include "text.h"
#include "writer.h"
#include "x509_write.h"

#define SUBJECT_KEY_ID_LEN 20
#define SCHEME "spiffe://"

/* Whole DER values that never change. */
static const uint8_t EC_P256[] = { 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
				   0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
				   0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static const uint8_t OID_COMMON_NAME[] = { 0x06, 0x03, 0x55, 0x04, 0x03 };
static const uint8_t OID_UNIT[] = { 0x06, 0x03, 0x55, 0x04, 0x0b };
static const uint8_t OID_SUBJECT_KEY_ID[] = { 0x06, 0x03, 0x55, 0x1d, 0x0e };
static const uint8_t OID_KEY_USAGE[] = { 0x06, 0x03, 0x55, 0x1d, 0x0f };
static const uint8_t OID_SUBJECT_ALT_NAME[] = { 0x06, 0x03, 0x55, 0x1d, 0x11 };
static const uint8_t OID_BASIC_CONSTRAINTS[] = { 0x06, 0x03, 0x55, 0x1d, 0x13 };
static const uint8_t OID_EXT_KEY_USAGE[] = { 0x06, 0x03, 0x55, 0x1d, 0x25 };
/* TROTH_OID_EAR_DIGEST */
static const uint8_t OID_EAR_DIGEST[] = { 0x06, 0x14, 0x69, 0x81, 0x93, 0x95, 0x93, 0xe0,
					  0x93, 0x93, 0xe2, 0xbc, 0xf7, 0xb9, 0xe8, 0xb2,
					  0xe3, 0x9b, 0xce, 0xca, 0xd9, 0x0f };
static const uint8_t NOT_A_CA[] = { 0x30, 0x00 };
static const uint8_t DIGITAL_SIGNATURE[] = { 0x03, 0x02, 0x07, 0x80 };
static const uint8_t SERVER_AND_CLIENT_AUTH[] = { 0x30, 0x14, 0x06, 0x08, 0x2b, 0x06,
						  0x01, 0x05, 0x05, 0x07, 0x03, 0x01,
						  0x06, 0x08, 0x2b, 0x06, 0x01, 0x05,
						  0x05, 0x07, 0x03, 0x02 };

/* The parts of a SPIFFE ID, borrowed from it. */
struct spiffe {
	struct troth_view domain, segment, name;
};

static bool take_until_slash(struct troth_reader *r, struct troth_view *out)
{
	size_t n = 0;
	while (n < r->left.n && r->left.p[n] != '/')
		n++;
	struct troth_view slash;
	return troth_get_view(r, n, out) && troth_get_view(r, 1, &slash);
}

/* Ours have exactly two path segments, so that subject and SPIFFE ID cannot disagree. */
static bool split(struct troth_view id, struct spiffe *out)
{
	struct troth_reader r = { id };
	struct troth_view scheme;
	if (id.n > TROTH_SPIFFE_ID_MAX || !troth_get_view(&r, strlen(SCHEME), &scheme) ||
	    !troth_view_equal(scheme, troth_view_str(SCHEME)) ||
	    !take_until_slash(&r, &out->domain) || !take_until_slash(&r, &out->segment))
		return false;
	out->name = r.left;
	return troth_trust_domain_valid(out->domain) && troth_name_valid(out->segment) &&
	       troth_name_valid(out->name);
}

enum troth_status troth_spiffe_id(struct troth_view trust_domain, struct troth_view segment,
				  struct troth_view name, char *out)
{
	uint8_t id[TROTH_SPIFFE_ID_MAX + 1];
	struct troth_writer w = troth_writer_make(id, sizeof id);
	if (!troth_trust_domain_valid(trust_domain) || !troth_name_valid(segment) ||
	    !troth_name_valid(name))
		return TROTH_E_MALFORMED;
	troth_put_view(&w, troth_view_str(SCHEME));
	troth_put_view(&w, trust_domain);
	troth_put_u8(&w, '/');
	troth_put_view(&w, segment);
	troth_put_u8(&w, '/');
	troth_put_view(&w, name);
	troth_put_u8(&w, '\0');
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;
	memcpy(out, id, w.n);
	return TROTH_OK;
}

static void put_extension(struct troth_der *d, struct troth_view oid, bool critical,
			  struct troth_view value)
{
	struct troth_x509_extension e = troth_x509_extension_open(d, oid, critical);
	troth_der_raw(d, value);
	troth_x509_extension_close(d, e);
}

static void put_names(struct troth_der *d, struct troth_view list)
{
	struct troth_reader r = { list };
	struct troth_svid_name name;
	while (troth_svid_name_next(&r, &name))
		troth_der_value(d, (uint8_t)(TROTH_DER_CONTEXT | (uint8_t)name.kind),
				name.value);
}

static void put_extensions(struct troth_der *d, const struct troth_svid *c)
{
	size_t outer = troth_der_open(d, TROTH_DER_CONTEXT_CONSTRUCTED | 3);
	size_t list = troth_der_open(d, TROTH_DER_SEQUENCE);
	struct troth_x509_extension e;

	put_extension(d, TROTH_VIEW_OF(OID_BASIC_CONSTRAINTS), true, TROTH_VIEW_OF(NOT_A_CA));
	put_extension(d, TROTH_VIEW_OF(OID_KEY_USAGE), true, TROTH_VIEW_OF(DIGITAL_SIGNATURE));
	put_extension(d, TROTH_VIEW_OF(OID_EXT_KEY_USAGE), false,
		      TROTH_VIEW_OF(SERVER_AND_CLIENT_AUTH));

	e = troth_x509_extension_open(d, TROTH_VIEW_OF(OID_SUBJECT_ALT_NAME), false);
	size_t names = troth_der_open(d, TROTH_DER_SEQUENCE);
	troth_der_value(d, TROTH_DER_CONTEXT | 6, c->spiffe_id); /* uniformResourceIdentifier */
	put_names(d, c->names);
	troth_der_close(d, names);
	troth_x509_extension_close(d, e);

	e = troth_x509_extension_open(d, TROTH_VIEW_OF(OID_SUBJECT_KEY_ID), false);
	troth_der_value(d, TROTH_DER_OCTET_STRING,
			(struct troth_view){ c->key->name.bytes + 2, SUBJECT_KEY_ID_LEN });
	troth_x509_extension_close(d, e);
	troth_x509_authority_key_id(d, c->issuer_key_id);

	if (c->ear_digest.n > 0) {
		e = troth_x509_extension_open(d, TROTH_VIEW_OF(OID_EAR_DIGEST), false);
		troth_der_value(d, TROTH_DER_OCTET_STRING, c->ear_digest);
		troth_x509_extension_close(d, e);
	}
	troth_der_close(d, list);
	troth_der_close(d, outer);
}

static void put_attribute(struct troth_der *d, struct troth_view oid, struct troth_view value)
{
	size_t set = troth_der_open(d, TROTH_DER_SET);
	size_t pair = troth_der_open(d, TROTH_DER_SEQUENCE);
	troth_der_raw(d, oid);
	troth_der_value(d, TROTH_DER_UTF8_STRING, value);
	troth_der_close(d, pair);
	troth_der_close(d, set);
}

static void put_coordinate(struct troth_der *d, struct troth_view v)
{
	static const uint8_t zeros[32];
	troth_der_raw(d, (struct troth_view){ zeros, sizeof zeros - v.n });
	troth_der_raw(d, v);
}

/* SubjectPublicKeyInfo with an uncompressed point (RFC 5480, 2). */
static void put_key(struct troth_der *d, const struct troth_public *key)
{
	static const uint8_t head[] = { 0, 4 }; /* no unused bits; uncompressed */
	size_t info = troth_der_open(d, TROTH_DER_SEQUENCE);
	troth_der_raw(d, TROTH_VIEW_OF(EC_P256));
	size_t bits = troth_der_open(d, TROTH_DER_BIT_STRING);
	troth_der_raw(d, TROTH_VIEW_OF(head));
	put_coordinate(d, key->x);
	put_coordinate(d, key->y);
	troth_der_close(d, bits);
	troth_der_close(d, info);
}

static void put_tbs(struct troth_der *d, const struct troth_svid *c,
		    const uint8_t serial[TROTH_X509_SERIAL_LEN], const struct spiffe *id)
{
	static const uint8_t version_3[] = { TROTH_DER_CONTEXT_CONSTRUCTED | 0, 3,
					     TROTH_DER_INTEGER, 1, 2 };
	size_t tbs = troth_der_open(d, TROTH_DER_SEQUENCE);
	troth_der_raw(d, TROTH_VIEW_OF(version_3));
	troth_der_unsigned(d, (struct troth_view){ serial, TROTH_X509_SERIAL_LEN });
	troth_x509_ecdsa_with_sha256(d);
	troth_der_raw(d, c->issuer_name);

	size_t validity = troth_der_open(d, TROTH_DER_SEQUENCE);
	troth_der_time(d, c->not_before_s);
	troth_der_time(d, c->not_after_s);
	troth_der_close(d, validity);

	size_t subject = troth_der_open(d, TROTH_DER_SEQUENCE);
	put_attribute(d, TROTH_VIEW_OF(OID_UNIT), id->segment);
	put_attribute(d, TROTH_VIEW_OF(OID_COMMON_NAME), id->name);
	troth_der_close(d, subject);

	put_key(d, c->key);
	put_extensions(d, c);
	troth_der_close(d, tbs);
}

static enum troth_status check_svid(const struct troth_svid *c)
{
	const struct troth_public *key = c->key;
	if (key->type != TROTH_KEY_ECC || key->curve != TROTH_CURVE_P256)
		return TROTH_E_UNSUPPORTED;
	if (key->x.n == 0 || key->x.n > 32 || key->y.n == 0 || key->y.n > 32 ||
	    key->name.n < 2 + SUBJECT_KEY_ID_LEN)
		return TROTH_E_MALFORMED;
	if (!troth_x509_issuer_sound(c->issuer_name, c->issuer_key_id) ||
	    (c->ear_digest.n != 0 && c->ear_digest.n != 32))
		return TROTH_E_MALFORMED;
	TROTH_TRY(troth_svid_names_check(c->names));
	if (c->not_after_s <= c->not_before_s || c->not_after_s > TROTH_DER_TIME_MAX_S)
		return TROTH_E_MALFORMED;
	if (c->not_after_s - c->not_before_s > (uint64_t)TROTH_CERTIFICATE_LIFE_MAX_S)
		return TROTH_E_LIMIT;
	return TROTH_OK;
}

enum troth_status troth_svid_tbs(const struct troth_svid *svid, uint8_t *buf, size_t max,
				 size_t *out_len)
{
	uint8_t serial[TROTH_X509_SERIAL_LEN];
	struct spiffe id;
	TROTH_TRY(check_svid(svid));
	if (!troth_x509_serial(svid->serial, serial) || !split(svid->spiffe_id, &id))
		return TROTH_E_MALFORMED;

	struct troth_der d = troth_der_measure();
	put_tbs(&d, svid, serial, &id);
	if (d.overflow || d.n > max)
		return TROTH_E_LIMIT;
	d = troth_der_make(buf, d.n);
	put_tbs(&d, svid, serial, &id);
	*out_len = d.n;
	return TROTH_OK;
}

static void put_signed(struct troth_der *d, struct troth_view tbs, struct troth_view signature)
{
	static const uint8_t no_unused_bits = 0;
	size_t whole = troth_der_open(d, TROTH_DER_SEQUENCE);
	troth_der_raw(d, tbs);
	troth_x509_ecdsa_with_sha256(d);
	size_t bits = troth_der_open(d, TROTH_DER_BIT_STRING);
	troth_der_raw(d, (struct troth_view){ &no_unused_bits, 1 });
	troth_der_raw(d, signature);
	troth_der_close(d, bits);
	troth_der_close(d, whole);
}

enum troth_status troth_svid_wrap(struct troth_view tbs, struct troth_view signature,
				  uint8_t *buf, size_t max, size_t *out_len)
{
	if (tbs.n == 0 || tbs.p[0] != TROTH_DER_SEQUENCE || signature.n == 0 ||
	    signature.p[0] != TROTH_DER_SEQUENCE)
		return TROTH_E_MALFORMED;
	struct troth_der d = troth_der_measure();
	put_signed(&d, tbs, signature);
	if (d.overflow || d.n > max)
		return TROTH_E_LIMIT;
	d = troth_der_make(buf, d.n);
	put_signed(&d, tbs, signature);
	*out_len = d.n;
	return TROTH_OK;
}
