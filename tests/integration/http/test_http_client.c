/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTPS client, against our server, openssl's and a few that misbehave. */
#include "check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "harness.h"
#include "https.h"
#include "reader.h"

extern char **environ;

/* 2035: before the test's certificates end and after those that have. */
#define FLOOR_S 2051222400ULL

static struct troth_https_options options(const char *ca_file)
{
	return (struct troth_https_options){ .ca_file = ca_file,
					     .connect_timeout_ms = 5000,
					     .total_timeout_ms = 5000,
					     .answer_max = HARNESS_LARGE };
}

static struct troth_https *client(struct troth_https_options o)
{
	struct troth_https *c = NULL;
	assert_int_equal(troth_https_new(&o, &c), TROTH_OK);
	assert_string_equal(troth_https_error(c), "");
	return c;
}

static struct troth_https *client_of(const struct harness *h)
{
	struct troth_https_options o = options(certs_path("ca.pem"));
	if (harness_socket(h) != NULL) {
		o.ca_file = NULL;
		o.unix_socket = harness_socket(h);
	}
	return client(o);
}

static const struct {
	const char *name, *method, *path, *type, *body;
	long status;
	const char *want_type, *want;
	uint32_t retry_after_s;
} CALLS[] = {
	{ "a page", "GET", "/hello", NULL, "", 200, "text/plain", "hello", 0 },
	{ "a body", "POST", "/echo", "application/x-protobuf", "abc", 200,
	  "application/x-protobuf", "abc", 0 },
	{ "a page after a body", "GET", "/items/a?b=c", NULL, "", 200, "text/plain", "a|b=c",
	  0 },
	{ "an empty body", "POST", "/echo", NULL, "", 200, "application/x-protobuf", "", 0 },
	{ "another method", "DELETE", "/items/a", NULL, "", 200, "text/plain", "a|", 0 },
	{ "a body of another type", "POST", "/echo", "text/plain", "abc", 415,
	  "application/problem+json", NULL, 0 },
	{ "a busy server", "GET", "/busy", NULL, "", 503, "application/problem+json", NULL, 7 },
	{ "nothing there", "GET", "/nowhere", NULL, "", 404, "application/problem+json", NULL,
	  0 },
};

static void check_call(size_t i, struct troth_https *c, const struct harness *h)
{
	struct troth_https_answer a;
	char url[128];
	harness_url(h, CALLS[i].path, url, sizeof url);
	if (troth_https_call(c, CALLS[i].method, url, CALLS[i].type,
			     troth_view_str(CALLS[i].body), &a) != TROTH_OK)
		fail_msg("%s: %s", CALLS[i].name, troth_https_error(c));
	if (a.status != CALLS[i].status || a.retry_after_s != CALLS[i].retry_after_s ||
	    strcmp(a.content_type, CALLS[i].want_type) != 0 ||
	    (CALLS[i].want != NULL &&
	     !troth_view_equal(troth_buffer_view(&a.body), troth_view_str(CALLS[i].want))))
		fail_msg("%s: %ld, %s, %u, %s", CALLS[i].name, a.status, a.content_type,
			 a.retry_after_s, a.body.n > 0 ? (const char *)a.body.p : "");
	assert_string_equal(troth_https_error(c), "");
	troth_https_answer_clear(&a);
	assert_null(a.body.p);
}

static void calls_have_their_answers_on_one_connection(void **state)
{
	(void)state;
	for (int plain = 0; plain < 2; plain++) {
		struct harness *h = harness_start((struct harness_options){ .plain = plain });
		struct troth_https *c = client_of(h);
		for (size_t round = 0; round < 3; round++)
			for (size_t i = 0; i < TROTH_COUNT(CALLS); i++)
				check_call(i, c, h);
		assert_int_equal(harness_connections(h), 1);
		troth_https_free(c);
		harness_await_connections(h, 0);
		harness_stop(h);
	}
}

static void a_connection_the_server_closed_is_made_anew(void **state)
{
	struct harness *h = harness_start(
		(struct harness_options){ .deadlines = { 20000, 20000, 20000, 20000, 100 } });
	struct troth_https *c = client_of(h);
	(void)state;
	check_call(0, c, h);
	harness_await_connections(h, 0);
	check_call(1, c, h);
	troth_https_free(c);
	harness_stop(h);
}

static enum troth_status get(struct troth_https *c, const char *url,
			     struct troth_https_answer *a)
{
	return troth_https_call(c, "GET", url, NULL, (struct troth_view){ 0 }, a);
}

static void assert_failure(struct troth_https *c, const char *url, enum troth_status want,
			   const char *says)
{
	struct troth_https_answer a;
	POISON(a);
	enum troth_status got = get(c, url, &a);
	ASSERT_POISONED(a);
	if (got != want || strstr(troth_https_error(c), says) == NULL)
		fail_msg("%s, \"%s\", not %s, \"%s\"", troth_status_name(got),
			 troth_https_error(c), troth_status_name(want), says);
}

