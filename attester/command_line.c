/* SPDX-License-Identifier: Apache-2.0 */
#include "command_line.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "config.h"
#include "config_scalar.h"
#include "reader.h"

enum {
	OPT_HELP = 1,
	OPT_VERSION,
	OPT_CONFIG,
	OPT_FORMAT,
	OPT_NONCE,
	OPT_FORM,
	OPT_PROFILE,
	OPT_OUTPUT,
	OPT_RETRY_FOR,
	OPT_TIMEOUT,
	OPT_VERBOSE,
	OPT_SETTING
};

/* Options that are settings carry OPT_SETTING plus their place in SETTING_KEYS. */
static const struct option OPTIONS[] = {
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "nonce", required_argument, NULL, OPT_NONCE },
	{ "form", required_argument, NULL, OPT_FORM },
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "output", required_argument, NULL, OPT_OUTPUT },
	{ "retry-for", required_argument, NULL, OPT_RETRY_FOR },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ "verifier", required_argument, NULL, OPT_SETTING + 0 },
	{ "ca", required_argument, NULL, OPT_SETTING + 1 },
	{ "tcti", required_argument, NULL, OPT_SETTING + 2 },
	{ "state-dir", required_argument, NULL, OPT_SETTING + 3 },
	{ "run-dir", required_argument, NULL, OPT_SETTING + 4 },
	{ "log", required_argument, NULL, OPT_SETTING + 5 },
	{ "ak", required_argument, NULL, OPT_SETTING + 6 },
	{ "ek", required_argument, NULL, OPT_SETTING + 7 },
	{ "ima", required_argument, NULL, OPT_SETTING + 8 },
	{ "systemd-log", required_argument, NULL, OPT_SETTING + 9 },
	{ 0 },
};
static const char *const SETTING_KEYS[] = {
	"verifier", "ca",	    "tcti", "state_dir", "run_dir",
	"log",	    "ak_algorithm", "ek",   "ima",	 "systemd_log",
};

static const struct {
	const char *name;
	enum troth_verb verb;
} VERBS[] = {
	{ "provision", TROTH_VERB_PROVISION },
	{ "run", TROTH_VERB_RUN },
	{ "once", TROTH_VERB_ONCE },
	{ "result", TROTH_VERB_RESULT },
	{ "proof", TROTH_VERB_PROOF },
	{ "secret", TROTH_VERB_SECRET },
	{ "wait", TROTH_VERB_WAIT },
	{ "status", TROTH_VERB_STATUS },
	{ "check-config", TROTH_VERB_CHECK_CONFIG },
};

static const char *const FORMS[2] = { "jwt", "cwt" };
static const char *const PROFILES[2] = { "deployed", "draft" };

/* What stands behind an option that does not take everything. */
static const char *const WANTED[OPT_SETTING] = {
	[OPT_FORMAT] = "text, json or headers",
	[OPT_FORM] = "jwt or cwt",
	[OPT_PROFILE] = "deployed or draft",
	[OPT_RETRY_FOR] = "a time such as 30s or 2m, at most 1h",
	[OPT_TIMEOUT] = "a time such as 30s or 2m, from 1s to 1h",
};

/* The reason is all that is set of a command that is refused. */
__attribute__((format(printf, 2, 3))) static enum troth_status
refuse(char why[TROTH_COMMAND_WHY_MAX], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started on the line above */
	(void)vsnprintf(why, TROTH_COMMAND_WHY_MAX, format, args);
	va_end(args);
	return TROTH_E_CONFIG;
}

static enum troth_status add(struct troth_command *c, const char *key, const char *value)
{
	if (c->n_options == TROTH_OPTIONS_MAX)
		return TROTH_E_CONFIG;
	c->options[c->n_options++] = (struct troth_option){ key, value };
	return TROTH_OK;
}

/* A duration as the configuration file spells one: "30s", "2m". */
static enum troth_status take_duration(struct troth_command *c, size_t offset,
				       const char *value)
{
	const struct troth_config_field field = {
		.key = "time",
		.type = TROTH_CONFIG_DURATION,
		.offset = offset,
		.max = TROTH_PATIENCE_MAX_S,
	};
	char why[TROTH_CONFIG_WHY_MAX];

	return troth_config_scalar_set(&field, troth_view_str(value), true, c, why);
}

