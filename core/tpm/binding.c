/* SPDX-License-Identifier: Apache-2.0 */
#include "binding.h"

#include "base.h"
#include "reader.h"
#include "session_key.h"
#include "writer.h"

#define N_FIELDS 10

static struct troth_view label(enum troth_binding_label l)
{
	switch (l) {
	case TROTH_BIND_QUOTE: return troth_view_str("troth/v1/quote");
	case TROTH_BIND_CERTIFY: return troth_view_str("troth/v1/certify");
	case TROTH_BIND_CERTIFY_SECRET: return troth_view_str("troth/v1/certify-secret");
	}
	return (struct troth_view){ 0 };
}

static bool digest_or_none(struct troth_view v)
{
	return v.n == 0 || v.n == troth_hash_size(TROTH_HASH_SHA256);
}

/* Trust domain, device and token are what makes the signature one of this exchange: a digest
 * without them must not exist. */
static bool sound(const struct troth_binding *b)
{
	return label(b->label).n > 0 && b->trust_domain.n > 0 &&
	       b->trust_domain.n <= TROTH_TRUST_DOMAIN_MAX &&
	       b->device_id.n == troth_hash_size(TROTH_HASH_SHA256) && b->token.n > 0 &&
	       b->token.n <= TROTH_TOKEN_MAX && b->credential_key_name.n <= TROTH_NAME_MAX &&
	       digest_or_none(b->session_key_thumbprint) && digest_or_none(b->facts_digest) &&
	       b->result_nonce.n <= TROTH_RESULT_NONCE_MAX &&
	       b->secret_key_name.n <= TROTH_NAME_MAX &&
	       b->secret_name.n <= TROTH_NAME_LEN_MAX &&
	       (b->secret_key_name.n > 0) == (b->secret_name.n > 0);
}

/* The fields at the end are there when they have something to say, so that what was bound
 * before there were any is bound as it was. */
static size_t count_fields(const struct troth_binding *b)
{
	if (b->secret_key_name.n > 0)
		return N_FIELDS;
	return b->result_nonce.n > 0 ? N_FIELDS - 2 : N_FIELDS - 3;
}

enum troth_status troth_binding_digest(struct troth_ctx *ctx, const struct troth_binding *b,
				       uint8_t out[32])
{
	if (!sound(b))
		return TROTH_E_MALFORMED;
	struct troth_digest token, digest;
	TROTH_TRY(troth_hash_one(ctx, TROTH_HASH_SHA256, b->token, &token));

	const struct troth_view fields[N_FIELDS] = {
		label(b->label),	b->trust_domain,
		b->device_id,		troth_digest_view(&token),
		b->credential_key_name, b->session_key_thumbprint,
		b->facts_digest,	b->result_nonce,
		b->secret_key_name,	b->secret_name,
	};
	uint8_t lengths[N_FIELDS][sizeof(uint32_t)];
	struct troth_view parts[2 * N_FIELDS];
	const size_t n = count_fields(b);
	for (size_t i = 0; i < n; i++) {
		struct troth_writer w = troth_writer_make(lengths[i], sizeof lengths[i]);
		troth_put_u32be(&w, (uint32_t)fields[i].n);
		parts[2 * i] = TROTH_VIEW_OF(lengths[i]);
		parts[2 * i + 1] = fields[i];
	}
	TROTH_TRY(troth_hash_parts(ctx, TROTH_HASH_SHA256, parts, 2 * n, &digest));

	struct troth_writer w = troth_writer_make(out, troth_hash_size(TROTH_HASH_SHA256));
	troth_put_view(&w, troth_digest_view(&digest));
	return TROTH_OK;
}

static enum troth_status name_of(struct troth_ctx *ctx, struct troth_view public_area,
				 struct troth_name *out)
{
	struct troth_public key;
	*out = (struct troth_name){ 0 };
	if (public_area.n == 0)
		return TROTH_OK;
	TROTH_TRY(troth_public_parse(ctx, public_area, &key));
	*out = key.name;
	return TROTH_OK;
}

enum troth_status troth_binding_of(struct troth_ctx *ctx, const struct troth_bound *bound,
				   uint8_t out[32])
{
	struct troth_name credential, secret;
	struct troth_digest facts;
	uint8_t thumbprint[32];
	struct troth_binding b = {
		.label = bound->label,
		.trust_domain = bound->trust_domain,
		.device_id = bound->device_id,
		.token = bound->token,
		.result_nonce = bound->result_nonce,
		.secret_name = bound->secret_name,
	};
	TROTH_TRY(name_of(ctx, bound->credential_key, &credential));
	b.credential_key_name = troth_name_view(&credential);
	TROTH_TRY(name_of(ctx, bound->secret_key, &secret));
	b.secret_key_name = troth_name_view(&secret);
	if (bound->facts.n > 0) {
		TROTH_TRY(troth_hash_one(ctx, TROTH_HASH_SHA256, bound->facts, &facts));
		b.facts_digest = troth_digest_view(&facts);
	}
	if (bound->session_key.n > 0) {
		TROTH_TRY(troth_session_key_thumbprint(ctx, bound->session_key, thumbprint));
		b.session_key_thumbprint = TROTH_VIEW_OF(thumbprint);
	}
	return troth_binding_digest(ctx, &b, out);
}
