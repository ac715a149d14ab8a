/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle_update.h"

#include "base.h"
#include "base64.h"
#include "der.h"
#include "json_write.h"
#include "reader.h"
#include "text.h"

enum troth_status troth_bundle_update_write(const struct troth_bundle_update *update,
					    const struct troth_es256_signer *signer,
					    struct troth_writer *out)
{
	uint8_t payload[TROTH_BUNDLE_UPDATE_MAX];
	struct troth_writer w = troth_writer_make(payload, sizeof payload);
	const struct troth_jws_header header = { .typ = TROTH_BUNDLE_UPDATE_TYPE };
	const size_t start = out->n;
	if (!troth_trust_domain_valid(update->trust_domain) || update->sequence == 0 ||
	    update->sequence > INT64_MAX)
		return TROTH_E_MALFORMED;
	if (update->n_anchors == 0 || update->n_anchors > TROTH_BUNDLE_UPDATE_ANCHORS_MAX)
		return TROTH_E_LIMIT;
	troth_json_open(&w, '{');
	troth_json_member_text(&w, "trust_domain", update->trust_domain);
	troth_json_member_int(&w, "sequence", (int64_t)update->sequence);
	troth_json_name(&w, "anchors");
	troth_json_open(&w, '[');
	for (size_t i = 0; i < update->n_anchors; i++)
		troth_json_put_base64url(&w, update->anchors[i]);
	troth_json_close(&w, ']');
	troth_json_close(&w, '}');
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;
	TROTH_TRY(troth_jws_build(&header, troth_written(&w), signer, out));
	return out->n - start <= TROTH_BUNDLE_UPDATE_MAX ? TROTH_OK : TROTH_E_LIMIT;
}

static enum troth_status read_anchor(const struct troth_json_value *value,
				     struct troth_writer *buf, struct troth_view *out)
{
	struct troth_view text, der;
	if (!troth_json_plain(value, &text))
		return TROTH_E_MALFORMED;
	TROTH_TRY(troth_base64url_decode(text, buf->p + buf->n, buf->max - buf->n, &der));
	if (der.n == 0 || der.n > TROTH_CERT_MAX || der.p[0] != TROTH_DER_SEQUENCE)
		return TROTH_E_MALFORMED;
	buf->n += der.n;
	*out = der;
	return TROTH_OK;
}

static enum troth_status read_payload(struct troth_view payload, struct troth_writer *buf,
				      struct troth_bundle_update *out)
{
	struct troth_json_value values[TROTH_JSON_VALUES_MAX];
	struct troth_json json;
	struct troth_bundle_update u = { 0 };
	TROTH_TRY(troth_json_parse(payload, values, TROTH_COUNT(values), &json));
	const struct troth_json_value *root = troth_json_root(&json);
	const struct troth_json_value *list = troth_json_member(root, "anchors");
	if (!troth_json_plain(troth_json_member(root, "trust_domain"), &u.trust_domain) ||
	    !troth_trust_domain_valid(u.trust_domain))
		return TROTH_E_MALFORMED;
	if (!troth_json_u63(troth_json_member(root, "sequence"), &u.sequence) ||
	    u.sequence == 0 || list == NULL || list->type != TROTH_JSON_ARRAY)
		return TROTH_E_MALFORMED;
	for (const struct troth_json_value *v = troth_json_first(list); v != NULL;
	     v = troth_json_next(list, v)) {
		if (u.n_anchors == TROTH_BUNDLE_UPDATE_ANCHORS_MAX)
			return TROTH_E_LIMIT;
		TROTH_TRY(read_anchor(v, buf, &u.anchors[u.n_anchors]));
		u.n_anchors++;
	}
	if (u.n_anchors == 0)
		return TROTH_E_MALFORMED;
	*out = u;
	return TROTH_OK;
}

enum troth_status troth_bundle_update_open(struct troth_ctx *ctx, struct troth_view compact,
					   struct troth_key *update_key,
					   struct troth_writer *buf,
					   struct troth_bundle_update *out)
{
	struct troth_jws jws;
	struct troth_view payload;
	if (compact.n > TROTH_BUNDLE_UPDATE_MAX)
		return TROTH_E_LIMIT;
	TROTH_TRY(troth_jws_read(compact, TROTH_BUNDLE_UPDATE_TYPE, &jws));
	TROTH_TRY(troth_jws_open(ctx, &jws, update_key, buf, &payload));
	return read_payload(payload, buf, out);
}

enum troth_status troth_bundle_update_peek(struct troth_view compact,
					   struct troth_view trust_domain,
					   uint64_t *out_sequence)
{
	uint8_t text[TROTH_BUNDLE_UPDATE_MAX], anchors[TROTH_BUNDLE_UPDATE_MAX];
	struct troth_writer buf = troth_writer_make(anchors, sizeof anchors);
	struct troth_bundle_update update;
	struct troth_jws jws;
	struct troth_view payload;
	if (compact.n > TROTH_BUNDLE_UPDATE_MAX)
		return TROTH_E_LIMIT;
	TROTH_TRY(troth_jws_read(compact, TROTH_BUNDLE_UPDATE_TYPE, &jws));
	TROTH_TRY(troth_base64url_decode(jws.payload_text, text, sizeof text, &payload));
	TROTH_TRY(read_payload(payload, &buf, &update));
	if (!troth_view_equal(update.trust_domain, trust_domain))
		return TROTH_E_MISMATCH;
	*out_sequence = update.sequence;
	return TROTH_OK;
}
