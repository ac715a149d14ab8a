/* SPDX-License-Identifier: Apache-2.0 */
/* The issuer process over its channels, with devices whose TPM is in software. What it refuses
 * is in tests/attack/test_front_isolation.c. Certificates and CRLs are judged by OpenSSL. */
#include "check.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base.h"
#include "clock.h"
#include "file.h"
#include "frames.h"
#include "issuer.h"
#include "issuer_harness.h"
#include "keys.h"
#include "reader.h"

static struct harness h;
static struct soft_device device;
static struct harness_row row;
static struct troth_jwk result_key; /* of the last bundle */

static int setup(void **state)
{
	(void)state;
	harness_keys(h.dir);
	harness_start(&h, 0);
	soft_device_make(&device);
	harness_enrol(h.workers[0], &device, "pump-1", &row);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	soft_device_free(&device);
	int code = harness_stop(&h);
	harness_remove(h.dir);
	return code;
}

static X509 *certificate_of(struct troth_view der)
{
	const unsigned char *p = der.p;
	X509 *cert = d2i_X509(NULL, &p, (long)der.n);
	assert_non_null(cert);
	assert_ptr_equal(p, der.p + der.n);
	return cert;
}

/* Everything but the reply's certificate, which lives until the next question. */
static X509 *attest(struct harness_attest *a, bool fresh, struct troth_issuer_attest_reply *out)
{
	struct troth_issuer_reply r;
	harness_challenge(h.workers[0], row.id, a);
	harness_prepare(&device, &row, fresh, a);
	assert_true(harness_ask(h.workers[0], &a->request, &r));
	if (r.status != TROTH_OK)
		fail_msg("attest: %s, %s", troth_status_name(r.status),
			 troth_finding_name(r.finding));
	*out = r.u.attest;
	assert_true(out->issued);
	return certificate_of(out->certificate);
}

/* The bundle: chain, anchors, CAs next and former, keys; an empty one between them. */
static void read_bundle(X509 **issuing, X509 **root)
{
	const struct troth_issuer_request q = { .kind = TROTH_ISSUER_BUNDLE };
	struct troth_issuer_reply r;
	struct troth_view der;
	assert_true(harness_ask(h.admin, &q, &r));
	assert_int_equal(r.status, TROTH_OK);
	struct troth_reader reader = { r.u.der };
	assert_true(troth_get_view32be(&reader, &der));
	*issuing = certificate_of(der);
	assert_true(troth_get_view32be(&reader, &der) && der.n == 0);
	assert_true(troth_get_view32be(&reader, &der));
	*root = certificate_of(der);
	assert_true(troth_get_view32be(&reader, &der) && der.n == 0);
	assert_true(troth_get_view32be(&reader, &der) && der.n == 0); /* nothing is rotated */
	assert_true(troth_get_view32be(&reader, &der));
	assert_int_equal(troth_session_key_read(der, &result_key), TROTH_OK);
	assert_true(troth_at_end(&reader));
}

/* As a relying party would: the anchor, the chain, the purpose. */
static int openssl_verdict(X509 *leaf, X509 *issuing, X509 *root, int purpose)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *chain = sk_X509_new_null();
	assert_int_equal(X509_STORE_add_cert(store, root), 1);
	if (issuing != NULL)
		assert_true(sk_X509_push(chain, issuing) > 0);
	assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf, chain), 1);
	X509_STORE_CTX_set_purpose(ctx, purpose);
	X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(ctx), X509_V_FLAG_X509_STRICT);
	(void)X509_verify_cert(ctx);
	int verdict = X509_STORE_CTX_get_error(ctx);
	sk_X509_free(chain);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return verdict;
}

static void assert_uri(X509 *cert, const char *want)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	assert_int_equal(sk_GENERAL_NAME_num(names), 1);
	int type;
	const ASN1_STRING *uri =
		GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, 0), &type);
	assert_int_equal(type, GEN_URI);
	assert_int_equal(ASN1_STRING_length(uri), strlen(want));
	assert_memory_equal(ASN1_STRING_get0_data(uri), want, strlen(want));
	GENERAL_NAMES_free(names);
}

