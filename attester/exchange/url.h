/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of the verifier. */
#ifndef TROTH_ATTESTER_URL_H
#define TROTH_ATTESTER_URL_H

#include <stddef.h>
#include <troth/status.h>

/* base and path in one URL. base must be https://, a host, perhaps a port and a prefix, and
 * nothing else: no user, query, fragment, blank or escape; final slashes are dropped.
 * TROTH_E_CONFIG, TROTH_E_LIMIT when out is short. */
TROTH_NODISCARD enum troth_status troth_url_join(const char *base, const char *path, char *out,
						 size_t room);

#endif
