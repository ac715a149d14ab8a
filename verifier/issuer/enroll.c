/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment: one TPM holds this EK and this AK. Nothing is kept between the
 * two steps: the token's subject is a digest of all that was said in the first. */
#include <openssl/crypto.h>
#include <string.h>

#include "base.h"
#include "clock.h"
#include "desk.h"
#include "random.h"
#include "reader.h"
#include "text.h"
#include "writer.h"

#define SECRET_LEN 32

/* SHA-256 over template, EK key, AK public and facts, each length-prefixed. */
static enum troth_status subject_of(struct troth_desk *d,
				    const struct troth_issuer_enroll_begin *q, uint8_t out[32])
{
	uint8_t buf[64 + TROTH_RSA_BYTES_MAX + TROTH_PUBLIC_MAX];
	struct troth_writer w = troth_writer_make(buf, sizeof buf);
	struct troth_digest digest;
	troth_put_u32be(&w, sizeof q->ek_template);
	troth_put_u32be(&w, q->ek_template);
	troth_put_view32be(&w, q->ek_key);
	troth_put_view32be(&w, q->ak_public);
	troth_put_view32be(&w, TROTH_VIEW_OF(q->facts_sha256));
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;
	TROTH_TRY(troth_hash_one(d->ctx, TROTH_HASH_SHA256, troth_written(&w), &digest));
	memcpy(out, digest.bytes, 32);
	return TROTH_OK;
}

static enum troth_status
read_ek(struct troth_desk *d, const struct troth_issuer_enroll_begin *q, struct troth_ek *out)
{
	if (q->ek_template >= TROTH_EK_TEMPLATE_N)
		return troth_desk_refuse(d, TROTH_E_UNSUPPORTED,
					 TROTH_FINDING_MESSAGE_MALFORMED);
	enum troth_status got =
		troth_ek_make((enum troth_ek_template)q->ek_template, q->ek_key, out);
	if (troth_fault_of_bytes(got))
		return troth_desk_refuse(d, TROTH_E_MISMATCH, TROTH_FINDING_MESSAGE_MALFORMED);
	return got;
}

/* Only a key that signs nothing but what its TPM says of itself may become an AK. */
static enum troth_status read_ak(struct troth_desk *d, struct troth_view ak_public,
				 struct troth_public *out)
{
	enum troth_status got = troth_public_parse(d->ctx, ak_public, out);
	if (troth_fault_of_bytes(got))
		return troth_desk_refuse(d, TROTH_E_MISMATCH, TROTH_FINDING_MESSAGE_MALFORMED);
	TROTH_TRY(got);
	troth_ak_check(out, &d->findings);
	return troth_desk_judged(d);
}

static enum troth_status make_token(struct troth_desk *d,
				    const struct troth_issuer_enroll_begin *q,
				    struct troth_view *out, uint8_t secret[SECRET_LEN])
{
	const struct troth_token_keys *keys;
	struct troth_token token = { .purpose = TROTH_TOKEN_ENROLL,
				     .issued_ms = troth_now_ms(),
				     .row_version = q->row_version };
	size_t n;
	TROTH_TRY(troth_desk_token_keys(d, token.issued_ms, &keys));
	token.key_id = keys->current.id;
	TROTH_TRY(subject_of(d, q, token.subject));
	TROTH_TRY(troth_random(token.random, sizeof token.random));
	TROTH_TRY(troth_token_make(d->ctx, keys, &token, d->token, &n));
	*out = (struct troth_view){ d->token, n };
	return troth_token_secret(d->ctx, keys, *out, secret);
}

static enum troth_status wrap_secret(struct troth_desk *d, const struct troth_ek *ek,
				     const struct troth_name *ak,
				     const uint8_t secret[SECRET_LEN])
{
	struct troth_credential_input in = { .ak_name = ak, .secret = { secret, SECRET_LEN } };
	enum troth_status got = troth_random(in.random, sizeof in.random);
	if (got == TROTH_OK)
		got = troth_credential_make(d->ctx, ek, &in, &d->credential);
	OPENSSL_cleanse(&in, sizeof in);
	return got;
}