static void a_certificate_stands_before_openssl(void **state)
{
	(void)state;
	struct harness_attest a;
	struct troth_issuer_attest_reply reply;
	X509 *leaf = attest(&a, true, &reply), *issuing, *root;
	read_bundle(&issuing, &root);
	assert_int_equal(openssl_verdict(leaf, issuing, root, X509_PURPOSE_SSL_CLIENT),
			 X509_V_OK);
	assert_int_equal(openssl_verdict(leaf, issuing, root, X509_PURPOSE_SSL_SERVER),
			 X509_V_OK);
	assert_int_equal(openssl_verdict(leaf, NULL, root, X509_PURPOSE_SSL_CLIENT),
			 X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
	assert_uri(leaf, "spiffe://" HARNESS_DOMAIN "/plant/pump-1");
	assert_uri(issuing, "spiffe://" HARNESS_DOMAIN);
	assert_uri(root, "spiffe://" HARNESS_DOMAIN);
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(leaf), device.credential.pkey), 1);

	/* Evidence time, to the second; a serial that is the reply's. */
	time_t issued_s = (time_t)(reply.token.issued_ms / 1000),
	       end_s = (time_t)reply.not_after_s;
	assert_int_equal(X509_cmp_time(X509_get0_notBefore(leaf), &issued_s), -1);
	issued_s--;
	assert_int_equal(X509_cmp_time(X509_get0_notBefore(leaf), &issued_s), 1);
	assert_int_equal(end_s, issued_s + 1 + 900);
	assert_int_equal(X509_cmp_time(X509_get0_notAfter(leaf), &end_s), -1);
	const ASN1_INTEGER *serial = X509_get0_serialNumber(leaf);
	assert_int_equal(ASN1_STRING_length(serial), sizeof reply.serial);
	assert_memory_equal(ASN1_STRING_get0_data(serial), reply.serial, sizeof reply.serial);
	X509_free(leaf);
	X509_free(issuing);
	X509_free(root);
}

/* Positive, of full length, and no half of one comes again: neither a counter nor a clock. */
static void serials_are_drawn(void **state)
{
	(void)state;
	uint8_t seen[4][16];
	for (size_t i = 0; i < TROTH_COUNT(seen); i++) {
		struct harness_attest a;
		struct troth_issuer_attest_reply reply;
		X509_free(attest(&a, true, &reply));
		memcpy(seen[i], reply.serial, sizeof seen[i]);
		assert_int_equal(seen[i][0] & 0xc0, 0x40);
		for (size_t k = 0; k < i; k++) {
			assert_memory_not_equal(seen[k], seen[i], 8);
			assert_memory_not_equal(seen[k] + 8, seen[i] + 8, 8);
		}
	}
}

