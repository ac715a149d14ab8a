/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <troth/peer.h>

#include "peer_world.h"
#include "publications.h"

struct published_status sound(struct world *w)
{
	return (struct published_status){ .key = &w->verifier,
					  .issuer = "spiffe://" DOMAIN,
					  .list = LIST,
					  .sequence = 100,
					  .issued_s = NOW - 10,
					  .expires_s = NOW + 300 };
}

struct troth_view document(struct world *w, const struct published_status *p)
{
	return published_status(w->ctx, p, troth_writer_make(w->document, sizeof w->document));
}

enum troth_status take(struct world *w, const struct published_status *p)
{
	return troth_peers_set_status(w->peers, document(w, p));
}

enum troth_status try_bundle(struct world *w, const struct authority *ca,
			     const struct authority *also)
{
	uint8_t pem[4096];
	return troth_peers_set_bundle(
		w->peers, published_bundle(ca, also, troth_writer_make(pem, sizeof pem)));
}

void set_bundle_of(struct world *w, const struct authority *also)
{
	assert_int_equal(try_bundle(w, &w->ca, also), TROTH_OK);
}

void set_bundle(struct world *w)
{
	set_bundle_of(w, NULL);
}

void set_keys(struct world *w, const struct jose_key *k)
{
	uint8_t jwks[1024];
	const struct troth_writer room = troth_writer_make(jwks, sizeof jwks);
	assert_int_equal(troth_peers_set_keys(w->peers, published_keys(w->ctx, k, room)),
			 TROTH_OK);
}

enum troth_status set_crl(struct world *w, uint64_t number, uint8_t serial, uint64_t at)
{
	struct authority_der crl;
	authority_crl(&w->ca, number, serial, at, &crl);
	return troth_peers_set_crl(w->peers, authority_view(&crl));
}

int peer_setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	assert_int_equal(troth_ctx_new(&w->ctx), TROTH_OK);
	assert_int_equal(troth_peers_new(DOMAIN, &w->peers), TROTH_OK);
	w->ca = authority_make("Issuing CA", NOW);
	w->verifier = jose_key_make();
	w->session = jose_key_make();
	authority_issue(&w->ca, ID, SERIAL, NOW - 60, &w->leaf);
	*state = w;
	return 0;
}

int peer_setup_whole(void **state)
{
	(void)peer_setup(state);
	struct world *w = *state;
	const struct published_status p = sound(w);
	set_bundle(w);
	set_keys(w, &w->verifier);
	assert_int_equal(set_crl(w, 1, 0, NOW), TROTH_OK);
	assert_int_equal(take(w, &p), TROTH_OK);
	return 0;
}

int peer_teardown(void **state)
{
	struct world *w = *state;
	troth_peers_free(w->peers);
	authority_free(&w->ca);
	jose_key_free(&w->verifier);
	jose_key_free(&w->session);
	troth_ctx_free(w->ctx);
	free(w);
	return 0;
}
