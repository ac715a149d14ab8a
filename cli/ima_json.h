/* SPDX-License-Identifier: Apache-2.0 */
/* IMA lists as JSON and as lines (trothctl(1) describes both). */
#ifndef TROTH_CLI_IMA_JSON_H
#define TROTH_CLI_IMA_JSON_H

#include "cli.h"
#include "ima_replay.h"

/* The result of a replay. bank NONE shows all; prefix may be NULL, else it is of pcr10_bank.
 * NULL without memory. */
json_t *troth_cli_ima_replay_json(const struct troth_ima_replay *r, enum troth_hash bank,
				  const struct troth_ima_prefix *prefix,
				  enum troth_hash pcr10_bank);

json_t *troth_cli_ima_entry_json(const struct troth_ima_record *r,
				 const struct troth_ima_entry *e);

/* Prints index, PCR, template, digest, path, and what else there is, with tabs between. */
void troth_cli_ima_put_line(const struct troth_ima_record *r, const struct troth_ima_entry *e);

#endif
