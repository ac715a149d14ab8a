/* SPDX-License-Identifier: Apache-2.0 */
#include "userspace_log.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "json.h"
#include "reader.h"
#include "text.h"

static const uint8_t RECORD_SEPARATOR = 0x1e; /* RFC 7464, 2.2 */

/* Values in one record: systemd writes about twenty. */
enum { VALUES_MAX = 128 };

/* The log while it is read. */
struct parse {
	struct troth_view bytes;
	size_t room; /* events there is room for */
	struct troth_writer strings;
	struct troth_userspace_log log;
};

static enum troth_status take_digest(const struct troth_json_value *value,
				     struct troth_userspace_event *ev)
{
	struct troth_view name, hex;
	struct troth_digest d = { 0 };
	if (!troth_json_plain(troth_json_member(value, "hashAlg"), &name) ||
	    !troth_json_plain(troth_json_member(value, "digest"), &hex))
		return TROTH_E_MALFORMED;
	d.alg = troth_hash_from_name(name);
	if (d.alg == TROTH_HASH_NONE)
		return TROTH_OK; /* a bank we cannot hash proves nothing to us */
	if (!troth_parse_hex(hex, d.bytes, troth_hash_size(d.alg)))
		return TROTH_E_MALFORMED;
	for (size_t i = 0; i < ev->n_digests; i++)
		if (ev->digests[i].alg == d.alg)
			return TROTH_E_MALFORMED;
	if (ev->n_digests == TROTH_BANKS_MAX)
		return TROTH_E_LIMIT;
	ev->digests[ev->n_digests++] = d;
	return TROTH_OK;
}

static enum troth_status take_digests(const struct troth_json_value *list,
				      struct troth_userspace_event *ev)
{
	if (list == NULL || list->type != TROTH_JSON_ARRAY)
		return TROTH_E_MALFORMED;
	for (const struct troth_json_value *v = troth_json_first(list); v != NULL;
	     v = troth_json_next(list, v))
		TROTH_TRY(take_digest(v, ev));
	return TROTH_OK;
}

/* Copies a string; an absent one is empty. The copies are no longer than the log. */
static bool take_string(struct parse *p, const struct troth_json_value *value,
			struct troth_view *out)
{
	struct troth_view v;
	if (value == NULL || value->type == TROTH_JSON_NULL)
		return true;
	if (!troth_json_plain(value, &v))
		return troth_json_string(value, &p->strings, out);
	const size_t begin = p->strings.n;
	troth_put_view(&p->strings, v);
	*out = (struct troth_view){ p->strings.p + begin, v.n };
	return troth_writer_ok(&p->strings);
}

/* A record without PCR is of an NV index that serves as one: it extends no PCR. */
static enum troth_status take_register(struct parse *p, const struct troth_json_value *root,
				       struct troth_userspace_event *ev)
{
	const struct troth_json_value *pcr = troth_json_member(root, "pcr");
	const struct troth_json_value *content = troth_json_member(root, "content");
	uint64_t number;
	if (pcr == NULL)
		return take_string(p, troth_json_member(content, "nvIndexName"), &ev->nv_name)
			       ? TROTH_OK
			       : TROTH_E_MALFORMED;
	if (!troth_json_u63(pcr, &number) || number >= TROTH_PCR_COUNT)
		return TROTH_E_MALFORMED;
	ev->has_pcr = true;
	ev->pcr = (uint32_t)number;
	return TROTH_OK;
}

static enum troth_status take_record(struct parse *p, struct troth_view text,
				     struct troth_userspace_event *ev)
{
	struct troth_json_value values[VALUES_MAX];
	struct troth_json json;
	TROTH_TRY(troth_json_parse(text, values, VALUES_MAX, &json));
	const struct troth_json_value *root = troth_json_root(&json);
	const struct troth_json_value *content = troth_json_member(root, "content");
	const struct troth_json_value *time = troth_json_member(content, "timestamp");
	if (!troth_json_is(troth_json_member(root, "content_type"), "systemd"))
		return TROTH_E_MALFORMED;
	TROTH_TRY(take_register(p, root, ev));
	TROTH_TRY(take_digests(troth_json_member(root, "digests"), ev));
	if (!take_string(p, troth_json_member(content, "eventType"), &ev->type) ||
	    !take_string(p, troth_json_member(content, "string"), &ev->text) ||
	    (time != NULL && !troth_json_u63(time, &ev->timestamp_us)))
		return TROTH_E_MALFORMED;
	return TROTH_OK;
}

