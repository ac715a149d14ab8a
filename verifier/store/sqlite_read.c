/* SPDX-License-Identifier: Apache-2.0 */
/* Reads, on a connection of their own: any thread may ask while the writer writes, and sees
 * what is committed. */
#include <stdlib.h>
#include <string.h>

#include "sqlite_internal.h"

struct troth_call troth_sqlite_read_start(struct troth_store_backend *b, enum troth_sql sql)
{
	(void)pthread_mutex_lock(&b->read_lock);
	return troth_call_start(b, sql);
}

void troth_sqlite_read_end(struct troth_call *c)
{
	troth_call_end(c);
	(void)pthread_mutex_unlock(&c->b->read_lock);
}

enum troth_status
troth_sqlite_for_each(struct troth_call *c,
		      enum troth_status (*each)(struct troth_call *c, void *arg), void *arg)
{
	for (;;) {
		bool row = false;
		TROTH_TRY(troth_call_step(c, &row));
		if (!row)
			return TROTH_OK;
		TROTH_TRY(each(c, arg));
	}
}

struct device_visit {
	enum troth_status (*visit)(void *arg, const struct troth_device_row *row);
	void *arg;
};

static enum troth_status one_device(struct troth_call *c, void *arg)
{
	const struct device_visit *v = arg;
	struct troth_device_row row;

	TROTH_TRY(troth_take_device(c, &row));
	return v->visit(v->arg, &row);
}

enum troth_status troth_sqlite_each_device(
	struct troth_store_backend *b,
	enum troth_status (*visit)(void *arg, const struct troth_device_row *row), void *arg)
{
	struct device_visit v = { visit, arg };
	struct troth_call c = troth_sqlite_read_start(b, SQL_READ_DEVICES);
	enum troth_status status = troth_sqlite_for_each(&c, one_device, &v);

	troth_sqlite_read_end(&c);
	return status;
}

struct document_visit {
	enum troth_status (*visit)(void *arg, const char *name, struct troth_view text);
	void *arg;
};

static enum troth_status one_document(struct troth_call *c, void *arg)
{
	const struct document_visit *v = arg;
	char name[TROTH_NAME_LEN_MAX + 1] = { 0 };
	struct troth_view text;

	troth_take_text(c, name, sizeof name);
	text = troth_take_view(c);
	TROTH_TRY(troth_call_sound(c));
	return v->visit(v->arg, name, text);
}

enum troth_status troth_sqlite_each_document(struct troth_store_backend *b, bool policies,
					     enum troth_status (*visit)(void *arg,
									const char *name,
									struct troth_view text),
					     void *arg)
{
	struct document_visit v = { visit, arg };
	struct troth_call c = troth_sqlite_read_start(b, SQL_READ_DOCUMENTS);
	enum troth_status status;

	troth_put_u64(&c, policies);
	status = troth_sqlite_for_each(&c, one_document, &v);
	troth_sqlite_read_end(&c);
	return status;
}

/* The number in the only column of the only row; TROTH_E_NOT_FOUND without one. Ends the read.
 */
enum troth_status troth_sqlite_take_number(struct troth_call *c, uint64_t *out)
{
	bool row = false;
	enum troth_status status = troth_call_step(c, &row);
	uint64_t number = 0;

	if (status == TROTH_OK && !row)
		status = TROTH_E_NOT_FOUND;
	if (status == TROTH_OK) {
		number = troth_take_u64(c, INT64_MAX);
		status = troth_call_sound(c);
	}
	troth_sqlite_read_end(c);
	TROTH_TRY(status);
	*out = number;
	return TROTH_OK;
}

enum troth_status troth_sqlite_epoch(struct troth_store_backend *b, uint64_t *out)
{
	struct troth_call c = troth_sqlite_read_start(b, SQL_READ_EPOCH);

	return troth_sqlite_take_number(&c, out);
}

enum troth_status troth_sqlite_end(struct troth_store_backend *b, uint64_t *out)
{
	struct troth_call c = troth_sqlite_read_start(b, SQL_READ_END);

	return troth_sqlite_take_number(&c, out);
}

/* A copy of the only column of the only row. */
static enum troth_status take_copy(struct troth_call *c, struct troth_buffer *out)
{
	struct troth_view bytes;
	bool row = false;
	uint8_t *p;

