/* SPDX-License-Identifier: Apache-2.0 */
#include "published.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "clock.h"
#include "reader.h"
#include "session_key.h"
#include "spiffe_bundle.h"
#include "text.h"

/* Of SHA-256, in an ETag. */
#define TAG_BYTES 16
/* A key set in either form, bytes. */
#define KEY_SET_MAX 1024

struct troth_published {
	pthread_mutex_t lock;
	struct troth_published_set *current;
	struct troth_ctx *ctx; /* of the administration thread */
};

/* Room for the PEM form of n bytes of DER: base64 in lines of 64, and the two marker lines. */
static size_t pem_room(size_t n)
{
	return n * 4 / 3 + n / 48 + 128;
}

static void put_text(struct troth_writer *w, const char *s)
{
	troth_put_view(w, troth_view_str(s));
}

static void put_pem(struct troth_writer *w, struct troth_view der)
{
	put_text(w, "-----BEGIN CERTIFICATE-----\n");
	while (der.n > 0) {
		uint8_t line[65];
		size_t n = der.n < 48 ? der.n : 48;
		int len = EVP_EncodeBlock(line, der.p, (int)n);
		troth_put_view(w, (struct troth_view){ line, (size_t)len });
		put_text(w, "\n");
		der.p += n;
		der.n -= n;
	}
	put_text(w, "-----END CERTIFICATE-----\n");
}

static struct troth_view put_copy(struct troth_writer *w, struct troth_view v)
{
	struct troth_view at = { w->p + w->n, v.n };
	troth_put_view(w, v);
	return at;
}

/* Names the bytes: the same ones have the same tag on every replica. */
static enum troth_status tag(struct troth_ctx *ctx, struct troth_published_text *text)
{
	struct troth_digest digest;
	char hex[2 * TAG_BYTES + 1];
	TROTH_TRY(troth_hash_one(ctx, TROTH_HASH_SHA256, text->bytes, &digest));
	troth_format_hex((struct troth_view){ digest.bytes, TAG_BYTES }, hex);
	snprintf(text->etag, sizeof text->etag, "\"%s\"", hex);
	return TROTH_OK;
}

enum troth_status troth_published_text_make(struct troth_view bytes,
					    struct troth_published_text *out)
{
	struct troth_published_text text = { .bytes = bytes };
	struct troth_ctx *ctx = NULL;
	TROTH_TRY(troth_ctx_new(&ctx));
	enum troth_status status = tag(ctx, &text);
	troth_ctx_free(ctx);
	if (status == TROTH_OK)
		*out = text;
	return status;
}

/* What is written from start on. */
static struct troth_view since(const struct troth_writer *w, size_t start)
{
	return (struct troth_view){ w->p + start, w->n - start };
}

/* Each in a buffer of its own: JSON would take what stands before it for its beginning. */
static void put_key_sets(struct troth_ctx *ctx, struct troth_writer *w,
			 struct troth_published_set *set)
{
	uint8_t text[KEY_SET_MAX];
	struct troth_writer own = troth_writer_make(text, sizeof text);
	troth_ear_keys_put_jwks(&own, set->keys, set->n_keys, ctx);
	set->keys_json.bytes = put_copy(w, troth_written(&own));
	own = troth_writer_make(text, sizeof text);
	troth_ear_keys_put_cose(&own, set->keys, set->n_keys, ctx);
	set->keys_cbor.bytes = put_copy(w, troth_written(&own));
}

/* As above, in a buffer of its own. */
static enum troth_status put_spiffe_bundle(struct troth_writer *w,
					   struct troth_published_set *set)
{
	size_t max = TROTH_SPIFFE_AUTHORITY_MAX;
	for (size_t i = 0; i < set->n_anchors; i++)
		max += TROTH_SPIFFE_AUTHORITY_MAX + 2 * set->anchors[i].n;
	uint8_t *text = malloc(max);
	if (text == NULL)
		return TROTH_E_MEMORY;
	struct troth_writer own = troth_writer_make(text, max);
	const enum troth_status status =
		troth_spiffe_bundle_put(&own, set->sequence, set->anchors, set->n_anchors);
	if (status == TROTH_OK)
		set->bundle_json.bytes = put_copy(w, troth_written(&own));
	free(text);
	return status;
}

