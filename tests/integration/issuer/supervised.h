/* SPDX-License-Identifier: Apache-2.0 */
/* A supervisor with a front and an issuer that only show what becomes of them, and the world
 * outside. Include after check.h. */
#ifndef TROTH_TESTS_SUPERVISED_H
#define TROTH_TESTS_SUPERVISED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define N_WORKERS 2
#define PATIENCE_MS 5000
/* Whatever happened, it serves again by then. */
#define RESTART_MS 2000

enum mood { MOOD_SERVE, MOOD_DIE, MOOD_MISCONFIGURED, MOOD_IGNORE_SIGTERM };

/* Written by the children and the supervisor, read by the tests. */
struct stage {
	_Atomic int mood; /* of the front */
	_Atomic pid_t front, issuer;
	_Atomic int n_fronts, n_issuers, n_ready;
	_Atomic int n_drained, n_issuer_ends, n_reloads;
	_Atomic bool reload_fails;
	_Atomic size_t word_len; /* of what the next reload has to say; 0: nothing */
	_Atomic size_t heard_len;
	_Atomic int front_fds, issuer_fds, leaking_fds;
	_Atomic int n_right_clocks, n_writable_clocks;
};
extern struct stage *stage;

/* Where it listens, where its port is written, and the supervisors of this test. */
extern char dir[64], socket_path[128], port_path[128];
extern pid_t running[2];

/* In a process of its own. */
pid_t start(const char *address);

/* Until the value is there, and until the process is not: within so much time. */
bool await(_Atomic int *value, int want, int patience_ms);
bool gone(pid_t pid);
uint16_t port(void);

/* Connects and reads who answers. Never refused, whatever happens meanwhile. */
pid_t ask(void);
/* Its exit code when it ends by itself, and when it is asked to. */
int code_of(pid_t supervisor);
int end(pid_t supervisor);
/* For cmocka: kills what a failed test left; and the group's. */
int clear_up(void **state);
int supervised_setup(void **state);
int supervised_teardown(void **state);

#endif
