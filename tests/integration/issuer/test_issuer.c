/* SPDX-License-Identifier: Apache-2.0 */
/* The issuer process over its channels, with devices whose TPM is in software. What it refuses
 * is in tests/attack/test_front_isolation.c, what it signs for everybody in
 * test_issuer_documents.c. Certificates are judged by OpenSSL. */
#include "check.h"

#include <openssl/x509v3.h>
#include <sys/socket.h>

#include "base.h"
#include "clock.h"
#include "file.h"
#include "frames.h"
#include "issued.h"
#include "issuer_harness.h"
#include "keys.h"
#include "reader.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_stands_before_openssl),
		cmocka_unit_test(serials_are_drawn),
		cmocka_unit_test(a_renewal_needs_no_new_certification),
		cmocka_unit_test(a_session_key_is_proven_and_remembered),
		cmocka_unit_test(a_quote_alone_is_confirmed_without_a_certificate),
		cmocka_unit_test(the_device_id_is_the_digest_of_the_ek),
		cmocka_unit_test(a_resealed_row_gets_its_new_name),
		cmocka_unit_test(a_denied_device_gets_nothing_until_it_is_allowed),
		cmocka_unit_test(a_clock_that_jumped_stops_issuance),
		cmocka_unit_test(many_requests_are_answered_in_order),
		cmocka_unit_test(a_token_of_another_replica_is_good),
		cmocka_unit_test(the_rate_of_one_device_is_limited),
	};
	return cmocka_run_group_tests(tests, issued_setup, issued_teardown);
}
