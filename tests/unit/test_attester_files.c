/* SPDX-License-Identifier: Apache-2.0 */
/* Key files, certificates out of NV, and the directory of credentials. */
#include "check.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base.h"
#include "credential_store.h"
#include "file.h"
#include "key_file.h"
#include "reader.h"

#define BYTES(...)                                                                         \
	{                                                                                  \
		(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
	}

/* ---- certificates in NV ---- */

static const struct {
	const char *name;
	struct troth_view nv;
	size_t want; /* bytes kept */
} NVS[] = {
	{ "exact", BYTES(0x30, 0x02, 0x05, 0x00), 4 },
	{ "padded with ff", BYTES(0x30, 0x02, 0x05, 0x00, 0xff, 0xff), 4 },
	{ "padded with 00", BYTES(0x30, 0x02, 0x05, 0x00, 0x00), 4 },
	{ "padded with both", BYTES(0x30, 0x02, 0x05, 0x00, 0x00, 0xff), 4 },
	{ "foreign bytes after it stay", BYTES(0x30, 0x02, 0x05, 0x00, 0xff, 0x01), 6 },
	{ "long form of one byte", BYTES(0x30, 0x81, 0x02, 0x05, 0x00, 0xff), 5 },
	{ "long form of two bytes", BYTES(0x30, 0x82, 0x00, 0x02, 0x05, 0x00, 0xff), 6 },
	{ "all ff: nothing was written", BYTES(0xff, 0xff, 0xff), 0 },
	{ "all 00", BYTES(0x00, 0x00), 0 },
	{ "nothing", { NULL, 0 }, 0 },
	{ "a tag alone", BYTES(0x30), 0 },
	{ "length past the end", BYTES(0x30, 0x03, 0x05, 0x00), 0 },
	{ "two-byte length cut off", BYTES(0x30, 0x82, 0x01), 0 },
	{ "one-byte length cut off", BYTES(0x30, 0x81), 0 },
	{ "length of three bytes", BYTES(0x30, 0x83, 0x00, 0x00, 0x02, 0x05, 0x00), 0 },
	{ "indefinite length", BYTES(0x30, 0x80, 0x05, 0x00, 0x00, 0x00), 0 },
	{ "no SEQUENCE", BYTES(0x31, 0x02, 0x05, 0x00), 0 },
};

static void padding_is_cut_off(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(NVS); i++) {
		struct troth_view got = troth_tpm_certificate_trim(NVS[i].nv);
		if (got.n != NVS[i].want || (got.n > 0 && got.p != NVS[i].nv.p))
			fail_msg("%s: %zu bytes", NVS[i].name, got.n);
	}
}

/* ---- key files ---- */

static struct troth_credential_key sample_key(void)
{
	struct troth_credential_key key = { .parent = TROTH_SRK_HANDLE,
					    .public_len = 88,
					    .private_len = 126 };
	for (size_t i = 0; i < key.public_len; i++)
		key.public_area[i] = (uint8_t)i;
	for (size_t i = 0; i < key.private_len; i++)
		key.private_part[i] = (uint8_t)(7 * i);
	return key;
}

static struct troth_view pem_view(const struct troth_pem *pem)
{
	return (struct troth_view){ (const uint8_t *)pem->text, pem->n };
}

static void a_key_file_comes_back(void **state)
{
	(void)state;
	struct troth_credential_key key = sample_key(), again;
	static struct troth_pem pem;
	pem.n = 0;
	assert_int_equal(troth_key_file_format(&key, &pem), TROTH_OK);
	assert_int_equal(troth_key_file_parse(pem_view(&pem), &again), TROTH_OK);
	assert_memory_equal(&again, &key, sizeof key);
}

