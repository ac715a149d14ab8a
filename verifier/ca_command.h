/* SPDX-License-Identifier: Apache-2.0 */
/* What `troth-verifier rotate` and `troth-verifier ca` do: the steps in which issuing CAs
 * change. Each says on standard output what was done, on standard error why not, and returns
 * the exit code. */
#ifndef TROTH_CA_COMMAND_H
#define TROTH_CA_COMMAND_H

#include "settings.h"

int troth_command_rotate(const struct troth_settings *settings, bool at_once);
/* The request goes to standard output. */
int troth_command_ca_request(const struct troth_settings *settings);
int troth_command_ca_install(const struct troth_settings *settings, const char *chain_file);

#endif
