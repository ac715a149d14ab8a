/* SPDX-License-Identifier: Apache-2.0 */
/* What a verdict rests on of the allow-lists: with it alone, a list comes out as with all. */
#include "check.h"

#include <stdio.h>

#include "ima_bench.h"
#include "ima_grounds.h"

/* A second list, with the same file in several places and packages. */
static struct troth_digest_set many;
static uint8_t *many_bytes;

static const struct {
	const uint8_t *sha256;
	const char *path, *source;
} MANY[] = {
	{ IMA_GOOD, "/usr/bin/good", "a-utils" }, { IMA_GOOD, "/usr/bin/good", "b-utils" },
	{ IMA_GOOD, "/opt/good", "b-utils" },	  { IMA_OTHER, "/opt/other", "c-utils" },
	{ IMA_OTHER, "/usr/bin/other", "" },
};

static int make_many(void **state)
{
	struct troth_digest_set_builder *b;
	size_t n;
	struct troth_ctx *ctx;
	if (troth_ctx_new(&ctx) != TROTH_OK || troth_digest_set_builder_new(&b) != TROTH_OK)
		return -1;
	for (size_t i = 0; i < sizeof MANY / sizeof *MANY; i++)
		if (troth_digest_set_add(b, MANY[i].sha256, troth_view_str(MANY[i].path),
					 troth_view_str(MANY[i].source)) != TROTH_OK)
			return -1;
	enum troth_status st = troth_digest_set_finish(ctx, b, &many_bytes, &n);
	troth_digest_set_builder_free(b);
	*state = ctx;
	return st == TROTH_OK && troth_digest_set_open((struct troth_view){ many_bytes, n },
						       &many) == TROTH_OK
		       ? 0
		       : -1;
}

static int free_many(void **state)
{
	free(many_bytes);
	troth_ctx_free(*state);
	return 0;
}

static void second_rule(struct ima_bench *b)
{
	b->policy.n_rules = 2;
	b->policy.rules[1].list = ima_bench_text(b, "many");
	b->sets[1] = &many;
}

static void nothing(struct ima_bench *b)
{
	(void)b;
}
static void one(struct ima_bench *b)
{
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
}
static void twice(struct ima_bench *b)
{
	one(b);
	one(b);
}
static void unknown(struct ima_bench *b)
{
	ima_add_file(&b->list, "/usr/bin/other", IMA_OTHER);
}
static void elsewhere(struct ima_bench *b)
{
	ima_add_file(&b->list, "/tmp/good", IMA_GOOD);
}
static void by_the_second(struct ima_bench *b)
{
	second_rule(b);
	unknown(b);
	one(b);
}
static void any_path(struct ima_bench *b)
{
	second_rule(b);
	b->policy.rules[1].any_path = true;
	elsewhere(b);
}
static void package(struct ima_bench *b)
{
	any_path(b);
	b->policy.rules[1].n_packages = 1;
	b->policy.rules[1].packages[0] = ima_bench_text(b, "b-utils");
}
static void other_package(struct ima_bench *b)
{
	any_path(b);
	b->policy.rules[1].n_packages = 1;
	b->policy.rules[1].packages[0] = ima_bench_text(b, "c-utils");
}
static void not_under(struct ima_bench *b)
{
	any_path(b);
	b->policy.rules[1].n_under = 1;
	b->policy.rules[1].under[0] = ima_bench_text(b, "/opt");
}
static void no_list(struct ima_bench *b)
{
	b->sets[0] = NULL;
	one(b);
}

static const struct {
	const char *name;
	void (*make)(struct ima_bench *b);
	size_t n; /* entries that it rests on */
} CASES[] = {
	{ "boot_aggregate alone", nothing, 0 },
	{ "a file that is allowed", one, 1 },
	{ "the same twice", twice, 2 },
	{ "a file that is not", unknown, 0 },
	{ "its digest under another path", elsewhere, 0 },
	{ "one by each of two lists", by_the_second, 2 },
	{ "its digest, wherever it lies", any_path, 1 },
	{ "and in this package", package, 1 },
	{ "and in a package that it is not of", other_package, 0 },
	{ "and not in this directory", not_under, 0 },
	{ "a list that is not there", no_list, 0 },
};

