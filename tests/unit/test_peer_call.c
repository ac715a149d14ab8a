/* SPDX-License-Identifier: Apache-2.0 */
/* libtroth's judgement of a call, offline: result, proof, and the documents of their verifier.
 */
#include "check.h"

#include <troth/peer.h>

#include "dpop.h"
#include "peer_world.h"
#include "publications.h"

struct call {
	char token[TROTH_JWS_MAX], proof[TROTH_JWS_MAX];
	size_t token_len, proof_len;
};

static void make_call(struct world *w, uint64_t expires_s, const char *nonce, struct call *out)
{
	struct troth_writer t = troth_writer_make((uint8_t *)out->token, sizeof out->token);
	struct troth_writer p = troth_writer_make((uint8_t *)out->proof, sizeof out->proof);
	const struct troth_es256_signer signer = { published_sign, w->verifier.ready };
	const struct troth_dpop_maker maker = { w->session.jwk,
						{ published_sign, w->session.ready } };
	const uint8_t jti[TROTH_DPOP_JTI_BYTES] = { 1 };
	uint8_t id[32];
	struct troth_ear ear = { .issuer = troth_view_str("spiffe://" DOMAIN),
				 .subject = troth_view_str(ID),
				 .segment = troth_view_str("line-a"),
				 .id = { 1, [15] = SERIAL },
				 .issued_s = NOW - 60,
				 .expires_s = expires_s,
				 .build = troth_view_str("test"),
				 .status = TROTH_TIER_AFFIRMING,
				 .trust = { .claim = { 2 } },
				 .policy = troth_view_str("factory@sha256:00"),
				 .key = w->session.jwk };
	assert_int_equal(troth_jwk_thumbprint(w->ctx, &w->session.jwk, ear.thumbprint),
			 TROTH_OK);
	assert_int_equal(troth_jwk_thumbprint(w->ctx, &w->verifier.jwk, id), TROTH_OK);
	assert_int_equal(troth_ear_jwt_write(&ear, id, &signer, &t), TROTH_OK);
	const struct troth_dpop_call call = { .method = troth_view_str("GET"),
					      .url = troth_view_str(URL),
					      .token = troth_written(&t),
					      .nonce = troth_view_str(nonce) };
	assert_int_equal(troth_dpop_make(w->ctx, &maker, &call, NOW, jti, &p), TROTH_OK);
	out->token_len = t.n;
	out->proof_len = p.n;
}

static enum troth_decision ask_call(struct world *w, const struct call *c, const char *url,
				    const char *nonce)
{
	const struct troth_peer_call call = {
		.token = { (const uint8_t *)c->token, c->token_len },
		.proof = { (const uint8_t *)c->proof, c->proof_len },
		.method = troth_view_str("GET"),
		.url = troth_view_str(url),
		.nonce = troth_view_str(nonce),
		.now_s = NOW,
	};
	const struct troth_peer_rule any = { 0 };
	enum troth_decision d = TROTH_UNDECIDED;
	struct troth_peer peer;
	uint8_t id[32];
	POISON(peer);
	POISON(id);
	assert_int_equal(troth_peer_verify_call(w->peers, &call, &any, &d, &peer, id),
			 TROTH_OK);
	if (d == TROTH_ADMITTED) {
		assert_string_equal(peer.name, "press-4");
		return d;
	}
	ASSERT_POISONED(peer);
	ASSERT_POISONED(id);
	return d;
}

static void a_call_is_proven_or_refused(void **state)
{
	struct world *w = *state;
	struct call c;
	make_call(w, NOW + 840, "n1", &c);
	assert_int_equal(ask_call(w, &c, URL, "n1"), TROTH_ADMITTED);
	assert_int_equal(ask_call(w, &c, URL, ""), TROTH_ADMITTED);
	assert_int_equal(ask_call(w, &c, URL, "n2"), TROTH_DENIED_PROOF_NONCE);
	assert_int_equal(ask_call(w, &c, "https://other/", "n1"), TROTH_DENIED_PROOF_URL);
	c.token[c.token_len - 5] = c.token[c.token_len - 5] == 'A' ? 'B' : 'A';
	assert_int_equal(ask_call(w, &c, URL, "n1"), TROTH_DENIED_TOKEN_SIGNATURE);
	make_call(w, NOW, "", &c);
	assert_int_equal(ask_call(w, &c, URL, ""), TROTH_DENIED_TOKEN_EXPIRED);
	make_call(w, NOW + 840, "", &c);
	struct published_status p = sound(w);
	p.sequence = 101;
	p.list = "line-a/press-4 quarantined\n";
	assert_int_equal(take(w, &p), TROTH_OK);
	assert_int_equal(ask_call(w, &c, URL, ""), TROTH_DENIED_QUARANTINED);
	assert_int_equal(set_crl(w, 2, SERIAL, NOW), TROTH_OK);
	assert_int_equal(ask_call(w, &c, URL, ""), TROTH_DENIED_CERT_REVOKED);
	set_keys(w, &w->session);
	assert_int_equal(ask_call(w, &c, URL, ""), TROTH_DENIED_TOKEN_KEY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_call_is_proven_or_refused, peer_setup_whole,
						peer_teardown),
	};
	return cmocka_run_group_tests_name("peer", tests, NULL, NULL);
}
