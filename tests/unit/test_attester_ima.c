/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's list as the attester reads it: from an entry on, in parts that fit a message. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ima_builder.h"
#include "ima_list.h"
#include "reader.h"

static char path[] = "/tmp/troth-ima.XXXXXX";

static void write_list(const struct ima_builder *b)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(b->p, 1, b->n, f), b->n);
	assert_int_equal(fclose(f), 0);
}

/* A list of so many bytes: what is missing to the last is in its last path. */
static struct ima_builder list_of(struct troth_ctx *ctx, size_t n)
{
	static const uint8_t DIGEST[32] = { 1 };
	struct ima_builder b = { .ctx = ctx, .hash = TROTH_HASH_SHA1 };
	char name[4096];
	while (b.n + 1024 < n)
		ima_add_file(&b, "/usr/bin/program", DIGEST);
	const size_t before = b.n;
	ima_add_file(&b, "/", DIGEST);
	const size_t left = n - b.n;
	b.n = before;
	memset(name, 'a', sizeof name);
	name[0] = '/';
	name[left + 1] = '\0';
	ima_add_file(&b, name, DIGEST);
	assert_int_equal(b.n, n);
	return b;
}

static void parts_have_their_limit(void **state)
{
	for (size_t over = 0; over < 2; over++) {
		struct ima_builder b = list_of(*state, TROTH_IMA_MAX + over);
		struct troth_ima_reader *r;
		struct troth_ima_part part;
		write_list(&b);
		assert_int_equal(troth_ima_reader_open(*state, path, 0, &r), TROTH_OK);
		assert_int_equal(troth_ima_reader_next(r, &part), TROTH_OK);
		assert_int_equal(part.more, over == 1);
		assert_true(part.bytes.n <= TROTH_IMA_MAX);
		if (over == 0)
			assert_true(troth_view_equal(part.bytes, ima_view(&b)));
		troth_ima_reader_free(r);
		ima_free(&b);
	}
}

/* Put together again, the parts are the list from that entry on, each cut between two. */
static void parts_are_the_list(void **state)
{
	static const uint64_t FIRST[] = { 0, 1, 9000, 40000 };
	struct ima_builder b = list_of(*state, 5 * TROTH_IMA_MAX + 12345);
	write_list(&b);
	for (size_t i = 0; i < sizeof FIRST / sizeof *FIRST; i++) {
		struct troth_ima_reader *r;
		struct troth_ima_part part = { .more = true };
		struct troth_ima_list list;
		struct troth_ima_record record;
		uint64_t next = FIRST[i];
		assert_int_equal(troth_ima_open(*state, ima_view(&b), TROTH_HASH_SHA1, &list),
				 TROTH_OK);
		for (uint64_t k = 0; k < FIRST[i]; k++)
			assert_int_equal(troth_ima_next(&list, &record), TROTH_OK);
		size_t at = troth_ima_offset(&list);
		assert_int_equal(troth_ima_reader_open(*state, path, FIRST[i], &r), TROTH_OK);
		while (part.more) {
			assert_int_equal(troth_ima_reader_next(r, &part), TROTH_OK);
			assert_int_equal(part.first, next);
			assert_true(part.bytes.n <= TROTH_IMA_MAX);
			assert_true(troth_view_equal(
				part.bytes, (struct troth_view){ b.p + at, part.bytes.n }));
			at += part.bytes.n;
			next += part.n_entries;
		}
		assert_int_equal(at, b.n);
		troth_ima_reader_free(r);
	}
	ima_free(&b);
}

/* Fewer entries than were known: another boot's list, wanted whole. */
static void a_shorter_list_is_read_from_its_beginning(void **state)
{
	struct ima_builder b = list_of(*state, 3000);
	struct troth_ima_reader *r;
	struct troth_ima_part part;
	write_list(&b);
	assert_int_equal(troth_ima_reader_open(*state, path, 1000, &r), TROTH_OK);
	assert_int_equal(troth_ima_reader_next(r, &part), TROTH_OK);
	assert_int_equal(part.first, 0);
	assert_true(troth_view_equal(part.bytes, ima_view(&b)));
	troth_ima_reader_free(r);
	ima_free(&b);
}

static void a_list_that_breaks_off_is_sent_as_it_is(void **state)
{
	struct ima_builder b = list_of(*state, 3000);
	struct troth_ima_reader *r;
	struct troth_ima_part part;
	b.n -= 5;
	write_list(&b);
	assert_int_equal(troth_ima_reader_open(*state, path, 0, &r), TROTH_OK);
	assert_int_equal(troth_ima_reader_next(r, &part), TROTH_OK);
	assert_int_equal(part.bytes.n, b.n);
	assert_false(part.more);
	troth_ima_reader_free(r);
	ima_free(&b);
}

static int make_file(void **state)
{
	const int fd = mkstemp(path);
	return fd < 0 || close(fd) != 0 ? -1 : context_setup(state);
}

static int remove_file(void **state)
{
	(void)unlink(path);
	return context_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_have_their_limit),
		cmocka_unit_test(parts_are_the_list),
		cmocka_unit_test(a_shorter_list_is_read_from_its_beginning),
		cmocka_unit_test(a_list_that_breaks_off_is_sent_as_it_is),
	};
	return cmocka_run_group_tests(tests, make_file, remove_file);
}
