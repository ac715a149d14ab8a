/* SPDX-License-Identifier: Apache-2.0 */
/* What tests do to a verifier while it serves: its configuration changed under it, its
 * processes found, its log read. */
#ifndef TROTH_TESTS_SERVING_H
#define TROTH_TESTS_SERVING_H

#include "test_service.h"

struct serving {
	pid_t supervisor, front, issuer;
};

/* Replaces a text that occurs once in the configuration. */
void serving_edit(const struct test_service *s, const char *from, const char *to);
/* The processes of the generation that is serving, as the log's last "ready" names them; waits
 * for one that comes after the first n. Asserts. */
struct serving serving_await(const struct test_service *s, size_t n);
/* How many generations were ready so far. */
size_t serving_generations(const struct test_service *s);
/* True when the log has the text. */
bool serving_said(const struct test_service *s, const char *text);
/* Starts the program where it is expected to refuse; its exit code. */
int serving_refused(const struct test_service *s);
double serving_now_s(void); /* monotonic */
void serving_nap_ms(long ms);

#endif
