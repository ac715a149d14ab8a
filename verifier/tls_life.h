/* SPDX-License-Identifier: Apache-2.0 */
/* The life of the verifier's TLS certificate, as the supervisor sees it: when it is time it is
 * renewed, and a running front is told of a new one. The supervisor itself reads no key of the
 * authority's: a child process does, and ends. */
#ifndef TROTH_TLS_LIFE_H
#define TROTH_TLS_LIFE_H

#include "file.h"
#include "settings.h"

/* How often it is looked at, milliseconds. */
#define TROTH_TLS_TEND_MS (3600 * 1000)

/* Renews the verifier's own certificate (issuer/renew.h) if it is time, never an operator's.
 * True when there is a new one. */
bool troth_tls_tend(const struct troth_settings *settings);
/* What the front is to be told: chain and key (front/tls_words.h). */
TROTH_NODISCARD enum troth_status troth_tls_word(const struct troth_settings *settings,
						 struct troth_buffer *out);

#endif
