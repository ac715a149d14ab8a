/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "boot_facts.h"
#include "bootvm.h"
#include "log_builder.h"

#define DRIVER_CONFIG 0x80000001U
#define APPLICATION 0x80000003U
#define ACTION 0x80000007U
#define AUTHORITY 0x800000e0U

static const uint8_t GUID_SHIM[16] = { 0x50, 0xab, 0x5d, 0x60, 0x46, 0xe0, 0x00, 0x43,
				       0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23 };
static const enum troth_hash TWO_BANKS[] = { TROTH_HASH_SHA1, TROTH_HASH_SHA256 };

/* ---- our captures ---- */

static const struct {
	const char *variant;
	enum troth_secure_boot want;
	uint32_t n_authorities, n_images;
} CAPTURES[] = {
	/* Debian's shim measures db for itself; its SbatLevel and MokListRT do not count. */
	{ "shim-sb-on", TROTH_SECURE_BOOT_ON, 1, 4 },
	{ "shim-sb-on-cmdline", TROTH_SECURE_BOOT_ON, 1, 4 },
	{ "shim-sb-on-initrd-tampered", TROTH_SECURE_BOOT_ON, 1, 4 },
	{ "uki-sb-on-snakeoil", TROTH_SECURE_BOOT_ON, 1, 1 },
	{ "uki-sb-on-cmdline", TROTH_SECURE_BOOT_ON, 1, 1 },
	{ "uki-sb-off", TROTH_SECURE_BOOT_OFF, 0, 2 },
	{ "shim-sb-off-chainload", TROTH_SECURE_BOOT_OFF, 0, 3 },
	{ "direct", TROTH_SECURE_BOOT_OFF, 0, 1 },
	{ "direct-tmpfs", TROTH_SECURE_BOOT_OFF, 0, 1 },
	/* SecureBoot is 1 and no image was ever verified. */
	{ "direct-sb-on-legacy-bypass", TROTH_SECURE_BOOT_CLAIMED, 0, 0 },
};

static void captures_prove_what_they_are(void **state)
{
	static const enum troth_hash BANKS[] = { TROTH_HASH_SHA1, TROTH_HASH_SHA256,
						 TROTH_HASH_SHA384 };
	for (size_t i = 0; i < sizeof CAPTURES / sizeof *CAPTURES; i++) {
		struct bootvm *vm = bootvm_load(*state, CAPTURES[i].variant);
		for (size_t k = 0; k < 3; k++) {
			struct troth_boot_facts f;
			assert_int_equal(troth_boot_facts_read(*state, &vm->log, BANKS[k], &f),
					 TROTH_OK);
			if (f.secure_boot != CAPTURES[i].want)
				fail_msg("%s: %d", CAPTURES[i].variant, (int)f.secure_boot);
			assert_int_equal(f.n_authorities, CAPTURES[i].n_authorities);
			assert_int_equal(f.n_images, CAPTURES[i].n_images);
			assert_int_equal(f.separators, 0xff);
			assert_int_equal(f.bad_separators, 0);
			assert_int_equal(f.n_unproven, 0);
			assert_int_equal(f.first_unproven, -1);
			assert_int_equal(f.quirks, 0);
		}
		bootvm_free(vm);
	}
}

static void bank_without_digests_proves_nothing(void **state)
{
	struct bootvm *vm = bootvm_load(*state, "shim-sb-on");
	struct troth_boot_facts f;
	assert_int_equal(troth_boot_facts_read(*state, &vm->log, TROTH_HASH_SHA512, &f),
			 TROTH_OK);
	assert_int_equal(f.secure_boot, TROTH_SECURE_BOOT_UNKNOWN);
	assert_int_equal(f.separators, 0);
	POISON(f);
	assert_int_equal(troth_boot_facts_read(*state, &vm->log, TROTH_HASH_NONE, &f),
			 TROTH_E_UNSUPPORTED);
	ASSERT_POISONED(f);
	bootvm_free(vm);
}

/* ---- a boot with secure boot on, one thing changed at a time ---- */

