/* SPDX-License-Identifier: Apache-2.0 */
/* What GRUB configurations are refused for, and what they may have of everything. */
#include "check.h"

#include <stdio.h>

#include "grub.h"
#include "grub_machine.h"

static const struct {
	const char *script, *why; /* a part of the reason */
	uint32_t line;
	enum troth_status want;
} REFUSED[] = {
	{ "\n\nfrobnicate\n", "frobnicate", 3, TROTH_E_CONFIG },
	{ "if insmod ext2; then true; fi\n" END, "do not decide", 1, TROTH_E_CONFIG },
	{ "if ! terminal_output gfxterm; then true; fi\n" END, "do not decide", 1,
	  TROTH_E_CONFIG },
	{ "for i in a b; do echo $i; done\n" END, "\"for\"", 1, TROTH_E_CONFIG },
	{ "true\nwhile true; do true; done\n", "\"while\"", 2, TROTH_E_CONFIG },
	{ "echo *.cfg\n" END, "pattern", 1, TROTH_E_CONFIG },
	{ "set a='*'\necho $a\n" END, "pattern", 2, TROTH_E_CONFIG },
	{ "echo a | cat\n" END, "|", 1, TROTH_E_CONFIG },
	{ "true && echo a\n" END, "&", 1, TROTH_E_CONFIG },
	{ "echo $?\n" END, "no plain variable", 1, TROTH_E_CONFIG },
	{ "echo $@\n" END, "no plain variable", 1, TROTH_E_CONFIG },
	{ "echo 'a\n" END, "not closed", 4, TROTH_E_CONFIG },
	{ "echo \"a\n" END, "not closed", 4, TROTH_E_CONFIG },
	{ "menuentry a {\n" END, "not closed", 4, TROTH_E_CONFIG },
	{ "if true; then echo a\n" END, "fi is missing", 4, TROTH_E_CONFIG },
	{ "if true\n" END, "then is missing", 4, TROTH_E_CONFIG },
	{ "fi\n", "\"fi\"", 1, TROTH_E_CONFIG },
	{ "}\n", "}", 1, TROTH_E_CONFIG },
	{ "function f\n" END, "body", 2, TROTH_E_CONFIG },
	{ "[ a = a\n" END, "not closed", 1, TROTH_E_CONFIG },
	{ "[ a b ]\n" END, "\"b\"", 1, TROTH_E_CONFIG },
	{ "[ x -lt 1 ]\n" END, "plain numbers", 1, TROTH_E_CONFIG },
	{ "[ -a ! ]\n[ ! ( a ]\n" END, "condition", 1, TROTH_E_CONFIG },
	{ "search --fs-uuid --set=root 33-44\n" END, "33-44", 1, TROTH_E_CONFIG },
	{ "search --file /both\n" END, "several", 1, TROTH_E_CONFIG },
	{ "search --fs-uuid\n" END, "nothing", 1, TROTH_E_CONFIG },
	{ "source /none.cfg\n", "/none.cfg", 1, TROTH_E_NOT_FOUND },
	{ "linux /none\n", "/none", 1, TROTH_E_NOT_FOUND },
	{ "initrd /none\n" END, "/none", 1, TROTH_E_NOT_FOUND },
	{ "initrd newc:x:/initrd\n" END, "newc", 1, TROTH_E_CONFIG },
	{ "linux /text\n", "no sound EFI image", 1, TROTH_E_CONFIG },
	{ "linux /kernel \"a'b\"\n", "quotes", 1, TROTH_E_CONFIG },
	{ "boot\n", "without a kernel", 1, TROTH_E_CONFIG },
	{ "true\n", "boots nothing", 0, TROTH_E_CONFIG },
	{ "menuentry a { true; }\n", "loads no kernel", 0, TROTH_E_CONFIG },
	{ "submenu a { true; }\n", "submenu", 0, TROTH_E_CONFIG },
	{ "menuentry a\n" END, "without a block", 1, TROTH_E_CONFIG },
	{ "menuentry { true; }\n" END, "without a title", 1, TROTH_E_CONFIG },
	{ "menuentry a --source x { true; }\n" END, "--source", 1, TROTH_E_CONFIG },
	{ "menuentry a b { true; }\n" END, "arguments", 1, TROTH_E_CONFIG },
	{ "menuentry a --new { true; }\n" END, "--new", 1, TROTH_E_CONFIG },
	{ "menuentry a { true; } b\n" END, "behind a block", 1, TROTH_E_CONFIG },
	{ "set lang=de_DE\nset locale_dir=(hd0,gpt2)/boot/grub/locale\ninsmod gettext\n" END,
	  "de.mo", 3, TROTH_E_CONFIG },
	{ "source /itself.cfg\n", "levels", 1, TROTH_E_LIMIT },
	{ "function f { f; }\nf\n", "levels", 1, TROTH_E_LIMIT },
};

static void what_is_refused(void **state)
{
	for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
		struct troth_prediction p;
		struct troth_grub_error error;
		enum troth_status got = grub_run(state, REFUSED[i].script, &p, &error);
		if (got != REFUSED[i].want)
			fail_msg("%s: %s (%s)", REFUSED[i].script, troth_status_name(got),
				 error.text);
		if (strstr(error.text, REFUSED[i].why) == NULL)
			fail_msg("%s: the reason is \"%s\"", REFUSED[i].script, error.text);
		if (error.line != REFUSED[i].line)
			fail_msg("%s: at line %u", REFUSED[i].script, error.line);
		troth_prediction_release(&p);
	}
}

