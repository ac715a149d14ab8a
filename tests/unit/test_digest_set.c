/* SPDX-License-Identifier: Apache-2.0 */
/* Allow-lists: what was put in is found, nothing else is, and damaged ones are refused. */
#include "check.h"

#include <stdio.h>

#include "digest_set.h"
#include "reader.h"

static void digest_of(struct troth_ctx *ctx, unsigned int i, uint8_t out[32])
{
	struct troth_digest d;
	assert_int_equal(troth_hash_one(ctx, TROTH_HASH_SHA256,
					(struct troth_view){ (const uint8_t *)&i, sizeof i },
					&d),
			 TROTH_OK);
	memcpy(out, d.bytes, 32);
}

/* Digest i has path i % 100 of package i % 7; digest 5 is at three places, once said twice. */
static struct troth_view make(struct troth_ctx *ctx, unsigned int n)
{
	struct troth_digest_set_builder *b;
	uint8_t digest[32], *bytes;
	char path[64], source[16];
	size_t len;
	assert_int_equal(troth_digest_set_builder_new(&b), TROTH_OK);
	for (unsigned int i = 0; i < n; i++) {
		digest_of(ctx, i, digest);
		snprintf(path, sizeof path, "/usr/bin/program-%u", i % 100);
		snprintf(source, sizeof source, "package-%u", i % 7);
		assert_int_equal(troth_digest_set_add(b, digest, troth_view_str(path),
						      troth_view_str(source)),
				 TROTH_OK);
	}
	digest_of(ctx, 5, digest);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(troth_digest_set_add(b, digest,
						      troth_view_str(i > 0 ? "/a" : "/b"),
						      troth_view_str("more")),
				 TROTH_OK);
	assert_int_equal(troth_digest_set_finish(ctx, b, &bytes, &len), TROTH_OK);
	troth_digest_set_builder_free(b);
	return (struct troth_view){ bytes, len };
}

static void release(struct troth_view v)
{
	free((void *)(uintptr_t)v.p);
}

static void what_was_put_in_is_found(void **state)
{
	const unsigned int n = 5000;
	struct troth_view bytes = make(*state, n);
	struct troth_digest_set set;
	uint8_t digest[32];
	assert_int_equal(troth_digest_set_open(bytes, &set), TROTH_OK);
	assert_int_equal(troth_digest_set_verify(*state, bytes), TROTH_OK);
	assert_int_equal(set.n_entries, n + 2);
	assert_int_equal(set.n_paths, 102);
	assert_int_equal(set.n_sources, 8);
	for (unsigned int i = 0; i < n; i++) {
		char path[64], source[16];
		digest_of(*state, i, digest);
		const struct troth_digest_range at = troth_digest_set_find(&set, digest);
		assert_int_equal(at.n, i == 5 ? 3 : 1);
		if (i == 5)
			continue;
		snprintf(path, sizeof path, "/usr/bin/program-%u", i % 100);
		snprintf(source, sizeof source, "package-%u", i % 7);
		assert_true(troth_view_equal(troth_digest_set_path(&set, at.first),
					     troth_view_str(path)));
		assert_true(troth_view_equal(troth_digest_set_source(&set, at.first),
					     troth_view_str(source)));
	}
	for (unsigned int i = n; i < 2 * n; i++) {
		digest_of(*state, i, digest);
		assert_int_equal(troth_digest_set_find(&set, digest).n, 0);
	}
	release(bytes);
}

static void the_places_of_a_digest_come_in_order(void **state)
{
	struct troth_view bytes = make(*state, 10);
	struct troth_digest_set set;
	uint8_t digest[32];
	digest_of(*state, 5, digest);
	assert_int_equal(troth_digest_set_open(bytes, &set), TROTH_OK);
	const struct troth_digest_range at = troth_digest_set_find(&set, digest);
	assert_int_equal(at.n, 3);
	assert_true(
		troth_view_equal(troth_digest_set_path(&set, at.first), troth_view_str("/a")));
	assert_true(troth_view_equal(troth_digest_set_path(&set, at.first + 1),
				     troth_view_str("/b")));
	release(bytes);
}

