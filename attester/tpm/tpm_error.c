/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <tss2/tss2_rc.h>

#include "base.h"
#include "tpm_adapter.h"

/* Layers, tss2_common.h: the resource managers answer in the TPM's own codes. */
#define LAYER_MASK 0xffff0000u
/* Format-one codes carry which handle, session or parameter in bits 6 and 8 to 11 (TPM 2.0
 * Part 2, 6.6.2). */
#define FORMAT_ONE_MASK (TPM2_RC_FMT1 | 0x3fu)

static bool is_tpm_code(TSS2_RC rc)
{
	const TSS2_RC layer = rc & LAYER_MASK;
	return layer == TSS2_TPM_RC_LAYER || layer == TSS2_RESMGR_RC_LAYER ||
	       layer == TSS2_RESMGR_TPM_RC_LAYER;
}

static const struct {
	TSS2_RC code;
	enum troth_tpm_fault fault;
} CODES[] = {
	{ TPM2_RC_RETRY, TROTH_TPM_BUSY },
	{ TPM2_RC_YIELDED, TROTH_TPM_BUSY },
	{ TPM2_RC_TESTING, TROTH_TPM_BUSY },
	{ TPM2_RC_NV_RATE, TROTH_TPM_BUSY },
	{ TPM2_RC_NV_UNAVAILABLE, TROTH_TPM_BUSY },
	{ TPM2_RC_OBJECT_MEMORY, TROTH_TPM_FULL },
	{ TPM2_RC_SESSION_MEMORY, TROTH_TPM_FULL },
	{ TPM2_RC_MEMORY, TROTH_TPM_FULL },
	{ TPM2_RC_OBJECT_HANDLES, TROTH_TPM_FULL },
	{ TPM2_RC_SESSION_HANDLES, TROTH_TPM_FULL },
	{ TPM2_RC_CONTEXT_GAP, TROTH_TPM_FULL },
	{ TPM2_RC_NV_SPACE, TROTH_TPM_NV_FULL },
	{ TPM2_RC_LOCKOUT, TROTH_TPM_LOCKED_OUT },
	{ TPM2_RC_INITIALIZE, TROTH_TPM_NOT_STARTED },
	{ TPM2_RC_BAD_AUTH, TROTH_TPM_BAD_AUTH },
	{ TPM2_RC_AUTH_FAIL, TROTH_TPM_BAD_AUTH },
	{ TPM2_RC_HANDLE, TROTH_TPM_NOT_THERE },
};

enum troth_tpm_fault troth_tpm_fault_of(const struct troth_tpm *tpm)
{
	TSS2_RC rc = tpm->last_rc;

	if (rc == TSS2_RC_SUCCESS)
		return TROTH_TPM_FINE;
	if (!tpm->opened)
		return rc == TSS2_TCTI_RC_NOT_SUPPORTED ? TROTH_TPM_UNKNOWN_TCTI
							: TROTH_TPM_ABSENT;
	/* After a broken transport ESYS answers "bad sequence" for ever. */
	if ((rc & LAYER_MASK) == TSS2_TCTI_RC_LAYER || rc == TSS2_ESYS_RC_BAD_SEQUENCE)
		return TROTH_TPM_VANISHED;
	if (!is_tpm_code(rc))
		return TROTH_TPM_OTHER;

	rc &= ~LAYER_MASK;
	if ((rc & TPM2_RC_FMT1) != 0)
		rc &= FORMAT_ONE_MASK;
	for (size_t i = 0; i < TROTH_COUNT(CODES); i++)
		if (CODES[i].code == rc)
			return CODES[i].fault;
	return TROTH_TPM_OTHER;
}

static const char *advice(enum troth_tpm_fault fault)
{
	switch (fault) {
	case TROTH_TPM_ABSENT:
		return "no TPM answers there; is it enabled in the firmware, is the --tcti "
		       "right, may this user open the device, and does no other program hold "
		       "it?";
	case TROTH_TPM_UNKNOWN_TCTI:
		return "there is no way to a TPM of this name; --tcti is such as "
		       "device:/dev/tpmrm0";
	case TROTH_TPM_VANISHED: return "the TPM went away; the next attempt opens it anew";
	case TROTH_TPM_FULL:
		return "other programs hold all of its object or session slots; use the "
		       "resource "
		       "manager (device:/dev/tpmrm0), or free them with tpm2_flushcontext";
	case TROTH_TPM_NV_FULL:
		return "its non-volatile memory is full; remove persistent objects nobody uses";
	case TROTH_TPM_LOCKED_OUT:
		return "it is locked out after failed authorisations or power cuts; wait, or "
		       "reset "
		       "it with tpm2_dictionarylockout --clear-lockout";
	case TROTH_TPM_NOT_STARTED: return "neither firmware nor kernel has started it";
	case TROTH_TPM_BAD_AUTH:
		return "the hierarchy has an authorisation set; give it in owner_auth_file or "
		       "endorsement_auth_file";
	case TROTH_TPM_NOT_THERE: return "the TPM holds nothing under that handle";
	case TROTH_TPM_BUSY: return "it stays busy; try again later";
	case TROTH_TPM_FINE:
	case TROTH_TPM_OTHER: break;
	}
	return "the TPM refused the command";
}

void troth_tpm_error(const struct troth_tpm *tpm, char *out, size_t room)
{
	const char *doing = tpm->doing != NULL ? tpm->doing : "use the TPM";
	const char *where = tpm->tcti_conf != NULL ? tpm->tcti_conf : "default";
	(void)snprintf(out, room, "cannot %s: %s (tcti %s, code 0x%x: %s)", doing,
		       advice(troth_tpm_fault_of(tpm)), where, tpm->last_rc,
		       Tss2_RC_Decode(tpm->last_rc));
}
