/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "authority.h"
#include "files.h"
#include "svid_trust.h"

#define NOW UINT64_C(1764000000)
#define ID "spiffe://example.org/line-a/press-4"

struct world {
	struct authority ca, other;
	struct troth_svid_trust *trust;
	struct authority_der leaf, crl;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	w->ca = authority_make("Issuing CA", NOW);
	w->other = authority_make("Issuing CA", NOW); /* the same name, another key */
	assert_int_equal(troth_svid_trust_new(troth_view_str("example.org"), &w->trust),
			 TROTH_OK);
	assert_int_equal(troth_svid_trust_add(w->trust, w->ca.der_view), TROTH_OK);
	authority_issue(&w->ca, ID, 7, NOW, &w->leaf);
	authority_crl(&w->ca, 10, 9, NOW, &w->crl);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	troth_svid_trust_free(w->trust);
	authority_free(&w->ca);
	authority_free(&w->other);
	free(w);
	return 0;
}

static enum troth_decision verify(struct world *w, struct troth_view leaf, uint64_t now_s,
				  bool need_crl)
{
	struct troth_svid_facts facts;
	enum troth_decision d = TROTH_UNDECIDED;
	const struct troth_svid_question q = { .leaf = leaf,
					       .now_s = now_s,
					       .need_crl = need_crl };
	POISON(facts);
	assert_int_equal(troth_svid_verify(w->trust, &q, &d, &facts), TROTH_OK);
	if (d != TROTH_ADMITTED) {
		ASSERT_POISONED(facts);
		return d;
	}
	assert_true(troth_view_equal(facts.parts.segment, troth_view_str("line-a")));
	assert_true(troth_view_equal(facts.parts.name, troth_view_str("press-4")));
	assert_int_equal(facts.not_before_s, NOW);
	assert_int_equal(facts.not_after_s, NOW + 900);
	return d;
}

static void a_certificate_has_its_time(void **state)
{
	struct world *w = *state;
	const struct troth_view leaf = authority_view(&w->leaf);
	assert_int_equal(verify(w, leaf, NOW - 1, false), TROTH_DENIED_CERT_EXPIRED);
	assert_int_equal(verify(w, leaf, NOW, false), TROTH_ADMITTED);
	assert_int_equal(verify(w, leaf, NOW + 899, false), TROTH_ADMITTED);
	assert_int_equal(verify(w, leaf, NOW + 901, false), TROTH_DENIED_CERT_EXPIRED);
}

static void another_ca_of_the_same_name_is_not_ours(void **state)
{
	struct world *w = *state;
	struct authority_der forged;
	authority_issue(&w->other, ID, 7, NOW, &forged);
	assert_int_equal(verify(w, authority_view(&forged), NOW, false),
			 TROTH_DENIED_CERT_CHAIN);
	/* Nor does it become ours by coming along. */
	struct troth_svid_facts facts;
	enum troth_decision d = TROTH_UNDECIDED;
	const struct troth_svid_question q = { .leaf = authority_view(&forged),
					       .chain = &w->other.der_view,
					       .n_chain = 1,
					       .now_s = NOW };
	assert_int_equal(troth_svid_verify(w->trust, &q, &d, &facts), TROTH_OK);
	assert_int_equal(d, TROTH_DENIED_CERT_CHAIN);
}

static void other_domains_and_cas_are_no_leaves(void **state)
{
	struct world *w = *state;
	struct authority_der leaf;
	authority_issue(&w->ca, "spiffe://example.com/line-a/press-4", 7, NOW, &leaf);
	assert_int_equal(verify(w, authority_view(&leaf), NOW, false),
			 TROTH_DENIED_CERT_MALFORMED);
	assert_int_equal(verify(w, w->ca.der_view, NOW, false), TROTH_DENIED_CERT_MALFORMED);
}

/* What SPIFFE forbids of a leaf, each signed by our CA all the same. NULL: no such extension.
 */
