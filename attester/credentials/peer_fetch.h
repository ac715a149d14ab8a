/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps run_dir/peers fresh from the verifier (peer_files.h), between the attempts of `run`. */
#ifndef TROTH_ATTESTER_PEER_FETCH_H
#define TROTH_ATTESTER_PEER_FETCH_H

#include "agent.h"
#include "peer_files.h"

/* Zeroed at first. */
struct troth_peer_fetch {
	struct troth_peer_files *files; /* NULL until a verifier has named its trust domain */
	bool failing;			/* the log has been told */
};

/* One round over one connection. What fails is logged once, until it is well again; files that
 * are there stay. */
void troth_peer_fetch_round(struct troth_peer_fetch *fetch, struct troth_agent *agent);
void troth_peer_fetch_end(struct troth_peer_fetch *fetch);

#endif
