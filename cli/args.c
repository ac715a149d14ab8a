/* SPDX-License-Identifier: Apache-2.0 */
#include "args.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nearest.h"
#include "output.h"

void troth_cli_usage(const struct troth_cli_command *command, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	troth_cli_error("%s (usage: trothctl %s%s%s %s)", text, command->group,
			command->verb[0] != '\0' ? " " : "", command->verb, command->usage);
}

static const struct troth_cli_option *find(const struct troth_cli_option *options,
					   const char *arg, size_t len)
{
	for (; options->name != NULL; options++)
		if (strlen(options->name) == len && strncmp(options->name, arg, len) == 0)
			return options;
	return NULL;
}

static const struct troth_cli_list_option NO_LISTS[] = { { NULL, NULL } };

/* Takes one value of a list; false as well when it is none of them, and *found says which. */
static bool take_listed(const struct troth_cli_command *command,
			const struct troth_cli_list_option *lists, char ***argv, bool *found)
{
	const char *arg = **argv, *equals = strchr(arg, '=');
	const size_t len = equals != NULL ? (size_t)(equals - arg) : strlen(arg);
	while (lists->list != NULL &&
	       (strlen(lists->name) != len || strncmp(lists->name, arg, len) != 0))
		lists++;
	*found = lists->list != NULL;
	if (!*found)
		return false;
	const char *value = equals != NULL ? equals + 1 : *++*argv;
	if (value == NULL) {
		troth_cli_usage(command, "%s wants a value", lists->name);
		return false;
	}
	if (lists->list->n == TROTH_CLI_LIST_MAX) {
		troth_cli_usage(command, "%s more than %d times", lists->name,
				TROTH_CLI_LIST_MAX);
		return false;
	}
	lists->list->values[lists->list->n++] = value;
	return true;
}

static void unknown_option(const struct troth_cli_command *command,
			   const struct troth_cli_option *options,
			   const struct troth_cli_list_option *lists, const char *arg)
{
	const struct troth_view word = { (const uint8_t *)arg, strcspn(arg, "=") };
	struct troth_nearest meant = { 0 };
	for (; options->name != NULL; options++)
		troth_nearest_try(&meant, word, options->name);
	for (; lists->list != NULL; lists++)
		troth_nearest_try(&meant, word, lists->name);
	if (meant.name != NULL)
		troth_cli_usage(command, "unknown option %s, did you mean %s?", arg,
				meant.name);
	else
		troth_cli_usage(command, "unknown option %s", arg);
}

/* Takes one option, and the next argument where that is its value. */
static bool take_option(const struct troth_cli_command *command,
			const struct troth_cli_option *options,
			const struct troth_cli_list_option *lists, char ***argv)
{
	const char *arg = **argv;
	const char *equals = strchr(arg, '=');
	size_t len = equals != NULL ? (size_t)(equals - arg) : strlen(arg);
	const struct troth_cli_option *o = find(options, arg, len);
	if (o == NULL) {
		unknown_option(command, options, lists, arg);
		return false;
	}
	if (o->flag != NULL ? *o->flag : *o->text != NULL) {
		troth_cli_usage(command, "%s is given twice", o->name);
		return false;
	}
	if (o->flag != NULL) {
		*o->flag = true;
		if (equals != NULL)
			troth_cli_usage(command, "%s takes no value", o->name);
		return equals == NULL;
	}
	*o->text = equals != NULL ? equals + 1 : *++*argv;
	if (*o->text == NULL)
		troth_cli_usage(command, "%s wants a value", o->name);
	return *o->text != NULL;
}

bool troth_cli_args(const struct troth_cli_command *command, char **argv,
		    const struct troth_cli_option *options, struct troth_cli_words *out)
{
	return troth_cli_args_with_lists(command, argv, options, NO_LISTS, out);
}

bool troth_cli_args_with_lists(const struct troth_cli_command *command, char **argv,
			       const struct troth_cli_option *options,
			       const struct troth_cli_list_option *lists,
			       struct troth_cli_words *out)
{
	struct troth_cli_words words = { 0 };
	bool options_end = false;
	for (; *argv != NULL; argv++) {
		if (!options_end && strcmp(*argv, "--") == 0) {
			options_end = true;
		} else if (!options_end && (*argv)[0] == '-' && (*argv)[1] != '\0') {
			bool listed;
			if (!take_listed(command, lists, &argv, &listed) &&
			    (listed || !take_option(command, options, lists, &argv)))
				return false;
		} else if (words.n < command->words_max) {
			words.list[words.n++] = *argv;
		} else {
			troth_cli_usage(command, "too many arguments");
			return false;
		}
	}
	if (words.n < command->words_min) {
		troth_cli_usage(command, "too few arguments");
		return false;
	}
	*out = words;
	return true;
}

bool troth_cli_format(const struct troth_cli_command *command, const char *text, bool tsv_too,
		      enum troth_cli_format *out)
{
	if (text == NULL || strcmp(text, "text") == 0)
		*out = TROTH_CLI_TEXT;
	else if (strcmp(text, "json") == 0)
		*out = TROTH_CLI_JSON;
	else if (tsv_too && strcmp(text, "tsv") == 0)
		*out = TROTH_CLI_TSV;
	else {
		troth_cli_usage(command, tsv_too ? "--format is text, tsv or json"
						 : "--format is text or json");
		return false;
	}
	return true;
}