static const struct {
	const char *name, *san, *usage, *extended, *constraints;
	enum troth_decision want;
} LEAVES[] = {
	{ "sound", "URI:" ID, "critical,digitalSignature", "serverAuth,clientAuth",
	  "critical,CA:FALSE", TROTH_ADMITTED },
	{ "with a DNS name", "URI:" ID ",DNS:press-4.example.org", "critical,digitalSignature",
	  "serverAuth,clientAuth", NULL, TROTH_ADMITTED },
	{ "without EKUs", "URI:" ID, "critical,digitalSignature", NULL, NULL, TROTH_ADMITTED },
	{ "no names", NULL, "critical,digitalSignature", NULL, NULL,
	  TROTH_DENIED_CERT_MALFORMED },
	{ "no URI", "DNS:press-4", "critical,digitalSignature", NULL, NULL,
	  TROTH_DENIED_CERT_MALFORMED },
	{ "two URIs", "URI:" ID ",URI:spiffe://example.org/line-b/x",
	  "critical,digitalSignature", NULL, NULL, TROTH_DENIED_CERT_MALFORMED },
	{ "a URI that is no SPIFFE ID", "URI:https://example.org/line-a/press-4",
	  "critical,digitalSignature", NULL, NULL, TROTH_DENIED_CERT_MALFORMED },
	{ "a path of one", "URI:spiffe://example.org/press-4", "critical,digitalSignature",
	  NULL, NULL, TROTH_DENIED_CERT_MALFORMED },
	{ "a path of three", "URI:" ID "/x", "critical,digitalSignature", NULL, NULL,
	  TROTH_DENIED_CERT_MALFORMED },
	{ "no key usage", "URI:" ID, NULL, NULL, NULL, TROTH_DENIED_CERT_MALFORMED },
	{ "no signatures", "URI:" ID, "critical,keyAgreement", NULL, NULL,
	  TROTH_DENIED_CERT_MALFORMED },
	{ "signs certificates", "URI:" ID, "critical,digitalSignature,keyCertSign", NULL, NULL,
	  TROTH_DENIED_CERT_MALFORMED },
	{ "signs CRLs", "URI:" ID, "critical,digitalSignature,cRLSign", NULL, NULL,
	  TROTH_DENIED_CERT_MALFORMED },
	{ "a CA", "URI:" ID, "critical,digitalSignature", NULL, "critical,CA:TRUE",
	  TROTH_DENIED_CERT_MALFORMED },
	{ "a server only", "URI:" ID, "critical,digitalSignature", "serverAuth", NULL,
	  TROTH_DENIED_CERT_MALFORMED },
	{ "signs programs", "URI:" ID, "critical,digitalSignature", "codeSigning", NULL,
	  TROTH_DENIED_CERT_MALFORMED },
};

static void make_leaf(const struct authority *ca, size_t i, struct authority_der *out)
{
	X509 *cert = X509_new();
	uint8_t *at = out->bytes;
	assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 77);
	X509_set_issuer_name(cert, X509_get_subject_name(ca->cert));
	ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)NOW);
	ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)NOW + 900);
	X509_set_pubkey(cert, ca->key);
	if (LEAVES[i].san != NULL)
		authority_extend(cert, ca->cert, NID_subject_alt_name, LEAVES[i].san);
	if (LEAVES[i].usage != NULL)
		authority_extend(cert, ca->cert, NID_key_usage, LEAVES[i].usage);
	if (LEAVES[i].extended != NULL)
		authority_extend(cert, ca->cert, NID_ext_key_usage, LEAVES[i].extended);
	if (LEAVES[i].constraints != NULL)
		authority_extend(cert, ca->cert, NID_basic_constraints, LEAVES[i].constraints);
	assert_true(X509_sign(cert, ca->key, EVP_sha256()) > 0);
	out->n = (size_t)i2d_X509(cert, &at);
	X509_free(cert);
}

static void the_rules_for_leaves_hold(void **state)
{
	struct world *w = *state;
	for (size_t i = 0; i < sizeof LEAVES / sizeof *LEAVES; i++) {
		struct authority_der leaf;
		make_leaf(&w->ca, i, &leaf);
		enum troth_decision got = verify(w, authority_view(&leaf), NOW, false);
		if (got != LEAVES[i].want)
			fail_msg("%s: %s", LEAVES[i].name, troth_decision_name(got));
	}
}

static void bytes_that_are_no_certificate_are_refused(void **state)
{
	struct world *w = *state;
	for (size_t n = 0; n < w->leaf.n; n += 13) {
		struct troth_view cut = view_dup((struct troth_view){ w->leaf.bytes, n });
		assert_int_equal(verify(w, cut, NOW, false), TROTH_DENIED_CERT_MALFORMED);
		file_free(cut);
	}
	struct authority_der more = w->leaf;
	more.bytes[more.n++] = 0;
	assert_int_equal(verify(w, authority_view(&more), NOW, false),
			 TROTH_DENIED_CERT_MALFORMED);
	for (size_t bit = 0; bit < 8 * w->leaf.n; bit += 3) {
		struct authority_der bent = w->leaf;
		bent.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (verify(w, authority_view(&bent), NOW, false) == TROTH_ADMITTED)
			fail_msg("bit %zu", bit);
	}
}

