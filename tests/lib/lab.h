/* SPDX-License-Identifier: Apache-2.0 */
/* A verifier with a small fleet, for tests over the wire, and what must not change by attacks.
 */
#ifndef TROTH_TESTS_LAB_H
#define TROTH_TESTS_LAB_H

#include <openssl/types.h>

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

/* Starts the verifier, enrols the fleet, learns from the first device, has
 * all affirmed. Asserts. */
void lab_open(struct lab *lab);
/* The same with further lines of configuration. */
void lab_open_with(struct lab *lab, const char *yaml);
void lab_close(struct lab *lab);
/* For cmocka's groups: a lab in *state, opened and closed. */
int lab_setup(void **state);
int lab_teardown(void **state);
/* A client of its own connection to the same verifier. */
void lab_client(struct lab *lab, struct tls_client *out);

/* One whole exchange, truthful; the HTTP status of the attestation's answer. */
int lab_attest(struct lab *lab, struct fleet_device *d);

/* What the store says of a device: its version, state and verdict, and how
 * many leaves there are. */
struct lab_state {
	char device[1024]; /* its JSON */
	long n_leaves;
};
struct lab_state lab_state(struct lab *lab, int device);
void lab_assert_unchanged(const struct lab_state *before, const struct lab_state *after);

/* The last answer is this problem; finding, when given, begins its detail. */
void lab_assert_problem(const struct tls_client *c, int status, const char *code,
			const char *finding);
/* The tier and the first finding of a 200 AttestationResult, and whether it came
 * with a certificate. */
struct lab_result {
	int tier;
	bool issued;
	char finding[64];
};
struct lab_result lab_result(const struct tls_client *c);
/* The certificate of a 200 AttestationResult; owned by the caller. */
X509 *lab_certificate(const struct tls_client *c);

/* ---- what operators do and see: lab_view.c ---- */

/* The policy in force from now on: the lab's own, with approve "automatic" or "manual", and
 * with further lines. */
void lab_policy(struct lab *lab, const char *approve, const char *more);
/* An operator's action on a device by name; the HTTP status. */
long lab_act(struct lab *lab, const char *device, const char *action);
/* A text field of a device as it is listed, in a static buffer. */
const char *lab_device(struct lab *lab, const char *device, const char *field);
/* Waits up to some seconds for the certificate's serial on a CRL that the
 * bundle's CA signed. */
bool lab_revoked(struct lab *lab, const X509 *certificate);
bool lab_on_crl_now(struct lab *lab, const X509 *certificate);

struct lab_leaf {
	char kind[16], name[64], detail[32], certificate[65];
};
/* Audit leaves from an index on; at most max of them. */
size_t lab_leaves(struct lab *lab, long from, struct lab_leaf *out, size_t max);

#endif
