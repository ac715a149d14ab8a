/* SPDX-License-Identifier: Apache-2.0 */
/* Requests with which a front that was taken over would have the issuer sign. Each is an honest
 * exchange with one thing forged; the issuer must refuse it with the right reason. */
#ifndef TROTH_TESTS_FORGERIES_H
#define TROTH_TESTS_FORGERIES_H

#include "issuer_harness.h"
#include "mac.h"

/* What the attacker has: two enrolled devices, one of them his own, and everything that went
 * over the wire. And what he has not, but tokens and records made with it: the keys. */
struct scene {
	int channel, admin;
	struct troth_jwk secrets_key; /* that values are sealed for */
	struct soft_device *device, *other;
	struct harness_row row, other_row;
	struct harness_attest a;
	uint8_t extra[TROTH_PUBLIC_MAX]; /* for bytes of a forged field */
	struct troth_ctx *ctx;
	struct troth_mac_keys mac;
};

struct forgery {
	const char *name;
	void (*forge)(struct scene *s); /* bends s->a, which is honest and complete */
	enum troth_status status;
	enum troth_finding_code finding;
};
extern const struct forgery FORGED_EXCHANGES[]; /* token, row, quote */
extern const size_t N_FORGED_EXCHANGES;
extern const struct forgery FORGED_KEYS[]; /* credential key, its certification, its life */
extern const size_t N_FORGED_KEYS;
extern const struct forgery FORGED_SESSIONS[]; /* session key and its signature */
extern const size_t N_FORGED_SESSIONS;
extern const struct forgery FORGED_SECRETS[]; /* wishes for a secret */
extern const size_t N_FORGED_SECRETS;

struct forged_release {
	const char *name;
	void (*forge)(struct scene *s,
		      struct troth_issuer_release *q); /* bends an honest one */
	enum troth_status status;
};
extern const struct forged_release FORGED_RELEASES[];
extern const size_t N_FORGED_RELEASES;
/* A fresh exchange with a wish in it, asked and confirmed, and what follows from it. */
bool scene_release(struct scene *s, struct troth_issuer_release *out);
/* Does the device open what came, and is it the value? */
bool scene_opens(struct scene *s, const struct troth_issuer_release *q, struct troth_view got);

struct scene_enrolment {
	struct troth_issuer_request begin, finish;
	uint8_t token[TROTH_TOKEN_MAX], activated[TROTH_ACTIVATED_MAX];
};
/* Begins an enrolment of the first device, and has what would finish it. */
void scene_enrol(struct scene *s, struct scene_enrolment *e);
struct forged_enrolment {
	const char *name;
	void (*forge)(struct scene *s, struct scene_enrolment *e); /* bends an honest one */
	enum troth_status status;
	enum troth_finding_code finding;
};
extern const struct forged_enrolment FORGED_ENROLMENTS[]; /* that prove nothing */
extern const size_t N_FORGED_ENROLMENTS;

/* A fresh and honest exchange in s->a. */
void scene_prepare(struct scene *s);
/* The request in s->a. */
struct troth_issuer_attest *scene_request(struct scene *s);
/* What the exchange's signatures have to bind under this label. */
void scene_bind(struct scene *s, const char *label, uint8_t out[32]);
/* Replaces the certification by a record of the device's key, with a MAC still to be made; and
 * makes it, for this device's AK. */
struct troth_certification_record *scene_use_record(struct scene *s);
void scene_seal_record(struct scene *s, const struct soft_device *d);

#endif
