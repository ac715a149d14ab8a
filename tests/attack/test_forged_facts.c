/* SPDX-License-Identifier: Apache-2.0 */
/* Event logs that try to be believed, or to break who reads them, without any verifier around:
 * labels that lie about true digests, and data that counts, nests or points without end. Rows
 * are those of docs/attacks.md. */
#include "check.h"

#include "event_text.h"
#include "facts.h"
#include "log_builder.h"
#include "sipa.h"
#include "userspace_log.h"

static const enum troth_hash ONE_BANK[] = { TROTH_HASH_SHA256 };
static const uint8_t GUID_SHIM[16] = { 0x50, 0xab, 0x5d, 0x60, 0x46, 0xe0, 0x00, 0x43,
				       0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23 };
static struct log_builder b;
static struct troth_log log_read;

static struct troth_facts facts_of(struct troth_ctx *ctx)
{
	struct troth_facts f;
	assert_int_equal(troth_log_parse(log_bytes(&b), &log_read), TROTH_OK);
	assert_int_equal(troth_facts_read(ctx, &log_read, TROTH_HASH_SHA256, &f), TROTH_OK);
	return f;
}

static void done(struct troth_facts *f)
{
	troth_facts_release(f);
	troth_log_release(&log_read);
}

static bool has(const struct troth_facts *f, enum troth_fact_kind kind)
{
	return troth_facts_find(f, kind, 0) < f->n;
}

/* ---- row 6: labels are not measured ---- */

static struct troth_view variable(const uint8_t guid[16], const char *name, const char *value)
{
	static uint8_t data[512];
	return (struct troth_view){ data, uefi_variable(guid, name, troth_view_str(value), data,
							sizeof data) };
}

/* Whoever may extend PCR 8 can measure the bytes of a variable there, and call it one. */
static void a_command_relabelled(struct log_builder *l)
{
	log_event(l, 8, 0x80000001, variable(GUID_GLOBAL, "SecureBoot", "\1"));
	log_event(l, 8, 0x800000e0, variable(GUID_SECURITY, "db", "a certificate"));
	log_text(l, 8, 0x80000007, "Exit Boot Services Invocation");
}

/* The running system extends PCR 7 and 4 itself, and says it had been the firmware. */
static void a_boot_after_the_boot(struct log_builder *l)
{
	log_text(l, 5, 0x80000007, "Exit Boot Services Invocation");
	log_event(l, 7, 0x80000001, variable(GUID_SECURITY, "dbx", "revocations"));
	log_event(l, 7, 0x800000e0, variable(GUID_SECURITY, "db", "a certificate"));
	log_event(l, 7, 0x800000e0, variable(GUID_SHIM, "SbatLevel", "sbat,1,2099"));
	log_text(l, 4, 0x80000003, "an image that was not run at boot");
	log_event2(l, 8, 0x0d, troth_view_str("/vmlinuz lockdown"),
		   troth_view_str("kernel_cmdline: /vmlinuz lockdown"));
}

/* Data beside the digest of something else. */
static void data_of_something_else(struct log_builder *l)
{
	const struct troth_view other = troth_view_str("what was measured");
	log_event2(l, 7, 0x80000001, other, variable(GUID_GLOBAL, "SecureBoot", "\1"));
	log_event2(l, 7, 0x800000e0, other, variable(GUID_SHIM, "SbatLevel", "sbat,1,2099"));
	log_event2(l, 8, 0x0d, other, troth_view_str("kernel_cmdline: /vmlinuz lockdown"));
	log_event2(l, 1, 0x80000002, other, variable(GUID_GLOBAL, "BootOrder", "\1\1"));
}

/* Events that no TPM was extended with. */
static void measured_nowhere(struct log_builder *l)
{
	log_event(l, 7, 3, variable(GUID_GLOBAL, "SecureBoot", "\1"));
	log_event(l, UINT32_MAX, 0x80000001, variable(GUID_GLOBAL, "SecureBoot", "\1"));
	log_event(l, 24, 0x800000e0, variable(GUID_SECURITY, "db", "a certificate"));
}

