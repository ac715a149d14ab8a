/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include "base.h"
#include "codec.h"

#define LAYOUT(fields)                      \
	{                                   \
		fields, TROTH_COUNT(fields) \
	}

#define IDENTITY_FIELDS(type)                                                                 \
	TROTH_FIELD_ARRAY(type, identity.id), TROTH_FIELD(U64, type, identity.generation, 0), \
		TROTH_FIELD(VIEW, type, identity.name, TROTH_NAME_LEN_MAX),                   \
		TROTH_FIELD(VIEW, type, identity.segment, TROTH_NAME_LEN_MAX),                \
		TROTH_FIELD(VIEW, type, identity.ak_public, TROTH_PUBLIC_MAX),                \
		TROTH_FIELD_ARRAY(type, identity.mac)

#define CERTIFICATION_FIELDS(type)                                               \
	TROTH_FIELD(BOOL, type, certification.present, 0),                       \
		TROTH_FIELD_ARRAY(type, certification.key_name_sha256),          \
		TROTH_FIELD_ARRAY(type, certification.session_thumbprint),       \
		TROTH_FIELD(U32, type, certification.reset_count, UINT32_MAX),   \
		TROTH_FIELD(U32, type, certification.restart_count, UINT32_MAX), \
		TROTH_FIELD(U64, type, certification.time_ms, 0),                \
		TROTH_FIELD_ARRAY(type, certification.mac)

#define ENROLL_FIELDS(type, member)                                          \
	TROTH_FIELD(U32, type, member.ek_template, UINT32_MAX),              \
		TROTH_FIELD(VIEW, type, member.ek_key, TROTH_RSA_BYTES_MAX), \
		TROTH_FIELD(VIEW, type, member.ak_public, TROTH_PUBLIC_MAX), \
		TROTH_FIELD_ARRAY(type, member.facts_sha256),                \
		TROTH_FIELD(U64, type, member.row_version, 0)

static const struct troth_field CHALLENGE[] = {
	TROTH_FIELD_ARRAY(struct troth_issuer_challenge, device_id),
	TROTH_FIELD(U64, struct troth_issuer_challenge, row_version, 0),
	TROTH_FIELD(U32, struct troth_issuer_challenge, wants, UINT32_MAX),
	TROTH_FIELD(SELECTION, struct troth_issuer_challenge, selection, 0),
};

/* troth_issuer_enroll_begin stands first in troth_issuer_enroll_finish, so that the fields of
 * the one serve the other. */
static const struct troth_field ENROLL_FINISH[] = {
	ENROLL_FIELDS(struct troth_issuer_enroll_finish, begin),
	TROTH_FIELD(VIEW, struct troth_issuer_enroll_finish, token, TROTH_TOKEN_MAX),
	TROTH_FIELD(VIEW, struct troth_issuer_enroll_finish, activated, TROTH_ACTIVATED_MAX),
	TROTH_FIELD(VIEW, struct troth_issuer_enroll_finish, name, TROTH_NAME_LEN_MAX),
	TROTH_FIELD(VIEW, struct troth_issuer_enroll_finish, segment, TROTH_NAME_LEN_MAX),
	TROTH_FIELD(U64, struct troth_issuer_enroll_finish, generation, 0),
};
#define N_ENROLL_BEGIN 5
_Static_assert(offsetof(struct troth_issuer_enroll_finish, begin) == 0, "begin comes first");

