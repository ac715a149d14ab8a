/* SPDX-License-Identifier: Apache-2.0 */
/* One attestation under the issuer's eyes; for attest.c, which leads, and attest_secret.c. */
#ifndef TROTH_ISSUER_EXAM_H
#define TROTH_ISSUER_EXAM_H

#include "binding.h"
#include "desk.h"

struct troth_exam {
	struct troth_desk *desk;
	const struct troth_issuer_attest *q;
	uint64_t now_ms;
	struct troth_token token;
	const struct troth_ak *ak;
	bool has_key;
	struct troth_public key; /* credential key */
	bool has_session;
	uint8_t session_thumbprint[32];
	bool has_secret;
	struct troth_public secret_key; /* that a secret is asked for */
	struct troth_attest quote;
};

/* What the exchange's signatures have to bind under this label. */
TROTH_NODISCARD enum troth_status
troth_exam_bind(const struct troth_exam *e, enum troth_binding_label label, uint8_t out[32]);

/* A TPM2_Certify of this exchange and of the boot that was quoted in. */
struct troth_exam_certificate {
	enum troth_binding_label label;
	struct troth_view attest, signature;
	const struct troth_public *key;
	uint32_t hierarchy; /* the key is a primary one of it; 0: it may be any */
};
TROTH_NODISCARD enum troth_status troth_exam_certified(struct troth_exam *e,
						       const struct troth_exam_certificate *c);

/* The decryption key of who asks for a secret: what it must be, before the quote is looked at;
 */
TROTH_NODISCARD enum troth_status troth_exam_read_secret(struct troth_exam *e);
/* that it is in this TPM, in this boot only, after it; and a ticket that has the secret
 * released once the verdict is committed. Nothing where no secret is asked for. */
TROTH_NODISCARD enum troth_status
troth_exam_admit_secret(struct troth_exam *e, struct troth_issuer_attest_reply *out);

#endif
