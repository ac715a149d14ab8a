/* SPDX-License-Identifier: Apache-2.0 */
/* What is published as the CRLs of anchors is CRLs and nothing else. The CRL is of openssl's
 * making. */
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <troth/limits.h>

#include "anchor_crls.h"
#include "base.h"
#include "reader.h"

#define CRL                                                                  \
	"-----BEGIN X509 CRL-----\n"                                         \
	"MIGRMDgwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBQRcNMjYxMTI4MjMyNjAzWhcN\n" \
	"MzYxMTI1MjMyNjAzWjAKBggqhkjOPQQDAgNJADBGAiEAgdYZQJeD5fl8XeIdhYQf\n" \
	"qInjHykKRD5r7ys2mmB5cWoCIQDbR8DhrfdiQ60Y1ctwaJzA7YoHsAehkYv5E2rH\n" \
	"dFK3jw==\n"                                                         \
	"-----END X509 CRL-----\n"
#define KEY                             \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MAA=\n"                        \
	"-----END PRIVATE KEY-----\n"

static const struct {
	const char *name, *text;
	enum troth_status want;
} CASES[] = {
	{ "one", CRL, TROTH_OK },
	{ "two", CRL CRL, TROTH_OK },
	{ "words beside it", "of the root:\n" CRL "that is all\n", TROTH_OK },
	{ "nothing", "", TROTH_E_MALFORMED },
	{ "no block", "of the root\n", TROTH_E_MALFORMED },
	{ "a private key after it", CRL KEY, TROTH_E_MALFORMED },
	{ "a private key before it", KEY CRL, TROTH_E_MALFORMED },
	{ "no DER inside", "-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n",
	  TROTH_E_MALFORMED },
	{ "cut off", CRL "-----BEGIN X509 CRL-----\nMAA=\n", TROTH_E_MALFORMED },
};

static enum troth_status read_text(struct troth_view text, struct troth_buffer *out)
{
	char path[] = "/tmp/troth-crls.XXXXXX";
	const int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(troth_file_write(path, text, 0600), TROTH_OK);
	const enum troth_status got = troth_anchor_crls_read(path, out);
	assert_int_equal(unlink(path), 0);
	return got;
}

static void cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(CASES); i++) {
		struct troth_buffer out = { 0 };
		const struct troth_view text = troth_view_str(CASES[i].text);
		const enum troth_status got = read_text(text, &out);
		if (got != CASES[i].want)
			fail_msg("%s: got %d, want %d", CASES[i].name, got, CASES[i].want);
		assert_int_equal(out.n, got == TROTH_OK ? text.n : 0);
		troth_buffer_clear(&out);
	}
}

/* As long as may be, and a byte longer. */
static void limit(void **state)
{
	(void)state;
	static uint8_t text[TROTH_ANCHOR_CRLS_MAX + 1];
	struct troth_buffer out = { 0 };
	memset(text, '\n', sizeof text);
	memcpy(text, CRL, sizeof CRL - 1);
	assert_int_equal(read_text((struct troth_view){ text, TROTH_ANCHOR_CRLS_MAX }, &out),
			 TROTH_OK);
	troth_buffer_clear(&out);
	assert_int_equal(read_text((struct troth_view){ text, sizeof text }, &out),
			 TROTH_E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases),
		cmocka_unit_test(limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
