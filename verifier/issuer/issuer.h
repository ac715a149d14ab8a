/* SPDX-License-Identifier: Apache-2.0 */
/* The issuer process: the only one that can read the keys (docs/process-model.md). */
#ifndef TROTH_ISSUER_H
#define TROTH_ISSUER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <troth/status.h>

#include "clock_watch.h"
#include "name_rules.h"

#define TROTH_ISSUER_WORKERS_MAX 64
/* Certificates one device gets in a minute, when nothing else is configured: a device renews
 * every few minutes, and after a restart or a lost reply once more. */
#define TROTH_CERTIFICATES_PER_MINUTE 60

struct troth_key_source;

struct troth_issuer_config {
	const char *key_dir; /* keys.h lists what is in it */
	const char *trust_domain;
	const int *worker_fds; /* one channel per worker of the front, blocking */
	size_t n_workers;      /* 1 to TROTH_ISSUER_WORKERS_MAX */
	int admin_fd;
	int ready_fd; /* gets one byte when it serves (struct troth_role_fds); -1: none */
	const struct troth_clock_watch *clock; /* while it says so, nothing is issued */
	/* What certificates may name beside the SPIFFE ID, borrowed; NULL: nothing. */
	const struct troth_name_rules *names;
	uint32_t certificates_per_minute; /* per device; 0: TROTH_CERTIFICATES_PER_MINUTE */
};

/* Loads the keys, starts a thread per channel, locks itself in (seccomp, no dumps), serves
 * until the channels close. Returns the process's exit code: TROTH_ROLE_EXIT_CONFIG when the
 * keys are missing or wrong. */
int troth_issuer_run(const struct troth_issuer_config *config);

/* Whether it would find its keys in order: each that signs certificates or CRLs does so once.
 * Says on the log what is wrong; keeps nothing. */
TROTH_NODISCARD enum troth_status troth_issuer_check(const char *key_dir);

/* Creates CA, result and MAC keys for `troth-verifier init`: an offline-able root, an issuing
 * CA under it, MAC keys. source: where the issuing CA's key is, NULL for a file.
 * TROTH_E_CONFLICT when there are some already (nothing is overwritten).
 */
TROTH_NODISCARD enum troth_status troth_issuer_init(const char *key_dir,
						    const char *trust_domain,
						    const struct troth_key_source *source);
/* Makes what an earlier version did not know: the keys of results and of secrets. Called before
 * anything of the directory is read. */
TROTH_NODISCARD enum troth_status troth_issuer_complete(const char *key_dir, bool *out_made);
/* A server certificate for the verifier's TLS listener, signed by the root: DNS names or IP
 * addresses, TROTH_TLS_NAMES_MAX of them. Writes tls_dir/{tls.key,tls.crt,ca.crt}.
 * TROTH_E_CONFLICT as above, TROTH_E_NOT_FOUND when the root's key has been taken away. */
TROTH_NODISCARD enum troth_status troth_issuer_init_tls(const char *key_dir,
							const char *tls_dir,
							const char *const *names,
							size_t n_names);
#define TROTH_TLS_NAMES_MAX 32
/* Whether troth_issuer_init_tls would take them: asked before anything is made. */
bool troth_issuer_names_valid(const char *const *names, size_t n_names);

#endif
