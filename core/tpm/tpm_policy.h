/* SPDX-License-Identifier: Apache-2.0 */
/* Which TPMs a policy takes, by maker and firmware version (ROCA's kin, CVE-2023-1017,
 * CVE-2025-2884, faulTPM).
 *
 * The maker is what a trusted endorsement certificate says, the version what the TPM signs into
 * every quote (firmwareVersion, TPM 2.0 Part 2, 10.12.8): the maker's own 64 bits, read as four
 * numbers of 16. Makers fill them differently; `trothctl verdict show` has what a device says.
 */
#ifndef TROTH_CORE_TPM_POLICY_H
#define TROTH_CORE_TPM_POLICY_H

#include <troth/limits.h>
#include <troth/status.h>
#include <troth/view.h>

/* TCG vendor ID: up to four characters (TCG Vendor ID Registry), "IFX"; one that is no text, as
 * emulated TPMs have, is its eight hex digits. */
#define TROTH_TPM_MAKER_MAX 8
/* "65535.65535.65535.65535" with its NUL. */
#define TROTH_TPM_VERSION_TEXT 24

struct troth_tpm_rule {
	char maker[TROTH_TPM_MAKER_MAX + 1]; /* empty: any */
	uint64_t from, to;		     /* both included */
};

/* Zeroed: any TPM will do. */
struct troth_tpm_policy {
	size_t n_deny, n_allow;
	struct troth_tpm_rule deny[TROTH_TPM_RULES_MAX];  /* none of these */
	struct troth_tpm_rule allow[TROTH_TPM_RULES_MAX]; /* where there are any: only these */
};

struct troth_tpm_facts {
	const char *maker; /* empty: no trusted certificate says */
	uint64_t firmware;
};

enum troth_tpm_answer {
	TROTH_TPM_UNKNOWN = 0, /* the maker is not known, and it depends on him */
	TROTH_TPM_DENIED,
	TROTH_TPM_ACCEPTED
};
enum troth_tpm_answer troth_tpm_judge(const struct troth_tpm_policy *policy,
				      const struct troth_tpm_facts *facts);

/* "id:49465800" of a certificate (TCG EK Credential Profile 2.5, 3.2.9) as "IFX"; false for
 * what is no such id. */
TROTH_NODISCARD bool troth_tpm_maker_read(const char *attribute,
					  char out[TROTH_TPM_MAKER_MAX + 1]);
/* A maker as it is written in a policy: 1 to 8 printable characters, no blank. */
TROTH_NODISCARD bool troth_tpm_maker_valid(struct troth_view text);
/* One to four decimal numbers up to 65535 with dots between; what is left out is filled with
 * zeros, or with ones for the end of a range. */
TROTH_NODISCARD bool troth_tpm_version_read(struct troth_view text, bool end, uint64_t *out);
void troth_tpm_version_text(uint64_t version, char out[TROTH_TPM_VERSION_TEXT]);

#endif
