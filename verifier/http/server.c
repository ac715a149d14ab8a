/* SPDX-License-Identifier: Apache-2.0 */
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base.h"
#include "route.h"
#include "server.h"

static enum troth_status check_config(const struct troth_http_config *c)
{
	const struct troth_http_deadlines *d = &c->deadlines;
	if (c->base == NULL || c->routes == NULL || c->connections_max == 0)
		return TROTH_E_CONFIG;
	/* Timeouts on every wait. */
	if (d->header == 0 || d->body == 0 || d->response == 0 || d->idle == 0 ||
	    (c->tls != NULL && d->handshake == 0))
		return TROTH_E_CONFIG;
	return troth_routes_check(c->routes, c->tls != NULL);
}

enum troth_status troth_http_new(const struct troth_http_config *config,
				 struct troth_http_server **out)
{
	TROTH_TRY(check_config(config));
	struct troth_http_server *s = calloc(1, sizeof *s);
	if (s == NULL)
		return TROTH_E_MEMORY;
	s->config = *config;
	if (s->config.bodies_max == 0)
		s->config.bodies_max = TROTH_HTTP_BODIES_MAX;
	for (enum troth_phase k = 0; k < TROTH_PHASE_N; k++)
		TAILQ_INIT(&s->phases[k]);
	LIST_INIT(&s->exchanges);
	s->timer = evtimer_new(config->base, troth_server_tick, s);
	if (s->timer == NULL) {
		free(s);
		return TROTH_E_MEMORY;
	}
	/* OpenSSL writes without MSG_NOSIGNAL: a peer that hangs up must
	 * not end the process. */
	(void)signal(SIGPIPE, SIG_IGN);
	*out = s;
	return TROTH_OK;
}

static bool set_flags(int fd)
{
	int status = fcntl(fd, F_GETFL);
	int descriptor = fcntl(fd, F_GETFD);
	return status >= 0 && descriptor >= 0 && fcntl(fd, F_SETFL, status | O_NONBLOCK) == 0 &&
	       fcntl(fd, F_SETFD, descriptor | FD_CLOEXEC) == 0;
}

enum troth_status troth_http_listen(struct troth_http_server *s, int fd)
{
	if (s->n_listeners == TROTH_HTTP_LISTENERS_MAX || s->draining)
		return TROTH_E_LIMIT;
	struct troth_listener *l = &s->listeners[s->n_listeners];
	if (!set_flags(fd))
		return TROTH_E_IO;
	struct event *event =
		event_new(s->config.base, fd, EV_READ | EV_PERSIST, troth_listener_ready, l);
	if (event == NULL)
		return TROTH_E_MEMORY;
	if (event_add(event, NULL) != 0) {
		event_free(event);
		return TROTH_E_IO;
	}
	*l = (struct troth_listener){ .server = s, .event = event, .fd = fd };
	s->n_listeners++;
	return TROTH_OK;
}

void troth_http_set_tls(struct troth_http_server *s, SSL_CTX *tls)
{
	/* Never from TLS to plain: the routes were checked for the one they began with. */
	if (s->config.tls != NULL && tls != NULL)
		s->config.tls = tls;
}

static void close_listeners(struct troth_http_server *s)
{
	for (size_t i = 0; i < s->n_listeners; i++) {
		event_free(s->listeners[i].event);
		(void)close(s->listeners[i].fd);
	}
	s->n_listeners = 0;
}

static void close_all(struct troth_http_server *s, enum troth_phase phase)
{
	struct troth_conn *c;
	while ((c = TAILQ_FIRST(&s->phases[phase])) != NULL)
		troth_conn_close(c);
}

void troth_http_stop_accepting(struct troth_http_server *s)
{
	close_listeners(s);
}

void troth_http_drain(struct troth_http_server *s)
{
	s->draining = true;
	close_listeners(s);
	close_all(s, TROTH_PHASE_HANDSHAKE);
	close_all(s, TROTH_PHASE_IDLE);
	close_all(s, TROTH_PHASE_STREAM);
}

size_t troth_http_connections(const struct troth_http_server *s)
{
	return s->n_conns;
}

void troth_http_free(struct troth_http_server *s)
{
	struct troth_exchange *x;
	if (s == NULL)
		return;
	close_listeners(s);
	for (enum troth_phase k = 0; k < TROTH_PHASE_N; k++)
		close_all(s, k);
	/* Those left are held by handlers, which will still answer them. */
	LIST_FOREACH(x, &s->exchanges, link)
	x->server = NULL;
	event_free(s->timer);
	free(s);
}
