/* SPDX-License-Identifier: Apache-2.0 */
/* A truth table over every kind of fact: there where its data is what was measured, gone (or
 * marked as unproven) where it is not, in another PCR, behind the handover, in another bank. */
#include "check.h"

#include "bootvm.h"
#include "facts.h"
#include "log_builder.h"

static const uint8_t GUID_SHIM[16] = { 0x50, 0xab, 0x5d, 0x60, 0x46, 0xe0, 0x00, 0x43,
				       0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23 };
static const enum troth_hash TWO_BANKS[] = { TROTH_HASH_SHA1, TROTH_HASH_SHA256 };

/* An event: a variable where it has a name, a tagged event where it has a tag, else a text. */
struct row {
	enum troth_fact_kind kind;
	uint32_t pcr, type;
	const char *text;
	const char *measured; /* NULL: what the event says */
	const uint8_t *guid;
	const char *name;
	uint32_t tag;
	bool utf16;
};

#define GPT_OF_NOTHING                                             \
	"EFI PART................................................" \
	"0123456789abcdef............\x80\0\0\0....\0\0\0\0\0\0\0"
#define MANIFEST "SP800-155 Event\0....0123456789abcde"
#define CONTENT "something that the log does not hold"

/* Types and PCRs as the specifications have them. */
static const struct row ROWS[] = {
	{ TROTH_FACT_S_CRTM_VERSION, 0, 0x08, "2.5.1", .utf16 = true },
	{ TROTH_FACT_S_CRTM_CONTENTS, 0, 0x07, "Boot Guard Measured S-CRTM",
	  .measured = CONTENT },
	{ TROTH_FACT_FIRMWARE, 0, 0x80000008, "0123456789abcdef", .measured = CONTENT },
	{ TROTH_FACT_MICROCODE, 1, 0x09, "revision 000000A1", .measured = CONTENT },
	{ TROTH_FACT_PLATFORM_CONFIG, 1, 0x0a, "etc/table-loader", .measured = CONTENT },
	{ TROTH_FACT_NON_HOST, 0, 0x11, "GCE NonHostInfo", .measured = CONTENT },
	{ TROTH_FACT_DEVICE, 2, 0x800000e1, "SPDM Device Sec", .measured = CONTENT },
	{ TROTH_FACT_PLATFORM_ID, 0, 0x03, MANIFEST, .measured = CONTENT },
	{ TROTH_FACT_SECURE_BOOT_VARIABLE, 7, 0x80000001, "\1", .guid = GUID_GLOBAL,
	  .name = "SecureBoot" },
	{ TROTH_FACT_PK, 7, 0x80000001, "key", .guid = GUID_GLOBAL, .name = "PK" },
	{ TROTH_FACT_KEK, 7, 0x80000001, "key", .guid = GUID_GLOBAL, .name = "KEK" },
	{ TROTH_FACT_DB, 7, 0x80000001, "key", .guid = GUID_SECURITY, .name = "db" },
	{ TROTH_FACT_DBX, 7, 0x80000001, "key", .guid = GUID_SECURITY, .name = "dbx" },
	{ TROTH_FACT_DBT, 7, 0x80000001, "key", .guid = GUID_SECURITY, .name = "dbt" },
	{ TROTH_FACT_DBR, 7, 0x80000001, "key", .guid = GUID_SECURITY, .name = "dbr" },
	{ TROTH_FACT_MODE, 1, 0x80000001, "\1", .guid = GUID_GLOBAL, .name = "DeployedMode" },
	{ TROTH_FACT_CONFIG_VARIABLE, 7, 0x80000001, "x", .guid = GUID_SHIM, .name = "Other" },
	{ TROTH_FACT_SECURITY_FLAG, 7, 0x80000007, .text = "DMA Protection Disabled" },
	{ TROTH_FACT_AUTHORITY, 7, 0x800000e0, "a certificate", .guid = GUID_SECURITY,
	  .name = "db" },
	{ TROTH_FACT_SBAT_LEVEL, 7, 0x800000e0, "sbat,1,2024", .guid = GUID_SHIM,
	  .name = "SbatLevel" },
	{ TROTH_FACT_MOK, 14, 0x0d, "MokListX", .measured = CONTENT },
	{ TROTH_FACT_BOOT_ORDER, 1, 0x80000002, "\1\1\2\2", .guid = GUID_GLOBAL,
	  .name = "BootOrder" },
	{ TROTH_FACT_BOOT_OPTION, 1, 0x8000000c, "option", .guid = GUID_GLOBAL,
	  .name = "Boot000A" },
	{ TROTH_FACT_OPTION_ROM, 2, 0x80000004, "an image's address", .measured = CONTENT },
	{ TROTH_FACT_IMAGE, 4, 0x80000003, "an image's address", .measured = CONTENT },
	{ TROTH_FACT_GPT, 5, 0x80000006, .text = GPT_OF_NOTHING },
	{ TROTH_FACT_GRUB_COMMAND, 8, 0x0d, "grub_cmd: boot", .measured = "boot" },
	{ TROTH_FACT_KERNEL_COMMAND_LINE, 8, 0x0d, "kernel_cmdline: /vmlinuz ro",
	  .measured = "/vmlinuz ro" },
	{ TROTH_FACT_KERNEL_COMMAND_LINE, 12, 0x0d, "quiet", .utf16 = true },
	{ TROTH_FACT_MODULE_COMMAND_LINE, 8, 0x0d, "module_cmdline: xen", .measured = "xen" },
	{ TROTH_FACT_FILE, 9, 0x0d, "/boot/vmlinuz", .measured = CONTENT },
	{ TROTH_FACT_INITRD, 9, 0x06, "Linux initrd", .measured = CONTENT, .tag = 0x8f3b22ec },
	{ TROTH_FACT_LOAD_OPTIONS, 9, 0x06, "LoadOptions", .measured = CONTENT,
	  .tag = 0x8f3b22ed },
	{ TROTH_FACT_UKI_PROFILE, 12, 0x06, "profile", .measured = CONTENT, .tag = 0x13aed6db,
	  .utf16 = true },
	{ TROTH_FACT_ADDON, 12, 0x06, "a.addon.efi", .measured = CONTENT, .tag = 0x49dffe0f,
	  .utf16 = true },
	{ TROTH_FACT_CREDENTIALS, 12, 0x0d, "Credentials initrd", .measured = CONTENT,
	  .utf16 = true },
	{ TROTH_FACT_EXTENSIONS, 13, 0x0d, "System extension initrd", .measured = CONTENT,
	  .utf16 = true },
	{ TROTH_FACT_LOADER_CONF, 5, 0x06, "loader.conf", .measured = CONTENT,
	  .tag = 0xf5bc582a, .utf16 = true },
	{ TROTH_FACT_SMBIOS, 1, 0x06, "smbios:type1", .measured = CONTENT, .tag = 0xd5cb7cbc,
	  .utf16 = true },
	{ TROTH_FACT_EXIT_BOOT_SERVICES, 5, 0x80000007,
	  .text = "Exit Boot Services Invocation" },
};

