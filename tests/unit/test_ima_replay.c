/* SPDX-License-Identifier: Apache-2.0 */
/* IMA lists replayed: which prefix leads to the value of a PCR. */
#include "check.h"

#include "ima.h"
#include "ima_builder.h"
#include "ima_replay.h"

static const uint8_t DIGEST[TROTH_DIGEST_MAX] = { 1, 2, 3, 4 };

static struct ima_builder three_records(struct troth_ctx *ctx)
{
	struct ima_builder b = { .ctx = ctx, .hash = TROTH_HASH_SHA1 };
	ima_add_file(&b, "boot_aggregate", DIGEST);
	ima_add_violation(&b, "/var/log/wtmp");
	ima_add_file(&b, "/usr/bin/true", DIGEST);
	return b;
}

static void a_violation_extends_all_ones(void **state)
{
	struct ima_builder b = { .ctx = *state, .hash = TROTH_HASH_SHA1 };
	struct troth_ima_replay r;
	size_t offset;
	ima_add_violation(&b, "/var/log/wtmp");
	assert_int_equal(troth_ima_replay(*state, ima_view(&b), TROTH_HASH_NONE, &r, &offset),
			 TROTH_OK);
	assert_int_equal(r.n_violations, 1);
	/* sha256sum of 32 bytes 0x00 and 32 bytes 0xff */
	assert_hex(troth_pcr_value(&r.values[TROTH_IMA_HASHED], TROTH_HASH_SHA256, 10).p,
		   "bba91ca85dc914b2ec3efb9e16e7267bf9193b14350d20fba8a8b406730ae30a");
	ima_free(&b);
}

static void a_digest_of_other_data_is_found(void **state)
{
	struct ima_builder b = three_records(*state);
	struct troth_ima_replay r;
	size_t offset;
	b.p[b.n - 3] ^= 1;
	POISON(r);
	assert_int_equal(troth_ima_replay(*state, ima_view(&b), TROTH_HASH_NONE, &r, &offset),
			 TROTH_E_MISMATCH);
	ASSERT_POISONED(r);
	assert_true(offset > 0 && offset < b.n);
	ima_free(&b);
}

static struct troth_ima_prefix prefix_of(struct troth_ctx *ctx, struct troth_view bytes,
					 const struct troth_ima_goal *goal)
{
	struct troth_ima_prefix p;
	struct troth_ima_list list;
	size_t offset;
	assert_int_equal(troth_ima_open(ctx, bytes, TROTH_HASH_NONE, &list), TROTH_OK);
	assert_int_equal(troth_ima_find_prefix(ctx, &list, goal, &p, &offset), TROTH_OK);
	return p;
}

/* Each value a PCR went through is explained by as many records as lead to it, both ways, and
 * from each value on by the records behind it. */
static void each_prefix_is_found(void **state)
{
	struct ima_builder b = three_records(*state);
	for (enum troth_ima_way way = 0; way < TROTH_IMA_WAY_N; way++) {
		struct troth_ima_list list;
		uint8_t value[TROTH_DIGEST_MAX] = { 0 };
		uint8_t before[TROTH_IMA_WAY_N][TROTH_DIGEST_MAX] = { 0 };
		assert_int_equal(troth_ima_open(*state, ima_view(&b), TROTH_HASH_NONE, &list),
				 TROTH_OK);
		for (uint64_t n = 0; !troth_ima_at_end(&list); n++) {
			struct troth_ima_record r;
			const size_t from = troth_ima_offset(&list);
			struct troth_ima_goal goal = {
				TROTH_HASH_SHA384, 10, NULL, { value, 48 }
			};
			assert_int_equal(prefix_of(*state, ima_view(&b), &goal).n_entries, n);
			assert_int_equal(troth_ima_next(&list, &r), TROTH_OK);
			memcpy(before[way], value, sizeof value);
			assert_int_equal(
				troth_ima_extend(*state, TROTH_HASH_SHA384, way, &r, value),
				TROTH_OK);
			goal.start = before;
			struct troth_ima_prefix p = prefix_of(
				*state, (struct troth_view){ b.p + from, b.n - from }, &goal);
			assert_true(p.found);
			assert_int_equal(p.n_entries, 1);
			assert_int_equal(p.n_bytes, troth_ima_offset(&list) - from);
			if (!r.violation) /* the two padded ways differ in violations only */
				assert_int_equal(p.way == TROTH_IMA_HASHED,
						 way == TROTH_IMA_HASHED);
		}
	}
	ima_free(&b);
}

static void a_value_the_list_does_not_lead_to_is_not_found(void **state)
{
	struct ima_builder b = three_records(*state);
	const struct troth_ima_goal goal = { TROTH_HASH_SHA256, 10, NULL, { DIGEST, 32 } };
	assert_false(prefix_of(*state, ima_view(&b), &goal).found);
	ima_free(&b);
}

/* Records of another PCR lead nowhere in this one. */
static void records_go_to_their_own_pcr(void **state)
{
	struct ima_builder b = three_records(*state), data = { 0 };
	struct troth_ima_replay r;
	size_t offset;
	ima_digest_field(&data, "", TROTH_HASH_SHA1, DIGEST);
	ima_record(&b, 11, "d-ng", &data, false);
	assert_int_equal(troth_ima_replay(*state, ima_view(&b), TROTH_HASH_NONE, &r, &offset),
			 TROTH_OK);
	const struct troth_view ten =
		troth_pcr_value(&r.values[TROTH_IMA_HASHED], TROTH_HASH_SHA256, 10);
	const struct troth_view eleven =
		troth_pcr_value(&r.values[TROTH_IMA_HASHED], TROTH_HASH_SHA256, 11);
	assert_int_equal(eleven.n, 32);
	struct troth_ima_goal goal = { TROTH_HASH_SHA256, 10, NULL, ten };
	assert_int_equal(prefix_of(*state, ima_view(&b), &goal).n_entries, 3);
	goal = (struct troth_ima_goal){ TROTH_HASH_SHA256, 11, NULL, eleven };
	assert_int_equal(prefix_of(*state, ima_view(&b), &goal).n_entries, 4);
	ima_free(&data);
	ima_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_violation_extends_all_ones),
		cmocka_unit_test(a_digest_of_other_data_is_found),
		cmocka_unit_test(each_prefix_is_found),
		cmocka_unit_test(a_value_the_list_does_not_lead_to_is_not_found),
		cmocka_unit_test(records_go_to_their_own_pcr),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