/* The structure of a TSS2 PRIVATE KEY, written by hand. */
static void a_key_file_is_der_of_the_standard(void **state)
{
	(void)state;
	struct troth_credential_key key = { .public_len = 1, .private_len = 2 };
	static struct troth_pem pem;
	uint8_t der[64];
	size_t n;
	key.public_area[0] = 0xaa;
	key.private_part[0] = 0xbb;
	key.private_part[1] = 0xcc;
	pem.n = 0;
	assert_int_equal(troth_key_file_format(&key, &pem), TROTH_OK);
	assert_int_equal(
		troth_pem_read(pem_view(&pem), "TSS2 PRIVATE KEY", der, sizeof der, &n),
		TROTH_OK);
	static const uint8_t WANT[] = {
		0x30, 0x1f,					/* SEQUENCE */
		0x06, 0x06, 0x67, 0x81, 0x05, 0x0a, 0x01, 0x03, /* 2.23.133.10.1.3 */
		0xa0, 0x03, 0x01, 0x01, 0xff,			/* [0] EXPLICIT TRUE */
		0x02, 0x05, 0x00, 0x81, 0x00, 0x00, 0x01,	/* INTEGER 0x81000001 */
		0x04, 0x03, 0x00, 0x01, 0xaa,			/* TPM2B_PUBLIC */
		0x04, 0x04, 0x00, 0x02, 0xbb, 0xcc,		/* TPM2B_PRIVATE */
	};
	assert_int_equal(n, sizeof WANT);
	assert_memory_equal(der, WANT, n);

	/* Without a kept SRK the parent is the owner hierarchy. */
	static const uint8_t OWNER[] = { 0x02, 0x04, 0x40, 0x00, 0x00, 0x01 };
	struct troth_credential_key again;
	key.parent = TPM2_RH_OWNER;
	pem.n = 0;
	assert_int_equal(troth_key_file_format(&key, &pem), TROTH_OK);
	assert_int_equal(
		troth_pem_read(pem_view(&pem), "TSS2 PRIVATE KEY", der, sizeof der, &n),
		TROTH_OK);
	assert_int_equal(n, sizeof WANT - 1);
	assert_memory_equal(der + 15, OWNER, sizeof OWNER);
	assert_int_equal(troth_key_file_parse(pem_view(&pem), &again), TROTH_OK);
	assert_int_equal(again.parent, TPM2_RH_OWNER);
}

/* Each byte of the DER matters, each prefix is refused, and so is anything after the end. */
static void a_changed_key_file_is_refused_or_another_key(void **state)
{
	(void)state;
	struct troth_credential_key key = sample_key(), out;
	static struct troth_pem pem, changed;
	uint8_t der[512] = { 0 };
	size_t n;
	pem.n = 0;
	assert_int_equal(troth_key_file_format(&key, &pem), TROTH_OK);
	assert_int_equal(
		troth_pem_read(pem_view(&pem), "TSS2 PRIVATE KEY", der, sizeof der, &n),
		TROTH_OK);
	for (size_t i = 0; i < n; i++) {
		der[i] ^= 1;
		changed.n = 0;
		assert_int_equal(troth_pem_append(&changed, "TSS2 PRIVATE KEY",
						  (struct troth_view){ der, n }),
				 TROTH_OK);
		POISON(out);
		enum troth_status got = troth_key_file_parse(pem_view(&changed), &out);
		der[i] ^= 1;
		if (got == TROTH_OK)
			assert_memory_not_equal(&out, &key, sizeof key);
		else
			ASSERT_POISONED(out);
	}
	for (size_t len = 1; len <= n + 1; len++) {
		if (len == n)
			continue;
		changed.n = 0;
		assert_int_equal(troth_pem_append(&changed, "TSS2 PRIVATE KEY",
						  (struct troth_view){ der, len }),
				 TROTH_OK);
		assert_int_equal(troth_key_file_parse(pem_view(&changed), &out),
				 TROTH_E_MALFORMED);
	}
}

static void other_files_are_no_key_files(void **state)
{
	(void)state;
	static const char *const TEXTS[] = {
		"",
		"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
		"-----BEGIN TSS2 PRIVATE KEY-----\nMAA=\n-----END TSS2 PRIVATE KEY-----\n",
		"-----BEGIN TSS2 PRIVATE KEY-----\nMAA=\n",
		"-----BEGIN TSS2 PRIVATE KEY-----\n????\n-----END TSS2 PRIVATE KEY-----\n",
	};
	for (size_t i = 0; i < TROTH_COUNT(TEXTS); i++) {
		struct troth_credential_key out;
		POISON(out);
		assert_int_equal(troth_key_file_parse(troth_view_str(TEXTS[i]), &out),
				 TROTH_E_MALFORMED);
		ASSERT_POISONED(out);
	}
}

