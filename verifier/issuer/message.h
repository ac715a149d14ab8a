/* SPDX-License-Identifier: Apache-2.0 */
/* What the front asks of the issuer, as small fixed messages over a socketpair.
 *
 * A frame is a u32 big-endian length and that many bytes; the first byte of a request is its
 * kind, of a reply its status. Requests are answered in order. The issuer verifies for itself
 * whatever it signs: these structures carry evidence, never conclusions.
 * Encoding is with core/encoding/writer.h, decoding with core/encoding/reader.h, whole frames
 * only. */
#ifndef TROTH_ISSUER_MESSAGE_H
#define TROTH_ISSUER_MESSAGE_H

#include "device_row.h"
#include "ear.h"
#include "ek.h"
#include "sealed_secret.h"
#include "session_key.h"
#include "svid.h"
#include "token.h"
#include "writer.h"

/* Frames on worker channels and on the administration channel (CRLs), bytes. */
#define TROTH_FRAME_MAX (16 * 1024)
#define TROTH_ADMIN_FRAME_MAX (4 * 1024 * 1024)
/* What TPM2_ActivateCredential can give back: the largest nameAlg, bytes. */
#define TROTH_ACTIVATED_MAX 64
/* One revoked serial on the channel (16 bytes serial, u64 revoked at); and as many as make a
 * CRL (36 bytes each in DER) that fits one reply. */
#define TROTH_CRL_ENTRY_SIZE 24
#define TROTH_CRL_ENTRIES_MAX 100000
/* The longest life of a status document, seconds. */
#define TROTH_STATUS_LIFE_MAX_S (24 * 3600)

enum troth_issuer_kind {
	/* worker channels */
	TROTH_ISSUER_CHALLENGE = 1,
	TROTH_ISSUER_ENROLL_BEGIN = 2,
	TROTH_ISSUER_ENROLL_FINISH = 3,
	TROTH_ISSUER_ATTEST = 4,
	TROTH_ISSUER_RELEASE = 5, /* seals a secret for a device that has just attested */
	/* administration channel only */
	TROTH_ISSUER_SEAL =
		16, /* new name, segment or generation for a row whose MAC is good */
	TROTH_ISSUER_DENY = 17, /* a device that gets nothing signed (quarantine, retired) */
	TROTH_ISSUER_ALLOW = 18,
	TROTH_ISSUER_CRL = 19,
	TROTH_ISSUER_BUNDLE = 20,     /* the issuing chain, anchors and keys of results */
	TROTH_ISSUER_STATUS = 21,     /* signs the head of a status document */
	TROTH_ISSUER_SECRETS_KEY = 22 /* the public key that secrets at rest are sealed for */
};

/* The identity part of a registry row, which the issuer authenticates:
 * mac = HMAC(row key, "troth/v1/row" || id || generation || name || segment || AK public). */
struct troth_identity {
	uint8_t id[32];
	uint64_t generation;
	struct troth_view name, segment, ak_public;
	uint8_t mac[32];
};

struct troth_issuer_challenge {
	uint8_t device_id[32];
	uint64_t row_version;
	uint32_t wants;
	struct troth_pcr_selection selection;
};
struct troth_issuer_challenge_reply {
	struct troth_view token;
};

/* subject of the token = SHA-256 over template, EK key, AK public and facts, each
 * length-prefixed. row_version is that of the device's row, 0 for none: an enrolment raises it,
 * and so spends its own token. */
struct troth_issuer_enroll_begin {
	uint32_t ek_template;
	struct troth_view ek_key, ak_public;
	uint8_t facts_sha256[32];
	uint64_t row_version;
};
struct troth_issuer_enroll_begin_reply {
	struct troth_view token, credential_blob, secret;
};

/* Checks the token and the activated secret (constant-time), then seals the row's identity. */
struct troth_issuer_enroll_finish {
	struct troth_issuer_enroll_begin begin;
	struct troth_view token, activated;
	struct troth_view name, segment;
	uint64_t generation;
};
struct troth_issuer_enroll_finish_reply {
	uint8_t device_id[32];
	uint8_t mac[32];
};

/* What the front found, for the attestation result. */
struct troth_issuer_appraisal {
	uint32_t format, profile; /* enum troth_ear_format: NONE for no result; its profile */
	uint32_t tier;		  /* enum troth_tier */
	struct troth_trust_vector trust;
	struct troth_view policy_name;
	uint8_t policy_id[32];
};

/* Confirms that this device made this quote for this token and key; signs a result and a
 * certificate, which carries the result's digest, when they are wanted. Evidence time and
 * notBefore are the token's issue time. */
