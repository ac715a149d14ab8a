/* SPDX-License-Identifier: Apache-2.0 */
/* A fresh attestation result for a relying party. */
#ifndef TROTH_ATTESTER_RESULT_H
#define TROTH_ATTESTER_RESULT_H

#include "agent.h"

/* One attestation that binds the party's nonce, if the command has one (base64url, 8 to 48
 * bytes), and its result on standard output, in the form and profile of the command: a JWT as
 * it is, a CWT as base64url. The verdict in it may be any. Writes no credentials: those of a
 * running attester stay as they are. */
enum troth_ending troth_result(struct troth_agent *a, const struct troth_command *command);

#endif