/* The empty file: everywhere, and from two packages at one place in three. */
static void a_digest_at_many_places_is_searched_by_path(void **state)
{
	enum { PLACES = 1000 };
	static const uint8_t DIGEST[32] = { 0xe3, 0xb0 }, BELOW[32] = { 0xe3, 0xaf },
			     ABOVE[32] = { 0xe3, 0xb1 };
	static const struct troth_view ONE = { (const uint8_t *)"one", 3 },
				       TWO = { (const uint8_t *)"two", 3 };
	struct troth_digest_set_builder *b;
	struct troth_digest_set set;
	uint8_t *bytes;
	char path[32];
	size_t n;
	assert_int_equal(troth_digest_set_builder_new(&b), TROTH_OK);
	assert_int_equal(troth_digest_set_add(b, BELOW, troth_view_str("/x/1"), ONE), TROTH_OK);
	assert_int_equal(troth_digest_set_add(b, ABOVE, troth_view_str("/x/1"), ONE), TROTH_OK);
	for (int i = 0; i < PLACES; i++) {
		snprintf(path, sizeof path, "/lib/%d", 2 * i);
		const struct troth_view at = troth_view_str(path);
		assert_int_equal(troth_digest_set_add(b, DIGEST, at, ONE), TROTH_OK);
		if (i % 3 == 0)
			assert_int_equal(troth_digest_set_add(b, DIGEST, at, TWO), TROTH_OK);
	}
	assert_int_equal(troth_digest_set_finish(*state, b, &bytes, &n), TROTH_OK);
	troth_digest_set_builder_free(b);
	assert_int_equal(troth_digest_set_open((struct troth_view){ bytes, n }, &set),
			 TROTH_OK);
	const struct troth_digest_range all = troth_digest_set_find(&set, DIGEST);
	assert_int_equal(all.n, PLACES + (PLACES + 2) / 3);
	for (int i = 0; i < 2 * PLACES; i++) {
		snprintf(path, sizeof path, "/lib/%d", i);
		const struct troth_digest_range at =
			troth_digest_set_find_path(&set, all, troth_view_str(path));
		assert_int_equal(at.n, i % 2 == 1 ? 0 : i % 6 == 0 ? 2 : 1);
		for (size_t k = 0; k < at.n; k++)
			assert_true(troth_view_equal(troth_digest_set_path(&set, at.first + k),
						     troth_view_str(path)));
	}
	assert_int_equal(troth_digest_set_find_path(&set, all, troth_view_str("/x/1")).n, 0);
	assert_int_equal(troth_digest_set_find_path(&set, all, troth_view_str("/")).n, 0);
	free(bytes);
}

static void a_set_of_nothing_finds_nothing(void **state)
{
	struct troth_digest_set_builder *b;
	struct troth_digest_set set;
	uint8_t *bytes, digest[32] = { 0 };
	size_t n;
	assert_int_equal(troth_digest_set_builder_new(&b), TROTH_OK);
	assert_int_equal(troth_digest_set_finish(*state, b, &bytes, &n), TROTH_OK);
	assert_int_equal(troth_digest_set_open((struct troth_view){ bytes, n }, &set),
			 TROTH_OK);
	assert_int_equal(troth_digest_set_find(&set, digest).n, 0);
	memset(digest, 0xff, sizeof digest);
	assert_int_equal(troth_digest_set_find(&set, digest).n, 0);
	troth_digest_set_builder_free(b);
	free(bytes);
}

static void equal_contents_give_equal_bytes(void **state)
{
	struct troth_view a = make(*state, 300), b = make(*state, 300);
	assert_true(troth_view_equal(a, b));
	release(a);
	release(b);
}

