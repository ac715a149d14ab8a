/* SPDX-License-Identifier: Apache-2.0 */
/* Is this TPM quote genuine?
 *
 * A quote is genuine when a restricted signing key of a TPM made it over exactly the bytes
 * given: the magic, type, signature, qualifying data and PCR values are all checked, and
 * trailing bytes are refused. Whether the state it shows is good is another question. Pure: no
 * I/O, no clock. */
#ifndef TROTH_VERIFY_H
#define TROTH_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <troth/context.h>
#include <troth/limits.h>
#include <troth/status.h>
#include <troth/view.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One PCR value the quote is said to cover. */
struct troth_pcr_claim {
	const char *bank; /* "sha256" */
	uint32_t pcr;
	struct troth_view value;
};

struct troth_quote_request {
	struct troth_view ak; /* TPM2B_PUBLIC, TPMT_PUBLIC, or SubjectPublicKeyInfo as PEM */
	struct troth_view attest;    /* TPMS_ATTEST */
	struct troth_view signature; /* TPMT_SIGNATURE */
	bool check_nonce;
	struct troth_view nonce; /* expected qualifying data */
	const struct troth_pcr_claim
		*pcrs; /* all that were quoted; NULL: the digest is not checked */
	size_t n_pcrs;
	bool allow_sha1;
};

/* What was found; strings are static. */
struct troth_quote_result {
	bool genuine;		  /* no finding */
	bool ak_attributes_known; /* false for PEM: it says nothing of the key's restrictions */
	size_t n_findings;
	const char *findings[TROTH_FINDINGS_MAX]; /* stable codes, docs/findings.md */
	/* Meaningful only when genuine. */
	uint64_t clock_ms;
	uint32_t reset_count, restart_count;
	uint64_t firmware_version;
};

/* A bad quote is not an error: TROTH_OK, and genuine is false. TROTH_E_MALFORMED and the like
 * when the AK or a PCR claim cannot be read. */
TROTH_API TROTH_NODISCARD enum troth_status
troth_verify_quote(struct troth_ctx *ctx, const struct troth_quote_request *request,
		   struct troth_quote_result *out);

#ifdef __cplusplus
}
#endif

#endif
