/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier's own TLS certificate, renewed by its own issuing CA before it ends.
 *
 * Only one that `init` made or this has renewed: tls/tls.crt, under an anchor in tls/ca.crt,
 * which is what devices hold. Where the issuing CA does not lead to such an anchor (the root is
 * another by now), nothing is renewed and the log says so: devices would not believe it. */
#ifndef TROTH_ISSUER_RENEW_H
#define TROTH_ISSUER_RENEW_H

#include <stdbool.h>
#include <stdint.h>
#include <troth/status.h>

/* So long before its end it is renewed, seconds: the time that devices and operators have when
 * it fails. */
#define TROTH_TLS_RENEW_S (30 * 24 * 3600)

struct troth_tls_renewal {
	const char *key_dir, *tls_dir;
	uint64_t now_s;
};
/* Whether it is time; false too where there is no such certificate. Reads no key. */
bool troth_tls_is_due(const struct troth_tls_renewal *r);
/* Makes a new certificate for the same key and names, and puts it there by one rename: with a
 * new key there would be two, and between them neither fits. TROTH_E_CONFLICT: the issuing CA
 * leads to none of the anchors; TROTH_E_LIMIT: it ends as soon itself. */
TROTH_NODISCARD enum troth_status troth_tls_renew(const struct troth_tls_renewal *r);

#endif