static void the_authority_is_shaped_as_spiffe_asks(void **state)
{
	(void)state;
	X509 *issuing, *root;
	read_bundle(&issuing, &root);
	assert_int_equal(X509_get_pathlen(root), 1);
	assert_int_equal(X509_get_pathlen(issuing), 0);
	assert_int_equal(X509_get_key_usage(root), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	assert_int_equal(X509_get_key_usage(issuing), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	assert_int_equal(X509_self_signed(root, 1), 1);
	int days, seconds;
	assert_int_equal(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(issuing),
					X509_get0_notAfter(issuing)),
			 1);
	assert_int_equal(days, 730);
	X509_free(issuing);
	X509_free(root);
}

static void a_renewal_needs_no_new_certification(void **state)
{
	(void)state;
	struct harness_attest a;
	struct troth_issuer_attest_reply reply;
	X509_free(attest(&a, true, &reply));
	assert_true(reply.certification.present);
	assert_int_equal(reply.certification.reset_count, device.reset_count);
	assert_int_equal(reply.certification.time_ms, reply.token.issued_ms);
	row.certification = reply.certification;

	X509_free(attest(&a, false, &reply));
	assert_memory_equal(&reply.certification, &row.certification, sizeof row.certification);
	row.certification = (struct troth_certification_record){ 0 };
}

static bool thumbprint_is(const struct troth_issuer_attest_reply *reply, const uint8_t key[64])
{
	struct troth_ctx *ctx = NULL;
	uint8_t want[32];
	assert_int_equal(troth_ctx_new(&ctx), TROTH_OK);
	assert_int_equal(
		troth_session_key_thumbprint(ctx, (struct troth_view){ key, 64 }, want),
		TROTH_OK);
	troth_ctx_free(ctx);
	return memcmp(reply->certification.session_thumbprint, want, sizeof want) == 0;
}

/* The record remembers who proved what; another session key of the same boot needs a proof, but
 * no new certification. */
static void a_session_key_is_proven_and_remembered(void **state)
{
	(void)state;
	struct harness_attest a;
	struct troth_issuer_attest_reply reply;
	soft_device_new_session(&device);
	X509_free(attest(&a, true, &reply));
	assert_true(thumbprint_is(&reply, a.session_key));
	row.certification = reply.certification;
	X509_free(attest(&a, false, &reply));
	assert_memory_equal(&reply.certification, &row.certification, sizeof row.certification);

	soft_device_new_session(&device);
	X509_free(attest(&a, false, &reply));
	assert_true(thumbprint_is(&reply, a.session_key));
	row.certification = reply.certification;
	X509_free(attest(&a, false, &reply));
	EVP_PKEY_free(device.session);
	device.session = NULL;
	X509_free(attest(&a, false, &reply));
	row.certification = (struct troth_certification_record){ 0 };
}

static void a_quote_alone_is_confirmed_without_a_certificate(void **state)
{
	(void)state;
	struct harness_attest a;
	struct troth_issuer_reply r;
	harness_challenge(h.workers[0], row.id, &a);
	harness_prepare(&device, &row, true, &a);
	a.request.u.attest.issue = false;
	assert_true(harness_ask(h.workers[0], &a.request, &r));
	assert_int_equal(r.status, TROTH_OK);
	assert_false(r.u.attest.issued);
	assert_int_equal(r.u.attest.certificate.n, 0);
	assert_memory_equal(r.u.attest.token.subject, row.id, 32);
	assert_int_equal(r.u.attest.token.row_version, 1);
}

static void the_device_id_is_the_digest_of_the_ek(void **state)
{
	(void)state;
	uint8_t id[32];
	soft_device_id(&device, id);
	assert_memory_equal(row.id, id, sizeof id);
}

static void a_resealed_row_gets_its_new_name(void **state)
{
	(void)state;
	struct troth_issuer_request q = { .kind = TROTH_ISSUER_SEAL };
	struct troth_issuer_reply r;
	struct harness_attest a;
	struct troth_issuer_attest_reply reply;
	const struct harness_row before = row;
	q.u.seal = (struct troth_issuer_seal){ .identity = harness_identity(&row, &device),
					       .name = troth_view_str("pump-9"),
					       .segment = troth_view_str("yard"),
					       .generation = row.generation + 1 };
	assert_true(harness_ask(h.admin, &q, &r));
	assert_int_equal(r.status, TROTH_OK);
	memcpy(row.mac, r.u.seal.mac, sizeof row.mac);
	row.name = "pump-9";
	row.segment = "yard";
	row.generation++;
	X509 *leaf = attest(&a, true, &reply);
	assert_uri(leaf, "spiffe://" HARNESS_DOMAIN "/yard/pump-9");
	X509_free(leaf);

	/* Backwards, and from a row that was never sealed so, nothing is sealed. */
	q.u.seal.identity = harness_identity(&row, &device);
	q.u.seal.generation = 1;
	assert_true(harness_ask(h.admin, &q, &r));
	assert_int_equal(r.status, TROTH_E_CONFLICT);
	q.u.seal.generation = row.generation;
	q.u.seal.identity.segment = troth_view_str("vault");
	assert_true(harness_ask(h.admin, &q, &r));
	assert_int_equal(r.status, TROTH_E_MISMATCH);
	row = before;
}

static enum troth_status tell(enum troth_issuer_kind kind)
{
	struct troth_issuer_request q = { .kind = kind };
	struct troth_issuer_reply r;
	memcpy(q.u.deny.device_id, row.id, sizeof row.id);
	assert_true(harness_ask(h.admin, &q, &r));
	return r.status;
}

static void a_denied_device_gets_nothing_until_it_is_allowed(void **state)
{
	(void)state;
	struct harness_attest a;
	struct troth_issuer_reply r;
	struct troth_issuer_attest_reply reply;
	assert_int_equal(tell(TROTH_ISSUER_DENY), TROTH_OK);
	assert_int_equal(tell(TROTH_ISSUER_DENY), TROTH_OK);
	/* Its challenge looks like any other. */
	harness_challenge(h.workers[1], row.id, &a);
	harness_prepare(&device, &row, true, &a);
	assert_true(harness_ask(h.workers[1], &a.request, &r));
	assert_int_equal(r.status, TROTH_E_DENIED);
	assert_int_equal(tell(TROTH_ISSUER_ALLOW), TROTH_OK);
	X509_free(attest(&a, true, &reply));
}

/* DESIGN 13. CRLs and status documents are signed all the same: revocation must bite. */
static void a_clock_that_jumped_stops_issuance(void **state)
{
	(void)state;
	static const int64_t JUMPS[] = { 120000, -120000, INT64_C(86400000) * 400 };
	struct troth_issuer_request challenge = { .kind = TROTH_ISSUER_CHALLENGE };
	const struct troth_issuer_request crl = { .kind = TROTH_ISSUER_CRL,
						  .u.crl = { .number = 1, .life_s = 60 } };
	struct harness_attest a;
	struct troth_issuer_reply r;
	struct troth_issuer_attest_reply reply;
	harness_challenge(h.workers[1], row.id, &a);
	harness_prepare(&device, &row, true, &a);
	for (size_t i = 0; i < sizeof JUMPS / sizeof *JUMPS; i++) {
		harness_set_clock(&h, JUMPS[i]);
		assert_true(harness_ask(h.workers[1], &a.request, &r));
		assert_int_equal(r.status, TROTH_E_IO);
		assert_true(harness_ask(h.workers[0], &challenge, &r));
		assert_int_equal(r.status, TROTH_E_IO);
		assert_int_equal(tell(TROTH_ISSUER_DENY), TROTH_OK);
		assert_true(harness_ask(h.admin, &crl, &r));
		assert_int_equal(r.status, TROTH_OK);
		assert_int_equal(tell(TROTH_ISSUER_ALLOW), TROTH_OK);
	}
	harness_set_clock(&h, 0);
	X509_free(attest(&a, true, &reply));
}

static void a_crl_stands_before_openssl(void **state)
{
	(void)state;
	uint8_t entries[3 * TROTH_CRL_ENTRY_SIZE];
	struct troth_writer w = troth_writer_make(entries, sizeof entries);
	struct troth_issuer_request q = { .kind = TROTH_ISSUER_CRL };
	struct troth_issuer_reply r;
	for (uint8_t i = 0; i < 3; i++) {
		struct troth_crl_entry e = { .serial = { 0x40, i }, .revoked_s = 1732230000 };
		troth_issuer_crl_put(&w, &e);
	}
	q.u.crl = (struct troth_issuer_crl){
		.number = 4711, .life_s = 3600, .n_entries = 3, .entries = troth_written(&w)
	};
	assert_true(harness_ask(h.admin, &q, &r));
	assert_int_equal(r.status, TROTH_OK);
	const unsigned char *p = r.u.der.p;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)r.u.der.n);
	assert_non_null(crl);
	assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 3);
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	assert_int_equal(ASN1_INTEGER_get(number), 4711);
	ASN1_INTEGER_free(number);
	X509 *issuing, *root;
	read_bundle(&issuing, &root);
	assert_int_equal(X509_CRL_verify(crl, X509_get0_pubkey(issuing)), 1);
	X509_CRL_free(crl);
	X509_free(issuing);
	X509_free(root);

	q.u.crl.life_s = 7 * 24 * 3600 + 1;
	assert_true(harness_ask(h.admin, &q, &r));
	assert_int_equal(r.status, TROTH_E_LIMIT);
}

