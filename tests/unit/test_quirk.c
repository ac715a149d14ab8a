/* SPDX-License-Identifier: Apache-2.0 */
/* Each quirk with a log that has it and is read all the same, and a neighbour that has it no
 * longer: nothing is tolerated without a name, and no name without a fixture and a line in
 * docs/eventlog.md. */
#include "check.h"

#include "event_text.h"
#include "facts.h"
#include "files.h"
#include "log_builder.h"

static const enum troth_hash TWO_BANKS[] = { TROTH_HASH_SHA1, TROTH_HASH_SHA256 };
static struct log_builder b;

static void put_locality(uint8_t locality)
{
	uint8_t data[17] = "StartupLocality";
	data[16] = locality;
	log_event2(&b, 0, 3, (struct troth_view){ 0 }, TROTH_VIEW_OF(data));
}

static struct troth_view variable(const char *name, const char *value)
{
	static uint8_t data[256];
	return (struct troth_view){ data,
				    uefi_variable(GUID_SECURITY, name, troth_view_str(value),
						  data, sizeof data) };
}

/* ---- fixtures: good is the neighbour without the quirk ---- */

static void pcr_index(bool good)
{
	log_text(&b, good ? 23 : UINT32_MAX, 3, "an event of Windows");
}

static void fewer_digests(bool good)
{
	b.n_banks = good ? 2 : 1;
	log_text(&b, 12, 6, "an event of Windows");
	b.n_banks = 2;
}

static void trailing_padding(bool good)
{
	static const uint8_t PADDING[40] = { 0 };
	log_text(&b, 5, 5, "text");
	log_put(&b, PADDING, good ? 0 : sizeof PADDING);
}

static void startup_locality(bool good)
{
	put_locality(good ? 0 : 3);
	log_text(&b, 0, 5, "text");
}

static void hcrtm(bool good)
{
	log_text(&b, 0, good ? 5 : 0x80000010, "HCRTM");
}

/* With an agile header both would be refused; the neighbour names itself. */
static void no_spec_id(bool good)
{
	log_begin(&b, NULL, 0);
	if (good)
		log_event2(&b, 0, 3, (struct troth_view){ 0 },
			   (struct troth_view){ (const uint8_t *)"Spec ID Event02", 16 });
	log_text(&b, 5, 5, "text");
}

static void spec_id_fields(bool good)
{
	b.bytes[10] = good ? 0 : 1; /* in its SHA-1 digest */
}

static void authority_extra_byte(bool good)
{
	/* Of the caller's buffer one byte more than the variable. */
	const struct troth_view measured = variable("db", "certificate");
	const struct troth_view said = { measured.p, measured.n + (good ? 0 : 1) };
	log_event2(&b, 7, 0x800000e0, measured, said);
}

/* vendorInfoSize is the last byte of the first record. */
static void vendor_bytes(bool good)
{
	b.bytes[b.n - 1] = good ? 0 : 4;
	log_put(&b, "corp", good ? 0 : 4);
	log_text(&b, 5, 5, "text");
}

static void locality_form(bool good)
{
	if (!good)
		put_locality(1);
	log_text(&b, 0, 5, "text");
}

static void boot_variable_data(bool good)
{
	const struct troth_view said = variable("BootOrder", "\1\1");
	log_event2(&b, 1, 0x80000002, good ? said : troth_view_str("\1\1"), said);
}

static void grub_old_form(bool good)
{
	static const char NEW[] = "grub_cmd: boot", OLD[] = "grub_cmd boot";
	if (good)
		log_event2(&b, 8, 13, troth_view_str("boot"), TROTH_VIEW_OF(NEW));
	else
		log_event2(&b, 8, 13, (struct troth_view){ (const uint8_t *)"boot", 5 },
			   TROTH_VIEW_OF(OLD));
}

