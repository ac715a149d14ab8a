/* SPDX-License-Identifier: Apache-2.0 */
/* systemd's log of its own measurements, alone and merged with the others. */
#include "check.h"

#include "bootvm.h"
#include "files.h"
#include "ima.h"
#include "merged_log.h"

#define DIGEST "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define GOOD_DIGESTS "\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"" DIGEST "\"}]"
#define REST "\"content_type\":\"systemd\",\"content\":{\"string\":\"abc\"}"

static const struct {
	const char *name, *log;
	enum troth_status want;
	size_t offset;
} CASES[] = {
	{ "nothing", "", TROTH_OK, 0 },
	{ "a record", "\x1e{\"pcr\":11," GOOD_DIGESTS "," REST "}\n", TROTH_OK, 0 },
	{ "no line feed", "\x1e{\"pcr\":11," GOOD_DIGESTS "," REST "}", TROTH_OK, 0 },
	{ "no PCR: an NV index", "\x1e{" GOOD_DIGESTS "," REST "}", TROTH_OK, 0 },
	{ "the last PCR", "\x1e{\"pcr\":23," GOOD_DIGESTS "," REST "}", TROTH_OK, 0 },
	{ "a PCR past the last", "\x1e{\"pcr\":24," GOOD_DIGESTS "," REST "}",
	  TROTH_E_MALFORMED, 0 },
	{ "a PCR that is a string", "\x1e{\"pcr\":\"1\"," GOOD_DIGESTS "," REST "}",
	  TROTH_E_MALFORMED, 0 },
	{ "no separator", "{\"pcr\":11," GOOD_DIGESTS "," REST "}", TROTH_E_MALFORMED, 0 },
	{ "two records in one", "\x1e{\"pcr\":11," GOOD_DIGESTS "," REST "}{}",
	  TROTH_E_MALFORMED, 0 },
	{ "no digests", "\x1e{\"pcr\":11," REST "}", TROTH_E_MALFORMED, 0 },
	{ "a digest too short",
	  "\x1e{\"pcr\":11,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"ba\"}]," REST "}",
	  TROTH_E_MALFORMED, 0 },
	{ "a bank we do not know",
	  "\x1e{\"pcr\":11,\"digests\":[{\"hashAlg\":\"md5\",\"digest\":\"ba\"}]," REST "}",
	  TROTH_OK, 0 },
	{ "a bank twice",
	  "\x1e{\"pcr\":11,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"" DIGEST
	  "\"},{\"hashAlg\":\"sha256\",\"digest\":\"" DIGEST "\"}]," REST "}",
	  TROTH_E_MALFORMED, 0 },
	{ "another writer",
	  "\x1e{\"pcr\":11," GOOD_DIGESTS ",\"content_type\":\"pcclient_std\"}",
	  TROTH_E_MALFORMED, 0 },
	{ "a time before all time",
	  "\x1e{\"pcr\":11," GOOD_DIGESTS
	  ",\"content_type\":\"systemd\",\"content\":{\"timestamp\":-1}}",
	  TROTH_E_MALFORMED, 0 },
	{ "a bad second record", "\x1e{\"pcr\":11," GOOD_DIGESTS "," REST "}\n\x1e{}\n",
	  TROTH_E_MALFORMED, 173 },
};

static void records_are_read_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct troth_view exact = view_dup(troth_view_str(CASES[i].log));
		struct troth_userspace_log log;
		POISON(log);
		print_message("%s\n", CASES[i].name);
		assert_int_equal(troth_userspace_parse(exact, &log), CASES[i].want);
		if (CASES[i].want == TROTH_OK) {
			troth_userspace_release(&log);
		} else {
			assert_int_equal(log.error_offset, CASES[i].offset);
			memset(&log.error_offset, 0xaa, sizeof log.error_offset);
			ASSERT_POISONED(log);
		}
		file_free(exact);
	}
}

static struct troth_view fixture(void)
{
	return file_load(TROTH_FIXTURES "/systemd", "tpm2-measure.log");
}

/* python3 made the digests; the volume key's is of a secret. */
static void digests_prove_strings(void **state)
{
	static const enum troth_proof WANT[] = { TROTH_PROOF_DATA, TROTH_PROOF_DIGEST,
						 TROTH_PROOF_DATA, TROTH_PROOF_DATA,
						 TROTH_PROOF_DATA, TROTH_PROOF_NONE,
						 TROTH_PROOF_DATA, TROTH_PROOF_DATA };
	struct troth_view bytes = fixture();
	struct troth_userspace_log log;
	struct troth_event_proof p;
	assert_int_equal(troth_userspace_parse(bytes, &log), TROTH_OK);
	assert_int_equal(log.n_events, 8);
	for (size_t i = 0; i < log.n_events; i++) {
		for (enum troth_hash bank = TROTH_HASH_SHA1; bank <= TROTH_HASH_SHA384;
		     bank++) {
			assert_int_equal(
				troth_userspace_prove(*state, &log.events[i], bank, &p),
				TROTH_OK);
			assert_int_equal(p.proof, WANT[i]);
		}
		assert_int_equal(
			troth_userspace_prove(*state, &log.events[i], TROTH_HASH_SHA512, &p),
			TROTH_OK);
		assert_int_equal(p.proof, TROTH_PROOF_NONE);
	}
	assert_true(troth_view_equal(log.events[0].text, troth_view_str("enter-initrd")));
	assert_true(troth_view_equal(log.events[0].type, troth_view_str("phase")));
	assert_true(log.events[4].text.n > 20 && log.events[7].timestamp_us > 8000000);
	/* A string that is not what was measured. */
	struct troth_userspace_event forged = log.events[0];
	forged.text = troth_view_str("leave-initrd");
	assert_int_equal(troth_userspace_prove(*state, &forged, TROTH_HASH_SHA256, &p),
			 TROTH_OK);
	assert_int_equal(p.proof, TROTH_PROOF_DIGEST);
	troth_userspace_release(&log);
	file_free(bytes);
}

