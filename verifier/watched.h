/* SPDX-License-Identifier: Apache-2.0 */
/* What a service was started with, in two digests: the TLS certificate, which can be changed
 * while it runs, and everything else, for which it begins anew. Of files the place, size and
 * times count, not what is in them. */
#ifndef TROTH_WATCHED_H
#define TROTH_WATCHED_H

#include "settings.h"

struct troth_watched {
	uint8_t tls[32], rest[32];
};
TROTH_NODISCARD enum troth_status troth_watched_look(const struct troth_settings *settings,
						     struct troth_watched *out);
/* The certificate's alone, after it was renewed. */
TROTH_NODISCARD enum troth_status troth_watched_look_tls(const struct troth_settings *settings,
							 struct troth_watched *watched);
/* The certificate is another, and nothing else is. */
bool troth_watched_only_tls(const struct troth_watched *before,
			    const struct troth_watched *now);

/* The files of certificate and key: those configured, or the verifier's own. PATH_MAX bytes
 * each. */
TROTH_NODISCARD enum troth_status troth_tls_paths(const struct troth_settings *settings,
						  char *out_chain, char *out_key);

#endif