static void a_crl_counts_while_it_is_current(void **state)
{
	struct world *w = *state;
	const struct troth_view leaf = authority_view(&w->leaf);
	struct authority_der crl;
	assert_int_equal(verify(w, leaf, NOW, true), TROTH_DENIED_STATUS_EXPIRED);
	assert_int_equal(troth_svid_trust_set_crl(w->trust, authority_view(&w->crl)), TROTH_OK);
	assert_int_equal(verify(w, leaf, NOW, true), TROTH_ADMITTED);
	authority_crl(&w->ca, 11, 7, NOW, &crl);
	assert_int_equal(troth_svid_trust_set_crl(w->trust, authority_view(&crl)), TROTH_OK);
	assert_int_equal(verify(w, leaf, NOW, true), TROTH_DENIED_CERT_REVOKED);
	assert_int_equal(verify(w, leaf, NOW, false), TROTH_DENIED_CERT_REVOKED);

	/* An older one does not bring it back, nor does one of somebody else's. */
	assert_int_equal(troth_svid_trust_set_crl(w->trust, authority_view(&w->crl)),
			 TROTH_E_CONFLICT);
	authority_crl(&w->other, 12, 0, NOW, &crl);
	assert_int_equal(troth_svid_trust_set_crl(w->trust, authority_view(&crl)),
			 TROTH_E_MISMATCH);
	crl.n--;
	assert_int_equal(troth_svid_trust_set_crl(w->trust, authority_view(&crl)),
			 TROTH_E_MALFORMED);
	assert_int_equal(verify(w, leaf, NOW, true), TROTH_DENIED_CERT_REVOKED);

	/* Past its next update it says nothing any more. */
	authority_crl(&w->ca, 13, 0, NOW - 3600, &crl);
	assert_int_equal(troth_svid_trust_set_crl(w->trust, authority_view(&crl)), TROTH_OK);
	assert_int_equal(verify(w, leaf, NOW, true), TROTH_DENIED_STATUS_EXPIRED);
}

/* While the issuing CA is rotated: two CAs, a CRL each, and each lists the serials of both. */
static void two_cas_have_a_crl_each(void **state)
{
	struct world *w = *state;
	struct authority next = authority_make("Next CA", NOW);
	struct authority_der crl, new_leaf;
	const struct troth_view leaf = authority_view(&w->leaf);
	authority_issue(&next, ID, 8, NOW, &new_leaf);
	assert_int_equal(troth_svid_trust_add(w->trust, next.der_view), TROTH_OK);

	/* The list of one speaks for the other, until that has one. */
	authority_crl(&next, 20, 0, NOW, &crl);
	assert_int_equal(troth_svid_trust_set_crl(w->trust, authority_view(&crl)), TROTH_OK);
	assert_int_equal(verify(w, leaf, NOW, true), TROTH_ADMITTED);
	assert_int_equal(verify(w, authority_view(&new_leaf), NOW, true), TROTH_ADMITTED);

	/* Numbers are each CA's own: this one is lower, and not older. */
	authority_crl(&w->ca, 10, 7, NOW, &crl);
	assert_int_equal(troth_svid_trust_set_crl(w->trust, authority_view(&crl)), TROTH_OK);
	assert_int_equal(verify(w, leaf, NOW, true), TROTH_DENIED_CERT_REVOKED);
	assert_int_equal(verify(w, authority_view(&new_leaf), NOW, true), TROTH_ADMITTED);

	/* Nor does the list of one take the other's away. */
	authority_crl(&next, 21, 8, NOW, &crl);
	assert_int_equal(troth_svid_trust_set_crl(w->trust, authority_view(&crl)), TROTH_OK);
	assert_int_equal(verify(w, leaf, NOW, true), TROTH_DENIED_CERT_REVOKED);
	assert_int_equal(verify(w, authority_view(&new_leaf), NOW, true),
			 TROTH_DENIED_CERT_REVOKED);

	/* One that has a list of its own needs a current one. */
	authority_crl(&w->ca, 11, 0, NOW - 3600, &crl);
	assert_int_equal(troth_svid_trust_set_crl(w->trust, authority_view(&crl)), TROTH_OK);
	assert_int_equal(verify(w, leaf, NOW, true), TROTH_DENIED_STATUS_EXPIRED);
	authority_free(&next);
}

/* A CA under one of ours that is not ours, as an external root has them: who only brings its
 * certificate along has no list. */
