/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator sets: a YAML file under a strict schema, then the command line over it. */
#ifndef TROTH_ATTESTER_SETTINGS_H
#define TROTH_ATTESTER_SETTINGS_H

#include "command_line.h"
#include "proof_rules.h"
#include "tpm_templates.h"

#define TROTH_PATH_MAX 255
#define TROTH_URL_MAX 511
/* Programs run after new credentials were written. */
#define TROTH_HOOKS_MAX 8

enum troth_clock_trust {
	TROTH_CLOCK_SYSTEM, /* the system clock decides about certificates */
	TROTH_CLOCK_NONE    /* there is none to trust: a floor is used */
};

struct troth_settings {
	char verifier[TROTH_URL_MAX + 1];    /* https://host[:port][/prefix] */
	char ca[TROTH_PATH_MAX + 1];	     /* anchors of the verifier's TLS certificate */
	char update_key[TROTH_PATH_MAX + 1]; /* signs new ones; empty: none are taken */
	char trust_domain[TROTH_TRUST_DOMAIN_MAX + 1]; /* empty: whichever the verifier names */
	char state_dir[TROTH_PATH_MAX + 1], run_dir[TROTH_PATH_MAX + 1];
	char log[TROTH_PATH_MAX + 1];	      /* UEFI event log */
	char ima[TROTH_PATH_MAX + 1];	      /* binary IMA list */
	char systemd_log[TROTH_PATH_MAX + 1]; /* of its own measurements; empty: none is sent */
	char tcti[TROTH_PATH_MAX + 1];
	char owner_auth_file[TROTH_PATH_MAX + 1], endorsement_auth_file[TROTH_PATH_MAX + 1];
	char ak_handle_text[11];   /* "0x81010a51" or empty */
	uint32_t ak_handle;	   /* 0: the AK is derived every time */
	uint32_t ak_algorithm;	   /* enum troth_ak_algorithm */
	uint32_t ek_choice;	   /* index in the names of --ek; 0 is auto */
	enum troth_ek_template ek; /* TROTH_EK_NONE: auto */
	uint32_t clock;		   /* enum troth_clock_trust */
	bool session_key;	   /* `run` has one: results can be bound to single calls */
	uint32_t log_level;	   /* enum troth_log_level */
	uint32_t connect_timeout_s, timeout_s;
	uint32_t peer_refresh_s;	 /* how often `run` fetches run_dir/peers; 0: never */
	struct troth_proof_rules proofs; /* who may have calls proven */
	size_t n_hooks;
	char hooks[TROTH_HOOKS_MAX][TROTH_PATH_MAX + 1];
};

/* A plain sentence about what is wrong. */
struct troth_complaint {
	char text[512];
};

/* Reads the file and puts the command line over it; again at each SIGHUP. What neither names is
 * looked for among the service manager's credentials ($CREDENTIALS_DIRECTORY): troth.ca,
 * troth.owner-auth, troth.endorsement-auth. TROTH_E_CONFIG. */
TROTH_NODISCARD enum troth_status troth_settings_load(const struct troth_command *command,
						      struct troth_settings *out,
						      struct troth_complaint *complaint);

/* What the attester cannot work without and nobody has given, as a sentence; NULL: nothing. */
const char *troth_settings_missing(const struct troth_settings *settings);

/* One line for each setting a script may want: "key=value". */
void troth_settings_print(const struct troth_settings *settings, FILE *to);

#endif
