/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of changes, until it is forgotten, and how far each webhook has come with it. */
#include "sqlite_internal.h"

enum troth_status troth_sqlite_add_notice(struct troth_store_backend *b,
					  const struct troth_notice *n)
{
	struct troth_call c = troth_call_start(b, SQL_NOTICE_ADD);

	troth_put_u64(&c, n->kind);
	troth_put_u64(&c, n->time_s);
	troth_put_text(&c, n->name);
	troth_put_text(&c, n->segment);
	troth_put_text(&c, n->was);
	troth_put_text(&c, n->reason);
	troth_put_u64(&c, n->revoked);
	return troth_call_run(&c);
}

static enum troth_status before(struct troth_store_backend *b, enum troth_sql sql,
				uint64_t first)
{
	struct troth_call c = troth_call_start(b, sql);

	troth_put_u64(&c, first);
	return troth_call_run(&c);
}

/* Said twice it changes nothing. */
enum troth_status troth_sqlite_forget(struct troth_store_backend *b,
				      const struct troth_store_forget *f)
{
	TROTH_TRY(before(b, SQL_NOTICES_FORGET, f->first));
	TROTH_TRY(before(b, SQL_NOTICES_FIRST, f->first));
	for (size_t i = 0; i < f->n_leaves; i++)
		TROTH_TRY(troth_sqlite_add_leaf(b, f->leaves[i]));
	return TROTH_OK;
}

enum troth_status troth_sqlite_put_cursor(struct troth_store_backend *b,
					  const struct troth_store_cursor *cursor)
{
	struct troth_call c = troth_call_start(b, SQL_CURSOR_PUT);

	troth_put_text(&c, cursor->name);
	troth_put_u64(&c, cursor->next);
	return troth_call_run(&c);
}

/* ---- reads ---- */

enum troth_status troth_sqlite_kept(struct troth_store_backend *b,
				    struct troth_notices_kept *out)
{
	struct troth_call c = troth_sqlite_read_start(b, SQL_READ_KEPT);
	struct troth_notices_kept kept = { 0 };
	enum troth_status status;
	bool row = false;

	status = troth_call_step(&c, &row);
	if (status == TROTH_OK && !row)
		status = TROTH_E_MALFORMED;
	if (status == TROTH_OK) {
		kept.first = troth_take_u64(&c, INT64_MAX);
		kept.n = troth_take_u64(&c, INT64_MAX);
		status = troth_call_sound(&c);
	}
	troth_sqlite_read_end(&c);
	TROTH_TRY(status);
	*out = kept;
	return TROTH_OK;
}

enum troth_status troth_sqlite_cursor(struct troth_store_backend *b, const char *name,
				      uint64_t *out)
{
	struct troth_call c = troth_sqlite_read_start(b, SQL_READ_CURSOR);

	troth_put_text(&c, name);
	return troth_sqlite_take_number(&c, out);
}

struct notice_visit {
	enum troth_status (*visit)(void *arg, uint64_t index,
				   const struct troth_notice *notice);
	void *arg;
};

static enum troth_status one_notice(struct troth_call *c, void *arg)
{
	const struct notice_visit *v = arg;
	struct troth_notice n = { .kind = TROTH_NOTICE_NONE };
	uint64_t index = troth_take_u64(c, INT64_MAX);

	n.kind = (enum troth_notice_kind)troth_take_u64(c, TROTH_NOTICE_N - 1);
	n.time_s = troth_take_u64(c, INT64_MAX);
	troth_take_text(c, n.name, sizeof n.name);
	troth_take_text(c, n.segment, sizeof n.segment);
	troth_take_text(c, n.was, sizeof n.was);
	troth_take_text(c, n.reason, sizeof n.reason);
	n.revoked = troth_take_u64(c, 1) == 1;
	TROTH_TRY(troth_call_sound(c));
	return v->visit(v->arg, index, &n);
}

enum troth_status
troth_sqlite_each_notice(struct troth_store_backend *b, uint64_t from, size_t most,
			 enum troth_status (*visit)(void *arg, uint64_t index,
						    const struct troth_notice *notice),
			 void *arg)
{
	struct notice_visit v = { visit, arg };
	struct troth_call c;
	enum troth_status status;

	if (from > INT64_MAX)
		return TROTH_OK; /* there is none that far */
	c = troth_sqlite_read_start(b, SQL_READ_NOTICES);
	troth_put_u64(&c, from);
	troth_put_u64(&c, most < INT64_MAX ? most : INT64_MAX);
	status = troth_sqlite_for_each(&c, one_notice, &v);
	troth_sqlite_read_end(&c);
	return status;
}
