/* SPDX-License-Identifier: Apache-2.0 */
#include "status_feed.h"

#include <string.h>

#include "base.h"
#include "base64.h"
#include "json_write.h"
#include "jws.h"
#include "reader.h"

enum { CLAIMS_MAX = 1024 };

enum troth_status troth_status_head_write(const struct troth_status_head *head,
					  const uint8_t key_id[32],
					  const struct troth_es256_signer *signer,
					  struct troth_writer *out)
{
	uint8_t claims[CLAIMS_MAX], kid[TROTH_THUMBPRINT_LEN];
	struct troth_writer w = troth_writer_make(claims, sizeof claims);
	struct troth_writer k = troth_writer_make(kid, sizeof kid);
	if (head->expires_s <= head->issued_s || head->sequence <= head->since)
		return TROTH_E_MALFORMED;
	troth_json_open(&w, '{');
	troth_json_member_text(&w, "iss", head->issuer);
	troth_json_member_int(&w, "seq", (int64_t)head->sequence);
	if (head->since != 0)
		troth_json_member_int(&w, "since", (int64_t)head->since);
	troth_json_member_int(&w, "iat", (int64_t)head->issued_s);
	troth_json_member_int(&w, "exp", (int64_t)head->expires_s);
	troth_json_member_base64url(&w, "list_sha256", TROTH_VIEW_OF(head->list_sha256));
	troth_json_close(&w, '}');
	troth_put_base64url(&k, (struct troth_view){ key_id, 32 });
	if (!troth_writer_ok(&w) || !troth_writer_ok(&k))
		return TROTH_E_LIMIT;
	const struct troth_jws_header header = { .typ = TROTH_STATUS_TYPE,
						 .kid = troth_written(&k) };
	return troth_jws_build(&header, troth_written(&w), signer, out);
}

/* ---- reading ---- */

/* Takes a line, without its end. */
static bool get_line(struct troth_reader *r, struct troth_view *out)
{
	const uint8_t *end = r->left.n > 0 ? memchr(r->left.p, '\n', r->left.n) : NULL;
	uint8_t newline;
	return end != NULL && troth_get_view(r, (size_t)(end - r->left.p), out) &&
	       troth_get_u8(r, &newline);
}

static bool split(struct troth_view line, struct troth_view *device, struct troth_view *status)
{
	struct troth_reader r = { line };
	const uint8_t *blank = line.n > 0 ? memchr(line.p, ' ', line.n) : NULL;
	uint8_t c;
	if (blank == NULL || !troth_get_view(&r, (size_t)(blank - line.p), device) ||
	    !troth_get_u8(&r, &c))
		return false;
	*status = r.left;
	return device->n > 0 && status->n > 0;
}

static int compare(struct troth_view a, struct troth_view b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++)
		if (a.p[i] != b.p[i])
			return a.p[i] < b.p[i] ? -1 : 1;
	return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

static bool in_order(struct troth_view list)
{
	struct troth_reader r = { list };
	struct troth_view line, before = { 0 }, device, status;
	while (!troth_at_end(&r)) {
		if (!get_line(&r, &line) || !split(line, &device, &status) ||
		    compare(before, device) >= 0)
			return false;
		before = device;
	}
	return true;
}

static bool is_issuer(const struct troth_json_value *value, struct troth_view trust_domain)
{
	const struct troth_view scheme = troth_view_str("spiffe://");
	struct troth_view issuer, got;
	struct troth_reader r;
	if (!troth_json_plain(value, &issuer))
		return false;
	r = (struct troth_reader){ issuer };
	return troth_get_view(&r, scheme.n, &got) && troth_view_equal(got, scheme) &&
	       troth_view_equal(r.left, trust_domain);
}

static enum troth_status read_head(struct troth_view payload, struct troth_view trust_domain,
				   struct troth_status_head *out)
{
	struct troth_json_value values[TROTH_JSON_VALUES_MAX];
	struct troth_json json;
	struct troth_view digest;
	struct troth_status_head head = { 0 };
	TROTH_TRY(troth_json_parse(payload, values, TROTH_COUNT(values), &json));
	const struct troth_json_value *root = troth_json_root(&json);
	const struct troth_json_value *since = troth_json_member(root, "since");
	if (!is_issuer(troth_json_member(root, "iss"), trust_domain))
		return TROTH_E_MISMATCH;
	if (!troth_json_u63(troth_json_member(root, "seq"), &head.sequence) ||
	    !troth_json_u63(troth_json_member(root, "iat"), &head.issued_s) ||
	    !troth_json_u63(troth_json_member(root, "exp"), &head.expires_s) ||
	    (since != NULL && !troth_json_u63(since, &head.since)) ||
	    !troth_json_plain(troth_json_member(root, "list_sha256"), &digest))
		return TROTH_E_MALFORMED;
	TROTH_TRY(troth_base64url_exact(digest, head.list_sha256, sizeof head.list_sha256));
	*out = head;
	return head.sequence > head.since ? TROTH_OK : TROTH_E_MALFORMED;
}

static enum troth_status open_line(struct troth_ctx *ctx, struct troth_view line,
				   const struct troth_ear_keys *keys, struct troth_writer *buf,
				   struct troth_view *out)
{
	struct troth_jws jws;
	uint8_t id[32];
	if (line.n > TROTH_JWS_MAX)
		return TROTH_E_LIMIT;
	TROTH_TRY(troth_jws_read(line, TROTH_STATUS_TYPE, &jws));
	if (troth_base64url_exact((struct troth_view){ jws.kid, jws.kid_len }, id, sizeof id) !=
	    TROTH_OK)
		return TROTH_E_NOT_FOUND;
	const struct troth_ear_key *key = troth_ear_key_find(keys, id);
	return key != NULL ? troth_jws_open(ctx, &jws, key->key, buf, out) : TROTH_E_NOT_FOUND;
}

enum troth_status troth_status_open(struct troth_ctx *ctx, struct troth_view document,
				    const struct troth_ear_keys *keys,
				    struct troth_view trust_domain,
				    struct troth_status_document *out)
{
	uint8_t buf[TROTH_JWS_MAX];
	struct troth_writer w = troth_writer_make(buf, sizeof buf);
	struct troth_reader r = { document };
	struct troth_view line, payload;
	struct troth_status_document d = { 0 };
	struct troth_digest digest;
	if (!get_line(&r, &line))
		return TROTH_E_MALFORMED;
	TROTH_TRY(open_line(ctx, line, keys, &w, &payload));
	TROTH_TRY(read_head(payload, trust_domain, &d.head));
	TROTH_TRY(troth_hash_one(ctx, TROTH_HASH_SHA256, r.left, &digest));
	if (!troth_view_equal(troth_digest_view(&digest), TROTH_VIEW_OF(d.head.list_sha256)))
		return TROTH_E_MISMATCH;
	if (!in_order(r.left))
		return TROTH_E_MALFORMED;
	d.list = r.left;
	*out = d;
	return TROTH_OK;
}

bool troth_status_find(const struct troth_status_document *document, struct troth_view device,
		       struct troth_view *out)
{
	struct troth_reader r = { document->list };
	struct troth_view line, name, status;
	while (get_line(&r, &line) && split(line, &name, &status)) {
		const int order = compare(name, device);
		if (order > 0)
			return false;
		if (order < 0)
			continue;
		*out = status;
		return true;
	}
	return false;
}
