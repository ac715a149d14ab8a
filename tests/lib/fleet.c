/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eventlog.h"
#include "reader.h"
#include "token.h"
#include "wire.h"

void fleet_device_make(struct fleet_device *d)
{
	*d = (struct fleet_device){ 0 };
	soft_device_make(&d->tpm);
	soft_device_id(&d->tpm, d->id);
}

void fleet_device_free(struct fleet_device *d)
{
	soft_device_free(&d->tpm);
}

void fleet_enroll_request(const struct fleet_device *d, Troth__V1__EnrollRequest *out)
{
	troth__v1__enroll_request__init(out);
	out->ek_template = 1;
	out->ek_key = troth_wire_bytes(TROTH_VIEW_OF(d->tpm.ek_key));
	out->ak_public = troth_wire_bytes(soft_ak_public(&d->tpm));
	out->ek_certificate = troth_wire_bytes(d->ek_certificate);
}

/* ---- attestation ---- */

static void sha256(struct troth_view data, uint8_t out[32])
{
	assert_int_equal(EVP_Digest(data.p, data.n, out, NULL, EVP_sha256(), NULL), 1);
}

static void bind(const struct fleet_device *d, const Troth__V1__Challenge *challenge,
		 const char *label, uint8_t out[32])
{
	uint8_t session[64];
	struct soft_binding b = {
		.label = label,
		.trust_domain = challenge->trust_domain,
		.device_id = d->id,
		.token = troth_wire_view(challenge->token),
		.key_public = soft_key_public(&d->tpm),
		.result_nonce = d->result_nonce,
	};
	if (d->secret_name != NULL) {
		b.secret_key = soft_secret_public(&d->tpm);
		b.secret_name = troth_view_str(d->secret_name);
	}
	if (d->tpm.session != NULL) {
		soft_session_public(&d->tpm, session);
		b.session_key = TROTH_VIEW_OF(session);
	}
	soft_bind(&b, out);
}

/* A value never extended is what the TPM starts with. */
static void put_value(const struct fleet_device *d, enum troth_hash bank, uint32_t pcr,
		      uint8_t *out)
{
	struct troth_view value = troth_pcr_value(&d->pcrs, bank, pcr);
	uint8_t initial[TROTH_DIGEST_MAX];
	troth_pcr_initial(bank, pcr, initial);
	memcpy(out, value.n > 0 ? value.p : initial, troth_hash_size(bank));
}

static void fill_bank(const struct fleet_device *d, const Troth__V1__PcrSelection *s,
		      struct fleet_attestation *a, size_t i)
{
	enum troth_hash bank = troth_hash_from_tpm((uint16_t)s->algorithm);
	size_t n = 0;
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
		if ((s->mask & 1U << pcr) == 0)
			continue;
		put_value(d, bank, pcr, a->values[i] + n);
		n += troth_hash_size(bank);
	}
	troth__v1__pcr_bank__init(&a->banks[i]);
	a->banks[i].algorithm = s->algorithm;
	a->banks[i].mask = s->mask;
	a->banks[i].values = (ProtobufCBinaryData){ n, a->values[i] };
	a->bank_list[i] = &a->banks[i];
}

static void fill_quote(const struct fleet_device *d, const Troth__V1__Challenge *challenge,
		       struct fleet_attestation *a)
{
	uint8_t extra[32];
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bind(d, challenge, "troth/v1/quote", extra);
	a->message.result_nonce = troth_wire_bytes(d->result_nonce);
	a->message.result_form = d->result_form;
	a->message.result_profile = d->result_profile;
	if (d->tpm.session != NULL) {
		soft_session_public(&d->tpm, a->session_key);
		soft_session_sign(&d->tpm, TROTH_VIEW_OF(extra), a->session_signature);
		a->message.session_key = troth_wire_bytes(TROTH_VIEW_OF(a->session_key));
		a->message.session_signature =
			troth_wire_bytes(TROTH_VIEW_OF(a->session_signature));
	}
	TPMS_ATTEST quote = soft_quote_fields(&d->tpm, extra, 1);
	quote.attested.quote.pcrSelect.count = 0;
	assert_int_equal(EVP_DigestInit_ex(md, EVP_sha256(), NULL), 1);
	for (size_t i = 0; i < challenge->n_selection; i++) {
		forge_select(&quote, (TPM2_ALG_ID)challenge->selection[i]->algorithm,
			     challenge->selection[i]->mask);
		EVP_DigestUpdate(md, a->banks[i].values.data, a->banks[i].values.len);
	}
	quote.attested.quote.pcrDigest.size = 32;
	assert_int_equal(EVP_DigestFinal_ex(md, quote.attested.quote.pcrDigest.buffer, NULL),
			 1);
	EVP_MD_CTX_free(md);
	if (d->twist != NULL)
		d->twist(&quote);
	soft_sign(&d->tpm, &quote, &a->quote);
	a->message.quote = troth_wire_bytes(soft_attest(&a->quote));
	a->message.signature = troth_wire_bytes(soft_signature(&a->quote));
}