static void a_ca_that_comes_along_has_no_crl(void **state)
{
	struct world *w = *state;
	struct authority below = authority_make("Another department", NOW);
	struct authority_der crl, leaf;
	uint8_t *der = NULL;
	struct troth_svid_facts facts;
	enum troth_decision d = TROTH_UNDECIDED;
	X509_set_issuer_name(below.cert, X509_get_subject_name(w->ca.cert));
	assert_true(X509_sign(below.cert, w->ca.key, EVP_sha256()) > 0);
	const int n = i2d_X509(below.cert, &der);
	const struct troth_view chain = { der, (size_t)n };
	authority_issue(&below, ID, 8, NOW, &leaf);
	struct troth_svid_question q = {
		.leaf = authority_view(&leaf), .chain = &chain, .n_chain = 1, .now_s = NOW
	};
	assert_int_equal(troth_svid_verify(w->trust, &q, &d, &facts), TROTH_OK);
	assert_int_equal(d, TROTH_ADMITTED); /* nobody asked for more than a path */
	q.need_crl = true;
	authority_crl(&w->ca, 10, 0, NOW, &crl);
	assert_int_equal(troth_svid_trust_set_crl(w->trust, authority_view(&crl)), TROTH_OK);
	assert_int_equal(troth_svid_verify(w->trust, &q, &d, &facts), TROTH_OK);
	assert_int_equal(d, TROTH_DENIED_STATUS_EXPIRED);
	OPENSSL_free(der);
	authority_free(&below);
}

static void serials_of_results_are_on_the_same_list(void **state)
{
	struct world *w = *state;
	const uint8_t serial[16] = { 1, [15] = 9 }, other[16] = { 1, [15] = 8 };
	assert_int_equal(troth_svid_trust_revoked(w->trust, TROTH_VIEW_OF(serial), NOW),
			 TROTH_DENIED_STATUS_EXPIRED);
	assert_int_equal(troth_svid_trust_set_crl(w->trust, authority_view(&w->crl)), TROTH_OK);
	assert_int_equal(troth_svid_trust_revoked(w->trust, TROTH_VIEW_OF(serial), NOW),
			 TROTH_DENIED_CERT_REVOKED);
	assert_int_equal(troth_svid_trust_revoked(w->trust, TROTH_VIEW_OF(other), NOW),
			 TROTH_ADMITTED);
}

static void a_bundle_holds_cas_and_has_its_limit(void **state)
{
	struct world *w = *state;
	assert_int_equal(troth_svid_trust_add(w->trust, authority_view(&w->leaf)),
			 TROTH_E_MALFORMED);
	for (size_t i = 1; i < TROTH_BUNDLE_CAS_MAX; i++)
		assert_int_equal(troth_svid_trust_add(w->trust, w->other.der_view), TROTH_OK);
	assert_int_equal(troth_svid_trust_add(w->trust, w->other.der_view), TROTH_E_LIMIT);
}

static const struct {
	const char *id;
	bool ok;
} IDS[] = {
	{ ID, true },
	{ "spiffe://d/s/n", true },
	{ "", false },
	{ "spiffe://", false },
	{ "spiffe://d", false },
	{ "spiffe://d/s", false },
	{ "spiffe://d/s/", false },
	{ "spiffe://d//n", false },
	{ "spiffe:///s/n", false },
	{ "spiffe://d/s/n/x", false },
	{ "SPIFFE://d/s/n", false },
	{ "spiffe://D/s/n", false },
	{ "spiffe://d/s/N", false },
	{ "spiffe://d:1/s/n", false },
	{ "spiffe://d/s/n?q", false },
	{ "spiffe://d/../n", false },
};

static void ids_are_ours_or_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof IDS / sizeof *IDS; i++) {
		struct troth_spiffe s;
		struct troth_view id = view_dup(troth_view_str(IDS[i].id));
		POISON(s);
		if ((troth_spiffe_read(id, &s) == TROTH_OK) != IDS[i].ok)
			fail_msg("%s", IDS[i].id);
		if (!IDS[i].ok)
			ASSERT_POISONED(s);
		file_free(id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_certificate_has_its_time, setup, teardown),
		cmocka_unit_test_setup_teardown(another_ca_of_the_same_name_is_not_ours, setup,
						teardown),
		cmocka_unit_test_setup_teardown(other_domains_and_cas_are_no_leaves, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_rules_for_leaves_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(bytes_that_are_no_certificate_are_refused,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_crl_counts_while_it_is_current, setup,
						teardown),
		cmocka_unit_test_setup_teardown(two_cas_have_a_crl_each, setup, teardown),
		cmocka_unit_test_setup_teardown(a_ca_that_comes_along_has_no_crl, setup,
						teardown),
		cmocka_unit_test_setup_teardown(serials_of_results_are_on_the_same_list, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_bundle_holds_cas_and_has_its_limit, setup,
						teardown),
		cmocka_unit_test(ids_are_ours_or_none),
	};
	return cmocka_run_group_tests_name("svid_trust", tests, NULL, NULL);
}
