/* SPDX-License-Identifier: Apache-2.0 */
/* Would I answer this call? Offline, from what the verifier publishes and from the headers that
 * have come with it, as `troth-attester proof METHOD URL` prints them:
 *
 *   call_check TRUST_DOMAIN DIR SEGMENT METHOD URL < HEADERS
 *
 * METHOD and URL are what was really called, never what a header says. A service that runs on
 * keeps the id of each proof for 65 seconds, and takes none twice. Exit status as of
 * peer_check. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <troth/limits.h>

#include "documents.h"

enum { YES = 0, NO = 1, UNTOLD = 2, LINE_ROOM = TROTH_JWS_MAX + 64 };

struct headers {
	char authorization[LINE_ROOM], dpop[LINE_ROOM];
};

/* What follows the name on a line; an empty text when it is another's. */
static void take(const char *line, const char *name, char out[LINE_ROOM])
{
	const size_t n = strlen(name);
	if (strncmp(line, name, n) == 0)
		(void)snprintf(out, LINE_ROOM, "%.*s", (int)strcspn(line + n, "\r\n"),
			       line + n);
}

static void read_headers(FILE *from, struct headers *out)
{
	char line[LINE_ROOM];
	while (fgets(line, sizeof line, from) != NULL) {
		take(line, "Authorization: DPoP ", out->authorization);
		take(line, "DPoP: ", out->dpop);
	}
}

static struct troth_view view(const char *text)
{
	return (struct troth_view){ (const uint8_t *)text, strlen(text) };
}

static int check(struct troth_peers *peers, const struct troth_peer_call *call,
		 const char *segment)
{
	const struct troth_peer_rule rule = { &segment, 1 };
	enum troth_decision decision = TROTH_UNDECIDED;
	struct troth_peer peer;
	uint8_t proof_id[32];
	const enum troth_status s =
		troth_peer_verify_call(peers, call, &rule, &decision, &peer, proof_id);
	if (s != TROTH_OK || decision != TROTH_ADMITTED) {
		(void)printf("%s: %s\n", troth_decision_name(decision),
			     troth_decision_text(decision));
		return s == TROTH_OK ? NO : UNTOLD;
	}
	(void)printf("%s\nproof ", peer.id);
	for (size_t i = 0; i < sizeof proof_id; i++)
		(void)printf("%02x", proof_id[i]);
	(void)printf("\n");
	return YES;
}

int main(int argc, char **argv)
{
	static struct headers headers;
	if (argc != 6) {
		(void)fprintf(stderr, "usage: call_check TRUST_DOMAIN DIR SEGMENT METHOD URL "
				      "< HEADERS\n");
		return UNTOLD;
	}
	read_headers(stdin, &headers);
	const struct troth_peer_call call = { .token = view(headers.authorization),
					      .proof = view(headers.dpop),
					      .method = view(argv[4]),
					      .url = view(argv[5]),
					      .now_s = (uint64_t)time(NULL) };
	struct troth_peers *peers = documents_load(argv[1], argv[2]);
	const int code = peers != NULL ? check(peers, &call, argv[3]) : UNTOLD;
	troth_peers_free(peers);
	return code;
}
