/* SPDX-License-Identifier: Apache-2.0 */
/* GRUB's configuration: which commands, files and images a script leads to. How GRUB 2.06
 * spells what it measures is seen in the logs of tests/fixtures/bootvm/shim-sb-on and in those
 * of real machines (tests/unit/test_data_eventlogs.c reads them). What is refused:
 * test_grub_limits. */
#include "check.h"

#include <stdio.h>

#include "grub.h"
#include "grub_machine.h"

/* A script with END behind it, and the commands it comes to between FIRST and MEASURED_END. */
static const struct {
	const char *name, *script, *commands;
} FOLLOWED[] = {
	{ "words and quotes", "echo a  'b  c'\t\"d e\" f\\ g # h\n", "echo a b  c d e f g\n" },
	{ "several commands in a line", "echo a; echo b ;;echo c", "echo a\necho b\necho c\n" },
	{ "a comment with quotes", "# it's\necho '# none'\n", "echo # none\n" },
	{ "a line that goes on", "echo a \\\nb\n", "echo a b\n" },
	{ "escapes in double quotes", "echo \"\\$a \\\" \\\\ \\n\"\n", "echo $a \" \\ \\n\n" },
	{ "empty words", "echo '' \"\" $none a$none \"$none\"\n", "echo   a \n" },
	{ "variables", "set a='x y'\necho $a \"$a\" ${a}z '$a'\n",
	  "set a=x y\necho x y x y x yz $a\n" },
	{ "an assignment without set", "a=1\necho $a\n", "a=1\necho 1\n" },
	{ "a variable that goes", "set a=1\nunset a\necho \"$a\"\n",
	  "set a=1\nunset a\necho \n" },
	{ "GRUB's own variables", "echo $grub_platform $root $prefix $cmdpath\n",
	  "echo efi hd0,gpt1 (hd0,gpt1)/EFI/debian (hd0,gpt1)/EFI/debian\n" },
	{ "if", "if [ a = a ]; then echo y; else echo n; fi\n", "[ a = a ]\necho y\n" },
	{ "else", "if [ a = b ]; then echo y; else echo n; fi\n", "[ a = b ]\necho n\n" },
	{ "elif", "if false; then echo 1\nelif true; then echo 2; elif true; then echo 3; fi\n",
	  "false\ntrue\necho 2\n" },
	{ "if within if", "if true; then if false; then echo 1; fi; echo 2; fi\n",
	  "true\nfalse\necho 2\n" },
	{ "what is not taken may be outside the subset",
	  "if false; then nothing known; fi\nif false; then echo 'fi'; fi\n",
	  "false\nfalse\n" },
	{ "an inverted command", "if ! false; then echo y; fi\n", "! false\necho y\n" },
	{ "conditions on strings",
	  "if [ -z '' -a -n x -a x != y -a ! x = y ]; then echo y; fi\n"
	  "if [ x = y -o ( x -a x == x ) ]; then echo y; fi\n"
	  "if test ''; then echo n; fi\n",
	  "[ -z  -a -n x -a x != y -a ! x = y ]\necho y\n"
	  "[ x = y -o ( x -a x == x ) ]\necho y\ntest \n" },
	{ "conditions on numbers",
	  "if [ 2 -lt 10 -a 3 -ge 3 -a 1 -ne 2 -a 4 -gt 3 -a 1 -le 1 -a 5 -eq 5 ]; then echo "
	  "y; fi\n",
	  "[ 2 -lt 10 -a 3 -ge 3 -a 1 -ne 2 -a 4 -gt 3 -a 1 -le 1 -a 5 -eq 5 ]\necho y\n" },
	{ "conditions on files",
	  "if [ -e /text -a -f /text -a ! -d /text -a -d /EFI/debian ]; then echo y; fi\n"
	  "if [ -e /none -o -f /EFI/debian -o -e text ]; then echo n; fi\n",
	  "[ -e /text -a -f /text -a ! -d /text -a -d /EFI/debian ]\necho y\n"
	  "[ -e /none -o -f /EFI/debian -o -e text ]\n" },
	{ "a size is asked by opening",
	  "if [ -s /text ]; then echo y; fi\nif [ -s /empty ]; then echo n; fi\n"
	  "if [ -s /none ]; then echo n; fi\n",
	  "[ -s /text ]\necho y\n[ -s /empty ]\n[ -s /none ]\n" },
	{ "functions",
	  "function twice { echo $1 $1 \"$2\"; }\ntwice a b\nfunction twice { true; }\ntwice\n",
	  "twice a b\necho a a b\ntwice\ntrue\n" },
	{ "a function's result decides", "function no { false; }\nif no; then echo y; fi\n",
	  "no\nfalse\n" },
	{ "another script", "source /more.cfg\n. (hd0,gpt1)//more.cfg\necho $more\n",
	  "source /more.cfg\nset more=yes\n. (hd0,gpt1)//more.cfg\nset more=yes\necho yes\n" },
	{ "a script knows where it lies",
	  "echo $config_directory\nsource /more.cfg\necho $config_file\n",
	  "echo (hd0,gpt1)/EFI/debian\nsource /more.cfg\nset more=yes\n"
	  "echo (hd0,gpt1)/EFI/debian/grub.cfg\n" },
	{ "search by UUID",
	  "search --no-floppy --fs-uuid --set=root --hint-efi=hd0,gpt2 11-22\n"
	  "if [ -e /vmlinuz ]; then echo $root; fi\n",
	  "search --no-floppy --fs-uuid --set=root --hint-efi=hd0,gpt2 11-22\n"
	  "[ -e /vmlinuz ]\necho hd0,gpt2\n" },
	{ "search in short",
	  "search.fs_uuid 11-22 dev hd0,gpt1\nsearch.fs_label ROOT x\necho $dev $x\n",
	  "search.fs_uuid 11-22 dev hd0,gpt1\nsearch.fs_label ROOT x\necho hd0,gpt2 "
	  "hd0,gpt2\n" },
	{ "search by a file, which is opened", "search --file --set=d /vmlinuz\necho $d\n",
	  "search --file --set=d /vmlinuz\necho hd0,gpt2\n" },
	{ "search by a file that is nowhere", "if ! search -f -s /none; then echo $root; fi\n",
	  "! search -f -s /none\necho hd0,gpt1\n" },
	{ "a prefix with lists", "set prefix=(hd0,gpt2)/boot/grub\n",
	  "set prefix=(hd0,gpt2)/boot/grub\n" },
	{ "the environment block",
	  "load_env --file (hd0,gpt2)/boot/grub/grubenv\necho $next\n"
	  "if load_env; then echo n; fi\n",
	  "load_env --file (hd0,gpt2)/boot/grub/grubenv\necho 1\nload_env\n" },
	{ "fonts are the image's own",
	  "if loadfont unicode; then echo y; fi\nif loadfont /text; then echo n; fi\n",
	  "loadfont unicode\necho y\nloadfont /text\n" },
	{ "modules say nothing",
	  "insmod part_gpt\nset lang=en_US\nset locale_dir=/l\ninsmod gettext\n",
	  "insmod part_gpt\nset lang=en_US\nset locale_dir=/l\ninsmod gettext\n" },
	{ "an initial RAM disk", "initrd /initrd /text\n", "initrd /initrd /text\n" },
	{ "nothing runs behind boot", END "nothing known\n", MEASURED_END "\n" },
};

