/* SPDX-License-Identifier: Apache-2.0 */
/* A real issuer process of its own, and a plain blocking client of its channels.
 * Include after check.h. */
#ifndef TROTH_TESTS_ISSUER_HARNESS_H
#define TROTH_TESTS_ISSUER_HARNESS_H

#include <sys/types.h>

#include "clock_watch.h"
#include "message.h"
#include "soft_device.h"

#define HARNESS_DOMAIN "example.org"
#define HARNESS_WORKERS 2

struct harness {
	char dir[64]; /* key directory */
	pid_t pid;
	int workers[HARNESS_WORKERS], admin;
	struct troth_clock_watch *clock; /* shared with the issuer; to be changed at will */
};

/* A fresh temporary directory with an authority in it. */
void harness_keys(char dir[64]);
void harness_remove(const char *dir);
/* Starts an issuer over the keys of h->dir; certificates_per_minute 0 for the default. */
void harness_start(struct harness *h, uint32_t certificates_per_minute);
/* The issuer sees a wall clock that was set by so much since it began. */
void harness_set_clock(struct harness *h, int64_t jump_ms);
/* Closes the channels and waits; returns the exit code, -1 for a signal. */
int harness_stop(struct harness *h);

/* One request and its answer; false when the channel closed. Views of the reply live until the
 * next call. */
bool harness_ask(int fd, const struct troth_issuer_request *q, struct troth_issuer_reply *out);
/* The same with the frame's bytes given; kind says how to read the answer. */
bool harness_ask_raw(int fd, struct troth_view frame, enum troth_issuer_kind kind,
		     struct troth_issuer_reply *out);

/* ---- a device on a worker channel ---- */

/* What the registry would keep of it. */
struct harness_row {
	uint8_t id[32], mac[32];
	uint64_t generation;
	const char *name, *segment;
	struct troth_certification_record certification;
};
struct troth_identity harness_identity(const struct harness_row *row,
				       const struct soft_device *d);
/* Begins and finishes an enrolment; fails the test when that fails. */
void harness_enrol(int fd, const struct soft_device *d, const char *name,
		   struct harness_row *out);

/* An attestation on its way: what the request's views borrow. */
struct harness_attest {
	uint8_t token[TROTH_TOKEN_MAX];
	size_t token_len;
	struct soft_evidence quote, certify;
	uint8_t session_key[64], session_signature[64];
	struct troth_issuer_request request;
};
#define HARNESS_MASK 0xffU
/* Gets a token for this device id. */
void harness_challenge(int fd, const uint8_t device_id[32], struct harness_attest *out);
/* Quotes (with the session key, where the device has one), and certifies the key when fresh,
 * over the token that is there; fills in the request, which asks for a certificate of 15
 * minutes. */
void harness_prepare(const struct soft_device *d, const struct harness_row *row, bool fresh,
		     struct harness_attest *a);

#endif
