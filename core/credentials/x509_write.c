/* SPDX-License-Identifier: Apache-2.0 */
#include "x509_write.h"

#include <string.h>

#include "reader.h"

#define KEY_ID_MAX 64

static const uint8_t ECDSA_WITH_SHA256[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
					     0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
static const uint8_t OID_AUTHORITY_KEY_ID[] = { 0x06, 0x03, 0x55, 0x1d, 0x23 };

bool troth_x509_serial(const uint8_t in[TROTH_X509_SERIAL_LEN],
		       uint8_t out[TROTH_X509_SERIAL_LEN])
{
	static const uint8_t zero[TROTH_X509_SERIAL_LEN];
	uint8_t serial[TROTH_X509_SERIAL_LEN];
	memcpy(serial, in, sizeof serial);
	serial[0] &= 0x7f;
	if (troth_view_equal(TROTH_VIEW_OF(serial), TROTH_VIEW_OF(zero)))
		return false;
	memcpy(out, serial, sizeof serial);
	return true;
}

bool troth_x509_issuer_sound(struct troth_view name, struct troth_view key_id)
{
	return name.n > 0 && name.p[0] == TROTH_DER_SEQUENCE && key_id.n > 0 &&
	       key_id.n <= KEY_ID_MAX;
}

void troth_x509_ecdsa_with_sha256(struct troth_der *d)
{
	troth_der_raw(d, TROTH_VIEW_OF(ECDSA_WITH_SHA256));
}

struct troth_x509_extension troth_x509_extension_open(struct troth_der *d,
						      struct troth_view oid, bool critical)
{
	static const uint8_t yes[] = { TROTH_DER_BOOLEAN, 1, 0xff };
	struct troth_x509_extension e;
	e.sequence = troth_der_open(d, TROTH_DER_SEQUENCE);
	troth_der_raw(d, oid);
	if (critical)
		troth_der_raw(d, TROTH_VIEW_OF(yes));
	e.octets = troth_der_open(d, TROTH_DER_OCTET_STRING);
	return e;
}

void troth_x509_extension_close(struct troth_der *d, struct troth_x509_extension e)
{
	troth_der_close(d, e.octets);
	troth_der_close(d, e.sequence);
}

void troth_x509_authority_key_id(struct troth_der *d, struct troth_view key_id)
{
	struct troth_x509_extension e =
		troth_x509_extension_open(d, TROTH_VIEW_OF(OID_AUTHORITY_KEY_ID), false);
	size_t sequence = troth_der_open(d, TROTH_DER_SEQUENCE);
	troth_der_value(d, TROTH_DER_CONTEXT | 0, key_id);
	troth_der_close(d, sequence);
	troth_x509_extension_close(d, e);
}
