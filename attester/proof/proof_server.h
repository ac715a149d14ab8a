/* SPDX-License-Identifier: Apache-2.0 */
/* The local socket (run_dir/proof.sock): a thread of its own, so that an attestation that waits
 * for a TPM or a verifier holds up no application.
 *
 * Callers are known by the kernel's word (SO_PEERCRED). Everything is bounded: connections in
 * all and of one user, lines, answers; who does not read its answers is hung up on. The thread
 * sleeps until somebody asks. */
#ifndef TROTH_ATTESTER_PROOF_SERVER_H
#define TROTH_ATTESTER_PROOF_SERVER_H

#include "proof_request.h"

/* Connections at once, and of one user but root. */
#define TROTH_PROOF_CONNECTIONS_MAX 32
#define TROTH_PROOF_CONNECTIONS_USER_MAX 8

struct troth_proof_server;

/* Makes the socket (a stale one is replaced) and starts the thread. Rules are copied; the
 * session is borrowed and outlives it. */
TROTH_NODISCARD enum troth_status
troth_proof_server_start(const char *run_dir, const struct troth_proof_rules *rules,
			 struct troth_session *session, struct troth_proof_server **out);
/* Ends the thread and removes the socket. Accepts NULL. */
void troth_proof_server_stop(struct troth_proof_server *s);
/* The result in force names this session's key: there are proofs from now on. One that an
 * earlier process has left names a key that went with it. */
void troth_proof_server_bound(struct troth_proof_server *s);
/* Other rules from now on. */
void troth_proof_server_set_rules(struct troth_proof_server *s,
				  const struct troth_proof_rules *rules);

#endif
