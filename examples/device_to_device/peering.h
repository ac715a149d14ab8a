/* SPDX-License-Identifier: Apache-2.0 */
/* Mutual TLS between two devices, each with the key in its TPM, each asking libtroth about the
 * other in the middle of the handshake.
 *
 * All that is needed is what `troth-attester run` keeps in its run_dir: key.pem and cert.pem
 * are this device's own, peers/ is what the verifier says about everybody. Nobody is asked
 * while two devices talk, so a verifier that is down stops them only when its last word has
 * ended. */
#ifndef PEERING_H
#define PEERING_H

#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <troth/peer.h>

struct peering {
	const char *run_dir, *trust_domain, *segment; /* segment: the one that is let in */
	/* What came of the last handshake. */
	enum troth_decision decision;
	struct troth_peer peer; /* when decision is TROTH_ADMITTED */
	OSSL_PROVIDER *software, *tpm;
};

/* A context for one side. Every handshake with it leaves its outcome in *p, which must outlive
 * it. NULL: the reason has been printed. */
SSL_CTX *peering_new(struct peering *p, const SSL_METHOD *side);
/* Accepts a context of NULL. The TPM is let go of. */
void peering_free(struct peering *p, SSL_CTX *ctx);

/* One line about the last handshake; done: it has come to its end. A certificate that is
 * admitted is not yet a peer that is: the signature with its key comes later. */
void peering_report(const struct peering *p, int done);

#endif