/* As many as there may be fit one answer. */
static void the_longest_crl_is_made(void **state)
{
	(void)state;
	const size_t n = (size_t)TROTH_CRL_ENTRIES_MAX * TROTH_CRL_ENTRY_SIZE;
	uint8_t *entries = malloc(n);
	struct troth_writer w = troth_writer_make(entries, n);
	struct troth_issuer_request q = { .kind = TROTH_ISSUER_CRL };
	struct troth_issuer_reply r;
	for (uint32_t i = 0; i < TROTH_CRL_ENTRIES_MAX; i++) {
		struct troth_crl_entry e = { .serial = { 0x40, (uint8_t)(i >> 16),
							 (uint8_t)(i >> 8), (uint8_t)i },
					     .revoked_s = 1732230000 };
		troth_issuer_crl_put(&w, &e);
	}
	q.u.crl = (struct troth_issuer_crl){ .number = 1,
					     .life_s = 3600,
					     .n_entries = TROTH_CRL_ENTRIES_MAX,
					     .entries = troth_written(&w) };
	assert_true(harness_ask(h.admin, &q, &r));
	assert_int_equal(r.status, TROTH_OK);
	free(entries);
}

/* A worker sends a thousand requests before it reads the first answer. */
/* As many as the socket's buffers hold either way: nobody reads the answers meanwhile. */
static void ask_many(uint64_t first, size_t n_requests)
{
	struct troth_issuer_request q = { .kind = TROTH_ISSUER_CHALLENGE };
	uint8_t frame[TROTH_FRAME_HEADER + 256];
	assert_true(troth_pcr_selection_add(&q.u.challenge.selection, TROTH_HASH_SHA256, 1));
	for (size_t i = 0; i < n_requests; i++) {
		size_t n;
		q.u.challenge.row_version = first + i;
		assert_int_equal(
			troth_issuer_request_write(&q, frame + TROTH_FRAME_HEADER, 256, &n),
			TROTH_OK);
		struct troth_writer w = troth_writer_make(frame, TROTH_FRAME_HEADER);
		troth_put_u32be(&w, (uint32_t)n);
		assert_int_equal(send(h.workers[0], frame, TROTH_FRAME_HEADER + n, 0),
				 TROTH_FRAME_HEADER + n);
	}
}

