/* SPDX-License-Identifier: Apache-2.0 */
/* Judges every certificate of $TROTH_TEST_DATA/ek against every one of $TROTH_TEST_DATA/ca,
 * each a day after it was issued, prints a table, and compares with what MANIFEST.tsv knows of
 * it: "chain verified ..." must be trusted, anything else must not.
 * tests/data/ek-disagreements.md explains what this decides. The certificates of bootvm come
 * with keys and authorities. */
#include "check.h"

#include <dirent.h>
#include <stdio.h>

#include "base.h"
#include "ek.h"
#include "files.h"
#include "reader.h"

#define DAY_S 86400

static const char *data;

static void folder(const char *name, char out[512])
{
	assert_true(snprintf(out, 512, "%s/%s", data, name) < 512);
}

/* Roots are told from intermediates by what they are: the folder holds both. */
static struct troth_ek_trust *load_authorities(void)
{
	char path[512];
	struct troth_ek_trust *trust = NULL;
	size_t n = 0;
	folder("ca", path);
	assert_int_equal(troth_ek_trust_new(&trust), TROTH_OK);
	DIR *dir = opendir(path);
	assert_non_null(dir);
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
		if (e->d_name[0] == '.')
			continue;
		struct troth_view cert = file_load(path, e->d_name);
		enum troth_status s = troth_ek_trust_add_root(trust, cert);
		if (s != TROTH_OK)
			fail_msg("ca/%s: %s", e->d_name, troth_status_name(s));
		file_free(cert);
		n++;
	}
	(void)closedir(dir);
	assert_true(n > 0);
	return trust;
}

/* The line of a file in the manifest, as its last column. */
static bool expected_trusted(struct troth_view manifest, const char *file, bool *out)
{
	char key[300];
	(void)snprintf(key, sizeof key, "\nek/%s\t", file);
	const char *text = (const char *)manifest.p;
	const char *line = memmem(text, manifest.n, key, strlen(key));
	if (line == NULL)
		return false;
	size_t left = manifest.n - (size_t)(line + 1 - text);
	const char *end = memchr(line + 1, '\n', left);
	assert_non_null(end);
	const char *last = memrchr(line + 1, '\t', (size_t)(end - line - 1));
	assert_non_null(last);
	*out = strncmp(last + 1, "chain verified", strlen("chain verified")) == 0;
	return true;
}

static void print_row(const char *file, bool expected, const struct troth_findings *f)
{
	print_message("%-62s %-10s %s", file, expected ? "verified" : "not",
		      f->n == 0 ? "trusted" : "");
	for (size_t i = 0; i < f->n; i++)
		print_message("%s%s (%s)", i > 0 ? ", " : "",
			      troth_finding_name(f->list[i].code), f->list[i].detail);
	print_message("\n");
}

/* Judged at a time inside its own validity, which a first look gives. */
static void judge(struct troth_ctx *ctx, const struct troth_ek_trust *trust,
		  struct troth_view cert, struct troth_findings *out)
{
	struct troth_ek_cert_facts facts;
	struct troth_findings first = { 0 };
	struct troth_ek_cert_case c = { .trust = trust, .cert = cert };
	assert_int_equal(troth_ek_cert_verify(ctx, &c, &facts, &first), TROTH_OK);
	assert_true(facts.not_after_s > facts.not_before_s);
	c.now_s = facts.not_before_s + DAY_S;
	assert_int_equal(troth_ek_cert_verify(ctx, &c, &facts, out), TROTH_OK);
	assert_true(facts.issuer[0] != '\0');
}

static void collected_certificates(void **state)
{
	char path[512];
	size_t n = 0, disagreements = 0;
	if (data == NULL) {
		print_message("TROTH_TEST_DATA is not set: nothing to judge\n");
		skip();
	}
	struct troth_view manifest = file_load(data, "MANIFEST.tsv");
	struct troth_ek_trust *trust = load_authorities();
	folder("ek", path);
	DIR *dir = opendir(path);
	assert_non_null(dir);
	print_message("%-62s %-10s %s\n", "file", "manifest", "outcome");
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
		struct troth_findings f = { 0 };
		bool expected = false;
		if (e->d_name[0] == '.')
			continue;
		struct troth_view cert = file_load(path, e->d_name);
		assert_true(expected_trusted(manifest, e->d_name, &expected));
		judge(*state, trust, cert, &f);
		print_row(e->d_name, expected, &f);
		disagreements += (f.n == 0) != expected;
		file_free(cert);
		n++;
	}
	(void)closedir(dir);
	troth_ek_trust_free(trust);
	file_free(manifest);
	print_message("%zu certificates, %zu disagreements\n", n, disagreements);
	assert_true(n > 0);
	assert_int_equal(disagreements, 0);
}

