/* SPDX-License-Identifier: Apache-2.0 */
/* Predictions without GRUB: images, kernels, unified kernel images. Digests of plain bytes are
 * what sha256sum says; PCR 11 is what systemd-measure 252 says of the same sections. */
#include "check.h"

#include <stdio.h>

#include "pe_builder.h"
#include "predict.h"

#define ROOM (256 * 1024)

static struct troth_prediction start(void **state)
{
	struct troth_prediction p = { .banks = { TROTH_HASH_SHA256, TROTH_HASH_SHA1 },
				      .n_banks = 2 };
	assert_int_equal(troth_prediction_start(*state, "set", "v1", &p), TROTH_OK);
	return p;
}

static const struct troth_alternative *component(const struct troth_prediction *p,
						 const char *name)
{
	for (size_t i = 0; i < p->set.n_components; i++)
		if (strcmp(p->set.components[i].name, name) == 0)
			return p->set.components[i].alternatives;
	return NULL;
}

static size_t n_events(const struct troth_prediction *p, const char *name)
{
	const struct troth_alternative *a = component(p, name);
	return a != NULL ? a->n_events : 0;
}

static void event_is(const struct troth_prediction *p, const char *name, size_t i, uint32_t pcr,
		     const char *sha256)
{
	const struct troth_alternative *a = component(p, name);
	if (a == NULL || i >= a->n_events)
		fail_msg("no event %zu of %s", i, name);
	assert_string_equal(a->name, "v1");
	assert_int_equal(a->events[i].pcr, pcr);
	assert_int_equal(a->events[i].n_digests, 2);
	assert_int_equal(a->events[i].digests[0].alg, TROTH_HASH_SHA256);
	assert_int_equal(a->events[i].digests[1].alg, TROTH_HASH_SHA1);
	assert_hex(a->events[i].digests[0].bytes, sha256);
}

static void names_and_banks_are_checked(void **state)
{
	struct troth_prediction p = { 0 };
	assert_int_equal(troth_prediction_start(*state, "set", "v1", &p), TROTH_E_CONFIG);
	p.banks[p.n_banks++] = TROTH_HASH_SHA256;
	assert_int_equal(troth_prediction_start(*state, "Set", "v1", &p), TROTH_E_CONFIG);
	assert_int_equal(troth_prediction_start(*state, "set", "", &p), TROTH_E_CONFIG);
}

static void a_kernel_of_its_own(void **state)
{
	static const struct pe_part PARTS[] = { { ".text", "code", 4 },
						{ ".data", "some data", 9 } };
	struct troth_prediction p = start(state);
	uint8_t *image = calloc(1, ROOM);
	const size_t n = pe_build(image, PARTS, 2);
	const struct troth_view initrds[] = { troth_view_str("first "),
					      troth_view_str("second") };
	assert_int_equal(troth_predict_image(&p, (struct troth_view){ image, n }), TROTH_OK);
	assert_int_equal(troth_predict_image(&p, troth_view_str("MZ")), TROTH_E_TRUNCATED);
	assert_int_equal(troth_predict_load_options(&p, troth_view_str("root=/dev/sda1")),
			 TROTH_OK);
	assert_int_equal(troth_predict_initrd(&p, initrds, 2), TROTH_OK);
	assert_int_equal(p.set.n_components, 2);
	event_is(&p, "image-1", 0, 4,
		 "ca22a78096b6255fe91470ed5b1a29e49d4db265430c9c934a7821c3f2667b40");
	/* printf 'root=/dev/sda1\0' | iconv -t UTF-16LE | sha256sum */
	event_is(&p, "kernel-inputs", 0, 9,
		 "21514f27fb3c3db96131d36c5a94d905b75923847475a4cdb26f8a947346f780");
	/* printf 'first second' | sha256sum */
	event_is(&p, "kernel-inputs", 1, 9,
		 "92088ec140fc553e4b1ede202edccb65a807bbf8a38d765a3ad38013c0f13688");
	free(image);
	troth_prediction_release(&p);
}