static struct log_builder b;

static size_t text_len(const struct row *row)
{
	if (row->kind == TROTH_FACT_GPT)
		return sizeof GPT_OF_NOTHING;
	return row->kind == TROTH_FACT_PLATFORM_ID ? sizeof MANIFEST : strlen(row->text);
}

/* What the event says, with NUL where its writer puts one; changed alters its last byte. */
static struct troth_view said(const struct row *row, bool changed)
{
	static struct log_builder data;
	static uint8_t bytes[512];
	const size_t n = text_len(row);
	data.n = 0;
	for (size_t i = 0; i < n; i++) {
		const uint8_t c = (uint8_t)row->text[i] ^ (changed && i == n - 1 ? 2 : 0);
		log_put_le(&data, c, row->utf16 ? 2 : 1);
	}
	if (row->type == 0x0d && !row->utf16)
		log_put_le(&data, 0, 1);
	memcpy(bytes, data.bytes, data.n);
	const struct troth_view body = { bytes, data.n };
	if (row->name != NULL) {
		data.n = uefi_variable(row->guid, row->name, body, data.bytes,
				       sizeof data.bytes);
	} else if (row->tag != 0) {
		data.n = 0;
		log_put_le(&data, row->tag, 4);
		log_put_le(&data, body.n, 4);
		log_put(&data, body.p, body.n);
	}
	return log_bytes(&data);
}