static void sizes_are_limited(void **state)
{
	static const char RECORD[] = "\x1e{\"digests\":[],\"content_type\":\"systemd\"}\n";
	const size_t n = sizeof RECORD - 1;
	struct troth_userspace_log log;
	char *bytes = calloc(1, (TROTH_LOG_EVENTS_MAX + 1) * n);
	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i <= TROTH_LOG_EVENTS_MAX; i++)
		memcpy(bytes + i * n, RECORD, n);
	struct troth_view v = { (const uint8_t *)bytes, TROTH_LOG_EVENTS_MAX * n };
	assert_int_equal(troth_userspace_parse(v, &log), TROTH_OK);
	assert_int_equal(log.n_events, TROTH_LOG_EVENTS_MAX);
	troth_userspace_release(&log);
	v.n += n;
	assert_int_equal(troth_userspace_parse(v, &log), TROTH_E_LIMIT);
	free(bytes);
	bytes = malloc(TROTH_USERSPACE_LOG_MAX + 1);
	assert_non_null(bytes);
	memset(bytes, ' ', TROTH_USERSPACE_LOG_MAX + 1);
	memcpy(bytes, RECORD, n);
	v = (struct troth_view){ (const uint8_t *)bytes, TROTH_USERSPACE_LOG_MAX };
	assert_int_equal(troth_userspace_parse(v, &log), TROTH_OK);
	troth_userspace_release(&log);
	v.n++;
	assert_int_equal(troth_userspace_parse(v, &log), TROTH_E_LIMIT);
	free(bytes);
}

/* ---- merged ---- */

static void sources_follow_one_another(void **state)
{
	struct bootvm *vm = bootvm_load(*state, "uki-sb-on-cmdline");
	struct troth_view bytes = fixture();
	struct troth_view ima_bytes =
		file_load(TROTH_FIXTURES "/bootvm/uki-sb-on-cmdline", "ima_binary");
	struct troth_userspace_log systemd;
	struct troth_ima_list ima;
	struct troth_merged_entry e;
	uint64_t n[TROTH_SOURCE_IMA + 1] = { 0 };
	assert_int_equal(troth_userspace_parse(bytes, &systemd), TROTH_OK);
	assert_int_equal(troth_ima_open(*state, ima_bytes, TROTH_HASH_NONE, &ima), TROTH_OK);
	struct troth_merged_log m =
		troth_merged_begin(*state, TROTH_HASH_SHA256, &vm->log, &systemd, &ima);
	for (uint64_t i = 0;; i++) {
		assert_int_equal(troth_merged_next(&m, &e), TROTH_OK);
		if (e.source == TROTH_SOURCE_NONE)
			break;
		assert_int_equal(e.position, i);
		assert_int_equal(e.index, n[e.source]++);
		/* Firmware first, then boot_aggregate, then systemd, then files. */
		if (e.source == TROTH_SOURCE_SYSTEMD)
			assert_true(n[TROTH_SOURCE_IMA] == 1);
		if (e.source != TROTH_SOURCE_FIRMWARE)
			assert_int_equal(n[TROTH_SOURCE_FIRMWARE], vm->log.n_events);
	}
	assert_int_equal(n[TROTH_SOURCE_SYSTEMD], 8);
	assert_true(n[TROTH_SOURCE_IMA] > 10);
	/* The end stays the end. */
	assert_int_equal(troth_merged_next(&m, &e), TROTH_OK);
	assert_int_equal(e.source, TROTH_SOURCE_NONE);
	troth_userspace_release(&systemd);
	file_free(bytes);
	file_free(ima_bytes);
	bootvm_free(vm);
}

/* A list that breaks off is refused where it does. */
static void a_broken_list_ends_the_merged_log(void **state)
{
	struct bootvm *vm = bootvm_load(*state, "direct");
	struct troth_view ima_bytes = file_load(TROTH_FIXTURES "/bootvm/direct", "ima_binary");
	struct troth_ima_list ima;
	struct troth_merged_entry e;
	enum troth_status st = TROTH_OK;
	size_t n = 0;
	ima_bytes.n -= 1;
	assert_int_equal(troth_ima_open(*state, ima_bytes, TROTH_HASH_NONE, &ima), TROTH_OK);
	struct troth_merged_log m =
		troth_merged_begin(*state, TROTH_HASH_SHA256, &vm->log, NULL, &ima);
	while ((st = troth_merged_next(&m, &e)) == TROTH_OK && e.source != TROTH_SOURCE_NONE)
		n++;
	assert_int_equal(st, TROTH_E_TRUNCATED);
	assert_true(n > vm->log.n_events);
	file_free(ima_bytes);
	bootvm_free(vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_read_or_refused),
		cmocka_unit_test(digests_prove_strings),
		cmocka_unit_test(sizes_are_limited),
		cmocka_unit_test(sources_follow_one_another),
		cmocka_unit_test(a_broken_list_ends_the_merged_log),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