static void fill_certification(const struct fleet_device *d,
			       const Troth__V1__Challenge *challenge,
			       struct fleet_attestation *a)
{
	uint8_t extra[32];
	bind(d, challenge, "troth/v1/certify", extra);
	soft_certify(&d->tpm, extra, &a->certify);
	troth__v1__certification__init(&a->certification);
	a->certification.attest = troth_wire_bytes(soft_attest(&a->certify));
	a->certification.signature = troth_wire_bytes(soft_signature(&a->certify));
	a->message.certification = &a->certification;
}

static void fill_secret(const struct fleet_device *d, const Troth__V1__Challenge *challenge,
			struct fleet_attestation *a)
{
	uint8_t extra[32];
	bind(d, challenge, "troth/v1/certify-secret", extra);
	const TPMS_ATTEST fields = soft_certify_secret_fields(&d->tpm, extra, TPM2_RH_NULL);
	soft_sign(&d->tpm, &fields, &a->secret_certify);
	troth__v1__certification__init(&a->secret_certification);
	a->secret_certification.attest = troth_wire_bytes(soft_attest(&a->secret_certify));
	a->secret_certification.signature =
		troth_wire_bytes(soft_signature(&a->secret_certify));
	(void)snprintf(a->secret_name, sizeof a->secret_name, "%s", d->secret_name);
	a->message.secret_name = a->secret_name;
	a->message.secret_key = troth_wire_bytes(soft_secret_public(&d->tpm));
	a->message.secret_certification = &a->secret_certification;
}

void fleet_attest(struct fleet_device *d, const Troth__V1__Challenge *challenge,
		  struct fleet_attestation *out)
{
	assert_true(challenge->n_selection <= TROTH_BANKS_MAX);
	d->tpm.clock++;
	troth__v1__attestation__init(&out->message);
	for (size_t i = 0; i < challenge->n_selection; i++)
		fill_bank(d, challenge->selection[i], out, i);
	out->message.token = challenge->token;
	out->message.n_pcrs = challenge->n_selection;
	out->message.pcrs = out->bank_list;
	fill_quote(d, challenge, out);
	sha256(d->log, out->log_digest);
	out->message.log_digest = troth_wire_bytes(TROTH_VIEW_OF(out->log_digest));
	if ((challenge->wants & TROTH_WANT_LOG) != 0)
		out->message.log = troth_wire_bytes(d->log);
	out->message.credential_key = troth_wire_bytes(soft_key_public(&d->tpm));
	if (d->secret_name != NULL)
		fill_secret(d, challenge, out);
	if ((challenge->wants & TROTH_WANT_CERTIFY) != 0)
		fill_certification(d, challenge, out);
}

/* ---- over the wire ---- */

bool fleet_post(struct tls_client *c, const char *path, const ProtobufCMessage *message)
{
	uint8_t *body;
	size_t len;
	assert_int_equal(troth_wire_pack(message, &body, &len), TROTH_OK);
	bool done = tls_client_post(c, path, (struct troth_view){ body, len });
	free(body);
	return done;
}

ProtobufCMessage *fleet_answer(const struct tls_client *c,
			       const ProtobufCMessageDescriptor *type)
{
	ProtobufCMessage *m;
	if (c->status != 200 || troth_wire_unpack(type, c->body, &m) != TROTH_OK)
		return NULL;
	return m;
}

int fleet_enroll(struct fleet_device *d, struct tls_client *c)
{
	Troth__V1__EnrollRequest request;
	Troth__V1__EnrollProof proof = TROTH__V1__ENROLL_PROOF__INIT;
	uint8_t secret[64];
	fleet_enroll_request(d, &request);
	if (!fleet_post(c, "/v1/enroll", &request.base))
		return 0;
	ProtobufCMessage *m = fleet_answer(c, &troth__v1__enroll_challenge__descriptor);
	if (m == NULL)
		return c->status;
	const Troth__V1__EnrollChallenge *challenge = (const Troth__V1__EnrollChallenge *)m;
	size_t n = soft_activate(&d->tpm, troth_wire_view(challenge->credential_blob),
				 troth_wire_view(challenge->secret), secret, sizeof secret);
	proof.request = &request;
	proof.token = challenge->token;
	proof.activated = (ProtobufCBinaryData){ n, secret };
	bool done = fleet_post(c, "/v1/enroll/complete", &proof.base);
	troth_wire_free(m);
	return done ? c->status : 0;
}

Troth__V1__Challenge *fleet_challenge(const struct fleet_device *d, struct tls_client *c)
{
	Troth__V1__ChallengeRequest request = TROTH__V1__CHALLENGE_REQUEST__INIT;
	request.device_id = troth_wire_bytes(TROTH_VIEW_OF(d->id));
	if (!fleet_post(c, "/v1/challenge", &request.base))
		return NULL;
	return (Troth__V1__Challenge *)fleet_answer(c, &troth__v1__challenge__descriptor);
}