static void an_answer_may_be_as_long_as_the_limit(void **state)
{
	struct harness *h = harness_start((struct harness_options){ 0 });
	struct troth_https_options o = options(certs_path("ca.pem"));
	struct troth_https_answer a;
	char url[128];
	(void)state;
	harness_url(h, "/large", url, sizeof url);
	struct troth_https *c = client(o);
	assert_int_equal(get(c, url, &a), TROTH_OK);
	assert_int_equal(a.body.n, HARNESS_LARGE);
	for (size_t i = 0; i < a.body.n; i++)
		if (a.body.p[i] != i % 251)
			fail_msg("byte %zu is %d", i, a.body.p[i]);
	troth_https_answer_clear(&a);
	troth_https_free(c);

	o.answer_max = HARNESS_LARGE - 1;
	c = client(o);
	assert_failure(c, url, TROTH_E_LIMIT, "longer than 5242879 bytes");
	check_call(0, c, h); /* and it goes on */
	troth_https_free(c);
	harness_stop(h);
}

/* openssl s_server with a chain of ours; its port in *port. */
static pid_t s_server(const char *chain, unsigned *port)
{
	posix_spawn_file_actions_t actions;
	char line[128] = "";
	int ends[2];
	size_t n = 0;
	pid_t pid;
	const char *argv[] = { "openssl",
			       "s_server",
			       "-accept",
			       "127.0.0.1:0",
			       "-www",
			       "-cert",
			       certs_path(chain),
			       "-key",
			       certs_path("server.key"),
			       NULL };
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	(void)posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	assert_int_equal(posix_spawnp(&pid, argv[0], &actions, NULL,
				      (char *const *)(uintptr_t)argv, environ),
			 0);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(ends[1]);
	while (sscanf(line, "%*[^A]ACCEPT %*[^:]:%u", port) != 1 &&
	       sscanf(line, "ACCEPT %*[^:]:%u", port) != 1) {
		ssize_t got = read(ends[0], line + n, sizeof line - 1 - n);
		assert_true(got > 0);
		n += (size_t)got;
		line[n] = '\0';
	}
	(void)close(ends[0]);
	return pid;
}

static const struct {
	const char *name, *chain, *ca;
	uint64_t floor_s;
	const char *says; /* NULL: accepted */
} CHAINS[] = {
	{ "sound", "server.pem", "ca.pem", 0, NULL },
	{ "another CA of the same name", "server.pem", "other.pem", 0,
	  "not signed by the CA in" },
	{ "another CA", "server.pem", "rsa.pem", 0, "not signed by the CA in" },
	{ "another host", "wrong.pem", "ca.pem", 0, "for another host name" },
	{ "expired", "expired.pem", "ca.pem", 0, "expired, or this machine's clock is wrong" },
	{ "not valid yet", "future.pem", "ca.pem", 0, "not valid yet" },
	{ "a CA that has expired", "outliving.pem", "old.pem", 0, "expired" },
	{ "no CA file", "server.pem", "nowhere.pem", 0, "cannot be read" },
	{ "a CA file of nonsense", "server.pem", "nonsense.pem", 0, "cannot be read" },
	/* Without a clock: today's date does not matter, the floor does. */
	{ "sound, no clock", "server.pem", "ca.pem", 1, NULL },
	{ "not valid yet, no clock", "future.pem", "ca.pem", 1, NULL },
	{ "expired today but after the floor", "expired.pem", "ca.pem", 1577836800, NULL },
	{ "ends a second after the floor", "expired.pem", "ca.pem", 1609459199, NULL },
	{ "ends at the floor", "expired.pem", "ca.pem", 1609459200, "has expired" },
	{ "ends before the floor", "expired.pem", "ca.pem", FLOOR_S, "has expired" },
	{ "a CA that ends before the floor", "outliving.pem", "old.pem", 1640995200,
	  "has expired" },
	{ "a CA that ends after the floor", "outliving.pem", "old.pem", 1577836800, NULL },
	{ "another CA, no clock", "server.pem", "other.pem", 1, "not signed by the CA in" },
	{ "another host, no clock", "wrong.pem", "ca.pem", 1, "for another host name" },
};

