/* SPDX-License-Identifier: Apache-2.0 */
/* A secret is opened and sealed again for the key of a ticket. Whom the front has it released
 * to is not its word: the ticket is of a device that has just quoted for that key, and a value
 * that is one device's own opens under that device's id only. */
#include <openssl/crypto.h>

#include "base.h"
#include "clock.h"
#include "desk.h"
#include "random.h"
#include "reader.h"
#include "sealed_secret.h"

/* From the challenge on: an answer may take as long as a token lives, and its commit as long
 * again, milliseconds. */
#define RELEASE_LIFE_MS ((uint64_t)2 * TROTH_TOKEN_LIFE_MS)

static enum troth_status check_ticket(struct troth_desk *d,
				      const struct troth_issuer_release *q)
{
	const struct troth_release_ticket *t = &q->ticket;
	const uint64_t now_ms = troth_now_ms();
	TROTH_TRY(troth_release_check(d->ctx, &d->office->keys.mac, t));
	if (t->time_ms + RELEASE_LIFE_MS < now_ms || t->time_ms > now_ms + TROTH_TOKEN_LIFE_MS)
		return TROTH_E_EXPIRED;
	return troth_denied_has(d->office->denied, t->device_id) ? TROTH_E_DENIED : TROTH_OK;
}

static enum troth_status open_secret(struct troth_desk *d, const struct troth_issuer_release *q,
				     struct troth_writer *plain)
{
	const struct troth_issuer_keys *keys = &d->office->keys;
	struct troth_secret_place place = { .trust_domain = d->office->trust_domain,
					    .name = q->ticket.name };
	uint8_t words[TROTH_SECRET_WORDS_MAX], point[64], x[32];
	struct troth_hpke_about about;
	if (q->own)
		place.device_id = TROTH_VIEW_OF(q->ticket.device_id);
	TROTH_TRY(troth_secret_at_rest(&place, &keys->secrets_jwk, words, &about));
	TROTH_TRY(troth_hpke_point(q->sealed, point));
	TROTH_TRY(troth_agree_held(keys->secrets, point, x));
	enum troth_status got = troth_hpke_open(d->ctx, &about, x, q->sealed, plain);
	OPENSSL_cleanse(x, sizeof x);
	return got;
}

static enum troth_status seal_for_device(struct troth_desk *d,
					 const struct troth_release_ticket *t,
					 struct troth_view plain, struct troth_view *out)
{
	struct troth_writer w = troth_writer_make(d->released, sizeof d->released);
	uint8_t random[TROTH_AGREE_RANDOM];
	struct troth_public key;
	struct troth_jwk to;
	TROTH_TRY(troth_public_parse(d->ctx, t->key, &key));
	TROTH_TRY(troth_secret_key_point(&key, &to));
	TROTH_TRY(troth_random(random, sizeof random));
	const struct troth_hpke_about about = troth_secret_released(&to, t->extra_data);
	enum troth_status got = troth_hpke_seal(d->ctx, &about, random, plain, &w);
	OPENSSL_cleanse(random, sizeof random);
	TROTH_TRY(got);
	*out = troth_written(&w);
	return TROTH_OK;
}

enum troth_status troth_decide_release(struct troth_desk *d,
				       const struct troth_issuer_release *q,
				       struct troth_view *out)
{
	uint8_t buf[TROTH_SECRET_MAX];
	struct troth_writer plain = troth_writer_make(buf, sizeof buf);
	TROTH_TRY(check_ticket(d, q));
	enum troth_status got = open_secret(d, q, &plain);
	if (got == TROTH_OK)
		got = seal_for_device(d, &q->ticket, troth_written(&plain), out);
	OPENSSL_cleanse(buf, sizeof buf);
	return got;
}

enum troth_status troth_decide_secrets_key(struct troth_desk *d, struct troth_view *out)
{
	const struct troth_jwk *key = &d->office->keys.secrets_jwk;
	*out = (struct troth_view){ (const uint8_t *)key, sizeof *key };
	return TROTH_OK;
}
