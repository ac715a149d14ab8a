/* SPDX-License-Identifier: Apache-2.0 */
/* The local socket: who may ask for what, what comes back, and what bounds there are. */
#include "check.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base.h"
#include "config.h"
#include "dpop.h"
#include "file.h"
#include "proof_server.h"
#include "reader.h"

#define TOKEN "eyJhbGciOiJFUzI1NiJ9.e30.AAAA"
#define URL "https://historian.example.org/v1/points"

struct scene {
	char dir[64];
	struct troth_ctx *ctx;
	struct troth_session *session;
	struct troth_proof_desk desk;
	struct troth_proof_rules rules;
};

static void put_token(struct scene *s, const char *token)
{
	char path[128];
	(void)snprintf(path, sizeof path, "%s/ear.jwt", s->dir);
	assert_int_equal(troth_file_write(path, troth_view_str(token), 0600), TROTH_OK);
}

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof *s);
	(void)snprintf(s->dir, sizeof s->dir, "/tmp/troth-test-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	assert_int_equal(troth_ctx_new(&s->ctx), TROTH_OK);
	assert_int_equal(troth_session_new(&s->session), TROTH_OK);
	s->desk = (struct troth_proof_desk){ .ctx = s->ctx,
					     .session = s->session,
					     .rules = &s->rules,
					     .run_dir = s->dir,
					     .bound = true };
	s->rules = (struct troth_proof_rules){
		.n = 1,
		.list = { { .uid = 4711,
			    .n_urls = 1,
			    .urls = { "https://historian.example.org/v1/" } } },
	};
	put_token(s, TOKEN);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;
	char path[128];
	(void)snprintf(path, sizeof path, "%s/ear.jwt", s->dir);
	(void)unlink(path);
	assert_int_equal(rmdir(s->dir), 0);
	troth_session_free(s->session);
	troth_ctx_free(s->ctx);
	free(s);
	return 0;
}

static const char *ask(struct scene *s, uid_t uid, const char *line)
{
	static char text[TROTH_PROOF_ANSWER_MAX + 1];
	struct troth_writer w = troth_writer_make((uint8_t *)text, sizeof text - 1);
	assert_int_equal(troth_proof_answer(&s->desk, uid, troth_view_str(line), &w), TROTH_OK);
	text[w.n] = '\0';
	return text;
}

/* Is the answer a token and a proof of this call? */
static void assert_proof(struct scene *s, const char *answer, const char *nonce)
{
	struct troth_json_value values[8];
	struct troth_json json;
	struct troth_view token, proof;
	struct troth_digest hash;
	uint8_t thumbprint[32];
	struct troth_dpop_proof out;
	enum troth_decision d = TROTH_UNDECIDED;
	assert_int_equal(troth_json_parse(troth_view_str(answer), values, 8, &json), TROTH_OK);
	const struct troth_json_value *root = troth_json_root(&json);
	assert_true(troth_json_plain(troth_json_member(root, "token"), &token));
	assert_true(troth_json_plain(troth_json_member(root, "proof"), &proof));
	assert_true(troth_view_equal(token, troth_view_str(TOKEN)));
	assert_int_equal(troth_hash_one(s->ctx, TROTH_HASH_SHA256, token, &hash), TROTH_OK);
	assert_int_equal(
		troth_jwk_thumbprint(s->ctx, troth_session_public(s->session), thumbprint),
		TROTH_OK);
	const struct troth_dpop_call call = { .method = troth_view_str("GET"),
					      .url = troth_view_str(URL) };
	const struct troth_dpop_check check = { .call = &call,
						.now_s = (uint64_t)time(NULL),
						.thumbprint = thumbprint,
						.token_hash = hash.bytes };
	assert_int_equal(troth_dpop_verify(s->ctx, proof, &check, &d, &out), TROTH_OK);
	assert_int_equal(d, TROTH_ADMITTED);
	assert_true(troth_view_equal((struct troth_view){ out.nonce, out.nonce_len },
				     troth_view_str(nonce)));
}