/* A boot that was captured: tests/fixtures/bootvm/uki-sb-on-snakeoil, events 24 to 32. */
static const char BOOTED[] =
	"console=ttyS0,115200 ima_policy=tcb rootfstype=ramfs panic=-1 netport=24433";

static void a_command_line_that_was_booted(void **state)
{
	struct troth_prediction p = start(state);
	assert_int_equal(troth_predict_load_options(&p, troth_view_str(BOOTED)), TROTH_OK);
	event_is(&p, "kernel-inputs", 0, 9,
		 "6e49a3ed11b1e4235642c9f893f8ac7d5b56b7f14e053a62d656cd6aff54b1a4");
	troth_prediction_release(&p);
}

static void command_lines_at_the_limit(void **state)
{
	struct troth_prediction p = start(state);
	char text[TROTH_CMDLINE_MAX + 1];
	memset(text, 'x', sizeof text);
	assert_int_equal(troth_predict_load_options(
				 &p, (struct troth_view){ (uint8_t *)text, TROTH_CMDLINE_MAX }),
			 TROTH_OK);
	assert_int_equal(troth_predict_load_options(
				 &p, (struct troth_view){ (uint8_t *)text, sizeof text }),
			 TROTH_E_LIMIT);
	text[0] = (char)0xc3;
	assert_int_equal(
		troth_predict_load_options(&p, (struct troth_view){ (uint8_t *)text, 1 }),
		TROTH_E_UNSUPPORTED);
	text[0] = '\0';
	assert_int_equal(
		troth_predict_load_options(&p, (struct troth_view){ (uint8_t *)text, 1 }),
		TROTH_E_UNSUPPORTED);
	troth_prediction_release(&p);
}

static void events_at_the_limit(void **state)
{
	struct troth_prediction p = start(state);
	for (size_t i = 0; i < TROTH_REFERENCE_EVENTS_MAX; i++)
		assert_int_equal(troth_predict_data(&p, "many", 9, troth_view_str("x")),
				 TROTH_OK);
	assert_int_equal(troth_predict_data(&p, "many", 9, troth_view_str("x")), TROTH_E_LIMIT);
	for (size_t i = 1; i < TROTH_COMPONENTS_MAX; i++) {
		char name[16];
		(void)snprintf(name, sizeof name, "c-%zu", i);
		assert_int_equal(troth_predict_data(&p, name, 9, troth_view_str("x")),
				 TROTH_OK);
	}
	assert_int_equal(troth_predict_data(&p, "last", 9, troth_view_str("x")), TROTH_E_LIMIT);
	troth_prediction_release(&p);
}

/* ---- unified kernel images ---- */

#define MAGIC(version) "#### LoaderInfo: systemd-stub " version " ####"
#define PART(name, text)                     \
	{                                    \
		name, text, sizeof(text) - 1 \
	}

/* Written in another order than the one they are measured in. */
static const struct pe_part UKI[] = {
	PART(".sdmagic", MAGIC("252.39-1")),
	PART(".initrd", "initial RAM disk"),
	PART(".cmdline", "root=/dev/sda1"),
	PART(".osrel", "ID=test\n"),
	PART(".linux", "kernel"),
};

static enum troth_status predict(void **state, const struct pe_part *parts, size_t n,
				 unsigned int profile, struct troth_prediction *p)
{
	uint8_t *image = calloc(1, ROOM);
	bool inputs = false;
	assert_non_null(image);
	*p = start(state);
	const size_t len = pe_build(image, parts, n);
	enum troth_status status = troth_predict_uki(p, (struct troth_view){ image, len },
						     profile, (struct troth_view){ 0 },
						     &inputs);
	assert_true(inputs || component(p, "kernel-inputs") == NULL);
	free(image);
	return status;
}