static const struct {
	const char *name;
	void (*forge)(struct log_builder *l);
} LABELS[] = {
	{ "a command relabelled", a_command_relabelled },
	{ "a boot after the boot", a_boot_after_the_boot },
	{ "data of something else", data_of_something_else },
	{ "measured nowhere", measured_nowhere },
};

static void labels_that_lie(void **state)
{
	static const enum troth_fact_kind NEVER[] = {
		TROTH_FACT_SECURE_BOOT_VARIABLE, TROTH_FACT_DBX,	TROTH_FACT_AUTHORITY,
		TROTH_FACT_SBAT_LEVEL,		 TROTH_FACT_BOOT_ORDER, TROTH_FACT_IMAGE,
		TROTH_FACT_KERNEL_COMMAND_LINE,
	};
	for (size_t i = 0; i < sizeof LABELS / sizeof *LABELS; i++) {
		print_message("%s\n", LABELS[i].name);
		log_begin(&b, ONE_BANK, 1);
		LABELS[i].forge(&b);
		struct troth_facts f = facts_of(*state);
		for (size_t k = 0; k < sizeof NEVER / sizeof *NEVER; k++)
			assert_false(has(&f, NEVER[k]));
		assert_int_equal(f.boot.secure_boot, TROTH_SECURE_BOOT_UNKNOWN);
		assert_int_equal(f.boot.n_authorities, 0);
		done(&f);
	}
}

/* ---- row 5: registers that are no PCRs ---- */

/* A confidential VM's log, true in itself, is no TPM's: register 1 is not PCR 1, and nothing of
 * it says that a PC booted securely. */
static void a_log_of_other_registers(void **state)
{
	static const enum troth_hash SHA384 = TROTH_HASH_SHA384;
	log_begin(&b, &SHA384, 1);
	b.bytes[0] = 1;
	log_event(&b, 7, 0x80000001, variable(GUID_GLOBAL, "SecureBoot", "\1"));
	log_separator(&b, 7);
	log_event(&b, 7, 0x800000e0, variable(GUID_SECURITY, "db", "a certificate"));
	log_text(&b, 4, 0x80000003, "an image");
	assert_int_equal(troth_log_parse(log_bytes(&b), &log_read), TROTH_OK);
	struct troth_facts f;
	assert_int_equal(troth_facts_read(*state, &log_read, TROTH_HASH_SHA384, &f), TROTH_OK);
	assert_false(f.has_pcrs);
	assert_int_equal(f.boot.secure_boot, TROTH_SECURE_BOOT_UNKNOWN);
	assert_false(has(&f, TROTH_FACT_AUTHORITY));
	assert_true((f.quirks & TROTH_QUIRK_CC_REGISTERS) != 0);
	done(&f);
}

/* ---- row 7: starts ---- */

/* PCR 0's start is said once, before anything else: later words change nothing and are named.
 */
static void a_start_told_twice(void **state)
{
	static const uint8_t THREE[17] = "StartupLocality\0\3",
			     FOUR[17] = "StartupLocality\0\4";
	struct troth_replay once, twice;
	for (int more = 0; more < 2; more++) {
		log_begin(&b, ONE_BANK, 1);
		log_event2(&b, 0, 3, (struct troth_view){ 0 }, TROTH_VIEW_OF(THREE));
		if (more)
			log_event2(&b, 0, 3, (struct troth_view){ 0 }, TROTH_VIEW_OF(FOUR));
		log_text(&b, 0, 5, "text");
		assert_int_equal(troth_log_parse(log_bytes(&b), &log_read), TROTH_OK);
		assert_int_equal(troth_log_replay(*state, &log_read, more ? &twice : &once),
				 TROTH_OK);
		troth_log_release(&log_read);
	}
	assert_true(troth_view_equal(troth_pcr_value(&once.values, TROTH_HASH_SHA256, 0),
				     troth_pcr_value(&twice.values, TROTH_HASH_SHA256, 0)));
	assert_true((twice.quirks & TROTH_QUIRK_LOCALITY_FORM) != 0);
	assert_true((once.quirks & TROTH_QUIRK_LOCALITY_FORM) == 0);
}

/* ---- row 23: data that counts, nests or points without end ---- */