/* The place of the value among the names, from 1 on: as the device protocol numbers them. */
static enum troth_status take_choice(const char *value, const char *const names[2],
				     uint32_t *out)
{
	for (uint32_t i = 0; i < 2; i++) {
		if (strcmp(value, names[i]) != 0)
			continue;
		*out = i + 1;
		return TROTH_OK;
	}
	return TROTH_E_CONFIG;
}

static enum troth_status take_option(struct troth_command *c, int option, const char *value)
{
	switch (option) {
	case 'h':
	case OPT_HELP: c->verb = TROTH_VERB_HELP; return TROTH_OK;
	case OPT_VERSION: c->verb = TROTH_VERB_VERSION; return TROTH_OK;
	case OPT_CONFIG: c->config = value; return TROTH_OK;
	case OPT_NONCE: c->nonce = value; return TROTH_OK;
	case OPT_FORM: return take_choice(value, FORMS, &c->form);
	case OPT_PROFILE: return take_choice(value, PROFILES, &c->profile);
	case OPT_OUTPUT: c->output = value; return TROTH_OK;
	case OPT_RETRY_FOR:
		return take_duration(c, offsetof(struct troth_command, retry_for_s), value);
	case OPT_TIMEOUT:
		TROTH_TRY(take_duration(c, offsetof(struct troth_command, timeout_s), value));
		return c->timeout_s > 0 ? TROTH_OK : TROTH_E_CONFIG;
	case OPT_VERBOSE: return add(c, "log_level", "debug");
	case OPT_FORMAT:
		c->json = strcmp(value, "json") == 0;
		return c->json || strcmp(value, "text") == 0 || strcmp(value, "headers") == 0
			       ? TROTH_OK
			       : TROTH_E_CONFIG;
	default: break;
	}
	if (option < OPT_SETTING || option - OPT_SETTING >= (int)TROTH_COUNT(SETTING_KEYS))
		return TROTH_E_CONFIG;
	return add(c, SETTING_KEYS[option - OPT_SETTING], value);
}

static enum troth_verb find_verb(const char *name)
{
	for (size_t i = 0; i < TROTH_COUNT(VERBS); i++)
		if (strcmp(VERBS[i].name, name) == 0)
			return VERBS[i].verb;
	return TROTH_VERB_NONE;
}

/* One option as getopt_long has read it: '?' and ':' are what it could not. */
static enum troth_status read_option(struct troth_command *c, int option, int which,
				     char **argv, char why[TROTH_COMMAND_WHY_MAX])
{
	if (option == '?')
		return refuse(why, "unknown option %s", argv[optind - 1]);
	if (option == ':')
		return refuse(why, "%s wants a value", argv[optind - 1]);
	if (take_option(c, option, optarg) == TROTH_OK)
		return TROTH_OK;
	if (option < OPT_SETTING && WANTED[option] != NULL)
		return refuse(why, "--%s is %s, not '%s'", OPTIONS[which].name, WANTED[option],
			      optarg);
	return refuse(why,
		      "more than %d settings on the command line; put them into a file "
		      "for --config",
		      TROTH_OPTIONS_MAX);
}

static enum troth_status unknown_verb(const char *word, char why[TROTH_COMMAND_WHY_MAX])
{
	char names[TROTH_COMMAND_WHY_MAX / 2] = "";
	size_t n = 0;

	for (size_t i = 0; i < TROTH_COUNT(VERBS) && n < sizeof names; i++)
		n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i > 0 ? ", " : "",
				      VERBS[i].name);
	return word == NULL ? refuse(why, "a command is wanted: %s", names)
			    : refuse(why, "no command %s; there are %s", word, names);
}

/* The command, and of `proof` the call, of `secret` its name. */
static enum troth_status take_words(struct troth_command *c, char **words, int n,
				    char why[TROTH_COMMAND_WHY_MAX])
{
	if (n == 0 || (c->verb = find_verb(words[0])) == TROTH_VERB_NONE)
		return unknown_verb(n > 0 ? words[0] : NULL, why);
	if (c->verb == TROTH_VERB_PROOF) {
		if (n != 3)
			return refuse(why, "proof wants METHOD and URL of one call");
		c->method = words[1];
		c->url = words[2];
		return TROTH_OK;
	}
	if (c->verb == TROTH_VERB_SECRET) {
		if (n != 2)
			return refuse(why, "secret wants the NAME of one");
		c->secret = words[1];
		return TROTH_OK;
	}
	return n == 1 ? TROTH_OK
		      : refuse(why, "%s takes no further words, but there is '%s'", words[0],
			       words[1]);
}