enum change {
	NOTHING,
	VARIABLE_IS_0,
	VARIABLE_IS_EMPTY,
	VARIABLE_IS_2,
	VARIABLE_IS_LONG,
	VARIABLE_IS_FORGED, /* 0 was measured, 1 is written in the log */
	VARIABLE_OF_OTHER_GUID,
	VARIABLE_OF_OTHER_NAME,
	VARIABLE_IN_OTHER_PCR,
	VARIABLE_TWICE,
	VARIABLE_AFTER_SEPARATOR,
	DB_TWICE,
	NO_SEPARATOR,
	SEPARATOR_IS_ONES,
	SEPARATOR_IS_ERROR,
	SEPARATOR_TWICE,
	SEPARATOR_IS_FORGED,
	NO_AUTHORITY,
	AUTHORITY_IS_FORGED,
	AUTHORITY_WITH_EXTRA_BYTE,
	AUTHORITY_WITH_TWO_EXTRA_BYTES,
	AUTHORITY_IN_OTHER_PCR,
	AUTHORITY_OF_SHIM,
	AUTHORITY_AFTER_HANDOVER,
	NO_IMAGE,
	IMAGE_IN_OTHER_PCR,
	IMAGE_AFTER_HANDOVER,
	DEBUG_MODE,
};

static struct log_builder b;

static void put_variable(uint32_t pcr, const uint8_t guid[16], const char *name,
			 struct troth_view said, struct troth_view measured)
{
	uint8_t data[256], other[256];
	size_t n = uefi_variable(guid, name, said, data, sizeof data);
	size_t m = uefi_variable(guid, name, measured, other, sizeof other);
	log_event2(&b, pcr, DRIVER_CONFIG, (struct troth_view){ other, m },
		   (struct troth_view){ data, n });
}

static void put_policy(enum change c)
{
	static const uint8_t ONE[] = { 1 }, ZERO[] = { 0 }, TWO[] = { 2 }, LONG[] = { 1, 0 };
	struct troth_view value = TROTH_VIEW_OF(ONE);
	if (c == VARIABLE_IS_0)
		value = TROTH_VIEW_OF(ZERO);
	if (c == VARIABLE_IS_EMPTY)
		value = (struct troth_view){ 0 };
	if (c == VARIABLE_IS_2)
		value = TROTH_VIEW_OF(TWO);
	if (c == VARIABLE_IS_LONG)
		value = TROTH_VIEW_OF(LONG);
	put_variable(c == VARIABLE_IN_OTHER_PCR ? 6 : 7,
		     c == VARIABLE_OF_OTHER_GUID ? GUID_SECURITY : GUID_GLOBAL,
		     c == VARIABLE_OF_OTHER_NAME ? "SecureBoo" : "SecureBoot", value,
		     c == VARIABLE_IS_FORGED ? TROTH_VIEW_OF(ZERO) : value);
	if (c == VARIABLE_TWICE)
		put_variable(7, GUID_GLOBAL, "SecureBoot", value, value);
	for (int i = 0; i < (c == DB_TWICE ? 2 : 1); i++)
		put_variable(7, GUID_SECURITY, "db", TROTH_VIEW_OF(ONE), TROTH_VIEW_OF(ONE));
}

static void put_separators(enum change c)
{
	static const uint8_t ONES[4] = { 255, 255, 255, 255 }, ERROR[4] = { 1 },
			     ZEROS[4] = { 0 };
	for (uint32_t pcr = 0; pcr < 8; pcr++) {
		if (pcr != 7) {
			log_separator(&b, pcr);
			continue;
		}
		if (c == NO_SEPARATOR)
			continue;
		if (c == SEPARATOR_IS_ONES)
			log_event(&b, pcr, 4, TROTH_VIEW_OF(ONES));
		else if (c == SEPARATOR_IS_ERROR)
			log_event(&b, pcr, 4, TROTH_VIEW_OF(ERROR));
		else if (c == SEPARATOR_IS_FORGED)
			log_event2(&b, pcr, 4, TROTH_VIEW_OF(ERROR), TROTH_VIEW_OF(ZEROS));
		else
			log_separator(&b, pcr);
		if (c == SEPARATOR_TWICE)
			log_separator(&b, pcr);
	}
}

static void put_handover(void)
{
	log_text(&b, 5, ACTION, "Exit Boot Services Invocation");
	log_text(&b, 5, ACTION, "Exit Boot Services Returned with Success");
}

static void put_authority(enum change c)
{
	uint8_t data[256] = { 0 };
	size_t n = uefi_variable(c == AUTHORITY_OF_SHIM ? GUID_SHIM : GUID_SECURITY,
				 c == AUTHORITY_OF_SHIM ? "SbatLevel" : "db",
				 troth_view_str("certificate"), data, sizeof data);
	const struct troth_view measured = { data, n };
	struct troth_view said = measured;
	if (c == NO_AUTHORITY)
		return;
	if (c == AUTHORITY_IS_FORGED)
		log_event2(&b, 7, AUTHORITY, troth_view_str("other"), said);
	else {
		said.n += c == AUTHORITY_WITH_EXTRA_BYTE;
		said.n += c == AUTHORITY_WITH_TWO_EXTRA_BYTES ? 2 : 0;
		log_event2(&b, c == AUTHORITY_IN_OTHER_PCR ? 6 : 7, AUTHORITY, measured, said);
	}
}