static void a_proof_is_of_the_call_that_was_asked_for(void **state)
{
	struct scene *s = *state;
	assert_proof(s,
		     ask(s, 4711, "{\"op\":\"proof\",\"method\":\"GET\",\"url\":\"" URL "\"}"),
		     "");
	assert_proof(s,
		     ask(s, 0,
			 "{\"op\":\"proof\",\"method\":\"GET\",\"nonce\":\"n1\",\"url\":\"" URL
			 "?q=1\"}"),
		     "n1");
}

static const struct {
	const char *name;
	uid_t uid;
	const char *line, *want;
} CASES[] = {
	{ "a stranger", 4712, "{\"op\":\"credential\"}", "denied" },
	{ "a stranger's proof", 4712,
	  "{\"op\":\"proof\",\"method\":\"GET\",\"url\":\"" URL "\"}", "denied" },
	{ "an address of another service", 4711,
	  "{\"op\":\"proof\",\"method\":\"GET\",\"url\":\"https://plc.example.org/v1/\"}",
	  "denied" },
	{ "an address above", 4711,
	  "{\"op\":\"proof\",\"method\":\"GET\",\"url\":\"https://historian.example.org/v2\"}",
	  "denied" },
	{ "an address that leads out", 4711,
	  "{\"op\":\"proof\",\"method\":\"GET\",\"url\":\"https://historian.example.org/v1/"
	  "%2e%2e/v2\"}",
	  "denied" },
	{ "a name that begins alike", 4711,
	  "{\"op\":\"proof\",\"method\":\"GET\",\"url\":\"https://historian.example.org.evil/"
	  "v1/\"}",
	  "denied" },
	{ "another port", 4711,
	  "{\"op\":\"proof\",\"method\":\"GET\",\"url\":\"https://historian.example.org:8443/"
	  "v1/\"}",
	  "denied" },
	{ "no address", 0, "{\"op\":\"proof\",\"method\":\"GET\",\"url\":\"x\"}", "malformed" },
	{ "no method", 0, "{\"op\":\"proof\",\"url\":\"" URL "\"}", "malformed" },
	{ "two lines in a method", 0,
	  "{\"op\":\"proof\",\"method\":\"GET\\r\\nX\",\"url\":\"" URL "\"}", "malformed" },
	{ "nothing known", 0, "{\"op\":\"key\"}", "malformed" },
	{ "not JSON", 0, "proof GET " URL, "malformed" },
	{ "an empty line", 0, "", "malformed" },
};

static void who_may_not_gets_no_proof(void **state)
{
	struct scene *s = *state;
	for (size_t i = 0; i < TROTH_COUNT(CASES); i++) {
		char want[64];
		(void)snprintf(want, sizeof want, "{\"error\":\"%s\"}\n", CASES[i].want);
		const char *got = ask(s, CASES[i].uid, CASES[i].line);
		if (strcmp(got, want) != 0)
			fail_msg("%s: %s", CASES[i].name, got);
	}
}

static void a_result_that_changes_is_read_again(void **state)
{
	struct scene *s = *state;
	assert_non_null(strstr(ask(s, 0, "{\"op\":\"credential\"}"), TOKEN));
	put_token(s, "another.token.x");
	assert_non_null(strstr(ask(s, 0, "{\"op\":\"credential\"}"), "another.token.x"));
	/* One of an earlier process names another session key. */
	s->desk.bound = false;
	assert_non_null(
		strstr(ask(s, 0, "{\"op\":\"proof\",\"method\":\"GET\",\"url\":\"" URL "\"}"),
		       "no-result"));
}

static void no_answer_holds_a_key(void **state)
{
	struct scene *s = *state;
	const char *answer = ask(s, 4711, "{\"op\":\"credential\"}");
	assert_non_null(strstr(answer, "/key.pem\""));
	assert_null(strstr(answer, "PRIVATE"));
}

/* ---- the socket itself ---- */

static int connect_to(const struct scene *s)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = 20 };
	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s/proof.sock", s->dir);
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

static const char *call(int fd, const char *line)
{
	static char text[TROTH_PROOF_ANSWER_MAX + 1];
	size_t n = 0;
	if (line[0] != '\0')
		assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
	for (;;) {
		const ssize_t got = recv(fd, text + n, sizeof text - 1 - n, 0);
		if (got <= 0)
			return "";
		n += (size_t)got;
		text[n] = '\0';
		if (text[n - 1] == '\n')
			return text;
	}
}