#define AT(bytes, ...)                                       \
	{                                                    \
		(const uint8_t[bytes]){ __VA_ARGS__ }, bytes \
	}

static const struct {
	const char *name;
	uint32_t type;
	struct troth_view data;
} BOMBS[] = {
	{ "a variable's name of 2^63 units", 0x80000001,
	  AT(33, [16] = 0, [23] = 0x80, [32] = 1) },
	{ "a variable's data of 2^64 bytes", 0x80000001,
	  AT(33, [24] = 255, 255, 255, 255, 255, 255, 255, 255) },
	{ "a path longer than its event", 0x80000003,
	  AT(40, [24] = 255, 255, 255, 255, 255, 255, 255, 255) },
	{ "a device path that stays where it is", 0x80000003,
	  AT(40, [24] = 8, [32] = 4, 4, 0, 0) },
	{ "countless partitions of no length", 0x80000006,
	  AT(100, 'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T', [92] = 255, 255, 255, 255, 255,
	     255) },
	{ "countless tables", 0x80000009, AT(8, 255, 255, 255, 255, 255, 255, 255, 31) },
	{ "a description longer than its event", 0x8000000a, AT(4, 255) },
	{ "a tag longer than its event", 6, AT(8, 1, 0, 1, 0x40, 255, 255, 255, 255) },
	{ "a UTF-16 text without an end", 13, AT(5, 'a', 0, 'b', 0, 'c') },
};

static void ignore_text(void *to, const char *name, const char *value)
{
	(void)to;
	(void)name;
	assert_true(strlen(value) < TROTH_FIELD_MAX);
}

static void ignore_number(void *to, const char *name, uint64_t value)
{
	(void)to;
	(void)name;
	(void)value;
}

static void data_without_end(void **state)
{
	const struct troth_fields sink = { ignore_text, ignore_text, ignore_number, NULL };
	for (size_t i = 0; i < sizeof BOMBS / sizeof *BOMBS; i++) {
		char text[TROTH_EVENT_LINE_MAX];
		struct troth_line l = troth_line_make(text, sizeof text);
		print_message("%s\n", BOMBS[i].name);
		log_begin(&b, ONE_BANK, 1);
		log_event(&b, 7, BOMBS[i].type, BOMBS[i].data);
		struct troth_facts f = facts_of(*state);
		troth_event_line(&log_read.events[1], &l);
		troth_event_fields(&log_read.events[1], &sink);
		assert_int_equal(f.boot.secure_boot, TROTH_SECURE_BOOT_UNKNOWN);
		done(&f);
	}
}

static void count_visits(void *to, const struct troth_tagged *t)
{
	(void)t;
	++*(size_t *)to;
}

/* Containers in containers, ten thousand deep: depth costs no stack, and nothing below the
 * limit is looked at. */
static void nested_without_end(void **state)
{
	static uint8_t bytes[80000];
	size_t n_visits = 0;
	(void)state;
	for (size_t i = 0; i < sizeof bytes / 8; i++) {
		const size_t len = sizeof bytes - 8 * (i + 1);
		const uint8_t head[8] = {
			1, 0, 1, 0x40, (uint8_t)len, (uint8_t)(len >> 8), (uint8_t)(len >> 16),
			0
		};
		memcpy(bytes + 8 * i, head, 8);
	}
	troth_tagged_walk(TROTH_VIEW_OF(bytes), count_visits, &n_visits);
	assert_int_equal(n_visits, 0);
}

/* The same of systemd's log, which is JSON. */
static void json_without_end(void **state)
{
	static char text[70000] = "\x1e{\"pcr\":";
	struct troth_userspace_log log;
	(void)state;
	memset(text + 8, '[', sizeof text - 8);
	assert_int_not_equal(troth_userspace_parse(TROTH_VIEW_OF(text), &log), TROTH_OK);
	assert_int_equal(log.error_offset, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_that_lie),
		cmocka_unit_test(a_log_of_other_registers),
		cmocka_unit_test(a_start_told_twice),
		cmocka_unit_test(data_without_end),
		cmocka_unit_test(nested_without_end),
		cmocka_unit_test(json_without_end),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
