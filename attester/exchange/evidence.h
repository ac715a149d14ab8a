/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence for one challenge: what the TPM signs, then the logs that explain it. */
#ifndef TROTH_ATTESTER_EVIDENCE_H
#define TROTH_ATTESTER_EVIDENCE_H

#include "agent.h"
#include "device.pb-c.h"
#include "file.h"
#include "ima_list.h"
#include "tpm_quote.h"

/* A verifier's question, checked. Views borrow from the message. */
struct troth_challenge {
	struct troth_view token, trust_domain;
	struct troth_pcr_selection selection;
	bool wants_log, wants_certify, wants_ima, wants_systemd;
	uint64_t ima_first; /* the first entry of the IMA list that is wanted */
};
/* TROTH_E_MALFORMED for a question no quote can answer. */
TROTH_NODISCARD enum troth_status troth_challenge_read(const Troth__V1__Challenge *message,
						       struct troth_challenge *out);

struct troth_evidence {
	struct troth_device_facts facts;
	struct troth_tpm_quote quote;
	bool certified;
	struct troth_tpm_statement certification;
	bool has_secret;
	struct troth_tpm_statement secret_certification;
	bool has_session;
	uint8_t session_signature[TROTH_ES256_LEN];
	bool has_log;
	struct troth_buffer log;
	struct troth_buffer systemd; /* no bytes: there is none, or none was asked for */
	struct troth_ima_reader *reader;
	struct troth_ima_part ima; /* the next to be sent; borrows from the reader */
};
void troth_evidence_clear(struct troth_evidence *e);

/* Signs and reads, in this order: a log read before its quote could lack events that are in the
 * quote. TROTH_E_CONFLICT: the AK is not the one the device enrolled with. Else the outcome
 * says in words what failed. */
TROTH_NODISCARD enum troth_status troth_evidence_collect(struct troth_agent *a,
							 const struct troth_challenge *c,
							 struct troth_evidence *out,
							 struct troth_outcome *outcome);

#endif
