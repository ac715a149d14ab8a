/* SPDX-License-Identifier: Apache-2.0 */
/* Decoders of event data: what people read of each form, each prefix of it, and lengths that
 * lie. Vectors are written from the specifications, field by field. */
#include "check.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "device_path.h"
#include "event_text.h"
#include "files.h"
#include "firmware_event.h"
#include "gpt.h"
#include "no_action.h"
#include "signature_list.h"
#include "sipa.h"
#include "uefi_image.h"
#include "uefi_variable.h"
#include "x509_name.h"

#define BYTES(...)                                                                         \
	{                                                                                  \
		(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
	}
#define TEXT(literal)                                           \
	{                                                       \
		(const uint8_t *)(literal), sizeof(literal) - 1 \
	}

static const char *line_of(uint32_t type, struct troth_view data)
{
	static char text[TROTH_EVENT_LINE_MAX];
	const struct troth_event ev = { .type = type, .data = data };
	struct troth_line l = troth_line_make(text, sizeof text);
	troth_event_line(&ev, &l);
	return text;
}

/* ---- one line each ---- */

static const struct {
	uint32_t type;
	struct troth_view data;
	const char *want;
} LINES[] = {
	{ 0x04, BYTES(0, 0, 0, 0), "end of the firmware's measurements" },
	{ 0x04, BYTES(255, 255, 255, 255), "end of the firmware's measurements" },
	{ 0x04, BYTES(1, 0, 0, 0), "the firmware reports an error" },
	{ 0x04, TEXT("WBCL"), "end of the Windows boot manager's measurements" },
	{ 0x04, BYTES(0, 0, 0), "000000" },
	{ 0x08, BYTES('2', 0, '.', 0, '5', 0, 0, 0), "2.5" },
	{ 0x08,
	  BYTES(0x1e, 0xfb, 0x6b, 0x54, 0x0c, 0x1d, 0x55, 0x40, 0xa4, 0xad, 0x4e, 0xf4, 0xbf,
		0x17, 0xb8, 0x3a),
	  "546bfb1e-1d0c-4055-a4ad-4ef4bf17b83a" },
	{ 0x01, TEXT("ACPI DATA"), "ACPI DATA" },
	{ 0x01, BYTES(0, 0, 2, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0),
	  "4096 bytes of firmware at 0x20000" },
	{ 0x80000008, BYTES(0, 0, 2, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0), /* a byte short */
	  "000002000000000000100000000000" },
	{ 0x8000000a, BYTES(2, 'F', 'v', 0, 0, 2, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0),
	  "Fv: 4096 bytes of firmware at 0x20000" },
	{ 0x80000009,
	  BYTES(1, 0, 0, 0, 0, 0, 0, 0, 0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11, 0xbc,
		0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81, 0, 0, 0, 0, 0, 0, 0, 0),
	  "1 table ACPI 2.0" },
	/* Three tables announced, one there. */
	{ 0x80000009, BYTES(3, 0, 0, 0, 0, 0, 0, 0, 1), "030000000000000001" },
	{ 0x06, BYTES(0xec, 0x22, 0x3b, 0x8f, 6, 0, 0, 0, 'i', 'n', 'i', 't', 'r', 'd'),
	  "linux-initrd initrd" },
	{ 0x06, BYTES(0x34, 0x12, 0, 0, 2, 0, 0, 0, 7, 7), "tag 0x00001234 (2 bytes)" },
	{ 0x06, BYTES(0x34, 0x12, 0, 0, 3, 0, 0, 0, 7, 7), "34120000030000000707" },
	{ 0x03, TEXT("StartupLocality\0\3"), "TPM started from locality 3" },
	{ 0x0d, TEXT("grub_cmd: set a=b\0"), "grub: set a=b" },
	{ 0x0d, TEXT("grub_cmd set a=b\0"), "grub: set a=b" },
	{ 0x0d, TEXT("kernel_cmdline: /vmlinuz ro\0"), "kernel command line: /vmlinuz ro" },
	{ 0x0d, TEXT("MokList\0"), "shim: MokList" },
	{ 0x0d, TEXT("/boot/initrd.img\0"), "file /boot/initrd.img" },
	{ 0x0d, BYTES('.', 0, 'o', 0, 's', 0, 0, 0), "UKI section .os" },
	{ 0x0d, BYTES('r', 0, 'o', 0), "kernel command line: ro" },
	{ 0x800000e1, TEXT("SPDM Device Sec\0\1\0\x28\0\2\0\0\0\1\0\0\0block"),
	  "SPDM device (PCI)" },
	{ 0x800000e1, TEXT("SPDM Device Sec2\2\0\1\0\x40\0\0\0\2\0\0\0block"),
	  "SPDM device (USB), not authenticated" },
	{ 0x800000e1, TEXT("SPDM Device Sec2\2\0\0\0\x40\0\0\0\1\0\0\0block"),
	  "SPDM device (PCI), authenticated" },
	{ 0x0000040e, TEXT("who knows"), "who knows" },
	{ 0x0000040e, BYTES(0xde, 0xad), "dead" },
	{ 0x0000040e, { NULL, 0 }, "" },
};

static void lines_say_what_the_data_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
		struct troth_view exact = view_dup(LINES[i].data);
		assert_string_equal(line_of(LINES[i].type, exact), LINES[i].want);
		file_free(exact);
	}
}

