/* SPDX-License-Identifier: Apache-2.0 */
#include "spiffe_bundle.h"

#include <openssl/evp.h>
#include <troth/limits.h>

#include "base.h"
#include "json_write.h"
#include "jwk.h"
#include "reader.h"
#include "x509_read.h"

/* RFC 7517, 4.7: base64 with padding, unlike everything else in a JWK. */
static enum troth_status put_x5c(struct troth_writer *w, struct troth_view der)
{
	uint8_t text[TROTH_CERT_MAX / 3 * 4 + 8];
	if (der.n > TROTH_CERT_MAX)
		return TROTH_E_LIMIT;
	const int n = EVP_EncodeBlock(text, der.p, (int)der.n);
	troth_json_name(w, "x5c");
	troth_json_open(w, '[');
	troth_json_put_text(w, (struct troth_view){ text, (size_t)n });
	troth_json_close(w, ']');
	return TROTH_OK;
}

static enum troth_status put_authority(struct troth_writer *w, struct troth_view der)
{
	TROTH_AUTO(X509_free_p) X509 *cert = troth_x509_parse(der);
	struct troth_jwk jwk;
	if (cert == NULL || X509_get0_pubkey(cert) == NULL)
		return TROTH_E_MALFORMED;
	TROTH_TRY(troth_jwk_of(X509_get0_pubkey(cert), &jwk));
	troth_json_open(w, '{');
	troth_json_member_text(w, "use", troth_view_str("x509-svid"));
	troth_json_member_text(w, "kty", troth_view_str("EC"));
	troth_json_member_text(w, "crv", troth_view_str("P-256"));
	troth_json_member_base64url(w, "x", TROTH_VIEW_OF(jwk.x));
	troth_json_member_base64url(w, "y", TROTH_VIEW_OF(jwk.y));
	TROTH_TRY(put_x5c(w, der));
	troth_json_close(w, '}');
	return TROTH_OK;
}

enum troth_status troth_spiffe_bundle_put(struct troth_writer *w, uint64_t sequence,
					  const struct troth_view *anchors, size_t n_anchors)
{
	troth_json_open(w, '{');
	troth_json_member_int(w, "spiffe_sequence", (int64_t)sequence);
	troth_json_member_int(w, "spiffe_refresh_hint", TROTH_SPIFFE_REFRESH_HINT_S);
	troth_json_name(w, "keys");
	troth_json_open(w, '[');
	for (size_t i = 0; i < n_anchors; i++)
		TROTH_TRY(put_authority(w, anchors[i]));
	troth_json_close(w, ']');
	troth_json_close(w, '}');
	return troth_writer_ok(w) ? TROTH_OK : TROTH_E_LIMIT;
}
