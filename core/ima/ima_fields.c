/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base.h"
#include "ima.h"

static const char *const FIELDS[TROTH_IMA_FIELD_N] = {
	[TROTH_IMA_D] = "d",
	[TROTH_IMA_N] = "n",
	[TROTH_IMA_D_NG] = "d-ng",
	[TROTH_IMA_D_NGV2] = "d-ngv2",
	[TROTH_IMA_N_NG] = "n-ng",
	[TROTH_IMA_SIG] = "sig",
	[TROTH_IMA_BUF] = "buf",
	[TROTH_IMA_D_MODSIG] = "d-modsig",
	[TROTH_IMA_MODSIG] = "modsig",
	[TROTH_IMA_EVMSIG] = "evmsig",
	[TROTH_IMA_XATTR_NAMES] = "xattrnames",
	[TROTH_IMA_XATTR_LENGTHS] = "xattrlengths",
	[TROTH_IMA_XATTR_VALUES] = "xattrvalues",
	[TROTH_IMA_IUID] = "iuid",
	[TROTH_IMA_IGID] = "igid",
	[TROTH_IMA_IMODE] = "imode",
};

/* Linux, ima_template.c, builtin_templates. Any other name is a format string itself. */
static const struct {
	const char *name, *format;
} TEMPLATES[] = {
	{ "ima-ng", "d-ng|n-ng" },
	{ "ima-sig", "d-ng|n-ng|sig" },
	{ "ima-ngv2", "d-ngv2|n-ng" },
	{ "ima-sigv2", "d-ngv2|n-ng|sig" },
	{ "ima-buf", "d-ng|n-ng|buf" },
	{ "ima-modsig", "d-ng|n-ng|sig|d-modsig|modsig" },
	{ "evm-sig", "d-ng|n-ng|evmsig|xattrnames|xattrlengths|xattrvalues|iuid|igid|imode" },
};

const char *troth_ima_field_name(enum troth_ima_field field)
{
	return field < TROTH_IMA_FIELD_N ? FIELDS[field] : NULL;
}

static struct troth_view format_of(struct troth_view name)
{
	for (size_t i = 0; i < TROTH_COUNT(TEMPLATES); i++)
		if (troth_view_equal(troth_view_str(TEMPLATES[i].name), name))
			return troth_view_str(TEMPLATES[i].format);
	return name;
}

/* Cuts the next field's name off a format string. */
static enum troth_status next_field(struct troth_reader *format, enum troth_ima_field *out)
{
	size_t n = 0;
	struct troth_view name, bar;
	while (n < format->left.n && format->left.p[n] != '|')
		n++;
	if (!troth_get_view(format, n, &name))
		return TROTH_E_TRUNCATED;
	/* Nothing may be missing behind a bar. */
	if (troth_get_view(format, 1, &bar) && troth_at_end(format))
		return TROTH_E_MALFORMED;
	for (enum troth_ima_field f = 0; f < TROTH_IMA_FIELD_N; f++)
		if (troth_view_equal(troth_view_str(FIELDS[f]), name)) {
			*out = f;
			return TROTH_OK;
		}
	return TROTH_E_UNSUPPORTED;
}

/* ---- what fields hold ---- */

static enum troth_hash find_hash(struct troth_view name)
{
	/* Linux, crypto/hash_info.c; the TPM's own name is another. */
	if (troth_view_equal(name, troth_view_str("sm3")) ||
	    troth_view_equal(name, troth_view_str("sm3-256")))
		return TROTH_HASH_SM3_256;
	return troth_hash_from_name(name);
}

/* Cuts off what comes before a colon, and the colon. */
static bool get_word(struct troth_reader *r, struct troth_view *out)
{
	const uint8_t *colon = r->left.n > 0 ? memchr(r->left.p, ':', r->left.n) : NULL;
	struct troth_view skipped;
	return colon != NULL && troth_get_view(r, (size_t)(colon - r->left.p), out) &&
	       troth_get_view(r, 1, &skipped);
}

/* A name of the kernel's: it is shown as it is. */
static bool algorithm_valid(struct troth_view name)
{
	for (size_t i = 0; i < name.n; i++) {
		const uint8_t c = name.p[i];
		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_')
			return false;
	}
	return name.n > 0 && name.n <= TROTH_IMA_ALGORITHM_MAX;
}

