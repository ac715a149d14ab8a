/* SPDX-License-Identifier: Apache-2.0 */
#include "result.h"

#include <stdio.h>

#include "base.h"
#include "base64.h"
#include "reader.h"

static void print(struct troth_view result)
{
	uint8_t text[TROTH_BASE64URL_LEN(TROTH_CWT_MAX)];
	struct troth_writer w = troth_writer_make(text, sizeof text);

	if (result.p[0] != 'e') { /* '{' in base64url: a JWT */
		troth_put_base64url(&w, result);
		result = troth_written(&w);
	}
	(void)printf("%.*s\n", (int)result.n, (const char *)result.p);
}

enum troth_ending troth_result(struct troth_agent *a, const char *nonce)
{
	uint8_t bytes[TROTH_RESULT_NONCE_MAX];
	struct troth_outcome outcome;

	if (troth_base64url_decode(troth_view_str(nonce), bytes, sizeof bytes,
				   &a->result_nonce) != TROTH_OK ||
	    a->result_nonce.n < TROTH_RESULT_NONCE_MIN) {
		(void)fprintf(stderr,
			      "troth-attester: --nonce: wanted %d to %d bytes as base64url\n",
			      TROTH_RESULT_NONCE_MIN, TROTH_RESULT_NONCE_MAX);
		return TROTH_ENDED_UNREACHED;
	}
	troth_agent_attempt(a, &outcome);
	if (outcome.ending == TROTH_ENDED_WELL)
		print((struct troth_view){ a->result, a->result_len });
	else
		(void)fprintf(stderr, "troth-attester: %s\n", outcome.text);
	a->result_nonce = (struct troth_view){ 0 };
	return outcome.ending;
}
