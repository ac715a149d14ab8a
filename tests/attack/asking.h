/* SPDX-License-Identifier: Apache-2.0 */
/* Gateways that ask /v1/authorize over the wire about a device of the lab, and what the device
 * has to show. Asserts. Include after check.h. */
#ifndef TROTH_TESTS_ASKING_H
#define TROTH_TESTS_ASKING_H

#include "dpop.h"
#include "lab.h"

#define ASKING_URL "https://historian.test.example/v1/points"

struct asking {
	struct lab lab;
	struct troth_ctx *ctx;
	struct troth_es256_key *session; /* of the device that was taken last */
	struct troth_jwk jwk;
	/* Its result, its certificate as a Client-Cert header has it, a nonce of the
	 * verifier's. */
	char token[TROTH_JWS_MAX], certificate[4096], nonce[128];
};

/* The callers "gateway", for the audience historian, and "other", for plc, by tokens that are
 * their names; lines: more of them, as they stand in the configuration. */
void asking_open(struct asking *a, const char *lines);
void asking_close(struct asking *a);
/* The policy in force: POST and GET of the historian, or what `allow` says. */
void asking_policy(struct asking *a, const char *allow);

/* A device of the lab attests: what it gets is what is shown from now on, without a nonce. */
void asking_take(struct asking *a, int device);
/* A nonce of the verifier's, for the proofs from now on. */
void asking_take_nonce(struct asking *a);

/* Texts in static buffers: a proof of this call, and headers. */
const char *asking_prove(struct asking *a, const char *method, const char *url);
const char *asking_with_proof(struct asking *a, const char *proof);
const char *asking_with_certificate(struct asking *a);

/* The status, which is 200, 401 or 403. Raw: a request line and headers as they are; with: as
 * nginx asks for a POST to ASKING_URL, by a caller's token. */
int asking_raw(struct tls_client *c, const char *line, const char *headers);
int asking_with(struct tls_client *c, const char *caller, const char *more);
/* The value of a header of the last answer, in a static buffer; empty when it is not there. */
const char *asking_answered(const struct tls_client *c, const char *name);
void asking_assert(const struct tls_client *c, int status, const char *decision);

#endif
