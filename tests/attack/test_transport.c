/* SPDX-License-Identifier: Apache-2.0 */
/* The listener as a stranger finds it: which TLS it speaks, what it resumes, and every route
 * with every method. Rows are those of docs/attacks.md. */
#include "lab.h"

#include "gate.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "reader.h"

static struct gate gate;

static int open_gate(void **state)
{
	(void)state;
	gate_init(&gate, "");
	gate_start(&gate, NULL);
	return 0;
}

static int close_gate(void **state)
{
	(void)state;
	gate_close(&gate);
	return 0;
}

/* ---- TLS ---- */

static SSL_CTX *client_context(void)
{
	SSL_CTX *ctx = tls_client_context(test_service_path(&gate.service, "state/tls/ca.crt"));
	assert_non_null(ctx);
	return ctx;
}

static bool serves(SSL_CTX *ctx)
{
	struct tls_client c;
	tls_client_init(&c, ctx, gate.service.port);
	bool served = tls_client_get(&c, "/healthz") && c.status == 200;
	tls_client_release(&c);
	ERR_clear_error();
	return served;
}

static void old_protocols_are_refused(void **state)
{
	(void)state;
	static const int OLD[] = { TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION };
	for (size_t i = 0; i < TROTH_COUNT(OLD); i++) {
		SSL_CTX *ctx = client_context();
		SSL_CTX_set_security_level(ctx, 0); /* or OpenSSL would not even ask */
		assert_int_equal(SSL_CTX_set_min_proto_version(ctx, OLD[i]), 1);
		assert_int_equal(SSL_CTX_set_max_proto_version(ctx, OLD[i]), 1);
		assert_int_equal(SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0"), 1);
		assert_false(serves(ctx));
		SSL_CTX_free(ctx);
	}
	SSL_CTX *ctx = client_context();
	assert_true(serves(ctx));
	SSL_CTX_free(ctx);
}

/* Sessions that the server gave out for resumption. */
static size_t n_tickets;

static int on_ticket(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	(void)session;
	n_tickets++;
	return 0;
}

/* attacks.md row 13: there is nothing to resume with. */
static void no_session_is_given_out(void **state)
{
	(void)state;
	struct tls_client c;
	SSL_CTX *ctx = client_context();
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT);
	SSL_CTX_sess_set_new_cb(ctx, on_ticket);
	n_tickets = 0;
	tls_client_init(&c, ctx, gate.service.port);
	for (int i = 0; i < 3; i++)
		assert_true(tls_client_get(&c, "/healthz"));
	assert_int_equal(n_tickets, 0);
	/* The connection's own session again, for what it is worth. */
	SSL_SESSION *session = SSL_get1_session(c.ssl);
	assert_non_null(session);
	assert_false(SSL_SESSION_is_resumable(session));
	SSL_SESSION_free(session);
	tls_client_release(&c);
	SSL_CTX_free(ctx);
}

/* A session made up by the client, which invites early data. */
static int offer_key(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *id_len,
		     SSL_SESSION **session)
{
	static const unsigned char KEY[32] = { 1 }, CIPHER[] = { 0x13, 0x01 };
	SSL_SESSION *s = SSL_SESSION_new();
	if (md != NULL && !EVP_MD_is_a(md, "SHA256"))
		return 0;
	assert_int_equal(SSL_SESSION_set1_master_key(s, KEY, sizeof KEY), 1);
	assert_int_equal(SSL_SESSION_set_cipher(s, SSL_CIPHER_find(ssl, CIPHER)), 1);
	assert_int_equal(SSL_SESSION_set_protocol_version(s, TLS1_3_VERSION), 1);
	assert_int_equal(SSL_SESSION_set_max_early_data(s, 16384), 1);
	*id = (const unsigned char *)"attacker";
	*id_len = 8;
	*session = s;
	return 1;
}

/* attacks.md row 13: no key but those of this handshake, and no request before it
 * is over. */
