/* SPDX-License-Identifier: Apache-2.0 */
/* Every event log of the foreign test data, replayed and compared with what an independent
 * parser made of it and with what TPMs quoted. Prints a row per file; a disagreement fails
 * unless tests/data/disagreements.md explains that file. Needs TROTH_TEST_DATA. */
#include "check.h"

#include <dirent.h>

#include "bootvm.h"
#include "eventlog.h"

static const char *data;	    /* folder of the test data */
static struct troth_view explained; /* disagreements.md */

/* Logs that must be refused: where, and as what. */
static const struct {
	const char *name;
	enum troth_status status;
	size_t offset;
} REFUSED[] = {
	{ "malformed-derived-google-rhel8-uefi-alg-unknown", TROTH_E_MALFORMED, 1536 },
	{ "malformed-derived-google-rhel8-uefi-huge-size", TROTH_E_TRUNCATED, 18957 },
	{ "malformed-derived-google-rhel8-uefi-trunc-mid-digest", TROTH_E_TRUNCATED, 20709 },
	{ "malformed-go-attestation-short-no-action", TROTH_E_MALFORMED, 49 },
	{ "malformed-not-an-eventlog-gptdisk", TROTH_E_TRUNCATED, 480 },
	{ "edge-tpm2-tools-specid-vendordata", TROTH_E_MALFORMED, 0 },
};

struct tally {
	size_t files, compared, disagreed, refused;
};

static bool contains(struct troth_view text, const char *needle)
{
	return text.n > 0 && memmem(text.p, text.n, needle, strlen(needle)) != NULL;
}

/* The text of the line that begins with start; empty when there is none. */
static struct troth_view line_of(struct troth_view text, const char *start)
{
	const size_t n = strlen(start);
	struct troth_reader r = { text };
	while (!troth_at_end(&r)) {
		const uint8_t *end = memchr(r.left.p, '\n', r.left.n);
		struct troth_view line;
		size_t len = end != NULL ? (size_t)(end - r.left.p) : r.left.n;
		if (len >= n && memcmp(r.left.p, start, n) == 0)
			return (struct troth_view){ r.left.p, len };
		if (!troth_get_view(&r, len + (end != NULL), &line))
			break;
	}
	return (struct troth_view){ 0 };
}

/* Compares both ways: each row of the file with our value, and each value of ours with a row.
 * Returns the number of values that agree and counts those that do not. */
static size_t compare_rows(struct troth_view text, const struct troth_pcr_values *ours,
			   size_t *n_wrong)
{
	struct troth_pcr_values theirs = { 0 };
	size_t equal = 0;
	FILE *file = fmemopen((void *)(uintptr_t)text.p, text.n, "r");
	assert_non_null(file);
	char line[1024];
	while (fgets(line, sizeof line, file) != NULL) {
		char bank[16], hex[2 * TROTH_DIGEST_MAX + 1];
		unsigned int pcr;
		uint8_t value[TROTH_DIGEST_MAX];
		if (sscanf(line, "%15[a-z0-9_]\t%u\t%128[0-9a-f]", bank, &pcr, hex) != 3)
			continue; /* comments and the header */
		struct troth_view v = { value, strlen(hex) / 2 };
		enum troth_hash hash = troth_hash_from_name(troth_view_str(bank));
		assert_true(troth_parse_hex(troth_view_str(hex), value, v.n));
		assert_true(troth_pcr_set(&theirs, hash, pcr, v));
		if (troth_view_equal(v, troth_pcr_value(ours, hash, pcr)))
			equal++;
		else
			(*n_wrong)++;
	}
	(void)fclose(file);
	for (size_t i = 0; i < ours->n_banks; i++)
		for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++)
			if (troth_pcr_value(ours, ours->banks[i].bank, pcr).n > 0 &&
			    troth_pcr_value(&theirs, ours->banks[i].bank, pcr).n == 0)
				(*n_wrong)++;
	return equal;
}

static void name_quirks(uint32_t quirks, char *out, size_t size)
{
	size_t n = 0;
	out[0] = '\0';
	for (uint32_t i = 0; i < TROTH_QUIRK_N; i++)
		if ((quirks & 1U << i) != 0 && n < size)
			n += (size_t)snprintf(out + n, size - n, " %s",
					      troth_quirk_name((enum troth_quirk)(1U << i)));
}

/* What the independent parser noted beside the values must have a name with us. */
static size_t compare_notes(struct troth_view expected, const struct troth_replay *replay)
{
	struct troth_view note = line_of(expected, "# independent: ");
	size_t n_wrong = 0;
	n_wrong += contains(note, "padding") !=
		   ((replay->quirks & TROTH_QUIRK_TRAILING_PADDING) != 0);
	n_wrong += contains(note, "digest count") !=
		   ((replay->quirks & TROTH_QUIRK_FEWER_DIGESTS) != 0);
	return n_wrong;
}

