/* SPDX-License-Identifier: Apache-2.0 */
/* What only the administration channel may ask for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "clock.h"
#include "desk.h"
#include "reader.h"
#include "status_feed.h"
#include "svid.h"
#include "text.h"
#include "writer.h"

/* A row keeps what makes it this device: id and AK. Its generation never goes back. */
enum troth_status troth_decide_seal(struct troth_desk *d, const struct troth_issuer_seal *q,
				    struct troth_issuer_seal_reply *out)
{
	struct troth_identity id = q->identity;
	TROTH_TRY(troth_row_check(d->ctx, &d->office->keys.mac, &id));
	if (!troth_name_valid(q->name) || (q->segment.n > 0 && !troth_name_valid(q->segment)))
		return TROTH_E_MALFORMED;
	if (q->generation < id.generation)
		return TROTH_E_CONFLICT;
	id.name = q->name;
	id.segment = q->segment;
	id.generation = q->generation;
	return troth_row_seal(d->ctx, &d->office->keys.mac, &id, out->mac);
}

static enum troth_status sign_crl(struct troth_desk *d, struct troth_signer *signer,
				  const struct troth_crl *crl, struct troth_view *out)
{
	uint8_t signature[TROTH_SIGNER_MAX];
	size_t tbs_len, signature_len, n;
	uint8_t *tbs = malloc(TROTH_CRL_DER_MAX);
	if (tbs == NULL)
		return TROTH_E_MEMORY;
	enum troth_status got = troth_crl_tbs(crl, tbs, TROTH_CRL_DER_MAX, &tbs_len);
	const struct troth_view body = { tbs, got == TROTH_OK ? tbs_len : 0 };
	if (got == TROTH_OK)
		got = troth_signer_sign(signer, d->ctx, body, signature, &signature_len);
	if (got == TROTH_OK)
		got = troth_svid_wrap(body, (struct troth_view){ signature, signature_len },
				      d->crl, TROTH_CRL_DER_MAX, &n);
	free(tbs);
	TROTH_TRY(got);
	*out = (struct troth_view){ d->crl, n };
	return TROTH_OK;
}

static enum troth_status read_entries(const struct troth_issuer_crl *q,
				      struct troth_crl_entry *entries)
{
	for (size_t i = 0; i < q->n_entries; i++)
		if (!troth_issuer_crl_entry(q, i, &entries[i]))
			return TROTH_E_MALFORMED;
	return TROTH_OK;
}

enum troth_status troth_decide_crl(struct troth_desk *d, const struct troth_issuer_crl *q,
				   struct troth_view *out)
{
	const struct troth_issuer_keys *keys = &d->office->keys;
	const uint64_t now_s = troth_now_ms() / 1000;
	if (q->former && d->former_signer == NULL)
		return TROTH_E_NOT_FOUND;
	if (q->life_s == 0 || q->life_s > TROTH_CRL_LIFE_MAX_S)
		return TROTH_E_LIMIT;
	if (d->crl == NULL)
		d->crl = malloc(TROTH_CRL_DER_MAX);
	struct troth_crl_entry *entries = calloc(q->n_entries + 1, sizeof *entries);
	enum troth_status got = d->crl != NULL && entries != NULL ? TROTH_OK : TROTH_E_MEMORY;
	if (got == TROTH_OK)
		got = read_entries(q, entries);
	const struct troth_crl crl = {
		.issuer_name =
			troth_buffer_view(q->former ? &keys->former_subject : &keys->subject),
		.issuer_key_id =
			troth_buffer_view(q->former ? &keys->former_key_id : &keys->key_id),
		.number = q->number,
		.this_update_s = now_s,
		.next_update_s = now_s + q->life_s,
		.entries = entries,
		.n_entries = q->n_entries,
	};
	if (got == TROTH_OK)
		got = sign_crl(d, q->former ? d->former_signer : d->signer, &crl, out);
	free(entries);
	return got;
}

static void put_key(struct troth_writer *w, const struct troth_jwk *key)
{
	troth_put_u32be(w, sizeof *key);
	troth_put_view(w, TROTH_VIEW_OF(key->x));
	troth_put_view(w, TROTH_VIEW_OF(key->y));
}

static void put_group(struct troth_writer *w, const struct troth_buffer *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		troth_put_view32be(w, troth_buffer_view(&list[i]));
	troth_put_view32be(w, (struct troth_view){ 0 });
}

/* Groups of values, an empty one between them: the issuing chain without the root, the anchors,
 * issuing CAs that are next or were before, the public keys of attestation results. */
enum troth_status troth_decide_bundle(struct troth_desk *d, struct troth_view *out)
{
	const struct troth_issuer_keys *keys = &d->office->keys;
	struct troth_writer w = troth_writer_make(d->bundle, sizeof d->bundle);
	put_group(&w, keys->chain, keys->n_chain);
	put_group(&w, keys->anchors, keys->n_anchors);
	put_group(&w, keys->others, keys->n_others);
	for (size_t i = 0; i < keys->n_results; i++)
		put_key(&w, &keys->results[i]);
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;
	*out = troth_written(&w);
	return TROTH_OK;
}

static enum troth_status sign_head(void *arg, struct troth_view message,
				   uint8_t out[TROTH_ES256_LEN])
{
	struct troth_desk *d = arg;
	return troth_es256_sign(d->ctx, d->result_signer, message, out);
}

/* What the list says is the front's word; that there is one of each number is the issuer's. A
 * delta goes with the full document of its number. */
enum troth_status troth_decide_status(struct troth_desk *d, const struct troth_issuer_status *q,
				      struct troth_view *out)
{
	char issuer[sizeof "spiffe://" + TROTH_TRUST_DOMAIN_MAX];
	const uint64_t now_s = troth_now_ms() / 1000;
	const struct troth_es256_signer signer = { sign_head, d };
	struct troth_writer w = troth_writer_make(d->result, sizeof d->result);
	if (q->life_s == 0 || q->life_s > TROTH_STATUS_LIFE_MAX_S)
		return TROTH_E_LIMIT;
	if (q->since == 0 ? q->sequence <= d->status_sequence
			  : q->sequence != d->status_sequence)
		return TROTH_E_CONFLICT;
	const struct troth_view domain = d->office->trust_domain;
	(void)snprintf(issuer, sizeof issuer, "spiffe://%.*s", (int)domain.n,
		       (const char *)domain.p);
	struct troth_status_head head = { .issuer = troth_view_str(issuer),
					  .sequence = q->sequence,
					  .since = q->since,
					  .issued_s = now_s,
					  .expires_s = now_s + q->life_s };
	memcpy(head.list_sha256, q->list_sha256, sizeof head.list_sha256);
	TROTH_TRY(troth_status_head_write(&head, d->office->keys.result_id, &signer, &w));
	if (q->since == 0)
		d->status_sequence = q->sequence;
	*out = troth_written(&w);
	return TROTH_OK;
}