static enum troth_status reserve(struct parse *p)
{
	if (p->log.n_events == TROTH_LOG_EVENTS_MAX)
		return TROTH_E_LIMIT;
	if (p->log.n_events < p->room)
		return TROTH_OK;
	const size_t wanted = p->room == 0 ? 16 : p->room * 2;
	struct troth_userspace_event *grown =
		realloc(p->log.events, wanted * sizeof *p->log.events);
	if (grown == NULL)
		return TROTH_E_MEMORY;
	p->log.events = grown;
	p->room = wanted;
	return TROTH_OK;
}

/* A record is a separator, an object and a line feed, which JSON takes for a blank. */
static bool get_record(struct troth_reader *r, struct troth_view *out)
{
	struct troth_reader at = *r;
	uint8_t first;
	if (!troth_get_u8(&at, &first) || first != RECORD_SEPARATOR)
		return false;
	const uint8_t *end = memchr(at.left.p, RECORD_SEPARATOR, at.left.n);
	const size_t n = end != NULL ? (size_t)(end - at.left.p) : at.left.n;
	if (!troth_get_view(&at, n, out))
		return false;
	*r = at;
	return true;
}

static enum troth_status read_all(struct parse *p)
{
	struct troth_reader r = { p->bytes };
	while (!troth_at_end(&r)) {
		struct troth_view text;
		p->log.error_offset = p->bytes.n - r.left.n;
		TROTH_TRY(reserve(p));
		struct troth_userspace_event *ev = &p->log.events[p->log.n_events];
		*ev = (struct troth_userspace_event){ .index = (uint32_t)p->log.n_events };
		if (!get_record(&r, &text))
			return TROTH_E_MALFORMED;
		TROTH_TRY(take_record(p, text, ev));
		p->log.n_events++;
	}
	p->log.error_offset = p->bytes.n;
	return TROTH_OK;
}

static enum troth_status parse(struct parse *p)
{
	if (p->bytes.n > TROTH_USERSPACE_LOG_MAX)
		return TROTH_E_LIMIT;
	p->log.strings = malloc(p->bytes.n > 0 ? p->bytes.n : 1);
	if (p->log.strings == NULL)
		return TROTH_E_MEMORY;
	p->strings = troth_writer_make(p->log.strings, p->bytes.n);
	return read_all(p);
}

enum troth_status troth_userspace_parse(struct troth_view bytes,
					struct troth_userspace_log *out)
{
	struct parse p = { .bytes = bytes };
	const enum troth_status status = parse(&p);
	if (status != TROTH_OK) {
		out->error_offset = p.log.error_offset;
		troth_userspace_release(&p.log);
		return status;
	}
	*out = p.log;
	return TROTH_OK;
}

void troth_userspace_release(struct troth_userspace_log *log)
{
	free(log->events);
	free(log->strings);
	*log = (struct troth_userspace_log){ 0 };
}

enum troth_status troth_userspace_prove(struct troth_ctx *ctx,
					const struct troth_userspace_event *ev,
					enum troth_hash bank, struct troth_event_proof *out)
{
	struct troth_event_proof p = { .proof = TROTH_PROOF_NONE };
	struct troth_digest made;
	for (size_t i = 0; ev->has_pcr && i < ev->n_digests; i++)
		if (ev->digests[i].alg == bank)
			p.digest = troth_digest_view(&ev->digests[i]);
	if (p.digest.n > 0) {
		p.proof = TROTH_PROOF_DIGEST;
		TROTH_TRY(troth_hash_one(ctx, bank, ev->text, &made));
		if (ev->text.n > 0 && troth_view_equal(troth_digest_view(&made), p.digest)) {
			p.proof = TROTH_PROOF_DATA;
			p.data = ev->text;
		}
	}
	*out = p;
	return TROTH_OK;
}

void troth_userspace_line(struct troth_line *l, const struct troth_userspace_event *ev)
{
	if (ev->type.n > 0) {
		troth_line_bytes(l, ev->type);
		troth_line_str(l, " ");
	}
	if (ev->text.n > 0)
		troth_line_bytes(l, ev->text);
	else
		troth_line_str(l, "(not told)");
	if (ev->nv_name.n > 0) {
		troth_line_str(l, " into NV index ");
		troth_line_bytes(l, ev->nv_name);
	}
}

void troth_userspace_fields(const struct troth_fields *f,
			    const struct troth_userspace_event *ev)
{
	struct troth_field_line text;
	if (ev->type.n > 0) {
		troth_line_bytes(troth_field_begin(&text), ev->type);
		troth_field_end(f, "kind", &text);
	}
	troth_line_bytes(troth_field_begin(&text), ev->text);
	troth_field_end(f, "text", &text);
	if (ev->nv_name.n > 0) {
		troth_line_bytes(troth_field_begin(&text), ev->nv_name);
		troth_field_end(f, "nv_index", &text);
	}
	if (ev->timestamp_us > 0)
		troth_field_number(f, "timestamp_us", ev->timestamp_us);
}
