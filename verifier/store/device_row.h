/* SPDX-License-Identifier: Apache-2.0 */
/* What the verifier keeps in memory of one device: under 2 KB. */
#ifndef TROTH_DEVICE_ROW_H
#define TROTH_DEVICE_ROW_H

#include "file.h"
#include "finding.h"
#include "health.h"
#include "order.h"
#include "tpm_policy.h"

/* A credential key certified by the AK, and the session key that was proven beside it; void on
 * a new boot and after TROTH_CERTIFICATION_LIFE_MS. Authenticated by the issuer. */
struct troth_certification_record {
	bool present;
	uint8_t key_name_sha256[32];	/* SHA-256 of the key's Name */
	uint8_t session_thumbprint[32]; /* zero: no session key was proven */
	uint32_t reset_count, restart_count;
	uint64_t time_ms;
	uint8_t mac[32];
};

struct troth_device_row {
	uint8_t id[32];
	uint64_t version;    /* up by one with every change: single use of challenges */
	uint64_t generation; /* of enrolment */
	enum troth_device_state state;
	char name[TROTH_NAME_LEN_MAX + 1];
	char segment[TROTH_NAME_LEN_MAX + 1];
	char group[TROTH_NAME_LEN_MAX + 1]; /* name of its policy */
	uint8_t mac[32];	  /* by the issuer, over the identity part (issuer/message.h) */
	struct troth_order order; /* last accepted quote */
	struct troth_certification_record certification;
	bool has_log;
	uint8_t log_digest[32]; /* SHA-256 of the last log accepted from this device */
	bool has_systemd;
	uint8_t systemd_digest[32]; /* SHA-256 of systemd's log that came with the last verdict
				     */
	enum troth_tier tier;	    /* of the last verdict */
	char finding[48];	    /* name of its first finding, empty when there is none */
	uint64_t enrolled_ms, last_pass_ms, last_fail_ms; /* evidence times */
	uint64_t certificate_not_after_s; /* of the newest certificate; 0: none */
	bool ek_certificate_trusted, ek_in_inventory;
	/* Who made the TPM, by the trusted certificate; empty: none says (tpm_policy.h). */
	char ek_maker[TROTH_TPM_MAKER_MAX + 1];
	uint16_t ak_len, ima_len;
	/* Last, so that the registry keeps only the bytes there are: TPMT_PUBLIC, and what is
	 * known of the IMA list of this boot (core/ima/ima_state.h; ima_len 0: nothing). */
	uint8_t ak_public[TROTH_PUBLIC_MAX];
	uint8_t ima[TROTH_IMA_STATE_MAX];
};

#endif