#define ASK "{\"op\":\"proof\",\"method\":\"GET\",\"url\":\"" URL "\"}\n"

static void the_socket_serves_many_and_has_bounds(void **state)
{
	struct scene *s = *state;
	struct troth_proof_server *server, *second;
	static char long_line[TROTH_PROOF_LINE_MAX + 2];
	assert_int_equal(troth_proof_server_start(s->dir, &s->rules, s->session, &server),
			 TROTH_OK);
	assert_int_equal(troth_proof_server_start(s->dir, &s->rules, s->session, &second),
			 TROTH_E_CONFLICT);
	int fd = connect_to(s);
	assert_string_equal(call(fd, ASK), "{\"error\":\"no-result\"}\n");
	troth_proof_server_bound(server);
	for (size_t i = 0; i < 20; i++)
		assert_proof(s, call(fd, ASK), "");
	/* In two pieces, and two at once. */
	assert_int_equal(send(fd, ASK, 10, MSG_NOSIGNAL), 10);
	assert_proof(s, call(fd, &ASK[10]), "");
	/* A line without end is hung up on. */
	memset(long_line, ' ', sizeof long_line - 1);
	assert_string_equal(call(fd, long_line), "");
	close(fd);
	/* More connections than there is room for: the silent ones make room. */
	int many[TROTH_PROOF_CONNECTIONS_MAX + 4];
	for (size_t i = 0; i < TROTH_COUNT(many); i++)
		many[i] = connect_to(s);
	assert_proof(s, call(many[TROTH_COUNT(many) - 1], ASK), "");
	for (size_t i = 0; i < TROTH_COUNT(many); i++)
		close(many[i]);
	troth_proof_server_stop(server);
	assert_int_equal(troth_proof_server_start(s->dir, &s->rules, s->session, &server),
			 TROTH_OK);
	troth_proof_server_stop(server);
}

/* ---- rules in the configuration ---- */

struct settings {
	struct troth_proof_rules rules;
};

static enum troth_status add_rule(struct troth_config_doc *doc, void *target)
{
	return troth_proof_rule_read(doc, &((struct settings *)target)->rules);
}

static const struct {
	const char *yaml;
	bool ok;
} RULES[] = {
	{ "proofs: [{ user: \"4711\", urls: [\"https://a/\"] }]", true },
	{ "proofs: [{ user: root, urls: [\"HTTPS://A:443/x/\", \"https://b/\"] }]", true },
	{ "proofs: [{ user: no-such-user-here, urls: [\"https://a/\"] }]", false },
	{ "proofs: [{ user: root, urls: [] }]", false },
	{ "proofs: [{ user: root }]", false },
	{ "proofs: [{ urls: [\"https://a/\"] }]", false },
	{ "proofs: [{ user: root, urls: [\"https://a/x\"] }]", false },
	{ "proofs: [{ user: root, urls: [\"a\"] }]", false },
	{ "proofs: [{ user: root, urls: [\"https://a/../\"] }]", false },
	{ "proofs: [{ user: root, urls: [\"https://a/\"] }, { user: \"0\", urls: "
	  "[\"https://b/\"] }]",
	  false },
};

static void rules_are_read_strictly(void **state)
{
	static const struct troth_config_field FIELDS[] = {
		{ .key = "proofs", .type = TROTH_CONFIG_LIST, .each = add_rule },
		{ 0 },
	};
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(RULES); i++) {
		struct settings settings = { .rules = { .n = 0 } };
		struct troth_config_error error;
		const bool ok = troth_config_parse(troth_view_str(RULES[i].yaml), FIELDS,
						   &settings, &error) == TROTH_OK;
		if (ok != RULES[i].ok)
			fail_msg("%s", RULES[i].yaml);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_proof_is_of_the_call_that_was_asked_for,
						setup, teardown),
		cmocka_unit_test_setup_teardown(who_may_not_gets_no_proof, setup, teardown),
		cmocka_unit_test_setup_teardown(a_result_that_changes_is_read_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(no_answer_holds_a_key, setup, teardown),
		cmocka_unit_test_setup_teardown(the_socket_serves_many_and_has_bounds, setup,
						teardown),
		cmocka_unit_test(rules_are_read_strictly),
	};
	return cmocka_run_group_tests_name("attester_proofs", tests, NULL, NULL);
}
