/* SPDX-License-Identifier: Apache-2.0 */
/* Appraisal of IMA lists: each finding where only its check fails, and renewals that go on from
 * a state. Lists are built record by record; the quoted values are what replaying leads to,
 * which test_data_ima holds against real machines. */
#include "check.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>

#include "bootvm.h"
#include "ima_appraise.h"
#include "ima_builder.h"
#include "ima_key.h"
#include "verdict.h"

static const uint8_t GOOD[32] = { 0x60, 0x0d };
static const uint8_t OTHER[32] = { 0x01, 0x02 };

/* A device, its list and what its policy asks. */
struct bench {
	struct troth_ctx *ctx;
	struct ima_builder list;
	struct troth_ima_policy policy;
	struct troth_pcr_selection selection;
	struct troth_pcr_values pcrs;
	uint8_t *set_bytes;
	struct troth_digest_set set;
	const struct troth_digest_set *sets[TROTH_IMA_RULES_MAX];
	struct troth_ima_case c;
	struct troth_ima_result r;
	struct troth_ima_state before;
};

static troth_ima_text text(struct bench *b, const char *s)
{
	troth_ima_text at;
	assert_true(troth_ima_policy_put(&b->policy, troth_view_str(s), &at));
	return at;
}

static void make_set(struct bench *b)
{
	struct troth_digest_set_builder *builder;
	size_t n;
	assert_int_equal(troth_digest_set_builder_new(&builder), TROTH_OK);
	assert_int_equal(troth_digest_set_add(builder, GOOD, troth_view_str("/usr/bin/good"),
					      troth_view_str("good-utils")),
			 TROTH_OK);
	assert_int_equal(troth_digest_set_finish(b->ctx, builder, &b->set_bytes, &n), TROTH_OK);
	troth_digest_set_builder_free(builder);
	assert_int_equal(troth_digest_set_open((struct troth_view){ b->set_bytes, n }, &b->set),
			 TROTH_OK);
}

static void boot_aggregate(struct bench *b)
{
	uint8_t zeros[10 * 32] = { 0 };
	struct troth_digest d;
	assert_int_equal(troth_hash_one(b->ctx, TROTH_HASH_SHA256, TROTH_VIEW_OF(zeros), &d),
			 TROTH_OK);
	ima_add_file(&b->list, "boot_aggregate", d.bytes);
}

/* PCRs 0 to 9 as a TPM without firmware has them, PCR 10 as the list leads to. */
static void quote_list(struct bench *b)
{
	static const enum troth_hash BANKS[] = { TROTH_HASH_SHA256, TROTH_HASH_SHA1 };
	uint8_t zeros[TROTH_DIGEST_MAX] = { 0 };
	struct troth_ima_replay replay;
	size_t offset;
	assert_int_equal(
		troth_ima_replay(b->ctx, ima_view(&b->list), TROTH_HASH_NONE, &replay, &offset),
		TROTH_OK);
	b->pcrs = (struct troth_pcr_values){ 0 };
	for (size_t i = 0; i < 2; i++) {
		const struct troth_view zero = { zeros, troth_hash_size(BANKS[i]) };
		for (uint32_t pcr = 0; pcr < 10; pcr++)
			assert_true(troth_pcr_set(&b->pcrs, BANKS[i], pcr, zero));
		const struct troth_view ten =
			troth_pcr_value(&replay.values[TROTH_IMA_HASHED], BANKS[i], 10);
		assert_true(troth_pcr_set(&b->pcrs, BANKS[i], 10, ten.n > 0 ? ten : zero));
	}
}

static struct bench *bench_new(struct troth_ctx *ctx)
{
	struct bench *b = calloc(1, sizeof *b);
	assert_non_null(b);
	b->ctx = ctx;
	b->list = (struct ima_builder){ .ctx = ctx, .hash = TROTH_HASH_SHA1 };
	make_set(b);
	b->policy.present = b->policy.required = true;
	b->policy.n_rules = 1;
	b->policy.rules[0].list = text(b, "base");
	b->sets[0] = &b->set;
	assert_true(troth_pcr_selection_add(&b->selection, TROTH_HASH_SHA256, 0x7ff));
	assert_true(troth_pcr_selection_add(&b->selection, TROTH_HASH_SHA1, 1U << 10));
	b->c = (struct troth_ima_case){ .policy = &b->policy,
					.sets = b->sets,
					.selection = &b->selection,
					.pcrs = &b->pcrs,
					.reset_count = 7 };
	boot_aggregate(b);
	return b;
}

static void bench_free(struct bench *b)
{
	ima_free(&b->list);
	free(b->set_bytes);
	free(b);
}

static void appraise(struct bench *b)
{
	assert_int_equal(troth_ima_appraise(b->ctx, &b->c, &b->r), TROTH_OK);
}

/* Quotes what the list leads to, and appraises all of it. */
static void appraise_all(struct bench *b)
{
	quote_list(b);
	b->c.list = ima_view(&b->list);
	appraise(b);
}

