/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "nearest.h"
#include "output.h"
#include "reader.h"
#include "version.h"

static const struct troth_cli_command *const GROUPS[] = {
	TROTH_CLI_DEVICE,  TROTH_CLI_POLICY, TROTH_CLI_REFERENCE, TROTH_CLI_VERDICT,
	TROTH_CLI_EXPLAIN, TROTH_CLI_REPLAY, TROTH_CLI_AUDIT,	  TROTH_CLI_EVENTS,
	TROTH_CLI_WEBHOOK, TROTH_CLI_STATUS, TROTH_CLI_EVENTLOG,  TROTH_CLI_IMA,
	TROTH_CLI_IMAGE,   TROTH_CLI_QUOTE,  TROTH_CLI_EK,	  TROTH_CLI_BUNDLE,
	TROTH_CLI_SECRET,
};

/* Between the words of a command that has two. */
static const char *space(const struct troth_cli_command *c)
{
	return c->verb[0] != '\0' ? " " : "";
}

static void put_group(FILE *to, const struct troth_cli_command *group)
{
	for (; group->group != NULL; group++) {
		char name[64];
		snprintf(name, sizeof name, "%s%s%s", group->group, space(group), group->verb);
		fprintf(to, "  %-20s %s\n", name, group->summary);
	}
}

static void put_overview(FILE *to)
{
	fputs("usage: trothctl [GROUP] COMMAND [ARGUMENTS]\n"
	      "       trothctl [GROUP] COMMAND --help\n"
	      "       trothctl --version\n\n",
	      to);
	for (size_t i = 0; i < TROTH_COUNT(GROUPS); i++)
		put_group(to, GROUPS[i]);
	fputs("\n--socket and --format may stand before the command as well.\n"
	      "Exit codes: 0 yes or done, 1 read but not sound, or refused, 2 could not "
	      "tell.\n",
	      to);
}

static const struct troth_cli_command *find_group(const char *name)
{
	for (size_t i = 0; i < TROTH_COUNT(GROUPS); i++)
		if (strcmp(GROUPS[i]->group, name) == 0)
			return GROUPS[i];
	return NULL;
}

static const struct troth_cli_command *find_command(const struct troth_cli_command *group,
						    const char *verb)
{
	for (; group->group != NULL; group++)
		if (strcmp(group->verb, verb) == 0)
			return group;
	return NULL;
}

static const char *nearest_group(const char *name)
{
	struct troth_nearest meant = { 0 };
	for (size_t i = 0; i < TROTH_COUNT(GROUPS); i++)
		troth_nearest_try(&meant, troth_view_str(name), GROUPS[i]->group);
	return meant.name;
}

static const char *nearest_command(const struct troth_cli_command *group, const char *verb)
{
	struct troth_nearest meant = { 0 };
	for (; group->group != NULL; group++)
		troth_nearest_try(&meant, troth_view_str(verb), group->verb);
	return meant.name;
}

/* group, meant: NULL for none. */
static void no_command(const char *group, const char *meant, const char *name)
{
	troth_cli_error("%s%sno command %s%s%s%s (see trothctl %s%s--help)",
			group != NULL ? group : "", group != NULL ? " has " : "", name,
			meant != NULL ? ", did you mean " : "", meant != NULL ? meant : "",
			meant != NULL ? "?" : "", group != NULL ? group : "",
			group != NULL ? " " : "");
}

/* What may stand before the command as well. Each takes a value. */
static bool is_leading_option(const char *arg)
{
	static const char *const NAMES[] = { "--socket", "--format" };
	size_t len = strcspn(arg, "=");
	for (size_t i = 0; i < TROTH_COUNT(NAMES); i++)
		if (strlen(NAMES[i]) == len && strncmp(NAMES[i], arg, len) == 0)
			return true;
	return false;
}

/* Moves the first word that is neither such an option nor its value to the front. A command
 * reads its options anywhere behind its own name, so that they only have to come later. */
static void word_first(char **argv)
{
	size_t n = 0;
	while (argv[n] != NULL && is_leading_option(argv[n]))
		n += strchr(argv[n], '=') != NULL || argv[n + 1] == NULL ? 1 : 2;
	char *word = argv[n];
	if (word == NULL)
		return;
	memmove(argv + 1, argv, n * sizeof *argv);
	argv[0] = word;
}

static bool is_help(const char *arg)
{
	return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0;
}

static bool wants_help(char **argv)
{
	for (; *argv != NULL && strcmp(*argv, "--") != 0; argv++)
		if (is_help(*argv))
			return true;
	return false;
}

static enum troth_cli_exit put_help(const struct troth_cli_command *c)
{
	printf("usage: trothctl %s%s%s %s\n\n%s.\n\n%s", c->group, space(c), c->verb, c->usage,
	       c->summary, c->help);
	return TROTH_CLI_YES;
}

static enum troth_cli_exit run_group(const struct troth_cli_command *group, int argc,
				     char **argv)
{
	if (group->verb[0] == '\0') /* a command of one word */
		return wants_help(argv) ? put_help(group) : group->run(group, argc, argv);
	word_first(argv);
	if (argc < 1 || is_help(argv[0])) {
		FILE *to = argc < 1 ? stderr : stdout;
		fprintf(to, "usage: trothctl %s COMMAND [ARGUMENTS]\n\n", group->group);
		put_group(to, group);
		return argc < 1 ? TROTH_CLI_UNSURE : TROTH_CLI_YES;
	}
	const struct troth_cli_command *c = find_command(group, argv[0]);
	if (c == NULL) {
		no_command(group->group, nearest_command(group, argv[0]), argv[0]);
		return TROTH_CLI_UNSURE;
	}
	return wants_help(argv + 1) ? put_help(c) : c->run(c, argc - 1, argv + 1);
}

static enum troth_cli_exit run(int argc, char **argv)
{
	if (argc < 2) {
		put_overview(stderr);
		return TROTH_CLI_UNSURE;
	}
	word_first(argv + 1);
	if (is_help(argv[1]) || strcmp(argv[1], "help") == 0) {
		put_overview(stdout);
		return TROTH_CLI_YES;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("trothctl " TROTH_VERSION);
		return TROTH_CLI_YES;
	}
	const struct troth_cli_command *group = find_group(argv[1]);
	if (group == NULL) {
		no_command(NULL, nearest_group(argv[1]), argv[1]);
		return TROTH_CLI_UNSURE;
	}
	return run_group(group, argc - 2, argv + 2);
}

int main(int argc, char **argv)
{
	enum troth_cli_exit code = run(argc, argv);
	/* A result that did not arrive is none. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		troth_cli_error("cannot write to standard output");
		return TROTH_CLI_UNSURE;
	}
	return (int)code;
}
