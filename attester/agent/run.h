/* SPDX-License-Identifier: Apache-2.0 */
/* The run, once and wait commands. */
#ifndef TROTH_ATTESTER_RUN_H
#define TROTH_ATTESTER_RUN_H

#include "agent.h"
#include "command_line.h"

/* One attempt, logged and reported; more of them for retry_for_s seconds while it is the
 * verifier or the TPM that cannot be reached. A refusal is an answer, and so is "pending". */
enum troth_ending troth_once(struct troth_agent *a, uint32_t retry_for_s);
/* The same without the report: for what leaves the credentials alone. */
enum troth_ending troth_try(struct troth_agent *a, uint32_t retry_for_s);
/* Until run_dir holds credentials that have not expired, whoever writes them: WELL. UNREACHED
 * when told to stop before, or after timeout_s seconds (0: never). */
enum troth_ending troth_wait(const struct troth_settings *settings, uint32_t timeout_s);
/* Until SIGTERM or SIGINT: WELL. settings are read again at SIGHUP and must be the agent's. */
enum troth_ending troth_run(struct troth_agent *a, const struct troth_command *command,
			    struct troth_settings *settings);

#endif
