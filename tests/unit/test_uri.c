/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "files.h"
#include "reader.h"
#include "uri.h"

/* NULL: refused. The examples of RFC 3986, 6.2.2 and 6.2.3 are among them. */
static const struct {
	const char *uri, *normal;
} CASES[] = {
	{ "https://example.org/a", "https://example.org/a" },
	{ "HTTPS://Example.ORG/A", "https://example.org/A" },
	{ "http://example.com", "http://example.com/" },
	{ "http://example.com:", "http://example.com/" },
	{ "http://example.com:/", "http://example.com/" },
	{ "http://example.com:80/", "http://example.com/" },
	{ "https://example.com:443", "https://example.com/" },
	{ "http://example.com:443/", "http://example.com:443/" },
	{ "https://example.com:8443/x", "https://example.com:8443/x" },
	{ "https://[2001:DB8::1]:443/", "https://[2001:db8::1]/" },
	{ "https://h/a%7eb%c3%a9%2F", "https://h/a~b%C3%A9%2F" },
	{ "https://h/%41", "https://h/A" },
	{ "https://h/a?q=1#f", "https://h/a" },
	{ "https://h?q", "https://h/" },
	{ "https://h#f", "https://h/" },
	{ "https://h//a///", "https://h//a///" },
	{ "https://h/a.b/..c/.../x..", "https://h/a.b/..c/.../x.." },
	{ "https://h/a?/../b", "https://h/a" },
	{ "", NULL },
	{ "/a", NULL },
	{ "ftp://h/", NULL },
	{ "https:/h/", NULL },
	{ "https://", NULL },
	{ "https:///a", NULL },
	{ "https://user@h/", NULL },
	{ "https://user:pw@h/", NULL },
	{ "https://h:65536/", NULL },
	{ "https://h:0443/", NULL },
	{ "https://h:x/", NULL },
	{ "https://[::1/", NULL },
	{ "https://[::1]x/", NULL },
	{ "https://h%41/", NULL },
	{ "https://h/a b", NULL },
	{ "https://h/\x80", NULL },
	{ "https://h/\\", NULL },
	{ "https://h/%4", NULL },
	{ "https://h/%zz", NULL },
	{ "https://h/%00", NULL },
	{ "https://h/..", NULL },
	{ "https://h/a/../b", NULL },
	{ "https://h/a/./b", NULL },
	{ "https://h/a/%2e%2E/b", NULL },
	{ "https://h/a/.%2e", NULL },
	{ "https://h/..?q", NULL },
	{ "https://h/a/..%2fb", NULL },
	{ "https://h/a%2F..", NULL },
	{ "https://h/a/%2e%2E%5Cb", NULL },
	{ "https://h/a%5c.", NULL },
	{ "https://h/a/..;/b", NULL },
	{ "https://h/a/..;x=1/b", NULL },
	{ "https://h/a/.%3bx", NULL },
	{ "https://h/a;..", "https://h/a;.." },
	{ "https://h/a..%2Fb%5C..c;x/", "https://h/a..%2Fb%5C..c;x/" },
};

static void one_spelling_or_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		uint8_t buf[64];
		struct troth_writer w = troth_writer_make(buf, sizeof buf);
		struct troth_view uri = view_dup(troth_view_str(CASES[i].uri));
		enum troth_status s = troth_uri_normal(uri, &w);
		file_free(uri);
		if (CASES[i].normal == NULL ? s != TROTH_E_MALFORMED || w.n != 0
					    : s != TROTH_OK)
			fail_msg("%s: %d", CASES[i].uri, s);
		if (s == TROTH_OK &&
		    !troth_view_equal(troth_written(&w), troth_view_str(CASES[i].normal)))
			fail_msg("%s became %.*s", CASES[i].uri, (int)w.n, buf);
	}
}

static void what_does_not_fit_is_not_written(void **state)
{
	const struct troth_view uri = troth_view_str("https://h:1/a%C3%A9");
	uint8_t buf[32];
	(void)state;
	for (size_t max = 0; max <= uri.n; max++) {
		struct troth_writer w = troth_writer_make(buf, max);
		assert_int_equal(troth_uri_normal(uri, &w),
				 max < uri.n ? TROTH_E_LIMIT : TROTH_OK);
		assert_int_equal(w.n, max < uri.n ? 0 : uri.n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_spelling_or_none),
		cmocka_unit_test(what_does_not_fit_is_not_written),
	};
	return cmocka_run_group_tests_name("uri", tests, NULL, NULL);
}
