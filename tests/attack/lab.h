/* SPDX-License-Identifier: Apache-2.0 */
/* A verifier with a small fleet, for attacks over the wire, and what must not change by them.
 */
#ifndef TROTH_TESTS_LAB_H
#define TROTH_TESTS_LAB_H

#include "eventlog.h"
#include "fleet.h"
#include "test_service.h"

enum { LAB_VICTIM, LAB_ATTACKER, LAB_THIRD, LAB_DEVICES };

struct lab {
	struct test_service service;
	SSL_CTX *tls;
	struct tls_client http;
	struct fleet_device devices[LAB_DEVICES]; /* enrolled, affirmed once */
	struct troth_buffer log;
	struct troth_replay boot;
};

/* Starts the verifier, enrols the fleet, learns from the first device, has all affirmed.
 * Asserts. */
void lab_open(struct lab *lab);
void lab_close(struct lab *lab);
/* A client of its own connection to the same verifier. */
void lab_client(struct lab *lab, struct tls_client *out);

/* One whole exchange, truthful; the HTTP status of the attestation's answer. */
int lab_attest(struct lab *lab, struct fleet_device *d);

/* What the store says of a device: its version, state and verdict, and how many leaves there
 * are. */
struct lab_state {
	char device[1024]; /* its JSON */
	long n_leaves;
};
struct lab_state lab_state(struct lab *lab, int device);
void lab_assert_unchanged(const struct lab_state *before, const struct lab_state *after);

/* The last answer is this problem; finding, when given, begins its detail. */
void lab_assert_problem(const struct tls_client *c, int status, const char *code,
			const char *finding);
/* The tier and the first finding of a 200 AttestationResult, and whether it came with a
 * certificate. */
struct lab_result {
	int tier;
	bool issued;
	char finding[64];
};
struct lab_result lab_result(const struct tls_client *c);

#endif