/* MANIFEST.tsv says how many events the independent parser counted. */
static size_t compare_count(struct troth_view manifest, const char *file, size_t n_events)
{
	char start[300], want[64];
	snprintf(start, sizeof start, "eventlogs/%s\t", file);
	snprintf(want, sizeof want, "independent parser: OK, %zu events", n_events);
	return contains(line_of(manifest, start), want) ? 0 : 1;
}

static void report(struct tally *t, const char *name, const char *outcome, size_t n_wrong)
{
	t->files++;
	if (n_wrong == 0) {
		print_message("%-62s %s\n", name, outcome);
		return;
	}
	const bool known = contains(explained, name);
	print_message("%-62s %s: %zu %s\n", name, outcome, n_wrong,
		      known ? "explained" : "UNEXPLAINED");
	if (!known)
		t->disagreed++;
}

static bool judge_refusal(struct tally *t, const char *name, enum troth_status status,
			  size_t offset)
{
	char outcome[80];
	for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
		if (strcmp(REFUSED[i].name, name) != 0)
			continue;
		snprintf(outcome, sizeof outcome, "refused: %s at %zu",
			 troth_status_name(status), offset);
		assert_int_equal(status, REFUSED[i].status);
		assert_int_equal(offset, REFUSED[i].offset);
		assert_true(contains(explained, name));
		t->refused++;
		report(t, name, outcome, 0);
		return true;
	}
	return false;
}

static void judge(struct troth_ctx *ctx, struct tally *t, struct troth_view manifest,
		  const char *file)
{
	char folder[512], name[256], expected_name[300], outcome[300], quirks[160];
	struct troth_log log;
	struct troth_replay replay;
	size_t n_wrong = 0;

	snprintf(folder, sizeof folder, "%s/eventlogs", data);
	snprintf(name, sizeof name, "%.*s", (int)(strlen(file) - 4), file);
	struct troth_view bytes = file_load(folder, file);
	assert_non_null(bytes.p);
	enum troth_status status = troth_log_parse(bytes, &log);
	if (judge_refusal(t, name, status, log.error_offset)) {
		file_free(bytes);
		return;
	}
	if (status != TROTH_OK) {
		report(t, name, troth_status_name(status), 1);
		file_free(bytes);
		return;
	}
	assert_int_equal(troth_log_replay(ctx, &log, &replay), TROTH_OK);
	snprintf(expected_name, sizeof expected_name, "%s.pcrs.tsv", name);
	snprintf(folder, sizeof folder, "%s/expected", data);
	struct troth_view expected = file_load(folder, expected_name);
	assert_non_null(expected.p);

	size_t equal = compare_rows(expected, &replay.values, &n_wrong);
	n_wrong += compare_notes(expected, &replay);
	n_wrong += compare_count(manifest, file, log.n_events);
	t->compared += equal;
	name_quirks(replay.quirks, quirks, sizeof quirks);
	snprintf(outcome, sizeof outcome, "%-6s %4zu events %3zu values equal%s",
		 log.header.format == TROTH_LOG_SHA1 ? "sha1" : "agile", log.n_events, equal,
		 quirks);
	report(t, name, outcome, n_wrong);
	troth_log_release(&log);
	file_free(expected);
	file_free(bytes);
}

static int is_log(const struct dirent *e)
{
	const size_t n = strlen(e->d_name);
	return n > 4 && strcmp(e->d_name + n - 4, ".bin") == 0;
}

static void logs_replay_as_an_independent_parser_says(void **state)
{
	struct tally t = { 0 };
	struct dirent **files;
	char folder[512];
	if (data == NULL)
		skip();
	struct troth_view manifest = file_load(data, "MANIFEST.tsv");
	assert_non_null(manifest.p);
	snprintf(folder, sizeof folder, "%s/eventlogs", data);
	int n = scandir(folder, &files, is_log, alphasort);
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		judge(*state, &t, manifest, files[i]->d_name);
		free(files[i]);
	}
	free(files);
	file_free(manifest);
	print_message("%zu files, %zu values equal, %zu refused, %zu unexplained\n", t.files,
		      t.compared, t.refused, t.disagreed);
	assert_int_equal(t.refused, sizeof REFUSED / sizeof *REFUSED);
	assert_int_equal(t.disagreed, 0);
}