static void early_data_and_foreign_keys_are_not_taken(void **state)
{
	(void)state;
	static const char REQUEST[] = "POST /v1/challenge HTTP/1.1\r\nHost: localhost\r\n"
				      "Content-Type: application/x-protobuf\r\n"
				      "Content-Length: 0\r\n\r\n";
	SSL_CTX *ctx = client_context();
	struct tls_client c;
	size_t written = 0;
	SSL_CTX_set_psk_use_session_callback(ctx, offer_key);
	tls_client_init(&c, ctx, gate.service.port);
	c.early = (struct troth_view){ (const uint8_t *)REQUEST, sizeof REQUEST - 1 };
	assert_true(tls_client_get(&c, "/healthz"));
	written = c.early_written;
	assert_int_equal(written, sizeof REQUEST - 1);
	/* One request, one answer: that to what came after the handshake. */
	assert_int_equal(c.status, 200);
	assert_non_null(memmem(c.body.p, c.body.n, "\"ok\"", 4));
	assert_int_equal(SSL_session_reused(c.ssl), 0);
	assert_int_equal(SSL_get_early_data_status(c.ssl), SSL_EARLY_DATA_REJECTED);
	tls_client_release(&c);
	SSL_CTX_free(ctx);
}

/* ---- routes: attacks.md row 12 ---- */

static const struct {
	const char *path;
	bool post;
} ROUTES[] = {
	{ "/healthz", false },		 { "/v1/crl", false },	    { "/v1/bundle", false },
	{ "/v1/enroll", true },		 { "/v1/challenge", true }, { "/v1/attest", true },
	{ "/v1/enroll/complete", true },
};

static int ask(const char *method, const char *path, const char *fields, const char *body)
{
	char head[512];
	snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", method, path,
		 fields);
	tls_client_close(&gate.http); /* what is refused may end the connection */
	if (!tls_client_call(&gate.http, head, troth_view_str(body)))
		return 0;
	return gate.http.status;
}

static void assert_in(int status, const char *list, const char *method, const char *path)
{
	char text[8];
	snprintf(text, sizeof text, "%d", status);
	if (strstr(list, text) == NULL)
		fail_msg("%s %s: %d, not one of %s", method, path, status, list);
}

static void every_route_takes_its_own_method_only(void **state)
{
	(void)state;
	static const char *const METHODS[] = { "GET",	  "POST",  "PUT",  "DELETE", "PATCH",
					       "OPTIONS", "TRACE", "HEAD", "CONNECT" };
	for (size_t r = 0; r < TROTH_COUNT(ROUTES); r++)
		for (size_t m = 0; m < TROTH_COUNT(METHODS); m++) {
			const char *own = ROUTES[r].post ? "POST" : "GET";
			if (strcmp(METHODS[m], own) == 0)
				continue;
			int status =
				ask(METHODS[m], ROUTES[r].path, "Content-Length: 0\r\n", "");
			assert_in(status, "400 405 501", METHODS[m], ROUTES[r].path);
		}
}

static void every_body_is_of_its_own_type_and_length(void **state)
{
	(void)state;
	static const struct {
		const char *fields, *body, *statuses;
	} BODIES[] = {
		{ "Content-Length: 2\r\n", "{}", "415" },
		{ "Content-Type: application/json\r\nContent-Length: 2\r\n", "{}", "415" },
		{ "Content-Type: text/plain\r\nContent-Length: 2\r\n", "{}", "415" },
		{ "Content-Type: application/x-protobuf\r\n", "",
		  "400 403 411" }, /* none is an empty one */
		{ "Content-Type: application/x-protobuf\r\nTransfer-Encoding: chunked\r\n",
		  "0\r\n\r\n", "400 411 501" },
		{ "Content-Type: application/x-protobuf\r\nContent-Length: 2\r\n"
		  "Content-Length: 3\r\n",
		  "{}", "400" },
		{ "Content-Type: application/x-protobuf\r\nContent-Length: 99999999999\r\n", "",
		  "413" },
		{ "Content-Type: application/x-protobuf\r\nContent-Length: "
		  "18446744073709551616\r\n",
		  "", "400 413" },
		{ "Content-Type: application/x-protobuf\r\nContent-Encoding: gzip\r\n"
		  "Content-Length: 2\r\n",
		  "{}", "400 415" },
	};
	for (size_t r = 0; r < TROTH_COUNT(ROUTES); r++)
		for (size_t i = 0; ROUTES[r].post && i < TROTH_COUNT(BODIES); i++) {
			int status =
				ask("POST", ROUTES[r].path, BODIES[i].fields, BODIES[i].body);
			assert_in(status, BODIES[i].statuses, BODIES[i].fields, ROUTES[r].path);
		}
}

