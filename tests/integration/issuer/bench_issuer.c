/* SPDX-License-Identifier: Apache-2.0 */
/* What a renewal costs the issuer, beside OpenSSL's bare verification and signature on the same
 * core in the same run. Prints one line of JSON. */
#include "check.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <time.h>

#include "desk.h"
#include "issuer_harness.h"
#include "reader.h"

#define ROUNDS 3000
#define DEVICES 64

static double now_us(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

struct member {
	struct soft_device device;
	struct harness_row row;
	struct harness_attest attest;
};

/* Contexts and signatures are made before; the keys take turns, as those of devices do. */
static double bare_verify(const struct member *members)
{
	static uint8_t sigs[DEVICES][128];
	size_t n[DEVICES];
	EVP_PKEY_CTX *verify[DEVICES];
	const uint8_t digest[32] = { 1 };
	for (size_t i = 0; i < DEVICES; i++) {
		EVP_PKEY *key = members[i].device.ak.pkey;
		EVP_PKEY_CTX *sign = EVP_PKEY_CTX_new(key, NULL);
		n[i] = sizeof sigs[i];
		assert_int_equal(EVP_PKEY_sign_init(sign), 1);
		assert_int_equal(EVP_PKEY_sign(sign, sigs[i], &n[i], digest, sizeof digest), 1);
		EVP_PKEY_CTX_free(sign);
		verify[i] = EVP_PKEY_CTX_new(key, NULL);
		assert_int_equal(EVP_PKEY_verify_init(verify[i]), 1);
	}
	double start = now_us();
	for (size_t i = 0; i < ROUNDS; i++)
		assert_int_equal(EVP_PKEY_verify(verify[i % DEVICES], sigs[i % DEVICES],
						 n[i % DEVICES], digest, sizeof digest),
				 1);
	double us = (now_us() - start) / ROUNDS;
	for (size_t i = 0; i < DEVICES; i++)
		EVP_PKEY_CTX_free(verify[i]);
	return us;
}

static double bare_sign(const struct soft_device *d)
{
	uint8_t digest[32] = { 1 }, sig[128];
	EVP_PKEY_CTX *sign = EVP_PKEY_CTX_new(d->ak.pkey, NULL);
	assert_int_equal(EVP_PKEY_sign_init(sign), 1);
	double start = now_us();
	for (size_t i = 0; i < ROUNDS; i++) {
		size_t n = sizeof sig;
		assert_int_equal(EVP_PKEY_sign(sign, sig, &n, digest, sizeof digest), 1);
	}
	double us = (now_us() - start) / ROUNDS;
	EVP_PKEY_CTX_free(sign);
	return us;
}

/* Rows sealed and challenges made by the desk itself, as the channels would. */
static void prepare(struct troth_desk *d, struct member *m, bool fresh)
{
	struct troth_issuer_request q = { .kind = TROTH_ISSUER_CHALLENGE };
	struct troth_issuer_reply r;
	memcpy(q.u.challenge.device_id, m->row.id, 32);
	assert_true(troth_pcr_selection_add(&q.u.challenge.selection, TROTH_HASH_SHA256,
					    HARNESS_MASK));
	troth_desk_answer(d, &q, &r);
	assert_int_equal(r.status, TROTH_OK);
	m->attest.token_len = r.u.challenge.token.n;
	memcpy(m->attest.token, r.u.challenge.token.p, m->attest.token_len);
	harness_prepare(&m->device, &m->row, fresh, &m->attest);
}

static void enrol(struct troth_desk *d, struct member *m)
{
	struct troth_issuer_reply r;
	soft_device_make(&m->device);
	m->row = (struct harness_row){ .name = "pump-1", .segment = "plant", .generation = 1 };
	soft_device_id(&m->device, m->row.id);
	struct troth_identity id = harness_identity(&m->row, &m->device);
	assert_int_equal(troth_row_seal(d->ctx, &d->office->keys.mac, &id, m->row.mac),
			 TROTH_OK);
	prepare(d, m, true);
	troth_desk_answer(d, &m->attest.request, &r);
	assert_int_equal(r.status, TROTH_OK);
	m->row.certification = r.u.attest.certification;
	prepare(d, m, false);
}

/* The whole of it: decode, decide, sign, encode. */
static double renewals(struct troth_desk *d, struct member *members)
{
	uint8_t in[TROTH_FRAME_MAX], out[TROTH_FRAME_MAX];
	double us = 0;
	for (size_t i = 0; i < ROUNDS; i++) {
		struct troth_issuer_request q;
		struct troth_issuer_reply r;
		size_t n;
		assert_int_equal(
			troth_issuer_request_write(&members[i % DEVICES].attest.request, in,
						   sizeof in, &n),
			TROTH_OK);
		double start = now_us();
		assert_int_equal(troth_issuer_request_read((struct troth_view){ in, n }, &q),
				 TROTH_OK);
		troth_desk_answer(d, &q, &r);
		assert_int_equal(r.status, TROTH_OK);
		assert_int_equal(troth_issuer_reply_write(q.kind, &r, out, sizeof out, &n),
				 TROTH_OK);
		us += now_us() - start;
	}
	return us / ROUNDS;
}

static double challenges(struct troth_desk *d)
{
	struct troth_issuer_request q = { .kind = TROTH_ISSUER_CHALLENGE };
	assert_true(troth_pcr_selection_add(&q.u.challenge.selection, TROTH_HASH_SHA256,
					    HARNESS_MASK));
	double start = now_us();
	for (size_t i = 0; i < ROUNDS; i++) {
		struct troth_issuer_reply r;
		troth_desk_answer(d, &q, &r);
		assert_int_equal(r.status, TROTH_OK);
	}
	return (now_us() - start) / ROUNDS;
}

int main(void)
{
	char dir[64];
	struct troth_ctx *ctx;
	struct troth_office office = { .trust_domain = troth_view_str(HARNESS_DOMAIN) };
	struct troth_desk *desk;
	static struct member members[DEVICES];
	harness_keys(dir);
	assert_int_equal(troth_ctx_new(&ctx), TROTH_OK);
	assert_int_equal(troth_issuer_keys_load(ctx, dir, &office.keys), TROTH_OK);
	assert_int_equal(troth_denied_new(&office.denied), TROTH_OK);
	assert_int_equal(troth_rate_new(UINT32_MAX, &office.rate), TROTH_OK);
	assert_int_equal(troth_desk_new(&office, false, &desk), TROTH_OK);
	for (size_t i = 0; i < DEVICES; i++)
		enrol(desk, &members[i]);

	double verify = bare_verify(members), sign = bare_sign(&members[0].device);
	double renewal = renewals(desk, members), challenge = challenges(desk);
	printf("{\"renewal_us\":%.1f,\"bare_verify_us\":%.1f,\"bare_sign_us\":%.1f,"
	       "\"overhead_us\":%.1f,\"challenge_us\":%.1f}\n",
	       renewal, verify, sign, renewal - verify - sign, challenge);

	for (size_t i = 0; i < DEVICES; i++)
		soft_device_free(&members[i].device);
	troth_desk_free(desk);
	troth_rate_free(office.rate);
	troth_denied_free(office.denied);
	troth_issuer_keys_clear(&office.keys);
	troth_ctx_free(ctx);
	harness_remove(dir);
	return 0;
}
