/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <pthread.h>

#include "proof_memory.h"
#include "proof_nonce.h"
#include "reader.h"
#include "writer.h"

static void make_id(uint64_t i, uint8_t out[32])
{
	struct troth_writer w = troth_writer_make(out, 32);
	memset(out, 0x5a, 32);
	troth_put_u64be(&w, i * UINT64_C(0x9e3779b97f4a7c15));
}

/* More than any test here uses: the share is not what it is about. */
#define NO_SHARE UINT32_MAX

struct memory {
	struct troth_proof_memory *proofs;
	struct troth_ctx *ctx;
};

static struct memory make(void **state, size_t max, uint32_t share)
{
	struct memory m = { .ctx = *state };
	assert_int_equal(troth_proof_memory_new(max, share, &m.proofs), TROTH_OK);
	return m;
}

static enum troth_decision use_of(const struct memory *m, const char *device, uint64_t i,
				  uint64_t now_s)
{
	uint8_t id[32];
	make_id(i, id);
	return troth_proof_memory_use(
		m->proofs, m->ctx,
		&(struct troth_proof_use){ id, troth_view_str(device), now_s });
}

static enum troth_decision use(const struct memory *m, uint64_t i, uint64_t now_s)
{
	return use_of(m, "press-4", i, now_s);
}

static void a_proof_counts_once(void **state)
{
	const struct memory m = make(state, 1024, NO_SHARE);
	for (uint64_t i = 0; i < 500; i++)
		assert_int_equal(use(&m, i, 1000), TROTH_ADMITTED);
	for (uint64_t i = 0; i < 500; i++)
		assert_int_equal(use(&m, i, 1001), TROTH_DENIED_PROOF_USED);
	troth_proof_memory_free(m.proofs);
}

/* Whenever within a generation it was used, it is known for as long as its nonce is good. */
static void a_proof_is_remembered_for_as_long_as_it_could_count(void **state)
{
	for (uint64_t start = 1; start < 3 * TROTH_PROOF_NONCE_LIFE_S; start += 7) {
		const struct memory m = make(state, 1024, NO_SHARE);
		assert_int_equal(use(&m, 1, 1), TROTH_ADMITTED);
		assert_int_equal(use(&m, 2, start), TROTH_ADMITTED);
		for (uint64_t s = start; s <= start + TROTH_PROOF_NONCE_LIFE_S; s++)
			assert_int_equal(use(&m, 2, s), TROTH_DENIED_PROOF_USED);
		troth_proof_memory_free(m.proofs);
	}
}

static void a_full_memory_denies_and_frees_itself_with_time(void **state)
{
	const struct memory m = make(state, 1024, NO_SHARE);
	uint64_t n = 0;
	while (use(&m, n, 1000) == TROTH_ADMITTED)
		n++;
	assert_true(n >= 1024);
	assert_int_equal(use(&m, n, 1000), TROTH_DENIED_BUSY);
	assert_int_equal(use(&m, 0, 1000), TROTH_DENIED_PROOF_USED);
	assert_int_equal(use(&m, n, 1000 + TROTH_PROOF_NONCE_LIFE_S + 1), TROTH_ADMITTED);
	assert_int_equal(use(&m, 0, 1000 + TROTH_PROOF_NONCE_LIFE_S + 1),
			 TROTH_DENIED_PROOF_USED);
	troth_proof_memory_free(m.proofs);
}

/* One that uses up its share is denied, and nobody else. */
static void a_device_has_its_share(void **state)
{
	const struct memory m = make(state, 1024, 100);
	const uint64_t later = 1000 + TROTH_PROOF_NONCE_LIFE_S + 1;
	for (uint64_t i = 0; i < 100; i++)
		assert_int_equal(use_of(&m, "press-4", i, 1000), TROTH_ADMITTED);
	assert_int_equal(use_of(&m, "press-4", 100, 1000), TROTH_DENIED_BUSY);
	assert_int_equal(use_of(&m, "press-5", 100, 1000), TROTH_ADMITTED);
	assert_int_equal(use_of(&m, "press-4", 101, later - 1), TROTH_DENIED_BUSY);
	assert_int_equal(use_of(&m, "press-4", 101, later), TROTH_ADMITTED);
	troth_proof_memory_free(m.proofs);
}