static void sections_in_the_stubs_order(void **state)
{
	static const char *const DIGESTS[] = {
		"0da293e37ad5511c59be47993769aacb91b243f7d010288e118dc90e95aaef5a",
		"6923dd1bc0460082c5d55a831908c24a282860b7f1cd6c2b79cf1bc8857c639c",
		"3fb9e4e3cc810d4326b5c13cef18aee1f9df8c5f4f7f5b96665724fa3b846e08",
		"0c3640f695fe2e0d11f11ab2bc4146ce908ef10cc6b0d2595c3865b54cae9426",
		"461203a89f23e36c3a4dc817f905b00484d2cf7e7d9376f13df91c41d84abe46",
		"085758a26719bc6e84dc4e60201fa11cca987652695fcc67198d86a849ef94d8",
		"15ee37e75f1e8d42080e91fdbbd2560780918c81fe3687ae6d15c472bbdaac75",
		"61fc5c492789e3276d589a3430b115b7d26610443a78a1607683ff3831c927b8",
	};
	struct troth_prediction p;
	assert_int_equal(predict(state, UKI, 5, 0, &p), TROTH_OK);
	assert_int_equal(n_events(&p, "unified-kernel"), 8);
	for (size_t i = 0; i < 8; i++)
		event_is(&p, "unified-kernel", i, 11, DIGESTS[i]);
	event_is(&p, "kernel-inputs", 0, 9,
		 "21514f27fb3c3db96131d36c5a94d905b75923847475a4cdb26f8a947346f780");
	event_is(&p, "kernel-inputs", 1, 9,
		 "61fc5c492789e3276d589a3430b115b7d26610443a78a1607683ff3831c927b8");
	troth_prediction_release(&p);
}

/* systemd-measure calculate --phase=enter-initrd:leave-initrd:sysinit:ready */
static void phases_lead_to_one_value(void **state)
{
	const struct troth_view words[] = { troth_view_str("enter-initrd"),
					    troth_view_str("leave-initrd"),
					    troth_view_str("sysinit"),
					    troth_view_str("ready") };
	struct troth_prediction p;
	assert_int_equal(predict(state, UKI, 5, 0, &p), TROTH_OK);
	assert_int_equal(troth_predict_phases(&p, words, 4), TROTH_OK);
	assert_null(component(&p, "unified-kernel"));
	assert_int_equal(n_events(&p, "value-of-pcr-11"), 1);
	assert_true(p.set.components[0].golden);
	event_is(&p, "value-of-pcr-11", 0, 11,
		 "006894bd50871ad17221fbe4532049ab8bcf49e8c76144b1c7a388b9b9be649e");
	assert_int_equal(troth_predict_phases(&p, words, 4), TROTH_E_NOT_FOUND);
	troth_prediction_release(&p);
}

/* What stands in which profile, and what must be measured of it. */
static const struct pe_part PROFILES[] = {
	PART(".linux", "kernel"),     PART(".cmdline", "base"),	 PART(".profile", "ID=main"),
	PART(".profile", "ID=other"), PART(".cmdline", "other"), PART(".sdmagic", MAGIC("257")),
};

static void a_profile_replaces_what_it_has(void **state)
{
	struct troth_prediction p;
	assert_int_equal(predict(state, PROFILES, 6, 0, &p), TROTH_OK);
	event_is(&p, "unified-kernel", 3, 11,
		 "cae662172fd450bb0cd710a769079c05bfc5d8e35efa6576edc7d0377afdd4a2");
	event_is(&p, "unified-kernel", 5, 11,
		 "c60cc5862a28b2f7eb95aa6f3bf2403a989092ec0cfe0119231a4e1385ffc8dc");
	assert_int_equal(n_events(&p, "unified-kernel"), 6);
	troth_prediction_release(&p);
	assert_int_equal(predict(state, PROFILES, 6, 1, &p), TROTH_OK);
	event_is(&p, "unified-kernel", 3, 11,
		 "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa");
	assert_int_equal(n_events(&p, "unified-kernel"), 6);
	troth_prediction_release(&p);
	assert_int_equal(predict(state, PROFILES, 6, 2, &p), TROTH_E_NOT_FOUND);
	troth_prediction_release(&p);
	assert_int_equal(predict(state, UKI, 5, 1, &p), TROTH_E_NOT_FOUND);
	troth_prediction_release(&p);
}

