/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody may have meant. */
#include "check.h"

#include "nearest.h"
#include "reader.h"

static const char *const KNOWN[] = { "listen",	     "trust_domain", "state_dir", "ima",
				     "admin_socket", "workers",	     "list",	  "worker_" };

static const struct {
	const char *word, *meant; /* NULL: nothing is near */
} CASES[] = {
	{ "listen", "listen" },
	{ "lsten", "listen" },
	{ "liisten", "listen" },
	{ "listne", "listen" },
	{ "trustdomain", "trust_domain" },
	{ "trust-domain", "trust_domain" },
	{ "statedir", "state_dir" },
	{ "imma", "ima" },
	{ "im", "ima" },
	{ "mi", NULL },
	{ "admin_sockets", "admin_socket" },
	{ "frobnicate", NULL },
	{ "", NULL },
	{ "worker", "workers" },
	{ "lst", "list" },
	{ "x", NULL },
};

static void slips_are_recognised(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct troth_nearest n = { 0 };
		for (size_t k = 0; k < sizeof KNOWN / sizeof *KNOWN; k++)
			troth_nearest_try(&n, troth_view_str(CASES[i].word), KNOWN[k]);
		if ((n.name == NULL) != (CASES[i].meant == NULL) ||
		    (n.name != NULL && strcmp(n.name, CASES[i].meant) != 0))
			fail_msg("'%s': %s", CASES[i].word,
				 n.name != NULL ? n.name : "nothing");
	}
}

static void long_words_are_no_slips(void **state)
{
	(void)state;
	char word[TROTH_NEAREST_MAX + 2], known[TROTH_NEAREST_MAX + 2];
	memset(word, 'a', sizeof word);
	memset(known, 'a', sizeof known);
	for (size_t n = TROTH_NEAREST_MAX; n <= TROTH_NEAREST_MAX + 1; n++) {
		struct troth_nearest near = { 0 };
		known[n] = '\0';
		troth_nearest_try(&near, (struct troth_view){ (uint8_t *)word, n }, known);
		assert_int_equal(near.name != NULL, n <= TROTH_NEAREST_MAX);
		known[n] = 'a';
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slips_are_recognised),
		cmocka_unit_test(long_words_are_no_slips),
	};
	return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