static uint64_t next_answer(void)
{
	struct troth_issuer_reply r;
	struct troth_token token;
	uint32_t n;
	uint8_t head[TROTH_FRAME_HEADER], answer[256];
	assert_int_equal(recv(h.workers[0], head, sizeof head, MSG_WAITALL), sizeof head);
	struct troth_reader reader = { TROTH_VIEW_OF(head) };
	assert_true(troth_get_u32be(&reader, &n) && n <= sizeof answer);
	assert_int_equal(recv(h.workers[0], answer, n, MSG_WAITALL), n);
	assert_int_equal(troth_issuer_reply_read(TROTH_ISSUER_CHALLENGE,
						 (struct troth_view){ answer, n }, &r),
			 TROTH_OK);
	assert_int_equal(troth_token_read(r.u.challenge.token, &token), TROTH_OK);
	return token.row_version;
}

static void many_requests_are_answered_in_order(void **state)
{
	(void)state;
	enum { AT_ONCE = 100, N = 1000 };
	for (uint64_t first = 0; first < N; first += AT_ONCE) {
		ask_many(first, AT_ONCE);
		for (uint64_t i = 0; i < AT_ONCE; i++)
			assert_int_equal(next_answer(), first + i);
	}
}

/* A token of the day before, by the master in the key file: what another replica made, or this
 * one before it was restarted, is good. */
static void a_token_of_another_replica_is_good(void **state)
{
	struct troth_ctx *ctx;
	struct troth_buffer text;
	struct troth_mac_keys mac;
	struct troth_token_keys keys;
	struct harness_attest a;
	struct troth_issuer_reply r;
	char path[128];
	uint8_t master[TROTH_MAC_KEY_LEN];
	(void)state;
	assert_int_equal(troth_ctx_new(&ctx), TROTH_OK);
	snprintf(path, sizeof path, "%s/mac.keys", h.dir);
	assert_int_equal(troth_file_read(path, TROTH_KEY_FILE_MAX, &text), TROTH_OK);
	assert_int_equal(troth_mac_file_read(troth_buffer_view(&text), master), TROTH_OK);
	troth_buffer_clear(&text);
	assert_int_equal(troth_mac_keys_derive(ctx, master, &mac), TROTH_OK);
	assert_int_equal(troth_token_keys_at(ctx, &mac, troth_now_ms(), &keys), TROTH_OK);
	keys.current = keys.previous; /* made before midnight */
	keys.trust_domain = troth_view_str(HARNESS_DOMAIN);

	struct troth_token token = { .purpose = TROTH_TOKEN_QUOTE,
				     .key_id = keys.current.id,
				     .issued_ms = troth_now_ms() };
	memcpy(token.subject, row.id, sizeof row.id);
	assert_true(troth_pcr_selection_add(&token.selection, TROTH_HASH_SHA256, HARNESS_MASK));
	assert_int_equal(troth_token_make(ctx, &keys, &token, a.token, &a.token_len), TROTH_OK);
	harness_prepare(&device, &row, true, &a);
	assert_true(harness_ask(h.workers[0], &a.request, &r));
	assert_int_equal(r.status, TROTH_OK);
	troth_ctx_free(ctx);
}

