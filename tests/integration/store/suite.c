/* SPDX-License-Identifier: Apache-2.0 */
#include "suite.h"

#include <stdio.h>

#include "text.h"

const struct suite_kind *suite_kind;

int suite_setup(void **state)
{
	struct suite *s = calloc(1, sizeof *s);

	assert_non_null(s);
	s->kind = suite_kind;
	s->ops = suite_kind->ops;
	s->kind->make(s->where);
	assert_int_equal(s->ops->open(s->where, &s->b), TROTH_OK);
	*state = s;
	return 0;
}

int suite_teardown(void **state)
{
	struct suite *s = *state;

	s->ops->close(s->b);
	s->kind->discard(s->where);
	free(s);
	return 0;
}

enum troth_status suite_do(struct suite *s, const struct troth_store_item *item)
{
	enum troth_status status = s->ops->begin(s->b);

	if (status != TROTH_OK)
		return status;
	status = s->ops->apply(s->b, item);
	if (status == TROTH_OK)
		return s->ops->commit(s->b);
	s->ops->rollback(s->b);
	return status;
}

void suite_must(struct suite *s, const struct troth_store_item *item)
{
	assert_int_equal(suite_do(s, item), TROTH_OK);
}

void suite_reopen(struct suite *s)
{
	s->ops->close(s->b);
	s->b = NULL;
	assert_int_equal(s->ops->open(s->where, &s->b), TROTH_OK);
}

struct search {
	const uint8_t *id;
	bool found;
	struct troth_device_row row;
};

static enum troth_status look_at(void *arg, const struct troth_device_row *row)
{
	struct search *search = arg;

	if (memcmp(row->id, search->id, sizeof row->id) != 0)
		return TROTH_OK;
	assert_false(search->found); /* one row per id */
	search->found = true;
	search->row = *row;
	return TROTH_OK;
}

struct troth_device_row suite_row(struct suite *s, const uint8_t id[32])
{
	struct search search = { .id = id };

	assert_int_equal(s->ops->each_device(s->b, look_at, &search), TROTH_OK);
	assert_true(search.found);
	return search.row;
}

struct troth_device_row suite_enrolled(struct suite *s, unsigned n)
{
	struct troth_store_item item = sample_enrol(n);

	suite_must(s, &item);
	return suite_row(s, item.u.enrol.row.id);
}

static enum troth_status count_leaf(void *arg, uint64_t index, struct troth_view leaf)
{
	size_t *n = arg;

	assert_int_equal(index, *n);
	assert_true(leaf.n > 0);
	(*n)++;
	return TROTH_OK;
}

size_t suite_count_leaves(struct suite *s)
{
	size_t n = 0;

	assert_int_equal(s->ops->each_leaf(s->b, 0, SIZE_MAX, count_leaf, &n), TROTH_OK);
	return n;
}

static enum troth_status count_revoked(void *arg, const uint8_t serial[16], uint64_t revoked_s)
{
	(void)serial;
	(void)revoked_s;
	(*(size_t *)arg)++;
	return TROTH_OK;
}

size_t suite_count_revoked(struct suite *s, uint64_t now_s)
{
	size_t n = 0;

	assert_int_equal(s->ops->each_revoked(s->b, now_s, count_revoked, &n), TROTH_OK);
	return n;
}

/* ---- dumps ---- */

struct dump {
	const struct troth_store_ops *ops;
	struct troth_store_backend *b;
	FILE *out;
	size_t n_ids;
	uint8_t ids[64][32], logs[64][32];
};

/* A digest would do; this is short, ours and enough to tell texts of a test apart. */
static void dump_bytes(struct dump *d, const char *name, const void *p, size_t n)
{
	uint64_t sum = 14695981039346656037U;

	for (size_t i = 0; i < n; i++)
		sum = (sum ^ ((const uint8_t *)p)[i]) * 1099511628211U;
	(void)fprintf(d->out, " %s=%zu:%016llx", name, n, (unsigned long long)sum);
}

#define DUMP_FIELD(row, field) dump_bytes(d, #field, &(row)->field, sizeof(row)->field)

static enum troth_status dump_device(void *arg, const struct troth_device_row *row)
{
	struct dump *d = arg;

	(void)fprintf(
		d->out, "device %s v%llu g%llu state%d %s/%s tier%d %s %llu %llu %llu %llu",
		row->name, (unsigned long long)row->version,
		(unsigned long long)row->generation, (int)row->state, row->segment, row->group,
		(int)row->tier, row->finding, (unsigned long long)row->enrolled_ms,
		(unsigned long long)row->last_pass_ms, (unsigned long long)row->last_fail_ms,
		(unsigned long long)row->certificate_not_after_s);
	(void)fprintf(d->out, " order%d %u %u %llu key%d log%d ek%d%d%s", row->order.known,
		      row->order.reset_count, row->order.restart_count,
		      (unsigned long long)row->order.clock, row->certification.present,
		      row->has_log, row->ek_certificate_trusted, row->ek_in_inventory,
		      row->ek_maker);
	DUMP_FIELD(row, id);
	DUMP_FIELD(row, mac);
	DUMP_FIELD(row, certification.key_name_sha256);
	DUMP_FIELD(row, certification.time_ms);
	DUMP_FIELD(row, certification.mac);
	DUMP_FIELD(row, log_digest);
	DUMP_FIELD(row, systemd_digest);
	dump_bytes(d, "ak", row->ak_public, row->ak_len);
	dump_bytes(d, "ima", row->ima, row->ima_len);
	(void)fprintf(d->out, "\n");
	assert_true(d->n_ids < 64);
	memcpy(d->ids[d->n_ids], row->id, 32);
	memcpy(d->logs[d->n_ids++], row->log_digest, 32);
	return TROTH_OK;
}

