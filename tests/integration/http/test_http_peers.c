/* SPDX-License-Identifier: Apache-2.0 */
/* curl and openssl as peers that share no code of ours, and the server's TLS settings. */
#include "check.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <unistd.h>

#include "base.h"
#include "harness.h"
#include "reader.h"

/* curl against path, with up to four more arguments; out gets head and body. */
static int curl(const struct harness *h, const char *path, const char *const *more, char *out,
		size_t max)
{
	const char *argv[16] = { "curl", "-sSi", "--max-time", "10", "--noproxy", "*" };
	char url[128];
	size_t n = 6;
	harness_url(h, path, url, sizeof url);
	argv[n++] = harness_socket(h) != NULL ? "--unix-socket" : "--cacert";
	argv[n++] = harness_socket(h) != NULL ? harness_socket(h) : certs_path("ca.pem");
	for (size_t i = 0; more != NULL && more[i] != NULL; i++)
		argv[n++] = more[i];
	argv[n++] = url;
	return run_program(argv, out, max);
}

static void assert_begins(const char *text, const char *want)
{
	if (strncmp(text, want, strlen(want)) != 0)
		fail_msg("not %s: %s", want, text);
}

static void curl_speaks_with_it(void **state)
{
	static char file[256], out[200 * 1024];
	(void)state;
	for (int plain = 0; plain < 2; plain++) {
		struct harness *h = harness_start((struct harness_options){ .plain = plain });
		if (curl(h, "/hello", NULL, out, sizeof out) != 0)
			fail_msg("%s", out);
		assert_begins(out, "HTTP/1.1 200 OK\r\n");
		assert_non_null(strstr(out, "\r\n\r\nhello"));

		/* A body of 64 KB, with an Expect: 100-continue that curl waits for. */
		snprintf(file, sizeof file, "@%s", certs_path("body"));
		const char *make[] = { "/bin/sh", "-c",
				       "head -c 65536 /dev/urandom | tee \"$0\"", file + 1,
				       NULL };
		static char body[65536 + 1];
		assert_int_equal(run_program(make, body, sizeof body), 0);
		const char *post[] = { "-HContent-Type: application/x-protobuf",
				       "-HExpect: 100-continue", "--data-binary", file, NULL };
		assert_int_equal(curl(h, "/echo", post, out, sizeof out), 0);
		assert_begins(out, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n");
		char *end = strstr(out + 30, "\r\n\r\n");
		assert_non_null(end);
		assert_memory_equal(end + 4, body, 65536);

		const char *chunked[] = { "-HContent-Type: application/x-protobuf",
					  "-HTransfer-Encoding: chunked", "--data-binary", file,
					  NULL };
		assert_int_equal(curl(h, "/echo", chunked, out, sizeof out), 0);
		assert_non_null(strstr(out, "HTTP/1.1 411 Length Required\r\n"));
		const char *old[] = { "--http1.0", "--no-alpn", NULL };
		assert_int_equal(curl(h, "/hello", old, out, sizeof out), 0);
		assert_begins(out, "HTTP/1.1 505 ");
		const char *put[] = { "-XPUT", NULL };
		assert_int_equal(curl(h, "/items/a", put, out, sizeof out), 0);
		assert_non_null(strstr(out, "\r\nAllow: GET, DELETE\r\n"));
		harness_stop(h);
	}
}

/* openssl s_client with up to eight more arguments; out gets what it prints. */
static int s_client(const struct harness *h, const char *const *more, char *out, size_t max)
{
	char port[32];
	const char *argv[20] = { "openssl",
				 "s_client",
				 "-CAfile",
				 certs_path("ca.pem"),
				 "-verify_hostname",
				 "localhost",
				 "-verify_return_error",
				 "-connect" };
	size_t n = 8;
	snprintf(port, sizeof port, "127.0.0.1:%u", harness_port(h));
	argv[n++] = port;
	for (size_t i = 0; more != NULL && more[i] != NULL; i++)
		argv[n++] = more[i];
	return run_program(argv, out, max);
}

static const struct {
	const char *name;
	const char *arguments[6];
	bool connects;
	const char *prints; /* NULL: anything */
} CLIENTS[] = {
	{ "nothing special", { NULL }, true, "New, TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256" },
	{ "X25519 and P-256",
	  { "-groups", "X25519:P-256", NULL },
	  true,
	  "Server Temp Key: X25519" },
	{ "P-256 only",
	  { "-groups", "P-256", NULL },
	  true,
	  "Server Temp Key: ECDH, prime256v1" },
	{ "P-384 only", { "-groups", "P-384", NULL }, false, NULL },
	{ "a client of TLS 1.2", { "-tls1_2", NULL }, false, NULL },
	{ "HTTP/1.1 by ALPN",
	  { "-alpn", "h2,http/1.1", NULL },
	  true,
	  "ALPN protocol: http/1.1" },
	{ "only HTTP/2 by ALPN",
	  { "-alpn", "h2", NULL },
	  false,
	  "tlsv1 alert no application protocol" },
};

static void openssl_agrees_on_tls(void **state)
{
	static char out[64 * 1024];
	for (size_t i = 0; i < TROTH_COUNT(CLIENTS); i++) {
		int code = s_client(*state, CLIENTS[i].arguments, out, sizeof out);
		if ((code == 0) != CLIENTS[i].connects ||
		    (CLIENTS[i].prints != NULL && strstr(out, CLIENTS[i].prints) == NULL))
			fail_msg("%s: %d, %s", CLIENTS[i].name, code, out);
		/* No session outlives its connection. */
		if (strstr(out, "TLS session ticket") != NULL ||
		    strstr(out, "Max Early Data: 0") != NULL)
			fail_msg("%s: a ticket came: %s", CLIENTS[i].name, out);
	}
}

static void a_request_to_the_wrong_kind_of_port(void **state)
{
	struct peer p = peer_connect_only(*state);
	peer_text(&p, "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_true(peer_await_close(&p) < 1000);
	peer_close(&p);
}

static const struct {
	const char *name, *chain, *key;
	enum troth_status want;
} FILES[] = {
	{ "P-256", "server.pem", "server.key", TROTH_OK },
	{ "RSA-2048", "rsa.pem", "rsa.key", TROTH_OK },
	{ "no certificate", "nowhere.pem", "server.key", TROTH_E_CONFIG },
	{ "no key", "server.pem", "nowhere.key", TROTH_E_CONFIG },
	{ "another's key", "server.pem", "other.key", TROTH_E_CONFIG },
	{ "nonsense", "nonsense.pem", "server.key", TROTH_E_CONFIG },
	{ "a key with a password", "server.pem", "locked.key", TROTH_E_CONFIG },
	{ "P-384", "p384.pem", "p384.key", TROTH_E_UNSUPPORTED },
	{ "RSA-1024", "weak.pem", "weak.key", TROTH_E_CONFIG }, /* OpenSSL says so first */
};

static void certificates_and_keys_are_looked_at(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(FILES); i++) {
		SSL_CTX *ctx;
		POISON(ctx);
		enum troth_status got = troth_tls_server_new(certs_path(FILES[i].chain),
							     certs_path(FILES[i].key), &ctx);
		if (got != FILES[i].want)
			fail_msg("%s: %s", FILES[i].name, troth_status_name(got));
		if (got == TROTH_OK)
			SSL_CTX_free(ctx);
		else
			ASSERT_POISONED(ctx);
	}
}

static int start(void **state)
{
	*state = harness_start((struct harness_options){ 0 });
	return 0;
}

static int stop(void **state)
{
	harness_stop(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(curl_speaks_with_it),
		cmocka_unit_test_setup_teardown(openssl_agrees_on_tls, start, stop),
		cmocka_unit_test_setup_teardown(a_request_to_the_wrong_kind_of_port, start,
						stop),
		cmocka_unit_test(certificates_and_keys_are_looked_at),
	};
	certs_make();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	certs_remove();
	return failed;
}