static bool get_same(struct troth_reader *r, struct troth_view same)
{
	struct troth_reader probe = *r;
	struct troth_view v;
	if (!troth_get_view(&probe, same.n, &v) || !troth_view_equal(v, same))
		return false;
	*r = probe;
	return true;
}

/* "sha256:" and a NUL, left in the decoder with the hash that it means. */
static enum troth_status read_head(struct troth_ima_decoder *d, struct troth_reader *r)
{
	const struct troth_view all = r->left;
	struct troth_view name, nul;
	if (d->head.n > 0 && get_same(r, d->head))
		return TROTH_OK;
	if (!get_word(r, &name) || !troth_get_view(r, 1, &nul) || nul.p[0] != 0 ||
	    !algorithm_valid(name))
		return TROTH_E_MALFORMED;
	d->hash = find_hash(name);
	d->algorithm = name;
	d->head = (struct troth_view){ all.p, all.n - r->left.n };
	return TROTH_OK;
}

/* "sha256:", NUL, digest; with a type before it in version 2 (ima_template_lib.c,
 * ima_eventdigest_init_common). */
static enum troth_status read_digest(struct troth_ima_decoder *decoder, struct troth_view field,
				     bool typed, struct troth_ima_digest *out)
{
	struct troth_reader r = { field };
	struct troth_view type = { 0 };

	if (typed && !get_word(&r, &type))
		return TROTH_E_MALFORMED;
	const bool verity = troth_view_equal(type, troth_view_str("verity"));
	if (typed && !verity && !troth_view_equal(type, troth_view_str("ima")))
		return TROTH_E_UNSUPPORTED;
	TROTH_TRY(read_head(decoder, &r));
	const size_t n = r.left.n, size = troth_hash_size(decoder->hash);
	if (n == 0 || n > TROTH_DIGEST_MAX || (size != 0 && n != size))
		return TROTH_E_MALFORMED;
	out->algorithm = decoder->algorithm;
	out->hash = decoder->hash;
	out->verity = verity;
	out->bytes = r.left;
	return TROTH_OK;
}

/* The digest of the first template is SHA-1, or MD5 filled up with zeros; nothing says which.
 */
static enum troth_status read_plain_digest(struct troth_view field,
					   struct troth_ima_digest *out)
{
	if (field.n != troth_hash_size(TROTH_HASH_SHA1))
		return TROTH_E_MALFORMED;
	*out = (struct troth_ima_digest){ .hash = TROTH_HASH_SHA1, .bytes = field };
	return TROTH_OK;
}

/* A string ends in its only NUL. */
static enum troth_status read_path(struct troth_view field, struct troth_view *out)
{
	if (field.n == 0 || memchr(field.p, 0, field.n) != field.p + field.n - 1)
		return TROTH_E_MALFORMED;
	if (field.n - 1 > TROTH_IMA_PATH_MAX)
		return TROTH_E_LIMIT;
	*out = (struct troth_view){ field.n > 1 ? field.p : NULL, field.n - 1 };
	return TROTH_OK;
}

static enum troth_status require(bool holds)
{
	return holds ? TROTH_OK : TROTH_E_MALFORMED;
}

static enum troth_status read_field(struct troth_ima_decoder *d, struct troth_ima_entry *e,
				    enum troth_ima_field f)
{
	const struct troth_view v = e->field[f];
	switch (f) {
	case TROTH_IMA_D:
		TROTH_TRY(require(e->file.bytes.n == 0));
		return read_plain_digest(v, &e->file);
	case TROTH_IMA_D_NG:
	case TROTH_IMA_D_NGV2:
		TROTH_TRY(require(e->file.bytes.n == 0));
		return read_digest(d, v, f == TROTH_IMA_D_NGV2, &e->file);
	case TROTH_IMA_D_MODSIG: /* empty without an appended signature */
		return v.n == 0 ? TROTH_OK : read_digest(d, v, false, &e->modsig);
	case TROTH_IMA_N:
	case TROTH_IMA_N_NG:
		TROTH_TRY(
			require((e->fields & (1U << TROTH_IMA_N | 1U << TROTH_IMA_N_NG)) == 0));
		return read_path(v, &e->path);
	case TROTH_IMA_XATTR_LENGTHS: return require(v.n % sizeof(uint32_t) == 0);
	case TROTH_IMA_IUID:
	case TROTH_IMA_IGID: return require(v.n == sizeof(uint32_t));
	case TROTH_IMA_IMODE: return require(v.n == sizeof(uint16_t));
	case TROTH_IMA_SIG:
	case TROTH_IMA_BUF:
	case TROTH_IMA_MODSIG:
	case TROTH_IMA_EVMSIG:
	case TROTH_IMA_XATTR_NAMES:
	case TROTH_IMA_XATTR_VALUES:
	case TROTH_IMA_FIELD_N: break;
	}
	return TROTH_OK;
}

