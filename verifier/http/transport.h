/* SPDX-License-Identifier: Apache-2.0 */
/* One non-blocking socket, with TLS on it or plain: the only code that knows the difference. */
#ifndef TROTH_HTTP_TRANSPORT_H
#define TROTH_HTTP_TRANSPORT_H

#include <openssl/types.h>
#include <troth/status.h>
#include <troth/view.h>

struct troth_transport {
	int fd;
	SSL *ssl; /* owned; NULL: plain */
};

enum troth_io {
	TROTH_IO_OK,
	TROTH_IO_WANT_READ, /* nothing happened: again once the socket is readable */
	TROTH_IO_WANT_WRITE,
	TROTH_IO_END,	/* the peer sends no more */
	TROTH_IO_BROKEN /* the connection is of no more use */
};

/* Takes fd over on success; tls is borrowed. */
TROTH_NODISCARD enum troth_status troth_transport_open(int fd, SSL_CTX *tls,
						       struct troth_transport *out);
TROTH_NODISCARD enum troth_io troth_transport_handshake(struct troth_transport *t);
/* After the handshake: SHA-256 of the peer's certificate; false when it has shown none. */
TROTH_NODISCARD bool troth_transport_certificate(const struct troth_transport *t,
						 uint8_t out_sha256[32]);
/* At least one byte into p, at most max. */
TROTH_NODISCARD enum troth_io troth_transport_read(struct troth_transport *t, uint8_t *p,
						   size_t max, size_t *out);
/* At least one byte of data. After WANT_* the same bytes must come again. */
TROTH_NODISCARD enum troth_io troth_transport_write(struct troth_transport *t,
						    struct troth_view data, size_t *out);
/* True when bytes wait above the socket, where no event tells of them. */
bool troth_transport_pending(const struct troth_transport *t);
/* Looks at the socket without reading: END and BROKEN as above, OK when bytes wait. */
TROTH_NODISCARD enum troth_io troth_transport_peek(const struct troth_transport *t);
/* Says that no more will be sent. */
void troth_transport_finish(struct troth_transport *t);
/* Reads bytes of the socket and forgets them, as long as there are any. */
TROTH_NODISCARD enum troth_io troth_transport_discard(const struct troth_transport *t);
void troth_transport_close(struct troth_transport *t);

#endif
