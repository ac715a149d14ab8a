/* SPDX-License-Identifier: Apache-2.0 */
/* Challenges: for any device id, known or not, so that the answers look the same. */
#include <string.h>

#include "base.h"
#include "clock.h"
#include "desk.h"
#include "random.h"

enum troth_status troth_decide_challenge(struct troth_desk *d,
					 const struct troth_issuer_challenge *q,
					 struct troth_issuer_challenge_reply *out)
{
	const struct troth_token_keys *keys;
	struct troth_token token = {
		.purpose = TROTH_TOKEN_QUOTE,
		.issued_ms = troth_now_ms(),
		.row_version = q->row_version,
		.wants = q->wants,
		.selection = q->selection,
	};
	size_t n;
	/* A quote over nothing would prove nothing. */
	if (q->selection.n_banks == 0)
		return TROTH_E_MALFORMED;
	TROTH_TRY(troth_desk_token_keys(d, token.issued_ms, &keys));
	memcpy(token.subject, q->device_id, sizeof token.subject);
	token.key_id = keys->current.id;
	TROTH_TRY(troth_random(token.random, sizeof token.random));
	TROTH_TRY(troth_token_make(d->ctx, keys, &token, d->token, &n));
	out->token = (struct troth_view){ d->token, n };
	return TROTH_OK;
}