static void assert_only(const struct bench *b, enum troth_finding_code code)
{
	if (b->r.findings.n != 1 || b->r.findings.list[0].code != code)
		fail_msg("%zu findings, the first is %s (%s), not %s", b->r.findings.n,
			 troth_finding_name(b->r.findings.list[0].code),
			 b->r.findings.list[0].detail, troth_finding_name(code));
}

static void assert_clean(const struct bench *b)
{
	if (b->r.findings.n > 0)
		fail_msg("%s: %s", troth_finding_name(b->r.findings.list[0].code),
			 b->r.findings.list[0].detail);
	assert_true(b->r.proven);
	assert_false(b->r.open);
}

/* ---- whole lists ---- */

static void a_good_list_is_proven(void **state)
{
	struct bench *b = bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
	appraise_all(b);
	assert_clean(b);
	assert_true(b->r.boot_aggregate_checked);
	assert_int_equal(b->r.after.n_entries, 2);
	assert_int_equal(b->r.after.counts.allowed, 1);
	assert_int_equal(b->r.after.n_banks, 2);
	bench_free(b);
}

static void what_came_after_the_quote_is_not_looked_at(void **state)
{
	struct bench *b = bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
	quote_list(b);
	const size_t quoted = b->list.n;
	ima_add_file(&b->list, "/tmp/later", OTHER);
	b->c.list = ima_view(&b->list);
	appraise(b);
	assert_clean(b);
	assert_int_equal(b->r.after.n_entries, 2);
	assert_int_equal(b->r.n_unproven, b->list.n - quoted);
	bench_free(b);
}

/* What is put behind boot_aggregate, and the only finding of it. */
struct variation {
	const char *name;
	void (*make)(struct bench *b);
	enum troth_finding_code want; /* NONE: none */
};

static void unknown(struct bench *b)
{
	ima_add_file(&b->list, "/usr/bin/evil", OTHER);
}

static void elsewhere(struct bench *b)
{
	ima_add_file(&b->list, "/tmp/good", GOOD);
}

static void any_path(struct bench *b)
{
	b->policy.rules[0].any_path = true;
	elsewhere(b);
}

static void under(struct bench *b)
{
	any_path(b);
	b->policy.rules[0].n_under = 1;
	b->policy.rules[0].under[0] = text(b, "/tmp");
}

static void not_under(struct bench *b)
{
	any_path(b);
	b->policy.rules[0].n_under = 1;
	b->policy.rules[0].under[0] = text(b, "/tm");
}

static void package(struct bench *b)
{
	b->policy.rules[0].n_packages = 1;
	b->policy.rules[0].packages[0] = text(b, "good-utils");
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
}

static void other_package(struct bench *b)
{
	b->policy.rules[0].n_packages = 1;
	b->policy.rules[0].packages[0] = text(b, "bad-utils");
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
}

static void ignored(struct bench *b)
{
	b->policy.n_ignore = 1;
	b->policy.ignore[0] = text(b, "/var/log/**");
	ima_add_file(&b->list, "/var/log/a/b", OTHER);
}

static void not_ignored(struct bench *b)
{
	b->policy.n_ignore = 1;
	b->policy.ignore[0] = text(b, "/var/log/**");
	ima_add_file(&b->list, "/tmp/var/log/a", OTHER);
}

/* A name without a place is below no directory. */
static void relative(struct bench *b)
{
	b->policy.n_ignore = 1;
	b->policy.ignore[0] = text(b, "/memfd*");
	ima_add_file(&b->list, "memfd:x", OTHER);
}

static void violation(struct bench *b)
{
	ima_add_violation(&b->list, "/var/log/wtmp");
}

static void violation_ignored(struct bench *b)
{
	b->policy.n_ignore = 1;
	b->policy.ignore[0] = text(b, "/var/log/**");
	violation(b);
}

static void nothing(struct bench *b)
{
	(void)b;
}

static void expected(struct bench *b)
{
	b->policy.n_expected = 1;
	b->policy.expected[0] = text(b, "/usr/lib/systemd/systemd");
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
}

static void list_missing(struct bench *b)
{
	b->sets[0] = NULL;
	b->policy.n_ignore = 1;
	b->policy.ignore[0] = text(b, "/usr/bin/good");
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
}

static void kexec(struct bench *b)
{
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
	boot_aggregate(b);
}

/* A file that calls itself so, where kexec is allowed. */
static void false_kexec(struct bench *b)
{
	b->policy.kexec = TROTH_IMA_ALLOW;
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
	ima_add_file(&b->list, "boot_aggregate", OTHER);
}

static void buffer(struct bench *b, const char *name, bool right)
{
	static const char BUFFER[] = "root=/dev/sda1";
	struct ima_builder data = { 0 };
	struct troth_digest d;
	assert_int_equal(troth_hash_one(b->ctx, TROTH_HASH_SHA256, TROTH_VIEW_OF(BUFFER), &d),
			 TROTH_OK);
	ima_digest_field(&data, "", TROTH_HASH_SHA256, right ? d.bytes : OTHER);
	ima_field(&data, name, strlen(name) + 1);
	ima_field(&data, BUFFER, sizeof BUFFER);
	ima_record(&b->list, 10, "ima-buf", &data, false);
	ima_free(&data);
}

