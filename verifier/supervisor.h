/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor: binds the listeners, forks front and issuer, restarts both when one dies
 * (docs/process-model.md). generation.h holds what is done with the children.
 *
 * Roles are functions so that a test can put a hostile front beside the real issuer. */
#ifndef TROTH_SUPERVISOR_H
#define TROTH_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <troth/limits.h>
#include <troth/status.h>

#include "clock_watch.h"
#include "file.h"
#include "listeners.h"

/* How long a front may take to finish what it has begun, milliseconds; then it is killed. */
#define TROTH_DRAIN_MS 10000
/* So many starts in a row that never got ready, within a minute, end the supervisor: the
 * service manager must see that. */
#define TROTH_START_TRIES_MAX 10

/* A word to the front: a certificate's chain and key, bytes. */
#define TROTH_WORD_MAX (2 * TROTH_TLS_FILE_MAX + 16)

/* What a role returns when its configuration cannot be served; at the first start the
 * supervisor then gives up at once, with the same code. */
#define TROTH_ROLE_EXIT_CONFIG 2

/* What each child inherits. All are close-on-exec; sockets of the front are non-blocking. */
struct troth_role_fds {
	const int *worker_channels; /* front's or issuer's end, one per worker */
	size_t n_workers;
	int admin_channel;
	const int *listeners; /* n_workers of them, SO_REUSEPORT; the issuer gets none */
	int admin_listener;   /* Unix socket; -1 for the issuer */
	int words;	     /* a packet for each word of the supervisor's; -1 for the issuer */
	int courier_channel; /* packets, to the courier or to the front; -1: no courier */
	int ready_fd;	     /* for troth_role_ready */
	const struct troth_clock_watch *clock;
};

struct troth_supervisor_config {
	size_t n_workers;	    /* 1 to TROTH_SUPERVISED_WORKERS_MAX */
	const char *listen_address; /* "127.0.0.1:8443", "[::]:8443", port 0 picks one */
	const char *admin_socket;
	const char *port_file; /* NULL, or where to write the port bound */
	/* A role gets SIGTERM when it is to finish; SIGINT, SIGHUP, SIGUSR1 and SIGPIPE are
	 * ignored. What it returns is its process's exit code. */
	int (*front)(const struct troth_role_fds *fds, void *arg);
	int (*issuer)(const struct troth_role_fds *fds, void *arg);
	/* Carries webhooks. It has its channel and nothing else, is started again by itself
	 * when it ends, and nobody waits for it. It is killed when the others have drained:
	 * what it does must bear that at any moment. NULL: there is none. */
	int (*courier)(const struct troth_role_fds *fds, void *arg);
	/* Whether there is anything to carry, asked before each start of all. */
	bool (*has_courier)(void *arg);
	/* On SIGHUP: reads the configuration again. A word in *out (at most TROTH_WORD_MAX
	 * bytes) goes to the front as it runs; without one the children are ended and started
	 * anew. A failure keeps everything running as it is. NULL: nothing to read. */
	enum troth_status (*reload)(void *arg, struct troth_buffer *out);
	/* What needs doing now and then, when a generation begins and every tend_ms. A word
	 * goes to the front; without one there was nothing to do. NULL: nothing. */
	void (*tend)(void *arg, struct troth_buffer *out);
	int tend_ms;
	void *arg;
};

/* Runs until SIGTERM or SIGINT (0), or until it gives up (1, or TROTH_ROLE_EXIT_CONFIG). The
 * calling process must have one thread. */
int troth_supervise(const struct troth_supervisor_config *config);

/* A child says, once, that it serves. Closes ready_fd. */
void troth_role_ready(const struct troth_role_fds *fds);

#endif
