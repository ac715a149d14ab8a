/* SPDX-License-Identifier: Apache-2.0 */
/* The way into a verifier, for attacks on it: enrolments one step at a time.
 *
 * Every secret that a TPM in software opens is remembered, and every answer and the verifier's
 * log are searched for it (attacks.md row 9). Include after check.h or lab.h. */
#ifndef TROTH_TESTS_GATE_H
#define TROTH_TESTS_GATE_H

#include "fleet.h"
#include "test_service.h"

#define GATE_SECRETS_MAX 512

struct gate {
	struct test_service service;
	SSL_CTX *tls;
	struct tls_client http;
	size_t n_secrets;
	uint8_t secrets[GATE_SECRETS_MAX][32];
};

/* A verifier that is made but not started: its inventory and its directory of
 * roots are still empty. */
void gate_init(struct gate *g, const char *extra_yaml);
void gate_list(struct gate *g, const struct fleet_device *d, const char *name);
void gate_trust(struct gate *g, struct troth_view root_der);
/* Starts it; policy becomes that of the default group unless it is NULL. */
void gate_start(struct gate *g, const char *policy);
/* Ends it, asserts that it ended well and that its log holds no secret. */
void gate_close(struct gate *g);

/* One enrolment: the request, then what the TPM made of the answer, then the proof. Any field
 * may be changed before it is sent. */
struct gate_enrolment {
	Troth__V1__EnrollRequest request;
	Troth__V1__EnrollProof proof; /* points at the request, token and secret */
	size_t n_token, n_secret;
	uint8_t token[512], secret[64];
};
void gate_prepare(const struct fleet_device *d, struct gate_enrolment *e);
/* Sends the request; true when it was challenged. What the TPM opened is in secret then. */
bool gate_begin(struct gate *g, const struct fleet_device *d, struct gate_enrolment *e);
/* The same as a message of the other kind, whose token somebody else was given. */
void gate_complete(struct gate *g, struct gate_enrolment *e);
/* Both, truthful; the HTTP status of the last answer. */
int gate_enroll(struct gate *g, const struct fleet_device *d);
/* The last answer was an EnrollResult of this state. */
void gate_assert_enrolled(const struct gate *g, Troth__V1__DeviceState state);
/* Posts and searches the answer. */
void gate_post(struct gate *g, const char *path, const ProtobufCMessage *message);

/* What is stored: devices as they are listed, and the number of audit leaves. */
struct gate_census {
	size_t n_devices;
	long n_leaves;
	char devices[16384];
};
void gate_census(struct gate *g, struct gate_census *out);
void gate_assert_same(const struct gate_census *before, const struct gate_census *after);
/* A text field of a device as operators see it; empty when there is none or no such device. */
const char *gate_device(struct gate *g, const char *device, const char *field);
/* Asks for an operator's action on a device; the HTTP status. */
long gate_act(struct gate *g, const char *device, const char *action);
void gate_policy(struct gate *g, const char *policy);

#endif
