/* SPDX-License-Identifier: Apache-2.0 */
#include "ima_learned.h"

#include <string.h>

#include "base.h"
#include "reader.h"

static enum troth_status next_name(struct troth_ctx *ctx, struct troth_view cert,
				   uint8_t name[32])
{
	const struct troth_view parts[] = { { name, 32 }, cert };
	struct troth_digest d;
	TROTH_TRY(troth_hash_parts(ctx, TROTH_HASH_SHA256, parts, TROTH_COUNT(parts), &d));
	memcpy(name, d.bytes, 32);
	return TROTH_OK;
}

enum troth_status troth_ima_learned_add(struct troth_ctx *ctx, struct troth_ima_learned *l,
					struct troth_view cert, uint8_t name[32])
{
	if (l->n == TROTH_IMA_LEARNED_MAX)
		return TROTH_E_LIMIT;
	TROTH_TRY(next_name(ctx, cert, name));
	l->certs[l->n++] = cert;
	return TROTH_OK;
}

enum troth_status troth_ima_learned_name(struct troth_ctx *ctx,
					 const struct troth_ima_learned *l, uint8_t out[32])
{
	uint8_t name[32] = { 0 };
	for (size_t i = 0; i < l->n; i++)
		TROTH_TRY(next_name(ctx, l->certs[i], name));
	memcpy(out, name, sizeof name);
	return TROTH_OK;
}

void troth_ima_learned_put(struct troth_writer *w, const struct troth_ima_learned *l)
{
	for (size_t i = 0; i < l->n; i++)
		troth_put_view16be(w, l->certs[i]);
}

bool troth_ima_learned_read(struct troth_view bytes, struct troth_ima_learned *out)
{
	struct troth_reader r = { bytes };
	struct troth_ima_learned l = { 0 };
	while (!troth_at_end(&r)) {
		struct troth_view cert;
		if (l.n == TROTH_IMA_LEARNED_MAX || !troth_get_view16be(&r, &cert) ||
		    cert.n == 0 || cert.n > TROTH_CERT_MAX)
			return false;
		l.certs[l.n++] = cert;
	}
	*out = l;
	return true;
}
