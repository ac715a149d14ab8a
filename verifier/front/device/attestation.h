/* SPDX-License-Identifier: Apache-2.0 */
/* One POST /v1/attest on its way through the front; for attest*.c alone.
 *
 * attest.c leads: it owns the attestation and says what is asked of whom in which order.
 * attest_evidence.c reads the message and says whether it is authentic, attest_logs.c finds the
 * logs, attest_confirm.c asks the issuer, attest_commit.c stores what came of it and answers,
 * attest_release.c has a secret released before that. Whoever answers also frees:
 * after a call that may answer, the attestation is gone. */
#ifndef TROTH_ATTESTATION_H
#define TROTH_ATTESTATION_H

#include "appraise.h"
#include "device.pb-c.h"
#include "quote.h"
#include "whole_log.h"
#include "worker.h"

/* Bytes of DER; more than the issuer ever signs. */
#define TROTH_ATTESTATION_CERTIFICATE_MAX 2048

/* A secret that the device asks for. */
struct troth_attestation_secret {
	struct troth_name key_name;
	uint8_t release_mac[32];	   /* the issuer's, with the evidence */
	struct troth_sealed_secret sealed; /* the store's, with the commit */
};

struct troth_attestation {
	struct troth_job job; /* how the store's answer comes back */
	struct troth_worker *worker;
	struct troth_exchange *exchange;
	Troth__V1__Attestation *message; /* borrows from the exchange's body */
	uint64_t received_ms;

	struct troth_device_row row; /* as it was */
	struct troth_token token;    /* authenticated by the issuer only */
	struct troth_attest quote;
	struct troth_pcr_values pcrs;
	uint8_t facts_sha256[32];
	uint8_t session_thumbprint[32];		 /* where the message has a session key */
	uint8_t extra_data[32];			 /* what the quote must bind */
	struct troth_attestation_secret *secret; /* NULL: none is asked for */
	struct troth_snapshot *snapshot;
	const struct troth_policy *policy;
	const struct troth_reference_set *reference;
	/* The firmware's and systemd's, NULL where none was sent, and both in one where both
	 * can be read. */
	struct troth_cached_log *log, *systemd;
	bool log_is_new, systemd_is_new;
	struct troth_whole_log *whole;
	uint8_t ima_version[32];      /* of policy and allow-lists */
	struct troth_ima_result *ima; /* NULL: the policy does not speak of IMA */
	/* What the list went on from beside the row's state; in the message or the copy. */
	struct troth_view ima_parts, ima_learned;
	struct troth_buffer ima_learned_copy;

	struct troth_verdict verdict;
	uint8_t verdict_digest[32];
	uint8_t certificate[TROTH_ATTESTATION_CERTIFICATE_MAX];
	size_t certificate_len;
	uint8_t certificate_sha256[32];
	uint8_t result[TROTH_JWS_MAX];
	size_t result_len;
	uint64_t not_after_s;

	enum troth_status status; /* of the commit */
};

void troth_attestation_free(struct troth_attestation *a);
/* Answers with a problem and ends the attestation. */
void troth_attestation_reject(struct troth_attestation *a, int http, const char *code,
			      const char *detail);
/* The evidence is not authentic: an answer, a log line, and nothing else. Ends it. */
void troth_attestation_refuse(struct troth_attestation *a, enum troth_finding_code code);
/* The question could not be answered: 503 and a log line. Ends it. */
void troth_attestation_fail(struct troth_attestation *a, enum troth_status status);

/* False: the body is no attestation. */
TROTH_NODISCARD bool troth_attestation_read(struct troth_attestation *a);
/* Adds findings for whatever keeps the quote from being this device's answer
 * to this challenge. */
TROTH_NODISCARD enum troth_status
troth_attestation_authenticate(struct troth_attestation *a, struct troth_findings *findings);

/* Finds the logs that are sent, or named. TROTH_E_NOT_FOUND: one that is named is not held, or
 * not from this device. */
TROTH_NODISCARD enum troth_status troth_attestation_find_logs(struct troth_attestation *a);
void troth_attestation_give_logs(const struct troth_attestation *a, struct troth_case *c);
void troth_attestation_drop_logs(struct troth_attestation *a);

/* A part of a long IMA list, more to come: answers, and ends the attestation. */
void troth_attestation_take_part(struct troth_attestation *a);
/* Asks the issuer; its word leads to the commit. On TROTH_OK the attestation is on its way. */
TROTH_NODISCARD enum troth_status troth_attestation_confirm(struct troth_attestation *a);
/* Stores, and answers when it is stored. On TROTH_OK the attestation is on its way. */
TROTH_NODISCARD enum troth_status
troth_attestation_commit(struct troth_attestation *a,
			 const struct troth_issuer_attest_reply *confirmed);
/* The answer to what is committed; secret: sealed for the device, or none. Ends it. */
void troth_attestation_answer(struct troth_attestation *a, struct troth_view secret);
/* May the policy's devices ask for this secret? */
TROTH_NODISCARD bool troth_attestation_secret_allowed(const struct troth_attestation *a);
/* Has the issuer seal the secret that the commit found, and answers. */
void troth_attestation_release(struct troth_attestation *a);

/* The names of its certificate beside the SPIFFE ID, by policy and registry, as they may be; in
 * buf. What may not be is left out, and the log says so. */
struct troth_view troth_attestation_names(const struct troth_attestation *a,
					  uint8_t buf[TROTH_SVID_NAMES_LEN_MAX]);

#endif