static void captures_replay_to_what_their_guests_read(void **state)
{
	struct dirent **variants;
	char folder[512];
	size_t seen = 0;
	if (data == NULL)
		skip();
	snprintf(folder, sizeof folder, "%s/bootvm", data);
	int n = scandir(folder, &variants, NULL, alphasort);
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		char variant[800];
		snprintf(variant, sizeof variant, "%s/%s", folder, variants[i]->d_name);
		if (variants[i]->d_name[0] == '.') {
			free(variants[i]);
			continue;
		}
		struct bootvm *vm = bootvm_load_from(*state, variant);
		size_t equal = 0, wrong = 0;
		for (size_t k = 0; k < vm->replay.values.n_banks; k++)
			for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
				enum troth_hash bank = vm->replay.values.banks[k].bank;
				struct troth_view v =
					troth_pcr_value(&vm->replay.values, bank, pcr);
				if (v.n == 0)
					continue;
				if (troth_view_equal(v, troth_pcr_value(&vm->pcrs, bank, pcr)))
					equal++;
				else
					wrong++;
			}
		print_message("bootvm/%-55s %s %zu values equal\n", variants[i]->d_name,
			      troth_status_name(vm->status), equal);
		assert_int_equal(wrong, 0);
		assert_int_equal(vm->status, vm->bytes.n == 0 ? TROTH_E_TRUNCATED : TROTH_OK);
		seen++;
		bootvm_free(vm);
		free(variants[i]);
	}
	free(variants);
	assert_true(seen >= 14);
}

/* PCR indices of a list like "0 4 5", as a mask. */
static uint32_t mask_of(const char *list)
{
	uint32_t mask = 0;
	unsigned int pcr;
	int used;
	for (; sscanf(list, "%u%n", &pcr, &used) == 1; list += used)
		mask |= 1U << pcr;
	return mask;
}

/* One pair: which values of the quote the log explains, PCR by PCR. */
static void judge_pair(struct troth_ctx *ctx, char *line)
{
	char folder[512], name[300];
	char *field[6] = { 0 };
	for (size_t i = 0; i < 6; i++)
		field[i] = strsep(&line, "\t\n");
	assert_non_null(field[5]);
	struct troth_view bytes = file_load(data, field[1]);
	struct troth_log log;
	struct troth_replay replay;
	assert_int_equal(troth_log_parse(bytes, &log), TROTH_OK);
	assert_int_equal(troth_log_replay(ctx, &log, &replay), TROTH_OK);

	snprintf(folder, sizeof folder, "%s/quotes", data);
	snprintf(name, sizeof name, "%s.pcrs.tsv", field[0]);
	struct troth_view quoted = file_load(folder, name);
	assert_non_null(quoted.p);
	enum troth_hash bank = troth_hash_from_name(troth_view_str(field[2]));
	FILE *file = fmemopen((void *)(uintptr_t)quoted.p, quoted.n, "r");
	uint32_t equal = 0, differs = 0, absent = 0;
	char row[300], row_bank[16], hex[129];
	unsigned int pcr;
	while (fgets(row, sizeof row, file) != NULL) {
		uint8_t value[TROTH_DIGEST_MAX];
		if (sscanf(row, "%15[a-z0-9_]\t%u\t%128[0-9a-f]", row_bank, &pcr, hex) != 3 ||
		    troth_hash_from_name(troth_view_str(row_bank)) != bank)
			continue;
		struct troth_view v = { value, strlen(hex) / 2 };
		struct troth_view ours = troth_pcr_value(&replay.values, bank, pcr);
		assert_true(troth_parse_hex(troth_view_str(hex), value, v.n));
		if (ours.n == 0)
			absent |= 1U << pcr;
		else if (troth_view_equal(v, ours))
			equal |= 1U << pcr;
		else
			differs |= 1U << pcr;
	}
	(void)fclose(file);
	print_message("%-34s %-7s equal %06x differs %06x not in log %06x\n", field[0],
		      field[2], equal, differs, absent);
	assert_int_equal(equal, mask_of(field[3]));
	assert_int_equal(differs, mask_of(field[4]));
	assert_int_equal(absent, mask_of(field[5]));
	troth_log_release(&log);
	file_free(quoted);
	file_free(bytes);
}

static void quoted_values_are_explained_as_listed(void **state)
{
	char path[512], line[1024];
	size_t n = 0;
	if (data == NULL)
		skip();
	snprintf(path, sizeof path, "%s/expected/PAIRS.tsv", data);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, "quote\t", 6) != 0) {
			judge_pair(*state, line);
			n++;
		}
	(void)fclose(file);
	assert_true(n >= 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logs_replay_as_an_independent_parser_says),
		cmocka_unit_test(captures_replay_to_what_their_guests_read),
		cmocka_unit_test(quoted_values_are_explained_as_listed),
	};
	data = getenv("TROTH_TEST_DATA");
	if (data == NULL)
		print_message("TROTH_TEST_DATA is not set: the foreign event logs are "
			      "skipped\n");
	explained = file_load(TROTH_FIXTURES, "../data/disagreements.md");
	int failed = cmocka_run_group_tests(tests, context_setup, context_teardown);
	file_free(explained);
	return failed;
}