static void certificates_are_accepted_or_the_reason_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(CHAINS); i++) {
		struct troth_https_options o = options(certs_path(CHAINS[i].ca));
		struct troth_https_answer a = { 0 };
		char url[64];
		unsigned port = 0;
		pid_t server = s_server(CHAINS[i].chain, &port);
		o.time_floor_s = CHAINS[i].floor_s;
		struct troth_https *c = client(o);
		snprintf(url, sizeof url, "https://localhost:%u/", port);
		enum troth_status got = get(c, url, &a);
		if (got != (CHAINS[i].says == NULL ? TROTH_OK : TROTH_E_IO) ||
		    (CHAINS[i].says != NULL &&
		     strstr(troth_https_error(c), CHAINS[i].says) == NULL))
			fail_msg("%s: %s, %s", CHAINS[i].name, troth_status_name(got),
				 troth_https_error(c));
		troth_https_answer_clear(&a);
		troth_https_free(c);
		assert_int_equal(kill(server, SIGKILL), 0);
		assert_int_equal(waitpid(server, NULL, 0), server);
	}
}

static void the_ca_file_is_named(void **state)
{
	struct harness *h = harness_start((struct harness_options){ 0 });
	struct troth_https *c = client(options(certs_path("other.pem")));
	char url[128];
	(void)state;
	harness_url(h, "/hello", url, sizeof url);
	assert_failure(c, url, TROTH_E_IO, certs_path("other.pem"));
	troth_https_free(c);
	harness_stop(h);
}

/* A port on which nobody listens: bound, so that nobody else takes it, but not listening. */
static int closed_port(unsigned *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

static void a_verifier_that_cannot_be_reached(void **state)
{
	struct troth_https_options o = options(certs_path("ca.pem"));
	struct troth_https *c;
	char url[64];
	unsigned port;
	(void)state;
	int fd = closed_port(&port);
	o.connect_timeout_ms = o.total_timeout_ms = 300;
	c = client(o);
	snprintf(url, sizeof url, "https://127.0.0.1:%u/", port);
	assert_failure(c, url, TROTH_E_IO, "cannot be reached");

	/* It accepts and says nothing. */
	assert_int_equal(listen(fd, 1), 0);
	uint64_t start = clock_ms();
	assert_failure(c, url, TROTH_E_IO, "in time");
	assert_true(clock_ms() - start < 2000);
	(void)close(fd);

	/* RFC 2606: a name that never resolves. */
	assert_failure(c, "https://verifier.invalid/", TROTH_E_IO, "cannot be reached");
	troth_https_free(c);
}

static void an_answer_that_never_ends_is_cut(void **state)
{
	struct harness *h = harness_start((struct harness_options){ 0 });
	struct troth_https_options o = options(certs_path("ca.pem"));
	char url[128];
	(void)state;
	o.total_timeout_ms = 300;
	struct troth_https *c = client(o);
	harness_url(h, "/later", url, sizeof url);
	uint64_t start = clock_ms();
	assert_failure(c, url, TROTH_E_IO, "in time");
	assert_true(clock_ms() - start < 2000);
	troth_https_free(c);
	harness_stop(h);
}

static void only_https_is_spoken(void **state)
{
	struct harness *h = harness_start((struct harness_options){ .plain = true });
	struct troth_https_options o = options(certs_path("ca.pem"));
	struct troth_https *c = client(o);
	(void)state;
	assert_failure(c, "http://localhost/", TROTH_E_IO, "not spoken here");
	assert_failure(c, "file:///etc/hostname", TROTH_E_IO, "not spoken here");
	assert_failure(c, "nonsense://", TROTH_E_IO, "is not one");
	troth_https_free(c);

	c = client_of(h); /* over the socket, only http */
	assert_failure(c, "https://localhost/hello", TROTH_E_IO, "not spoken here");
	troth_https_free(c);
	harness_stop(h);
}

static void the_environment_is_not_asked(void **state)
{
	static const char *const NAMES[] = { "https_proxy", "HTTPS_PROXY", "all_proxy",
					     "http_proxy" };
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(NAMES); i++)
		assert_int_equal(setenv(NAMES[i], "http://127.0.0.1:1", 1), 0);
	for (int plain = 0; plain < 2; plain++) {
		struct harness *h = harness_start((struct harness_options){ .plain = plain });
		struct troth_https *c = client_of(h);
		check_call(0, c, h);
		troth_https_free(c);
		harness_stop(h);
	}
	for (size_t i = 0; i < TROTH_COUNT(NAMES); i++)
		(void)unsetenv(NAMES[i]);
}

/* Takes one connection on a Unix socket and says its piece. */
struct rude {
	int fd;
	const char *says;
};

static void *be_rude(void *arg)
{
	const struct rude *r = arg;
	char sink[1024];
	int fd = accept(r->fd, NULL, NULL);
	if (read(fd, sink, sizeof sink) > 0)
		(void)!write(fd, r->says, strlen(r->says));
	(void)close(fd);
	return NULL;
}

