/* SPDX-License-Identifier: Apache-2.0 */
/* What several unit tests need beside cmocka. Include before anything else. */
#ifndef TROTH_TESTS_CHECK_H
#define TROTH_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <troth/context.h>
#include <troth/view.h>

/* Fills an output before the call under test ... */
#define POISON(object) memset(&(object), 0xaa, sizeof(object))
/* ... and requires that a failing call left it alone. */
#define ASSERT_POISONED(object)                                                   \
	do {                                                                      \
		for (size_t i_ = 0; i_ < sizeof(object); i_++)                    \
			assert_int_equal(((const uint8_t *)&(object))[i_], 0xaa); \
	} while (0)

/* The context of a test group: use as group setup and teardown. */
static inline int context_setup(void **state)
{
	struct troth_ctx *ctx = NULL;
	if (troth_ctx_new(&ctx) != TROTH_OK)
		return -1;
	*state = ctx;
	return 0;
}

static inline int context_teardown(void **state)
{
	troth_ctx_free(*state);
	return 0;
}

static inline uint8_t hex_digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Lower-case hex of exactly len bytes. */
static inline void from_hex(const char *hex, uint8_t *out, size_t len)
{
	assert_int_equal(strlen(hex), 2 * len);
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
}

static inline void assert_hex(const uint8_t *bytes, const char *hex)
{
	for (size_t i = 0; i < strlen(hex) / 2; i++) {
		uint8_t want =
			(uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
		if (bytes[i] != want)
			fail_msg("byte %zu is %02x, not %02x of %s", i, bytes[i], want, hex);
	}
}

#endif
