/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "bootvm.h"
#include "event_text.h"
#include "log_builder.h"
#include "uefi_variable.h"

static const char *line_of(const struct troth_event *ev)
{
	static char text[TROTH_EVENT_LINE_MAX];
	struct troth_line l = troth_line_make(text, sizeof text);
	troth_event_line(ev, &l);
	return text;
}

/* What people should read, by index in a capture's log, as tpm2_eventlog, openssl and hexdump
 * show the same file. */
static const struct {
	const char *variant;
	size_t event;
	const char *text;
} LINES[] = {
	{ "shim-sb-on", 0, "Spec ID Event03 (sha1, sha256, sha384)" },
	{ "shim-sb-on", 1, "no version" },
	{ "shim-sb-on", 2, "917504 bytes of firmware at 0x820000" },
	{ "shim-sb-on", 4, "SecureBoot: 1" },
	{ "shim-sb-on", 9, "end of the firmware's measurements" },
	{ "shim-sb-on", 14, "Calling EFI Application from Boot Option" },
	{ "shim-sb-on", 25, "shim: MokList" },
	{ "shim-sb-on", 27, "SbatLevel: sbat,1,2025021800\\x0ashim,4\\x0agrub,5\\x0a" },
	{ "shim-sb-on", 36, "grub: set timeout=0" },
	{ "shim-sb-on", 48, "file /initrd" },
	{ "uki-sb-on-snakeoil", 25, "UKI section .linux" },
	{ "uki-sb-on-snakeoil", 34, "linux-initrd Linux initrd" },
};

static void captures_describe_themselves(void **state)
{
	for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
		struct bootvm *vm = bootvm_load(*state, LINES[i].variant);
		assert_string_equal(line_of(&vm->log.events[LINES[i].event]), LINES[i].text);
		bootvm_free(vm);
	}
}

/* Google's own decoder names these kinds; the rest is told by its size. */
static void platforms_beside_the_host(void **state)
{
	static const char GCE[] = "GCE NonHostInfo", CSME[] = "IntelCSxEInfoEvent\0\0\1";
	static const char *const WANT[] = {
		"GCE NonHostInfo: memory encryption: none",
		"GCE NonHostInfo: memory encryption: AMD SEV",
		"GCE NonHostInfo: memory encryption: AMD SEV-ES",
		"GCE NonHostInfo: memory encryption: Intel TDX",
		"GCE NonHostInfo: memory encryption: AMD SEV-SNP",
		"GCE NonHostInfo, 32 bytes",
	};
	uint8_t data[32] = { 0 };
	struct troth_event ev = { .type = TROTH_EV_NONHOST_INFO, .data = TROTH_VIEW_OF(data) };
	(void)state;
	memcpy(data, GCE, sizeof GCE);
	for (uint8_t kind = 0; kind < sizeof WANT / sizeof *WANT; kind++) {
		data[sizeof GCE] = kind;
		assert_string_equal(line_of(&ev), WANT[kind]);
	}
	ev.data = (struct troth_view){ (const uint8_t *)CSME, sizeof CSME };
	assert_string_equal(line_of(&ev), "IntelCSxEInfoEvent, 22 bytes");
	ev.data = (struct troth_view){ data, sizeof GCE }; /* the name, and no kind */
	assert_string_equal(line_of(&ev), "GCE NonHostInfo, 16 bytes");
	data[0] = 0; /* no name */
	assert_null(strstr(line_of(&ev), "bytes"));
}

static void ignore_text(void *to, const char *name, const char *value)
{
	size_t *n = to;
	assert_true(strlen(value) < TROTH_FIELD_MAX && strlen(name) > 0);
	++*n;
}

static void ignore_number(void *to, const char *name, uint64_t value)
{
	size_t *n = to;
	(void)value;
	assert_true(strlen(name) > 0);
	++*n;
}

/* Every way to cut every event's data, at every size of the buffer's last bytes. */
static void cut_data_is_described_within_bounds(void **state)
{
	struct bootvm *vm = bootvm_load(*state, "shim-sb-on");
	size_t n_fields = 0;
	const struct troth_fields sink = { ignore_text, ignore_text, ignore_number, &n_fields };
	for (size_t i = 0; i < vm->log.n_events; i++) {
		struct troth_event ev = vm->log.events[i];
		for (size_t n = 0; n < ev.data.n && n < 200; n++) {
			char text[9];
			struct troth_view cut = view_dup((struct troth_view){ ev.data.p, n });
			struct troth_event shorter = ev;
			shorter.data = cut;
			troth_event_fields(&shorter, &sink);
			for (size_t size = 4; size <= sizeof text; size++) {
				memset(text, 'x', sizeof text);
				struct troth_line l = troth_line_make(text, size);
				troth_event_line(&shorter, &l);
				assert_true(strlen(text) < size);
			}
			file_free(cut);
		}
	}
	assert_true(n_fields > vm->log.n_events);
	bootvm_free(vm);
}

static void control_characters_are_not_shown(void **state)
{
	(void)state;
	static const uint8_t HOSTILE[] = "a\x1b[2Jb\nc\x7f\xff";
	const struct troth_event ev = { .type = 13, .data = TROTH_VIEW_OF(HOSTILE) };
	assert_string_equal(line_of(&ev), "a\\x1b[2Jb\\x0ac\\x7f\\xff");
}

/* A device path node of length 0 would never end. */
static void device_path_of_no_length_ends(void **state)
{
	(void)state;
	uint8_t data[40] = { 0 };
	data[24] = 8;
	data[32] = 4;
	data[33] = 4;
	const struct troth_event ev = { .type = 0x80000003, .data = TROTH_VIEW_OF(data) };
	for (uint8_t len = 0; len < 5; len++) {
		data[34] = len;
		assert_string_equal(line_of(&ev), "");
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
		cmocka_unit_test(platforms_beside_the_host),
		cmocka_unit_test(cut_data_is_described_within_bounds),
		cmocka_unit_test(control_characters_are_not_shown),
		cmocka_unit_test(device_path_of_no_length_ends),
		cmocka_unit_test(variable_is_exactly_its_lengths),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
