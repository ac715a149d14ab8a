/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier's configuration file (docs/verifier.md lists every key). */
#ifndef TROTH_VERIFIER_SETTINGS_H
#define TROTH_VERIFIER_SETTINGS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <troth/limits.h>
#include <troth/status.h>

#include "caller.h"
#include "key_source.h"
#include "log.h"
#include "name_rules.h"
#include "webhook.h"

#define TROTH_WORKERS_MAX 64

struct troth_settings {
	char trust_domain[TROTH_TRUST_DOMAIN_MAX + 1];
	char listen[64];	  /* "127.0.0.1:8443" */
	char port_file[PATH_MAX]; /* empty: none; where the bound port is written */
	char state_dir[PATH_MAX]; /* database, keys, tls */
	char admin_socket[PATH_MAX];
	uint32_t workers;	      /* 0: one a processor */
	uint32_t log_level;	      /* enum troth_log_level */
	char bundle_update[PATH_MAX]; /* signed new anchors for devices; empty: none */
	char anchor_crls[PATH_MAX];   /* of the CAs above the issuing one; empty: init's */
	char tls_certificate[PATH_MAX], tls_key[PATH_MAX];   /* empty: the verifier's own */
	char ek_roots[PATH_MAX], ek_intermediates[PATH_MAX]; /* directories; empty: none */
	char inventory[PATH_MAX];			     /* file; empty: none */
	char ima_lists[PATH_MAX];			     /* directory; empty: none */
	uint32_t crl_life_s, status_life_s;
	uint32_t connections_max;   /* per worker */
	uint32_t enrol_per_minute;  /* per source address */
	uint32_t pending_max;	    /* devices waiting for approval */
	uint32_t log_cache_mb;	    /* event logs kept parsed */
	uint32_t proofs_max;	    /* used proofs remembered */
	uint32_t proofs_per_device; /* of them; in two minutes */
	uint32_t events_kept, events_age_s;
	struct troth_callers callers;
	struct troth_webhooks webhooks;
	struct troth_key_source ca_key;		   /* where keys of new issuing CAs are */
	struct troth_name_rules certificate_names; /* none: nothing but SPIFFE IDs */
};

/* Reads and checks the file; says on the log what is wrong, with line and column. */
TROTH_NODISCARD enum troth_status troth_settings_load(const char *path,
						      struct troth_settings *out);

/* The same for a service that runs. What was decided when it started stays decided: another
 * trust_domain, listen, port_file, state_dir or admin_socket is TROTH_E_CONFIG, another number
 * of workers waits for the next start; the log says which. */
TROTH_NODISCARD enum troth_status troth_settings_reread(const char *path,
							const struct troth_settings *running,
							struct troth_settings *out);

/* Paths below state_dir, into out (PATH_MAX bytes). TROTH_E_LIMIT when too long. */
TROTH_NODISCARD enum troth_status troth_state_path(const struct troth_settings *c,
						   const char *name, char *out);

#endif