static const struct troth_field ATTEST[] = {
	IDENTITY_FIELDS(struct troth_issuer_attest),
	TROTH_FIELD(VIEW, struct troth_issuer_attest, token, TROTH_TOKEN_MAX),
	TROTH_FIELD(VIEW, struct troth_issuer_attest, quote, TROTH_ATTEST_MAX),
	TROTH_FIELD(VIEW, struct troth_issuer_attest, signature, TROTH_SIGNATURE_MAX),
	TROTH_FIELD(VIEW, struct troth_issuer_attest, credential_key, TROTH_PUBLIC_MAX),
	TROTH_FIELD(VIEW, struct troth_issuer_attest, session_key, TROTH_SESSION_KEY_LEN),
	TROTH_FIELD(VIEW, struct troth_issuer_attest, session_signature, TROTH_ES256_LEN),
	TROTH_FIELD(VIEW, struct troth_issuer_attest, result_nonce, TROTH_RESULT_NONCE_MAX),
	TROTH_FIELD(VIEW, struct troth_issuer_attest, certify_attest, TROTH_ATTEST_MAX),
	TROTH_FIELD(VIEW, struct troth_issuer_attest, certify_signature, TROTH_SIGNATURE_MAX),
	CERTIFICATION_FIELDS(struct troth_issuer_attest),
	TROTH_FIELD(BOOL, struct troth_issuer_attest, has_facts, 0),
	TROTH_FIELD_ARRAY(struct troth_issuer_attest, facts_sha256),
	TROTH_FIELD(VIEW, struct troth_issuer_attest, secret_name, TROTH_NAME_LEN_MAX),
	TROTH_FIELD(VIEW, struct troth_issuer_attest, secret_key, TROTH_PUBLIC_MAX),
	TROTH_FIELD(VIEW, struct troth_issuer_attest, secret_attest, TROTH_ATTEST_MAX),
	TROTH_FIELD(VIEW, struct troth_issuer_attest, secret_signature, TROTH_SIGNATURE_MAX),
	TROTH_FIELD(BOOL, struct troth_issuer_attest, issue, 0),
	TROTH_FIELD(U32, struct troth_issuer_attest, ttl_s, UINT32_MAX),
	TROTH_FIELD(VIEW, struct troth_issuer_attest, names, TROTH_SVID_NAMES_LEN_MAX),
	TROTH_FIELD(U32, struct troth_issuer_attest, appraisal.format, TROTH_EAR_CWT),
	TROTH_FIELD(U32, struct troth_issuer_attest, appraisal.profile, TROTH_EAR_DRAFT),
	TROTH_FIELD(U32, struct troth_issuer_attest, appraisal.tier,
		    TROTH_TIER_CONTRAINDICATED),
	TROTH_FIELD_ARRAY(struct troth_issuer_attest, appraisal.trust),
	TROTH_FIELD(VIEW, struct troth_issuer_attest, appraisal.policy_name,
		    TROTH_NAME_LEN_MAX),
	TROTH_FIELD_ARRAY(struct troth_issuer_attest, appraisal.policy_id),
};

static const struct troth_field RELEASE[] = {
	TROTH_FIELD_ARRAY(struct troth_issuer_release, ticket.device_id),
	TROTH_FIELD_ARRAY(struct troth_issuer_release, ticket.extra_data),
	TROTH_FIELD(VIEW, struct troth_issuer_release, ticket.key, TROTH_PUBLIC_MAX),
	TROTH_FIELD(VIEW, struct troth_issuer_release, ticket.name, TROTH_NAME_LEN_MAX),
	TROTH_FIELD(U64, struct troth_issuer_release, ticket.time_ms, 0),
	TROTH_FIELD_ARRAY(struct troth_issuer_release, ticket.mac),
	TROTH_FIELD(BOOL, struct troth_issuer_release, own, 0),
	TROTH_FIELD(VIEW, struct troth_issuer_release, sealed, TROTH_SECRET_SEALED_MAX),
};

static const struct troth_field SEAL[] = {
	IDENTITY_FIELDS(struct troth_issuer_seal),
	TROTH_FIELD(VIEW, struct troth_issuer_seal, name, TROTH_NAME_LEN_MAX),
	TROTH_FIELD(VIEW, struct troth_issuer_seal, segment, TROTH_NAME_LEN_MAX),
	TROTH_FIELD(U64, struct troth_issuer_seal, generation, 0),
};

static const struct troth_field DENY[] = {
	TROTH_FIELD_ARRAY(struct troth_issuer_deny, device_id),
};

static const struct troth_field CRL[] = {
	TROTH_FIELD(BOOL, struct troth_issuer_crl, former, 0),
	TROTH_FIELD(U64, struct troth_issuer_crl, number, 0),
	TROTH_FIELD(U32, struct troth_issuer_crl, life_s, UINT32_MAX),
	TROTH_FIELD(SIZE, struct troth_issuer_crl, n_entries, TROTH_CRL_ENTRIES_MAX),
	TROTH_FIELD(VIEW32, struct troth_issuer_crl, entries,
		    TROTH_CRL_ENTRIES_MAX *TROTH_CRL_ENTRY_SIZE),
};

static const struct troth_field STATUS[] = {
	TROTH_FIELD(U64, struct troth_issuer_status, sequence, 0),
	TROTH_FIELD(U64, struct troth_issuer_status, since, 0),
	TROTH_FIELD(U32, struct troth_issuer_status, life_s, UINT32_MAX),
	TROTH_FIELD_ARRAY(struct troth_issuer_status, list_sha256),
};

static const struct troth_field CHALLENGE_REPLY[] = {
	TROTH_FIELD(VIEW, struct troth_issuer_challenge_reply, token, TROTH_TOKEN_MAX),
};

static const struct troth_field ENROLL_BEGIN_REPLY[] = {
	TROTH_FIELD(VIEW, struct troth_issuer_enroll_begin_reply, token, TROTH_TOKEN_MAX),
	TROTH_FIELD(VIEW, struct troth_issuer_enroll_begin_reply, credential_blob,
		    sizeof(((const struct troth_credential *)NULL)->blob)),
	TROTH_FIELD(VIEW, struct troth_issuer_enroll_begin_reply, secret,
		    sizeof(((const struct troth_credential *)NULL)->secret)),
};