static void cmdline_cut_byte(bool good)
{
	static const uint8_t TEXT[] = { 'r', 0, 'o', 0, 0, 0 };
	log_event2(&b, 12, 13, TROTH_VIEW_OF(TEXT),
		   (struct troth_view){ TEXT, good ? sizeof TEXT : sizeof TEXT - 1 });
}

static void cc_registers(bool good)
{
	static const enum troth_hash SHA384 = TROTH_HASH_SHA384;
	log_begin(&b, &SHA384, 1);
	b.bytes[0] = good ? 0 : 1;
	log_text(&b, 1, 5, "text");
}

/* Row i is bit i. */
static const struct {
	enum troth_quirk quirk;
	void (*put)(bool good);
	uint32_t with; /* another that comes with it */
} FIXTURES[] = {
	{ TROTH_QUIRK_PCR_INDEX, pcr_index, 0 },
	{ TROTH_QUIRK_FEWER_DIGESTS, fewer_digests, 0 },
	{ TROTH_QUIRK_TRAILING_PADDING, trailing_padding, 0 },
	{ TROTH_QUIRK_STARTUP_LOCALITY, startup_locality, 0 },
	{ TROTH_QUIRK_HCRTM, hcrtm, 0 },
	{ TROTH_QUIRK_NO_SPEC_ID, no_spec_id, 0 },
	{ TROTH_QUIRK_SPEC_ID_FIELDS, spec_id_fields, 0 },
	{ TROTH_QUIRK_AUTHORITY_EXTRA_BYTE, authority_extra_byte, 0 },
	{ TROTH_QUIRK_VENDOR_BYTES, vendor_bytes, 0 },
	{ TROTH_QUIRK_LOCALITY_FORM, locality_form, 0 },
	{ TROTH_QUIRK_BOOT_VARIABLE_DATA, boot_variable_data, 0 },
	{ TROTH_QUIRK_GRUB_OLD_FORM, grub_old_form, 0 },
	{ TROTH_QUIRK_CMDLINE_CUT_BYTE, cmdline_cut_byte, 0 },
	{ TROTH_QUIRK_CC_REGISTERS, cc_registers, TROTH_QUIRK_SPEC_ID_FIELDS },
};

/* All that reading, replaying and proving allowed for. */
static uint32_t quirks_of(struct troth_ctx *ctx)
{
	struct troth_log log;
	struct troth_replay replay;
	struct troth_facts facts;
	assert_int_equal(troth_log_parse(log_bytes(&b), &log), TROTH_OK);
	assert_int_equal(troth_log_replay(ctx, &log, &replay), TROTH_OK);
	assert_int_equal(troth_facts_read(ctx, &log, troth_log_best_bank(ctx, &log), &facts),
			 TROTH_OK);
	const uint32_t quirks = log.quirks | replay.quirks | facts.quirks;
	troth_facts_release(&facts);
	troth_log_release(&log);
	return quirks;
}

static void each_quirk_has_a_fixture(void **state)
{
	assert_int_equal(sizeof FIXTURES / sizeof *FIXTURES, TROTH_QUIRK_N);
	for (uint32_t i = 0; i < TROTH_QUIRK_N; i++) {
		assert_int_equal(FIXTURES[i].quirk, 1U << i);
		print_message("%s\n", troth_quirk_name(FIXTURES[i].quirk));
		log_begin(&b, TWO_BANKS, 2);
		FIXTURES[i].put(false);
		assert_int_equal(quirks_of(*state), FIXTURES[i].quirk | FIXTURES[i].with);
		log_begin(&b, TWO_BANKS, 2);
		FIXTURES[i].put(true);
		assert_int_equal(quirks_of(*state), 0);
	}
}

