/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of the group "reference" that have files of their own. */
#ifndef TROTH_CLI_CMD_REFERENCE_H
#define TROTH_CLI_CMD_REFERENCE_H

#include "cli.h"

/* reference ima build|import */
enum troth_cli_exit troth_cli_reference_ima(const struct troth_cli_command *self, int argc,
					    char **argv);

#endif
