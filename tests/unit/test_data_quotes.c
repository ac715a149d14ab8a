/* SPDX-License-Identifier: Apache-2.0 */
/* Judges every quote of TROTH_TEST_DATA/quotes as its MANIFEST.tsv says and prints a table of
 * all files and outcomes. Skips where there is no such data. */
#include "check.h"

#include <openssl/evp.h>

#include "files.h"

#include "quote.h"
#include "reader.h"
#include "text.h"

/* One row of the manifest; the columns used are borrowed from its text. */
struct row {
	char name[96];	    /* "cmc-valid" of "quotes/cmc-valid.attest" */
	const char *format; /* "TPMS_ATTEST type 0x8018, selection sha256:1,4, sig RSASSA/.." */
	const char *note;   /* "...; extraData=db6c; clock=1 reset=2 restart=3 fw=0x4" */
	const char *known;  /* "signature VERIFIES with given AK; ..." */
};

struct files {
	struct troth_view attest, sig, pem, area, nonce, pcrs;
	bool raw; /* the signature is bare RSA */
};

struct judged {
	struct troth_attest attest;
	struct troth_findings findings;
	struct troth_public ak;
	bool have_ak;
};

static const char *data_folder;

static struct troth_view load(const char *name, const char *suffix)
{
	char path[128];
	(void)snprintf(path, sizeof path, "quotes/%s%s", name, suffix);
	return file_load(data_folder, path);
}

static void load_all(const char *name, struct files *f)
{
	f->attest = load(name, ".attest");
	f->sig = load(name, ".sig");
	f->raw = f->sig.p == NULL;
	if (f->raw)
		f->sig = load(name, ".rsasig");
	f->pem = load(name, ".ak.pem");
	f->area = load(name, ".ak.tpmt_public");
	f->nonce = load(name, ".nonce");
	f->pcrs = load(name, ".pcrs.tsv");
}

static void free_all(struct files *f)
{
	file_free(f->attest);
	file_free(f->sig);
	file_free(f->pem);
	file_free(f->area);
	file_free(f->nonce);
	file_free(f->pcrs);
}

/* Lines of "sha256<tab>0<tab>value"; a heading comes first. */
static void read_pcrs(struct troth_view file, struct troth_pcr_values *out)
{
	char *text = calloc(1, file.n + 1), *rest = text, *line;
	assert_non_null(text);
	memcpy(text, file.p, file.n);
	(void)strsep(&rest, "\n");
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		const char *bank = strsep(&line, "\t"), *index = strsep(&line, "\t");
		uint8_t value[TROTH_DIGEST_MAX];
		uint64_t pcr;
		assert_non_null(line);
		const enum troth_hash hash = troth_hash_from_name(troth_view_str(bank));
		const size_t n = troth_hash_size(hash);
		assert_true(troth_parse_u64(troth_view_str(index), 23, &pcr));
		assert_true(troth_parse_hex(troth_view_str(line), value, n));
		assert_true(troth_pcr_set(out, hash, (uint32_t)pcr,
					  (struct troth_view){ value, n }));
	}
	free(text);
}

/* A key to verify with even where none was published: another's, which must not verify. */
static struct troth_key *load_key(struct troth_ctx *ctx, const struct files *f,
				  struct judged *out)
{
	struct troth_key *key = NULL, *from_area;
	if (f->pem.p == NULL) {
		struct troth_view pem = load("guard-good-1", ".ak.pem");
		assert_int_equal(troth_key_from_pem(pem, &key), TROTH_OK);
		file_free(pem);
		return key;
	}
	assert_int_equal(troth_key_from_pem(f->pem, &key), TROTH_OK);
	if (f->area.p == NULL)
		return key;
	assert_int_equal(troth_public_parse(ctx, f->area, &out->ak), TROTH_OK);
	assert_int_equal(troth_key_from_public(&out->ak, &from_area), TROTH_OK);
	assert_int_equal(EVP_PKEY_eq(troth_key_evp(key), troth_key_evp(from_area)), 1);
	troth_key_free(from_area);
	out->have_ak = true;
	return key;
}

static void judge(struct troth_ctx *ctx, const struct files *f, bool allow_sha1,
		  struct judged *out)
{
	struct troth_signature sig;
	struct troth_pcr_values *pcrs = calloc(1, sizeof *pcrs);
	assert_non_null(pcrs);
	memset(out, 0, sizeof *out);
	if (f->raw)
		assert_int_equal(troth_signature_from_raw(TROTH_SIG_RSASSA, TROTH_HASH_SHA256,
							  f->sig, &sig),
				 TROTH_OK);
	else
		assert_int_equal(troth_signature_parse(f->sig, &sig), TROTH_OK);
	if (f->pcrs.p != NULL)
		read_pcrs(f->pcrs, pcrs);
	struct troth_quote_case c = {
		.key = load_key(ctx, f, out),
		.ak = out->have_ak ? &out->ak : NULL,
		.attest = f->attest,
		.signature = &sig,
		.extra_data = f->nonce.p != NULL ? &f->nonce : NULL,
		.pcrs = f->pcrs.p != NULL ? pcrs : NULL,
		.allow_sha1 = allow_sha1,
	};
	assert_int_equal(troth_quote_verify(ctx, &c, &out->attest, &out->findings), TROTH_OK);
	troth_key_free(c.key);
	free(pcrs);
}

