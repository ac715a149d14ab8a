/* SPDX-License-Identifier: Apache-2.0 */
/* A real verifier in a directory of its own, for tests and benchmarks: the program as
 * installed, with its processes, its store and its TLS. Ended by process id. */
#ifndef TROTH_TESTS_TEST_SERVICE_H
#define TROTH_TESTS_TEST_SERVICE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "https.h"

struct test_service {
	char dir[64]; /* state, socket, configuration, log */
	char program[PATH_MAX];
	pid_t pid;
	uint16_t port;
	struct troth_https *admin;
};

/* Makes the directory, configuration (with extra YAML lines) and keys; asserts on failure. The
 * program is beside the running test, or where TROTH_BIN says. */
void test_service_init(struct test_service *s, const char *extra_yaml);
/* Starts and waits until it serves. */
void test_service_start(struct test_service *s);
/* SIGTERM, and waits for its end; true when it ended with 0. */
bool test_service_stop(struct test_service *s);
/* SIGKILL to the supervisor; its children follow. */
void test_service_kill(struct test_service *s);
/* Ends it and removes the directory. */
void test_service_release(struct test_service *s);

/* Path of a file below the directory, in a static buffer. */
const char *test_service_path(const struct test_service *s, const char *name);
/* One administrative request; the answer's body is NUL-terminated and owned by out. Returns the
 * HTTP status. */
long test_service_admin(struct test_service *s, const char *method, const char *path,
			const char *content_type, const char *body,
			struct troth_https_answer *out);
/* The same, asserting 200 and dropping the answer. */
void test_service_admin_ok(struct test_service *s, const char *path, const char *content_type,
			   const char *body);
/* Processes: the supervisor's children whose name is given by their role; 0
 * when there is none. */
size_t test_service_children(const struct test_service *s, pid_t *out, size_t max);

#endif