/* Sections beside a kernel, the status, and whether PCR 9 is known. */
static const struct {
	const char *name;
	struct pe_part part, magic;
	enum troth_status want;
	bool inputs;
} BESIDE[] = {
	{ "nothing", PART(".other", "x"), PART(".sdmagic", MAGIC("252.1")), TROTH_OK, false },
	{ "a command line", PART(".cmdline", "quiet"), PART(".sdmagic", MAGIC("252.1")),
	  TROTH_OK, true },
	{ "a later stub", PART(".cmdline", "quiet"), PART(".sdmagic", MAGIC("254")), TROTH_OK,
	  false },
	{ "a stub between", PART(".cmdline", "quiet"), PART(".sdmagic", MAGIC("253.1")),
	  TROTH_E_UNSUPPORTED, false },
	{ "an earlier stub", PART(".cmdline", "quiet"), PART(".sdmagic", MAGIC("251")),
	  TROTH_E_UNSUPPORTED, false },
	{ "a stub without a version", PART(".cmdline", "quiet"), PART(".sdmagic", "####"),
	  TROTH_E_UNSUPPORTED, false },
	{ "profiles before there were any", PART(".profile", "ID=x"),
	  PART(".sdmagic", MAGIC("252")), TROTH_E_UNSUPPORTED, false },
	{ "a command line that is rewritten", PART(".cmdline", "quiet\n"),
	  PART(".sdmagic", MAGIC("252.1")), TROTH_OK, false },
	{ "a key that is packed for the kernel", PART(".pcrpkey", "key"),
	  PART(".sdmagic", MAGIC("252.1")), TROTH_OK, false },
	{ "device trees to choose from", PART(".dtbauto", "x"), PART(".sdmagic", MAGIC("257")),
	  TROTH_E_UNSUPPORTED, false },
	{ "firmware to choose from", PART(".efifw", "x"), PART(".sdmagic", MAGIC("258")),
	  TROTH_E_UNSUPPORTED, false },
};

static void what_the_files_do_not_tell(void **state)
{
	for (size_t i = 0; i < sizeof BESIDE / sizeof *BESIDE; i++) {
		const struct pe_part parts[] = { PART(".linux", "kernel"), BESIDE[i].magic,
						 BESIDE[i].part };
		struct troth_prediction p;
		enum troth_status got = predict(state, parts, 3, 0, &p);
		if (got != BESIDE[i].want)
			fail_msg("%s: %s", BESIDE[i].name, troth_status_name(got));
		if ((component(&p, "kernel-inputs") != NULL) != BESIDE[i].inputs)
			fail_msg("%s: PCR 9", BESIDE[i].name);
		troth_prediction_release(&p);
	}
}

/* As a machine measured it: chainloaded by GRUB, with this command line. */
static void a_command_line_from_outside(void **state)
{
	static const struct pe_part BARE[] = { PART(".linux", "kernel"),
					       PART(".sdmagic", MAGIC("252.39")) };
	static const char MEASURED[] =
		"8b17fa844de85f6a0a8cdc6c86050c3a351d241a099b058276d88700dd0cbf19";
	const struct troth_view given = troth_view_str(
		"hello console=ttyS0,115200 quiet ima_policy=tcb panic=-1 rootfstype=ramfs "
		"initrd=initrd");
	struct troth_prediction p = start(state);
	uint8_t *image = calloc(1, ROOM);
	bool inputs = false;
	size_t n = pe_build(image, BARE, 2);
	assert_int_equal(
		troth_predict_uki(&p, (struct troth_view){ image, n }, 0, given, &inputs),
		TROTH_OK);
	assert_true(inputs);
	event_is(&p, "kernel-parameters", 0, 12, MEASURED);
	event_is(&p, "kernel-inputs", 0, 9, MEASURED);
	memset(image, 0, ROOM);
	n = pe_build(image, UKI, 5);
	assert_int_equal(
		troth_predict_uki(&p, (struct troth_view){ image, n }, 0, given, &inputs),
		TROTH_E_CONFLICT);
	free(image);
	troth_prediction_release(&p);
}

