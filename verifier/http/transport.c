/* SPDX-License-Identifier: Apache-2.0 */
#include "transport.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Discarded in one go at most, bytes: a fast sender must not hold the loop. */
enum { DISCARD_MAX = 256 * 1024 };

enum troth_status troth_transport_open(int fd, SSL_CTX *tls, struct troth_transport *out)
{
	SSL *ssl = NULL;
	if (tls != NULL) {
		ssl = SSL_new(tls);
		if (ssl == NULL)
			return TROTH_E_MEMORY;
		if (SSL_set_fd(ssl, fd) != 1) {
			SSL_free(ssl);
			return TROTH_E_CRYPTO;
		}
		SSL_set_accept_state(ssl);
	}
	*out = (struct troth_transport){ .fd = fd, .ssl = ssl };
	return TROTH_OK;
}

static enum troth_io of_errno(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? TROTH_IO_WANT_READ
									 : TROTH_IO_BROKEN;
}

/* OpenSSL's queue is per thread: what another connection left there must not be read as ours,
 * so it is emptied before each call. */
static enum troth_io of_ssl(const SSL *ssl, int got)
{
	switch (SSL_get_error(ssl, got)) {
	case SSL_ERROR_NONE: return TROTH_IO_OK;
	case SSL_ERROR_WANT_READ: return TROTH_IO_WANT_READ;
	case SSL_ERROR_WANT_WRITE: return TROTH_IO_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN: return TROTH_IO_END;
	default: return TROTH_IO_BROKEN;
	}
}

enum troth_io troth_transport_handshake(struct troth_transport *t)
{
	if (t->ssl == NULL)
		return TROTH_IO_OK;
	ERR_clear_error();
	return of_ssl(t->ssl, SSL_do_handshake(t->ssl));
}

bool troth_transport_certificate(const struct troth_transport *t, uint8_t out_sha256[32])
{
	const X509 *shown = t->ssl != NULL ? SSL_get0_peer_certificate(t->ssl) : NULL;
	unsigned int n = 0;
	uint8_t digest[EVP_MAX_MD_SIZE];
	if (shown == NULL || X509_digest(shown, EVP_sha256(), digest, &n) != 1 || n != 32)
		return false;
	memcpy(out_sha256, digest, 32);
	return true;
}

enum troth_io troth_transport_read(struct troth_transport *t, uint8_t *p, size_t max,
				   size_t *out)
{
	if (t->ssl != NULL) {
		ERR_clear_error();
		return of_ssl(t->ssl, SSL_read_ex(t->ssl, p, max, out));
	}
	ssize_t got = recv(t->fd, p, max, 0);
	if (got < 0)
		return of_errno();
	if (got == 0)
		return TROTH_IO_END;
	*out = (size_t)got;
	return TROTH_IO_OK;
}

enum troth_io troth_transport_write(struct troth_transport *t, struct troth_view data,
				    size_t *out)
{
	if (t->ssl != NULL) {
		ERR_clear_error();
		return of_ssl(t->ssl, SSL_write_ex(t->ssl, data.p, data.n, out));
	}
	ssize_t sent = send(t->fd, data.p, data.n, MSG_NOSIGNAL);
	if (sent < 0)
		return of_errno() == TROTH_IO_WANT_READ ? TROTH_IO_WANT_WRITE : TROTH_IO_BROKEN;
	*out = (size_t)sent;
	return TROTH_IO_OK;
}

bool troth_transport_pending(const struct troth_transport *t)
{
	return t->ssl != NULL && SSL_has_pending(t->ssl) == 1;
}

enum troth_io troth_transport_peek(const struct troth_transport *t)
{
	uint8_t byte;
	ssize_t got = recv(t->fd, &byte, sizeof byte, MSG_PEEK);
	if (got < 0)
		return of_errno();
	return got == 0 ? TROTH_IO_END : TROTH_IO_OK;
}

/* close_notify, as far as the socket takes it: without it a cut connection looks the same. */
static void notify(struct troth_transport *t)
{
	if (t->ssl == NULL || !SSL_is_init_finished(t->ssl) ||
	    (SSL_get_shutdown(t->ssl) & SSL_SENT_SHUTDOWN) != 0)
		return;
	ERR_clear_error();
	(void)SSL_shutdown(t->ssl);
}

void troth_transport_finish(struct troth_transport *t)
{
	notify(t);
	(void)shutdown(t->fd, SHUT_WR);
}

enum troth_io troth_transport_discard(const struct troth_transport *t)
{
	uint8_t sink[16 * 1024];
	for (size_t n = 0; n < DISCARD_MAX; n += sizeof sink) {
		ssize_t got = recv(t->fd, sink, sizeof sink, 0);
		if (got < 0)
			return of_errno();
		if (got == 0)
			return TROTH_IO_END;
	}
	return TROTH_IO_WANT_READ;
}

void troth_transport_close(struct troth_transport *t)
{
	notify(t);
	SSL_free(t->ssl);
	if (t->fd >= 0)
		(void)close(t->fd);
	*t = (struct troth_transport){ .fd = -1 };
}
