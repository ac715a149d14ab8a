/* SPDX-License-Identifier: Apache-2.0 */
/* `troth-attester proof METHOD URL`: asks the attester that runs, and prints headers. */
#ifndef TROTH_ATTESTER_PROOF_COMMAND_H
#define TROTH_ATTESTER_PROOF_COMMAND_H

#include <stdbool.h>

#include "outcome.h"

struct troth_proof_wish {
	const char *method, *url;
	const char *nonce; /* NULL: none */
	bool json;
};

/* Prints "Authorization: DPoP ..." and "DPoP: ..." on a line each, or the answer as it came.
 * Complains on standard error. */
enum troth_ending troth_proof_print(const char *run_dir, const struct troth_proof_wish *wish);

#endif
