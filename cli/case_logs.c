/* SPDX-License-Identifier: Apache-2.0 */
#include "case_logs.h"

#include "base.h"
#include "wire.h"

static enum troth_status read_firmware(struct troth_cli_case *c)
{
	c->log_status = c->log_sent ? troth_log_parse(c->log_bytes, &c->log)
				    : TROTH_E_NOT_FOUND;
	if (c->log_status == TROTH_E_MEMORY)
		return c->log_status;
	if (c->log_status == TROTH_OK)
		TROTH_TRY(troth_log_replay_banks(c->ctx, &c->log, &c->policy.selection,
						 &c->replay));
	c->has_good_log = c->good_log_bytes.n > 0 &&
			  troth_log_parse(c->good_log_bytes, &c->good_log) == TROTH_OK;
	return TROTH_OK;
}

static enum troth_status read_systemd(struct troth_cli_case *c)
{
	c->systemd_status = c->systemd_bytes.n > 0
				    ? troth_userspace_parse(c->systemd_bytes, &c->systemd)
				    : TROTH_E_NOT_FOUND;
	return c->systemd_status == TROTH_E_MEMORY ? TROTH_E_MEMORY : TROTH_OK;
}

enum troth_status troth_cli_case_read_logs(struct troth_cli_case *c)
{
	const struct troth_pcr_selection selection = troth_policy_log_selection(&c->policy);
	const struct troth_whole_case whole = {
		.firmware = &c->log,
		.replay = &c->replay,
		.systemd = &c->systemd,
		.selection = &selection,
		.pcrs = &c->pcrs,
	};
	TROTH_TRY(read_firmware(c));
	TROTH_TRY(read_systemd(c));
	c->joined = c->log_status == TROTH_OK && c->systemd_status == TROTH_OK;
	return c->joined ? troth_whole_log_make(c->ctx, &whole, &c->whole) : TROTH_OK;
}

void troth_cli_case_give_logs(const struct troth_cli_case *c, struct troth_case *out)
{
	const bool readable = c->log_status == TROTH_OK;
	out->log_bytes = c->log_bytes;
	out->log_status = c->log_status;
	out->log_error_offset = c->log.error_offset;
	out->systemd_status = c->systemd_status;
	out->systemd_error_offset = c->systemd.error_offset;
	if (readable) {
		out->log = c->joined ? &c->whole.log : &c->log;
		out->replay = c->joined ? &c->whole.replay : &c->replay;
	}
}

void troth_cli_case_drop_logs(struct troth_cli_case *c)
{
	troth_whole_log_release(&c->whole);
	troth_userspace_release(&c->systemd);
	troth_log_release(&c->log);
	troth_log_release(&c->good_log);
}