static void what_is_followed(void **state)
{
	for (size_t i = 0; i < sizeof FOLLOWED / sizeof *FOLLOWED; i++) {
		struct troth_prediction p;
		struct troth_grub_error error;
		char script[2048], commands[2048];
		const bool booted = strstr(FOLLOWED[i].script, "boot\n") != NULL;
		(void)snprintf(script, sizeof script, "%s\n%s", FOLLOWED[i].script, END);
		(void)snprintf(commands, sizeof commands, FIRST "%s%s", FOLLOWED[i].commands,
			       booted ? "" : MEASURED_END);
		if (grub_run(state, script, &p, &error) != TROTH_OK)
			fail_msg("%s: %s:%u: %s", FOLLOWED[i].name, error.file, error.line,
				 error.text);
		events_are(state, FOLLOWED[i].name, &p, "grub-commands", commands);
		troth_prediction_release(&p);
	}
}

/* Files are compared as bytes: they have lines of their own. */
static void files_that_are_opened(void **state)
{
	static const char SCRIPT[] = "if [ -s /text ]; then true; fi\n"
				     "load_env -f (hd0,gpt2)/boot/grub/grubenv\n"
				     "initrd /initrd\n" END;
	const struct troth_view want[] = {
		troth_view_str(SCRIPT),
		troth_view_str("some text"),
		troth_view_str(GRUB_ENVIRONMENT),
		troth_view_str("initial RAM disk"),
		{ grub_kernel, 0 },
	};
	struct troth_prediction p;
	struct troth_grub_error error;
	assert_int_equal(grub_run(state, SCRIPT, &p, &error), TROTH_OK);
	const struct troth_component *c = &p.set.components[1];
	assert_string_equal(c->name, "grub-files");
	assert_int_equal(c->alternatives->n_events, 5);
	for (size_t i = 0; i < 5; i++) {
		struct troth_view v = want[i];
		struct troth_digest d;
		if (v.n == 0)
			v.n = 1024; /* headers and a section */
		assert_int_equal(troth_hash_one(*state, TROTH_HASH_SHA256, v, &d), TROTH_OK);
		assert_true(troth_digest_equal(&d, &c->alternatives->events[i].digests[0]));
		assert_int_equal(c->alternatives->events[i].pcr, 9);
	}
	assert_string_equal(p.set.components[2].name, "image-1");
	assert_string_equal(p.set.components[3].name, "image-2");
	assert_int_equal(p.set.n_components, 4);
	troth_prediction_release(&p);
}

/* ---- menus ---- */

