/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed_secret.h"

#include <string.h>

#include "base.h"
#include "reader.h"
#include "text.h"
#include "writer.h"

enum troth_status troth_secret_at_rest(const struct troth_secret_place *place,
				       const struct troth_jwk *to,
				       uint8_t words[TROTH_SECRET_WORDS_MAX],
				       struct troth_hpke_about *out)
{
	struct troth_writer w = troth_writer_make(words, TROTH_SECRET_WORDS_MAX);
	if (place->trust_domain.n == 0 || !troth_name_valid(place->name) ||
	    (place->device_id.n != 0 && place->device_id.n != 32))
		return TROTH_E_MALFORMED;
	troth_put_view16be(&w, place->trust_domain);
	troth_put_view16be(&w, place->name);
	troth_put_view16be(&w, place->device_id);
	if (!troth_writer_ok(&w))
		return TROTH_E_MALFORMED;
	*out = (struct troth_hpke_about){ .to = to,
					  .info = troth_view_str("troth/v1/secret-at-rest"),
					  .aad = troth_written(&w) };
	return TROTH_OK;
}

struct troth_hpke_about troth_secret_released(const struct troth_jwk *to,
					      const uint8_t extra_data[32])
{
	return (struct troth_hpke_about){ .to = to,
					  .info = troth_view_str("troth/v1/secret"),
					  .aad = { extra_data, 32 } };
}

enum troth_status troth_secret_key_point(const struct troth_public *key, struct troth_jwk *out)
{
	struct troth_writer w = troth_writer_make((uint8_t *)out, sizeof *out);
	if (key->curve != TROTH_CURVE_P256)
		return TROTH_E_MALFORMED;
	troth_put_view(&w, key->x); /* in full width: tpm.h */
	troth_put_view(&w, key->y);
	return troth_writer_ok(&w) && w.n == sizeof *out ? TROTH_OK : TROTH_E_MALFORMED;
}