/* The findings the manifest's words ask for, names in the order of our checks. */
static void expected(const struct row *row, bool allow_sha1, char *out, size_t max)
{
	const bool verifies = strstr(row->known, "signature VERIFIES") != NULL;
	const bool weak = strstr(row->format, "/sha1") != NULL && !allow_sha1;
	const bool quote = strstr(row->format, "type 0x8018") != NULL;
	(void)snprintf(out, max, "%s%s%s", weak ? "hash-weak " : "",
		       verifies ? "" : "signature ", quote ? "" : "not-a-quote ");
}

static void found(const struct troth_findings *f, char *out, size_t max)
{
	size_t n = 0;
	out[0] = '\0';
	for (size_t i = 0; i < f->n && n < max; i++)
		n += (size_t)snprintf(out + n, max - n, "%s ",
				      troth_finding_name(f->list[i].code));
}

/* What the manifest says of the fields, written the way it writes them. */
static bool facts_agree(const struct row *row, const struct troth_attest *a)
{
	char hex[2 * TROTH_DIGEST_MAX + 1], extra[160], clock[160];
	if (a->type != TROTH_ATTEST_QUOTE)
		return true;
	troth_format_hex(a->extra_data, hex);
	(void)snprintf(extra, sizeof extra, "extraData=%s;",
		       a->extra_data.n > 0 ? hex : "(empty)");
	(void)snprintf(clock, sizeof clock, "clock=%llu reset=%u restart=%u fw=0x%llx",
		       (unsigned long long)a->clock, a->reset_count, a->restart_count,
		       (unsigned long long)a->firmware_version);
	return strstr(row->note, extra) != NULL && strstr(row->note, clock) != NULL;
}

/* "sha256:0,1 sha1:4", as in the manifest. */
static bool selection_agrees(const struct row *row, const struct troth_attest *a)
{
	char text[512] = "selection ";
	size_t n = strlen(text);
	if (a->type != TROTH_ATTEST_QUOTE)
		return true;
	for (size_t i = 0; i < a->selection.n_banks; i++) {
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s:", i > 0 ? " " : "",
				      troth_hash_name(a->selection.banks[i].bank));
		const char *comma = "";
		for (unsigned int pcr = 0; pcr < TROTH_PCR_COUNT; pcr++)
			if ((a->selection.banks[i].mask >> pcr & 1) != 0) {
				n += (size_t)snprintf(text + n, sizeof text - n, "%s%u", comma,
						      pcr);
				comma = ",";
			}
	}
	(void)snprintf(text + n, sizeof text - n, ", sig");
	return strstr(row->format, text) != NULL;
}

static bool judge_row(struct troth_ctx *ctx, const struct row *row, bool allow_sha1)
{
	static struct judged j;
	struct files f;
	char want[128], got[256];
	load_all(row->name, &f);
	judge(ctx, &f, allow_sha1, &j);
	expected(row, allow_sha1, want, sizeof want);
	found(&j.findings, got, sizeof got);
	const bool ok = strcmp(want, got) == 0 && facts_agree(row, &j.attest) &&
			selection_agrees(row, &j.attest);
	print_message("%-46s %-6s %-24s %-24s %s\n", row->name, allow_sha1 ? "sha1" : "strong",
		      *want != '\0' ? want : "genuine", *got != '\0' ? got : "genuine",
		      ok ? "ok" : "WRONG");
	free_all(&f);
	return ok;
}

/* Fills a row from a line whose first column is quotes/NAME.attest; false for other lines. */
static bool parse_row(char *line, struct row *out)
{
	const char *columns[10] = { NULL };
	for (size_t i = 0; i < sizeof columns / sizeof *columns && line != NULL; i++)
		columns[i] = strsep(&line, "\t");
	if (columns[9] == NULL || strncmp(columns[0], "quotes/", 7) != 0)
		return false;
	const char *end = strstr(columns[0], ".attest");
	if (end == NULL)
		return false;
	(void)snprintf(out->name, sizeof out->name, "%.*s", (int)(end - columns[0] - 7),
		       columns[0] + 7);
	out->format = columns[7];
	out->note = columns[8];
	out->known = columns[9];
	return true;
}

static void every_quote_is_judged_as_the_manifest_says(void **state)
{
	struct troth_view file = { 0 };
	size_t n_rows = 0, n_wrong = 0;
	if (data_folder != NULL)
		file = file_load(data_folder, "MANIFEST.tsv");
	if (file.p == NULL) {
		print_message("skipped: TROTH_TEST_DATA names no folder with MANIFEST.tsv\n");
		skip();
	}
	char *text = calloc(1, file.n + 1), *rest = text, *line;
	assert_non_null(text);
	memcpy(text, file.p, file.n);
	print_message("%-46s %-6s %-24s %-24s\n", "quote", "hash", "manifest", "found");
	while ((line = strsep(&rest, "\n")) != NULL) {
		struct row row;
		if (!parse_row(line, &row))
			continue;
		n_rows++;
		n_wrong += !judge_row(*state, &row, false);
		n_wrong += !judge_row(*state, &row, true);
	}
	print_message("%zu quotes, %zu disagreements\n", n_rows, n_wrong);
	free(text);
	file_free(file);
	assert_int_equal(n_wrong, 0);
	assert_true(n_rows > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_quote_is_judged_as_the_manifest_says),
	};
	data_folder = getenv("TROTH_TEST_DATA");
	return cmocka_run_group_tests_name("data_quotes", tests, context_setup,
					   context_teardown);
}
