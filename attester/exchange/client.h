/* SPDX-License-Identifier: Apache-2.0 */
/* The device protocol over HTTPS: one message out, one message or one problem back. */
#ifndef TROTH_ATTESTER_CLIENT_H
#define TROTH_ATTESTER_CLIENT_H

#include <protobuf-c/protobuf-c.h>

#include "file.h"
#include "problem.h"
#include "settings.h"

struct troth_client;

/* The longest answer to a message of the protocol: 64 findings of 600 bytes, twelve
 * certificates, an attestation result; bytes. */
#define TROTH_CLIENT_ANSWER_MAX (256 * 1024)

/* settings is kept by reference. ca_pem: anchors in place of the settings' file, or empty.
 * time_floor_s: see https.h; 0 where the clock is trusted. answer_max: bytes. */
TROTH_NODISCARD enum troth_status troth_client_new(const struct troth_settings *settings,
						   struct troth_view ca_pem,
						   uint64_t time_floor_s, size_t answer_max,
						   struct troth_client **out);
void troth_client_free(struct troth_client *c);

/* One POST: a message out, a message of the answer's type back. */
struct troth_call {
	const char *path; /* "/v1/challenge" */
	const ProtobufCMessage *message;
	const ProtobufCMessageDescriptor *answer_type;
};
/* TROTH_OK: *answer is freed with troth_wire_free. Else the outcome says why there is none, and
 * *remedy what may help; also when there was no answer at all or none that can be read. */
TROTH_NODISCARD enum troth_status troth_client_call(struct troth_client *c,
						    const struct troth_call *call,
						    ProtobufCMessage **answer,
						    enum troth_remedy *remedy,
						    struct troth_outcome *outcome);
/* One GET of what is published, such as "/v1/crl". TROTH_OK with any HTTP status; a body comes
 * with some. */
TROTH_NODISCARD enum troth_status troth_client_get(struct troth_client *c, const char *path,
						   long *out_http, struct troth_buffer *out);
/* Whether the last call failed for the verifier's certificate. */
bool troth_client_untrusted(const struct troth_client *c);
/* The verifier's bundle update, from whoever answers there: it authenticates itself
 * (core/credentials/bundle_update.h), the connection is not asked to. */
TROTH_NODISCARD enum troth_status
troth_client_fetch_update(const struct troth_settings *settings, struct troth_buffer *out);
/* For TROTH_AUTO on an answer. */
void troth_answer_free(ProtobufCMessage **answer);

#endif
