/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "log_edit.h"

#define HEAD 12 /* PCR index, type, number of digests */

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static size_t digest_len(unsigned int algorithm)
{
	switch (algorithm) {
	case 0x0004: return 20;
	case 0x000b: return 32;
	case 0x000c: return 48;
	default: fail_msg("algorithm 0x%04x", algorithm); return 0;
	}
}

/* Of a TCG_PCR_EVENT2 at p, up to the size of its data. */
static size_t prefix_len(const uint8_t *p)
{
	size_t n = HEAD;
	for (uint32_t left = le32(p + 8); left > 0; left--)
		n += 2 + digest_len(p[n] | (unsigned int)p[n + 1] << 8);
	return n;
}

static void find_records(struct log_edit *l)
{
	size_t at = 32 + le32(l->bytes + 28); /* TCG_PCR_EVENT, then its data */
	l->n_records = 1;
	l->starts[0] = 0;
	while (at < l->n) {
		assert_in_range(l->n_records, 1, LOG_EDIT_RECORDS_MAX - 1);
		l->starts[l->n_records++] = at;
		size_t prefix = prefix_len(l->bytes + at);
		at += prefix + 4 + le32(l->bytes + at + prefix);
	}
	assert_int_equal(at, l->n);
	l->starts[l->n_records] = at;
}

void log_edit_load(struct log_edit *l, struct troth_view log)
{
	*l = (struct log_edit){ .bytes = malloc(LOG_EDIT_ROOM), .n = log.n };
	assert_non_null(l->bytes);
	assert_in_range(log.n, 1, LOG_EDIT_ROOM);
	memcpy(l->bytes, log.p, log.n);
	find_records(l);
}

void log_edit_free(struct log_edit *l)
{
	free(l->bytes);
}

static size_t record_len(const struct log_edit *l, size_t record)
{
	assert_in_range(record, 0, l->n_records - 1);
	return l->starts[record + 1] - l->starts[record];
}

void log_edit_remove(struct log_edit *l, size_t record)
{
	const size_t n = record_len(l, record), at = l->starts[record];
	memmove(l->bytes + at, l->bytes + at + n, l->n - at - n);
	l->n -= n;
	find_records(l);
}

void log_edit_insert(struct log_edit *l, size_t before, struct troth_view record)
{
	const size_t at = l->starts[before];
	assert_in_range(l->n + record.n, 1, LOG_EDIT_ROOM);
	memmove(l->bytes + at + record.n, l->bytes + at, l->n - at);
	memcpy(l->bytes + at, record.p, record.n);
	l->n += record.n;
	find_records(l);
}

static void copy_to(struct log_edit *l, size_t record, size_t before)
{
	static uint8_t copy[65536];
	const size_t n = record_len(l, record);
	assert_in_range(n, 1, sizeof copy);
	memcpy(copy, l->bytes + l->starts[record], n);
	log_edit_insert(l, before, (struct troth_view){ copy, n });
}

void log_edit_swap_with_next(struct log_edit *l, size_t record)
{
	copy_to(l, record + 1, record);
	log_edit_remove(l, record + 2);
}

void log_edit_repeat(struct log_edit *l, size_t record)
{
	copy_to(l, record, l->n_records);
}

void log_edit_set_u32(struct log_edit *l, size_t record, size_t offset, uint32_t value)
{
	uint8_t *p = l->bytes + l->starts[record] + offset;
	assert_in_range(offset + 4, 4, record_len(l, record));
	for (size_t i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

uint32_t log_edit_u32(const struct log_edit *l, size_t record, size_t offset)
{
	return le32(l->bytes + l->starts[record] + offset);
}

size_t log_edit_data(const struct log_edit *l, size_t record)
{
	return prefix_len(l->bytes + l->starts[record]) + 4;
}
