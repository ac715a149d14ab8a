/* SPDX-License-Identifier: Apache-2.0 */
/* IMA lists of real machines: our boot captures against what their guests read from the TPM,
 * those of other projects against an independent replay, and mutations of both. */
#include "check.h"

#include <dirent.h>

#include "bootvm.h"
#include "ima_replay.h"

static const char *data; /* folder of the test data */

struct list_file {
	char name[300];
	struct troth_view bytes;
};

/* ---- captures ---- */

static const char *const CAPTURES[] = {
	"direct",
	"direct-cmdline",
	"direct-initrd-tampered",
	"direct-sb-on-legacy-bypass",
	"direct-sha256only",
	"direct-tmpfs",
	"shim-sb-on",
	"uki-sb-on-snakeoil",
};

static struct list_file capture(const char *variant)
{
	char folder[512];
	struct list_file f;
	snprintf(folder, sizeof folder, "%s/bootvm/%s", TROTH_FIXTURES, variant);
	snprintf(f.name, sizeof f.name, "%s", variant);
	f.bytes = file_load(folder, "ima_binary");
	assert_non_null(f.bytes.p);
	return f;
}

/* The whole list leads to PCR 10 in every bank; the sha384 bank holds padded SHA-1, because the
 * kernel had no SHA-384 when it began to measure. */
static void captures_lead_to_what_their_guests_read(void **state)
{
	for (size_t i = 0; i < sizeof CAPTURES / sizeof *CAPTURES; i++) {
		struct list_file f = capture(CAPTURES[i]);
		struct bootvm *vm = bootvm_load(*state, CAPTURES[i]);
		struct troth_ima_list list;
		struct troth_ima_replay replay;
		size_t offset, n_banks = 0;
		assert_int_equal(
			troth_ima_replay(*state, f.bytes, TROTH_HASH_NONE, &replay, &offset),
			TROTH_OK);
		assert_int_equal(troth_ima_open(*state, f.bytes, TROTH_HASH_NONE, &list),
				 TROTH_OK);
		for (size_t k = 0; k < vm->pcrs.n_banks; k++) {
			const enum troth_hash bank = vm->pcrs.banks[k].bank;
			const struct troth_ima_goal goal = {
				bank, 10, NULL, troth_pcr_value(&vm->pcrs, bank, 10)
			};
			struct troth_ima_prefix p;
			assert_int_equal(
				troth_ima_find_prefix(*state, &list, &goal, &p, &offset),
				TROTH_OK);
			assert_true(p.found);
			assert_int_equal(p.n_entries, replay.n_entries);
			assert_int_equal(p.n_bytes, f.bytes.n);
			assert_int_equal(p.way, bank == TROTH_HASH_SHA384
							? TROTH_IMA_PADDED_SHA1
							: TROTH_IMA_HASHED);
			n_banks++;
		}
		assert_true(n_banks > 0);
		bootvm_free(vm);
		file_free(f.bytes);
	}
}

/* ---- lists of other projects ---- */

/* Lists that must be refused: where, and as what. Text is none of ours to read. */
static const struct {
	const char *name;
	enum troth_status status;
	size_t offset;
} REFUSED[] = {
	{ "tpm2-software-sml-ima-ng-sha1-invalidated.ima", TROTH_E_TRUNCATED, 0 },
	{ "tpm2-software-sml-ima-ng-sha1.ima", TROTH_E_TRUNCATED, 558 },
};

static bool ends_in(const char *name, const char *end)
{
	const size_t n = strlen(name), m = strlen(end);
	return n > m && strcmp(name + n - m, end) == 0;
}

static bool must_be_refused(const char *name, enum troth_status status, size_t offset)
{
	for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++)
		if (strcmp(REFUSED[i].name, name) == 0) {
			assert_int_equal(status, REFUSED[i].status);
			assert_int_equal(offset, REFUSED[i].offset);
			return true;
		}
	if (!ends_in(name, ".ascii"))
		return false;
	assert_int_equal(status, TROTH_E_MALFORMED);
	assert_int_equal(offset, 0);
	return true;
}