/* Every prefix is rendered somehow, from a buffer of exactly its size. */
static void prefixes_are_rendered_within_bounds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++)
		for (size_t n = 0; n < LINES[i].data.n; n++) {
			struct troth_view cut =
				view_dup((struct troth_view){ LINES[i].data.p, n });
			(void)line_of(LINES[i].type, cut);
			file_free(cut);
		}
}

/* ---- device paths ---- */

static const struct {
	struct troth_view path;
	const char *want;
} PATHS[] = {
	{ BYTES(2, 1, 12, 0, 0xd0, 0x41, 0x03, 0x0a, 0, 0, 0, 0, 1, 1, 6, 0, 2, 0x1f, 0x7f,
		0xff, 4, 0),
	  "PciRoot(0x0)/Pci(0x1f,0x2)" },
	{ BYTES(4, 4, 10, 0, '\\', 0, 'a', 0, 0, 0, 0x7f, 0xff, 4, 0), "\\a" },
	{ BYTES(3, 5, 6, 0, 1, 2), "USB(0x1,0x2)" },
	{ BYTES(3, 18, 10, 0, 1, 0, 0xff, 0xff, 0, 0), "Sata(0x1,0xffff,0x0)" },
	{ BYTES(3, 23, 16, 0, 1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8),
	  "NVMe(0x1,0102030405060708)" },
	{ BYTES(3, 24, 8, 0, 'h', ':', '/', '/'), "Uri(h://)" },
	{ BYTES(9, 9, 5, 0, 0xab), "Path(9,9,ab)" },
	/* A known node that is too short is shown as bytes. */
	{ BYTES(1, 1, 5, 0, 0xab), "Path(1,1,ab)" },
	/* Lengths that lead nowhere end the path. */
	{ BYTES(1, 1, 3, 0, 0, 0), "" },
	{ BYTES(1, 1, 0, 0, 0, 0), "" },
	{ BYTES(1, 1, 0xff, 0xff, 0, 0), "" },
};

static void device_paths_are_written_as_uefi_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof PATHS / sizeof *PATHS; i++) {
		char text[128];
		struct troth_line l = troth_line_make(text, sizeof text);
		troth_line_device_path(&l, PATHS[i].path);
		assert_string_equal(text, PATHS[i].want);
	}
}

static void only_a_range_behind_pci_is_an_option_rom(void **state)
{
	static const uint8_t ROM[] = { 1, 1, 6, 0, 0, 1, 4, 8, 24, 0, 0, 0, 0, 0, 0,
				       0, 0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0 };
	(void)state;
	assert_true(troth_device_path_is_rom(TROTH_VIEW_OF(ROM)));
	assert_false(troth_device_path_is_rom((struct troth_view){ ROM, 6 }));
	assert_false(troth_device_path_is_rom((struct troth_view){ ROM + 6, sizeof ROM - 6 }));
	assert_false(troth_device_path_is_rom((struct troth_view){ 0 }));
}

/* ---- signature lists ---- */

/* A list of two SHA-256 hashes: type, sizes, then owner and hash twice. */
static size_t hash_list(uint8_t *out, uint32_t list_len, uint32_t header_len,
			uint32_t entry_len)
{
	static const uint8_t SHA256_TYPE[16] = {
		0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40,
		0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28
	};
	const uint32_t sizes[] = { list_len, header_len, entry_len };
	memcpy(out, SHA256_TYPE, 16);
	for (size_t i = 0; i < 12; i++)
		out[16 + i] = (uint8_t)(sizes[i / 4] >> (8 * (i % 4)));
	memset(out + 28, 0x5a, 96);
	return 28 + 96;
}

