/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"
#include "reader.h"
#include "text.h"

uint64_t clock_ms(void)
{
	struct timespec t;
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct peer peer_connect_only(const struct harness *h)
{
	const struct timeval wait = { .tv_sec = 10 };
	const char *path = harness_socket(h);
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				  .sin_port = htons((uint16_t)harness_port(h)) };
	int on = 1;
	int fd = socket(path != NULL ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait), 0);
	if (path != NULL) {
		snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
		assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof un), 0);
	} else {
		assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
		assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof in), 0);
	}
	return (struct peer){ .fd = fd };
}

struct peer peer_connect(const struct harness *h)
{
	struct peer p = peer_connect_only(h);
	if (harness_socket(h) != NULL)
		return p;
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	assert_int_equal(SSL_CTX_load_verify_file(ctx, certs_path("ca.pem")), 1);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	p.ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	assert_int_equal(SSL_set1_host(p.ssl, "localhost"), 1);
	assert_int_equal(SSL_set_fd(p.ssl, p.fd), 1);
	assert_int_equal(SSL_connect(p.ssl), 1);
	return p;
}

static ssize_t send_some(struct peer *p, const uint8_t *bytes, size_t n)
{
	size_t sent = 0;
	if (p->ssl == NULL)
		return send(p->fd, bytes, n, MSG_NOSIGNAL);
	return SSL_write_ex(p->ssl, bytes, n, &sent) == 1 ? (ssize_t)sent : -1;
}

bool peer_try_send(struct peer *p, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;
	while (n > 0) {
		ssize_t sent = send_some(p, at, n);
		if (sent <= 0)
			return false;
		at += sent;
		n -= (size_t)sent;
	}
	return true;
}

void peer_send(struct peer *p, const void *bytes, size_t n)
{
	assert_true(peer_try_send(p, bytes, n));
}

void peer_text(struct peer *p, const char *text)
{
	peer_send(p, text, strlen(text));
}

void peer_finish(struct peer *p)
{
	if (p->ssl != NULL)
		(void)SSL_shutdown(p->ssl);
	assert_int_equal(shutdown(p->fd, SHUT_WR), 0);
}

void peer_reset(struct peer *p)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };
	assert_int_equal(setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
	peer_close(p);
}

void peer_close(struct peer *p)
{
	SSL_free(p->ssl);
	(void)close(p->fd);
	*p = (struct peer){ .fd = -1 };
}

/* 0 at the end of the stream, however it came. */
static size_t read_some(struct peer *p, uint8_t *out, size_t max)
{
	size_t n = 0;
	if (p->ssl != NULL)
		return SSL_read_ex(p->ssl, out, max, &n) == 1 ? n : 0;
	ssize_t got = recv(p->fd, out, max, 0);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		fail_msg("the server is silent");
	return got > 0 ? (size_t)got : 0;
}

static size_t content_length(const char *head)
{
	uint64_t n = 0;
	const char *at = strstr(head, "\r\nContent-Length: ");
	if (at == NULL)
		return 0;
	at += strlen("\r\nContent-Length: ");
	struct troth_view digits = { (const uint8_t *)at, strcspn(at, "\r") };
	assert_true(troth_parse_u64(digits, HARNESS_LARGE, &n));
	return (size_t)n;
}

static bool read_head(struct peer *p, struct reply *r)
{
	size_t n = 0;
	memset(r, 0, sizeof *r);
	while (strstr(r->head, "\r\n\r\n") == NULL) {
		assert_true(n + 1 < sizeof r->head);
		if (read_some(p, (uint8_t *)r->head + n, 1) == 0)
			return false;
		n++;
	}
	return true;
}

struct reply peer_read(struct peer *p)
{
	struct reply r;
	uint64_t status;
	if (!read_head(p, &r))
		return r;
	assert_memory_equal(r.head, "HTTP/1.1 ", 9);
	assert_true(troth_parse_u64((struct troth_view){ (const uint8_t *)r.head + 9, 3 }, 999,
				    &status));
	r.status = (int)status;
	size_t want = content_length(r.head), n = 0;
	uint8_t *body = malloc(want + 1);
	while (n < want) {
		size_t got = read_some(p, body + n, want - n);
		if (got == 0)
			fail_msg("the body ends after %zu of %zu bytes", n, want);
		n += got;
	}
	body[want] = '\0';
	r.body = (struct troth_view){ body, want };
	return r;
}

void reply_clear(struct reply *r)
{
	free((void *)(uintptr_t)r->body.p);
	memset(r, 0, sizeof *r);
}

int peer_status(struct peer *p)
{
	struct reply r = peer_read(p);
	int status = r.status;
	reply_clear(&r);
	return status;
}

unsigned peer_await_close(struct peer *p)
{
	uint8_t sink[4096];
	uint64_t start = clock_ms();
	while (read_some(p, sink, sizeof sink) > 0)
		if (clock_ms() - start > 10000)
			fail_msg("the server goes on");
	return (unsigned)(clock_ms() - start);
}