static void images_that_are_no_unified_kernels(void **state)
{
	static const struct pe_part PARTS[] = { PART(".text", "code") };
	struct troth_prediction p;
	assert_int_equal(predict(state, PARTS, 1, 0, &p), TROTH_E_NOT_FOUND);
	assert_int_equal(p.set.n_components, 0);
	troth_prediction_release(&p);
}

/* Which version measures what: events, two for each section. */
static void sections_a_version_knows(void **state)
{
	static const struct pe_part HEAD[] = { PART(".linux", "kernel"), PART(".uname", "6.1"),
					       PART(".sbat", "sbat,1"), PART(".ucode", "code"),
					       PART(".hwids", "ids") };
	static const struct {
		struct pe_part magic;
		size_t n_events;
	} VERSIONS[] = {
		{ PART(".sdmagic", MAGIC("252.39-1~deb12u2")), 2 },
		{ PART(".sdmagic", MAGIC("254")), 6 },
		{ PART(".sdmagic", MAGIC("256.7")), 8 },
		{ PART(".sdmagic", MAGIC("257.8-1~deb13u2")), 10 },
	};
	for (size_t i = 0; i < sizeof VERSIONS / sizeof *VERSIONS; i++) {
		struct pe_part parts[6];
		struct troth_prediction p;
		memcpy(parts, HEAD, sizeof HEAD);
		parts[5] = VERSIONS[i].magic;
		assert_int_equal(predict(state, parts, 6, 0, &p), TROTH_OK);
		assert_int_equal(n_events(&p, "unified-kernel"), VERSIONS[i].n_events);
		troth_prediction_release(&p);
	}
}

/* The stub would read past what the file has. */
static void a_section_longer_in_memory(void **state)
{
	struct troth_prediction p = start(state);
	uint8_t *image = calloc(1, ROOM);
	bool inputs;
	const size_t n = pe_build(image, UKI, 5);
	pe_u32(image + PE_SECTION(4) + PE_VIRTUAL_SIZE, PE_ALIGN);
	assert_int_equal(troth_predict_uki(&p, (struct troth_view){ image, n }, 0,
					   (struct troth_view){ 0 }, &inputs),
			 TROTH_OK);
	pe_u32(image + PE_SECTION(4) + PE_VIRTUAL_SIZE, PE_ALIGN + 1);
	assert_int_equal(troth_predict_uki(&p, (struct troth_view){ image, n }, 0,
					   (struct troth_view){ 0 }, &inputs),
			 TROTH_E_UNSUPPORTED);
	free(image);
	troth_prediction_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_banks_are_checked),
		cmocka_unit_test(a_kernel_of_its_own),
		cmocka_unit_test(a_command_line_that_was_booted),
		cmocka_unit_test(command_lines_at_the_limit),
		cmocka_unit_test(events_at_the_limit),
		cmocka_unit_test(sections_in_the_stubs_order),
		cmocka_unit_test(phases_lead_to_one_value),
		cmocka_unit_test(a_profile_replaces_what_it_has),
		cmocka_unit_test(what_the_files_do_not_tell),
		cmocka_unit_test(a_command_line_from_outside),
		cmocka_unit_test(images_that_are_no_unified_kernels),
		cmocka_unit_test(sections_a_version_knows),
		cmocka_unit_test(a_section_longer_in_memory),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