static void event(struct bench *b)
{
	buffer(b, "kexec-cmdline", true);
}

static void event_any(struct bench *b)
{
	b->policy.n_events = 1;
	b->policy.events[0].name = text(b, "kexec-cmdline");
	b->policy.events[0].any = true;
	event(b);
}

static void event_other(struct bench *b)
{
	b->policy.n_events = 1;
	b->policy.events[0].name = text(b, "kexec-cmdline");
	memcpy(b->policy.events[0].sha256, OTHER, 32);
	event(b);
}

static void event_not_of_its_data(struct bench *b)
{
	b->policy.n_events = 1;
	b->policy.events[0].name = text(b, "kexec-cmdline");
	b->policy.events[0].any = true;
	buffer(b, "kexec-cmdline", false);
}

/* A file whose bytes equal a buffer is none: its template may be called anything. */
static void no_fields_to_judge(struct bench *b)
{
	struct ima_builder data = { 0 };
	ima_field(&data, "x", 1);
	ima_record(&b->list, 10, "buf", &data, false);
	ima_free(&data);
}

static const struct variation VARIATIONS[] = {
	{ "a digest nobody knows", unknown, TROTH_FINDING_IMA_UNKNOWN_FILE },
	{ "a good file at another place", elsewhere, TROTH_FINDING_IMA_UNKNOWN_FILE },
	{ "at any place", any_path, TROTH_FINDING_NONE },
	{ "in a directory", under, TROTH_FINDING_NONE },
	{ "in a directory whose name begins so", not_under, TROTH_FINDING_IMA_UNKNOWN_FILE },
	{ "of a package", package, TROTH_FINDING_NONE },
	{ "of another package", other_package, TROTH_FINDING_IMA_UNKNOWN_FILE },
	{ "a pattern lets it pass", ignored, TROTH_FINDING_NONE },
	{ "the pattern is anchored", not_ignored, TROTH_FINDING_IMA_UNKNOWN_FILE },
	{ "a name that is no path", relative, TROTH_FINDING_IMA_UNKNOWN_FILE },
	{ "a violation", violation, TROTH_FINDING_IMA_VIOLATION },
	{ "a violation's path excuses nothing", violation_ignored,
	  TROTH_FINDING_IMA_VIOLATION },
	{ "nothing but boot_aggregate", nothing, TROTH_FINDING_IMA_UNMEASURED },
	{ "what must be measured is not", expected, TROTH_FINDING_IMA_UNMEASURED },
	{ "an allow-list that is not there", list_missing, TROTH_FINDING_IMA_LIST_MISSING },
	{ "a kernel started by another", kexec, TROTH_FINDING_IMA_KEXEC },
	{ "an event nobody named", event, TROTH_FINDING_IMA_EVENT },
	{ "an event by its name", event_any, TROTH_FINDING_NONE },
	{ "an event of another digest", event_other, TROTH_FINDING_IMA_EVENT },
	{ "an event that is not of its data", event_not_of_its_data, TROTH_FINDING_IMA_EVENT },
	{ "a record that names nothing", no_fields_to_judge, TROTH_FINDING_IMA_MALFORMED },
};

static void each_entry_is_judged(void **state)
{
	for (size_t i = 0; i < sizeof VARIATIONS / sizeof *VARIATIONS; i++) {
		struct bench *b = bench_new(*state);
		VARIATIONS[i].make(b);
		appraise_all(b);
		const size_t n = b->r.findings.n;
		const enum troth_finding_code got = b->r.findings.list[0].code;
		if (VARIATIONS[i].want == TROTH_FINDING_NONE
			    ? n != 0
			    : n != 1 || got != VARIATIONS[i].want)
			fail_msg("%s: %zu findings, %s", VARIATIONS[i].name, n,
				 troth_finding_name(got));
		bench_free(b);
	}
}

static void a_file_that_calls_itself_boot_aggregate_is_seen(void **state)
{
	struct bench *b = bench_new(*state);
	false_kexec(b);
	appraise_all(b);
	assert_true(troth_findings_have(&b->r.findings, TROTH_FINDING_IMA_BOOT_AGGREGATE));
	bench_free(b);
}

static void a_boot_aggregate_of_other_pcrs_is_seen(void **state)
{
	struct bench *b = bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
	quote_list(b);
	b->c.list = ima_view(&b->list);
	b->pcrs.banks[0].value[0][5] ^= 1;
	appraise(b);
	assert_only(b, TROTH_FINDING_IMA_BOOT_AGGREGATE);
	bench_free(b);
}