/* An authority of an old shim is one, without the byte that was not measured. */
static void an_old_shims_authority_is_read(void **state)
{
	static const char *const WANT = "db: certificate";
	struct troth_facts facts;
	struct troth_log log;
	char text[64];
	struct troth_line line = troth_line_make(text, sizeof text);
	log_begin(&b, TWO_BANKS, 2);
	authority_extra_byte(false);
	assert_int_equal(troth_log_parse(log_bytes(&b), &log), TROTH_OK);
	assert_int_equal(troth_facts_read(*state, &log, TROTH_HASH_SHA256, &facts), TROTH_OK);
	assert_int_equal(facts.n, 1);
	assert_int_equal(facts.list[0].kind, TROTH_FACT_AUTHORITY);
	troth_line_fact(&line, &log, &facts.list[0]);
	assert_string_equal(text, WANT);
	line = troth_line_make(text, sizeof text);
	troth_event_line(&log.events[1], &line);
	assert_string_equal(text, WANT);
	troth_facts_release(&facts);
	troth_log_release(&log);
}

/* What is next to a quirk is not tolerated: two bytes too many of an authority, two bytes
 * behind a GRUB command's NUL, vendor bytes that lead nowhere. */
static void nothing_beyond_a_quirk_is_believed(void **state)
{
	struct troth_facts facts;
	struct troth_log log;
	const struct troth_view measured = variable("db", "certificate");
	const struct troth_view said = { measured.p, measured.n + 2 };
	static const char OLD[] = "grub_cmd boot\0\0";
	log_begin(&b, TWO_BANKS, 2);
	log_event2(&b, 7, 0x800000e0, measured, said);
	log_event2(&b, 8, 13, (struct troth_view){ (const uint8_t *)"boot", 5 },
		   TROTH_VIEW_OF(OLD));
	log_event2(&b, 8, 13, troth_view_str("boot"), troth_view_str("grub_cmd: boot"));
	assert_int_equal(troth_log_parse(log_bytes(&b), &log), TROTH_OK);
	assert_int_equal(troth_facts_read(*state, &log, TROTH_HASH_SHA256, &facts), TROTH_OK);
	assert_int_equal(facts.n, 0);
	assert_int_equal(facts.quirks, 0);
	troth_facts_release(&facts);
	troth_log_release(&log);
	log_begin(&b, TWO_BANKS, 2);
	b.bytes[b.n - 1] = 4;
	log_put(&b, "corp", 4);
	assert_int_equal(troth_log_parse(log_bytes(&b), &log), TROTH_E_MALFORMED);
	assert_int_equal(log.error_offset, 0);
}

static size_t count_of(struct troth_view text, const char *what)
{
	size_t n = 0;
	const uint8_t *at = text.p, *end = text.p + text.n;
	while ((at = memmem(at, (size_t)(end - at), what, strlen(what))) != NULL) {
		at += strlen(what);
		n++;
	}
	return n;
}

static void each_quirk_has_its_line_in_the_manual(void **state)
{
	(void)state;
	struct troth_view manual = file_load(TROTH_DOCS, "eventlog.md");
	char row[96];
	unsigned int newest = 0;
	assert_non_null(manual.p);
	for (uint32_t i = 0; i < TROTH_QUIRK_N; i++) {
		const enum troth_quirk quirk = (enum troth_quirk)(1U << i);
		const unsigned int since = troth_quirk_since(quirk);
		snprintf(row, sizeof row, "\n| `%s` | %u | ", troth_quirk_name(quirk), since);
		print_message("%s\n", troth_quirk_name(quirk));
		assert_int_equal(count_of(manual, row), 1);
		assert_true(strlen(troth_quirk_meaning(quirk)) > 20);
		newest = since > newest ? since : newest;
	}
	/* What is tolerated changed last when the rules did. */
	assert_int_equal(newest, TROTH_QUIRKS_VERSION);
	assert_null(troth_quirk_meaning((enum troth_quirk)3));
	assert_int_equal(troth_quirk_since((enum troth_quirk)(1U << TROTH_QUIRK_N)), 0);
	file_free(manual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_quirk_has_a_fixture),
		cmocka_unit_test(an_old_shims_authority_is_read),
		cmocka_unit_test(nothing_beyond_a_quirk_is_believed),
		cmocka_unit_test(each_quirk_has_its_line_in_the_manual),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
