/* SPDX-License-Identifier: Apache-2.0 */
/* GRUB's configuration: which commands, files and images a script leads to, and what is
 * refused. How GRUB 2.06 spells what it measures is seen in the logs of
 * tests/fixtures/bootvm/shim-sb-on and in those of real machines
 * (tests/unit/test_data_eventlogs.c reads them). */
#include "check.h"

#include <stdio.h>

#include "grub.h"
#include "grub_builder.h"
#include "text.h"

/* ---- a machine ---- */

struct file {
	const char *device, *path, *data; /* data NULL: a directory */
};

#define GRUB_CFG "/EFI/debian/grub.cfg"

struct machine {
	const char *config; /* $prefix/grub.cfg */
	const struct file *files;
	size_t n_files;
	struct troth_view kernel;
};

static const struct file FILES[] = {
	{ "hd0,gpt1", "/EFI/debian", NULL },
	{ "hd0,gpt1", "/text", "some text" },
	{ "hd0,gpt1", "/empty", "" },
	{ "hd0,gpt1", "/initrd", "initial RAM disk" },
	{ "hd0,gpt1", "/more.cfg", "set more=$1yes\n" },
	{ "hd0,gpt1", "/own.cfg",
	  "set seen=$local$shared\nmenuentry 'Own' { linux /kernel; }\n" },
	{ "hd0,gpt1", "/itself.cfg", "source /itself.cfg\n" },
	{ "hd0,gpt1", "/binary.cfg", NULL },
	{ "hd0,gpt1", "/both", "on one" },
	{ "hd0,gpt2", "/both", "and on the other" },
	{ "hd0,gpt2", "/boot/grub", NULL },
	{ "hd0,gpt2", "/boot/grub/x86_64-efi/fs.lst", "a list" },
	{ "hd0,gpt2", "/boot/grub/x86_64-efi/command.lst", "another" },
	{ "hd0,gpt2", "/boot/grub/locale/de.mo", "Meldungen" },
	{ "hd0,gpt2", "/boot/grub/grubenv",
	  "# GRUB Environment Block\nsaved_entry=two\\\nlines\nnext=1\n#######" },
	{ "hd0,gpt2", "/vmlinuz", "K" },
};

static enum troth_status find_file(void *arg, const char *device, const char *path,
				   enum troth_grub_use use, struct troth_grub_file *out)
{
	const struct machine *m = arg;
	(void)use;
	out->directory = false;
	if (strcmp(device, "hd0,gpt1") == 0 && strcmp(path, GRUB_CFG) == 0) {
		out->data = troth_view_str(m->config);
		return TROTH_OK;
	}
	if (strcmp(path, "/kernel") == 0) {
		out->data = m->kernel;
		return TROTH_OK;
	}
	for (size_t i = 0; i < m->n_files; i++) {
		if (strcmp(m->files[i].device, device) != 0 ||
		    strcmp(m->files[i].path, path) != 0)
			continue;
		out->directory = m->files[i].data == NULL;
		if (!out->directory)
			out->data = troth_view_str(m->files[i].data);
		return TROTH_OK;
	}
	return TROTH_E_NOT_FOUND;
}

static const char *find_disk(void *arg, bool label, const char *text)
{
	(void)arg;
	return strcmp(text, label ? "ROOT" : "11-22") == 0 ? "hd0,gpt2" : NULL;
}

static const char *nth_disk(void *arg, size_t i)
{
	(void)arg;
	return i == 0 ? "hd0,gpt1" : i == 1 ? "hd0,gpt2" : NULL;
}

/* Whether the second disk has more than what is listed above, nobody knows. */
static bool in_part;

static bool whole(void *arg, const char *device)
{
	(void)arg;
	return !in_part || strcmp(device, "hd0,gpt2") != 0;
}

static uint8_t kernel[4096], grub[GRUB_IMAGE_ROOM];