enum troth_status troth_decide_enroll_begin(struct troth_desk *d,
					    const struct troth_issuer_enroll_begin *q,
					    struct troth_issuer_enroll_begin_reply *out)
{
	struct troth_ek ek;
	struct troth_public ak;
	struct troth_view token;
	uint8_t secret[SECRET_LEN];
	TROTH_TRY(read_ek(d, q, &ek));
	TROTH_TRY(read_ak(d, q->ak_public, &ak));
	TROTH_TRY(make_token(d, q, &token, secret));
	enum troth_status got = wrap_secret(d, &ek, &ak.name, secret);
	OPENSSL_cleanse(secret, sizeof secret);
	TROTH_TRY(got);
	*out = (struct troth_issuer_enroll_begin_reply){
		.token = token,
		.credential_blob = { d->credential.blob, d->credential.blob_len },
		.secret = { d->credential.secret, d->credential.secret_len },
	};
	return TROTH_OK;
}

/* The token is of this very request, and its secret came back out of the TPM. */
static enum troth_status check_activation(struct troth_desk *d,
					  const struct troth_issuer_enroll_finish *q)
{
	struct troth_token token;
	const struct troth_token_keys *keys;
	uint8_t subject[32], secret[SECRET_LEN];
	const uint64_t now_ms = troth_now_ms();
	TROTH_TRY(troth_desk_open(d, q->token, TROTH_TOKEN_ENROLL, now_ms, &token));
	TROTH_TRY(subject_of(d, &q->begin, subject));
	if (!troth_view_equal(TROTH_VIEW_OF(subject), TROTH_VIEW_OF(token.subject)))
		return troth_desk_refuse(d, TROTH_E_MISMATCH, TROTH_FINDING_TOKEN_INVALID);
	/* An activation counts once. */
	if (token.row_version != q->begin.row_version)
		return troth_desk_refuse(d, TROTH_E_CONFLICT, TROTH_FINDING_TOKEN_SPENT);
	TROTH_TRY(troth_desk_token_keys(d, now_ms, &keys));
	TROTH_TRY(troth_token_secret(d->ctx, keys, q->token, secret));
	bool same = q->activated.n == sizeof secret &&
		    CRYPTO_memcmp(q->activated.p, secret, sizeof secret) == 0;
	OPENSSL_cleanse(secret, sizeof secret);
	return same ? TROTH_OK
		    : troth_desk_refuse(d, TROTH_E_MISMATCH, TROTH_FINDING_TOKEN_INVALID);
}

enum troth_status troth_decide_enroll_finish(struct troth_desk *d,
					     const struct troth_issuer_enroll_finish *q,
					     struct troth_issuer_enroll_finish_reply *out)
{
	struct troth_ek ek;
	struct troth_public ak;
	struct troth_issuer_enroll_finish_reply reply;
	struct troth_identity id = { .generation = q->generation,
				     .name = q->name,
				     .segment = q->segment,
				     .ak_public = q->begin.ak_public };
	/* A device that waits for approval has no segment yet. */
	if (!troth_name_valid(q->name) || (q->segment.n > 0 && !troth_name_valid(q->segment)))
		return TROTH_E_MALFORMED;
	TROTH_TRY(check_activation(d, q));
	TROTH_TRY(read_ek(d, &q->begin, &ek));
	TROTH_TRY(read_ak(d, q->begin.ak_public, &ak));
	TROTH_TRY(troth_ek_device_id(d->ctx, &ek, id.id));
	TROTH_TRY(troth_row_seal(d->ctx, &d->office->keys.mac, &id, reply.mac));
	memcpy(reply.device_id, id.id, sizeof reply.device_id);
	*out = reply;
	return TROTH_OK;
}
