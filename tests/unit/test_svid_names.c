/* SPDX-License-Identifier: Apache-2.0 */
/* DNS names and addresses of certificates: what is one, what policies make of their templates,
 * and what the issuer lets pass. */
#include "check.h"

#include "name_rules.h"

#define BYTES(...)                                                                         \
	{                                                                                  \
		(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
	}
#define L63 "a12345678901234567890123456789012345678901234567890123456789012"

static const struct {
	const char *name;
	bool plain, wildcard; /* valid without, and with wildcards */
} DNS[] = {
	{ "press-4.line-1.example.org", true, true },
	{ "press-4", true, true },
	{ "a.b", true, true },
	{ "1.2.example", true, true },
	{ L63 ".org", true, true },
	{ L63 "x.org", false, false },
	{ L63 "." L63 "." L63 ".a234567890123456789012345678901234567890123456789012345678901",
	  true, true }, /* 253 */
	{ L63 "." L63 "." L63 ".a2345678901234567890123456789012345678901234567890123456789012",
	  false, false },
	{ "", false, false },
	{ ".", false, false },
	{ "a.", false, false },
	{ ".a", false, false },
	{ "a..b", false, false },
	{ "-a.b", false, false },
	{ "a-.b", false, false },
	{ "a_b.c", false, false },
	{ "A.b", false, false },
	{ "a b.c", false, false },
	{ "a.b/c", false, false },
	{ "192.0.2.1", false, false },
	{ "a.1", false, false },
	{ "xn--bcher-kva.example", true, true },
	{ "*.example.org", false, true },
	{ "*.org", false, false },
	{ "*", false, false },
	{ "a.*.example.org", false, false },
	{ "a*.example.org", false, false },
	{ "**.example.org", false, false },
};

static void dns_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof DNS / sizeof *DNS; i++) {
		const struct troth_view name = troth_view_str(DNS[i].name);
		if (troth_dns_name_valid(name, false) != DNS[i].plain ||
		    troth_dns_name_valid(name, true) != DNS[i].wildcard)
			fail_msg("'%s'", DNS[i].name);
	}
	assert_false(
		troth_dns_name_valid((struct troth_view){ (const uint8_t *)"a\0b", 3 }, true));
}

static const struct {
	const char *pattern, *name, *want; /* NULL: none */
} PATTERNS[] = {
	{ "{name}.line-1.example.org", "press-4", "press-4.line-1.example.org" },
	{ "{name}.{segment}.example.org", "press-4", "press-4.line-b.example.org" },
	{ "hmi-{name}-{name}.example.org", "4", "hmi-4-4.example.org" },
	{ "gateway.example.org", "press-4", "gateway.example.org" },
	{ "gateway.example.org", "press_4", "gateway.example.org" },
	{ "*.{name}.example.org", "press-4", "*.press-4.example.org" },
	{ "{name}", "press-4", "press-4" },
	{ "{name}.example.org", "press.4", NULL }, /* would be two labels */
	{ "{name}.example.org", "press_4", NULL },
	{ "{name}.example.org", "press-", NULL },
	{ "{name}.example.org", "", NULL },
	{ "{name}.example.org", "*", NULL }, /* a name is no wildcard */
	{ "{names}.example.org", "press-4", NULL },
	{ "{name.example.org", "press-4", NULL },
	{ "{name}x.org", L63, NULL }, /* 64 in a label */
	{ "{name}.org", L63, L63 ".org" },
	{ "{name}.{name}.{name}.{name}.org", L63, NULL }, /* 259 in all */
};

static void patterns_are_filled(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof PATTERNS / sizeof *PATTERNS; i++) {
		char out[TROTH_DNS_NAME_MAX + 1];
		POISON(out);
		const bool filled = troth_dns_name_fill(troth_view_str(PATTERNS[i].pattern),
							troth_view_str(PATTERNS[i].name),
							troth_view_str("line-b"), out);
		if (filled != (PATTERNS[i].want != NULL))
			fail_msg("%s of %s", PATTERNS[i].pattern, PATTERNS[i].name);
		if (filled)
			assert_string_equal(out, PATTERNS[i].want);
		else
			ASSERT_POISONED(out);
	}
}