struct part {
	struct troth_digest_set_builder *builders[TROTH_IMA_RULES_MAX];
	size_t n;
};

static enum troth_status keep(void *arg, const struct troth_ima_ground *g)
{
	struct part *p = arg;
	p->n++;
	assert_int_equal(g->sha256.n, 32);
	return troth_digest_set_add(p->builders[g->rule], g->sha256.p, g->path, g->source);
}

/* Puts sets of the grounds alone in the place of the whole ones. */
static size_t keep_grounds(struct ima_bench *b, uint8_t *bytes[2],
			   struct troth_digest_set sets[2])
{
	struct part part = { .n = 0 };
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(troth_digest_set_builder_new(&part.builders[i]), TROTH_OK);
	assert_int_equal(troth_ima_grounds_each(b->ctx, &b->c, keep, &part), TROTH_OK);
	for (size_t i = 0; i < 2; i++) {
		size_t n;
		assert_int_equal(
			troth_digest_set_finish(b->ctx, part.builders[i], &bytes[i], &n),
			TROTH_OK);
		troth_digest_set_builder_free(part.builders[i]);
		assert_int_equal(
			troth_digest_set_open((struct troth_view){ bytes[i], n }, &sets[i]),
			TROTH_OK);
		if (b->sets[i] != NULL)
			b->sets[i] = &sets[i];
	}
	return part.n;
}

static void a_list_comes_out_the_same_by_its_grounds(void **state)
{
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct ima_bench *b = ima_bench_new(*state);
		struct troth_digest_set sets[2];
		uint8_t *bytes[2];
		CASES[i].make(b);
		ima_bench_appraise_all(b);
		const struct troth_ima_result whole = b->r;
		const size_t n = keep_grounds(b, bytes, sets);
		if (n != CASES[i].n)
			fail_msg("%s: rests on %zu entries", CASES[i].name, n);
		ima_bench_appraise(b);
		if (b->r.findings.n != whole.findings.n ||
		    memcmp(&b->r.after.counts, &whole.after.counts,
			   sizeof whole.after.counts) != 0)
			fail_msg("%s: comes out differently", CASES[i].name);
		for (size_t k = 0; k < whole.findings.n; k++)
			assert_int_equal(b->r.findings.list[k].code,
					 whole.findings.list[k].code);
		free(bytes[0]);
		free(bytes[1]);
		ima_bench_free(b);
	}
}

static enum troth_status refuse(void *arg, const struct troth_ima_ground *g)
{
	(void)g;
	++*(size_t *)arg;
	return TROTH_E_CONFLICT;
}

static void what_each_returns_ends_it(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	size_t n = 0;
	twice(b);
	ima_bench_appraise_all(b);
	assert_int_equal(troth_ima_grounds_each(b->ctx, &b->c, refuse, &n), TROTH_E_CONFLICT);
	assert_int_equal(n, 1);
	ima_bench_free(b);
}

static void a_list_that_is_cut_off_has_what_came_before(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	struct troth_digest_set sets[2];
	uint8_t *bytes[2];
	twice(b);
	ima_bench_appraise_all(b);
	b->c.list.n--;
	assert_int_equal(keep_grounds(b, bytes, sets), 1);
	free(bytes[0]);
	free(bytes[1]);
	b->c.list = (struct troth_view){ 0 };
	assert_int_equal(keep_grounds(b, bytes, sets), 0);
	free(bytes[0]);
	free(bytes[1]);
	ima_bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_comes_out_the_same_by_its_grounds),
		cmocka_unit_test(what_each_returns_ends_it),
		cmocka_unit_test(a_list_that_is_cut_off_has_what_came_before),
	};
	return cmocka_run_group_tests_name("ima_grounds", tests, make_many, free_many);
}
