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

/* No nonce is as good as a sound one. */
static enum troth_status read_nonce(const char *text, uint8_t buf[TROTH_RESULT_NONCE_MAX],
				    struct troth_view *out)
{
	struct troth_view nonce = { 0 };

	if (text != NULL)
		TROTH_TRY(troth_base64url_decode(troth_view_str(text), buf,
						 TROTH_RESULT_NONCE_MAX, &nonce));
	if (text != NULL && nonce.n < TROTH_RESULT_NONCE_MIN)
		return TROTH_E_MALFORMED;
	*out = nonce;
	return TROTH_OK;
}

enum troth_ending troth_result(struct troth_agent *a, const struct troth_command *command)
{
	uint8_t bytes[TROTH_RESULT_NONCE_MAX];
	struct troth_outcome outcome;

	a->wish = (struct troth_result_wish){ .wanted = true,
					      .form = command->form,
					      .profile = command->profile };
	if (read_nonce(command->nonce, bytes, &a->wish.nonce) != TROTH_OK) {
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
	a->wish = (struct troth_result_wish){ 0 };
	return outcome.ending;
}