static void other_spellings_are_other_paths(void **state)
{
	(void)state;
	static const char *const PATHS[] = {
		"/v1/admin",
		"/v1/admin/devices",
		"/v1//attest",
		"/v1/attest/",
		"/v1/./attest",
		"/v1/x/../attest",
		"/v1/%61ttest",
		"/V1/attest",
		"/v2/attest",
		"/",
		"//v1/attest",
		"/v1/admin/devices/../../attest",
		"http://localhost/v1/attest",
		"/v1/attest%00",
	};
	for (size_t i = 0; i < TROTH_COUNT(PATHS); i++) {
		int status = ask("GET", PATHS[i], "", "");
		assert_in(status, "400 404", "GET", PATHS[i]);
	}
}

/* ---- administration: attacks.md row 12 ---- */

static const struct {
	const char *method, *path;
} ADMINISTRATION[] = {
	{ "GET", "/v1/admin/devices" },	     { "GET", "/v1/admin/devices/x" },
	{ "POST", "/v1/admin/devices/x" },   { "GET", "/v1/admin/verdicts/x" },
	{ "GET", "/v1/admin/policies" },     { "GET", "/v1/admin/policies/x" },
	{ "POST", "/v1/admin/policies" },    { "GET", "/v1/admin/references" },
	{ "GET", "/v1/admin/references/x" }, { "POST", "/v1/admin/references" },
	{ "POST", "/v1/admin/learn" },	     { "GET", "/v1/admin/audit" },
};

/* As a user that is neither root nor the service's own. Returns the number of the first request
 * that was not refused, counted from 1; 0 when all were. */
static int probe_administration(void)
{
	if (setgid(65534) != 0 || setuid(65534) != 0)
		return 100;
	gate.service.admin = NULL; /* a connection of our own */
	for (size_t i = 0; i < TROTH_COUNT(ADMINISTRATION); i++) {
		struct troth_https_answer a = { 0 };
		const bool yaml = strstr(ADMINISTRATION[i].path, "policies") != NULL;
		const bool post = strcmp(ADMINISTRATION[i].method, "POST") == 0;
		long status = test_service_admin(&gate.service, ADMINISTRATION[i].method,
						 ADMINISTRATION[i].path,
						 !post	? NULL
						 : yaml ? "application/yaml"
							: "application/json",
						 post ? "{}" : "", &a);
		if (status != 403)
			return (int)i + 1;
		troth_https_answer_clear(&a);
	}
	return 0;
}

/* The socket is its owner's alone. Were it open to all, the kernel would still say who calls,
 * and no route would serve them. */
static void administration_is_for_the_owner(void **state)
{
	(void)state;
	struct stat st;
	char path[PATH_MAX];
	int status;
	snprintf(path, sizeof path, "%s/admin.sock", gate.service.dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	if (geteuid() != 0) {
		print_message("not root: cannot be somebody else\n");
		skip();
	}
	assert_int_equal(chmod(gate.service.dir, 0711), 0);
	assert_int_equal(chmod(path, 0666), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(probe_administration());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(chmod(path, 0600), 0);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) != 0)
		fail_msg("request %d was served to a stranger", WEXITSTATUS(status));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_protocols_are_refused),
		cmocka_unit_test(no_session_is_given_out),
		cmocka_unit_test(early_data_and_foreign_keys_are_not_taken),
		cmocka_unit_test(every_route_takes_its_own_method_only),
		cmocka_unit_test(every_body_is_of_its_own_type_and_length),
		cmocka_unit_test(other_spellings_are_other_paths),
		cmocka_unit_test(administration_is_for_the_owner),
	};
	return cmocka_run_group_tests(tests, open_gate, close_gate);
}
