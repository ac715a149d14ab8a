/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "bootvm.h"
#include "log_builder.h"
#include "uefi.h"

/* What people should read, by index in a capture's log, as tpm2_eventlog and hexdump show the
 * same file. */
static const struct {
	size_t event;
	const char *text;
} SHIM[] = {
	{ 4, "SecureBoot" },
	{ 9, "" }, /* a separator */
	{ 14, "Calling EFI Application from Boot Option" },
	{ 24, "\\EFI\\BOOT\\BOOTX64.EFI" },
	{ 25, "MokList" },
	{ 27, "SbatLevel" },
	{ 36, "grub_cmd: set timeout=0" },
	{ 48, "/initrd" },
};

static void captures_describe_themselves(void **state)
{
	struct bootvm *vm = bootvm_load(*state, "shim-sb-on");
	char text[128];
	for (size_t i = 0; i < sizeof SHIM / sizeof *SHIM; i++) {
		troth_event_describe(&vm->log.events[SHIM[i].event], text, sizeof text);
		assert_string_equal(text, SHIM[i].text);
	}
	bootvm_free(vm);
	vm = bootvm_load(*state, "uki-sb-on-snakeoil");
	troth_event_describe(&vm->log.events[25], text, sizeof text);
	assert_string_equal(text, ".linux");
	troth_event_describe(&vm->log.events[34], text, sizeof text);
	assert_string_equal(text, "Linux initrd");
	bootvm_free(vm);
}

/* Every way to cut every event's data, at every size of the buffer's last bytes. */
static void cut_data_is_described_within_bounds(void **state)
{
	struct bootvm *vm = bootvm_load(*state, "shim-sb-on");
	for (size_t i = 0; i < vm->log.n_events; i++) {
		struct troth_event ev = vm->log.events[i];
		for (size_t n = 0; n < ev.data.n && n < 200; n++) {
			char text[9];
			struct troth_view cut = view_dup((struct troth_view){ ev.data.p, n });
			struct troth_event shorter = ev;
			shorter.data = cut;
			for (size_t size = 1; size <= sizeof text; size++) {
				memset(text, 'x', sizeof text);
				troth_event_describe(&shorter, text, size);
				assert_true(strlen(text) < size);
			}
			file_free(cut);
		}
	}
	bootvm_free(vm);
}

static void control_characters_are_not_shown(void **state)
{
	(void)state;
	static const uint8_t HOSTILE[] = "a\x1b[2Jb\nc\x7f\xff";
	const struct troth_event ev = { .type = 13, .data = TROTH_VIEW_OF(HOSTILE) };
	char text[32];
	troth_event_describe(&ev, text, sizeof text);
	assert_string_equal(text, "a?[2Jb?c??");
}

/* A device path node of length 0 would never end. */
static void device_path_of_no_length_ends(void **state)
{
	(void)state;
	uint8_t data[40] = { 0 };
	data[32] = 4;
	data[33] = 4;
	const struct troth_event ev = { .type = 0x80000003, .data = TROTH_VIEW_OF(data) };
	char text[32];
	for (uint8_t len = 0; len < 5; len++) {
		data[34] = len;
		troth_event_describe(&ev, text, sizeof text);
		assert_string_equal(text, "");
	}
}

static void variable_is_exactly_its_lengths(void **state)
{
	(void)state;
	uint8_t data[128];
	struct troth_uefi_variable v;
	size_t n = uefi_variable(GUID_GLOBAL, "PK", troth_view_str("key"), data, sizeof data);
	assert_true(troth_uefi_variable_read((struct troth_view){ data, n }, &v));
	assert_true(troth_utf16_equal(v.name, "PK"));
	assert_false(troth_utf16_equal(v.name, "P"));
	assert_false(troth_utf16_equal(v.name, "PKK"));
	assert_true(troth_view_equal(v.data, troth_view_str("key")));
	POISON(v);
	for (size_t cut = 0; cut < n; cut++) {
		struct troth_view prefix = view_dup((struct troth_view){ data, cut });
		assert_false(troth_uefi_variable_read(prefix, &v));
		file_free(prefix);
	}
	assert_false(troth_uefi_variable_read((struct troth_view){ data, n + 1 }, &v));
	ASSERT_POISONED(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures_describe_themselves),
		cmocka_unit_test(cut_data_is_described_within_bounds),
		cmocka_unit_test(control_characters_are_not_shown),
		cmocka_unit_test(device_path_of_no_length_ends),
		cmocka_unit_test(variable_is_exactly_its_lengths),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
