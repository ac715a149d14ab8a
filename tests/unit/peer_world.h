/* SPDX-License-Identifier: Apache-2.0 */
/* A peer's certificate, and every document that is published about it, made here. Include after
 * check.h. */
#ifndef TROTH_TESTS_PEER_WORLD_H
#define TROTH_TESTS_PEER_WORLD_H

#include <troth/peer.h>

#include "publications.h"

#define DOMAIN "example.org"
#define ID "spiffe://example.org/line-a/press-4"
#define NOW UINT64_C(1764000000)
#define URL "https://press-5.example.org/v1/level"
#define LIST "line-a/press-4 healthy\nline-b/press-4 untrusted\n"
#define SERIAL 7

/* In *state of every test. */
struct world {
	struct troth_ctx *ctx;
	struct troth_peers *peers;
	struct authority ca;
	struct jose_key verifier, session;
	struct authority_der leaf;
	uint8_t document[4096];
};

/* A status document that would do, to be bent; its text; and taken as it is. */
struct published_status sound(struct world *w);
struct troth_view document(struct world *w, const struct published_status *p);
enum troth_status take(struct world *w, const struct published_status *p);
/* What else is published, each set by itself. */
enum troth_status try_bundle(struct world *w, const struct authority *ca,
			     const struct authority *also);
void set_bundle_of(struct world *w, const struct authority *also);
void set_bundle(struct world *w);
void set_keys(struct world *w, const struct jose_key *k);
enum troth_status set_crl(struct world *w, uint64_t number, uint8_t serial, uint64_t at);
/* For cmocka: with no document yet, and with all of them. */
int peer_setup(void **state);
int peer_setup_whole(void **state);
int peer_teardown(void **state);

#endif
