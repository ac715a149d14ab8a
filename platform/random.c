/* SPDX-License-Identifier: Apache-2.0 */
#include "random.h"

#include <openssl/rand.h>

#include "base.h"

enum troth_status troth_random(uint8_t *out, size_t n)
{
	return RAND_bytes_ex(NULL, out, n, 0) == 1 ? TROTH_OK : TROTH_E_CRYPTO;
}

enum troth_status troth_random_below(uint32_t below, uint32_t *out)
{
	/* 64 random bits over at most 32: the bias is under 2^-32. */
	uint64_t v;
	if (below == 0)
		return TROTH_E_CONFIG;
	TROTH_TRY(troth_random((uint8_t *)&v, sizeof v));
	*out = (uint32_t)(v % below);
	return TROTH_OK;
}
