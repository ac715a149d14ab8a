/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor: binds the listeners, forks front and issuer, restarts both when one dies.
 *
 * Roles are functions so that a test can put a hostile front beside the real issuer. */
#ifndef TROTH_SUPERVISOR_H
#define TROTH_SUPERVISOR_H

#include <stddef.h>
#include <troth/status.h>

/* What each child inherits. */
struct troth_role_fds {
	const int *worker_channels; /* front's or issuer's end, one per worker */
	size_t n_workers;
	int admin_channel;
	const int *listeners; /* n_workers of them, SO_REUSEPORT; the issuer gets none */
	int admin_listener;   /* Unix socket; -1 for the issuer */
};

struct troth_supervisor_config {
	size_t n_workers;
	const char *listen_address; /* "127.0.0.1:8443", "[::]:8443", port 0 picks one */
	const char *admin_socket;
	const char *port_file; /* NULL, or where to write the port bound */
	int (*front)(const struct troth_role_fds *fds, void *arg);
	int (*issuer)(const struct troth_role_fds *fds, void *arg);
	void *arg;
};

/* Runs until SIGTERM or SIGINT; SIGHUP is passed on to the front. Returns the exit code. */
int troth_supervise(const struct troth_supervisor_config *config);

#endif
