/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "ledger.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "reader.h"
#include "text.h"

/* ---- a leaf, docs/audit.md ---- */

/* The value of a line, up to its end. */
static struct troth_view value_of(const char *leaf, const char *key)
{
	char start[32];
	snprintf(start, sizeof start, "\n%s ", key);
	const char *at = strstr(leaf, start);
	if (at == NULL)
		fail_msg("a leaf without %s: %s", key, leaf);
	at += strlen(start);
	return (struct troth_view){ (const uint8_t *)at, strcspn(at, "\n") };
}

static bool is(struct troth_view v, const char *text)
{
	return troth_view_equal(v, troth_view_str(text));
}

/* -1: not one of the crowd's. */
static int device_of(const char *leaf)
{
	struct troth_view name = value_of(leaf, "name");
	uint64_t n;
	if (name.n < 8 || memcmp(name.p, "device-", 7) != 0 ||
	    !troth_parse_u64((struct troth_view){ name.p + 7, name.n - 7 }, CROWD - 1, &n))
		return -1;
	return (int)n;
}

static struct acknowledgement read_verdict(const char *leaf, int device)
{
	struct acknowledgement a = { .device = (uint32_t)device };
	struct troth_view certificate = value_of(leaf, "certificate");
	assert_true(troth_parse_u64(value_of(leaf, "time"), UINT64_MAX, &a.evidence_ms));
	a.issued = !is(certificate, "-");
	if (a.issued)
		assert_true(troth_parse_hex(certificate, a.certificate, sizeof a.certificate));
	return a;
}

/* ---- reading ---- */

static void *grown(void *old, size_t n, size_t size)
{
	void *p = (n & (n - 1)) == 0 ? reallocarray(old, n == 0 ? 1 : 2 * n, size) : old;
	assert_non_null(p);
	return p;
}

static void take_leaf(struct ledger *l, const struct ledger *before, const char *text)
{
	uint8_t digest[32];
	assert_int_equal(EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL), 1);
	if (l->n_leaves < before->n_leaves &&
	    memcmp(before->digests[l->n_leaves], digest, sizeof digest) != 0)
		fail_msg("leaf %zu is not what it was: %s", l->n_leaves, text);
	l->digests = grown(l->digests, l->n_leaves, sizeof *l->digests);
	memcpy(l->digests[l->n_leaves++], digest, sizeof digest);

	int device = device_of(text);
	if (device < 0)
		return;
	l->leaves_of[device]++;
	if (!is(value_of(text, "kind"), "verdict"))
		return;
	l->verdicts = grown(l->verdicts, l->n_verdicts, sizeof *l->verdicts);
	l->verdicts[l->n_verdicts] = read_verdict(text, device);
	l->n_issued += l->verdicts[l->n_verdicts++].issued;
}

static json_t *get(struct test_service *s, const char *path)
{
	struct troth_https_answer a = { 0 };
	long status = test_service_admin(s, "GET", path, NULL, "", &a);
	if (status != 200)
		fail_msg("GET %s: %ld", path, status);
	json_t *value = json_loadb((const char *)a.body.p, a.body.n, 0, NULL);
	troth_https_answer_clear(&a);
	assert_non_null(value);
	return value;
}

/* How many there were on the page. */
static size_t read_page(struct ledger *l, const struct ledger *before, struct test_service *s)
{
	char path[64];
	snprintf(path, sizeof path, "/v1/admin/audit?from=%zu", l->n_leaves);
	json_t *page = get(s, path), *item;
	const json_t *leaves = json_object_get(page, "leaves");
	size_t i, n = json_array_size(leaves);
	json_array_foreach(leaves, i, item)
	{
		assert_int_equal(json_integer_value(json_object_get(item, "index")),
				 l->n_leaves);
		const char *text = json_string_value(json_object_get(item, "leaf"));
		assert_non_null(text);
		take_leaf(l, before, text);
	}
	json_decref(page);
	return n;
}