static void a_violation_weighs_what_policy_says(void **state)
{
	static const enum troth_tier WANT[] = { TROTH_TIER_CONTRAINDICATED, TROTH_TIER_WARNING,
						TROTH_TIER_AFFIRMING };
	for (size_t i = 0; i < 3; i++) {
		struct bench *b = bench_new(*state);
		b->policy.violations = (enum troth_ima_attitude)i;
		for (size_t k = 0; k < 2 * TROTH_IMA_FINDINGS_MAX; k++)
			violation(b);
		appraise_all(b);
		assert_int_equal(b->r.findings.list[0].severity, WANT[i]);
		assert_int_equal(troth_tier_fold(&b->r.findings, true), WANT[i]);
		bench_free(b);
	}
}

/* ---- lists that prove nothing ---- */

static void a_list_that_is_not_there(void **state)
{
	struct bench *b = bench_new(*state);
	quote_list(b);
	appraise(b);
	assert_only(b, TROTH_FINDING_IMA_LOG_MISSING);
	assert_true(b->r.open);
	bench_free(b);
}

static void no_entries_where_some_are_required(void **state)
{
	struct bench *b = bench_new(*state);
	b->list.n = 0;
	appraise_all(b);
	assert_only(b, TROTH_FINDING_IMA_EMPTY);
	bench_free(b);
}

/* A list is shown, and not one entry of it is in the PCR. */
static void entries_that_the_pcr_does_not_hold(void **state)
{
	struct bench *b = bench_new(*state);
	const size_t n = b->list.n;
	b->list.n = 0;
	quote_list(b);
	b->list.n = n;
	b->c.list = ima_view(&b->list);
	appraise(b);
	assert_only(b, TROTH_FINDING_IMA_EMPTY);
	assert_false(b->r.proven);
	bench_free(b);
}

static void none_is_fine_where_none_is_required(void **state)
{
	struct bench *b = bench_new(*state);
	quote_list(b);
	b->policy.required = false;
	appraise(b);
	assert_int_equal(b->r.findings.n, 0);
	assert_false(b->r.proven);
	bench_free(b);
}

static void a_changed_list_does_not_lead_to_the_quote(void **state)
{
	struct bench *b = bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
	quote_list(b);
	b->list.p[b->list.n - 4] ^= 1;
	b->c.list = ima_view(&b->list);
	appraise(b);
	assert_only(b, TROTH_FINDING_IMA_REPLAY_MISMATCH);
	assert_false(b->r.has_after);
	bench_free(b);
}

static void a_list_without_its_beginning_is_told_apart(void **state)
{
	struct bench *b = bench_new(*state);
	const size_t first = b->list.n;
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
	quote_list(b);
	b->c.list = (struct troth_view){ b->list.p + first, b->list.n - first };
	appraise(b);
	assert_only(b, TROTH_FINDING_IMA_TRIMMED);
	bench_free(b);
}

static void a_list_that_breaks_off_says_where(void **state)
{
	struct bench *b = bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
	quote_list(b);
	b->c.list = (struct troth_view){ b->list.p, b->list.n - 1 };
	appraise(b);
	assert_only(b, TROTH_FINDING_IMA_MALFORMED);
	bench_free(b);
}

static void a_bank_the_list_does_not_lead_to(void **state)
{
	struct bench *b = bench_new(*state);
	quote_list(b);
	b->pcrs.banks[1].value[10][0] ^= 1;
	b->c.list = ima_view(&b->list);
	appraise(b);
	assert_only(b, TROTH_FINDING_IMA_REPLAY_MISMATCH);
	assert_int_equal(b->r.findings.list[0].seen.alg, TROTH_HASH_SHA1);
	bench_free(b);
}

/* An old kernel: the SHA-256 bank holds SHA-1 digests. */
static void a_bank_of_padded_sha1_is_weak(void **state)
{
	for (size_t allowed = 0; allowed < 2; allowed++) {
		struct bench *b = bench_new(*state);
		struct troth_ima_replay replay;
		size_t offset;
		ima_add_file(&b->list, "/usr/bin/good", GOOD);
		quote_list(b);
		assert_int_equal(troth_ima_replay(b->ctx, ima_view(&b->list), TROTH_HASH_NONE,
						  &replay, &offset),
				 TROTH_OK);
		memcpy(b->pcrs.banks[0].value[10],
		       troth_pcr_value(&replay.values[TROTH_IMA_PADDED_SHA1], TROTH_HASH_SHA256,
				       10)
			       .p,
		       32);
		b->policy.weak_bank = allowed == 1;
		b->c.list = ima_view(&b->list);
		appraise(b);
		assert_true(b->r.proven);
		if (allowed == 1)
			assert_clean(b);
		else
			assert_only(b, TROTH_FINDING_IMA_WEAK_BANK);
		bench_free(b);
	}
}

/* ---- signatures ---- */

struct pem_text {
	char text[2048];
	uint32_t id;
};

static struct pem_text pem_of(EVP_PKEY *key)
{
	struct pem_text out = { .text = "" };
	struct troth_ima_keys keys = { 0 };
	BIO *bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
	int n = BIO_read(bio, out.text, sizeof out.text - 1);
	assert_true(n > 0);
	out.text[n] = '\0';
	BIO_free(bio);
	assert_int_equal(troth_ima_keys_add_pem(&keys, troth_view_str(out.text)), TROTH_OK);
	out.id = keys.list[0].id[0];
	troth_ima_keys_release(&keys);
	return out;
}

