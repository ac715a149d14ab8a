/* SPDX-License-Identifier: Apache-2.0 */
#include "proof_command.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base.h"
#include "json_write.h"
#include "proof_request.h"
#include "reader.h"

enum { PATIENCE_S = 10 };

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int connect_to(const char *run_dir)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const int n = snprintf(at.sun_path, sizeof at.sun_path, "%s/proof.sock", run_dir);
	if (n < 0 || (size_t)n >= sizeof at.sun_path)
		return -1;
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(fd, (const struct sockaddr *)&at, sizeof at) == 0)
		return fd;
	close(fd);
	return -1;
}

static void put_request(const struct troth_proof_wish *wish, struct troth_writer *w)
{
	troth_json_open(w, '{');
	troth_json_member_text(w, "op", troth_view_str("proof"));
	troth_json_member_text(w, "method", troth_view_str(wish->method));
	troth_json_member_text(w, "url", troth_view_str(wish->url));
	if (wish->nonce != NULL)
		troth_json_member_text(w, "nonce", troth_view_str(wish->nonce));
	troth_json_close(w, '}');
	troth_put_u8(w, '\n');
}

/* Up to the newline, without it. */
static bool read_line(int fd, uint8_t *buf, size_t max, struct troth_view *out)
{
	size_t n = 0;
	while (n < max) {
		const ssize_t got = recv(fd, buf + n, max - n, 0);
		if (got <= 0)
			return false;
		n += (size_t)got;
		if (buf[n - 1] == '\n') {
			*out = (struct troth_view){ buf, n - 1 };
			return true;
		}
	}
	return false;
}

static const char NOT_A_CALL[] = "that is no call: METHOD is one such as GET, URL is http:// "
				 "or https://, host and path, "
				 "and --nonce is what came as DPoP-Nonce";

static enum troth_ending complain(const char *why)
{
	(void)fprintf(stderr, "troth-attester: %s\n", why);
	return TROTH_ENDED_UNREACHED;
}

static enum troth_ending refuse(struct troth_view error)
{
	if (troth_view_equal(error, troth_view_str("denied")))
		return complain("this user may not have calls to that address proven; "
				"see `proofs` in the configuration");
	if (troth_view_equal(error, troth_view_str("no-result")))
		return complain("there is no attestation result: not attested yet, expired, "
				"or the policy issues none");
	return complain(NOT_A_CALL);
}

static enum troth_ending print(struct troth_view line, bool json_wanted)
{
	struct troth_json_value values[TROTH_JSON_VALUES_MAX];
	struct troth_json json;
	struct troth_view token, proof, error;
	if (troth_json_parse(line, values, TROTH_COUNT(values), &json) != TROTH_OK)
		return complain("the attester's answer cannot be read");
	const struct troth_json_value *root = troth_json_root(&json);
	if (troth_json_plain(troth_json_member(root, "error"), &error))
		return refuse(error);
	if (!troth_json_plain(troth_json_member(root, "token"), &token) ||
	    !troth_json_plain(troth_json_member(root, "proof"), &proof))
		return complain("the attester's answer cannot be read");
	if (json_wanted)
		(void)printf("%.*s\n", (int)line.n, (const char *)line.p);
	else
		(void)printf("Authorization: DPoP %.*s\nDPoP: %.*s\n", (int)token.n,
			     (const char *)token.p, (int)proof.n, (const char *)proof.p);
	return fflush(stdout) == 0 ? TROTH_ENDED_WELL : TROTH_ENDED_UNREACHED;
}

enum troth_ending troth_proof_print(const char *run_dir, const struct troth_proof_wish *wish)
{
	uint8_t request[TROTH_PROOF_LINE_MAX], answer[TROTH_PROOF_ANSWER_MAX];
	struct troth_writer w = troth_writer_make(request, sizeof request);
	struct troth_view line;
	TROTH_AUTO(close_fd) int fd = connect_to(run_dir);
	put_request(wish, &w);
	if (!troth_writer_ok(&w))
		return complain(NOT_A_CALL);
	if (fd < 0)
		return complain("no attester runs here with a session key (troth-attester run; "
				"--run-dir "
				"is where its proof.sock is)");
	if (send(fd, request, w.n, MSG_NOSIGNAL) != (ssize_t)w.n ||
	    !read_line(fd, answer, sizeof answer, &line))
		return complain("the attester does not answer");
	return print(line, wish->json);
}