static const struct troth_field ENROLL_FINISH_REPLY[] = {
	TROTH_FIELD_ARRAY(struct troth_issuer_enroll_finish_reply, device_id),
	TROTH_FIELD_ARRAY(struct troth_issuer_enroll_finish_reply, mac),
};

_Static_assert(sizeof(enum troth_token_purpose) == sizeof(uint32_t), "read as TROTH_FIELD_U32");
static const struct troth_field ATTEST_REPLY[] = {
	TROTH_FIELD(U32, struct troth_issuer_attest_reply, token.purpose, TROTH_TOKEN_ENROLL),
	TROTH_FIELD(U8, struct troth_issuer_attest_reply, token.key_id, 0),
	TROTH_FIELD(U64, struct troth_issuer_attest_reply, token.issued_ms, 0),
	TROTH_FIELD_ARRAY(struct troth_issuer_attest_reply, token.random),
	TROTH_FIELD_ARRAY(struct troth_issuer_attest_reply, token.subject),
	TROTH_FIELD(U64, struct troth_issuer_attest_reply, token.row_version, 0),
	TROTH_FIELD(U32, struct troth_issuer_attest_reply, token.wants, UINT32_MAX),
	TROTH_FIELD(SELECTION, struct troth_issuer_attest_reply, token.selection, 0),
	TROTH_FIELD(BOOL, struct troth_issuer_attest_reply, issued, 0),
	TROTH_FIELD_ARRAY(struct troth_issuer_attest_reply, serial),
	TROTH_FIELD(U64, struct troth_issuer_attest_reply, not_after_s, 0),
	TROTH_FIELD(VIEW, struct troth_issuer_attest_reply, certificate, TROTH_CERT_MAX),
	TROTH_FIELD(VIEW, struct troth_issuer_attest_reply, result, TROTH_JWS_MAX),
	CERTIFICATION_FIELDS(struct troth_issuer_attest_reply),
	TROTH_FIELD_ARRAY(struct troth_issuer_attest_reply, release_mac),
};

static const struct troth_field SEAL_REPLY[] = {
	TROTH_FIELD_ARRAY(struct troth_issuer_seal_reply, mac),
};

static const struct troth_field DER_REPLY[] = {
	{ TROTH_FIELD_VIEW32, 0, TROTH_ADMIN_FRAME_MAX },
};

static bool kind_known(enum troth_issuer_kind kind)
{
	return (kind >= TROTH_ISSUER_CHALLENGE && kind <= TROTH_ISSUER_RELEASE) ||
	       (kind >= TROTH_ISSUER_SEAL && kind <= TROTH_ISSUER_SECRETS_KEY);
}

static struct troth_layout request_layout(enum troth_issuer_kind kind)
{
	switch (kind) {
	case TROTH_ISSUER_CHALLENGE: return (struct troth_layout)LAYOUT(CHALLENGE);
	case TROTH_ISSUER_ENROLL_BEGIN:
		return (struct troth_layout){ ENROLL_FINISH, N_ENROLL_BEGIN };
	case TROTH_ISSUER_ENROLL_FINISH: return (struct troth_layout)LAYOUT(ENROLL_FINISH);
	case TROTH_ISSUER_ATTEST: return (struct troth_layout)LAYOUT(ATTEST);
	case TROTH_ISSUER_RELEASE: return (struct troth_layout)LAYOUT(RELEASE);
	case TROTH_ISSUER_SEAL: return (struct troth_layout)LAYOUT(SEAL);
	case TROTH_ISSUER_DENY:
	case TROTH_ISSUER_ALLOW: return (struct troth_layout)LAYOUT(DENY);
	case TROTH_ISSUER_CRL: return (struct troth_layout)LAYOUT(CRL);
	case TROTH_ISSUER_STATUS: return (struct troth_layout)LAYOUT(STATUS);
	case TROTH_ISSUER_BUNDLE:
	case TROTH_ISSUER_SECRETS_KEY: break; /* nothing but its kind */
	}
	return (struct troth_layout){ NULL, 0 };
}

static struct troth_layout reply_layout(enum troth_issuer_kind kind)
{
	switch (kind) {
	case TROTH_ISSUER_CHALLENGE: return (struct troth_layout)LAYOUT(CHALLENGE_REPLY);
	case TROTH_ISSUER_ENROLL_BEGIN: return (struct troth_layout)LAYOUT(ENROLL_BEGIN_REPLY);
	case TROTH_ISSUER_ENROLL_FINISH:
		return (struct troth_layout)LAYOUT(ENROLL_FINISH_REPLY);
	case TROTH_ISSUER_ATTEST: return (struct troth_layout)LAYOUT(ATTEST_REPLY);
	case TROTH_ISSUER_SEAL: return (struct troth_layout)LAYOUT(SEAL_REPLY);
	case TROTH_ISSUER_DENY:
	case TROTH_ISSUER_ALLOW: break; /* nothing but the status */
	case TROTH_ISSUER_CRL:
	case TROTH_ISSUER_STATUS:
	case TROTH_ISSUER_BUNDLE:
	case TROTH_ISSUER_RELEASE:
	case TROTH_ISSUER_SECRETS_KEY: return (struct troth_layout)LAYOUT(DER_REPLY);
	}
	return (struct troth_layout){ NULL, 0 };
}