static enum troth_status take_field(struct troth_ima_decoder *d, struct troth_reader *data,
				    enum troth_ima_field f, struct troth_ima_entry *e)
{
	uint32_t n;
	if ((e->fields & 1U << f) != 0)
		return TROTH_E_MALFORMED;
	if (!troth_get_u32le(data, &n) || !troth_get_view(data, n, &e->field[f]))
		return TROTH_E_TRUNCATED;
	TROTH_TRY(read_field(d, e, f));
	e->fields |= 1U << f;
	return TROTH_OK;
}

static enum troth_status decode_legacy(struct troth_view data, struct troth_ima_entry *e)
{
	struct troth_reader r = { data };
	uint32_t n;
	if (!troth_get_view(&r, troth_hash_size(TROTH_HASH_SHA1), &e->field[TROTH_IMA_D]) ||
	    !troth_get_u32le(&r, &n) || !troth_get_view(&r, n, &e->field[TROTH_IMA_N]))
		return TROTH_E_TRUNCATED;
	const struct troth_view name = e->field[TROTH_IMA_N];
	if (name.n > 0 && memchr(name.p, 0, name.n) != NULL)
		return TROTH_E_MALFORMED;
	TROTH_TRY(read_plain_digest(e->field[TROTH_IMA_D], &e->file));
	e->path = name;
	e->fields = 1U << TROTH_IMA_D | 1U << TROTH_IMA_N;
	return require(troth_at_end(&r));
}

/* The fields of a template, in order. */
static enum troth_status learn_template(struct troth_ima_decoder *d, struct troth_view name)
{
	struct troth_reader format = { format_of(name) };
	d->name = (struct troth_view){ 0 };
	for (d->n_fields = 0; !troth_at_end(&format); d->n_fields++) {
		if (d->n_fields == TROTH_IMA_FIELD_N) /* one comes twice */
			return TROTH_E_MALFORMED;
		TROTH_TRY(next_field(&format, &d->fields[d->n_fields]));
	}
	d->name = name;
	return TROTH_OK;
}

static enum troth_status decode(struct troth_ima_decoder *d, const struct troth_ima_record *r,
				struct troth_ima_entry *e)
{
	struct troth_reader data = { r->data };
	if (r->legacy)
		return decode_legacy(r->data, e);
	if (d->name.n == 0 || !troth_view_equal(d->name, r->name))
		TROTH_TRY(learn_template(d, r->name));
	for (size_t i = 0; i < d->n_fields; i++)
		TROTH_TRY(take_field(d, &data, d->fields[i], e));
	return require(troth_at_end(&data));
}

/* What an earlier record left; clearing all of it would take longer than reading. */
static void clear(struct troth_ima_entry *e)
{
	for (uint32_t left = e->fields; left != 0; left &= left - 1)
		e->field[__builtin_ctz(left)] = (struct troth_view){ 0 };
	e->fields = 0;
	e->file = e->modsig = (struct troth_ima_digest){ 0 };
	e->path = (struct troth_view){ 0 };
}

enum troth_status troth_ima_decode_next(struct troth_ima_decoder *d,
					const struct troth_ima_record *r,
					struct troth_ima_entry *out)
{
	clear(out);
	const enum troth_status status = decode(d, r, out);
	if (status != TROTH_OK)
		*out = (struct troth_ima_entry){ 0 };
	return status;
}

enum troth_status troth_ima_decode(const struct troth_ima_record *r,
				   struct troth_ima_entry *out)
{
	struct troth_ima_decoder d = { 0 };
	struct troth_ima_entry e = { 0 };
	TROTH_TRY(troth_ima_decode_next(&d, r, &e));
	*out = e;
	return TROTH_OK;
}