static const struct {
	const char *name, *says;
	enum troth_status want;
	long status;
	uint32_t retry_after_s;
	const char *error;
} ANSWERS[] = {
	{ "nothing", "", TROTH_E_IO, 0, 0, "closed the connection" },
	{ "no HTTP", "220 mail\r\n", TROTH_E_IO, 0, 0, "not spoken here" },
	{ "half a body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", TROTH_E_IO, 0, 0,
	  "closed the connection" },
	{ "a redirect",
	  "HTTP/1.1 302 Found\r\nLocation: http://localhost/\r\n"
	  "Content-Length: 0\r\n\r\n",
	  TROTH_OK, 302, 0, "" },
	{ "a wait", "HTTP/1.1 503 X\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n", TROTH_OK,
	  503, 120, "" },
	{ "the longest wait",
	  "HTTP/1.1 503 X\r\nretry-after: 4294967295\r\nContent-Length: 0\r\n\r\n", TROTH_OK,
	  503, 4294967295, "" },
	{ "too long a wait",
	  "HTTP/1.1 503 X\r\nRetry-After: 4294967296\r\nContent-Length: 0\r\n\r\n", TROTH_OK,
	  503, 0, "" },
	{ "a wait with a unit",
	  "HTTP/1.1 503 X\r\nRetry-After: 12s\r\nContent-Length: 0\r\n\r\n", TROTH_OK, 503, 0,
	  "" },
	{ "a wait until a date",
	  "HTTP/1.1 503 X\r\nRetry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n"
	  "Content-Length: 0\r\n\r\n",
	  TROTH_OK, 503, 0, "" },
};

static void answers_are_read_as_they_are_meant(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct troth_https_options o = options(NULL);
	(void)state;
	snprintf(un.sun_path, sizeof un.sun_path, "%s", certs_path("rude"));
	o.unix_socket = un.sun_path;
	for (size_t i = 0; i < TROTH_COUNT(ANSWERS); i++) {
		struct rude rude = { socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
				     ANSWERS[i].says };
		struct troth_https_answer a = { 0 };
		pthread_t thread;
		(void)unlink(un.sun_path);
		assert_int_equal(bind(rude.fd, (struct sockaddr *)&un, sizeof un), 0);
		assert_int_equal(listen(rude.fd, 1), 0);
		assert_int_equal(pthread_create(&thread, NULL, be_rude, &rude), 0);
		struct troth_https *c = client(o);
		enum troth_status got = get(c, "http://localhost/", &a);
		if (got != ANSWERS[i].want || a.status != ANSWERS[i].status ||
		    a.retry_after_s != ANSWERS[i].retry_after_s ||
		    strstr(troth_https_error(c), ANSWERS[i].error) == NULL)
			fail_msg("%s: %s, %ld, %u, %s", ANSWERS[i].name, troth_status_name(got),
				 a.status, a.retry_after_s, troth_https_error(c));
		troth_https_answer_clear(&a);
		troth_https_free(c);
		assert_int_equal(pthread_join(thread, NULL), 0);
		(void)close(rude.fd);
	}
}

static void options_with_holes_are_refused(void **state)
{
	const struct {
		const char *name;
		struct troth_https_options o;
	} HOLES[] = {
		{ "neither CA nor socket", options(NULL) },
		{ "both CA and socket",
		  { .ca_file = "ca",
		    .unix_socket = "socket",
		    .connect_timeout_ms = 1,
		    .total_timeout_ms = 1,
		    .answer_max = 1 } },
		{ "no limit",
		  { .ca_file = "ca", .connect_timeout_ms = 1, .total_timeout_ms = 1 } },
		{ "no end of connecting",
		  { .ca_file = "ca", .total_timeout_ms = 1, .answer_max = 1 } },
		{ "no end", { .ca_file = "ca", .connect_timeout_ms = 1, .answer_max = 1 } },
	};
	struct troth_https *c;
	(void)state;
	POISON(c);
	for (size_t i = 0; i < TROTH_COUNT(HOLES); i++)
		if (troth_https_new(&HOLES[i].o, &c) != TROTH_E_CONFIG)
			fail_msg("%s: taken", HOLES[i].name);
	ASSERT_POISONED(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_have_their_answers_on_one_connection),
		cmocka_unit_test(a_connection_the_server_closed_is_made_anew),
		cmocka_unit_test(an_answer_may_be_as_long_as_the_limit),
		cmocka_unit_test(certificates_are_accepted_or_the_reason_is_said),
		cmocka_unit_test(the_ca_file_is_named),
		cmocka_unit_test(a_verifier_that_cannot_be_reached),
		cmocka_unit_test(an_answer_that_never_ends_is_cut),
		cmocka_unit_test(only_https_is_spoken),
		cmocka_unit_test(the_environment_is_not_asked),
		cmocka_unit_test(answers_are_read_as_they_are_meant),
		cmocka_unit_test(options_with_holes_are_refused),
	};
	certs_make();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	certs_remove();
	return failed;
}
