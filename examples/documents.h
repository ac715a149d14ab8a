/* SPDX-License-Identifier: Apache-2.0 */
/* What the verifier publishes, from a directory: bundle.pem, keys.json, crl.der, status, as
 * `troth-attester run` keeps them in run_dir/peers, or curl fetches them. */
#ifndef DOCUMENTS_H
#define DOCUMENTS_H

#include <troth/peer.h>

/* The file in memory of its own, to be freed through documents_free; p is NULL when it cannot
 * be read. */
struct troth_view documents_read(const char *dir, const char *name);
void documents_free(struct troth_view file);

/* All that is there. What is missing or does not hold is printed, and lets nobody in for want
 * of it. NULL: no memory, or no name of a trust domain. */
struct troth_peers *documents_load(const char *trust_domain, const char *dir);

#endif
