/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets, bound once by the supervisor and kept across restarts of the front: what
 * connects meanwhile waits in their queues. */
#ifndef TROTH_LISTENERS_H
#define TROTH_LISTENERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <troth/status.h>

/* Connections that wait to be accepted, per listener. */
#define TROTH_LISTEN_BACKLOG 1024
/* Workers of one service; each has a listener of its own. */
#define TROTH_SUPERVISED_WORKERS_MAX 64

/* "192.0.2.1:8443" or "[2001:db8::1]:8443": numbers only, nothing is
 * looked up. TROTH_E_CONFIG. */
TROTH_NODISCARD enum troth_status
troth_address_parse(const char *text, struct sockaddr_storage *out, socklen_t *out_len);
/* n sockets on one address with SO_REUSEPORT; port 0 picks one for all.
 * TROTH_E_IO with errno. */
TROTH_NODISCARD enum troth_status troth_listen_tcp(const char *address, size_t n, int *out_fds,
						   uint16_t *out_port);
/* A Unix socket only its owner can connect to. A stale one is replaced; TROTH_E_CONFLICT when
 * somebody still listens there or the path is something else. */
TROTH_NODISCARD enum troth_status troth_listen_local(const char *path, int *out_fd);

/* All that a service listens on. */
struct troth_listeners {
	int tcp[TROTH_SUPERVISED_WORKERS_MAX];
	size_t n; /* of them; all on one port */
	uint16_t port;
	int local;
};
/* Binds both, for two seconds again and again while somebody has an address: the children of a
 * supervisor that was killed may hold it for a moment longer. n is 1 to
 * TROTH_SUPERVISED_WORKERS_MAX. As above. */
TROTH_NODISCARD enum troth_status troth_listeners_open(const char *address, size_t n,
						       const char *local_path,
						       struct troth_listeners *out);
void troth_listeners_close(const struct troth_listeners *l);

#endif
