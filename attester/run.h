/* SPDX-License-Identifier: Apache-2.0 */
/* The run and once commands. */
#ifndef TROTH_ATTESTER_RUN_H
#define TROTH_ATTESTER_RUN_H

#include "agent.h"
#include "command_line.h"

/* One attempt, logged and reported. */
enum troth_ending troth_once(struct troth_agent *a);
/* Until SIGTERM or SIGINT: WELL. settings are read again at SIGHUP and must be the agent's. */
enum troth_ending troth_run(struct troth_agent *a, const struct troth_command *command,
			    struct troth_settings *settings);

#endif
