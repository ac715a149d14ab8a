/* SPDX-License-Identifier: Apache-2.0 */
/* Would I talk to the holder of this certificate? Offline, from what the verifier publishes:
 *
 *   peer_check TRUST_DOMAIN DIR CERTIFICATE.der SEGMENT
 *
 * DIR holds the documents (documents.h) and the certificate. A server does the same in its TLS
 * handshake, with the certificate the peer has shown there: device_to_device. Exit status: 0
 * yes, 1 no, 2 it cannot be told. */
#include <stdio.h>
#include <time.h>

#include "documents.h"

enum { YES = 0, NO = 1, UNTOLD = 2 };

static int check(struct troth_peers *peers, struct troth_view certificate, const char *segment)
{
	const struct troth_peer_certificate question = { .leaf = certificate,
							 .now_s = (uint64_t)time(NULL) };
	const struct troth_peer_rule rule = { &segment, 1 };
	enum troth_decision decision = TROTH_UNDECIDED;
	struct troth_peer peer;
	const enum troth_status s =
		troth_peer_verify(peers, &question, &rule, &decision, &peer);
	/* Anything but this denies. */
	if (s == TROTH_OK && decision == TROTH_ADMITTED) {
		(void)printf("%s\n", peer.id);
		return YES;
	}
	(void)printf("%s: %s\n", troth_decision_name(decision), troth_decision_text(decision));
	return s == TROTH_OK ? NO : UNTOLD;
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		(void)fprintf(stderr,
			      "usage: peer_check TRUST_DOMAIN DIR CERTIFICATE.der SEGMENT\n");
		return UNTOLD;
	}
	struct troth_peers *peers = documents_load(argv[1], argv[2]);
	const struct troth_view certificate = documents_read(argv[2], argv[3]);
	int code = UNTOLD;
	if (peers != NULL && certificate.p != NULL)
		code = check(peers, certificate, argv[4]);
	documents_free(certificate);
	troth_peers_free(peers);
	return code;
}