static void put_row(const struct row *row, uint32_t pcr, bool changed)
{
	static uint8_t honest[1024];
	struct troth_view measured = said(row, false);
	memcpy(honest, measured.p, measured.n);
	measured.p = honest;
	if (row->measured != NULL)
		measured = troth_view_str(row->measured);
	log_event2(&b, pcr, row->type, measured, said(row, changed));
}

static struct troth_facts read_bank(struct troth_ctx *ctx, struct troth_log *log,
				    enum troth_hash bank)
{
	struct troth_facts f;
	assert_int_equal(troth_log_parse(log_bytes(&b), log), TROTH_OK);
	assert_int_equal(troth_facts_read(ctx, log, bank, &f), TROTH_OK);
	return f;
}

/* The proof of the kind's only fact; -1 when there is none. */
static int proof_of(struct troth_ctx *ctx, enum troth_fact_kind kind, enum troth_hash bank)
{
	struct troth_log log;
	struct troth_facts f = read_bank(ctx, &log, bank);
	const size_t i = troth_facts_find(&f, kind, 0);
	const int proof = i < f.n ? (int)f.list[i].proof : -1;
	troth_facts_release(&f);
	troth_log_release(&log);
	return proof;
}

static void begin(bool handed_over)
{
	log_begin(&b, TWO_BANKS, 2);
	if (handed_over)
		log_text(&b, 5, 0x80000007, "Exit Boot Services Invocation");
}

static void check_row(struct troth_ctx *ctx, const struct row *row)
{
	const int needs = (int)troth_fact_needs(row->kind);
	for (size_t k = 0; k < 2; k++) {
		begin(false);
		put_row(row, row->pcr, false);
		assert_int_equal(proof_of(ctx, row->kind, TWO_BANKS[k]), needs);
		/* The data is not what was measured. */
		begin(false);
		put_row(row, row->pcr, true);
		assert_true(proof_of(ctx, row->kind, TWO_BANKS[k]) < TROTH_PROOF_DATA);
		if (needs == TROTH_PROOF_DATA)
			assert_int_equal(proof_of(ctx, row->kind, TWO_BANKS[k]), -1);
	}
	begin(false);
	put_row(row, row->pcr, false);
	/* A bank the log lacks vouches for nothing. */
	assert_int_equal(proof_of(ctx, row->kind, TROTH_HASH_SHA512),
			 needs == TROTH_PROOF_NONE ? 0 : -1);
	if (row->type == 0x03)
		return; /* measured nowhere */
	begin(false);
	put_row(row, 16, false);
	assert_int_equal(proof_of(ctx, row->kind, TROTH_HASH_SHA256), -1);
	if (row->kind == TROTH_FACT_EXIT_BOOT_SERVICES)
		return;
	begin(true);
	put_row(row, row->pcr, false);
	assert_int_equal(proof_of(ctx, row->kind, TROTH_HASH_SHA256), -1);
}

static void every_kind_stands_and_falls_with_its_data(void **state)
{
	uint64_t covered = 1ULL << TROTH_FACT_UKI_SECTION; /* two events: below */
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		print_message("%s\n", troth_fact_name(ROWS[i].kind));
		check_row(*state, &ROWS[i]);
		covered |= 1ULL << ROWS[i].kind;
	}
	assert_true(covered == (1ULL << TROTH_FACT_N) - 1);
}

