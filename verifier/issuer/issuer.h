/* SPDX-License-Identifier: Apache-2.0 */
/* The issuer process: the only one that can read the keys (DESIGN section 12). */
#ifndef TROTH_ISSUER_H
#define TROTH_ISSUER_H

#include <stddef.h>
#include <troth/status.h>

struct troth_issuer_config {
	const char *key_dir; /* ca.key, ca.crt, root.crt, mac.keys; 0700 */
	const char *trust_domain;
	const int *worker_fds; /* one channel per worker of the front */
	size_t n_workers;
	int admin_fd;
};

/* Loads the keys, locks itself in (seccomp, no dumps), serves until the channels close. Returns
 * the process's exit code. */
int troth_issuer_run(const struct troth_issuer_config *config);

/* Creates CA and MAC keys for `troth-verifier init`: an offline-able root, an issuing CA under
 * it, MAC keys. TROTH_E_CONFLICT when there are some already (nothing is overwritten). */
TROTH_NODISCARD enum troth_status troth_issuer_init(const char *key_dir,
						    const char *trust_domain);
/* A server certificate for the verifier's TLS listener from the issuing CA's root: DNS or IP
 * names. */
TROTH_NODISCARD enum troth_status troth_issuer_init_tls(const char *key_dir,
							const char *tls_dir,
							const char *const *names,
							size_t n_names);

#endif