/* What is set before the menu, and what runs after it. */
static const struct {
	const char *before, *measured, *after;
} DEFAULTS[] = {
	{ "", "", "setparams One\nlinux /kernel 1\n/kernel 1" },
	{ "set default=2\n", "set default=2\n",
	  "setparams It's\nlinux /kernel 3\n/kernel 3\ninitrd /initrd" },
	{ "set default=one\n", "set default=one\n",
	  "setparams One\nlinux /kernel 1\n/kernel 1" },
	{ "set default=\"It's\"\n", "set default=It's\n",
	  "setparams It's\nlinux /kernel 3\n/kernel 3\ninitrd /initrd" },
	{ "set default=nothing\n", "set default=nothing\n",
	  "setparams One\nlinux /kernel 1\n/kernel 1" },
	{ "set default=9\n", "set default=9\n", "setparams One\nlinux /kernel 1\n/kernel 1" },
};

static void which_entry_boots(void **state)
{
	static const char PLAIN[] =
		"menuentry 'One' --class a --id one { linux /kernel 1; }\n"
		"menuentry Two { true; }\n"
		"menuentry 'It'\\''s' --unrestricted { linux /kernel 3; initrd /initrd; }\n";
	static const char MEASURED[] =
		"menuentry One --class a --id one { linux /kernel 1; }\n"
		"menuentry Two { true; }\n"
		"menuentry It's --unrestricted { linux /kernel 3; initrd /initrd; }\n";
	for (size_t i = 0; i < sizeof DEFAULTS / sizeof *DEFAULTS; i++) {
		struct troth_prediction p;
		struct troth_grub_error error;
		char script[2048], commands[2048];
		(void)snprintf(script, sizeof script, "%s%s", DEFAULTS[i].before, PLAIN);
		(void)snprintf(commands, sizeof commands, FIRST "%s%s%s", DEFAULTS[i].measured,
			       MEASURED, DEFAULTS[i].after);
		if (grub_run(state, script, &p, &error) != TROTH_OK)
			fail_msg("%s: %s", DEFAULTS[i].before, error.text);
		events_are(state, DEFAULTS[i].before, &p, "grub-commands", commands);
		troth_prediction_release(&p);
	}
}

/* The block is measured as it stands in the file, line ends and all, so that events_are cannot
 * say it: the command before and those behind are looked at. */
static void an_entry_of_a_submenu(void **state)
{
	static const char SCRIPT[] =
		"set local=x\nset shared=y\nexport shared\n"
		"set default='More>two'\n"
		"submenu More {\n\tmenuentry Two $menuentry_id_option two {\n"
		"\t\tlinux /kernel $1 \"$local\" $shared\n\t}\n}\n";
#define BODY "linux /kernel $1 \"$local\" $shared"
	static const char *const LAST[] = { "menuentry Two --id two {\n\t\t" BODY "\n\t}",
					    "setparams Two", "linux /kernel Two  y",
					    "/kernel Two  y" };
	struct troth_prediction p;
	struct troth_grub_error error;
	/* Without its variable the id is a second argument, which the subset has not. */
	assert_int_equal(grub_run(state, SCRIPT, &p, &error), TROTH_E_CONFIG);
	troth_prediction_release(&p);

	char script[1024];
	(void)snprintf(script, sizeof script,
		       "menuentry_id_option=--id\nexport menuentry_id_option\n%s", SCRIPT);
	if (grub_run(state, script, &p, &error) != TROTH_OK)
		fail_msg("%u: %s", error.line, error.text);
	const struct troth_alternative *a = p.set.components[0].alternatives;
	for (size_t i = 0; i < 4; i++) {
		struct troth_digest d;
		assert_int_equal(
			troth_hash_one(*state, TROTH_HASH_SHA256, troth_view_str(LAST[i]), &d),
			TROTH_OK);
		if (!troth_digest_equal(&d, &a->events[a->n_events - 4 + i].digests[0]))
			fail_msg("event %zu from the end is not %s", 4 - i, LAST[i]);
	}
	troth_prediction_release(&p);
}

/* configfile starts a context of its own: exported variables go along, its menu boots. */
static void a_configuration_of_its_own(void **state)
{
	struct troth_prediction p;
	struct troth_grub_error error;
	if (grub_run(state, "set local=l\nset shared=s\nexport shared\nconfigfile /own.cfg\n",
		     &p, &error) != TROTH_OK)
		fail_msg("%s", error.text);
	events_are(state, "configfile", &p, "grub-commands",
		   FIRST "set local=l\nset shared=s\nexport shared\nconfigfile /own.cfg\n"
			 "set seen=s\nmenuentry Own { linux /kernel; }\nsetparams Own\n"
			 "linux /kernel\n/kernel");
	troth_prediction_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_followed),
		cmocka_unit_test(files_that_are_opened),
		cmocka_unit_test(which_entry_boots),
		cmocka_unit_test(an_entry_of_a_submenu),
		cmocka_unit_test(a_configuration_of_its_own),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
