/* SPDX-License-Identifier: Apache-2.0 */
/* GET of what is published: cacheable by ordinary HTTP means, revalidated by ETag. */
#include <stdio.h>
#include <string.h>

#include "reader.h"
#include "worker.h"

/* How long a copy may be used before it is asked for again, seconds: keys and bundle are
 * published for longer than this before anything is signed with them; a CRL bites sooner. */
#define CACHED_KEYS "public, max-age=300"
#define CACHED_CRL "public, max-age=10"

struct document {
	const char *content_type, *cache_control;
	const struct troth_published_text *text;
};

/* RFC 9110, 13.1.2: one of a list, or any. A weak tag of ours is still ours. */
static bool not_changed(const struct troth_exchange *x, const char *etag)
{
	struct troth_view asked;
	if (troth_exchange_header(x, TROTH_HTTP_IF_NONE_MATCH, &asked) != 1)
		return false;
	return troth_view_equal(asked, troth_view_str("*")) ||
	       memmem(asked.p, asked.n, etag, strlen(etag)) != NULL;
}

static void answer(struct troth_exchange *x, const struct document *d)
{
	char etag[64];
	snprintf(etag, sizeof etag, "ETag: %s\r\n", d->text->etag);
	struct troth_http_reply reply = { .status = 200,
					  .content_type = d->content_type,
					  .cache_control = d->cache_control,
					  .headers = troth_view_str(etag),
					  .body = d->text->bytes };
	if (d->text->bytes.n == 0) {
		troth_exchange_problem(x, 503, "unavailable", "Nothing was signed yet.", 1);
		return;
	}
	if (not_changed(x, d->text->etag)) {
		reply.status = 304;
		reply.content_type = NULL;
		reply.body = (struct troth_view){ 0 };
	}
	troth_exchange_reply(x, &reply);
}

void troth_handle_crl(struct troth_exchange *x, void *worker)
{
	struct troth_worker *w = worker;
	struct troth_published_set *set = troth_published_take(w->front->published);
	answer(x, &(struct document){ "application/pkix-crl", CACHED_CRL, &set->crl });
	troth_published_release(set);
}

void troth_handle_former_crl(struct troth_exchange *x, void *worker)
{
	struct troth_worker *w = worker;
	struct troth_published_set *set = troth_published_take(w->front->published);
	if (set->former_crl.bytes.n == 0)
		troth_exchange_problem(x, 404, "not-found", "No CA is being rotated.", 0);
	else
		answer(x, &(struct document){ "application/pkix-crl", CACHED_CRL,
					      &set->former_crl });
	troth_published_release(set);
}

void troth_handle_bundle(struct troth_exchange *x, void *worker)
{
	struct troth_worker *w = worker;
	struct troth_published_set *set = troth_published_take(w->front->published);
	answer(x,
	       &(struct document){ "application/x-pem-file", CACHED_KEYS, &set->bundle_pem });
	troth_published_release(set);
}

void troth_handle_anchor_crls(struct troth_exchange *x, void *worker)
{
	const struct troth_worker *w = worker;
	if (w->front->anchor_crls.bytes.n == 0)
		troth_exchange_problem(x, 404, "not-found", "No CRL of an anchor is here.", 0);
	else
		answer(x, &(struct document){ "application/x-pem-file", CACHED_KEYS,
					      &w->front->anchor_crls });
}

/* For devices that slept while the anchors changed: it authenticates itself. */
void troth_handle_bundle_update(struct troth_exchange *x, void *worker)
{
	const struct troth_worker *w = worker;
	if (w->front->bundle_update.bytes.n == 0) {
		troth_exchange_problem(x, 404, "not-found", "There is no bundle update.", 0);
		return;
	}
	answer(x,
	       &(struct document){ "application/jose", CACHED_KEYS, &w->front->bundle_update });
}

void troth_handle_keys_json(struct troth_exchange *x, void *worker)
{
	struct troth_worker *w = worker;
	struct troth_published_set *set = troth_published_take(w->front->published);
	answer(x,
	       &(struct document){ "application/jwk-set+json", CACHED_KEYS, &set->keys_json });
	troth_published_release(set);
}

void troth_handle_keys_cbor(struct troth_exchange *x, void *worker)
{
	struct troth_worker *w = worker;
	struct troth_published_set *set = troth_published_take(w->front->published);
	answer(x,
	       &(struct document){ "application/cose-key-set", CACHED_KEYS, &set->keys_cbor });
	troth_published_release(set);
}

void troth_handle_bundle_json(struct troth_exchange *x, void *worker)
{
	struct troth_worker *w = worker;
	struct troth_published_set *set = troth_published_take(w->front->published);
	answer(x, &(struct document){ "application/json", CACHED_KEYS, &set->bundle_json });
	troth_published_release(set);
}
