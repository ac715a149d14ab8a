/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

#include "check.h"

#include <stdio.h>
#include <string.h>

static void fill(uint8_t *out, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(seed + i * 7U);
}

/* Spread like digests, so that shards and pages are met in no order. */
static void fill_id(uint8_t out[32], unsigned n)
{
	uint64_t x = n;

	for (size_t i = 0; i < 32; i++) {
		x = x * 6364136223846793005U + 1442695040888963407U;
		out[i] = (uint8_t)(x >> 56);
	}
}

static struct troth_view text_view(const char *text)
{
	return (struct troth_view){ (const uint8_t *)text, strlen(text) };
}

struct troth_device_row sample_row(unsigned n)
{
	struct troth_device_row row = { .generation = 1,
					.state = TROTH_DEVICE_ACTIVE,
					.segment = "plant",
					.group = "pumps",
					.enrolled_ms = 1700000000000U + n,
					.ek_in_inventory = true,
					.ek_maker = "IFX",
					.ak_len = 90 };

	fill_id(row.id, n);
	(void)snprintf(row.name, sizeof row.name, "device-%u", n);
	fill(row.mac, sizeof row.mac, n + 1);
	fill(row.ak_public, row.ak_len, n + 2);
	fill_id(row.ak_public, n); /* no two devices share one */
	return row;
}

struct troth_device_row sample_full_row(unsigned n)
{
	struct troth_device_row row = sample_row(n);

	row.order = (struct troth_order){ true, 11, 12, 13 };
	row.certification = (struct troth_certification_record){
		.present = true, .reset_count = 11, .restart_count = 12, .time_ms = 14
	};
	fill(row.certification.key_name_sha256, 32, n + 3);
	fill(row.certification.mac, 32, n + 4);
	row.tier = TROTH_TIER_WARNING;
	(void)snprintf(row.finding, sizeof row.finding, "log-quirk");
	row.last_pass_ms = 15;
	row.last_fail_ms = 16;
	row.certificate_not_after_s = 17;
	row.ima_len = 200;
	fill(row.ima, row.ima_len, 77);
	row.ek_certificate_trusted = true;
	return row;
}

struct troth_store_item sample_enrol(unsigned n)
{
	static const uint8_t key[64] = { 4, 5 }, certificate[900] = { 0x30 };
	struct troth_store_item item = { .kind = TROTH_STORE_ENROL };

	item.u.enrol = (struct troth_store_enrol){ .row = sample_row(n),
						   .ek_key = TROTH_VIEW_OF(key),
						   .ek_certificate = TROTH_VIEW_OF(certificate),
						   .facts = text_view("facts"),
						   .leaf = text_view("leaf enrol\n"),
						   .now_s = SAMPLE_NOW_S };
	return item;
}

struct troth_store_item sample_verdict(const struct troth_device_row *row)
{
	static const uint8_t record[2000] = { 8, 1 };
	struct troth_store_item item = { .kind = TROTH_STORE_VERDICT };
	struct troth_store_verdict *v = &item.u.verdict;

	*v = (struct troth_store_verdict){ .version = row->version,
					   .row = *row,
					   .record = TROTH_VIEW_OF(record),
					   .leaf = text_view("leaf verdict\n"),
					   .issued = true,
					   .not_after_s = SAMPLE_NOW_S + 900,
					   .now_s = SAMPLE_NOW_S };
	memcpy(v->device_id, row->id, sizeof v->device_id);
	v->row.tier = TROTH_TIER_AFFIRMING;
	memcpy(v->serial, row->id, 8);
	memcpy(v->serial + 8, &row->version, 8);
	fill(v->certificate_sha256, 32, row->id[0]);
	return item;
}

struct troth_store_item sample_state(const struct troth_device_row *row,
				     enum troth_device_state state)
{
	struct troth_store_item item = { .kind = TROTH_STORE_STATE };

	item.u.state = (struct troth_store_state){ .row = *row,
						   .leaf = text_view("leaf state\n"),
						   .now_s = SAMPLE_NOW_S };
	item.u.state.row.state = state;
	return item;
}

struct troth_store_item sample_document(bool is_policy, const char *name, const char *text)
{
	struct troth_store_item item = { .kind = TROTH_STORE_DOCUMENT };
	struct troth_store_document *d = &item.u.document;

	*d = (struct troth_store_document){ .is_policy = is_policy,
					    .text = text_view(text),
					    .leaf = text_view("leaf document\n"),
					    .now_s = SAMPLE_NOW_S };
	(void)snprintf(d->name, sizeof d->name, "%s", name);
	fill(d->id, sizeof d->id, (unsigned)strlen(text));
	return item;
}

struct troth_store_item sample_secret(enum troth_store_deed deed, const char *name,
				      const uint8_t *id, const char *value)
{
	struct troth_store_item item = { .kind = TROTH_STORE_SECRET };
	struct troth_store_secret *s = &item.u.secret;

	*s = (struct troth_store_secret){ .deed = deed,
					  .of_device = id != NULL,
					  .leaf = text_view("leaf secret\n"),
					  .now_s = SAMPLE_NOW_S };
	(void)snprintf(s->name, sizeof s->name, "%s", name);
	if (id != NULL)
		memcpy(s->device_id, id, sizeof s->device_id);
	if (value != NULL)
		s->sealed = text_view(value);
	return item;
}

#define SAME(field) assert_memory_equal(&a->field, &b->field, sizeof a->field)

void sample_assert_same_row(const struct troth_device_row *a, const struct troth_device_row *b)
{
	SAME(id);
	assert_int_equal(a->version, b->version);
	assert_int_equal(a->generation, b->generation);
	assert_int_equal(a->state, b->state);
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->segment, b->segment);
	assert_string_equal(a->group, b->group);
	SAME(mac);
	assert_int_equal(a->order.known, b->order.known);
	assert_int_equal(a->order.reset_count, b->order.reset_count);
	assert_int_equal(a->order.restart_count, b->order.restart_count);
	assert_int_equal(a->order.clock, b->order.clock);
	assert_int_equal(a->certification.present, b->certification.present);
	SAME(certification.key_name_sha256);
	assert_int_equal(a->certification.reset_count, b->certification.reset_count);
	assert_int_equal(a->certification.restart_count, b->certification.restart_count);
	assert_int_equal(a->certification.time_ms, b->certification.time_ms);
	SAME(certification.mac);
	assert_int_equal(a->has_log, b->has_log);
	SAME(log_digest);
	assert_int_equal(a->has_systemd, b->has_systemd);
	SAME(systemd_digest);
	assert_int_equal(a->tier, b->tier);
	assert_string_equal(a->finding, b->finding);
	assert_int_equal(a->enrolled_ms, b->enrolled_ms);
	assert_int_equal(a->last_pass_ms, b->last_pass_ms);
	assert_int_equal(a->last_fail_ms, b->last_fail_ms);
	assert_int_equal(a->certificate_not_after_s, b->certificate_not_after_s);
	assert_int_equal(a->ek_certificate_trusted, b->ek_certificate_trusted);
	assert_int_equal(a->ek_in_inventory, b->ek_in_inventory);
	assert_int_equal(a->ima_len, b->ima_len);
	assert_memory_equal(a->ima, b->ima, a->ima_len);
	assert_string_equal(a->ek_maker, b->ek_maker);
	assert_int_equal(a->ak_len, b->ak_len);
	assert_memory_equal(a->ak_public, b->ak_public, a->ak_len);
}