/* A signature as it lies in an extended attribute. */
struct attribute {
	uint8_t bytes[600];
	size_t n;
};

static struct attribute sign(EVP_PKEY *key, uint32_t id, bool verity, const uint8_t digest[32])
{
	uint8_t to_sign[34] = { 6, 4 }, hashed[32];
	size_t n = sizeof(((struct attribute *)0)->bytes) - 9;
	struct attribute a = { .bytes = { verity ? 6 : 3, verity ? 3 : 2, 4,
					  (uint8_t)(id >> 24), (uint8_t)(id >> 16),
					  (uint8_t)(id >> 8), (uint8_t)id } };
	memcpy(to_sign + 2, digest, 32);
	assert_int_equal(EVP_Digest(to_sign, 34, hashed, NULL, EVP_sha256(), NULL), 1);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()), 1);
	assert_int_equal(EVP_PKEY_sign(ctx, a.bytes + 9, &n, verity ? hashed : digest, 32), 1);
	EVP_PKEY_CTX_free(ctx);
	a.bytes[7] = (uint8_t)(n >> 8);
	a.bytes[8] = (uint8_t)n;
	a.n = n + 9;
	return a;
}

static void add_signed(struct bench *b, const struct attribute *a, bool verity)
{
	struct ima_builder data = { 0 };
	ima_digest_field(&data, verity ? "verity:" : "", TROTH_HASH_SHA256, OTHER);
	ima_field(&data, "/opt/signed", sizeof "/opt/signed");
	ima_field(&data, a->bytes, a->n);
	ima_record(&b->list, 10, verity ? "ima-sigv2" : "ima-sig", &data, false);
	ima_free(&data);
}

static const struct {
	const char *name;
	bool verity, other_digest, other_key, unknown_id, changed;
	enum troth_finding_code want;
} SIGNATURES[] = {
	{ "a signed file", .want = TROTH_FINDING_NONE },
	{ "a file under fs-verity, version 3", .verity = true, .want = TROTH_FINDING_NONE },
	{ "of another file", .other_digest = true, .want = TROTH_FINDING_IMA_SIGNATURE },
	{ "version 3 of another file", .verity = true, .other_digest = true,
	  .want = TROTH_FINDING_IMA_SIGNATURE },
	{ "by another key that says it is this one", .other_key = true,
	  .want = TROTH_FINDING_IMA_SIGNATURE },
	{ "by a key nobody knows", .unknown_id = true, .want = TROTH_FINDING_IMA_SIGNATURE },
	{ "a changed signature", .changed = true, .want = TROTH_FINDING_IMA_SIGNATURE },
};

static void signatures_are_verified(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
	const struct pem_text pem = pem_of(key);
	for (size_t i = 0; i < sizeof SIGNATURES / sizeof *SIGNATURES; i++) {
		struct bench *b = bench_new(*state);
		b->policy.n_keys = 1;
		b->policy.keys[0] = text(b, pem.text);
		struct attribute a = sign(SIGNATURES[i].other_key ? other : key,
					  SIGNATURES[i].unknown_id ? pem.id + 1 : pem.id,
					  SIGNATURES[i].verity,
					  SIGNATURES[i].other_digest ? GOOD : OTHER);
		if (SIGNATURES[i].changed)
			a.bytes[a.n - 1] ^= 1;
		add_signed(b, &a, SIGNATURES[i].verity);
		appraise_all(b);
		if (SIGNATURES[i].want == TROTH_FINDING_NONE) {
			assert_clean(b);
			assert_int_equal(b->r.after.counts.signed_, 1);
		} else {
			assert_only(b, SIGNATURES[i].want);
		}
		bench_free(b);
	}
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

/* Without keys in the policy a signature is nothing to go by. */
static void a_signature_nobody_asked_for_decides_nothing(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct bench *b = bench_new(*state);
	const struct attribute a = sign(key, 1, false, OTHER);
	add_signed(b, &a, false);
	appraise_all(b);
	assert_only(b, TROTH_FINDING_IMA_UNKNOWN_FILE);
	bench_free(b);
	EVP_PKEY_free(key);
}

static void add_cert(struct bench *b, const char *keyring, EVP_PKEY *key)
{
	struct ima_builder data = { 0 };
	struct troth_digest d;
	X509 *cert = X509_new();
	unsigned char *der = NULL;
	assert_int_equal(X509_set_version(cert, 2), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 3600));
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	int n = i2d_X509(cert, &der);
	assert_true(n > 0);
	assert_int_equal(troth_hash_one(b->ctx, TROTH_HASH_SHA256,
					(struct troth_view){ der, (size_t)n }, &d),
			 TROTH_OK);
	ima_digest_field(&data, "", TROTH_HASH_SHA256, d.bytes);
	ima_field(&data, keyring, strlen(keyring) + 1);
	ima_field(&data, der, (size_t)n);
	ima_record(&b->list, 10, "ima-buf", &data, false);
	ima_free(&data);
	OPENSSL_free(der);
	X509_free(cert);
}

