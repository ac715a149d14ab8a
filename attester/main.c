/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base.h"
#include "log.h"
#include "proof_command.h"
#include "provision.h"
#include "reader.h"
#include "report.h"
#include "result.h"
#include "run.h"
#include "secret.h"
#include "stop.h"
#include "text.h"
#include "version.h"

TROTH_DEFINE_AUTO(struct troth_ctx, troth_ctx_free)

static enum troth_ending complain(const char *text)
{
	(void)fprintf(stderr, "troth-attester: %s\n", text);
	return TROTH_ENDED_UNREACHED;
}

static enum troth_ending provision(const struct troth_settings *settings, struct troth_ctx *ctx,
				   bool json)
{
	struct troth_outcome outcome;

	troth_provision(settings, ctx, json, &outcome);
	if (outcome.ending != TROTH_ENDED_WELL)
		(void)complain(outcome.text);
	return outcome.ending;
}

static enum troth_ending prove(const struct troth_command *command,
			       const struct troth_settings *settings)
{
	const struct troth_proof_wish wish = { .method = command->method,
					       .url = command->url,
					       .nonce = command->nonce,
					       .json = command->json };
	return troth_proof_print(settings->run_dir, &wish);
}

/* Printed whatever is missing: a script may want the rest. */
static enum troth_ending check_config(const struct troth_settings *settings)
{
	const char *missing = troth_settings_missing(settings);

	troth_settings_print(settings, stdout);
	return missing == NULL ? TROTH_ENDED_WELL : complain(missing);
}

static enum troth_ending with_settings(const struct troth_command *command,
				       struct troth_settings *settings)
{
	TROTH_AUTO(troth_ctx_free_p) struct troth_ctx *ctx = NULL;
	static struct troth_agent agent; /* the whole process is about this one */

	if (command->verb == TROTH_VERB_STATUS)
		return troth_report_print(settings, command->json);
	if (command->verb == TROTH_VERB_PROOF)
		return prove(command, settings);
	if (command->verb == TROTH_VERB_CHECK_CONFIG)
		return check_config(settings);
	if (troth_ctx_new(&ctx) != TROTH_OK || troth_stop_install() != TROTH_OK)
		return complain("cannot start: no cryptography or no signals");
	if (command->verb == TROTH_VERB_WAIT)
		return troth_wait(settings, command->timeout_s);
	if (command->verb == TROTH_VERB_PROVISION)
		return provision(settings, ctx, command->json);

	agent.settings = settings;
	agent.ctx = ctx;
	troth_state_load(settings, &agent.state);
	if (troth_anchors_load(settings, ctx, &agent.anchors) != TROTH_OK)
		return complain(
			"the kept update of the anchors (anchors.jws in state_dir) is not "
			"good by update_key and trust_domain: put back what was signed; or "
			"remove it, and the anchors in the file of `ca` count again");
	if (command->verb == TROTH_VERB_ONCE)
		return troth_once(&agent, command->retry_for_s);
	if (command->verb == TROTH_VERB_RESULT)
		return troth_result(&agent, command);
	if (command->verb == TROTH_VERB_SECRET)
		return troth_secret(&agent, command);
	/* Of no use to `once`: it would end with it. */
	if (settings->session_key && troth_session_new(&agent.session) != TROTH_OK)
		return complain("cannot start: no session key can be made");
	const enum troth_ending ending = troth_run(&agent, command, settings);
	troth_session_free(agent.session);
	return ending;
}

int main(int argc, char **argv)
{
	struct troth_command command = { 0 };
	struct troth_complaint complaint;
	char why[TROTH_COMMAND_WHY_MAX] = "", shown[4 * TROTH_COMMAND_WHY_MAX];
	static struct troth_settings settings;

	if (troth_command_parse(argc, argv, &command, why) != TROTH_OK) {
		troth_escape(troth_view_str(why), 0, shown, sizeof shown);
		(void)fprintf(stderr, "troth-attester: %s (see troth-attester --help)\n",
			      shown);
		return TROTH_ENDED_UNREACHED;
	}
	if (command.verb == TROTH_VERB_HELP) {
		troth_usage(stdout);
		return 0;
	}
	if (command.verb == TROTH_VERB_VERSION) {
		puts("troth-attester " TROTH_VERSION);
		return 0;
	}
	/* tss2 logs on its own account, in many lines; the reason for a
	 * failure comes from us. */
	setenv("TSS2_LOG", "all+none", 0);
	if (troth_settings_load(&command, &settings, &complaint) != TROTH_OK)
		return (int)complain(complaint.text);
	troth_log_start("troth-attester", (enum troth_log_level)settings.log_level);
	return (int)with_settings(&command, &settings);
}
