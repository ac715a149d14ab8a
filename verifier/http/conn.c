/* SPDX-License-Identifier: Apache-2.0 */
/* One connection: its start, its turns, its end. */
#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server.h"

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage room;
};

/* Who calls, by the kernel's word. Only the local socket knows users; everybody else can do
 * what a device can, and proves the rest in the message. */
static void identify(struct troth_conn *c)
{
	const struct troth_http_config *config = &c->server->config;
	union address a = { .any.sa_family = AF_UNSPEC };
	socklen_t n = sizeof a;
	char text[INET6_ADDRSTRLEN] = "";
	struct ucred cred;
	socklen_t cred_len = sizeof cred;

	c->role = TROTH_ROLE_DEVICE;
	(void)getsockname(c->io.fd, &a.any, &n);
	if (a.any.sa_family == AF_UNIX) {
		if (getsockopt(c->io.fd, SOL_SOCKET, SO_PEERCRED, &cred, &cred_len) != 0)
			return;
		(void)snprintf(c->peer.name, sizeof c->peer.name, "uid:%u", (unsigned)cred.uid);
		if (config->role_of != NULL)
			c->role = config->role_of(cred.uid, cred.gid, config->app);
		return;
	}
	n = sizeof a;
	if (getpeername(c->io.fd, &a.any, &n) != 0)
		return;
	if (a.any.sa_family == AF_INET &&
	    inet_ntop(AF_INET, &a.v4.sin_addr, text, sizeof text) != NULL)
		(void)snprintf(c->peer.name, sizeof c->peer.name, "%s:%u", text,
			       (unsigned)ntohs(a.v4.sin_port));
	else if (a.any.sa_family == AF_INET6 &&
		 inet_ntop(AF_INET6, &a.v6.sin6_addr, text, sizeof text) != NULL)
		(void)snprintf(c->peer.name, sizeof c->peer.name, "[%s]:%u", text,
			       (unsigned)ntohs(a.v6.sin6_port));
}

static void no_delay(int fd)
{
	int on = 1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
			 sizeof on); /* fails on Unix sockets */
}

static enum troth_status open_conn(struct troth_http_server *s, int fd)
{
	struct troth_conn *c = calloc(1, sizeof *c);
	if (c == NULL)
		return TROTH_E_MEMORY;
	c->server = s;
	c->event = event_new(s->config.base, fd, EV_READ | EV_PERSIST, troth_conn_ready, c);
	if (c->event == NULL || troth_transport_open(fd, s->config.tls, &c->io) != TROTH_OK) {
		if (c->event != NULL)
			event_free(c->event);
		free(c);
		return TROTH_E_MEMORY;
	}
	no_delay(fd);
	identify(c);
	s->n_conns++;
	c->phase = s->config.tls != NULL ? TROTH_PHASE_HANDSHAKE : TROTH_PHASE_IDLE;
	TAILQ_INSERT_TAIL(&s->phases[c->phase], c, link);
	troth_conn_enter(c, c->phase);
	troth_conn_watch(c, EV_READ);
	return TROTH_OK;
}

void troth_conn_new(struct troth_http_server *s, int fd)
{
	bool room = s->n_conns < s->config.connections_max || troth_server_evict(s);
	if (!room || open_conn(s, fd) != TROTH_OK)
		(void)close(fd);
}

void troth_conn_watch(struct troth_conn *c, short events)
{
	if (c->watching == events)
		return;
	if (c->watching != 0)
		(void)event_del(c->event);
	c->watching = events;
	if (events == 0)
		return;
	(void)event_assign(c->event, c->server->config.base, c->io.fd,
			   (short)(events | EV_PERSIST), troth_conn_ready, c);
	(void)event_add(c->event, NULL);
}

void troth_conn_close(struct troth_conn *c)
{
	if (c->x != NULL)
		troth_exchange_leave(c->x);
	event_free(c->event);
	troth_transport_close(&c->io);
	free(c->out);
	TAILQ_REMOVE(&c->server->phases[c->phase], c, link);
	c->server->n_conns--;
	if (c->stream.conn != NULL)
		c->stream.owner.end(c->stream.owner.arg);
	free(c);
}

static void handshake(struct troth_conn *c)
{
	switch (troth_transport_handshake(&c->io)) {
	case TROTH_IO_OK: break;
	case TROTH_IO_WANT_READ: troth_conn_watch(c, EV_READ); return;
	case TROTH_IO_WANT_WRITE: troth_conn_watch(c, EV_WRITE); return;
	case TROTH_IO_END:
	case TROTH_IO_BROKEN: troth_conn_close(c); return;
	}
	c->peer.has_certificate =
		troth_transport_certificate(&c->io, c->peer.certificate_sha256);
	troth_conn_enter(c, TROTH_PHASE_IDLE);
	troth_conn_watch(c, EV_READ);
	if (troth_transport_pending(&c->io)) /* a request that came with the Finished */
		troth_conn_read(c);
}

/* Something happens while the handler works. A peer that has only finished sending still waits
 * for its answer; early bytes of a next request can wait as well. */
static void look(struct troth_conn *c)
{
	switch (troth_transport_peek(&c->io)) {
	case TROTH_IO_BROKEN: troth_conn_close(c); return;
	case TROTH_IO_OK:
	case TROTH_IO_END: troth_conn_watch(c, 0); return;
	case TROTH_IO_WANT_READ:
	case TROTH_IO_WANT_WRITE: return;
	}
}

void troth_conn_linger(struct troth_conn *c)
{
	switch (troth_transport_discard(&c->io)) {
	case TROTH_IO_END:
	case TROTH_IO_BROKEN: troth_conn_close(c); return;
	case TROTH_IO_OK:
	case TROTH_IO_WANT_READ:
	case TROTH_IO_WANT_WRITE: return;
	}
}

void troth_conn_ready(evutil_socket_t fd, short what, void *conn)
{
	struct troth_conn *c = conn;
	(void)fd;
	(void)what;
	switch (c->phase) {
	case TROTH_PHASE_HANDSHAKE: handshake(c); return;
	case TROTH_PHASE_IDLE:
	case TROTH_PHASE_HEADER:
	case TROTH_PHASE_BODY: troth_conn_read(c); return;
	case TROTH_PHASE_RESPONSE:
		if (c->out != NULL)
			troth_conn_flush(c);
		else
			look(c);
		return;
	case TROTH_PHASE_STREAM: troth_conn_stream(c); return;
	case TROTH_PHASE_LINGER: troth_conn_linger(c); return;
	case TROTH_PHASE_N: break;
	}
}