/* A key from the TPM's own TPM2B_PUBLIC. ek_ecc.pub is of a P-256 EK, which
 * has no certificate. */
static size_t spki_of(struct troth_ctx *ctx, const char *dir, const char *file, uint8_t *spki,
		      size_t max)
{
	struct troth_view tpm2b = file_load(dir, file), inner;
	struct troth_public pub;
	size_t n;
	assert_int_equal(troth_public_unwrap(tpm2b, &inner), TROTH_OK);
	assert_int_equal(troth_public_parse(ctx, inner, &pub), TROTH_OK);
	assert_int_equal(troth_public_spki(&pub, spki, max, &n), TROTH_OK);
	file_free(tpm2b);
	return n;
}

/* key_file is NULL where the capture has no public area of the certified key. */
static void judge_with_key(struct troth_ctx *ctx, const char *dir, const char *cert_file,
			   const char *key_file, const char *other_key_file)
{
	uint8_t spki[600];
	struct troth_ek_cert_facts facts;
	struct troth_findings f = { 0 };
	struct troth_view cert = file_load(dir, cert_file);
	struct troth_view root = file_load(dir, "swtpm-localca-rootca-cert.pem");
	struct troth_view issuer = file_load(dir, "issuercert.pem");
	struct troth_ek_trust *trust = NULL;
	assert_int_equal(troth_ek_trust_new(&trust), TROTH_OK);
	assert_int_equal(troth_ek_trust_add_root(trust, root), TROTH_OK);
	assert_int_equal(troth_ek_trust_add_intermediate(trust, issuer), TROTH_OK);

	struct troth_view key = { spki, 0 };
	if (key_file != NULL)
		key.n = spki_of(ctx, dir, key_file, spki, sizeof spki);
	struct troth_ek_cert_case c = { .trust = trust,
					.cert = cert,
					.spki = key_file != NULL ? &key : NULL,
					.now_s = UINT64_C(1795392000) /* 2026-11-23 */ };
	assert_int_equal(troth_ek_cert_verify(ctx, &c, &facts, &f), TROTH_OK);
	if (f.n != 0)
		fail_msg("%s/%s: %s (%s)", dir, cert_file, troth_finding_name(f.list[0].code),
			 f.list[0].detail);
	assert_string_equal(facts.manufacturer, "id:00001014");
	assert_string_equal(facts.model, "swtpm");

	key.n = spki_of(ctx, dir, other_key_file, spki, sizeof spki);
	c.spki = &key;
	assert_int_equal(troth_ek_cert_verify(ctx, &c, &facts, &f), TROTH_OK);
	assert_int_equal(f.n, 1);
	assert_int_equal(f.list[0].code, TROTH_FINDING_EK_KEY_MISMATCH);
	troth_ek_trust_free(trust);
	file_free(cert);
	file_free(root);
	file_free(issuer);
}

static void certificates_of_swtpm_are_of_their_keys(void **state)
{
	char path[512], dir_path[512];
	size_t n = 0;
	if (data == NULL)
		skip();
	folder("bootvm", path);
	DIR *dir = opendir(path);
	assert_non_null(dir);
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
		if (e->d_name[0] == '.')
			continue;
		assert_true(snprintf(dir_path, sizeof dir_path, "%s/%s", path, e->d_name) <
			    (int)sizeof dir_path);
		judge_with_key(*state, dir_path, "ek-rsa2048.crt", "ek_rsa.pub", "ek_ecc.pub");
		judge_with_key(*state, dir_path, "ek-secp384r1.crt", NULL, "ek_ecc.pub");
		n++;
	}
	(void)closedir(dir);
	assert_true(n > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(collected_certificates),
		cmocka_unit_test(certificates_of_swtpm_are_of_their_keys),
	};
	data = getenv("TROTH_TEST_DATA");
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
