/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include <string.h>

#include "base.h"
#include "reader.h"
#include "writer.h"

static void put_text(struct troth_writer *w, const char *text)
{
	troth_put_view16be(w, troth_view_str(text));
}

static bool get_text(struct troth_reader *r, char *out, size_t size)
{
	struct troth_view text;
	uint16_t n;
	if (!troth_get_u16be(r, &n) || n >= size || !troth_get_view(r, n, &text) ||
	    (n > 0 && memchr(text.p, 0, n) != NULL))
		return false;
	if (n > 0)
		memcpy(out, text.p, n);
	out[n] = '\0';
	return true;
}

static enum troth_status finish(const struct troth_writer *w, size_t *out_len)
{
	if (!troth_writer_ok(w))
		return TROTH_E_LIMIT;
	*out_len = w->n;
	return TROTH_OK;
}

enum troth_status troth_courier_request_write(const struct troth_courier_request *q,
					      uint8_t *buf, size_t *out_len)
{
	struct troth_writer w = troth_writer_make(buf, TROTH_COURIER_MESSAGE_MAX);
	troth_put_u8(&w, (uint8_t)q->kind);
	troth_put_u8(&w, q->hook);
	if (q->kind == TROTH_COURIER_REPORT) {
		troth_put_u64be(&w, q->next);
		troth_put_u32be(&w, q->n_failures);
		put_text(&w, q->error);
	}
	return finish(&w, out_len);
}

/* It ends in JSON and on terminals. */
static bool is_printable(const char *text)
{
	while (*text >= ' ' && *text <= '~')
		text++;
	return *text == '\0';
}

static bool get_report(struct troth_reader *r, struct troth_courier_request *q)
{
	return troth_get_u64be(r, &q->next) && troth_get_u32be(r, &q->n_failures) &&
	       get_text(r, q->error, sizeof q->error) && q->next <= INT64_MAX &&
	       is_printable(q->error);
}

enum troth_status troth_courier_request_read(struct troth_view bytes,
					     struct troth_courier_request *out)
{
	struct troth_reader r = { bytes };
	struct troth_courier_request q = { .hook = 0 };
	uint8_t kind;
	if (!troth_get_u8(&r, &kind) || !troth_get_u8(&r, &q.hook))
		return TROTH_E_MALFORMED;
	q.kind = (enum troth_courier_kind)kind;
	if (kind != TROTH_COURIER_READ && kind != TROTH_COURIER_REPORT)
		return TROTH_E_MALFORMED;
	if ((kind == TROTH_COURIER_REPORT && !get_report(&r, &q)) || !troth_at_end(&r))
		return TROTH_E_MALFORMED;
	*out = q;
	return TROTH_OK;
}

static void put_notice(struct troth_writer *w, uint64_t index, const struct troth_notice *n)
{
	troth_put_u64be(w, index);
	troth_put_u8(w, (uint8_t)n->kind);
	troth_put_u64be(w, n->time_s);
	put_text(w, n->name);
	put_text(w, n->segment);
	put_text(w, n->was);
	put_text(w, n->reason);
	troth_put_u8(w, n->revoked ? 1 : 0);
}

static bool get_notice(struct troth_reader *r, uint64_t *index, struct troth_notice *n)
{
	uint8_t kind, revoked;
	if (!troth_get_u64be(r, index) || !troth_get_u8(r, &kind) ||
	    !troth_get_u64be(r, &n->time_s) || !get_text(r, n->name, sizeof n->name) ||
	    !get_text(r, n->segment, sizeof n->segment) ||
	    !get_text(r, n->was, sizeof n->was) || !get_text(r, n->reason, sizeof n->reason) ||
	    !troth_get_u8(r, &revoked))
		return false;
	n->kind = (enum troth_notice_kind)kind;
	n->revoked = revoked == 1;
	return kind > TROTH_NOTICE_NONE && kind < TROTH_NOTICE_N && revoked <= 1;
}

enum troth_status troth_courier_page_write(const struct troth_courier_page *p, uint8_t *buf,
					   size_t *out_len)
{
	struct troth_writer w = troth_writer_make(buf, TROTH_COURIER_MESSAGE_MAX);
	if (p->n > TROTH_COURIER_PAGE)
		return TROTH_E_LIMIT;
	troth_put_u8(&w, p->hook);
	troth_put_u64be(&w, p->next);
	troth_put_u8(&w, (uint8_t)p->n);
	for (size_t i = 0; i < p->n; i++)
		put_notice(&w, p->list[i].index, &p->list[i].notice);
	return finish(&w, out_len);
}

enum troth_status troth_courier_page_read(struct troth_view bytes,
					  struct troth_courier_page *out)
{
	struct troth_reader r = { bytes };
	struct troth_courier_page p = { .n = 0 };
	uint8_t n;
	if (!troth_get_u8(&r, &p.hook) || !troth_get_u64be(&r, &p.next) ||
	    !troth_get_u8(&r, &n) || n > TROTH_COURIER_PAGE)
		return TROTH_E_MALFORMED;
	for (; p.n < n; p.n++)
		if (!get_notice(&r, &p.list[p.n].index, &p.list[p.n].notice))
			return TROTH_E_MALFORMED;
	if (!troth_at_end(&r))
		return TROTH_E_MALFORMED;
	*out = p;
	return TROTH_OK;
}