static void keys_are_learned_from_keyrings_that_are_named(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-384");
	const struct pem_text pem = pem_of(key);
	for (size_t named = 0; named < 2; named++) {
		struct bench *b = bench_new(*state);
		b->policy.n_keyrings = 1;
		b->policy.keyrings[0] = text(b, named == 1 ? ".ima" : ".other");
		add_cert(b, ".ima", key);
		const struct attribute a = sign(key, pem.id, false, OTHER);
		add_signed(b, &a, false);
		appraise_all(b);
		if (named == 1) {
			assert_clean(b);
			assert_true(b->r.after.learned);
		} else {
			assert_int_equal(b->r.findings.n, 2);
			assert_int_equal(b->r.findings.list[0].code, TROTH_FINDING_IMA_EVENT);
			assert_int_equal(b->r.findings.list[1].code,
					 TROTH_FINDING_IMA_SIGNATURE);
		}
		bench_free(b);
	}
	EVP_PKEY_free(key);
}

/* ---- renewals ---- */

/* The list so far is proven and kept, through its bytes as the store keeps them. */
static void settle(struct bench *b)
{
	uint8_t bytes[TROTH_IMA_STATE_MAX];
	size_t n;
	appraise_all(b);
	assert_true(b->r.has_after);
	assert_int_equal(troth_ima_state_write(&b->r.after, bytes, &n), TROTH_OK);
	assert_int_equal(troth_ima_state_read((struct troth_view){ bytes, n }, &b->before),
			 TROTH_OK);
	b->c.before = &b->before;
}

/* Sends what came behind the first n bytes. */
static void renew(struct bench *b, size_t n, uint64_t first)
{
	quote_list(b);
	b->c.list = (struct troth_view){ b->list.p + n, b->list.n - n };
	b->c.first = first;
	appraise(b);
}

static void a_renewal_looks_at_what_is_new(void **state)
{
	struct bench *b = bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
	settle(b);
	const size_t n = b->list.n;
	renew(b, n, 2);
	assert_clean(b);
	assert_int_equal(b->r.after.n_entries, 2);
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
	renew(b, n, 2);
	assert_clean(b);
	assert_int_equal(b->r.after.n_entries, 3);
	assert_int_equal(b->r.after.counts.allowed, 2);
	ima_add_file(&b->list, "/usr/bin/evil", OTHER);
	renew(b, n, 2);
	assert_only(b, TROTH_FINDING_IMA_UNKNOWN_FILE);
	assert_int_equal(b->r.findings.list[0].event, 3);
	bench_free(b);
}

static void findings_last_until_the_next_boot(void **state)
{
	struct bench *b = bench_new(*state);
	for (size_t i = 0; i < TROTH_IMA_KEPT_MAX + 2; i++)
		ima_add_file(&b->list, "/usr/bin/evil", OTHER);
	settle(b);
	assert_int_equal(b->r.findings.n, TROTH_IMA_KEPT_MAX + 2);
	const size_t n = b->list.n;
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
	renew(b, n, b->before.n_entries);
	assert_int_equal(b->r.findings.n, TROTH_IMA_KEPT_MAX);
	assert_int_equal(b->r.findings.n_dropped, 2);
	assert_string_equal(b->r.findings.list[0].detail, "/usr/bin/evil");
	assert_int_equal(b->r.findings.list[0].event, 1);
	/* a new boot begins anew */
	b->c.reset_count++;
	b->list.n = 0;
	boot_aggregate(b);
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
	renew(b, 0, 0);
	assert_clean(b);
	bench_free(b);
}

static void another_boot_wants_the_whole_list(void **state)
{
	struct bench *b = bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
	settle(b);
	b->c.reset_count++;
	renew(b, b->list.n, 2);
	assert_true(b->r.wants_whole);
	assert_int_equal(b->r.findings.n, 0);
	bench_free(b);
}

static void a_resume_goes_on_and_a_hibernation_begins_anew(void **state)
{
	struct bench *b = bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
	settle(b);
	const size_t n = b->list.n;
	b->c.restart_count++;
	renew(b, n, 2);
	assert_clean(b);
	b->list.n = 0;
	boot_aggregate(b);
	quote_list(b);
	b->c.list = (struct troth_view){ 0 };
	appraise(b);
	assert_true(b->r.wants_whole);
	bench_free(b);
}

static void a_change_of_policy_wants_the_whole_list(void **state)
{
	struct bench *b = bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
	settle(b);
	b->c.version[0]++;
	renew(b, b->list.n, 2);
	assert_true(b->r.wants_whole);
	bench_free(b);
}