static void pem_has_its_limit(void **state)
{
	(void)state;
	static uint8_t der[47 * 1024];
	static struct troth_pem pem;
	pem.n = 0;
	assert_int_equal(troth_pem_append(&pem, "CERTIFICATE", TROTH_VIEW_OF(der)), TROTH_OK);
	size_t before = pem.n;
	assert_int_equal(
		troth_pem_append(&pem, "CERTIFICATE", (struct troth_view){ der, 2048 }),
		TROTH_E_LIMIT);
	assert_int_equal(pem.n, before);
	uint8_t small[16];
	size_t n;
	assert_int_equal(troth_pem_read(pem_view(&pem), "CERTIFICATE", small, sizeof small, &n),
			 TROTH_E_LIMIT);
}

/* ---- the store ---- */

static char run_dir[] = "/tmp/troth-store.XXXXXX";

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(run_dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	static const char *const names[] = { "key.pem", "cert.pem", "bundle.pem",
					     "ear.jwt", "ear.cwt",  ".new-link" };
	troth_store_remove(run_dir);
	for (size_t i = 0; i < TROTH_COUNT(names); i++) {
		char path[128];
		snprintf(path, sizeof path, "%s/%s", run_dir, names[i]);
		unlink(path);
	}
	return rmdir(run_dir);
}

static const char *in_dir(const char *name)
{
	static char path[128];
	snprintf(path, sizeof path, "%s/%s", run_dir, name);
	return path;
}

static void assert_content(const char *name, const char *want)
{
	struct troth_buffer b = { 0 };
	assert_int_equal(troth_file_read(in_dir(name), 1024, &b), TROTH_OK);
	assert_string_equal((const char *)b.p, want);
	troth_buffer_clear(&b);
}

static struct troth_file_set set_of(const char *text)
{
	struct troth_view v = troth_view_str(text);
	return (struct troth_file_set){
		.key = v, .cert = v, .bundle = v, .state = v, .jwt = v
	};
}

static void assert_link(const char *want)
{
	char target[128];
	ssize_t n = readlink(in_dir("current"), target, sizeof target - 1);
	assert_true(n > 0);
	target[n] = '\0';
	assert_string_equal(target, want);
}