/* Or a thief who tries again and again what was used would use up the device's share. */
static void what_is_refused_takes_nothing_of_the_share(void **state)
{
	const struct memory m = make(state, 1024, 3);
	assert_int_equal(use(&m, 0, 1000), TROTH_ADMITTED);
	for (int i = 0; i < 10; i++)
		assert_int_equal(use(&m, 0, 1000), TROTH_DENIED_PROOF_USED);
	assert_int_equal(use(&m, 1, 1000), TROTH_ADMITTED);
	assert_int_equal(use(&m, 2, 1000), TROTH_ADMITTED);
	assert_int_equal(use(&m, 3, 1000), TROTH_DENIED_BUSY);
	troth_proof_memory_free(m.proofs);
}

/* Ids that all lie in one place under a hash without a key fill one memory only to its limit.
 */
static void ids_that_were_picked_to_meet_do_not(void **state)
{
	const struct memory m = make(state, 1024, NO_SHARE);
	uint64_t i = 0, n = 0;
	while (n < 512) { /* of 64 shards, all would be in this one */
		uint8_t id[32];
		make_id(++i, id);
		if (troth_view_hash((struct troth_view){ id, 32 }) % 64 != 7)
			continue;
		assert_int_equal(use(&m, i, 1000), TROTH_ADMITTED);
		n++;
	}
	troth_proof_memory_free(m.proofs);
}

struct racer {
	pthread_t thread;
	struct memory m;
	unsigned int n_admitted;
};

static void *race(void *arg)
{
	struct racer *r = arg;
	for (uint64_t i = 0; i < 20000; i++)
		if (use(&r->m, i, 1000) == TROTH_ADMITTED)
			r->n_admitted++;
	return NULL;
}

static void at_once_on_many_threads_it_counts_once(void **state)
{
	const struct memory m = make(state, 40000, NO_SHARE);
	struct racer racers[4] = { 0 };
	unsigned int n = 0;
	for (size_t i = 0; i < 4; i++) {
		racers[i].m.proofs = m.proofs;
		assert_int_equal(troth_ctx_new(&racers[i].m.ctx), TROTH_OK);
		assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
	}
	for (size_t i = 0; i < 4; i++) {
		pthread_join(racers[i].thread, NULL);
		troth_ctx_free(racers[i].m.ctx);
		n += racers[i].n_admitted;
	}
	assert_int_equal(n, 20000);
	troth_proof_memory_free(m.proofs);
}

static void a_nonce_is_of_one_start_and_has_its_time(void **state)
{
	struct troth_proof_nonces a, b;
	char nonce[TROTH_PROOF_NONCE_LEN];
	const struct troth_view v = { (const uint8_t *)nonce, sizeof nonce };
	assert_int_equal(troth_proof_nonces_init(&a), TROTH_OK);
	assert_int_equal(troth_proof_nonces_init(&b), TROTH_OK);
	assert_int_equal(troth_proof_nonce_make(*state, &a, 500, nonce), TROTH_OK);
	assert_true(troth_proof_nonce_good(*state, &a, v, 500));
	assert_true(troth_proof_nonce_good(*state, &a, v, 500 + TROTH_PROOF_NONCE_LIFE_S));
	assert_false(troth_proof_nonce_good(*state, &a, v, 501 + TROTH_PROOF_NONCE_LIFE_S));
	assert_false(troth_proof_nonce_good(*state, &a, v, 499));
	assert_false(troth_proof_nonce_good(*state, &b, v, 500));
	/* The same start id under another key: another start all the same. */
	memcpy(b.start_id, a.start_id, sizeof b.start_id);
	assert_false(troth_proof_nonce_good(*state, &b, v, 500));
	for (size_t n = 0; n < sizeof nonce; n++)
		assert_false(troth_proof_nonce_good(
			*state, &a, (struct troth_view){ (const uint8_t *)nonce, n }, 500));
	for (size_t i = 0; i < sizeof nonce; i++) {
		const char kept = nonce[i];
		nonce[i] = kept == 'A' ? 'B' : 'A';
		assert_false(troth_proof_nonce_good(*state, &a, v, 500));
		nonce[i] = kept;
	}
	assert_false(troth_proof_nonce_good(*state, &a, (struct troth_view){ 0 }, 500));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_proof_counts_once),
		cmocka_unit_test(a_proof_is_remembered_for_as_long_as_it_could_count),
		cmocka_unit_test(a_full_memory_denies_and_frees_itself_with_time),
		cmocka_unit_test(a_device_has_its_share),
		cmocka_unit_test(what_is_refused_takes_nothing_of_the_share),
		cmocka_unit_test(ids_that_were_picked_to_meet_do_not),
		cmocka_unit_test(at_once_on_many_threads_it_counts_once),
		cmocka_unit_test(a_nonce_is_of_one_start_and_has_its_time),
	};
	return cmocka_run_group_tests_name("proof_memory", tests, context_setup,
					   context_teardown);
}
