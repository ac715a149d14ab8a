/* SPDX-License-Identifier: Apache-2.0 */
/* Appraisal policy for a group of devices (docs/policy.md). Zero is the distrustful value. */
#ifndef TROTH_CORE_POLICY_H
#define TROTH_CORE_POLICY_H

#include "ear.h"
#include "ek.h"
#include "ima_policy.h"
#include "reference.h"
#include "tpm_policy.h"

enum troth_enrolment_mode {
	TROTH_ENROL_APPROVAL = 0, /* an operator approves each device */
	TROTH_ENROL_INVENTORY,	  /* the EK hash is on the inventory */
	TROTH_ENROL_CERTIFICATE,  /* the EK certificate chains to a configured root */
	TROTH_ENROL_CERTIFICATE_AND_INVENTORY
};

/* What devices of the group may do at a relying party. */
struct troth_allow_rule {
	char audience[TROTH_NAME_LEN_MAX + 1];
	size_t n_methods;
	char methods[TROTH_ALLOW_METHODS_MAX][TROTH_HTTP_METHOD_MAX + 1];
};

/* What is in certificates beside the SPIFFE ID. */
struct troth_policy_address {
	char device[TROTH_NAME_LEN_MAX + 1];
	uint8_t len; /* 4 or 16 */
	uint8_t bytes[16];
};
struct troth_policy_names {
	size_t n_dns;
	/* May hold {name} and {segment}: dns_pattern.h. */
	char dns[TROTH_POLICY_DNS_MAX][TROTH_DNS_NAME_MAX + 1];
	bool dns_shared[TROTH_POLICY_DNS_MAX]; /* a service's, not a device's */
	size_t n_addresses;
	struct troth_policy_address addresses[TROTH_POLICY_ADDRESSES_MAX];
};

struct troth_policy {
	char name[TROTH_NAME_LEN_MAX + 1];
	uint8_t id[32]; /* SHA-256 of the canonical form: content address */
	char segment[TROTH_NAME_LEN_MAX + 1];
	char reference[TROTH_NAME_LEN_MAX +
		       1];		      /* reference set; empty: none, never affirming */
	struct troth_pcr_selection selection; /* what is quoted and must be explained */
	bool require_secure_boot;
	enum troth_enrolment_mode enrolment;
	/* A TPM has several EKs; where a certificate alone lets in, only one kind counts, or a
	 * device in quarantine would come back under another one. */
	enum troth_ek_template ek_template;
	bool auto_approve; /* a device that passes enrolment's check becomes active at once */
	/* The attestation result that comes with a certificate, and its names. */
	enum troth_ear_format result;
	enum troth_ear_profile result_profile;
	bool result_fixed;	      /* no device gets another form or profile by asking */
	uint32_t certificate_ttl_s;   /* 60 to TROTH_CERTIFICATE_LIFE_MAX_S */
	uint32_t stale_after_s;	      /* health: overdue */
	uint32_t unreachable_after_s; /* health: long overdue */
	size_t n_secrets;	      /* secrets that devices of the group may ask for */
	char secrets[TROTH_POLICY_SECRETS_MAX][TROTH_NAME_LEN_MAX + 1];
	size_t n_allow; /* 0: no relying party lets them in */
	struct troth_allow_rule allow[TROTH_ALLOW_RULES_MAX];
	size_t n_ignore;
	struct troth_ignore_rule ignore[TROTH_IGNORE_RULES_MAX];
	struct troth_ima_policy ima;
	struct troth_policy_names names;
	struct troth_tpm_policy tpm; /* which makers and firmware versions will do */
};

/* What the event log must explain: the selection without the PCR of an IMA list, where the
 * policy speaks of one. */
struct troth_pcr_selection troth_policy_log_selection(const struct troth_policy *policy);

#endif