/* Every row of the independent replay; returns how many there are. */
static size_t compare_rows(const char *name, const struct troth_ima_replay *replay)
{
	char path[800], line[1024], bank[64], hex[2 * TROTH_DIGEST_MAX + 1];
	unsigned int pcr;
	size_t n = 0;
	snprintf(path, sizeof path, "%s/expected/%.*s.ima-pcrs.tsv", data,
		 (int)(strlen(name) - strlen(".ima")), name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL) {
		uint8_t value[TROTH_DIGEST_MAX];
		if (sscanf(line, "%63[a-z0-9-]\t%u\t%128[0-9a-f]", bank, &pcr, hex) != 3)
			continue;
		char *padded = strstr(bank, "-padded-sha1");
		if (padded != NULL)
			*padded = '\0';
		struct troth_view want = { value, strlen(hex) / 2 };
		assert_true(troth_parse_hex(troth_view_str(hex), value, want.n));
		struct troth_view got =
			troth_pcr_value(&replay->values[padded != NULL ? TROTH_IMA_PADDED_SHA1
								       : TROTH_IMA_HASHED],
					troth_hash_from_name(troth_view_str(bank)), pcr);
		if (!troth_view_equal(got, want))
			fail_msg("%s: %s differs", name, bank);
		n++;
	}
	(void)fclose(file);
	return n;
}

static void judge(struct troth_ctx *ctx, const char *name)
{
	char folder[512];
	struct troth_ima_replay replay;
	size_t offset = 0, n_rows;
	snprintf(folder, sizeof folder, "%s/ima", data);
	struct troth_view bytes = file_load(folder, name);
	assert_non_null(bytes.p);
	enum troth_status status =
		troth_ima_replay(ctx, bytes, TROTH_HASH_NONE, &replay, &offset);
	if (must_be_refused(name, status, offset)) {
		print_message("%-58s refused: %s at %zu\n", name, troth_status_name(status),
			      offset);
	} else {
		assert_int_equal(status, TROTH_OK);
		n_rows = compare_rows(name, &replay);
		assert_true(n_rows >= 4);
		print_message("%-58s %5u entries %zu values equal\n", name,
			      (unsigned)replay.n_entries, n_rows);
	}
	file_free(bytes);
}

static void lists_replay_as_an_independent_parser_says(void **state)
{
	struct dirent **files;
	char folder[512];
	size_t n_seen = 0;
	if (data == NULL)
		skip();
	snprintf(folder, sizeof folder, "%s/ima", data);
	int n = scandir(folder, &files, NULL, alphasort);
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		if (files[i]->d_name[0] != '.') {
			judge(*state, files[i]->d_name);
			n_seen++;
		}
		free(files[i]);
	}
	free(files);
	assert_true(n_seen >= 20);
}

/* ---- mutations ---- */

