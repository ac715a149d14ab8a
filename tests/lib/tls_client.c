/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "reader.h"
#include "text.h"

SSL_CTX *tls_client_context(const char *ca_file)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	if (ctx != NULL && SSL_CTX_load_verify_locations(ctx, ca_file, NULL) == 1) {
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
		SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
		return ctx;
	}
	SSL_CTX_free(ctx);
	return NULL;
}

void tls_client_init(struct tls_client *c, SSL_CTX *ctx, uint16_t port)
{
	*c = (struct tls_client){ .ctx = ctx, .port = port, .fd = -1 };
	c->buffer = malloc(TLS_CLIENT_ANSWER_MAX);
}

void tls_client_close(struct tls_client *c)
{
	SSL_free(c->ssl);
	c->ssl = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

void tls_client_release(struct tls_client *c)
{
	tls_client_close(c);
	free(c->buffer);
	c->buffer = NULL;
}

static bool bind_source(const struct tls_client *c)
{
	const struct sockaddr_in at = { .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(0x7f000000U | c->from) };
	return c->from == 0 || bind(c->fd, (const struct sockaddr *)&at, sizeof at) == 0;
}

static bool connect_tls(struct tls_client *c)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(c->port),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int one = 1;
	const struct timeval patience = { .tv_sec = 30 };
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || !bind_source(c) ||
	    connect(c->fd, (const struct sockaddr *)&to, sizeof to) != 0)
		return false;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	c->ssl = SSL_new(c->ctx);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1 ||
	    SSL_set1_host(c->ssl, "localhost") != 1)
		return false;
	if (c->early.n > 0)
		(void)SSL_write_early_data(c->ssl, c->early.p, c->early.n, &c->early_written);
	return SSL_connect(c->ssl) == 1;
}

static bool write_all(struct tls_client *c, const char *p, size_t n)
{
	size_t written;
	return n == 0 || (SSL_write_ex(c->ssl, p, n, &written) == 1 && written == n);
}

/* Value of a header in a NUL-terminated head; 0 when it is not there. */
static size_t content_length(const char *head)
{
	static const char KEY[] = "\r\ncontent-length: ";
	const char *at = strcasestr(head, KEY);
	uint64_t n = 0;
	if (at == NULL)
		return 0;
	at += sizeof KEY - 1;
	struct troth_view digits = { (const uint8_t *)at, strspn(at, "0123456789") };
	return troth_parse_u64(digits, TLS_CLIENT_ANSWER_MAX, &n) ? (size_t)n : 0;
}

static bool read_answer(struct tls_client *c)
{
	size_t n = 0, got, head_len = 0, want = SIZE_MAX;
	while (n < want) {
		if (n + 1 >= TLS_CLIENT_ANSWER_MAX ||
		    SSL_read_ex(c->ssl, c->buffer + n, TLS_CLIENT_ANSWER_MAX - 1 - n, &got) !=
			    1)
			return false;
		n += got;
		c->buffer[n] = '\0';
		const char *end = head_len == 0 ? strstr(c->buffer, "\r\n\r\n") : NULL;
		if (end == NULL)
			continue;
		head_len = (size_t)(end - c->buffer) + 4;
		want = head_len + content_length(c->buffer);
	}
	uint64_t status = 0;
	if (n < 12 ||
	    !troth_parse_u64((struct troth_view){ (uint8_t *)c->buffer + 9, 3 }, 999, &status))
		return false;
	c->status = (int)status;
	c->body = (struct troth_view){ (uint8_t *)c->buffer + head_len, want - head_len };
	return true;
}

bool tls_client_call(struct tls_client *c, const char *head, struct troth_view body)
{
	bool done = (c->ssl != NULL || connect_tls(c)) && write_all(c, head, strlen(head)) &&
		    write_all(c, (const char *)body.p, body.n) && read_answer(c);
	if (!done || strcasestr(c->buffer, "\r\nconnection: close") != NULL)
		tls_client_close(c);
	return done;
}

bool tls_client_post(struct tls_client *c, const char *path, struct troth_view body)
{
	char head[512];
	snprintf(head, sizeof head,
		 "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
		 "application/x-protobuf\r\n"
		 "Content-Length: %zu\r\n\r\n",
		 path, body.n);
	return tls_client_call(c, head, body);
}

bool tls_client_get(struct tls_client *c, const char *path)
{
	char head[512];
	snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
	return tls_client_call(c, head, (struct troth_view){ 0 });
}

struct troth_view tls_client_answer(const struct tls_client *c)
{
	return (struct troth_view){ (const uint8_t *)c->buffer,
				    (size_t)(c->body.p - (const uint8_t *)c->buffer) +
					    c->body.n };
}
