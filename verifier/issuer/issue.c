/* SPDX-License-Identifier: Apache-2.0 */
/* The identity certificate. Its times count from the evidence: notBefore is the issue time of
 * the challenge that was answered (DESIGN section 6, Evidence time). */
#include <string.h>

#include "base.h"
#include "desk.h"
#include "random.h"
#include "reader.h"
#include "svid.h"

/* 126 random bits; the first byte makes it positive and of full length (RFC 5280, 4.1.2.2). */
static enum troth_status draw_serial(uint8_t out[16])
{
	TROTH_TRY(troth_random(out, 16));
	out[0] = (uint8_t)((out[0] & 0x3f) | 0x40);
	return TROTH_OK;
}

/* Never outside the authority's own life. TROTH_E_CONFIG when what is left is not worth it: the
 * authority has to be renewed. */
static enum troth_status set_times(const struct troth_issuer_keys *keys,
				   const struct troth_issuance *i, struct troth_svid *svid)
{
	svid->not_before_s = i->token->issued_ms / 1000;
	svid->not_after_s = svid->not_before_s + i->request->ttl_s;
	if (svid->not_after_s > keys->not_after_s)
		svid->not_after_s = keys->not_after_s;
	if (svid->not_before_s < keys->not_before_s ||
	    svid->not_after_s < svid->not_before_s + TROTH_CERTIFICATE_LIFE_MIN_S)
		return TROTH_E_CONFIG;
	return TROTH_OK;
}

static enum troth_status sign(struct troth_desk *d, const struct troth_svid *svid,
			      size_t *out_len)
{
	uint8_t tbs[TROTH_CERT_MAX], signature[TROTH_SIGNER_MAX];
	size_t tbs_len, signature_len;
	TROTH_TRY(troth_svid_tbs(svid, tbs, sizeof tbs, &tbs_len));
	TROTH_TRY(troth_signer_sign(d->signer, d->ctx, (struct troth_view){ tbs, tbs_len },
				    signature, &signature_len));
	return troth_svid_wrap((struct troth_view){ tbs, tbs_len },
			       (struct troth_view){ signature, signature_len }, d->der,
			       sizeof d->der, out_len);
}

enum troth_status troth_issue(struct troth_desk *d, const struct troth_issuance *i,
			      struct troth_issuer_attest_reply *out)
{
	const struct troth_issuer_keys *keys = &d->office->keys;
	const struct troth_identity *id = &i->request->identity;
	char spiffe_id[TROTH_SPIFFE_ID_MAX + 1];
	struct troth_svid svid = {
		.issuer_name = troth_buffer_view(&keys->subject),
		.issuer_key_id = troth_buffer_view(&keys->key_id),
		.key = i->key,
	};
	size_t n;
	TROTH_TRY(set_times(keys, i, &svid));
	TROTH_TRY(troth_spiffe_id(d->office->trust_domain, id->segment, id->name, spiffe_id));
	svid.spiffe_id = troth_view_str(spiffe_id);
	TROTH_TRY(draw_serial(svid.serial));
	TROTH_TRY(sign(d, &svid, &n));
	out->issued = true;
	memcpy(out->serial, svid.serial, sizeof out->serial);
	out->not_after_s = svid.not_after_s;
	out->certificate = (struct troth_view){ d->der, n };
	return TROTH_OK;
}
