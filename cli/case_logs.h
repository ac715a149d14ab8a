/* SPDX-License-Identifier: Apache-2.0 */
/* The logs of a case as the verifier had them: parsed, and joined. */
#ifndef TROTH_CLI_CASE_LOGS_H
#define TROTH_CLI_CASE_LOGS_H

#include "case.h"

/* A log that cannot be read is a finding, not an error. */
TROTH_NODISCARD enum troth_status troth_cli_case_read_logs(struct troth_cli_case *c);
/* What of them is appraised. */
void troth_cli_case_give_logs(const struct troth_cli_case *c, struct troth_case *out);
void troth_cli_case_drop_logs(struct troth_cli_case *c);

#endif