static void put_boot(enum change c)
{
	static const uint8_t ONE[] = { 1 };
	log_begin(&b, TWO_BANKS, 2);
	log_text(&b, 0, 8, "1.0");
	put_policy(c);
	if (c == DEBUG_MODE)
		log_text(&b, 7, ACTION, "UEFI Debug Mode");
	put_separators(c);
	if (c == VARIABLE_AFTER_SEPARATOR)
		put_variable(7, GUID_SECURITY, "dbt", TROTH_VIEW_OF(ONE), TROTH_VIEW_OF(ONE));
	if (c != AUTHORITY_AFTER_HANDOVER)
		put_authority(c);
	if (c == IMAGE_AFTER_HANDOVER)
		put_handover();
	if (c != NO_IMAGE)
		log_event2(&b, c == IMAGE_IN_OTHER_PCR ? 2 : 4, APPLICATION,
			   troth_view_str("image"), troth_view_str("path"));
	if (c != IMAGE_AFTER_HANDOVER)
		put_handover();
	if (c == AUTHORITY_AFTER_HANDOVER)
		put_authority(c);
}

#define ON TROTH_SECURE_BOOT_ON
#define OFF TROTH_SECURE_BOOT_OFF
#define CLAIMED TROTH_SECURE_BOOT_CLAIMED
#define UNKNOWN TROTH_SECURE_BOOT_UNKNOWN

static const struct {
	const char *name;
	enum change change;
	enum troth_secure_boot want;
	uint32_t n_unproven, separators, bad_separators, quirks;
} CASES[] = {
	{ "nothing wrong", NOTHING, ON, 0, 0xff, 0, 0 },
	{ "variable 0", VARIABLE_IS_0, OFF, 0, 0xff, 0, 0 },
	{ "variable absent", VARIABLE_IS_EMPTY, OFF, 0, 0xff, 0, 0 },
	{ "variable 2", VARIABLE_IS_2, UNKNOWN, 0, 0xff, 0, 0 },
	{ "variable of two bytes", VARIABLE_IS_LONG, UNKNOWN, 0, 0xff, 0, 0 },
	{ "variable not what was measured", VARIABLE_IS_FORGED, UNKNOWN, 1, 0xff, 0, 0 },
	{ "variable of another vendor", VARIABLE_OF_OTHER_GUID, UNKNOWN, 0, 0xff, 0, 0 },
	{ "variable of another name", VARIABLE_OF_OTHER_NAME, UNKNOWN, 0, 0xff, 0, 0 },
	{ "variable in PCR 6", VARIABLE_IN_OTHER_PCR, UNKNOWN, 0, 0xff, 0, 0 },
	{ "variable twice", VARIABLE_TWICE, UNKNOWN, 0, 0xff, 0, 0 },
	{ "variable behind the separator", VARIABLE_AFTER_SEPARATOR, UNKNOWN, 0, 0xff, 0, 0 },
	{ "db twice", DB_TWICE, UNKNOWN, 0, 0xff, 0, 0 },
	{ "no separator in PCR 7", NO_SEPARATOR, UNKNOWN, 0, 0x7f, 0, 0 },
	{ "separator of ones", SEPARATOR_IS_ONES, ON, 0, 0xff, 0, 0 },
	{ "error separator", SEPARATOR_IS_ERROR, UNKNOWN, 0, 0x7f, 0x80, 0 },
	{ "error separator shown as zeros", SEPARATOR_IS_FORGED, UNKNOWN, 1, 0x7f, 0x80, 0 },
	{ "two separators", SEPARATOR_TWICE, UNKNOWN, 0, 0x7f, 0x80, 0 },
	{ "no authority", NO_AUTHORITY, CLAIMED, 0, 0xff, 0, 0 },
	{ "authority not what was measured", AUTHORITY_IS_FORGED, CLAIMED, 0, 0xff, 0, 0 },
	{ "authority with one more byte", AUTHORITY_WITH_EXTRA_BYTE, ON, 0, 0xff, 0,
	  TROTH_QUIRK_AUTHORITY_EXTRA_BYTE },
	{ "authority with two more bytes", AUTHORITY_WITH_TWO_EXTRA_BYTES, CLAIMED, 0, 0xff, 0,
	  0 },
	{ "authority in PCR 6", AUTHORITY_IN_OTHER_PCR, CLAIMED, 0, 0xff, 0, 0 },
	{ "authority of shim only", AUTHORITY_OF_SHIM, CLAIMED, 0, 0xff, 0, 0 },
	{ "authority after the handover", AUTHORITY_AFTER_HANDOVER, CLAIMED, 0, 0xff, 0, 0 },
	{ "no image", NO_IMAGE, CLAIMED, 0, 0xff, 0, 0 },
	{ "image in PCR 2", IMAGE_IN_OTHER_PCR, CLAIMED, 0, 0xff, 0, 0 },
	{ "image after the handover", IMAGE_AFTER_HANDOVER, CLAIMED, 0, 0xff, 0, 0 },
	{ "debug mode", DEBUG_MODE, UNKNOWN, 0, 0xff, 0, 0 },
};