struct troth_issuer_attest {
	struct troth_identity identity;
	struct troth_view token, quote, signature;	     /* TPMS_ATTEST, TPMT_SIGNATURE */
	struct troth_view credential_key;		     /* TPMT_PUBLIC; empty: none */
	struct troth_view session_key, session_signature;    /* both empty: none */
	struct troth_view result_nonce;			     /* a relying party's, or none */
	struct troth_view certify_attest, certify_signature; /* or, when both are empty, */
	struct troth_certification_record certification;     /* the record of an earlier one */
	bool has_facts;
	uint8_t facts_sha256[32];
	/* A secret that the device asks for, the TPMT_PUBLIC of the key it is to be sealed for,
	 * and its certification; all empty: none. A ticket for it comes with issue only. */
	struct troth_view secret_name, secret_key, secret_attest, secret_signature;
	bool issue;
	uint32_t ttl_s;		 /* of certificate and result */
	struct troth_view names; /* of the certificate, beside its SPIFFE ID: svid_names.h */
	struct troth_issuer_appraisal appraisal;
};
struct troth_issuer_attest_reply {
	struct troth_token token;
	bool issued;
	uint8_t serial[16];
	uint64_t not_after_s;
	struct troth_view certificate; /* DER */
	struct troth_view result; /* a JWT's text or a CWT's bytes; empty: none was wanted */
	struct troth_certification_record certification; /* to be kept in the row */
	uint8_t release_mac[32]; /* of the ticket, where a secret is asked for; else zero */
};

/* That this device, by this quote, asks for this secret under this key: mac = HMAC(release key,
 * "troth/v1/release" || all of it). extra_data is the quote's. */
struct troth_release_ticket {
	uint8_t device_id[32], extra_data[32];
	struct troth_view key, name; /* TPMT_PUBLIC; of the secret */
	uint64_t time_ms;	     /* of the challenge */
	uint8_t mac[32];
};
/* Asked for after the commit of the verdict that the ticket came with. The reply is the secret,
 * sealed for the ticket's key. */
struct troth_issuer_release {
	struct troth_release_ticket ticket;
	bool own;		  /* the value is the device's own, else a shared one */
	struct troth_view sealed; /* at rest */
};

struct troth_issuer_seal {
	struct troth_identity identity; /* as it is, with a good MAC */
	struct troth_view name, segment;
	uint64_t generation;
};
struct troth_issuer_seal_reply {
	uint8_t mac[32];
};

struct troth_issuer_deny {
	uint8_t device_id[32];
};

struct troth_issuer_crl {
	bool former; /* of the former issuing CA: TROTH_E_NOT_FOUND when there is none */
	uint64_t number;
	uint32_t life_s;
	size_t n_entries;
	struct troth_view entries; /* see troth_issuer_crl_put and troth_issuer_crl_entry */
};
void troth_issuer_crl_put(struct troth_writer *w, const struct troth_crl_entry *entry);
/* False past the last one. */
TROTH_NODISCARD bool troth_issuer_crl_entry(const struct troth_issuer_crl *crl, size_t i,
					    struct troth_crl_entry *out);

/* Issuer, key and times are the issuer's. Each sequence is higher than the one before. */
struct troth_issuer_status {
	uint64_t sequence, since;
	uint32_t life_s;
	uint8_t list_sha256[32];
};

struct troth_issuer_request {
	enum troth_issuer_kind kind;
	union {
		struct troth_issuer_challenge challenge;
		struct troth_issuer_enroll_begin enroll_begin;
		struct troth_issuer_enroll_finish enroll_finish;
		struct troth_issuer_attest attest;
		struct troth_issuer_release release;
		struct troth_issuer_seal seal;
		struct troth_issuer_deny deny; /* DENY and ALLOW */
		struct troth_issuer_crl crl;
		struct troth_issuer_status status;
	} u;
};

struct troth_issuer_reply {
	enum troth_status status;	 /* not TROTH_OK: nothing else is there but finding */
	enum troth_finding_code finding; /* why evidence was refused */
	union {
		struct troth_issuer_challenge_reply challenge;
		struct troth_issuer_enroll_begin_reply enroll_begin;
		struct troth_issuer_enroll_finish_reply enroll_finish;
		struct troth_issuer_attest_reply attest;
		struct troth_issuer_seal_reply seal;
		/* CRL: one; BUNDLE: length-prefixed (u32) values in groups with an empty one
		 * between them: DER certificates, issuing CA first; the anchors; issuing CAs
		 * that are next or were before (may be none); public keys of results (x || y),
		 * the present one first. STATUS: the signed line. RELEASE: a sealed secret.
		 * SECRETS_KEY: x || y. */
		struct troth_view der;
	} u;
};

/* Body of a frame (without its length). Views in what is decoded borrow from bytes. */
TROTH_NODISCARD enum troth_status
troth_issuer_request_write(const struct troth_issuer_request *q, uint8_t *buf, size_t max,
			   size_t *out_len);
TROTH_NODISCARD enum troth_status troth_issuer_request_read(struct troth_view bytes,
							    struct troth_issuer_request *out);
TROTH_NODISCARD enum troth_status troth_issuer_reply_write(enum troth_issuer_kind kind,
							   const struct troth_issuer_reply *r,
							   uint8_t *buf, size_t max,
							   size_t *out_len);
TROTH_NODISCARD enum troth_status troth_issuer_reply_read(enum troth_issuer_kind kind,
							  struct troth_view bytes,
							  struct troth_issuer_reply *out);

#endif
