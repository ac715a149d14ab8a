/* SPDX-License-Identifier: Apache-2.0 */
#include "logs.h"
#include "fields_json.h"
#include "ima_replay.h"
#include "output.h"

const char *troth_cli_log_format(const struct troth_log *log)
{
	return log->header.format == TROTH_LOG_SHA1 ? "sha1" : "crypto-agile";
}

/* What the format forbids makes a log unsound; what failed for want of memory says nothing. */
static enum troth_cli_exit refuse(const char *file, const char *code, size_t offset,
				  enum troth_status st)
{
	if (st == TROTH_E_MEMORY || st == TROTH_E_CRYPTO) {
		troth_cli_error("%s: %s", file, troth_status_name(st));
		return TROTH_CLI_UNSURE;
	}
	troth_cli_unsound(file, code, offset, troth_status_name(st));
	return TROTH_CLI_NO;
}

static enum troth_cli_exit read_firmware(const char *file, struct troth_cli_logs *logs)
{
	if (!troth_cli_read(file, TROTH_LOG_MAX, &logs->bytes))
		return TROTH_CLI_UNSURE;
	const enum troth_status st =
		troth_log_parse(troth_buffer_view(&logs->bytes), &logs->log);
	if (st == TROTH_OK)
		return TROTH_CLI_YES;
	const size_t offset = logs->log.error_offset;
	logs->log = (struct troth_log){ 0 };
	return refuse(file, troth_finding_name(TROTH_FINDING_LOG_MALFORMED), offset, st);
}

static enum troth_cli_exit read_systemd(const char *file, struct troth_cli_logs *logs)
{
	if (!troth_cli_read(file, TROTH_USERSPACE_LOG_MAX, &logs->systemd_bytes))
		return TROTH_CLI_UNSURE;
	const enum troth_status st =
		troth_userspace_parse(troth_buffer_view(&logs->systemd_bytes), &logs->systemd);
	logs->has_systemd = true;
	if (st == TROTH_OK)
		return TROTH_CLI_YES;
	const size_t offset = logs->systemd.error_offset;
	logs->systemd = (struct troth_userspace_log){ 0 };
	return refuse(file, "systemd-log-malformed", offset, st);
}

/* The kernel shows a list for each bank; the one named may be of any. */
static enum troth_cli_exit read_ima(const char *file, struct troth_cli_logs *logs)
{
	size_t offset = 0;
	if (!troth_cli_read(file, TROTH_IMA_FILE_MAX, &logs->ima_bytes))
		return TROTH_CLI_UNSURE;
	enum troth_status st = troth_ima_open(logs->ctx, troth_buffer_view(&logs->ima_bytes),
					      TROTH_HASH_NONE, &logs->ima);
	if (st == TROTH_OK)
		st = troth_ima_check(logs->ctx, logs->ima, &offset);
	logs->has_ima = true;
	return st == TROTH_OK ? TROTH_CLI_YES : refuse(file, "ima-malformed", offset, st);
}

static enum troth_cli_exit read_all(const char *file, const char *systemd, const char *ima,
				    struct troth_cli_logs *logs)
{
	logs->ctx = troth_cli_context();
	if (logs->ctx == NULL)
		return TROTH_CLI_UNSURE;
	enum troth_cli_exit code = read_firmware(file, logs);
	if (code == TROTH_CLI_YES && systemd != NULL)
		code = read_systemd(systemd, logs);
	if (code == TROTH_CLI_YES && ima != NULL)
		code = read_ima(ima, logs);
	if (code != TROTH_CLI_YES)
		return code;
	if (logs->bank == TROTH_HASH_NONE)
		logs->bank = troth_log_best_bank(logs->ctx, &logs->log);
	return TROTH_CLI_YES;
}

enum troth_cli_exit troth_cli_logs_read(const char *file, const char *systemd, const char *ima,
					enum troth_hash bank, struct troth_cli_logs *out)
{
	*out = (struct troth_cli_logs){ .bank = bank };
	const enum troth_cli_exit code = read_all(file, systemd, ima, out);
	if (code != TROTH_CLI_YES)
		troth_cli_logs_clear(out);
	return code;
}

bool troth_cli_logs_provable(const struct troth_cli_logs *logs)
{
	if (troth_ctx_md(logs->ctx, logs->bank) != NULL)
		return true;
	troth_cli_error("no bank of the log can be hashed here");
	return false;
}

void troth_cli_logs_clear(struct troth_cli_logs *logs)
{
	troth_log_release(&logs->log);
	troth_userspace_release(&logs->systemd);
	troth_buffer_clear(&logs->bytes);
	troth_buffer_clear(&logs->systemd_bytes);
	troth_buffer_clear(&logs->ima_bytes);
	troth_ctx_free(logs->ctx);
	*logs = (struct troth_cli_logs){ 0 };
}

void troth_cli_put_log_head(json_t *object, const struct troth_cli_logs *logs, uint32_t quirks)
{
	json_object_set_new(object, "format", json_string(troth_cli_log_format(&logs->log)));
	json_object_set_new(object, "registers",
			    json_string(troth_log_has_pcrs(&logs->log) ? "pcr" : "cc"));
	json_object_set_new(object, "bank", json_string(troth_hash_name(logs->bank)));
	json_object_set_new(object, "quirks", troth_cli_quirks_json(quirks));
	json_object_set_new(object, "quirks_version", json_integer(TROTH_QUIRKS_VERSION));
}
