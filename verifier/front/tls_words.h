/* SPDX-License-Identifier: Apache-2.0 */
/* A new TLS certificate while the service runs. The front can open no file: the supervisor
 * reads chain and key, and says them in a packet (two length-prefixed PEM texts). Connections
 * that are there go on; those that come are made with the new certificate. */
#ifndef TROTH_TLS_WORDS_H
#define TROTH_TLS_WORDS_H

#include "worker.h"

struct troth_tls_words {
	struct troth_front *front;
	struct troth_workers *workers;
	struct event *event;
};

/* Listens on the administration thread's loop. */
TROTH_NODISCARD enum troth_status troth_tls_words_hear(struct troth_tls_words *words,
						       struct event_base *base, int fd);
void troth_tls_words_end(struct troth_tls_words *words);

/* Asks clients for certificates where a caller is known by one. */
void troth_tls_suit(const struct troth_settings *settings, SSL_CTX *tls);

#endif
