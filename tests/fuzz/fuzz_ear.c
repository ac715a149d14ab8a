/* SPDX-License-Identifier: Apache-2.0 */
/* Attestation results: nothing opens under a key that did not sign it, whatever it names. */
#include <string.h>

#include "ear.h"
#include "jws.h"
#include "untouched.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* RFC 7515, A.3; the id of all zeros is what the corpus names. */
static const char KEY[] = "-----BEGIN PUBLIC KEY-----\n"
			  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
			  "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
			  "-----END PUBLIC KEY-----\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct troth_ctx *ctx;
	static struct troth_ear_key key;
	static uint8_t buf[TROTH_JWS_MAX];
	const struct troth_view pem = { (const uint8_t *)KEY, sizeof KEY - 1 };
	const struct troth_ear_keys keys = { &key, 1 };
	struct troth_writer w = troth_writer_make(buf, sizeof buf);
	struct troth_ear ear;
	if (ctx == NULL &&
	    (troth_ctx_new(&ctx) != TROTH_OK || troth_key_from_pem(pem, &key.key) != TROTH_OK))
		return 0;
	POISON(ear);
	assert(troth_ear_jwt_open(ctx, (struct troth_view){ data, size }, &keys, &w, &ear) !=
	       TROTH_OK);
	assert(troth_ear_cwt_open(ctx, (struct troth_view){ data, size }, &keys, &ear) !=
	       TROTH_OK);
	ASSERT_UNTOUCHED(ear);
	return 0;
}