static void damaged_sets_are_refused(void **state)
{
	struct troth_view bytes = make(*state, 20);
	struct troth_digest_set set;
	uint8_t *p = (uint8_t *)(uintptr_t)bytes.p;
	for (size_t n = 0; n < bytes.n; n += n < 200 ? 1 : 997) {
		POISON(set);
		assert_int_not_equal(troth_digest_set_open((struct troth_view){ p, n }, &set),
				     TROTH_OK);
		ASSERT_POISONED(set);
	}
	p[72 + 4 * 65536]++; /* the last of the first entries: more than there are */
	assert_int_equal(troth_digest_set_open(bytes, &set), TROTH_E_MALFORMED);
	p[72 + 4 * 65536]--;
	p[15] = 0x7f; /* more entries than memory */
	assert_int_equal(troth_digest_set_open(bytes, &set), TROTH_E_LIMIT);
	p[15] = 0;
	/* 64 million entries are some that are missing here, one more are too many. */
	for (uint32_t over = 0; over < 2; over++) {
		const uint32_t entries = TROTH_DIGEST_SET_ENTRIES_MAX + over;
		uint8_t kept[4];
		memcpy(kept, p + 8, 4);
		for (size_t i = 0; i < 4; i++)
			p[8 + i] = (uint8_t)(entries >> 8 * i);
		assert_int_equal(troth_digest_set_open(bytes, &set),
				 over > 0 ? TROTH_E_LIMIT : TROTH_E_TRUNCATED);
		memcpy(p + 8, kept, 4);
	}
	p[0] ^= 1;
	assert_int_equal(troth_digest_set_open(bytes, &set), TROTH_E_MALFORMED);
	p[0] ^= 1;
	assert_int_equal(troth_digest_set_open(bytes, &set), TROTH_OK);
	p[bytes.n - 1] ^= 1;
	assert_int_equal(troth_digest_set_verify(*state, bytes), TROTH_E_MISMATCH);
	release(bytes);
}

/* A reference past the end matches nothing and reads nothing. */
static void a_damaged_reference_is_empty(void **state)
{
	struct troth_view bytes = make(*state, 1);
	struct troth_digest_set set;
	assert_int_equal(troth_digest_set_open(bytes, &set), TROTH_OK);
	memset((uint8_t *)(uintptr_t)set.refs.p, 0xff, set.refs.n);
	for (size_t i = 0; i < set.n_entries; i++) {
		assert_int_equal(troth_digest_set_path(&set, i).n, 0);
		assert_int_equal(troth_digest_set_source(&set, i).n, 0);
	}
	assert_int_equal(troth_digest_set_path(&set, SIZE_MAX / 8).n, 0);
	release(bytes);
}

static void what_does_not_belong_is_refused(void **state)
{
	static char longest[TROTH_IMA_PATH_MAX + 2];
	struct troth_digest_set_builder *b;
	const uint8_t digest[32] = { 0 };
	const struct troth_view none = { 0 };
	memset(longest, 'a', sizeof longest);
	longest[0] = '/';
	const struct troth_view path = { (const uint8_t *)longest, TROTH_IMA_PATH_MAX };
	const struct troth_view longer = { (const uint8_t *)longest, TROTH_IMA_PATH_MAX + 1 };
	const struct troth_view source = { (const uint8_t *)longest,
					   TROTH_DIGEST_SET_SOURCE_MAX };
	const struct troth_view long_source = { (const uint8_t *)longest,
						TROTH_DIGEST_SET_SOURCE_MAX + 1 };
	(void)state;
	assert_int_equal(troth_digest_set_builder_new(&b), TROTH_OK);
	assert_int_equal(troth_digest_set_add(b, digest, path, source), TROTH_OK);
	assert_int_equal(troth_digest_set_add(b, digest, longer, source), TROTH_E_LIMIT);
	assert_int_equal(troth_digest_set_add(b, digest, path, long_source), TROTH_E_LIMIT);
	assert_int_equal(troth_digest_set_add(b, digest, troth_view_str("usr/bin"), none),
			 TROTH_E_MALFORMED);
	assert_int_equal(troth_digest_set_add(b, digest, none, none), TROTH_E_MALFORMED);
	troth_digest_set_builder_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_in_is_found),
		cmocka_unit_test(the_places_of_a_digest_come_in_order),
		cmocka_unit_test(a_digest_at_many_places_is_searched_by_path),
		cmocka_unit_test(a_set_of_nothing_finds_nothing),
		cmocka_unit_test(equal_contents_give_equal_bytes),
		cmocka_unit_test(damaged_sets_are_refused),
		cmocka_unit_test(a_damaged_reference_is_empty),
		cmocka_unit_test(what_does_not_belong_is_refused),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