static void put_texts(struct troth_ctx *ctx, struct troth_writer *w,
		      struct troth_published_set *set)
{
	const size_t start = w->n;
	for (size_t i = 0; i < set->n_chain; i++)
		put_pem(w, set->chain[i]);
	for (size_t i = 0; i < set->n_others; i++)
		put_pem(w, set->others[i]);
	for (size_t i = 0; i < set->n_anchors; i++)
		put_pem(w, set->anchors[i]);
	set->bundle_pem.bytes = since(w, start);
	if (set->n_keys == 0)
		return;
	put_key_sets(ctx, w, set);
}

static enum troth_status fill_set(struct troth_ctx *ctx, const struct troth_published_set *from,
				  struct troth_writer *w, struct troth_published_set *set)
{
	set->crl.bytes = put_copy(w, from->crl.bytes);
	set->former_crl.bytes = put_copy(w, from->former_crl.bytes);
	for (size_t i = 0; i < from->n_chain; i++)
		set->chain[set->n_chain++] = put_copy(w, from->chain[i]);
	for (size_t i = 0; i < from->n_others; i++)
		set->others[set->n_others++] = put_copy(w, from->others[i]);
	for (size_t i = 0; i < from->n_anchors; i++)
		set->anchors[set->n_anchors++] = put_copy(w, from->anchors[i]);
	set->n_keys = from->n_keys;
	memcpy(set->keys, from->keys, sizeof set->keys);
	set->sequence = from->sequence;
	put_texts(ctx, w, set);
	TROTH_TRY(put_spiffe_bundle(w, set));
	if (!troth_writer_ok(w))
		return TROTH_E_LIMIT;
	TROTH_TRY(tag(ctx, &set->crl));
	TROTH_TRY(tag(ctx, &set->former_crl));
	TROTH_TRY(tag(ctx, &set->bundle_pem));
	TROTH_TRY(tag(ctx, &set->bundle_json));
	TROTH_TRY(tag(ctx, &set->keys_json));
	return tag(ctx, &set->keys_cbor);
}

/* A new set of copies of what the other one holds. */
static enum troth_status copy_set(struct troth_ctx *ctx, const struct troth_published_set *from,
				  struct troth_published_set **out)
{
	size_t need = from->crl.bytes.n + from->former_crl.bytes.n + 2 * KEY_SET_MAX +
		      TROTH_SPIFFE_AUTHORITY_MAX;
	for (size_t i = 0; i < from->n_chain; i++)
		need += from->chain[i].n + pem_room(from->chain[i].n);
	for (size_t i = 0; i < from->n_others; i++)
		need += from->others[i].n + pem_room(from->others[i].n);
	for (size_t i = 0; i < from->n_anchors; i++)
		need += 3 * from->anchors[i].n + pem_room(from->anchors[i].n) +
			TROTH_SPIFFE_AUTHORITY_MAX;
	struct troth_published_set *set = calloc(1, sizeof *set);
	unsigned char *memory = malloc(need + 1);
	if (set == NULL || memory == NULL) {
		free(set);
		free(memory);
		return TROTH_E_MEMORY;
	}
	struct troth_writer w = troth_writer_make(memory, need);
	*set = (struct troth_published_set){ .refs = 1, .memory = memory };
	*out = set;
	return fill_set(ctx, from, &w, set);
}

static enum troth_status publish(struct troth_published *p,
				 const struct troth_published_set *from)
{
	struct troth_published_set *set = NULL;
	enum troth_status status = copy_set(p->ctx, from, &set);
	if (status != TROTH_OK) {
		troth_published_release(set);
		return status;
	}
	pthread_mutex_lock(&p->lock);
	struct troth_published_set *old = p->current;
	p->current = set;
	pthread_mutex_unlock(&p->lock);
	troth_published_release(old);
	return TROTH_OK;
}

enum troth_status troth_published_new(struct troth_published **out)
{
	struct troth_published *p = calloc(1, sizeof *p);
	struct troth_published_set *empty = calloc(1, sizeof *empty);
	if (p == NULL || empty == NULL || troth_ctx_new(&p->ctx) != TROTH_OK) {
		free(p);
		free(empty);
		return TROTH_E_MEMORY;
	}
	pthread_mutex_init(&p->lock, NULL);
	empty->refs = 1;
	p->current = empty;
	*out = p;
	return TROTH_OK;
}