static void one_change_makes_the_difference(void **state)
{
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
		for (size_t k = 0; k < 2; k++) {
			struct troth_log log;
			struct troth_boot_facts f;
			put_boot(CASES[i].change);
			assert_int_equal(troth_log_parse(log_bytes(&b), &log), TROTH_OK);
			assert_int_equal(troth_boot_facts_read(*state, &log, TWO_BANKS[k], &f),
					 TROTH_OK);
			if (f.secure_boot != CASES[i].want ||
			    f.n_unproven != CASES[i].n_unproven ||
			    f.separators != CASES[i].separators ||
			    f.bad_separators != CASES[i].bad_separators ||
			    f.quirks != CASES[i].quirks)
				fail_msg("%s: secure boot %d, unproven %u, separators %x, bad "
					 "%x, quirks %x",
					 CASES[i].name, (int)f.secure_boot, f.n_unproven,
					 f.separators, f.bad_separators, f.quirks);
			troth_log_release(&log);
		}
}

/* An attacker fixes the digest of one bank only: the other must not profit. */
static void digest_counts_in_its_own_bank(void **state)
{
	struct troth_log log;
	struct troth_boot_facts f;
	put_boot(NOTHING);
	assert_int_equal(troth_log_parse(log_bytes(&b), &log), TROTH_OK);
	for (size_t i = 0; i < log.n_events; i++)
		if (log.events[i].type == DRIVER_CONFIG)
			b.bytes[log.events[i].digests[0].p - b.bytes] ^= 1;
	assert_int_equal(troth_boot_facts_read(*state, &log, TROTH_HASH_SHA1, &f), TROTH_OK);
	assert_int_equal(f.secure_boot, TROTH_SECURE_BOOT_UNKNOWN);
	assert_int_equal(f.n_unproven, 2);
	assert_int_equal(f.first_unproven, 2);
	assert_int_equal(troth_boot_facts_read(*state, &log, TROTH_HASH_SHA256, &f), TROTH_OK);
	assert_int_equal(f.secure_boot, TROTH_SECURE_BOOT_ON);
	assert_int_equal(f.n_unproven, 0);
	troth_log_release(&log);
}

/* Lengths of a UEFI variable that lie, in an event whose digest is right. */
static void lying_variable_lengths_prove_nothing(void **state)
{
	static const uint64_t LIES[] = {
		0,
		9,
		11,
		1ULL << 31,
		1ULL << 32,
		1ULL << 63,
		UINT64_MAX,
		UINT64_MAX / 2 + 1,
		(1ULL << 63) + 10, /* ten, once it is doubled to bytes */
	};
	static const uint8_t ONE[] = { 1 };
	for (size_t field = 16; field <= 24; field += 8)
		for (size_t i = 0; i < sizeof LIES / sizeof *LIES; i++) {
			uint8_t data[128];
			struct troth_log log;
			struct troth_boot_facts f;
			size_t n = uefi_variable(GUID_GLOBAL, "SecureBoot", TROTH_VIEW_OF(ONE),
						 data, sizeof data);
			for (size_t k = 0; k < 8; k++)
				data[field + k] = (uint8_t)(LIES[i] >> (8 * k));
			log_begin(&b, TWO_BANKS, 2);
			log_event(&b, 7, DRIVER_CONFIG, (struct troth_view){ data, n });
			log_separator(&b, 7);
			assert_int_equal(troth_log_parse(log_bytes(&b), &log), TROTH_OK);
			assert_int_equal(
				troth_boot_facts_read(*state, &log, TROTH_HASH_SHA256, &f),
				TROTH_OK);
			assert_int_equal(f.secure_boot, TROTH_SECURE_BOOT_UNKNOWN);
			troth_log_release(&log);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures_prove_what_they_are),
		cmocka_unit_test(bank_without_digests_proves_nothing),
		cmocka_unit_test(one_change_makes_the_difference),
		cmocka_unit_test(digest_counts_in_its_own_bank),
		cmocka_unit_test(lying_variable_lengths_prove_nothing),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
