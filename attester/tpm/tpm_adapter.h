/* SPDX-License-Identifier: Apache-2.0 */
/* The TPM, as the attester sees it: one ESYS context over one transport.
 *
 * A connection is opened for one piece of work and closed after it, so that other users of the
 * TPM get their turn and a TPM that vanished is met with everything made anew. Every object and
 * session is dropped by its scope guard, on failures too. A failed command leaves its response
 * code in last_rc and what was being done in doing; troth_tpm_error makes words of them.
 * Nothing here logs. One thread at a time. */
#ifndef TROTH_ATTESTER_TPM_ADAPTER_H
#define TROTH_ATTESTER_TPM_ADAPTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <troth/status.h>
#include <troth/view.h>
#include <tss2/tss2_esys.h>

struct troth_tpm_options {
	const char *tcti; /* tctildr configuration, "device:/dev/tpmrm0" */
	/* Authorisation of the hierarchies; empty where none is set. Borrowed. */
	struct troth_view owner_auth, endorsement_auth;
};

struct troth_tpm {
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys;
	const char *tcti_conf;
	const char *doing; /* "make the attestation key": what the last command was for */
	TSS2_RC last_rc;
	bool opened;	/* it has answered on this connection; stays set after a close */
	uint32_t tries; /* of the command at hand */
};

/* What kind of trouble last_rc is: callers act on it, and operators read about it. */
enum troth_tpm_fault {
	TROTH_TPM_FINE,
	TROTH_TPM_ABSENT,	/* nothing answers at this transport */
	TROTH_TPM_UNKNOWN_TCTI, /* the tcti names no library there is */
	TROTH_TPM_VANISHED,	/* it answered before; only a new connection can help */
	TROTH_TPM_FULL,		/* no room for objects or sessions */
	TROTH_TPM_NV_FULL,
	TROTH_TPM_LOCKED_OUT,
	TROTH_TPM_NOT_STARTED,
	TROTH_TPM_BAD_AUTH,
	TROTH_TPM_NOT_THERE, /* the handle or index names nothing */
	TROTH_TPM_BUSY,	     /* still asking to retry after all retries */
	TROTH_TPM_OTHER
};

/* TROTH_E_TPM with out->last_rc set; out is closed then, and fit for troth_tpm_error. */
TROTH_NODISCARD enum troth_status troth_tpm_open(const struct troth_tpm_options *options,
						 struct troth_tpm *out);
/* Finalises ESYS and TCTI. Keeps last_rc and doing. Safe on a zeroed or closed
 * TPM; for TROTH_AUTO. */
void troth_tpm_close(struct troth_tpm *tpm);

/* Notes a command's response code. True when the TPM asked for the command again and there are
 * tries left: waits, and the caller loops. Waits are bounded (about two seconds in all). */
TROTH_NODISCARD bool troth_tpm_again(struct troth_tpm *tpm, TSS2_RC rc);

enum troth_tpm_fault troth_tpm_fault_of(const struct troth_tpm *tpm);
/* One sentence: what could not be done, why, and what to do about it. */
void troth_tpm_error(const struct troth_tpm *tpm, char *out, size_t room);

/* An object or session loaded in the TPM, or a persistent one referred to. */
struct troth_tpm_object {
	struct troth_tpm *tpm;
	ESYS_TR tr; /* ESYS_TR_NONE: none; a zeroed guard is no handle either */
	bool persistent;
};
/* Flushes what is transient, forgets what is persistent; last_rc stays as it
 * was. For TROTH_AUTO. */
void troth_tpm_object_drop(struct troth_tpm_object *o);

/* Memory of ESYS; for TROTH_AUTO on pointers of any type. */
void troth_esys_free(void *pointer_to_pointer);

#endif
