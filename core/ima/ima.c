/* SPDX-License-Identifier: Apache-2.0 */
#include "ima.h"

#include <string.h>

#include "base.h"

/* The template of kernels before 3.13: a SHA-1 digest without length and a name. */
#define LEGACY_DIGEST 20
/* IMA_EVENT_NAME_LEN_MAX and a NUL: the name is hashed at this length. */
#define LEGACY_NAME_HASHED 256

static bool is_zero(struct troth_view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] != 0)
			return false;
	return true;
}

/* What a template's name, or its format string, is made of. */
static bool name_valid(struct troth_view name)
{
	for (size_t i = 0; i < name.n; i++) {
		const uint8_t c = name.p[i];
		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '|')
			return false;
	}
	return name.n > 0;
}

static enum troth_status get_counted(struct troth_reader *r, size_t max, struct troth_view *out)
{
	uint32_t n;
	if (!troth_get_u32le(r, &n))
		return TROTH_E_TRUNCATED;
	if (n > max)
		return TROTH_E_LIMIT;
	return troth_get_view(r, n, out) ? TROTH_OK : TROTH_E_TRUNCATED;
}

/* "ima" has no length of its own: digest, then a counted name. */
static enum troth_status get_legacy_data(struct troth_reader *r, struct troth_view *out)
{
	struct troth_reader probe = *r;
	struct troth_view digest, name;
	if (!troth_get_view(&probe, LEGACY_DIGEST, &digest))
		return TROTH_E_TRUNCATED;
	TROTH_TRY(get_counted(&probe, LEGACY_NAME_HASHED - 1, &name));
	return troth_get_view(r, r->left.n - probe.left.n, out) ? TROTH_OK : TROTH_E_TRUNCATED;
}

enum troth_status troth_ima_next(struct troth_ima_list *list, struct troth_ima_record *out)
{
	struct troth_reader r = list->left; /* committed only if the whole record is sound */
	struct troth_ima_record rec = { .index = list->n_read,
					.offset = troth_ima_offset(list) };

	if (!troth_get_u32le(&r, &rec.pcr))
		return TROTH_E_TRUNCATED;
	if (rec.pcr >= TROTH_PCR_COUNT)
		return TROTH_E_MALFORMED;
	if (!troth_get_view(&r, troth_hash_size(list->hash), &rec.digest))
		return TROTH_E_TRUNCATED;
	TROTH_TRY(get_counted(&r, TROTH_IMA_NAME_MAX, &rec.name));
	if (!name_valid(rec.name))
		return TROTH_E_MALFORMED;
	rec.legacy = troth_view_equal(rec.name, troth_view_str("ima"));
	if (rec.legacy)
		TROTH_TRY(get_legacy_data(&r, &rec.data));
	else
		TROTH_TRY(get_counted(&r, TROTH_IMA_DATA_MAX, &rec.data));
	rec.violation = is_zero(rec.digest);

	list->left = r;
	list->n_read++;
	*out = rec;
	return TROTH_OK;
}

bool troth_ima_at_end(const struct troth_ima_list *list)
{
	return troth_at_end(&list->left);
}

size_t troth_ima_offset(const struct troth_ima_list *list)
{
	return list->n_bytes - list->left.left.n;
}

enum troth_status troth_ima_template_digest(struct troth_ctx *ctx, enum troth_hash hash,
					    const struct troth_ima_record *r,
					    struct troth_digest *out)
{
	static const uint8_t ZEROS[LEGACY_NAME_HASHED] = { 0 };
	if (!r->legacy)
		return troth_hash_one(ctx, hash, r->data, out);
	/* ima_crypto.c, ima_calc_field_array_hash_tfm: no lengths, the name padded. */
	const size_t header = LEGACY_DIGEST + sizeof(uint32_t);
	struct troth_view parts[] = {
		{ r->data.p, LEGACY_DIGEST },
		{ r->data.p + header, r->data.n - header },
		{ ZEROS, LEGACY_NAME_HASHED - (r->data.n - header) },
	};
	return troth_hash_parts(ctx, hash, parts, TROTH_COUNT(parts), out);
}

/* How well the first record fits a hash: only one that fits its digest is sure. */
enum fit { FITS_NOT, FITS_FORM, FITS };

static enum fit first_fits(struct troth_ctx *ctx, struct troth_ima_list list,
			   enum troth_status *why)
{
	struct troth_ima_record first;
	struct troth_digest d;
	*why = troth_ima_next(&list, &first);
	if (*why != TROTH_OK)
		return FITS_NOT;
	if (troth_ima_template_digest(ctx, list.hash, &first, &d) != TROTH_OK)
		return FITS_NOT;
	return troth_view_equal(troth_digest_view(&d), first.digest) ? FITS : FITS_FORM;
}

/* The first of the hashes that fits best. A record read with the wrong size of digest hardly
 * ever has a name where one belongs. */
static enum troth_status find_hash(struct troth_ctx *ctx, struct troth_ima_list *list)
{
	enum fit best = FITS_NOT;
	enum troth_status refusal = TROTH_E_MALFORMED; /* as a SHA-1 list: what most are */
	for (enum troth_hash hash = TROTH_HASH_NONE + 1; hash < TROTH_HASH_N; hash++) {
		struct troth_ima_list with = *list;
		enum troth_status why;
		with.hash = hash;
		const enum fit fit = first_fits(ctx, with, &why);
		if (hash == TROTH_HASH_SHA1)
			refusal = why;
		if (fit > best) {
			best = fit;
			list->hash = hash;
		}
	}
	return best != FITS_NOT ? TROTH_OK : refusal;
}

enum troth_status troth_ima_open(struct troth_ctx *ctx, struct troth_view bytes,
				 enum troth_hash hash, struct troth_ima_list *out)
{
	struct troth_ima_list list = { .left = { bytes }, .n_bytes = bytes.n, .hash = hash };
	if (hash == TROTH_HASH_NONE && bytes.n == 0)
		list.hash = TROTH_HASH_SHA1;
	else if (hash == TROTH_HASH_NONE)
		TROTH_TRY(find_hash(ctx, &list));
	*out = list;
	return TROTH_OK;
}
