/* SPDX-License-Identifier: Apache-2.0 */
/* From a listening socket to a connection. */
#include <errno.h>
#include <event2/event.h>
#include <sys/socket.h>

#include "clock.h"
#include "server.h"

/* Connections taken in one turn of the loop, so that those already open are served too. */
enum { ACCEPT_MAX = 64 };
/* Out of descriptors or memory: accepting again after this, milliseconds. */
enum { PAUSE_MS = 100 };

static bool peer_is_gone(int error)
{
	return error == ECONNABORTED || error == EINTR || error == EPROTO;
}

/* Without descriptors the listener stays readable and would spin. */
static void pause_listeners(struct troth_http_server *s)
{
	s->paused = true;
	for (size_t i = 0; i < s->n_listeners; i++)
		(void)event_del(s->listeners[i].event);
	troth_server_wake(s, troth_mono_ms() + PAUSE_MS);
}

void troth_server_resume(struct troth_http_server *s)
{
	if (!s->paused)
		return;
	s->paused = false;
	for (size_t i = 0; i < s->n_listeners; i++)
		(void)event_add(s->listeners[i].event, NULL);
}

void troth_listener_ready(evutil_socket_t listener_fd, short what, void *arg)
{
	struct troth_listener *l = arg;
	struct troth_http_server *s = l->server;
	(void)listener_fd;
	(void)what;

	for (int i = 0; i < ACCEPT_MAX; i++) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0 && peer_is_gone(errno))
			continue;
		if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		/* Linux looks for a descriptor first, so only the first failure says that
		 * somebody waits: making room after that would drop whoever was just let in. */
		if (fd < 0 && i == 0 && !troth_server_evict(s))
			pause_listeners(s);
		if (fd < 0)
			return;
		troth_conn_new(s, fd);
	}
}