static void lists_are_counted_or_refused_as_a_whole(void **state)
{
	static const struct {
		const char *name;
		uint32_t list_len, header_len, entry_len;
		size_t more; /* bytes behind the list */
		bool sound;
	} CASES[] = {
		{ "two hashes", 124, 0, 48, 0, true },
		{ "a byte behind", 124, 0, 48, 1, false },
		{ "a list shorter than its head", 27, 0, 48, 0, false },
		{ "a list longer than the data", 125, 0, 48, 0, false },
		{ "entries that do not divide it", 124, 0, 47, 0, false },
		{ "entries without an owner", 124, 0, 15, 0, false },
		{ "entries of no length", 124, 0, 0, 0, false },
		{ "a header past the list", 124, 97, 48, 0, false },
		{ "a hash of another length", 124, 0, 32, 0, false },
		{ "a length near 2^32", 0xffffffff, 0, 48, 0, false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		uint8_t bytes[128] = { 0 };
		struct troth_database_count count;
		const size_t n = hash_list(bytes, CASES[i].list_len, CASES[i].header_len,
					   CASES[i].entry_len) +
				 CASES[i].more;
		struct troth_view exact = view_dup((struct troth_view){ bytes, n });
		POISON(count);
		print_message("%s\n", CASES[i].name);
		assert_int_equal(troth_database_count(exact, &count), CASES[i].sound);
		if (CASES[i].sound)
			assert_true(count.n_lists == 1 && count.n_hashes == 2 &&
				    count.n_certificates == 0 && count.n_others == 0);
		else
			ASSERT_POISONED(count);
		file_free(exact);
	}
}

static void a_subject_is_the_one_openssl_reads(void **state)
{
	struct troth_view pem = file_load(TROTH_FIXTURES "/bootvm/direct", "issuercert.pem");
	char text[256], cn[128];
	struct troth_line l = troth_line_make(text, sizeof text);
	(void)state;
	BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *x = PEM_read_bio_X509(in, NULL, NULL, NULL);
	uint8_t *der = NULL;
	const int n = i2d_X509(x, &der);
	assert_true(n > 0);
	assert_true(X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, cn,
					      sizeof cn) > 0);
	troth_line_x509_subject(&l, (struct troth_view){ der, (size_t)n });
	assert_non_null(strstr(text, "CN="));
	assert_non_null(strstr(text, cn));
	for (size_t k = 0; k < (size_t)n; k += 7) {
		struct troth_view subject, cut = view_dup((struct troth_view){ der, k });
		assert_false(troth_x509_subject(cut, &subject));
		file_free(cut);
	}
	OPENSSL_free(der);
	X509_free(x);
	BIO_free(in);
	file_free(pem);
}

/* ---- limits ---- */

static void count_visits(void *to, const struct troth_tagged *t)
{
	(void)t;
	++*(size_t *)to;
}

/* One tagged number in depth containers. */
static size_t nest(uint8_t *out, size_t depth)
{
	size_t n = 8 * (depth + 1) + 1;
	for (size_t i = 0; i <= depth; i++) {
		const uint32_t id = i < depth ? 0x40010001 : 0x00050001;
		const size_t len = n - 8 * (i + 1);
		for (size_t k = 0; k < 4; k++) {
			out[8 * i + k] = (uint8_t)(id >> (8 * k));
			out[8 * i + 4 + k] = (uint8_t)(len >> (8 * k));
		}
	}
	out[n - 1] = 1;
	return n;
}

static void nesting_has_a_limit(void **state)
{
	uint8_t bytes[8 * (TROTH_SIPA_DEPTH_MAX + 2) + 1];
	size_t n_visits = 0;
	(void)state;
	/* The event itself is the first level. */
	size_t n = nest(bytes, TROTH_SIPA_DEPTH_MAX - 1);
	troth_tagged_walk((struct troth_view){ bytes, n }, count_visits, &n_visits);
	assert_int_equal(n_visits, 1);
	n = nest(bytes, TROTH_SIPA_DEPTH_MAX);
	troth_tagged_walk((struct troth_view){ bytes, n }, count_visits, &n_visits);
	assert_int_equal(n_visits, 1);
}

struct kept {
	char value[TROTH_FIELD_MAX];
	size_t n;
};

static void keep_text(void *to, const char *name, const char *value)
{
	struct kept *kept = to;
	if (strcmp(name, "text") != 0)
		return;
	kept->n = strlen(value);
	memcpy(kept->value, value, kept->n + 1);
}

static void keep_nothing(void *to, const char *name, uint64_t value)
{
	(void)to;
	(void)name;
	(void)value;
}

/* A text that fills a field is whole; one byte more and it ends in three dots. */
static void fields_and_lines_have_limits(void **state)
{
	static uint8_t bytes[TROTH_FIELD_MAX + 1];
	static struct kept kept;
	const struct troth_fields sink = { keep_text, keep_text, keep_nothing, &kept };
	(void)state;
	memset(bytes, 'a', sizeof bytes);
	struct troth_event ev = { .type = 0x0d, .data = { bytes, TROTH_FIELD_MAX - 1 } };
	troth_event_fields(&ev, &sink);
	assert_int_equal(kept.n, TROTH_FIELD_MAX - 1);
	assert_null(strstr(kept.value, "..."));
	ev.data.n++;
	troth_event_fields(&ev, &sink);
	assert_int_equal(kept.n, TROTH_FIELD_MAX - 1);
	assert_string_equal(kept.value + kept.n - 3, "...");
	ev.data.n = TROTH_EVENT_LINE_MAX - 1;
	assert_int_equal(strlen(line_of(0x0d, ev.data)), TROTH_EVENT_LINE_MAX - 1);
	assert_null(strstr(line_of(0x0d, ev.data), "..."));
	ev.data.n++;
	assert_non_null(strstr(line_of(0x0d, ev.data), "..."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_say_what_the_data_says),
		cmocka_unit_test(prefixes_are_rendered_within_bounds),
		cmocka_unit_test(device_paths_are_written_as_uefi_does),
		cmocka_unit_test(only_a_range_behind_pci_is_an_option_rom),
		cmocka_unit_test(lists_are_counted_or_refused_as_a_whole),
		cmocka_unit_test(a_subject_is_the_one_openssl_reads),
		cmocka_unit_test(nesting_has_a_limit),
		cmocka_unit_test(fields_and_lines_have_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
