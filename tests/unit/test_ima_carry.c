/* SPDX-License-Identifier: Apache-2.0 */
/* What a device carries between two parts of a long list, and the certificates that lists have
 * shown. */
#include "check.h"

#include <stdlib.h>

#include "ima_carry.h"
#include "learned_cache.h"
#include "rate.h"
#include "reader.h"

static const uint8_t DEVICE[32] = { 1 }, OTHER[32] = { 2 };

static void a_carry_comes_back_as_it_went(void **state)
{
	static uint8_t learned[TROTH_IMA_LEARNED_BYTES_MAX];
	const uint8_t body[] = { 1, 2, 3 };
	const struct troth_ima_carry c = { .begun_ms = 1000,
					   .n_parts = 3,
					   .state = TROTH_VIEW_OF(body),
					   .learned = TROTH_VIEW_OF(learned) };
	struct troth_ima_carry_key key, another;
	struct troth_ima_carry back;
	struct troth_view sealed;
	assert_int_equal(troth_ima_carry_key_make(&key), TROTH_OK);
	assert_int_equal(troth_ima_carry_key_make(&another), TROTH_OK);
	assert_int_equal(troth_ima_carry_seal(*state, &key, DEVICE, &c, &sealed), TROTH_OK);
	assert_true(troth_ima_carry_open(*state, &key, DEVICE, sealed, &back));
	assert_int_equal(back.begun_ms, 1000);
	assert_int_equal(back.n_parts, 3);
	assert_true(troth_view_equal(back.state, c.state));
	assert_true(troth_view_equal(back.learned, c.learned));
	POISON(back);
	assert_false(troth_ima_carry_open(*state, &key, OTHER, sealed, &back));
	assert_false(troth_ima_carry_open(*state, &another, DEVICE, sealed, &back));
	for (size_t n = 0; n < sealed.n; n += n < 100 ? 1 : 1000)
		assert_false(troth_ima_carry_open(*state, &key, DEVICE,
						  (struct troth_view){ sealed.p, n }, &back));
	ASSERT_POISONED(back);
	free((uint8_t *)(uintptr_t)sealed.p);
}

static void a_carry_is_good_for_a_while(void **state)
{
	const struct troth_ima_carry c = { .begun_ms = 1000 };
	(void)state;
	assert_false(troth_ima_carry_is_late(&c, 1000 + TROTH_IMA_CARRY_LIFE_MS));
	assert_true(troth_ima_carry_is_late(&c, 1001 + TROTH_IMA_CARRY_LIFE_MS));
}

static void certificates_are_kept_by_name(void **state)
{
	static uint8_t longest[TROTH_LEARNED_BYTES_MAX + 1] = { 7 };
	struct troth_learned_cache *c;
	struct troth_buffer got = { 0 };
	uint8_t name[32] = { 0 };
	(void)state;
	assert_int_equal(troth_learned_cache_new(&c), TROTH_OK);
	assert_int_equal(troth_learned_cache_get(c, name, &got), TROTH_E_NOT_FOUND);
	troth_learned_cache_put(c, name, (struct troth_view){ longest, sizeof longest });
	assert_false(troth_learned_cache_holds(c, name));
	troth_learned_cache_put(c, name, (struct troth_view){ longest, sizeof longest - 1 });
	assert_true(troth_learned_cache_holds(c, name));
	assert_int_equal(troth_learned_cache_get(c, name, &got), TROTH_OK);
	assert_int_equal(got.n, sizeof longest - 1);
	assert_memory_equal(got.p, longest, got.n);
	troth_buffer_clear(&got);
	/* Those of one set in excess: the one used longest ago goes. */
	for (uint8_t i = 1; i <= TROTH_LEARNED_WAYS; i++) {
		name[31] = i;
		if (i > 1) {
			uint8_t first[32] = { 0 };
			assert_true(troth_learned_cache_holds(c, first));
		}
		troth_learned_cache_put(c, name, (struct troth_view){ &i, 1 });
	}
	name[31] = 1;
	assert_false(troth_learned_cache_holds(c, name));
	name[31] = 0;
	assert_true(troth_learned_cache_holds(c, name));
	troth_learned_cache_free(c);
}

static void appraisals_of_a_minute_are_counted(void **state)
{
	struct troth_rate *r;
	(void)state;
	assert_int_equal(troth_rate_new(TROTH_APPRAISALS_PER_MINUTE, &r), TROTH_OK);
	for (size_t i = 0; i < TROTH_APPRAISALS_PER_MINUTE; i++)
		assert_true(troth_rate_take(r, DEVICE, 60000));
	assert_false(troth_rate_take(r, DEVICE, 60000));
	assert_true(troth_rate_take(r, OTHER, 60000));
	assert_true(troth_rate_take(r, DEVICE, 120000));
	troth_rate_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_carry_comes_back_as_it_went),
		cmocka_unit_test(a_carry_is_good_for_a_while),
		cmocka_unit_test(certificates_are_kept_by_name),
		cmocka_unit_test(appraisals_of_a_minute_are_counted),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
