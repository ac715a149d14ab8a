/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: one command, and options that stand over the configuration file. */
#ifndef TROTH_ATTESTER_COMMAND_LINE_H
#define TROTH_ATTESTER_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <troth/status.h>

enum troth_verb {
	TROTH_VERB_NONE,
	TROTH_VERB_PROVISION,
	TROTH_VERB_RUN,
	TROTH_VERB_ONCE,
	TROTH_VERB_RESULT,
	TROTH_VERB_PROOF,
	TROTH_VERB_SECRET,
	TROTH_VERB_WAIT,
	TROTH_VERB_STATUS,
	TROTH_VERB_CHECK_CONFIG,
	TROTH_VERB_HELP,
	TROTH_VERB_VERSION
};

/* A setting given on the command line, by its key in the file. */
struct troth_option {
	const char *key, *value;
};
#define TROTH_OPTIONS_MAX 16
/* The longest time `once` may be told to try again, and `wait` to wait, seconds. */
#define TROTH_PATIENCE_MAX_S 3600

/* Strings borrow from argv. */
struct troth_command {
	enum troth_verb verb;
	bool json;		  /* status, proof: --format json */
	const char *nonce;	  /* result, proof: the other side's; or NULL */
	uint32_t form, profile;	  /* result: which; 0: as the policy has it */
	const char *method, *url; /* proof: the call */
	const char *secret;	  /* secret: its name */
	const char *output;	  /* secret: the file; NULL: standard output */
	const char *config;	  /* NULL: the default file, which may be missing */
	uint32_t retry_for_s;	  /* once, secret: how long failures that may pass are met with
				   * another try
				   */
	uint32_t timeout_s;	  /* wait: gives up after so long; 0: never */
	size_t n_options;
	struct troth_option options[TROTH_OPTIONS_MAX];
};

/* A reason for people, bytes. */
#define TROTH_COMMAND_WHY_MAX 256

/* TROTH_E_CONFIG for what is no command line, and then why says what of it is wrong, as it was
 * written: escaped by whoever shows it. */
TROTH_NODISCARD enum troth_status troth_command_parse(int argc, char **argv,
						      struct troth_command *out,
						      char why[TROTH_COMMAND_WHY_MAX]);
void troth_usage(FILE *to);

#endif