static bool entries_agree(const struct troth_issuer_request *q)
{
	return q->kind != TROTH_ISSUER_CRL ||
	       q->u.crl.entries.n == q->u.crl.n_entries * TROTH_CRL_ENTRY_SIZE;
}

enum troth_status troth_issuer_request_write(const struct troth_issuer_request *q, uint8_t *buf,
					     size_t max, size_t *out_len)
{
	struct troth_writer w = troth_writer_make(buf, max);
	if (!kind_known(q->kind) || !entries_agree(q))
		return TROTH_E_MALFORMED;
	troth_put_u8(&w, (uint8_t)q->kind);
	TROTH_TRY(troth_codec_put(&w, request_layout(q->kind), &q->u));
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;
	*out_len = w.n;
	return TROTH_OK;
}

enum troth_status troth_issuer_request_read(struct troth_view bytes,
					    struct troth_issuer_request *out)
{
	struct troth_reader r = { bytes };
	struct troth_issuer_request q = { 0 };
	uint8_t kind;
	if (!troth_get_u8(&r, &kind))
		return TROTH_E_TRUNCATED;
	if (!kind_known(kind))
		return TROTH_E_UNSUPPORTED;
	q.kind = kind;
	TROTH_TRY(troth_codec_get(&r, request_layout(q.kind), &q.u));
	if (!entries_agree(&q))
		return TROTH_E_MALFORMED;
	*out = q;
	return TROTH_OK;
}

enum troth_status troth_issuer_reply_write(enum troth_issuer_kind kind,
					   const struct troth_issuer_reply *r, uint8_t *buf,
					   size_t max, size_t *out_len)
{
	struct troth_writer w = troth_writer_make(buf, max);
	if (r->status >= TROTH_STATUS_N || r->finding >= TROTH_FINDING_N)
		return TROTH_E_MALFORMED;
	troth_put_u8(&w, (uint8_t)r->status);
	troth_put_u8(&w, (uint8_t)r->finding);
	if (r->status == TROTH_OK)
		TROTH_TRY(troth_codec_put(&w, reply_layout(kind), &r->u));
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;
	*out_len = w.n;
	return TROTH_OK;
}

enum troth_status troth_issuer_reply_read(enum troth_issuer_kind kind, struct troth_view bytes,
					  struct troth_issuer_reply *out)
{
	struct troth_reader r = { bytes };
	struct troth_issuer_reply reply = { 0 };
	uint8_t status, finding;
	if (!kind_known(kind))
		return TROTH_E_UNSUPPORTED;
	if (!troth_get_u8(&r, &status) || !troth_get_u8(&r, &finding))
		return TROTH_E_TRUNCATED;
	/* A success explains nothing; only a refusal carries a finding. */
	if (status >= TROTH_STATUS_N || finding >= TROTH_FINDING_N ||
	    (status == TROTH_OK && finding != TROTH_FINDING_NONE))
		return TROTH_E_MALFORMED;
	reply.status = status;
	reply.finding = finding;
	if (reply.status == TROTH_OK)
		TROTH_TRY(troth_codec_get(&r, reply_layout(kind), &reply.u));
	else if (!troth_at_end(&r))
		return TROTH_E_MALFORMED;
	*out = reply;
	return TROTH_OK;
}

void troth_issuer_crl_put(struct troth_writer *w, const struct troth_crl_entry *entry)
{
	troth_put_view(w, TROTH_VIEW_OF(entry->serial));
	troth_put_u64be(w, entry->revoked_s);
}

bool troth_issuer_crl_entry(const struct troth_issuer_crl *crl, size_t i,
			    struct troth_crl_entry *out)
{
	struct troth_crl_entry e;
	if (i >= crl->n_entries || crl->entries.n != crl->n_entries * TROTH_CRL_ENTRY_SIZE)
		return false;
	struct troth_reader r = { { crl->entries.p + i * TROTH_CRL_ENTRY_SIZE,
				    TROTH_CRL_ENTRY_SIZE } };
	if (!troth_get_bytes(&r, sizeof e.serial, e.serial) ||
	    !troth_get_u64be(&r, &e.revoked_s))
		return false;
	*out = e;
	return true;
}
