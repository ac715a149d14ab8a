/* SPDX-License-Identifier: Apache-2.0 */
#include "published.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "reader.h"
#include "writer.h"

struct troth_published {
	pthread_mutex_t lock;
	struct troth_published_set *current;
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

/* A new set of copies of what the other one holds. */
static enum troth_status copy_set(const struct troth_published_set *from,
				  struct troth_published_set **out)
{
	size_t need = from->crl.n;
	for (size_t i = 0; i < from->n_chain; i++)
		need += from->chain[i].n + pem_room(from->chain[i].n);
	for (size_t i = 0; i < from->n_anchors; i++)
		need += from->anchors[i].n + pem_room(from->anchors[i].n);
	struct troth_published_set *set = calloc(1, sizeof *set);
	unsigned char *memory = malloc(need + 1);
	if (set == NULL || memory == NULL) {
		free(set);
		free(memory);
		return TROTH_E_MEMORY;
	}
	struct troth_writer w = troth_writer_make(memory, need);
	*set = (struct troth_published_set){ .refs = 1, .memory = memory };
	set->crl = put_copy(&w, from->crl);
	for (size_t i = 0; i < from->n_chain; i++)
		set->chain[set->n_chain++] = put_copy(&w, from->chain[i]);
	for (size_t i = 0; i < from->n_anchors; i++)
		set->anchors[set->n_anchors++] = put_copy(&w, from->anchors[i]);
	size_t pem_at = w.n;
	for (size_t i = 0; i < set->n_chain; i++)
		put_pem(&w, set->chain[i]);
	for (size_t i = 0; i < set->n_anchors; i++)
		put_pem(&w, set->anchors[i]);
	set->bundle_pem = (struct troth_view){ memory + pem_at, w.n - pem_at };
	*out = set;
	return troth_writer_ok(&w) ? TROTH_OK : TROTH_E_LIMIT;
}

static enum troth_status publish(struct troth_published *p,
				 const struct troth_published_set *from)
{
	struct troth_published_set *set = NULL;
	enum troth_status status = copy_set(from, &set);
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
	if (p == NULL || empty == NULL) {
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
					 .n_chain = set->n_chain,
					 .n_anchors = set->n_anchors };
	memcpy(s.chain, set->chain, sizeof s.chain);
	memcpy(s.anchors, set->anchors, sizeof s.anchors);
	return s;
}

enum troth_status troth_published_set_crl(struct troth_published *p, struct troth_view der)
{
	struct troth_published_set *now = troth_published_take(p);
	struct troth_published_set next = what_is_in(now);
	next.crl = der;
	enum troth_status status = publish(p, &next);
	troth_published_release(now);
	return status;
}

static enum troth_status read_certificates(struct troth_view bytes,
					   struct troth_published_set *set)
{
	struct troth_reader r = { bytes };
	bool anchors = false;
	set->n_chain = set->n_anchors = 0;
	while (!troth_at_end(&r)) {
		struct troth_view cert;
		size_t *n = anchors ? &set->n_anchors : &set->n_chain;
		if (!troth_get_view32be(&r, &cert))
			return TROTH_E_TRUNCATED;
		if (cert.n == 0 && anchors)
			return TROTH_E_MALFORMED;
		if (cert.n == 0) {
			anchors = true;
			continue;
		}
		if (*n == TROTH_PUBLISHED_CERTS_MAX)
			return TROTH_E_LIMIT;
		(anchors ? set->anchors : set->chain)[(*n)++] = cert;
	}
	return set->n_chain > 0 && set->n_anchors > 0 ? TROTH_OK : TROTH_E_MALFORMED;
}

enum troth_status troth_published_set_bundle(struct troth_published *p,
					     struct troth_view certificates)
{
	struct troth_published_set *now = troth_published_take(p);
	struct troth_published_set next = what_is_in(now);
	enum troth_status status = read_certificates(certificates, &next);
	if (status == TROTH_OK)
		status = publish(p, &next);
	troth_published_release(now);
	return status;
}