/* With certificates or without: each confirmation becomes a verdict that is kept. */
static void limit_rate(bool issue)
{
	struct harness limited;
	struct harness_attest a;
	struct troth_issuer_reply r;
	enum troth_status last = TROTH_OK;
	memcpy(limited.dir, h.dir, sizeof limited.dir);
	harness_start(&limited, 3);
	/* The minute may change once in between: at most six of seven then. */
	for (size_t i = 0; i < 7 && last == TROTH_OK; i++) {
		harness_challenge(limited.workers[i % HARNESS_WORKERS], row.id, &a);
		harness_prepare(&device, &row, true, &a);
		a.request.u.attest.issue = issue;
		assert_true(harness_ask(limited.workers[i % HARNESS_WORKERS], &a.request, &r));
		last = r.status;
		if (i < 3)
			assert_int_equal(last, TROTH_OK);
	}
	assert_int_equal(last, TROTH_E_BUSY);
	assert_int_equal(harness_stop(&limited), 0);
}

static void the_rate_of_one_device_is_limited(void **state)
{
	(void)state;
	limit_rate(true);
	limit_rate(false);
}

static enum troth_status sign_status(uint64_t sequence, uint64_t since, uint32_t life_s)
{
	struct troth_issuer_request q = { .kind = TROTH_ISSUER_STATUS };
	struct troth_issuer_reply r;
	q.u.status.sequence = sequence;
	q.u.status.since = since;
	q.u.status.life_s = life_s;
	assert_true(harness_ask(h.admin, &q, &r));
	return r.status;
}

static void status_documents_have_one_of_each_number(void **state)
{
	(void)state;
	assert_int_equal(sign_status(100, 0, 300), TROTH_OK);
	assert_int_equal(sign_status(100, 90, 300), TROTH_OK); /* the delta that leads there */
	assert_int_equal(sign_status(100, 0, 300), TROTH_E_CONFLICT);
	assert_int_equal(sign_status(99, 0, 300), TROTH_E_CONFLICT);
	assert_int_equal(sign_status(101, 100, 300), TROTH_E_CONFLICT);
	assert_int_equal(sign_status(101, 0, TROTH_STATUS_LIFE_MAX_S), TROTH_OK);
	assert_int_equal(sign_status(102, 0, TROTH_STATUS_LIFE_MAX_S + 1), TROTH_E_LIMIT);
	assert_int_equal(sign_status(102, 0, 0), TROTH_E_LIMIT);
	assert_int_equal(sign_status(102, 0, 1), TROTH_OK);
}