/* What an option is of; others would pass over it. */
static enum troth_status check_wishes(const struct troth_command *c,
				      char why[TROTH_COMMAND_WHY_MAX])
{
	const bool form = c->form != 0 || c->profile != 0;

	if (c->verb == TROTH_VERB_RESULT && c->nonce == NULL && !form)
		return refuse(why, "result wants --nonce, --form or --profile");
	if (c->verb != TROTH_VERB_RESULT && form)
		return refuse(why, "--form and --profile are of result");
	if (c->verb != TROTH_VERB_RESULT && c->verb != TROTH_VERB_PROOF && c->nonce != NULL)
		return refuse(why, "--nonce is of result and proof");
	if (c->verb != TROTH_VERB_SECRET && c->output != NULL)
		return refuse(why, "--output is of secret");
	return TROTH_OK;
}

enum troth_status troth_command_parse(int argc, char **argv, struct troth_command *out,
				      char why[TROTH_COMMAND_WHY_MAX])
{
	struct troth_command c = { 0 };
	int option, which = 0;

	optind = 0; /* start anew, whoever called getopt before */
	while ((option = getopt_long(argc, argv, ":h", OPTIONS, &which)) != -1)
		TROTH_TRY(read_option(&c, option, which, argv, why));
	if (c.verb == TROTH_VERB_NONE)
		TROTH_TRY(take_words(&c, argv + optind, argc - optind, why));
	TROTH_TRY(check_wishes(&c, why));
	*out = c;
	return TROTH_OK;
}

void troth_usage(FILE *to)
{
	(void)fputs(
		"usage: troth-attester provision | run | once | result | wait | status | "
		"check-config [options]\n"
		"       troth-attester proof METHOD URL [options]\n"
		"       troth-attester secret NAME [options]\n"
		"\n"
		"  provision   make and keep the TPM's keys, and show what this device would "
		"enrol with\n"
		"  run         enrol, attest, and keep the credentials fresh until told to "
		"stop\n"
		"  once        enrol if needed, attest once, write the credentials\n"
		"  result      attest for a relying party, and print the result\n"
		"  proof       headers that prove one call, from the attester that runs\n"
		"  secret      attest, and print a secret that only this TPM in this boot can "
		"open\n"
		"  wait        until there are credentials\n"
		"  status      what this device is and holds\n"
		"  check-config   read the configuration, print it or say what is wrong with "
		"it\n"
		"\n"
		"  --config FILE     settings (default /etc/troth/attester.yaml)\n"
		"  --verifier URL    https://host[:port]\n"
		"  --ca FILE         PEM anchors of the verifier's TLS certificate\n"
		"  --tcti CONF       how to reach the TPM (default device:/dev/tpmrm0)\n"
		"  --state-dir DIR   default /var/lib/troth-attester\n"
		"  --run-dir DIR     where key.pem, cert.pem and bundle.pem go (default "
		"/run/troth-attester)\n"
		"  --log FILE        UEFI event log (default "
		"/sys/kernel/security/tpm0/binary_bios_measurements)\n"
		"  --ima FILE        binary IMA list (default that of securityfs)\n"
		"  --systemd-log FILE   systemd's log of its own measurements (default\n"
		"                    /run/log/systemd/tpm2-measure.log)\n"
		"  --ak ecc|rsa      attestation key\n"
		"  --ek auto|rsa2048|p256|p384|rsa3072\n"
		"  --format text|json   of status, provision and proof (headers is text)\n"
		"  --nonce NONCE     of result: 8 to 48 bytes as base64url; of proof: the "
		"server's DPoP-Nonce\n"
		"  --form jwt|cwt, --profile deployed|draft\n"
		"                    of result: which one (default as the policy has it)\n"
		"  --output FILE     of secret: write it there (0600), not to standard output\n"
		"  --retry-for TIME  of once and secret: try again for so long (such as 30s) "
		"while "
		"verifier "
		"or TPM\n"
		"                    cannot be reached (default 0s)\n"
		"  --timeout TIME    of wait: give up after so long (such as 60s; default: "
		"never)\n"
		"  --verbose, --version, --help\n"
		"\n"
		"Exit codes: 0 credentials written, 1 refused, 2 verifier unreachable or wrong "
		"configuration,\n"
		"3 waiting for approval, 4 TPM.\n",
		to);
}
