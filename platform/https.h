/* SPDX-License-Identifier: Apache-2.0 */
/* HTTPS client over libcurl: one kept-alive connection, TLS 1.3, pinned anchors,
 * every wait bounded. */
#ifndef TROTH_PLATFORM_HTTPS_H
#define TROTH_PLATFORM_HTTPS_H

#include <troth/status.h>
#include <troth/view.h>

#include "file.h"

struct troth_https;

struct troth_https_options {
	const char *ca_file; /* PEM anchors; NULL over a Unix socket */
	/* Anchors in place of the file's, which is only named in errors then; empty: none.
	 * Copied. */
	struct troth_view ca_pem;
	/* Takes whatever certificate the other side shows: for what authenticates itself, and
	 * nothing else. */
	bool unauthenticated;
	const char *unix_socket; /* NULL: TCP */
	uint32_t connect_timeout_ms, total_timeout_ms;
	size_t answer_max; /* bytes */
	/* Takes a successful answer's bytes as they come, in place of its body; false gives the
	 * call up (TROTH_E_IO). NULL: the body is kept. */
	bool (*take)(void *arg, struct troth_view bytes);
	void *take_arg;
	/* Without a trusted clock: notBefore is ignored and notAfter must be later than this
	 * floor (Unix seconds). 0: the system clock decides. */
	uint64_t time_floor_s;
	/* Asked at least once a second and after every signal that interrupts the wait; true
	 * gives the call up (TROTH_E_IO). NULL: never. */
	bool (*stop)(void *arg);
	void *stop_arg;
};

struct troth_https_answer {
	long status; /* HTTP */
	char content_type[64];
	uint32_t retry_after_s;	  /* 0: none */
	struct troth_buffer body; /* a NUL is past its end, unless it is empty */
};
void troth_https_answer_clear(struct troth_https_answer *a);

TROTH_NODISCARD enum troth_status troth_https_new(const struct troth_https_options *o,
						  struct troth_https **out);
void troth_https_free(struct troth_https *h);
/* method is "GET" or "POST"...; TROTH_E_IO when there was no answer (troth_https_error says why
 * in one sentence, naming a wrong CA as such), TROTH_E_LIMIT when it was too long. Any HTTP
 * status is TROTH_OK. */
TROTH_NODISCARD enum troth_status troth_https_call(struct troth_https *h, const char *method,
						   const char *url, const char *content_type,
						   struct troth_view body,
						   struct troth_https_answer *out);
/* Whether the last failure was the other side's certificate. */
bool troth_https_untrusted(const struct troth_https *h);
/* The last failure in plain words; borrowed, never NULL. */
const char *troth_https_error(const struct troth_https *h);

#endif