static void read_versions(struct ledger *l, struct test_service *s)
{
	json_t *answer = get(s, "/v1/admin/devices"), *item;
	size_t i;
	json_array_foreach(json_object_get(answer, "devices"), i, item)
	{
		const char *name = json_string_value(json_object_get(item, "name"));
		uint64_t n;
		assert_non_null(name);
		assert_true(troth_parse_u64(troth_view_str(name + strlen("device-")), CROWD - 1,
					    &n));
		l->versions[n] = (uint64_t)json_integer_value(json_object_get(item, "version"));
	}
	assert_int_equal(i, CROWD);
	json_decref(answer);
}

/* ---- reconciling ---- */

static int compare(const void *pa, const void *pb)
{
	const struct acknowledgement *a = pa, *b = pb;
	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	if (a->evidence_ms != b->evidence_ms)
		return a->evidence_ms < b->evidence_ms ? -1 : 1;
	if (a->issued != b->issued)
		return a->issued ? 1 : -1;
	return memcmp(a->certificate, b->certificate, sizeof a->certificate);
}

static int compare_certificates(const void *pa, const void *pb)
{
	const struct acknowledgement *a = pa, *b = pb;
	return memcmp(a->certificate, b->certificate, sizeof a->certificate);
}

static struct acknowledgement *gather(const struct crowd *c, size_t *out_n)
{
	size_t n = 0, at = 0;
	for (size_t i = 0; i < CROWD; i++)
		n += c->members[i].n_acknowledged;
	struct acknowledgement *all = calloc(n + 1, sizeof *all);
	assert_non_null(all);
	for (size_t i = 0; i < CROWD; i++) {
		const struct member *m = &c->members[i];
		memcpy(all + at, m->acknowledged, m->n_acknowledged * sizeof *all);
		at += m->n_acknowledged;
	}
	*out_n = n;
	return all;
}

/* Both sorted: each that was told is found, and a leaf stands for one only. */
static void match(const struct ledger *l, const struct acknowledgement *told, size_t n)
{
	size_t leaf = 0;
	for (size_t i = 0; i < n; i++) {
		while (leaf < l->n_verdicts && compare(&l->verdicts[leaf], &told[i]) < 0)
			leaf++;
		if (leaf == l->n_verdicts || compare(&l->verdicts[leaf], &told[i]) != 0)
			fail_msg("device-%u was told a verdict at %llu%s that has no leaf",
				 told[i].device, (unsigned long long)told[i].evidence_ms,
				 told[i].issued ? ", with a certificate," : "");
		leaf++;
	}
}

static void certificates_are_in_one_leaf_each(const struct ledger *l)
{
	struct acknowledgement *v = calloc(l->n_verdicts + 1, sizeof *v);
	assert_non_null(v);
	memcpy(v, l->verdicts, l->n_verdicts * sizeof *v);
	qsort(v, l->n_verdicts, sizeof *v, compare_certificates);
	for (size_t i = 1; i < l->n_verdicts; i++)
		if (v[i].issued && compare_certificates(&v[i - 1], &v[i]) == 0)
			fail_msg("a certificate of device-%u is in two leaves", v[i].device);
	free(v);
}

void ledger_reconcile(struct ledger *l, const struct crowd *c, struct test_service *s)
{
	struct ledger before = *l;
	size_t n;
	*l = (struct ledger){ 0 };
	while (read_page(l, &before, s) > 0)
		;
	assert_true(l->n_leaves >= before.n_leaves);
	read_versions(l, s);
	for (size_t i = 0; i < CROWD; i++) {
		assert_true(l->versions[i] >= before.versions[i]);
		assert_int_equal(l->versions[i], l->leaves_of[i]);
	}
	struct acknowledgement *told = gather(c, &n);
	qsort(told, n, sizeof *told, compare);
	if (l->n_verdicts > 0)
		qsort(l->verdicts, l->n_verdicts, sizeof *l->verdicts, compare);
	match(l, told, n);
	certificates_are_in_one_leaf_each(l);
	free(told);
	ledger_release(&before);
}

void ledger_release(struct ledger *l)
{
	free(l->digests);
	free(l->verdicts);
	*l = (struct ledger){ 0 };
}