static void nothing_is_overwritten(void **state)
{
	(void)state;
	struct stat st;
	char path[128];
	static const char *const NAMES[] = { "127.0.0.1", "verifier.example.org", "::1" };
	assert_int_equal(troth_issuer_init(h.dir, HARNESS_DOMAIN, NULL), TROTH_E_CONFLICT);
	static const char *const SECRETS[] = { "mac.keys", "root.key", "ca.key" };
	for (size_t i = 0; i < TROTH_COUNT(SECRETS); i++) {
		snprintf(path, sizeof path, "%s/%s", h.dir, SECRETS[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
	char tls[] = "/tmp/troth-tls-XXXXXX";
	assert_non_null(mkdtemp(tls));
	assert_int_equal(troth_issuer_init_tls(h.dir, tls, NAMES, TROTH_COUNT(NAMES)),
			 TROTH_OK);
	assert_int_equal(troth_issuer_init_tls(h.dir, tls, NAMES, TROTH_COUNT(NAMES)),
			 TROTH_E_CONFLICT);
	harness_remove(tls);
}

static const struct {
	const char *what;
	const char *names[2];
	size_t n;
} BAD_NAMES[] = {
	{ "no name", { NULL }, 0 },
	{ "empty", { "" }, 1 },
	{ "an extension smuggled in", { "a,URI:spiffe://example.org/x" }, 1 },
	{ "a section of a configuration", { "@other" }, 1 },
	{ "blanks", { "a b" }, 1 },
	{ "good, then bad", { "example.org", "a\nb" }, 2 },
};

static void tls_names_are_names(void **state)
{
	(void)state;
	char tls[] = "/tmp/troth-tls-XXXXXX";
	assert_non_null(mkdtemp(tls));
	for (size_t i = 0; i < TROTH_COUNT(BAD_NAMES); i++)
		if (troth_issuer_init_tls(h.dir, tls, BAD_NAMES[i].names, BAD_NAMES[i].n) !=
		    TROTH_E_CONFIG)
			fail_msg("taken: %s", BAD_NAMES[i].what);
	harness_remove(tls);
}

static void the_tls_certificate_serves_its_names(void **state)
{
	(void)state;
	static const char *const NAMES[] = { "127.0.0.1", "verifier.example.org" };
	char tls[] = "/tmp/troth-tls-XXXXXX";
	X509 *cert, *root;
	EVP_PKEY *key;
	assert_non_null(mkdtemp(tls));
	assert_int_equal(troth_issuer_init_tls(h.dir, tls, NAMES, TROTH_COUNT(NAMES)),
			 TROTH_OK);
	assert_int_equal(troth_cert_read(tls, "tls.crt", &cert), TROTH_OK);
	assert_int_equal(troth_cert_read(tls, "ca.crt", &root), TROTH_OK);
	assert_int_equal(troth_key_read(tls, "tls.key", &key), TROTH_OK);
	assert_int_equal(X509_check_private_key(cert, key), 1);
	assert_int_equal(X509_check_host(cert, "verifier.example.org", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(cert, "other.example.org", 0, 0, NULL), 0);
	assert_int_equal(X509_check_ip_asc(cert, "127.0.0.1", 0), 1);
	assert_int_equal(openssl_verdict(cert, NULL, root, X509_PURPOSE_SSL_SERVER), X509_V_OK);
	assert_int_not_equal(openssl_verdict(cert, NULL, root, X509_PURPOSE_SSL_CLIENT),
			     X509_V_OK);
	int days, seconds;
	assert_int_equal(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(cert),
					X509_get0_notAfter(cert)),
			 1);
	assert_true(days <= 825);
	X509_free(cert);
	X509_free(root);
	EVP_PKEY_free(key);
	harness_remove(tls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_stands_before_openssl),
		cmocka_unit_test(serials_are_drawn),
		cmocka_unit_test(the_authority_is_shaped_as_spiffe_asks),
		cmocka_unit_test(a_renewal_needs_no_new_certification),
		cmocka_unit_test(a_session_key_is_proven_and_remembered),
		cmocka_unit_test(a_quote_alone_is_confirmed_without_a_certificate),
		cmocka_unit_test(the_device_id_is_the_digest_of_the_ek),
		cmocka_unit_test(a_resealed_row_gets_its_new_name),
		cmocka_unit_test(a_denied_device_gets_nothing_until_it_is_allowed),
		cmocka_unit_test(a_clock_that_jumped_stops_issuance),
		cmocka_unit_test(a_crl_stands_before_openssl),
		cmocka_unit_test(the_longest_crl_is_made),
		cmocka_unit_test(many_requests_are_answered_in_order),
		cmocka_unit_test(a_token_of_another_replica_is_good),
		cmocka_unit_test(the_rate_of_one_device_is_limited),
		cmocka_unit_test(status_documents_have_one_of_each_number),
		cmocka_unit_test(nothing_is_overwritten),
		cmocka_unit_test(tls_names_are_names),
		cmocka_unit_test(the_tls_certificate_serves_its_names),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
