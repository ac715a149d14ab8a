/* SPDX-License-Identifier: Apache-2.0 */
/* IMA lists, record by record. Include after check.h. */
#ifndef TROTH_TESTS_IMA_BUILDER_H
#define TROTH_TESTS_IMA_BUILDER_H

#include <stdio.h>

#include "ima.h"

struct ima_builder {
	struct troth_ctx *ctx;
	enum troth_hash hash; /* of the template digests */
	uint8_t *p;
	size_t n, room;
};

static inline void ima_put(struct ima_builder *b, const void *p, size_t n)
{
	if (b->n + n > b->room) {
		b->room = 2 * (b->n + n);
		b->p = realloc(b->p, b->room);
		assert_non_null(b->p);
	}
	if (n > 0)
		memcpy(b->p + b->n, p, n);
	b->n += n;
}

static inline void ima_put_u32(struct ima_builder *b, uint32_t v)
{
	const uint8_t le[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
				(uint8_t)(v >> 24) };
	ima_put(b, le, sizeof le);
}

static inline struct troth_view ima_view(const struct ima_builder *b)
{
	return (struct troth_view){ b->p, b->n };
}

static inline void ima_free(struct ima_builder *b)
{
	free(b->p);
	b->p = NULL;
	b->n = b->room = 0;
}

/* One field: length and bytes. */
static inline void ima_field(struct ima_builder *data, const void *p, size_t n)
{
	ima_put_u32(data, (uint32_t)n);
	ima_put(data, p, n);
}

/* A digest field, "sha256:" NUL digest, after a prefix like "ima:". */
static inline void ima_digest_field(struct ima_builder *data, const char *prefix,
				    enum troth_hash alg, const uint8_t *digest)
{
	char head[64];
	int n = snprintf(head, sizeof head, "%s%s:", prefix, troth_hash_name(alg));
	ima_put_u32(data, (uint32_t)n + 1 + (uint32_t)troth_hash_size(alg));
	ima_put(data, head, (size_t)n + 1);
	ima_put(data, digest, troth_hash_size(alg));
}

/* A record with the digest its data has, or zeros for a violation. */
static inline void ima_record(struct ima_builder *b, uint32_t pcr, const char *name,
			      const struct ima_builder *data, bool violation)
{
	struct troth_digest d = { 0 };
	const struct troth_ima_record r = { .data = ima_view(data) };
	if (!violation)
		assert_int_equal(troth_ima_template_digest(b->ctx, b->hash, &r, &d), TROTH_OK);
	ima_put_u32(b, pcr);
	ima_put(b, d.bytes, troth_hash_size(b->hash));
	ima_put_u32(b, (uint32_t)strlen(name));
	ima_put(b, name, strlen(name));
	ima_put_u32(b, (uint32_t)data->n);
	ima_put(b, data->p, data->n);
}

/* A file measured with the template ima-ng. */
static inline void ima_add_file(struct ima_builder *b, const char *path,
				const uint8_t sha256[32])
{
	struct ima_builder data = { 0 };
	ima_digest_field(&data, "", TROTH_HASH_SHA256, sha256);
	ima_field(&data, path, strlen(path) + 1);
	ima_record(b, 10, "ima-ng", &data, false);
	ima_free(&data);
}

static inline void ima_add_violation(struct ima_builder *b, const char *path)
{
	static const uint8_t ZEROS[32];
	struct ima_builder data = { 0 };
	ima_digest_field(&data, "", TROTH_HASH_SHA256, ZEROS);
	ima_field(&data, path, strlen(path) + 1);
	ima_record(b, 10, "ima-ng", &data, true);
	ima_free(&data);
}

#endif