static const struct {
	const char *name;
	struct troth_view list;
	enum troth_status want;
} LISTS[] = {
	{ "none", { 0 }, TROTH_OK },
	{ "a DNS name", BYTES(2, 3, 'a', '.', 'b'), TROTH_OK },
	{ "an address", BYTES(7, 4, 192, 0, 2, 1), TROTH_OK },
	{ "both", BYTES(2, 1, 'a', 7, 4, 192, 0, 2, 1), TROTH_OK },
	{ "a DNS name twice", BYTES(2, 1, 'a', 2, 1, 'a'), TROTH_E_MALFORMED },
	{ "an e-mail address", BYTES(1, 1, 'a'), TROTH_E_MALFORMED },
	{ "a second URI", BYTES(6, 1, 'a'), TROTH_E_MALFORMED },
	{ "a kind past a byte of tags", BYTES(0x82, 1, 'a'), TROTH_E_MALFORMED },
	{ "an empty name", BYTES(2, 0), TROTH_E_MALFORMED },
	{ "no DNS name", BYTES(2, 2, 'a', '_'), TROTH_E_MALFORMED },
	{ "an address of five bytes", BYTES(7, 5, 1, 2, 3, 4, 5), TROTH_E_MALFORMED },
	{ "an address of eight, as a constraint has it", BYTES(7, 8, 1, 2, 3, 4, 5, 6, 7, 8),
	  TROTH_E_MALFORMED },
	{ "cut off", BYTES(2, 3, 'a', '.'), TROTH_E_MALFORMED },
	{ "a byte after", BYTES(2, 1, 'a', 2), TROTH_E_MALFORMED },
	/* TROTH_SVID_NAMES_MAX */
	{ "eight",
	  BYTES(2, 1, 'a', 2, 1, 'b', 2, 1, 'c', 2, 1, 'd', 2, 1, 'e', 2, 1, 'f', 2, 1, 'g', 2,
		1, 'h'),
	  TROTH_OK },
	{ "nine",
	  BYTES(2, 1, 'a', 2, 1, 'b', 2, 1, 'c', 2, 1, 'd', 2, 1, 'e', 2, 1, 'f', 2, 1, 'g', 2,
		1, 'h', 2, 1, 'i'),
	  TROTH_E_LIMIT },
};

static void lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++)
		if (troth_svid_names_check(LISTS[i].list) != LISTS[i].want)
			fail_msg("%s", LISTS[i].name);
}

static const struct troth_name_rules RULES = {
	.n = 3,
	.list = { { .domain = "example.org" },
		  { .network = { 192, 0, 2, 128 }, .len = 4, .prefix = 25 },
		  { .network = { 0x20, 0x01, 0x0d, 0xb8 }, .len = 16, .prefix = 32 } },
};

static const struct {
	const char *dns;
	uint8_t address[16];
	uint8_t len;
	bool want;
} ALLOWED[] = {
	{ "example.org", { 0 }, 0, true },
	{ "a.b.example.org", { 0 }, 0, true },
	{ "*.example.org", { 0 }, 0, true },
	{ "badexample.org", { 0 }, 0, false },
	{ "example.org.evil", { 0 }, 0, false },
	{ "org", { 0 }, 0, false },
	{ NULL, { 192, 0, 2, 129 }, 4, true },
	{ NULL, { 192, 0, 2, 127 }, 4, false },
	{ NULL, { 192, 0, 3, 129 }, 4, false },
	{ NULL, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 }, 16, true },
	{ NULL, { 0x20, 0x01, 0x0d, 0xb9, [15] = 1 }, 16, false },
	{ NULL, { 192, 0, 2, 129 }, 16, false },
};

static void rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ALLOWED / sizeof *ALLOWED; i++) {
		uint8_t buf[TROTH_SVID_NAMES_LEN_MAX];
		struct troth_writer w = troth_writer_make(buf, sizeof buf);
		const struct troth_svid_name name = {
			ALLOWED[i].dns != NULL ? TROTH_SVID_DNS : TROTH_SVID_IP,
			ALLOWED[i].dns != NULL
				? troth_view_str(ALLOWED[i].dns)
				: (struct troth_view){ ALLOWED[i].address, ALLOWED[i].len }
		};
		troth_svid_name_put(&w, &name);
		if (troth_name_rules_allow_all(&RULES, troth_written(&w)) != ALLOWED[i].want)
			fail_msg("%zu", i);
		/* Who configures nothing allows nothing. */
		assert_false(troth_name_rules_allow_all(NULL, troth_written(&w)));
		assert_true(troth_name_rules_allow_all(NULL, (struct troth_view){ 0 }));
	}
	assert_false(troth_name_rules_allow_all(&RULES, LISTS[4].list)); /* not sound */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_names),
		cmocka_unit_test(patterns_are_filled),
		cmocka_unit_test(lists),
		cmocka_unit_test(rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