	TROTH_TRY(troth_call_step(c, &row));
	if (!row)
		return TROTH_E_NOT_FOUND;
	bytes = troth_take_view(c);
	TROTH_TRY(troth_call_sound(c));
	p = malloc(bytes.n + 1);
	if (p == NULL)
		return TROTH_E_MEMORY;
	if (bytes.n > 0)
		memcpy(p, bytes.p, bytes.n);
	p[bytes.n] = 0;
	*out = (struct troth_buffer){ p, bytes.n };
	return TROTH_OK;
}

static enum troth_status find_one(struct troth_store_backend *b, enum troth_sql sql,
				  const uint8_t key[32], struct troth_buffer *out)
{
	struct troth_call c = troth_sqlite_read_start(b, sql);
	enum troth_status status;

	troth_put_bytes(&c, (struct troth_view){ key, 32 });
	status = take_copy(&c, out);
	troth_sqlite_read_end(&c);
	return status;
}

enum troth_status troth_sqlite_record(struct troth_store_backend *b,
				      const uint8_t device_id[32], bool affirming,
				      struct troth_buffer *out)
{
	return find_one(b, affirming ? SQL_READ_RECORD_AFFIRMING : SQL_READ_RECORD_LAST,
			device_id, out);
}

enum troth_status troth_sqlite_log(struct troth_store_backend *b, const uint8_t digest[32],
				   struct troth_buffer *out)
{
	return find_one(b, SQL_READ_LOG, digest, out);
}

enum troth_status troth_sqlite_text(struct troth_store_backend *b, const uint8_t id[32],
				    struct troth_buffer *out)
{
	return find_one(b, SQL_READ_TEXT, id, out);
}

struct revoked_visit {
	enum troth_status (*visit)(void *arg, const uint8_t serial[16], uint64_t revoked_s);
	void *arg;
};

static enum troth_status one_revoked(struct troth_call *c, void *arg)
{
	const struct revoked_visit *v = arg;
	uint8_t serial[16] = { 0 };
	uint64_t revoked_s;

	troth_take_bytes(c, serial, sizeof serial);
	revoked_s = troth_take_u64(c, INT64_MAX);
	TROTH_TRY(troth_call_sound(c));
	return v->visit(v->arg, serial, revoked_s);
}

enum troth_status troth_sqlite_each_revoked(struct troth_store_backend *b, uint64_t now_s,
					    enum troth_status (*visit)(void *arg,
								       const uint8_t serial[16],
								       uint64_t revoked_s),
					    void *arg)
{
	struct revoked_visit v = { visit, arg };
	struct troth_call c;
	enum troth_status status;

	if (now_s > INT64_MAX)
		return TROTH_E_LIMIT;
	c = troth_sqlite_read_start(b, SQL_READ_REVOKED);
	troth_put_u64(&c, now_s);
	status = troth_sqlite_for_each(&c, one_revoked, &v);
	troth_sqlite_read_end(&c);
	return status;
}

struct leaf_visit {
	enum troth_status (*visit)(void *arg, uint64_t index, struct troth_view leaf);
	void *arg;
};

static enum troth_status one_leaf(struct troth_call *c, void *arg)
{
	const struct leaf_visit *v = arg;
	uint64_t index = troth_take_u64(c, INT64_MAX);
	struct troth_view leaf = troth_take_view(c);

	TROTH_TRY(troth_call_sound(c));
	return v->visit(v->arg, index, leaf);
}

enum troth_status troth_sqlite_each_leaf(struct troth_store_backend *b, uint64_t from,
					 size_t most,
					 enum troth_status (*visit)(void *arg, uint64_t index,
								    struct troth_view leaf),
					 void *arg)
{
	struct leaf_visit v = { visit, arg };
	struct troth_call c;
	enum troth_status status;

	if (from > INT64_MAX)
		return TROTH_OK; /* there is none that far */
	c = troth_sqlite_read_start(b, SQL_READ_LEAVES);
	troth_put_u64(&c, from);
	troth_put_u64(&c, most < INT64_MAX ? most : INT64_MAX);
	status = troth_sqlite_for_each(&c, one_leaf, &v);
	troth_sqlite_read_end(&c);
	return status;
}
