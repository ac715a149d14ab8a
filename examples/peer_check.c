/* SPDX-License-Identifier: Apache-2.0 */
/* Would I talk to the holder of this certificate? Offline, from what the verifier publishes:
 *
 *   curl -o bundle.pem https://verifier/v1/bundle
 *   curl -o keys.json https://verifier/v1/keys.json
 *   curl -o crl.der https://verifier/v1/crl
 *   curl -o status https://verifier/v1/status
 *   peer_check example.org . peer.der line-a
 *
 * A server does the same in its TLS handshake, with the certificate the peer has shown there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <troth/peer.h>

enum { FILE_MAX = 16 * 1024 * 1024, PATH_ROOM = 512 };

/* The file in memory of its own; p is NULL when it cannot be read. */
static struct troth_view load(const char *dir, const char *name)
{
	char path[PATH_ROOM];
	struct troth_view v = { NULL, 0 };
	const int n = snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = n > 0 && n < PATH_ROOM ? fopen(path, "rb") : NULL;
	unsigned char *bytes = f != NULL ? malloc(FILE_MAX) : NULL;
	if (bytes != NULL) {
		v.p = bytes;
		v.n = fread(bytes, 1, FILE_MAX, f);
	}
	if (f != NULL)
		(void)fclose(f);
	return v;
}

/* One document of the verifier's; says which one is not in order. */
static int take(struct troth_peers *peers, const char *dir, const char *name,
		enum troth_status (*set)(struct troth_peers *, struct troth_view))
{
	const struct troth_view bytes = load(dir, name);
	const enum troth_status s = bytes.p != NULL ? set(peers, bytes) : TROTH_E_NOT_FOUND;
	if (s != TROTH_OK)
		(void)fprintf(stderr, "%s/%s: %s\n", dir, name, troth_status_name(s));
	free((void *)(uintptr_t)bytes.p);
	return s == TROTH_OK;
}

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
		return 0;
	}
	(void)printf("%s\n", troth_decision_name(decision));
	return 1;
}

int main(int argc, char **argv)
{
	struct troth_peers *peers = NULL;
	int code = 2;
	if (argc != 5) {
		(void)fprintf(stderr,
			      "usage: peer_check TRUST_DOMAIN DIR CERTIFICATE.der SEGMENT\n");
		return 2;
	}
	if (troth_peers_new(argv[1], &peers) != TROTH_OK)
		return 2;
	const struct troth_view certificate = load(argv[2], argv[3]);
	if (certificate.p != NULL &&
	    take(peers, argv[2], "bundle.pem", troth_peers_set_bundle) &&
	    take(peers, argv[2], "keys.json", troth_peers_set_keys) &&
	    take(peers, argv[2], "crl.der", troth_peers_set_crl) &&
	    take(peers, argv[2], "status", troth_peers_set_status))
		code = check(peers, certificate, argv[4]);
	free((void *)(uintptr_t)certificate.p);
	troth_peers_free(peers);
	return code;
}