/* Runs a configuration from GRUB's start on; p is the caller's to release. */
static enum troth_status run(void **state, const char *config, struct troth_prediction *p,
			     struct troth_grub_error *error)
{
	static const struct pe_part PARTS[] = { { ".text", "kernel", 6 } };
	struct machine m = { config, FILES, sizeof FILES / sizeof *FILES, { kernel, 0 } };
	const struct troth_grub_host host = { &m, find_file, find_disk, nth_disk, whole };
	struct troth_grub_image image;
	struct troth_grub_case c = { &host, &image, "hd0,gpt1", "/EFI/debian", 2 };
	memset(kernel, 0, sizeof kernel);
	m.kernel.n = pe_build(kernel, PARTS, 1);
	const size_t n = grub_image(grub, "source $prefix/grub.cfg\n",
				    "normal (memdisk)/grub.cfg\n", "/EFI/debian");
	assert_int_equal(troth_grub_image_parse((struct troth_view){ grub, n }, &image),
			 TROTH_OK);
	*p = (struct troth_prediction){ .banks = { TROTH_HASH_SHA256 }, .n_banks = 1 };
	assert_int_equal(troth_prediction_start(*state, "set", "v1", p), TROTH_OK);
	return troth_predict_grub(p, &c, error);
}

/* Requires exactly these texts, one a line, to be the events of a component. */
static void events_are(void **state, const char *name, const struct troth_prediction *p,
		       const char *component, const char *lines)
{
	const struct troth_alternative none = { 0 }, *a = &none;
	size_t i = 0;
	for (size_t k = 0; k < p->set.n_components; k++)
		if (strcmp(p->set.components[k].name, component) == 0)
			a = p->set.components[k].alternatives;
	while (*lines != '\0') {
		const size_t n = strcspn(lines, "\n");
		struct troth_digest d;
		assert_int_equal(
			troth_hash_one(*state, TROTH_HASH_SHA256,
				       (struct troth_view){ (const uint8_t *)lines, n }, &d),
			TROTH_OK);
		if (i >= a->n_events || !troth_digest_equal(&d, &a->events[i].digests[0]))
			fail_msg("%s: %s event %zu is not \"%.*s\"", name, component, i, (int)n,
				 lines);
		lines += n + (lines[n] == '\n');
		i++;
	}
	if (i != a->n_events)
		fail_msg("%s: %zu events of %s, not %zu", name, a->n_events, component, i);
}

/* ---- what is followed ---- */

#define END "linux /kernel\nboot\n"
#define MEASURED_END "linux /kernel\n/kernel\nboot"
#define FIRST "source (hd0,gpt1)/EFI/debian/grub.cfg\n"

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
		if (run(state, script, &p, &error) != TROTH_OK)
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
		troth_view_str(FILES[14].data),
		troth_view_str("initial RAM disk"),
		{ kernel, 0 },
	};
	struct troth_prediction p;
	struct troth_grub_error error;
	assert_int_equal(run(state, SCRIPT, &p, &error), TROTH_OK);
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
		if (run(state, script, &p, &error) != TROTH_OK)
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
	assert_int_equal(run(state, SCRIPT, &p, &error), TROTH_E_CONFIG);
	troth_prediction_release(&p);

	char script[1024];
	(void)snprintf(script, sizeof script,
		       "menuentry_id_option=--id\nexport menuentry_id_option\n%s", SCRIPT);
	if (run(state, script, &p, &error) != TROTH_OK)
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
	if (run(state, "set local=l\nset shared=s\nexport shared\nconfigfile /own.cfg\n", &p,
		&error) != TROTH_OK)
		fail_msg("%s", error.text);
	events_are(state, "configfile", &p, "grub-commands",
		   FIRST "set local=l\nset shared=s\nexport shared\nconfigfile /own.cfg\n"
			 "set seen=s\nmenuentry Own { linux /kernel; }\nsetparams Own\n"
			 "linux /kernel\n/kernel");
	troth_prediction_release(&p);
}

/* ---- what is refused ---- */

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
		enum troth_status got = run(state, REFUSED[i].script, &p, &error);
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
			enum troth_status got = run(state, script, &p, &error);
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
		enum troth_status got = run(state, script, &p, &error);
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
		assert_int_equal(run(state, script, &p, &error),
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
		assert_int_equal(run(state, script, &p, &error),
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

	in_part = true;
	assert_int_equal(run(state, NOWHERE, &p, &error), TROTH_E_CONFIG);
	assert_non_null(strstr(error.text, "no file /none among what was given"));
	troth_prediction_release(&p);
	assert_int_equal(run(state, "search -f -s /vmlinuz\n" END, &p, &error), TROTH_OK);
	troth_prediction_release(&p);
	in_part = false;
	assert_int_equal(run(state, NOWHERE, &p, &error), TROTH_OK);
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
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(limits),
		cmocka_unit_test(levels_at_the_limit),
		cmocka_unit_test(texts_at_the_limit),
		cmocka_unit_test(words_at_the_limit),
		cmocka_unit_test(a_search_where_files_are_missing),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