/* Names are part of what trothctl prints: the manual has each. */
static void every_kind_is_in_the_manual(void **state)
{
	struct troth_view manual = file_load(TROTH_DOCS, "eventlog.md");
	char name[64];
	(void)state;
	assert_non_null(manual.p);
	for (int kind = 0; kind < TROTH_FACT_N; kind++) {
		const int n = snprintf(name, sizeof name, "`%s`",
				       troth_fact_name((enum troth_fact_kind)kind));
		print_message("%s\n", name);
		assert_non_null(memmem(manual.p, manual.n, name, (size_t)n));
	}
	file_free(manual);
}

/* ---- sections of a UKI ---- */

static const struct row SECTION = { TROTH_FACT_UKI_SECTION, 11, 0x0d, ".linux", .utf16 = true };

static void put_section(const char *name, size_t name_len, bool changed)
{
	const struct troth_view measured = { (const uint8_t *)name, name_len };
	log_event2(&b, 11, 0x0d, measured, said(&SECTION, false));
	log_event2(&b, 11, 0x0d, troth_view_str(CONTENT), said(&SECTION, changed));
}

static void sections_need_their_name_measured(void **state)
{
	begin(false);
	put_section(".linux", 7, false);
	assert_int_equal(proof_of(*state, TROTH_FACT_UKI_SECTION, TROTH_HASH_SHA256),
			 TROTH_PROOF_DATA);
	/* The name without its NUL, another name, a content of another name. */
	begin(false);
	put_section(".linux", 6, false);
	put_section(".initrd", 8, false);
	put_section(".linux", 7, true);
	assert_int_equal(proof_of(*state, TROTH_FACT_UKI_SECTION, TROTH_HASH_SHA256), -1);
}

/* ---- Windows ---- */

static const struct {
	uint32_t tag;
	uint64_t good, bad;
	size_t offset;
	enum troth_answer good_answer, bad_answer;
} ANSWERS[] = {
#define ANSWER(member) offsetof(struct troth_windows_facts, member)
	{ 0x00040001, 0, 1, ANSWER(boot_debugging), TROTH_NO, TROTH_YES },
	{ 0x00050001, 0, 1, ANSWER(kernel_debugging), TROTH_NO, TROTH_YES },
	{ 0x0005000d, 0, 1, ANSWER(hypervisor_debugging), TROTH_NO, TROTH_YES },
	{ 0x00050003, 0, 1, ANSWER(test_signing), TROTH_NO, TROTH_YES },
	{ 0x00050021, 0, 1, ANSWER(flight_signing), TROTH_NO, TROTH_YES },
	{ 0x00050005, 0, 1, ANSWER(safe_mode), TROTH_NO, TROTH_YES },
	{ 0x00050006, 0, 1, ANSWER(winpe), TROTH_NO, TROTH_YES },
	{ 0x00050002, 1, 0, ANSWER(code_integrity), TROTH_YES, TROTH_NO },
	{ 0x00050004, 0, 2, ANSWER(data_execution_prevention), TROTH_YES, TROTH_NO },
	{ 0x0005000a, 1, 0, ANSWER(hypervisor), TROTH_YES, TROTH_NO },
	{ 0x00050012, 1, 0, ANSWER(virtual_secure_mode), TROTH_YES, TROTH_NO },
};

static struct troth_view container(uint32_t tag, uint64_t value)
{
	static struct log_builder data;
	data.n = 0;
	log_put_le(&data, 0x40010001, 4);
	log_put_le(&data, 8 + 8, 4);
	log_put_le(&data, tag, 4);
	log_put_le(&data, 8, 4);
	log_put_le(&data, value, 8);
	return log_bytes(&data);
}

static struct troth_windows_facts windows(struct troth_ctx *ctx)
{
	struct troth_log log;
	struct troth_facts f = read_bank(ctx, &log, TROTH_HASH_SHA256);
	const struct troth_windows_facts w = f.windows;
	troth_facts_release(&f);
	troth_log_release(&log);
	return w;
}

static enum troth_answer answer(struct troth_ctx *ctx, size_t i)
{
	const struct troth_windows_facts w = windows(ctx);
	return *(const enum troth_answer *)((const char *)&w + ANSWERS[i].offset);
}

