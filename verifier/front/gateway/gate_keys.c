/* SPDX-License-Identifier: Apache-2.0 */
#include "gate_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "reader.h"

enum troth_status troth_gate_keys_new(struct troth_gate_keys **out)
{
	*out = calloc(1, sizeof **out);
	return *out != NULL ? TROTH_OK : TROTH_E_MEMORY;
}

static void empty(struct troth_gate_keys *k)
{
	troth_svid_trust_free(k->trust);
	k->trust = NULL;
	for (size_t i = 0; i < k->results.n; i++)
		troth_key_free(k->list[i].key);
	k->results = (struct troth_ear_keys){ .list = k->list };
	troth_published_release(k->made_of);
	k->made_of = NULL;
}

void troth_gate_keys_free(struct troth_gate_keys *k)
{
	if (k == NULL)
		return;
	empty(k);
	free(k);
}

static enum troth_status fill_trust(struct troth_gate_keys *k,
				    const struct troth_published_set *set,
				    const char *trust_domain)
{
	TROTH_TRY(troth_svid_trust_new(troth_view_str(trust_domain), &k->trust));
	/* Issuing CAs only: those above them sign no device, and other CAs besides. */
	for (size_t i = 0; i < set->n_chain && i < 1; i++)
		TROTH_TRY(troth_svid_trust_add(k->trust, set->chain[i]));
	/* The former one's certificates live on. The next one, which is published before it,
	 * has signed none: what is said to be of it is of somebody who has its key too early.
	 */
	if (set->former_crl.bytes.n > 0 && set->n_others > 0)
		TROTH_TRY(troth_svid_trust_add(k->trust, set->others[set->n_others - 1]));
	return set->crl.bytes.n > 0 ? troth_svid_trust_set_crl(k->trust, set->crl.bytes)
				    : TROTH_OK;
}

static enum troth_status fill_results(struct troth_gate_keys *k, struct troth_ctx *ctx,
				      const struct troth_published_set *set)
{
	for (size_t i = 0; i < set->n_keys; i++) {
		struct troth_ear_key *key = &k->list[i];
		TROTH_TRY(troth_jwk_thumbprint(ctx, &set->keys[i], key->id));
		TROTH_TRY(troth_jwk_key(&set->keys[i], &key->key));
		k->results.n++;
	}
	return TROTH_OK;
}

/* A set that does not become ready as a whole verifies nothing. */
enum troth_status troth_gate_keys_refresh(struct troth_gate_keys *k, struct troth_ctx *ctx,
					  const struct troth_gates *shared, bool *out_changed)
{
	struct troth_published_set *set = troth_published_take(shared->published);
	*out_changed = set != k->made_of;
	if (!*out_changed) {
		troth_published_release(set);
		return TROTH_OK;
	}
	empty(k);
	enum troth_status s = fill_trust(k, set, shared->trust_domain);
	if (s == TROTH_OK)
		s = fill_results(k, ctx, set);
	if (s != TROTH_OK) {
		empty(k);
		troth_published_release(set);
		return s;
	}
	k->made_of = set;
	return TROTH_OK;
}
