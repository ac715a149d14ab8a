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

static enum troth_decision use(struct troth_proof_memory *m, uint64_t i, uint64_t now_s)
{
	uint8_t id[32];
	make_id(i, id);
	return troth_proof_memory_use(m, id, now_s);
}

static void a_proof_counts_once(void **state)
{
	struct troth_proof_memory *m;
	(void)state;
	assert_int_equal(troth_proof_memory_new(1024, &m), TROTH_OK);
	for (uint64_t i = 0; i < 500; i++)
		assert_int_equal(use(m, i, 1000), TROTH_ADMITTED);
	for (uint64_t i = 0; i < 500; i++)
		assert_int_equal(use(m, i, 1001), TROTH_DENIED_PROOF_USED);
	troth_proof_memory_free(m);
}

/* Whenever within a generation it was used, it is known for as long as its nonce is good. */
static void a_proof_is_remembered_for_as_long_as_it_could_count(void **state)
{
	(void)state;
	for (uint64_t start = 1; start < 3 * TROTH_PROOF_NONCE_LIFE_S; start += 7) {
		struct troth_proof_memory *m;
		assert_int_equal(troth_proof_memory_new(1024, &m), TROTH_OK);
		assert_int_equal(use(m, 1, 1), TROTH_ADMITTED);
		assert_int_equal(use(m, 2, start), TROTH_ADMITTED);
		for (uint64_t s = start; s <= start + TROTH_PROOF_NONCE_LIFE_S; s++)
			assert_int_equal(use(m, 2, s), TROTH_DENIED_PROOF_USED);
		troth_proof_memory_free(m);
	}
}

static void a_full_memory_denies_and_frees_itself_with_time(void **state)
{
	struct troth_proof_memory *m;
	uint64_t n = 0;
	(void)state;
	assert_int_equal(troth_proof_memory_new(1024, &m), TROTH_OK);
	while (use(m, n, 1000) == TROTH_ADMITTED)
		n++;
	assert_true(n >= 1024);
	assert_int_equal(use(m, n, 1000), TROTH_DENIED_BUSY);
	assert_int_equal(use(m, 0, 1000), TROTH_DENIED_PROOF_USED);
	assert_int_equal(use(m, n, 1000 + TROTH_PROOF_NONCE_LIFE_S + 1), TROTH_ADMITTED);
	assert_int_equal(use(m, 0, 1000 + TROTH_PROOF_NONCE_LIFE_S + 1),
			 TROTH_DENIED_PROOF_USED);
	troth_proof_memory_free(m);
}

struct racer {
	pthread_t thread;
	struct troth_proof_memory *m;
	unsigned int n_admitted;
};

static void *race(void *arg)
{
	struct racer *r = arg;
	for (uint64_t i = 0; i < 20000; i++)
		if (use(r->m, i, 1000) == TROTH_ADMITTED)
			r->n_admitted++;
	return NULL;
}

static void at_once_on_many_threads_it_counts_once(void **state)
{
	struct troth_proof_memory *m;
	struct racer racers[4] = { 0 };
	unsigned int n = 0;
	(void)state;
	assert_int_equal(troth_proof_memory_new(40000, &m), TROTH_OK);
	for (size_t i = 0; i < 4; i++) {
		racers[i].m = m;
		assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
	}
	for (size_t i = 0; i < 4; i++) {
		pthread_join(racers[i].thread, NULL);
		n += racers[i].n_admitted;
	}
	assert_int_equal(n, 20000);
	troth_proof_memory_free(m);
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
		cmocka_unit_test(at_once_on_many_threads_it_counts_once),
		cmocka_unit_test(a_nonce_is_of_one_start_and_has_its_time),
	};
	return cmocka_run_group_tests_name("proof_memory", tests, context_setup,
					   context_teardown);
}