static void a_set_replaces_the_one_before(void **state)
{
	(void)state;
	struct troth_file_set set = set_of("first");
	struct stat st;
	assert_int_equal(troth_store_put(run_dir, &set), TROTH_OK);
	assert_content("key.pem", "first");
	assert_content("cert.pem", "first");
	assert_content("bundle.pem", "first");
	assert_content("current/state.json", "first");
	assert_content("ear.jwt", "first");
	assert_int_equal(access(in_dir("ear.cwt"), F_OK), -1); /* the set has none */
	assert_link("gen-1");
	assert_int_equal(stat(in_dir("key.pem"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	set = set_of("second");
	assert_int_equal(troth_store_put(run_dir, &set), TROTH_OK);
	assert_content("key.pem", "second");
	assert_link("gen-2");
	assert_int_equal(access(in_dir("gen-1"), F_OK), -1);

	troth_store_remove(run_dir);
	assert_int_equal(access(in_dir("key.pem"), F_OK), -1);
	assert_int_equal(access(in_dir("gen-2"), F_OK), -1);
	set = set_of("third");
	assert_int_equal(troth_store_put(run_dir, &set), TROTH_OK);
	assert_content("cert.pem", "third");
}

/* Where the policy changes the form of results, the other form's name goes. */
static void no_name_leads_nowhere(void **state)
{
	(void)state;
	struct stat st;
	struct troth_file_set set = set_of("jwt");
	assert_int_equal(troth_store_put(run_dir, &set), TROTH_OK);
	assert_int_equal(lstat(in_dir("ear.cwt"), &st), -1);
	set.cwt = set.jwt;
	set.jwt = (struct troth_view){ 0 };
	assert_int_equal(troth_store_put(run_dir, &set), TROTH_OK);
	assert_content("ear.cwt", "jwt");
	assert_int_equal(lstat(in_dir("ear.jwt"), &st), -1);
	set.cwt = (struct troth_view){ 0 };
	assert_int_equal(troth_store_put(run_dir, &set), TROTH_OK);
	assert_int_equal(lstat(in_dir("ear.cwt"), &st), -1);
}

/* What kill -9 leaves at each step of a put: the next put clears it away. */
static void leftovers_are_cleared_away(void **state)
{
	(void)state;
	struct troth_file_set set = set_of("good");
	assert_int_equal(troth_store_put(run_dir, &set), TROTH_OK);
	assert_int_equal(mkdir(in_dir(".new-set"), 0755), 0);
	assert_int_equal(
		troth_file_write(in_dir(".new-set/key.pem"), troth_view_str("half"), 0600),
		TROTH_OK);
	assert_int_equal(mkdir(in_dir("gen-77"), 0755), 0);
	assert_int_equal(
		troth_file_write(in_dir("gen-77/key.pem"), troth_view_str("half"), 0600),
		TROTH_OK);
	assert_int_equal(symlink("gen-77", in_dir(".new-link")), 0);
	assert_content("key.pem", "good");

	set = set_of("better");
	assert_int_equal(troth_store_put(run_dir, &set), TROTH_OK);
	assert_content("key.pem", "better");
	assert_int_equal(access(in_dir("gen-77"), F_OK), -1);
	assert_int_equal(access(in_dir(".new-set"), F_OK), -1);
	assert_int_equal(access(in_dir(".new-link"), F_OK), -1);
}

static void a_link_that_is_not_ours_is_replaced(void **state)
{
	(void)state;
	struct troth_file_set set = set_of("good");
	assert_int_equal(troth_store_put(run_dir, &set), TROTH_OK);
	assert_int_equal(unlink(in_dir("current")), 0);
	assert_int_equal(symlink("/etc", in_dir("current")), 0);
	set = set_of("ours");
	assert_int_equal(troth_store_put(run_dir, &set), TROTH_OK);
	assert_content("key.pem", "ours");
}

static void the_key_is_read_back(void **state)
{
	(void)state;
	struct troth_credential_key key = sample_key(), again;
	static struct troth_pem pem;
	pem.n = 0;
	assert_int_equal(troth_key_file_format(&key, &pem), TROTH_OK);
	struct troth_file_set set = set_of("x");
	set.key = pem_view(&pem);
	assert_int_equal(troth_store_put(run_dir, &set), TROTH_OK);
	assert_int_equal(troth_store_read_key(run_dir, &again), TROTH_OK);
	assert_memory_equal(&again, &key, sizeof key);
	troth_store_remove(run_dir);
	POISON(again);
	assert_int_equal(troth_store_read_key(run_dir, &again), TROTH_E_NOT_FOUND);
	ASSERT_POISONED(again);
}

static void a_directory_that_is_not_there(void **state)
{
	(void)state;
	struct troth_file_set set = set_of("x");
	assert_int_equal(troth_store_put("/nonexistent/run", &set), TROTH_E_IO);
	troth_store_remove("/nonexistent/run");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(padding_is_cut_off),
		cmocka_unit_test(a_key_file_comes_back),
		cmocka_unit_test(a_key_file_is_der_of_the_standard),
		cmocka_unit_test(a_changed_key_file_is_refused_or_another_key),
		cmocka_unit_test(other_files_are_no_key_files),
		cmocka_unit_test(pem_has_its_limit),
		cmocka_unit_test(a_set_replaces_the_one_before),
		cmocka_unit_test(no_name_leads_nowhere),
		cmocka_unit_test(leftovers_are_cleared_away),
		cmocka_unit_test(a_link_that_is_not_ours_is_replaced),
		cmocka_unit_test(the_key_is_read_back),
		cmocka_unit_test(a_directory_that_is_not_there),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