static void dump_found(struct dump *d, const char *name, enum troth_status status,
		       struct troth_buffer *found)
{
	if (status == TROTH_OK) {
		dump_bytes(d, name, found->p, found->n);
		free(found->p);
	} else {
		assert_int_equal(status, TROTH_E_NOT_FOUND);
	}
	*found = (struct troth_buffer){ 0 };
}

static enum troth_status dump_document(void *arg, const char *name, struct troth_view text)
{
	struct dump *d = arg;

	(void)fprintf(d->out, "document %s", name);
	dump_bytes(d, "text", text.p, text.n);
	(void)fprintf(d->out, "\n");
	return TROTH_OK;
}

static enum troth_status dump_leaf(void *arg, uint64_t index, struct troth_view leaf)
{
	struct dump *d = arg;

	(void)fprintf(d->out, "leaf %llu", (unsigned long long)index);
	dump_bytes(d, "text", leaf.p, leaf.n);
	(void)fprintf(d->out, "\n");
	return TROTH_OK;
}

static enum troth_status dump_revoked(void *arg, const uint8_t serial[16], uint64_t revoked_s)
{
	struct dump *d = arg;

	(void)fprintf(d->out, "revoked at %llu", (unsigned long long)revoked_s);
	dump_bytes(d, "serial", serial, 16);
	(void)fprintf(d->out, "\n");
	return TROTH_OK;
}

static enum troth_status dump_notice(void *arg, uint64_t index, const struct troth_notice *n)
{
	struct dump *d = arg;

	(void)fprintf(d->out, "notice %llu %s %s/%s was %s for %s%s\n",
		      (unsigned long long)index, troth_notice_type(n->kind), n->segment,
		      n->name, n->was, n->reason, n->revoked ? ", revoked" : "");
	return TROTH_OK;
}

static enum troth_status dump_secret(void *arg, const struct troth_secret_entry *e)
{
	struct dump *d = arg;

	(void)fprintf(d->out, "secret %s of '%s' value %d for all %d since %llu\n", e->name,
		      e->device, e->has_value, e->for_all, (unsigned long long)e->put_s);
	return TROTH_OK;
}

char *suite_dump(const struct troth_store_ops *ops, struct troth_store_backend *b)
{
	struct dump d = { .ops = ops, .b = b };
	struct troth_buffer found = { 0 };
	char *text = NULL;
	size_t n = 0;
	uint64_t epoch = 0;

	d.out = open_memstream(&text, &n);
	assert_non_null(d.out);
	assert_int_equal(ops->epoch(b, &epoch), TROTH_OK);
	(void)fprintf(d.out, "epoch %llu\n", (unsigned long long)epoch);
	assert_int_equal(ops->each_device(b, dump_device, &d), TROTH_OK);
	for (size_t i = 0; i < d.n_ids; i++) {
		(void)fprintf(d.out, "evidence %zu", i);
		dump_found(&d, "affirming", ops->record(b, d.ids[i], true, &found), &found);
		dump_found(&d, "last", ops->record(b, d.ids[i], false, &found), &found);
		dump_found(&d, "log", ops->log(b, d.logs[i], &found), &found);
		(void)fprintf(d.out, "\n");
	}
	assert_int_equal(ops->each_document(b, true, dump_document, &d), TROTH_OK);
	assert_int_equal(ops->each_document(b, false, dump_document, &d), TROTH_OK);
	assert_int_equal(ops->each_revoked(b, 0, dump_revoked, &d), TROTH_OK);
	assert_int_equal(ops->each_leaf(b, 0, SIZE_MAX, dump_leaf, &d), TROTH_OK);
	assert_int_equal(ops->each_secret(b, dump_secret, &d), TROTH_OK);
	assert_int_equal(ops->each_notice(b, 0, SIZE_MAX, dump_notice, &d), TROTH_OK);
	assert_int_equal(fclose(d.out), 0);
	return text;
}

void suite_refused(struct suite *s, const char *why, const struct troth_store_item *item,
		   enum troth_status want)
{
	char *before = suite_dump(s->ops, s->b), *after;
	enum troth_status got;

	/* Committed all the same: what a refused item changed would stay. */
	assert_int_equal(s->ops->begin(s->b), TROTH_OK);
	got = s->ops->apply(s->b, item);
	assert_int_equal(s->ops->commit(s->b), TROTH_OK);
	if (got != want)
		fail_msg("%s: got %s, want %s", why, troth_status_name(got),
			 troth_status_name(want));
	after = suite_dump(s->ops, s->b);
	if (strcmp(before, after) != 0)
		fail_msg("%s: refused, but the store changed:\n%s---\n%s", why, before, after);
	free(before);
	free(after);
}