/* xorshift: the same mutations every time. */
static uint32_t draw(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* What appraisal concludes from a record: that there was a violation, or else which file had
 * which digest. */
static bool same_conclusion(const struct troth_ima_record *a, const struct troth_ima_record *b)
{
	struct troth_ima_entry ea, eb;
	if (a->violation || b->violation)
		return a->violation == b->violation;
	if (troth_ima_decode(b, &eb) != TROTH_OK)
		return true; /* refused there */
	return troth_ima_decode(a, &ea) == TROTH_OK &&
	       troth_view_equal(ea.file.bytes, eb.file.bytes) && ea.file.hash == eb.file.hash &&
	       troth_view_equal(ea.path, eb.path);
}

static bool same_evidence(struct troth_ctx *ctx, struct troth_view a, struct troth_view b,
			  uint64_t n)
{
	struct troth_ima_list la, lb;
	if (troth_ima_open(ctx, a, TROTH_HASH_SHA1, &la) != TROTH_OK ||
	    troth_ima_open(ctx, b, TROTH_HASH_SHA1, &lb) != TROTH_OK)
		return false;
	for (uint64_t i = 0; i < n; i++) {
		struct troth_ima_record ra, rb;
		if (troth_ima_next(&la, &ra) != TROTH_OK ||
		    troth_ima_next(&lb, &rb) != TROTH_OK || ra.pcr != rb.pcr ||
		    !same_conclusion(&ra, &rb))
			return false;
	}
	return true;
}

struct outcomes {
	size_t malformed, unproven, harmless;
};

/* A mutated list is refused, or does not lead to the quoted value any more, or what it says is
 * what it said: a byte of a template digest, of a template's name or of a violation's fields,
 * that nothing vouches for and nothing is concluded from. */
static void judge_mutation(struct troth_ctx *ctx, struct troth_view original,
			   struct troth_view mutated, const struct troth_ima_goal *goal,
			   struct outcomes *t)
{
	struct troth_ima_list list;
	struct troth_ima_prefix p;
	size_t offset;
	if (troth_ima_open(ctx, mutated, TROTH_HASH_SHA1, &list) != TROTH_OK ||
	    troth_ima_find_prefix(ctx, &list, goal, &p, &offset) != TROTH_OK) {
		t->malformed++;
		return;
	}
	if (!p.found) {
		t->unproven++;
		return;
	}
	assert_true(same_evidence(ctx, original, mutated, p.n_entries));
	t->harmless++;
}

static void change_a_byte(uint8_t *p, size_t n, uint32_t *seed)
{
	uint32_t at = draw(seed) % (uint32_t)n;
	p[at] = (uint8_t)(p[at] ^ (1 + draw(seed) % 255));
}

/* Takes out one record, or swaps it with the one behind it. */
static size_t change_a_record(struct troth_ctx *ctx, struct troth_view list, uint8_t *out,
			      uint32_t *seed)
{
	struct troth_ima_list l;
	struct troth_ima_record r;
	size_t starts[8192], n = 0;
	assert_int_equal(troth_ima_open(ctx, list, TROTH_HASH_SHA1, &l), TROTH_OK);
	while (!troth_ima_at_end(&l) && n < 8190) {
		starts[n++] = troth_ima_offset(&l);
		assert_int_equal(troth_ima_next(&l, &r), TROTH_OK);
	}
	starts[n] = starts[n + 1] = troth_ima_offset(&l);
	const size_t i = draw(seed) % n;
	const size_t a = starts[i], b = starts[i + 1], c = starts[i + 2 <= n ? i + 2 : n];
	memcpy(out, list.p, a);
	if (draw(seed) % 2 == 0 || b == c) {
		memcpy(out + a, list.p + b, list.n - b);
		return list.n - (b - a);
	}
	memcpy(out + a, list.p + b, c - b);
	memcpy(out + a + (c - b), list.p + a, b - a);
	memcpy(out + c, list.p + c, list.n - c);
	return list.n;
}

static void mutate(struct troth_ctx *ctx, struct troth_view list, size_t n_rounds,
		   struct outcomes *t)
{
	struct troth_ima_replay replay;
	size_t offset;
	uint32_t seed = 20261128;
	assert_int_equal(troth_ima_replay(ctx, list, TROTH_HASH_SHA1, &replay, &offset),
			 TROTH_OK);
	const struct troth_ima_goal goal = { TROTH_HASH_SHA256, 10, NULL,
					     troth_pcr_value(&replay.values[TROTH_IMA_HASHED],
							     TROTH_HASH_SHA256, 10) };
	uint8_t *copy = malloc(list.n);
	assert_non_null(copy);
	for (size_t i = 0; i < n_rounds; i++) {
		size_t n = list.n;
		memcpy(copy, list.p, n);
		if (i % 4 == 0)
			n = change_a_record(ctx, list, copy, &seed);
		else
			change_a_byte(copy, n, &seed);
		judge_mutation(ctx, list, (struct troth_view){ copy, n }, &goal, t);
	}
	free(copy);
}

static void a_mutated_list_is_refused_or_says_the_same(void **state)
{
	struct outcomes t = { 0 };
	for (size_t i = 0; i < sizeof CAPTURES / sizeof *CAPTURES; i++) {
		struct list_file f = capture(CAPTURES[i]);
		mutate(*state, f.bytes, 400, &t);
		file_free(f.bytes);
	}
	print_message("captures: %zu malformed, %zu unproven, %zu harmless\n", t.malformed,
		      t.unproven, t.harmless);
	assert_true(t.malformed > 0 && t.unproven > 0);
}

static void a_mutated_list_of_all_templates_is_refused_or_says_the_same(void **state)
{
	struct outcomes t = { 0 };
	char folder[512];
	if (data == NULL)
		skip();
	snprintf(folder, sizeof folder, "%s/ima", data);
	struct troth_view list = file_load(folder, "kgoldman-imatest.ima");
	mutate(*state, list, 2000, &t);
	file_free(list);
	list = file_load(folder, "fraunhofer-aisec-binary-runtime-measurements.ima");
	mutate(*state, list, 1000, &t);
	file_free(list);
	print_message("all templates: %zu malformed, %zu unproven, %zu harmless\n", t.malformed,
		      t.unproven, t.harmless);
	assert_true(t.malformed > 0 && t.unproven > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures_lead_to_what_their_guests_read),
		cmocka_unit_test(lists_replay_as_an_independent_parser_says),
		cmocka_unit_test(a_mutated_list_is_refused_or_says_the_same),
		cmocka_unit_test(a_mutated_list_of_all_templates_is_refused_or_says_the_same),
	};
	data = getenv("TROTH_TEST_DATA");
	if (data == NULL)
		print_message("TROTH_TEST_DATA is not set: the foreign lists are skipped\n");
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
