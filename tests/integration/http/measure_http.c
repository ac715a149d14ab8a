/* SPDX-License-Identifier: Apache-2.0 */
/* What a request costs the server in CPU, and what an idle connection holds in memory. Clients
 * are another process, so that only the server is counted. */
#include "check.h"

#include <malloc.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

enum { CONNECTIONS = 32, ROUNDS = 600, IDLE = 2000 };

static void ask(struct peer *peers, size_t n, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < n; i++)
		peer_send(&peers[i], bytes, len);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(peer_status(&peers[i]), 200);
}

/* One request, head and body in one write, as libcurl sends it. */
static size_t request(uint8_t *out, size_t max, size_t body_len)
{
	int n = snprintf(
		(char *)out, max,
		"POST /short HTTP/1.1\r\nHost: verifier.example.net\r\nUser-Agent: x/1\r\n"
		"Accept: application/x-protobuf\r\nContent-Type: application/x-protobuf\r\n"
		"Content-Length: %zu\r\n\r\n",
		body_len);
	assert_true(n > 0 && (size_t)n + body_len < max);
	memset(out + n, 'x', body_len);
	return (size_t)n + body_len;
}

static void wait_for(int fd, char what)
{
	char c = 0;
	assert_int_equal(read(fd, &c, 1), 1);
	assert_int_equal(c, what);
}

static void tell(int fd, char what)
{
	assert_int_equal(write(fd, &what, 1), 1);
}

/* Runs fn in a process of its own against h; between its two steps the parent measures. */
struct child {
	pid_t pid;
	int to, from;
};

static struct child start(struct harness *h, size_t n, size_t body_len, size_t rounds)
{
	static uint8_t bytes[64 * 1024];
	static struct peer peers[IDLE];
	int to[2], from[2];
	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	pid_t pid = fork();
	if (pid != 0)
		return (struct child){ pid, to[1], from[0] };
	size_t len = request(bytes, sizeof bytes, body_len);
	for (size_t i = 0; i < n; i++)
		peers[i] = peer_connect(h);
	ask(peers, n, bytes, len); /* warm */
	tell(from[1], 'w');
	wait_for(to[0], 'g');
	for (size_t i = 0; i < rounds; i++)
		ask(peers, n, bytes, len);
	tell(from[1], 'd');
	wait_for(to[0], 'e');
	_exit(0);
}

static void finish(struct child *c)
{
	tell(c->to, 'e');
	assert_int_equal(waitpid(c->pid, NULL, 0), c->pid);
	(void)close(c->to);
	(void)close(c->from);
}

static void cost_of_a_request(bool plain, size_t body_len)
{
	struct harness *h = harness_start((struct harness_options){ .plain = plain });
	struct child c = start(h, CONNECTIONS, body_len, ROUNDS);
	wait_for(c.from, 'w');
	uint64_t before = harness_cpu_us(h);
	tell(c.to, 'g');
	wait_for(c.from, 'd');
	uint64_t used = harness_cpu_us(h) - before;
	printf("%s, %zu bytes in, %d out: %.1f us of server CPU\n", plain ? "plain" : "TLS",
	       body_len, HARNESS_SHORT, (double)used / (CONNECTIONS * ROUNDS));
	finish(&c);
	harness_await_connections(h, 0);
	harness_stop(h);
}

static long resident_kb(void)
{
	long pages = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%ld %ld", &pages, &resident), 2);
	(void)fclose(f);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void memory_of_an_idle_connection(void)
{
	struct harness *h =
		harness_start((struct harness_options){ .connections_max = 2 * IDLE });
	struct child c = start(h, 1, 1500, 0); /* everything is loaded */
	wait_for(c.from, 'w');
	tell(c.to, 'g');
	wait_for(c.from, 'd');
	finish(&c);
	harness_await_connections(h, 0);
	size_t before = mallinfo2().uordblks;
	long resident = resident_kb();
	c = start(h, IDLE, 1500, 0);
	wait_for(c.from, 'w');
	printf("%zu idle TLS connections: %.1f KB each on the heap, %.1f KB each resident\n",
	       harness_connections(h), (double)(mallinfo2().uordblks - before) / IDLE / 1024,
	       (double)(resident_kb() - resident) / IDLE);
	tell(c.to, 'g');
	wait_for(c.from, 'd');
	finish(&c);
	harness_await_connections(h, 0);
	harness_stop(h);
}

int main(void)
{
	const struct rlimit files = { 3 * IDLE, 3 * IDLE };
	(void)setrlimit(RLIMIT_NOFILE, &files);
	certs_make();
	for (int plain = 0; plain < 2; plain++) {
		cost_of_a_request(plain, 200);
		cost_of_a_request(plain, 1500);
		cost_of_a_request(plain, 30 * 1024);
	}
	memory_of_an_idle_connection();
	certs_remove();
	return 0;
}