static void entries_left_out_or_sent_again_are_seen(void **state)
{
	struct bench *b = bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
	settle(b);
	const size_t n = b->list.n;
	ima_add_file(&b->list, "/usr/bin/evil", OTHER);
	const size_t evil = b->list.n;
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
	renew(b, evil, 3); /* said openly */
	assert_only(b, TROTH_FINDING_IMA_SKIPPED);
	renew(b, evil, 2); /* and not */
	assert_only(b, TROTH_FINDING_IMA_REPLAY_MISMATCH);
	renew(b, n, 1);
	assert_only(b, TROTH_FINDING_IMA_REWOUND);
	assert_int_equal(b->r.after.n_entries, 2); /* still known of this boot */
	bench_free(b);
}

/* In one boot a PCR does not go back; a TPM that says so was tampered with. */
static void a_shorter_list_of_the_same_boot_is_seen(void **state)
{
	struct bench *b = bench_new(*state);
	const size_t first = b->list.n;
	ima_add_file(&b->list, "/usr/bin/evil", OTHER);
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
	settle(b);
	b->list.n = first;
	ima_add_file(&b->list, "/usr/bin/good", GOOD);
	renew(b, 0, 0);
	assert_only(b, TROTH_FINDING_IMA_REWOUND);
	bench_free(b);
}

/* ---- real machines ---- */

static void captures_have_the_boot_aggregate_of_their_pcrs(void **state)
{
	static const char *const CAPTURES[] = { "direct", "direct-sha256only", "direct-tmpfs",
						"shim-sb-on", "uki-sb-on-snakeoil" };
	for (size_t i = 0; i < sizeof CAPTURES / sizeof *CAPTURES; i++) {
		struct bench *b = bench_new(*state);
		char folder[512];
		struct bootvm *vm = bootvm_load(*state, CAPTURES[i]);
		snprintf(folder, sizeof folder, "%s/bootvm/%s", TROTH_FIXTURES, CAPTURES[i]);
		struct troth_view list = file_load(folder, "ima_binary");
		b->selection = (struct troth_pcr_selection){ 0 };
		assert_true(troth_pcr_selection_add(&b->selection, TROTH_HASH_SHA256, 0x7ff));
		b->pcrs = bootvm_quoted(&vm->pcrs, &b->selection);
		b->c.list = list;
		appraise(b);
		assert_true(b->r.proven);
		assert_true(b->r.boot_aggregate_checked);
		assert_false(
			troth_findings_have(&b->r.findings, TROTH_FINDING_IMA_BOOT_AGGREGATE));
		/* A root file system on tmpfs is not measured: nothing to affirm. */
		assert_int_equal(
			troth_findings_have(&b->r.findings, TROTH_FINDING_IMA_UNMEASURED),
			strcmp(CAPTURES[i], "direct-tmpfs") == 0);
		file_free(list);
		bootvm_free(vm);
		bench_free(b);
	}
}

/* ---- state ---- */

static struct troth_ima_state largest_state(void)
{
	static const enum troth_hash BANKS[] = { TROTH_HASH_SHA1, TROTH_HASH_SHA256,
						 TROTH_HASH_SHA384, TROTH_HASH_SHA512,
						 TROTH_HASH_SM3_256 };
	struct troth_ima_state s = { .n_entries = UINT64_MAX, .n_banks = 5, .n_more = 9 };
	for (size_t i = 0; i < 5; i++) {
		s.banks[i].bank = BANKS[i];
		s.banks[i].way = TROTH_IMA_PADDED_SHA1_ONES;
	}
	s.boot_aggregate.alg = TROTH_HASH_SHA512;
	s.n_kept = TROTH_IMA_KEPT_MAX;
	for (size_t i = 0; i < s.n_kept; i++) {
		s.kept[i].code = TROTH_FINDING_IMA_REPLAY_MISMATCH;
		s.kept[i].severity = TROTH_TIER_CONTRAINDICATED;
		s.kept[i].seen.alg = TROTH_HASH_SHA512;
		memset(s.kept[i].detail, 'x', sizeof s.kept[i].detail - 1);
	}
	return s;
}

static void the_largest_state_is_under_a_kilobyte(void **state)
{
	const struct troth_ima_state s = largest_state();
	struct troth_ima_state back;
	uint8_t bytes[TROTH_IMA_STATE_MAX], again[TROTH_IMA_STATE_MAX];
	size_t n, m;
	(void)state;
	assert_int_equal(troth_ima_state_write(&s, bytes, &n), TROTH_OK);
	assert_int_equal(troth_ima_state_read((struct troth_view){ bytes, n }, &back),
			 TROTH_OK);
	assert_int_equal(troth_ima_state_write(&back, again, &m), TROTH_OK);
	assert_int_equal(n, m);
	assert_memory_equal(bytes, again, n);
	print_message("largest state: %zu bytes\n", n);
}

static void every_prefix_of_a_state_is_refused(void **state)
{
	const struct troth_ima_state s = largest_state();
	struct troth_ima_state back;
	uint8_t bytes[TROTH_IMA_STATE_MAX + 1];
	size_t n;
	(void)state;
	assert_int_equal(troth_ima_state_write(&s, bytes, &n), TROTH_OK);
	for (size_t i = 0; i < n; i++) {
		POISON(back);
		assert_int_not_equal(
			troth_ima_state_read((struct troth_view){ bytes, i }, &back), TROTH_OK);
		ASSERT_POISONED(back);
	}
	bytes[n] = 0;
	assert_int_equal(troth_ima_state_read((struct troth_view){ bytes, n + 1 }, &back),
			 TROTH_E_MALFORMED);
	bytes[0]++;
	assert_int_equal(troth_ima_state_read((struct troth_view){ bytes, n }, &back),
			 TROTH_E_UNSUPPORTED);
}

