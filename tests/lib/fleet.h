/* SPDX-License-Identifier: Apache-2.0 */
/* Devices of soft_device.h that speak the protocol: what a fleet's load is made of, and what an
 * attacker without a TPM can be. They speak truthfully; whoever uses them may change any
 * message before it is sent. */
#ifndef TROTH_TESTS_FLEET_H
#define TROTH_TESTS_FLEET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "device.pb-c.h"
#include "pcr.h"
#include "soft_device.h"
#include "tls_client.h"

struct fleet_device {
	struct soft_device tpm;
	uint8_t id[32];
	struct troth_pcr_values pcrs;
	struct troth_view log;		  /* borrowed */
	struct troth_view ek_certificate; /* borrowed; empty: none */
	struct troth_view result_nonce;	  /* borrowed; a relying party's, or none */
	const char *secret_name;	  /* asked for with the TPM's secret key; NULL: none */
	uint32_t result_form, result_profile; /* asked for; 0: as the policy has it */
	void (*twist)(TPMS_ATTEST *quote); /* changes a quote before it is signed; NULL: none */
};

/* Fresh keys (an RSA EK takes a moment). */
void fleet_device_make(struct fleet_device *d);
void fleet_device_free(struct fleet_device *d);

/* Borrows from the device. */
void fleet_enroll_request(const struct fleet_device *d, Troth__V1__EnrollRequest *out);

/* An attestation and all it points to. */
struct fleet_attestation {
	Troth__V1__Attestation message;
	Troth__V1__Certification certification;
	Troth__V1__PcrBank banks[TROTH_BANKS_MAX], *bank_list[TROTH_BANKS_MAX];
	uint8_t values[TROTH_BANKS_MAX][TROTH_PCR_COUNT * TROTH_DIGEST_MAX];
	struct soft_evidence quote, certify, secret_certify;
	Troth__V1__Certification secret_certification;
	char secret_name[128];
	uint8_t session_key[64], session_signature[64];
	uint8_t log_digest[32];
};
/* Answers a challenge truthfully; a tick of the TPM's clock passes. */
void fleet_attest(struct fleet_device *d, const Troth__V1__Challenge *challenge,
		  struct fleet_attestation *out);

/* ---- over the wire ---- */

/* Packs and posts; the answer is in the client. False when there was none. */
bool fleet_post(struct tls_client *c, const char *path, const ProtobufCMessage *message);
/* The last answer's message when it was a 200, else NULL; troth_wire_free. */
ProtobufCMessage *fleet_answer(const struct tls_client *c,
			       const ProtobufCMessageDescriptor *type);
/* Both requests of an enrolment; the HTTP status of the last one answered, 0 for none. */
int fleet_enroll(struct fleet_device *d, struct tls_client *c);
/* A challenge for a device, or NULL. */
Troth__V1__Challenge *fleet_challenge(const struct fleet_device *d, struct tls_client *c);

#endif
