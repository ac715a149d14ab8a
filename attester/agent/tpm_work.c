/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm_work.h"

#include <errno.h>
#include <string.h>

#include "base.h"
#include "file.h"
#include "pulse.h"

/* TPM2B_AUTH holds at most this much. */
#define AUTH_MAX 64

/* A file made with an editor ends in a line break that is not part of the secret. */
static enum troth_status read_auth(const char *path, struct troth_buffer *out,
				   struct troth_outcome *outcome)
{
	if (path[0] == '\0')
		return TROTH_OK;
	enum troth_status status = troth_file_read(path, AUTH_MAX + 1, out);
	if (status != TROTH_OK) {
		troth_outcome_set(outcome, TROTH_ENDED_UNREACHED,
				  "%s: authorisation cannot be read (%s)", path,
				  troth_status_name(status));
		return status;
	}
	if (out->n > 0 && out->p[out->n - 1] == '\n')
		out->n--;
	return TROTH_OK;
}

static void explain(const struct troth_tpm *tpm, enum troth_status status,
		    struct troth_outcome *outcome)
{
	char text[sizeof outcome->text];

	if (status == TROTH_E_TPM) {
		troth_tpm_error(tpm, text, sizeof text);
		troth_outcome_set(outcome, TROTH_ENDED_TPM, "%s", text);
	} else if (outcome->text[0] == '\0') {
		troth_outcome_set(outcome, TROTH_ENDED_TPM, "cannot %s: %s",
				  tpm->doing != NULL ? tpm->doing : "use the TPM",
				  troth_status_name(status));
	}
}

static enum troth_status one_round(const struct troth_tpm_options *options,
				   troth_tpm_work *work, void *arg,
				   struct troth_outcome *outcome, bool *vanished)
{
	TROTH_AUTO(troth_tpm_close) struct troth_tpm tpm = { 0 };

	troth_pulse(); /* a TPM that never answers is what the watchdog is for */
	enum troth_status status = troth_tpm_open(options, &tpm);
	if (status == TROTH_OK)
		status = work(&tpm, arg, outcome);
	if (status != TROTH_OK)
		explain(&tpm, status, outcome);
	*vanished = status == TROTH_E_TPM && troth_tpm_fault_of(&tpm) == TROTH_TPM_VANISHED;
	return status;
}

enum troth_status troth_tpm_do(const struct troth_settings *settings, troth_tpm_work *work,
			       void *arg, struct troth_outcome *outcome)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer owner = { 0 };
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer endorsement = { 0 };
	bool vanished = false;

	TROTH_TRY(read_auth(settings->owner_auth_file, &owner, outcome));
	TROTH_TRY(read_auth(settings->endorsement_auth_file, &endorsement, outcome));
	const struct troth_tpm_options options = {
		.tcti = settings->tcti,
		.owner_auth = troth_buffer_view(&owner),
		.endorsement_auth = troth_buffer_view(&endorsement),
	};
	enum troth_status status = one_round(&options, work, arg, outcome, &vanished);
	if (vanished) {
		outcome->text[0] = '\0';
		status = one_round(&options, work, arg, outcome, &vanished);
	}
	return status;
}
