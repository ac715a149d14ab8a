/* SPDX-License-Identifier: Apache-2.0 */
/* A secret of the verifier's, for this TPM in this boot (docs/secrets.md). */
#ifndef TROTH_ATTESTER_SECRET_H
#define TROTH_ATTESTER_SECRET_H

#include "agent.h"

/* Attests, and writes the secret that comes with an affirming verdict: to standard output as it
 * is, or to the command's file, whole or not at all, 0600. Tries again as `once` does. Writes
 * no credentials. */
enum troth_ending troth_secret(struct troth_agent *a, const struct troth_command *command);

#endif
