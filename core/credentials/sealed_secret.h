/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets that are released on a verdict (docs/secrets.md): under which words they are sealed,
 * at rest for the issuer's key, and released for a key of one device's TPM (hpke.h). */
#ifndef TROTH_CORE_SEALED_SECRET_H
#define TROTH_CORE_SEALED_SECRET_H

#include "hpke.h"

/* A sealed secret, bytes. */
#define TROTH_SECRET_SEALED_MAX (TROTH_SECRET_MAX + TROTH_HPKE_OVERHEAD)
/* Trust domain, name and device with their lengths, bytes. */
#define TROTH_SECRET_WORDS_MAX (TROTH_TRUST_DOMAIN_MAX + TROTH_NAME_LEN_MAX + 32 + 6)

/* Whose secret it is. A value that is one device's own names it, so that nobody can pass it off
 * as another's; a shared one has no device. */
struct troth_secret_place {
	struct troth_view trust_domain, name;
	struct troth_view device_id; /* 32 bytes, or none: shared */
};

/* At rest; words holds what *out borrows. TROTH_E_MALFORMED for a place that is none. */
TROTH_NODISCARD enum troth_status troth_secret_at_rest(const struct troth_secret_place *place,
						       const struct troth_jwk *to,
						       uint8_t words[TROTH_SECRET_WORDS_MAX],
						       struct troth_hpke_about *out);
/* On its way to the key that was bound by the quote with this extraData: so it opens in that
 * exchange only. */
struct troth_hpke_about troth_secret_released(const struct troth_jwk *to,
					      const uint8_t extra_data[32]);
/* The point of a key that passed troth_secret_key_check. TROTH_E_MALFORMED for another curve's.
 */
TROTH_NODISCARD enum troth_status troth_secret_key_point(const struct troth_public *key,
							 struct troth_jwk *out);

#endif