void troth_published_free(struct troth_published *p)
{
	if (p == NULL)
		return;
	troth_published_release(p->current);
	pthread_mutex_destroy(&p->lock);
	troth_ctx_free(p->ctx);
	free(p);
}

struct troth_published_set *troth_published_take(struct troth_published *p)
{
	pthread_mutex_lock(&p->lock);
	struct troth_published_set *set = p->current;
	__atomic_add_fetch(&set->refs, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&p->lock);
	return set;
}

void troth_published_release(struct troth_published_set *set)
{
	if (set == NULL || __atomic_sub_fetch(&set->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	free(set->memory);
	free(set);
}

/* The count of those who hold it is theirs, and changes meanwhile. */
static struct troth_published_set what_is_in(const struct troth_published_set *set)
{
	struct troth_published_set s = { .crl = set->crl,
					 .former_crl = set->former_crl,
					 .n_chain = set->n_chain,
					 .n_anchors = set->n_anchors,
					 .n_others = set->n_others,
					 .n_keys = set->n_keys,
					 .sequence = set->sequence };
	memcpy(s.chain, set->chain, sizeof s.chain);
	memcpy(s.others, set->others, sizeof s.others);
	memcpy(s.anchors, set->anchors, sizeof s.anchors);
	memcpy(s.keys, set->keys, sizeof s.keys);
	return s;
}

static enum troth_status set_crl(struct troth_published *p, struct troth_view der, bool former)
{
	struct troth_published_set *now = troth_published_take(p);
	struct troth_published_set next = what_is_in(now);
	(former ? &next.former_crl : &next.crl)->bytes = der;
	enum troth_status status = publish(p, &next);
	troth_published_release(now);
	return status;
}

enum troth_status troth_published_set_crl(struct troth_published *p, struct troth_view der)
{
	return set_crl(p, der, false);
}

enum troth_status troth_published_set_former_crl(struct troth_published *p,
						 struct troth_view der)
{
	return set_crl(p, der, true);
}

/* Reads to the empty value that ends a group, or to the end. */
static enum troth_status read_group(struct troth_reader *r, struct troth_view *out, size_t max,
				    size_t *n)
{
	struct troth_view value;
	*n = 0;
	while (!troth_at_end(r)) {
		if (!troth_get_view32be(r, &value))
			return TROTH_E_TRUNCATED;
		if (value.n == 0)
			break;
		if (*n == max)
			return TROTH_E_LIMIT;
		out[(*n)++] = value;
	}
	return TROTH_OK;
}

static enum troth_status read_groups(struct troth_view groups, struct troth_published_set *set)
{
	struct troth_reader r = { groups };
	struct troth_view keys[TROTH_EAR_KEYS_MAX];
	TROTH_TRY(read_group(&r, set->chain, TROTH_PUBLISHED_CERTS_MAX, &set->n_chain));
	TROTH_TRY(read_group(&r, set->anchors, TROTH_PUBLISHED_CERTS_MAX, &set->n_anchors));
	TROTH_TRY(read_group(&r, set->others, TROTH_PUBLISHED_CERTS_MAX, &set->n_others));
	TROTH_TRY(read_group(&r, keys, TROTH_EAR_KEYS_MAX, &set->n_keys));
	if (set->n_chain == 0 || set->n_anchors == 0 || set->n_keys == 0)
		return TROTH_E_MALFORMED;
	for (size_t i = 0; i < set->n_keys; i++)
		TROTH_TRY(troth_session_key_read(keys[i], &set->keys[i]));
	return troth_at_end(&r) ? TROTH_OK : TROTH_E_MALFORMED;
}

enum troth_status troth_published_set_bundle(struct troth_published *p,
					     struct troth_view groups)
{
	struct troth_published_set *now = troth_published_take(p);
	struct troth_published_set next = what_is_in(now);
	enum troth_status status = read_groups(groups, &next);
	/* Over a restart too: it follows the clock, or the last one. */
	const uint64_t clock = troth_now_ms();
	next.sequence = clock > now->sequence ? clock : now->sequence + 1;
	if (status == TROTH_OK)
		status = publish(p, &next);
	troth_published_release(now);
	return status;
}
