/* SPDX-License-Identifier: Apache-2.0 */
/* The device's side of the protocol: enrol, attest, keep what comes back. */
#ifndef TROTH_ATTESTER_AGENT_H
#define TROTH_ATTESTER_AGENT_H

#include "anchors.h"
#include "client.h"
#include "device_facts.h"
#include "ima_list.h"
#include "sealed_secret.h"
#include "session.h"
#include "state.h"
#include "tpm_keys.h"

/* An attestation result for somebody: it is left in the agent, and no credentials are written.
 */
struct troth_result_wish {
	bool wanted;
	struct troth_view nonce; /* a relying party's; empty: none */
	uint32_t form, profile;	 /* as in proto/device.proto; 0: as the policy has it */
};

/* A secret that is asked for with the next attestation; no credentials are written then. Its
 * owner cleanses it. */
struct troth_secret_wish {
	char name[TROTH_NAME_LEN_MAX + 1];
	uint8_t unique[TROTH_SECRET_UNIQUE]; /* of the key: drawn anew for each attestation */
	size_t public_len;
	uint8_t public_area[TROTH_PUBLIC_MAX];
	uint8_t extra_data[32]; /* of the quote: what the answer is sealed under */
	size_t sealed_len;	/* 0: none came */
	uint8_t sealed[TROTH_SECRET_SEALED_MAX];
};

/* What lives between attempts. Zeroed and then filled by the caller: settings and ctx are
 * borrowed, state comes from troth_state_load. */
struct troth_agent {
	const struct troth_settings *settings;
	struct troth_ctx *ctx;
	struct troth_state state;
	struct troth_anchors anchors; /* from troth_anchors_load */
	/* The credential key, and whether this TPM is known to take it. */
	struct troth_credential_key key;
	bool key_loads;
	struct troth_session *session; /* owned by who runs the agent; NULL: none */
	/* Of the verifier that asked last; empty: none has. */
	char trust_domain[TROTH_TRUST_DOMAIN_MAX + 1];
	struct troth_ima_progress ima; /* of a list that goes in parts */
	/* SHA-256 of systemd's log as the verifier last took it; without algorithm: none. */
	struct troth_digest systemd_sent;
	struct troth_result_wish wish;
	struct troth_secret_wish *secret; /* borrowed; NULL: none */
	uint8_t result[TROTH_JWS_MAX];	  /* where one was wished for */
	size_t result_len;
};

/* Enrols if needed, attests, writes the credentials. The outcome always says how it ended. */
void troth_agent_attempt(struct troth_agent *a, struct troth_outcome *outcome);

/* A connection to the verifier, which must show a certificate of the anchors in force. */
TROTH_NODISCARD enum troth_status
troth_agent_connect(const struct troth_agent *a, size_t answer_max, struct troth_client **out);

/* One enrolment with credential activation. TROTH_OK when the device is active; the state is
 * saved then, and also when it is pending. */
TROTH_NODISCARD enum troth_status troth_agent_enroll(struct troth_agent *a,
						     struct troth_client *client,
						     struct troth_outcome *outcome);

/* One challenge and its answer. send_all: the whole logs and a
 * fresh certification, asked for or not. */
TROTH_NODISCARD enum troth_remedy troth_agent_attest(struct troth_agent *a,
						     struct troth_client *client, bool send_all,
						     struct troth_outcome *outcome);

#endif
