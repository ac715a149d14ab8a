/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm_adapter.h"

#include <string.h>
#include <time.h>
#include <tss2/tss2_tctildr.h>

#include "base.h"

/* Waits of 20, 40, ... 1280 ms: self-tests of slow TPMs end within two seconds. */
#define TRIES_MAX 7
#define FIRST_WAIT_MS 20
/* Room in the TPM comes back at once when another client finishes, or not at all. */
#define TRIES_FULL_MAX 3

static enum troth_status set_auth(struct troth_tpm *tpm, ESYS_TR hierarchy,
				  struct troth_view secret)
{
	TPM2B_AUTH auth = { 0 };

	if (secret.n == 0)
		return TROTH_OK;
	if (secret.n > sizeof auth.buffer)
		return TROTH_E_LIMIT;
	auth.size = (UINT16)secret.n;
	memcpy(auth.buffer, secret.p, secret.n);
	tpm->last_rc = Esys_TR_SetAuth(tpm->esys, hierarchy, &auth);
	explicit_bzero(&auth, sizeof auth);
	return tpm->last_rc == TSS2_RC_SUCCESS ? TROTH_OK : TROTH_E_TPM;
}

enum troth_status troth_tpm_open(const struct troth_tpm_options *options, struct troth_tpm *out)
{
	struct troth_tpm tpm = { .tcti_conf = options->tcti, .doing = "reach the TPM" };

	tpm.last_rc = Tss2_TctiLdr_Initialize(options->tcti, &tpm.tcti);
	if (tpm.last_rc == TSS2_RC_SUCCESS)
		tpm.last_rc = Esys_Initialize(&tpm.esys, tpm.tcti, NULL);
	tpm.opened = tpm.last_rc == TSS2_RC_SUCCESS;
	enum troth_status status = tpm.opened ? TROTH_OK : TROTH_E_TPM;
	if (status == TROTH_OK)
		status = set_auth(&tpm, ESYS_TR_RH_OWNER, options->owner_auth);
	if (status == TROTH_OK)
		status = set_auth(&tpm, ESYS_TR_RH_ENDORSEMENT, options->endorsement_auth);
	if (status != TROTH_OK)
		troth_tpm_close(&tpm);
	*out = tpm;
	return status;
}

void troth_tpm_close(struct troth_tpm *tpm)
{
	if (tpm->esys != NULL)
		Esys_Finalize(&tpm->esys);
	if (tpm->tcti != NULL)
		Tss2_TctiLdr_Finalize(&tpm->tcti);
	tpm->esys = NULL;
	tpm->tcti = NULL;
}

static void wait_ms(uint32_t ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	nanosleep(&t, NULL);
}

bool troth_tpm_again(struct troth_tpm *tpm, TSS2_RC rc)
{
	tpm->last_rc = rc;
	enum troth_tpm_fault fault = troth_tpm_fault_of(tpm);
	uint32_t most = fault == TROTH_TPM_BUSY	  ? TRIES_MAX
			: fault == TROTH_TPM_FULL ? TRIES_FULL_MAX
						  : 0;
	if (tpm->tries >= most) {
		tpm->tries = 0;
		return false;
	}
	wait_ms((uint32_t)FIRST_WAIT_MS << tpm->tries);
	tpm->tries++;
	return true;
}

void troth_tpm_object_drop(struct troth_tpm_object *o)
{
	if (o->tpm == NULL || o->tr == ESYS_TR_NONE || o->tpm->esys == NULL)
		return;
	if (o->persistent)
		Esys_TR_Close(o->tpm->esys, &o->tr);
	else
		Esys_FlushContext(o->tpm->esys, o->tr);
	o->tr = ESYS_TR_NONE;
	o->tpm = NULL;
}

void troth_esys_free(void *pointer_to_pointer)
{
	void **p = pointer_to_pointer;
	Esys_Free(*p);
	*p = NULL;
}