/* ---- patterns ---- */

static const struct {
	const char *pattern;
	bool valid;
} PATTERNS[] = {
	{ "/var/log/**", true }, { "/var/log/*", true }, { "/opt/app-*/bin", true },
	{ "/tmp/x", true },	 { "/*/log", true },	 { "var/log", false },
	{ "**/log", false },	 { "*", false },	 { "/", false },
	{ "/**", false },	 { "/*", false },	 { "/*/**", false },
	{ "/a/**/b", false },	 { "/a/../b", false },	 { "/a/./b", false },
	{ "/a//b", false },	 { "/a/", false },	 { "", false },
	{ "/a/b**", false },	 { ".*\\.log", false },
};

static void patterns_are_anchored(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof PATTERNS / sizeof *PATTERNS; i++)
		if (troth_ima_pattern_valid(troth_view_str(PATTERNS[i].pattern)) !=
		    PATTERNS[i].valid)
			fail_msg("%s", PATTERNS[i].pattern);
}

static const struct {
	const char *pattern, *path;
	bool want;
} MATCHES[] = {
	{ "/var/log/**", "/var/log/a", true },
	{ "/var/log/**", "/var/log/a/b/c", true },
	{ "/var/log/**", "/var/log", false },
	{ "/var/log/**", "/var/logs/a", false },
	{ "/var/log/**", "/x/var/log/a", false },
	{ "/var/log/**", "var/log/a", false },
	{ "/var/*/x", "/var/a/x", true },
	{ "/var/*/x", "/var/a/b/x", false },
	{ "/opt/app-*/bin", "/opt/app-12/bin", true },
	{ "/opt/app-*/bin", "/opt/app/bin", false },
	{ "/opt/a*b*c", "/opt/aXbYbZc", true },
	{ "/opt/a*b*c", "/opt/aXbYbZ", false },
	{ "/tmp/x", "/tmp/x", true },
	{ "/tmp/x", "/tmp/xy", false },
	{ "/tmp/*", "/tmp/x", true },
	{ "/tmp/*", "/tmp/x/y", false },
};

static void patterns_match_what_they_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof MATCHES / sizeof *MATCHES; i++)
		if (troth_ima_pattern_matches(troth_view_str(MATCHES[i].pattern),
					      troth_view_str(MATCHES[i].path)) !=
		    MATCHES[i].want)
			fail_msg("%s, %s", MATCHES[i].pattern, MATCHES[i].path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_list_is_proven),
		cmocka_unit_test(what_came_after_the_quote_is_not_looked_at),
		cmocka_unit_test(each_entry_is_judged),
		cmocka_unit_test(a_file_that_calls_itself_boot_aggregate_is_seen),
		cmocka_unit_test(a_boot_aggregate_of_other_pcrs_is_seen),
		cmocka_unit_test(a_violation_weighs_what_policy_says),
		cmocka_unit_test(a_list_that_is_not_there),
		cmocka_unit_test(no_entries_where_some_are_required),
		cmocka_unit_test(entries_that_the_pcr_does_not_hold),
		cmocka_unit_test(none_is_fine_where_none_is_required),
		cmocka_unit_test(a_changed_list_does_not_lead_to_the_quote),
		cmocka_unit_test(a_list_without_its_beginning_is_told_apart),
		cmocka_unit_test(a_list_that_breaks_off_says_where),
		cmocka_unit_test(a_bank_the_list_does_not_lead_to),
		cmocka_unit_test(a_bank_of_padded_sha1_is_weak),
		cmocka_unit_test(signatures_are_verified),
		cmocka_unit_test(a_signature_nobody_asked_for_decides_nothing),
		cmocka_unit_test(keys_are_learned_from_keyrings_that_are_named),
		cmocka_unit_test(a_renewal_looks_at_what_is_new),
		cmocka_unit_test(findings_last_until_the_next_boot),
		cmocka_unit_test(another_boot_wants_the_whole_list),
		cmocka_unit_test(a_resume_goes_on_and_a_hibernation_begins_anew),
		cmocka_unit_test(a_change_of_policy_wants_the_whole_list),
		cmocka_unit_test(entries_left_out_or_sent_again_are_seen),
		cmocka_unit_test(a_shorter_list_of_the_same_boot_is_seen),
		cmocka_unit_test(captures_have_the_boot_aggregate_of_their_pcrs),
		cmocka_unit_test(the_largest_state_is_under_a_kilobyte),
		cmocka_unit_test(every_prefix_of_a_state_is_refused),
		cmocka_unit_test(patterns_are_anchored),
		cmocka_unit_test(patterns_match_what_they_say),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