static void windows_answers_only_what_is_measured(void **state)
{
	for (size_t i = 0; i < sizeof ANSWERS / sizeof *ANSWERS; i++) {
		const uint32_t tag = ANSWERS[i].tag;
		begin(false);
		log_event(&b, 13, 6, container(tag, ANSWERS[i].good));
		assert_int_equal(answer(*state, i), ANSWERS[i].good_answer);
		/* The worse of two stands, in either order. */
		log_event(&b, 13, 6, container(tag, ANSWERS[i].bad));
		assert_int_equal(answer(*state, i), ANSWERS[i].bad_answer);
		log_event(&b, 13, 6, container(tag, ANSWERS[i].good));
		assert_int_equal(answer(*state, i), ANSWERS[i].bad_answer);
		/* Said, and something else measured. */
		begin(false);
		log_event2(&b, 13, 6, troth_view_str(CONTENT), container(tag, ANSWERS[i].good));
		assert_int_equal(answer(*state, i), TROTH_UNKNOWN);
		/* In a PCR of nobody's, and behind Windows' own separator. */
		begin(false);
		log_event(&b, 16, 6, container(tag, ANSWERS[i].good));
		log_text(&b, 13, 4, "WBCL");
		log_event(&b, 13, 6, container(tag, ANSWERS[i].good));
		assert_int_equal(answer(*state, i), TROTH_UNKNOWN);
	}
}

static void first_boot_counter_counts(void **state)
{
	begin(false);
	log_event(&b, 12, 6, container(0x00020002, 85));
	log_event(&b, 12, 6, container(0x00020002, 7));
	struct troth_windows_facts w = windows(*state);
	assert_true(w.seen && w.has_boot_counter);
	assert_int_equal(w.boot_counter, 85);
	begin(false);
	log_event2(&b, 12, 6, troth_view_str(CONTENT), container(0x00020002, 85));
	w = windows(*state);
	assert_true(!w.seen && !w.has_boot_counter);
}

/* ---- flags of the firmware, and which authority let which image run ---- */

static void flags_need_proof_and_their_pcr(void **state)
{
	static const struct {
		const char *measured, *says;
		uint32_t pcr;
		enum troth_answer dma, debug;
	} CASES[] = {
		{ "DMA Protection Disabled", "DMA Protection Disabled", 7, TROTH_YES, 0 },
		{ "UEFI Debug Mode", "UEFI Debug Mode", 7, 0, TROTH_YES },
		{ CONTENT, "DMA Protection Disabled", 7, 0, 0 },
		{ "UEFI Debug Mode", "UEFI Debug Mode", 6, 0, 0 },
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct troth_log log;
		begin(false);
		log_event2(&b, CASES[i].pcr, 0x80000007, troth_view_str(CASES[i].measured),
			   troth_view_str(CASES[i].says));
		struct troth_facts f = read_bank(*state, &log, TROTH_HASH_SHA256);
		assert_int_equal(f.dma_protection_disabled, CASES[i].dma);
		assert_int_equal(f.debug_mode, CASES[i].debug);
		troth_facts_release(&f);
		troth_log_release(&log);
	}
}

static void an_authority_is_the_next_images(void **state)
{
	static const struct row AUTHORITY = {
		TROTH_FACT_AUTHORITY,  7,	    0x800000e0, "a certificate",
		.guid = GUID_SECURITY, .name = "db"
	};
	static const struct row IMAGE = { TROTH_FACT_IMAGE, 4, 0x80000003, "address",
					  .measured = CONTENT };
	struct troth_log log;
	begin(false);
	put_row(&IMAGE, 4, false);     /* 1: before any */
	put_row(&AUTHORITY, 7, false); /* 2 */
	put_row(&IMAGE, 4, false);     /* 3: of 2 */
	put_row(&IMAGE, 4, false);     /* 4: of one before */
	put_row(&AUTHORITY, 7, true);  /* 5: forged */
	put_row(&IMAGE, 4, false);     /* 6 */
	struct troth_facts f = read_bank(*state, &log, TROTH_HASH_SHA256);
	const int32_t want[] = { -1, 2, -1, -1 };
	size_t i = 0;
	for (size_t k = 0; k < 4; k++, i++) {
		i = troth_facts_find(&f, TROTH_FACT_IMAGE, i);
		assert_true(i < f.n);
		assert_int_equal(f.list[i].authority, want[k]);
	}
	troth_facts_release(&f);
	troth_log_release(&log);
}

