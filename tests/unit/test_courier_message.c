/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>

#include "base.h"
#include "message.h"

static struct troth_courier_page full_page(void)
{
	struct troth_courier_page p = { .hook = 3, .next = 99, .n = TROTH_COURIER_PAGE };
	for (size_t i = 0; i < p.n; i++) {
		struct troth_notice *n = &p.list[i].notice;
		p.list[i].index = i;
		*n = (struct troth_notice){ .kind = TROTH_NOTICE_CHANGED, .time_s = i };
		memset(n->name, 'n', sizeof n->name - 1);
		memset(n->segment, 's', sizeof n->segment - 1);
		memset(n->was, 'w', sizeof n->was - 1);
		memset(n->reason, 'r', sizeof n->reason - 1);
		n->revoked = i % 2 == 1;
	}
	return p;
}

static void the_fullest_page_comes_through(void **state)
{
	const struct troth_courier_page p = full_page();
	struct troth_courier_page got;
	uint8_t bytes[TROTH_COURIER_MESSAGE_MAX];
	size_t n = 0;
	(void)state;
	assert_int_equal(troth_courier_page_write(&p, bytes, &n), TROTH_OK);
	assert_int_equal(troth_courier_page_read((struct troth_view){ bytes, n }, &got),
			 TROTH_OK);
	assert_int_equal(got.n, p.n);
	assert_int_equal(got.hook, 3);
	assert_int_equal(got.next, 99);
	for (size_t i = 0; i < p.n; i++) {
		assert_int_equal(got.list[i].index, i);
		assert_string_equal(got.list[i].notice.was, p.list[i].notice.was);
		assert_int_equal(got.list[i].notice.revoked, p.list[i].notice.revoked);
	}
	for (size_t k = 0; k < n; k++) { /* no prefix does */
		POISON(got);
		assert_int_equal(troth_courier_page_read((struct troth_view){ bytes, k }, &got),
				 TROTH_E_MALFORMED);
		ASSERT_POISONED(got);
	}
	assert_int_equal(troth_courier_page_read((struct troth_view){ bytes, n + 1 }, &got),
			 TROTH_E_MALFORMED);
}

static void a_page_too_many_is_refused(void **state)
{
	struct troth_courier_page p = full_page();
	uint8_t bytes[TROTH_COURIER_MESSAGE_MAX];
	size_t n = 0;
	(void)state;
	p.n = TROTH_COURIER_PAGE + 1;
	assert_int_equal(troth_courier_page_write(&p, bytes, &n), TROTH_E_LIMIT);
	p.n = 1;
	assert_int_equal(troth_courier_page_write(&p, bytes, &n), TROTH_OK);
	bytes[9] = TROTH_COURIER_PAGE + 1; /* the count */
	assert_int_equal(troth_courier_page_read((struct troth_view){ bytes, n }, &p),
			 TROTH_E_MALFORMED);
}

static void values_without_a_meaning_are_refused(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t value;
	} CASES[] = {
		{ "no kind of notice", 18, TROTH_NOTICE_NONE },
		{ "a kind past the last", 18, TROTH_NOTICE_N },
		{ "a NUL in a name", 29, 0 },
		{ "a name past its field", 28, 64 },
	};
	struct troth_courier_page p = full_page(), got;
	uint8_t bytes[TROTH_COURIER_MESSAGE_MAX];
	size_t n = 0;
	(void)state;
	p.n = 1;
	assert_int_equal(troth_courier_page_write(&p, bytes, &n), TROTH_OK);
	bytes[n - 1] = 2; /* neither revoked nor not */
	assert_int_equal(troth_courier_page_read((struct troth_view){ bytes, n }, &got),
			 TROTH_E_MALFORMED);
	bytes[n - 1] = 1;
	for (size_t i = 0; i < TROTH_COUNT(CASES); i++) {
		const uint8_t kept = bytes[CASES[i].at];
		bytes[CASES[i].at] = CASES[i].value;
		if (troth_courier_page_read((struct troth_view){ bytes, n }, &got) !=
		    TROTH_E_MALFORMED)
			fail_msg("%s", CASES[i].what);
		bytes[CASES[i].at] = kept;
	}
	assert_int_equal(troth_courier_page_read((struct troth_view){ bytes, n }, &got),
			 TROTH_OK);
}

static void requests_come_through(void **state)
{
	struct troth_courier_request q = { .kind = TROTH_COURIER_REPORT,
					   .hook = 15,
					   .next = INT64_MAX,
					   .n_failures = UINT32_MAX },
				     got;
	uint8_t bytes[TROTH_COURIER_MESSAGE_MAX];
	size_t n = 0;
	(void)state;
	memset(q.error, 'e', sizeof q.error - 1);
	assert_int_equal(troth_courier_request_write(&q, bytes, &n), TROTH_OK);
	assert_int_equal(troth_courier_request_read((struct troth_view){ bytes, n }, &got),
			 TROTH_OK);
	assert_string_equal(got.error, q.error);
	assert_int_equal(got.n_failures, UINT32_MAX);
	for (size_t k = 0; k < n; k++)
		assert_int_equal(
			troth_courier_request_read((struct troth_view){ bytes, k }, &got),
			TROTH_E_MALFORMED);
	q.next = (uint64_t)INT64_MAX + 1; /* nothing has come so far: it is not remembered */
	assert_int_equal(troth_courier_request_write(&q, bytes, &n), TROTH_OK);
	assert_int_equal(troth_courier_request_read((struct troth_view){ bytes, n }, &got),
			 TROTH_E_MALFORMED);
	q.next = 1;
	for (int c = 1; c < 256; c++) { /* it is shown to operators, and is JSON */
		q.error[7] = (char)c;
		assert_int_equal(troth_courier_request_write(&q, bytes, &n), TROTH_OK);
		assert_int_equal(
			troth_courier_request_read((struct troth_view){ bytes, n }, &got),
			c >= ' ' && c <= '~' ? TROTH_OK : TROTH_E_MALFORMED);
	}
	q.kind = TROTH_COURIER_READ;
	assert_int_equal(troth_courier_request_write(&q, bytes, &n), TROTH_OK);
	assert_int_equal(troth_courier_request_read((struct troth_view){ bytes, n }, &got),
			 TROTH_OK);
	assert_int_equal(troth_courier_request_read((struct troth_view){ bytes, n + 1 }, &got),
			 TROTH_E_MALFORMED);
	bytes[0] = 3;
	assert_int_equal(troth_courier_request_read((struct troth_view){ bytes, n }, &got),
			 TROTH_E_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fullest_page_comes_through),
		cmocka_unit_test(a_page_too_many_is_refused),
		cmocka_unit_test(values_without_a_meaning_are_refused),
		cmocka_unit_test(requests_come_through),
	};
	return cmocka_run_group_tests_name("courier_message", tests, NULL, NULL);
}
