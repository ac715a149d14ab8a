/* SPDX-License-Identifier: Apache-2.0 */
/* One thread of the issuer and what it decides with.
 *
 * Every decision is a function of a request, the keys and the clock; it says yes with a reply
 * or no with a status and, where evidence is at fault, the code of one finding. Nothing secret
 * is in any reply. Views of a reply borrow from the desk until its next request. */
#ifndef TROTH_ISSUER_DESK_H
#define TROTH_ISSUER_DESK_H

#include "ak_cache.h"
#include "clock_watch.h"
#include "denied.h"
#include "keys.h"
#include "message.h"
#include "name_rules.h"
#include "quote.h"
#include "rate.h"
#include "signer.h"

/* The shortest life worth a certificate, seconds. */
#define TROTH_CERTIFICATE_LIFE_MIN_S 60
/* The longest life of a CRL, seconds: consumers deny when it has run out. */
#define TROTH_CRL_LIFE_MAX_S (7 * 24 * 3600)
/* A whole CRL: TROTH_CRL_ENTRIES_MAX entries of 37 bytes and its frame, bytes. */
#define TROTH_CRL_DER_MAX (TROTH_ADMIN_FRAME_MAX - 64)

/* Certificates and keys as they are published: few and small, in frames of their own, bytes. */
#define TROTH_BUNDLE_MAX (TROTH_BUNDLE_CAS_MAX * TROTH_CERT_MAX)

/* Shared by all threads of the process; only denied and rate change, under their own locks. */
struct troth_office {
	struct troth_view trust_domain;
	const struct troth_name_rules *names; /* what certificates may name; NULL: nothing */
	struct troth_issuer_keys keys;
	struct troth_denied *denied;
	struct troth_rate *rate;
	const struct troth_clock_watch *clock;
};

struct troth_desk {
	struct troth_office *office;
	bool administration; /* else a worker's: kinds of the other are refused */
	struct troth_ctx *ctx;
	struct troth_signer *signer;
	struct troth_es256_key *result_signer;
	struct troth_signer *former_signer; /* NULL: there is no former CA */
	struct troth_ak_cache *aks;
	uint64_t status_sequence; /* of the last full status document */
	uint64_t token_day;	  /* that token_keys are of */
	struct troth_token_keys token_keys;
	struct troth_findings findings;
	enum troth_finding_code refusal; /* why the present request is refused */
	/* What replies borrow. */
	uint8_t token[TROTH_TOKEN_MAX];
	struct troth_credential credential;
	uint8_t der[TROTH_CERT_MAX];
	uint8_t result[TROTH_JWS_MAX];
	uint8_t bundle[TROTH_BUNDLE_MAX];
	uint8_t released[TROTH_SECRET_SEALED_MAX];
	uint8_t *
		crl; /* TROTH_CRL_DER_MAX, on the administration's desk once it was asked for */
};

/* caller: one thread. office outlives the desk. */
TROTH_NODISCARD enum troth_status troth_desk_new(struct troth_office *office,
						 bool administration, struct troth_desk **out);
void troth_desk_free(struct troth_desk *d);
/* Answers one request; always with a status. */
void troth_desk_answer(struct troth_desk *d, const struct troth_issuer_request *q,
		       struct troth_issuer_reply *out);

/* ---- for the decisions ---- */

/* Notes the finding and hands the status back. */
enum troth_status troth_desk_refuse(struct troth_desk *d, enum troth_status status,
				    enum troth_finding_code code);
/* TROTH_E_MISMATCH with the first finding, TROTH_OK when there is none. */
TROTH_NODISCARD enum troth_status troth_desk_judged(struct troth_desk *d);
/* The token keys of now: TROTH_E_IO when there is no clock. */
TROTH_NODISCARD enum troth_status troth_desk_token_keys(struct troth_desk *d, uint64_t now_ms,
							const struct troth_token_keys **out);
/* Opens a token, with the finding that a refusal deserves. */
TROTH_NODISCARD enum troth_status troth_desk_open(struct troth_desk *d, struct troth_view bytes,
						  enum troth_token_purpose purpose,
						  uint64_t now_ms, struct troth_token *out);
/* Whether the bytes were at fault, and not we. */
bool troth_fault_of_bytes(enum troth_status status);

TROTH_NODISCARD enum troth_status
troth_decide_challenge(struct troth_desk *d, const struct troth_issuer_challenge *q,
		       struct troth_issuer_challenge_reply *out);
TROTH_NODISCARD enum troth_status
troth_decide_enroll_begin(struct troth_desk *d, const struct troth_issuer_enroll_begin *q,
			  struct troth_issuer_enroll_begin_reply *out);
TROTH_NODISCARD enum troth_status
troth_decide_enroll_finish(struct troth_desk *d, const struct troth_issuer_enroll_finish *q,
			   struct troth_issuer_enroll_finish_reply *out);
TROTH_NODISCARD enum troth_status troth_decide_attest(struct troth_desk *d,
						      const struct troth_issuer_attest *q,
						      struct troth_issuer_attest_reply *out);
TROTH_NODISCARD enum troth_status troth_decide_release(struct troth_desk *d,
						       const struct troth_issuer_release *q,
						       struct troth_view *out);
TROTH_NODISCARD enum troth_status troth_decide_secrets_key(struct troth_desk *d,
							   struct troth_view *out);
TROTH_NODISCARD enum troth_status troth_decide_seal(struct troth_desk *d,
						    const struct troth_issuer_seal *q,
						    struct troth_issuer_seal_reply *out);
TROTH_NODISCARD enum troth_status troth_decide_crl(struct troth_desk *d,
						   const struct troth_issuer_crl *q,
						   struct troth_view *out);
TROTH_NODISCARD enum troth_status troth_decide_bundle(struct troth_desk *d,
						      struct troth_view *out);
TROTH_NODISCARD enum troth_status troth_decide_status(struct troth_desk *d,
						      const struct troth_issuer_status *q,
						      struct troth_view *out);

/* Credentials for a key that a device has just proven to hold. */
struct troth_issuance {
	const struct troth_issuer_attest *request;
	const struct troth_token *token;
	const struct troth_public *key;
	/* Of certificate and result alike; set by troth_issue. */
	uint64_t not_before_s, not_after_s;
	uint8_t serial[16];
};
TROTH_NODISCARD enum troth_status troth_issue(struct troth_desk *d, struct troth_issuance *i,
					      struct troth_issuer_attest_reply *out);
/* *out borrows from the desk. */
TROTH_NODISCARD enum troth_status troth_issue_result(struct troth_desk *d,
						     const struct troth_issuance *i,
						     struct troth_view spiffe_id,
						     struct troth_view *out);

#endif