/* n times a text, its number and another text, and END. */
static char *repeat(const char *before, const char *behind, size_t n)
{
	const size_t room = n * (strlen(before) + strlen(behind) + 16) + sizeof END + 16;
	char *script = malloc(room);
	size_t at = 0;
	assert_non_null(script);
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(script + at, room - at, "%s%zu%s\n", before, i, behind);
	memcpy(script + at, END, sizeof END);
	return script;
}

/* What fits a limit, and what is one past it. */
static void limits(void **state)
{
	static const struct {
		const char *text, *behind;
		size_t fits; /* beside what GRUB and the test have already */
	} LIMITS[] = {
		{ "set x=", "", TROTH_GRUB_STEPS_MAX - 3 },
		{ "export v", "", TROTH_GRUB_VARIABLES_MAX - 17 },
		{ "menuentry a { true; } ;#", "", TROTH_GRUB_ENTRIES_MAX },
		{ "function f", " { true; }", TROTH_GRUB_FUNCTIONS_MAX },
	};
	for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++)
		for (size_t more = 0; more < 2; more++) {
			struct troth_prediction p;
			struct troth_grub_error error;
			char *script =
				repeat(LIMITS[i].text, LIMITS[i].behind, LIMITS[i].fits + more);
			enum troth_status got = grub_run(state, script, &p, &error);
			if (got != (more ? TROTH_E_LIMIT : TROTH_OK))
				fail_msg("%zu times %s: %s (%s)", LIMITS[i].fits + more,
					 LIMITS[i].text, troth_status_name(got), error.text);
			troth_prediction_release(&p);
			free(script);
		}
}

/* Blocks within blocks: the script in the image and the configuration are the first two. */
static void levels_at_the_limit(void **state)
{
	for (size_t more = 0; more < 2; more++) {
		struct troth_prediction p;
		struct troth_grub_error error;
		char script[TROTH_GRUB_DEPTH_MAX * 32 + sizeof END];
		const size_t n = TROTH_GRUB_DEPTH_MAX - 2 + more;
		size_t at = 0;
		for (size_t i = 0; i < 2 * n; i++)
			at += (size_t)snprintf(script + at, sizeof script - at, "%s\n",
					       i < n ? "if true; then true" : "fi");
		memcpy(script + at, END, sizeof END);
		enum troth_status got = grub_run(state, script, &p, &error);
		if (got != (more ? TROTH_E_LIMIT : TROTH_OK))
			fail_msg("%zu levels: %s (%s)", n, troth_status_name(got), error.text);
		troth_prediction_release(&p);
	}
}

/* Every text of a run: a long one is said again and again. */
static void texts_at_the_limit(void **state)
{
	enum { LEN = 64 * 1024 };
	char *script = malloc(2 * LEN);
	for (size_t n = TROTH_GRUB_MEMORY_MAX / LEN / 4, more = 0; more < 2; more++) {
		struct troth_prediction p;
		struct troth_grub_error error;
		size_t at = 2;
		memcpy(script, "a=", 2);
		memset(script + at, 'x', LEN);
		script[at += LEN] = '\n';
		at++;
		/* Each use keeps it twice: as a word, and as what is measured. */
		for (size_t i = 0; i < (more ? 4 * n : n); i++)
			at += (size_t)snprintf(script + at, 2 * LEN - at, "echo $a\n");
		memcpy(script + at, END, sizeof END);
		assert_int_equal(grub_run(state, script, &p, &error),
				 more ? TROTH_E_LIMIT : TROTH_OK);
		troth_prediction_release(&p);
	}
	free(script);
}

static void words_at_the_limit(void **state)
{
	for (size_t more = 0; more < 2; more++) {
		struct troth_prediction p;
		struct troth_grub_error error;
		char script[4096] = "echo";
		for (size_t i = 1; i < TROTH_GRUB_WORDS_MAX + more; i++)
			strcat(script, " a");
		strcat(script, "\n" END);
		assert_int_equal(grub_run(state, script, &p, &error),
				 more ? TROTH_E_LIMIT : TROTH_OK);
		troth_prediction_release(&p);
	}
}

/* A search that finds nothing decides how the boot goes on: only where nothing can be missing.
 */
static void a_search_where_files_are_missing(void **state)
{
	static const char NOWHERE[] = "if search -f -s /none; then true; fi\n" END;
	struct troth_prediction p;
	struct troth_grub_error error;

	grub_disk_in_part = true;
	assert_int_equal(grub_run(state, NOWHERE, &p, &error), TROTH_E_CONFIG);
	assert_non_null(strstr(error.text, "no file /none among what was given"));
	troth_prediction_release(&p);
	assert_int_equal(grub_run(state, "search -f -s /vmlinuz\n" END, &p, &error), TROTH_OK);
	troth_prediction_release(&p);
	grub_disk_in_part = false;
	assert_int_equal(grub_run(state, NOWHERE, &p, &error), TROTH_OK);
	troth_prediction_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(limits),
		cmocka_unit_test(levels_at_the_limit),
		cmocka_unit_test(texts_at_the_limit),
		cmocka_unit_test(words_at_the_limit),
		cmocka_unit_test(a_search_where_files_are_missing),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
