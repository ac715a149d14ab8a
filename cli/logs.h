/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands on event logs share: the log with what belongs to it, and its renderers. */
#ifndef TROTH_CLI_LOGS_H
#define TROTH_CLI_LOGS_H

#include "facts.h"
#include "input.h"
#include "merged_log.h"

/* A firmware log and, where named, systemd's and IMA's. */
struct troth_cli_logs {
	struct troth_ctx *ctx;
	enum troth_hash bank;
	struct troth_buffer bytes, systemd_bytes, ima_bytes;
	struct troth_log log;
	struct troth_userspace_log systemd;
	struct troth_ima_list ima;
	bool has_systemd, has_ima;
};

/* Reads and judges all of them; ima and systemd may be NULL. bank NONE takes the log's best.
 * Says what is wrong; the logs are then empty. */
enum troth_cli_exit troth_cli_logs_read(const char *file, const char *systemd, const char *ima,
					enum troth_hash bank, struct troth_cli_logs *out);
/* Whether events can be judged in the bank; says so when not. */
TROTH_NODISCARD bool troth_cli_logs_provable(const struct troth_cli_logs *logs);
/* Accepts zeroed logs. */
void troth_cli_logs_clear(struct troth_cli_logs *logs);

/* "sha1" or "crypto-agile". */
const char *troth_cli_log_format(const struct troth_log *log);
/* Adds what is common to every result: format, registers, bank, quirks. */
void troth_cli_put_log_head(json_t *object, const struct troth_cli_logs *logs, uint32_t quirks);

enum troth_cli_exit troth_cli_eventlog_show(struct troth_cli_logs *logs,
					    enum troth_cli_format format);
enum troth_cli_exit troth_cli_eventlog_facts(struct troth_cli_logs *logs,
					     enum troth_cli_format format);

#endif