/* ---- real boots ---- */

/* Every proven fact of our captures is gone once a byte of its event's data differs. */
static void captures_lose_what_is_forged(void **state)
{
	static const char *const VARIANTS[] = { "shim-sb-on", "uki-sb-on-snakeoil", "direct" };
	for (size_t v = 0; v < 3; v++) {
		struct bootvm *vm = bootvm_load(*state, VARIANTS[v]);
		struct troth_facts f, g;
		assert_int_equal(troth_facts_read(*state, &vm->log, TROTH_HASH_SHA256, &f),
				 TROTH_OK);
		assert_true(f.n > 10);
		for (size_t i = 0; i < f.n; i++) {
			if (f.list[i].proof != TROTH_PROOF_DATA)
				continue;
			struct troth_event *ev = &vm->log.events[f.list[i].event];
			const struct troth_view before = ev->data;
			struct troth_view forged = view_dup(before);
			((uint8_t *)(uintptr_t)forged.p)[forged.n - 1] ^= 1;
			ev->data = forged;
			assert_int_equal(
				troth_facts_read(*state, &vm->log, TROTH_HASH_SHA256, &g),
				TROTH_OK);
			for (size_t k = 0; k < g.n; k++)
				assert_false(g.list[k].event == ev->index &&
					     g.list[k].proof == TROTH_PROOF_DATA);
			troth_facts_release(&g);
			ev->data = before;
			file_free(forged);
		}
		troth_facts_release(&f);
		bootvm_free(vm);
	}
}

static void a_log_of_registers_gives_no_boot_facts(void **state)
{
	static const enum troth_hash SHA384 = TROTH_HASH_SHA384;
	struct troth_log log;
	log_begin(&b, &SHA384, 1);
	b.bytes[0] = 1; /* the header lies in register 1 */
	const struct row pk = { TROTH_FACT_PK,	     1,		  0x80000001, "key",
				.guid = GUID_GLOBAL, .name = "PK" };
	put_row(&pk, 1, false);
	struct troth_facts f = read_bank(*state, &log, TROTH_HASH_SHA384);
	assert_false(f.has_pcrs);
	assert_int_equal(f.boot.secure_boot, TROTH_SECURE_BOOT_UNKNOWN);
	assert_true(troth_facts_find(&f, TROTH_FACT_PK, 0) < f.n);
	troth_facts_release(&f);
	troth_log_release(&log);
}

static void banks_that_cannot_be_hashed_are_refused(void **state)
{
	struct troth_facts f;
	struct troth_log log;
	begin(false);
	assert_int_equal(troth_log_parse(log_bytes(&b), &log), TROTH_OK);
	POISON(f);
	assert_int_equal(troth_facts_read(*state, &log, TROTH_HASH_NONE, &f),
			 TROTH_E_UNSUPPORTED);
	ASSERT_POISONED(f);
	troth_log_release(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_stands_and_falls_with_its_data),
		cmocka_unit_test(every_kind_is_in_the_manual),
		cmocka_unit_test(sections_need_their_name_measured),
		cmocka_unit_test(windows_answers_only_what_is_measured),
		cmocka_unit_test(first_boot_counter_counts),
		cmocka_unit_test(flags_need_proof_and_their_pcr),
		cmocka_unit_test(an_authority_is_the_next_images),
		cmocka_unit_test(captures_lose_what_is_forged),
		cmocka_unit_test(a_log_of_registers_gives_no_boot_facts),
		cmocka_unit_test(banks_that_cannot_be_hashed_are_refused),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
