/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "version_text.h"

static const struct {
	const char *name, *a, *b;
	int want; /* sign */
} TEXTS[] = {
	{ "equal", "1.2.3", "1.2.3", 0 },
	{ "numbers are compared as numbers", "2.10.3", "2.9.12", 1 },
	{ "leading zeros", "1.08", "1.8", 0 },
	{ "longer than any integer", "1.99999999999999999999999999",
	  "1.100000000000000000000000000", -1 },
	{ "in a path", "linux /vmlinuz-6.1.0-18-amd64 ro", "linux /vmlinuz-6.1.0-9-amd64 ro",
	  1 },
	{ "another number beside it", "linux /vmlinuz-6.1.0-18 sda3",
	  "linux /vmlinuz-6.1.0-17 sda2", 1 },
	{ "a revocation level's date", "sbat,1,2025021800 shim,4", "sbat,1,2024010100 shim,5",
	  1 },
	{ "a parameter's number", "loglevel=7", "loglevel=3", 0 },
	{ "an address", "ip=192.168.0.1", "ip=192.168.0.9", 0 },
	{ "other words", "1.2-alpha", "1.3-beta", 0 },
	{ "one goes on", "1.2", "1.2.1", 0 },
	{ "nothing", "", "", 0 },
	{ "nothing against something", "", "1.2", 0 },
	{ "a UUID", "root=UUID=11111111-2222", "root=UUID=11111112-2222", 0 },
};

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

static void texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
		const int got = troth_version_texts_compare(TEXTS[i].a, TEXTS[i].b);
		const int back = troth_version_texts_compare(TEXTS[i].b, TEXTS[i].a);
		if (sign(got) != TEXTS[i].want || sign(back) != -TEXTS[i].want)
			fail_msg("%s: %d and %d", TEXTS[i].name, got, back);
	}
}

static const struct {
	const char *name, *text;
	int want;
} NAMES[] = {
	{ "6.1.0-17", "linux /vmlinuz-6.1.0-18-amd64 ro", -1 },
	{ "6.1.0-18", "linux /vmlinuz-6.1.0-18-amd64 ro", 0 },
	{ "6.10", "/vmlinuz-6.9.1", 1 },
	{ "6.1", "/vmlinuz-6.1.0-18", 0 }, /* any 6.1 */
	{ "2.10.3", "2.11.0", -1 },
	{ "good", "2.11.0", 0 },
	{ "v2.10", "2.11", 0 }, /* a name that begins with no digit is no version */
	{ "2", "3", 0 },
	{ "2.10", "nothing here", 0 },
	{ "2.10", "ip=10.0.0.1", 0 },
	{ "", "1.2", 0 },
};

static void names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
		if (sign(troth_version_name_compare(NAMES[i].name, NAMES[i].text)) !=
		    NAMES[i].want)
			fail_msg("'%s' and '%s'", NAMES[i].name, NAMES[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
