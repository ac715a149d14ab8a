/* SPDX-License-Identifier: Apache-2.0 */
/* Genuine quotes with event logs that do not explain them, and boots that nobody knows: each
 * has a finding of its own, and no certificate. Rows are those of docs/attacks.md.
 *
 * The machine is tests/fixtures/bootvm/shim-sb-on; event numbers are those of its log. */
#include "one_lab.h"

#include "log_edit.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "token.h"
#include "wire.h"

/* Of the log: the first PCR 4 event, an image, MokList, the last separator and so on. */
enum {
	FIRMWARE_BLOB = 2,
	SECURE_BOOT_VARIABLE = 4,
	PK_VARIABLE = 5,
	BOOT_OPTION_ACTION = 14,
	SEPARATOR_PCR_4 = 19,
	SHIM_IMAGE = 24,
	GRUB_IMAGE = 30,
	GRUB_COMMAND = 31,
	KERNEL_IMAGE = 45,
	LAST_COMMAND = 49,
	EXIT_BOOT_SERVICES = 50
};
/* Offsets in a record. */
enum { AT_PCR = 0, AT_TYPE = 4, AT_DIGESTS = 8 };

/* Attests with this log whatever was asked for; what came of it. */
static struct lab_result attest_with(struct troth_view log, const struct troth_pcr_values *pcrs)
{
	static struct fleet_attestation a;
	struct fleet_device *d = &lab.devices[LAB_VICTIM];
	const struct fleet_device kept = *d;
	Troth__V1__Challenge *challenge = fleet_challenge(d, &lab.http);
	assert_non_null(challenge);
	challenge->wants |= TROTH_WANT_LOG;
	d->log = log;
	if (pcrs != NULL)
		d->pcrs = *pcrs;
	fleet_attest(d, challenge, &a);
	assert_true(fleet_post(&lab.http, "/v1/attest", &a.message.base));
	d->log = kept.log;
	d->pcrs = kept.pcrs;
	troth_wire_free(&challenge->base);
	return lab_result(&lab.http);
}

static void assert_healthy_again(void)
{
	assert_true(attest_with(lab.devices[LAB_VICTIM].log, NULL).issued);
}

/* ---- the log changed, the PCRs true ---- */

static void drop_image(struct log_edit *l)
{
	log_edit_remove(l, GRUB_IMAGE);
}

static void drop_last(struct log_edit *l)
{
	log_edit_remove(l, l->n_records - 1);
}

static void drop_all_of_pcr_9(struct log_edit *l)
{
	for (size_t i = l->n_records; i-- > 1;)
		if (log_edit_u32(l, i, AT_PCR) == 9)
			log_edit_remove(l, i);
}

static void keep_the_header_only(struct log_edit *l)
{
	while (l->n_records > 1)
		log_edit_remove(l, l->n_records - 1);
}

static void swap_commands(struct log_edit *l)
{
	log_edit_swap_with_next(l, GRUB_COMMAND);
}

static void repeat_image(struct log_edit *l)
{
	log_edit_repeat(l, KERNEL_IMAGE);
}

static void repeat_separator(struct log_edit *l)
{
	log_edit_repeat(l, SEPARATOR_PCR_4);
}

static void image_extends_nothing(struct log_edit *l)
{
	log_edit_set_u32(l, GRUB_IMAGE, AT_TYPE, 3); /* EV_NO_ACTION */
}

static void image_of_another_pcr(struct log_edit *l)
{
	log_edit_set_u32(l, GRUB_IMAGE, AT_PCR, 5);
}

static void image_of_no_pcr(struct log_edit *l)
{
	log_edit_set_u32(l, GRUB_IMAGE, AT_PCR, 24);
}

static void image_of_minus_one(struct log_edit *l)
{
	log_edit_set_u32(l, GRUB_IMAGE, AT_PCR, UINT32_MAX);
}

static void known_digest_for_the_image(struct log_edit *l)
{
	const size_t n = 2 + 20 + 2 + 32 + 2 + 48, at = AT_DIGESTS + 4;
	memcpy(l->bytes + l->starts[GRUB_IMAGE] + at, l->bytes + l->starts[SHIM_IMAGE] + at, n);
}

/* TCG PC Client PFP 1.05, 10.4.5.3: PCR 0 begins with the locality. */
static void another_startup_locality(struct log_edit *l)
{
	static const uint8_t EVENT[] = { 0,   0,    0,	 0,   3,   0,	0,   0,	  1,   0,   0,
					 0,   0x0b, 0, /* PCR 0, EV_NO_ACTION, SHA-256 */
					 0,   0,    0,	 0,   0,   0,	0,   0,	  0,   0,   0,
					 0,   0,    0,	 0,   0,   0,	0,   0,	  0,   0,   0,
					 0,   0,    0,	 0,   0,   0,	0,   0,	  0,   0,   17,
					 0,   0,    0,	 'S', 't', 'a', 'r', 't', 'u', 'p', 'L',
					 'o', 'c',  'a', 'l', 'i', 't', 'y', 0,	  3 };
	log_edit_insert(l, 1, TROTH_VIEW_OF(EVENT));
}

/* ---- the log broken ---- */

static void no_digests(struct log_edit *l)
{
	log_edit_set_u32(l, GRUB_IMAGE, AT_DIGESTS, 0);
}

static void countless_digests(struct log_edit *l)
{
	log_edit_set_u32(l, GRUB_IMAGE, AT_DIGESTS, UINT32_MAX);
}

static void an_algorithm_nobody_declared(struct log_edit *l)
{
	l->bytes[l->starts[GRUB_IMAGE] + AT_DIGESTS + 4] = 0x27;
}

static void one_bank_twice(struct log_edit *l)
{
	l->bytes[l->starts[1] + AT_DIGESTS + 4 + 2 + 20] = 0x04;
}

static void endless_data(struct log_edit *l)
{
	log_edit_set_u32(l, GRUB_IMAGE, log_edit_data(l, GRUB_IMAGE) - 4, UINT32_MAX);
}

static void countless_algorithms(struct log_edit *l)
{
	log_edit_set_u32(l, 0, 32 + 24, UINT32_MAX);
}

static void a_digest_of_no_length(struct log_edit *l)
{
	l->bytes[32 + 28 + 2] = 0; /* digestSize of the first algorithm */
}

static void bytes_after_the_last_event(struct log_edit *l)
{
	static const uint8_t JUNK[40] = { 1, 2, 3 };
	memcpy(l->bytes + l->n, JUNK, sizeof JUNK);
	l->n += sizeof JUNK;
}

static void more_events_than_are_read(struct log_edit *l)
{
	/* Small ones, in no PCR of the policy; 4,096 and the boot's own. */
	const size_t at = l->starts[SEPARATOR_PCR_4], n = l->starts[SEPARATOR_PCR_4 + 1] - at;
	for (size_t i = 0; i < 4096; i++) {
		memcpy(l->bytes + l->n, l->bytes + at, n);
		l->bytes[l->n] = 16;
		l->n += n;
	}
}

static const struct {
	const char *name;
	int row;
	void (*edit)(struct log_edit *l);
	const char *finding;
} FORGED[] = {
	{ "a boot loader left out", 7, drop_image, "replay-mismatch" },
	{ "the last event left out", 7, drop_last, "replay-mismatch" },
	{ "every event of a quoted PCR left out", 7, drop_all_of_pcr_9, "log-pcr-missing" },
	{ "no event at all", 7, keep_the_header_only, "log-empty" },
	{ "two events in another order", 7, swap_commands, "replay-mismatch" },
	{ "an event twice", 7, repeat_image, "replay-mismatch" },
	{ "a second separator", 6, repeat_separator, "replay-mismatch" },
	{ "a boot loader said to extend nothing", 6, image_extends_nothing, "replay-mismatch" },
	{ "a boot loader moved to another PCR", 6, image_of_another_pcr, "replay-mismatch" },
	{ "a boot loader in PCR 24", 23, image_of_no_pcr, "replay-mismatch" },
	{ "a boot loader in PCR -1", 23, image_of_minus_one, "replay-mismatch" },
	{ "a known digest for the boot loader", 6, known_digest_for_the_image,
	  "replay-mismatch" },
	{ "another startup locality", 7, another_startup_locality, "replay-mismatch" },
	{ "an event of no digest", 23, no_digests, "log-malformed" },
	{ "an event of countless digests", 23, countless_digests, "log-malformed" },
	{ "a digest nobody declared", 23, an_algorithm_nobody_declared, "log-malformed" },
	{ "a bank twice in one event", 4, one_bank_twice, "log-malformed" },
	{ "an event without end", 23, endless_data, "log-malformed" },
	{ "a header of countless algorithms", 23, countless_algorithms, "log-malformed" },
	{ "digests of no length", 23, a_digest_of_no_length, "log-malformed" },
	{ "bytes after the last event", 7, bytes_after_the_last_event, "log-malformed" },
	{ "more events than are read", 23, more_events_than_are_read, "log-malformed" },
};

static void assert_bad(const struct lab_result *r, const char *name, const char *finding)
{
	if (r->issued || r->tier == TROTH__V1__TIER__TIER_AFFIRMING)
		fail_msg("%s: believed", name);
	if (strcmp(r->finding, finding) != 0)
		fail_msg("%s: %s, not %s", name, r->finding, finding);
}

static void logs_that_lie(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof FORGED / sizeof *FORGED; i++) {
		struct log_edit l;
		log_edit_load(&l, lab.devices[LAB_VICTIM].log);
		print_message("row %d: %s\n", FORGED[i].row, FORGED[i].name);
		FORGED[i].edit(&l);
		struct lab_result r = attest_with((struct troth_view){ l.bytes, l.n }, NULL);
		assert_bad(&r, FORGED[i].name, FORGED[i].finding);
		assert_int_equal(r.tier, TROTH__V1__TIER__TIER_CONTRAINDICATED);
		log_edit_free(&l);
	}
	assert_healthy_again();
}

/* ---- what an event says of itself ---- */

static void secure_boot_said_off(struct log_edit *l)
{
	/* UEFI_VARIABLE_DATA: GUID, two lengths, the name in UTF-16, then one byte. */
	l->bytes[l->starts[SECURE_BOOT_VARIABLE] + log_edit_data(l, SECURE_BOOT_VARIABLE) + 32 +
		 20] = 0;
}

static void variable_renamed(struct log_edit *l)
{
	l->bytes[l->starts[SECURE_BOOT_VARIABLE] + log_edit_data(l, SECURE_BOOT_VARIABLE) +
		 32] = 'X';
}

/* attacks.md row 6: data whose digest does not prove it decides nothing, here neither way; so
 * secure boot is not shown. */
static void data_that_no_digest_proves(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		void (*edit)(struct log_edit *l);
	} UNPROVEN[] = {
		{ "a SecureBoot variable with other data than was measured",
		  secure_boot_said_off },
		{ "a SecureBoot variable under another name", variable_renamed },
	};
	for (size_t i = 0; i < sizeof UNPROVEN / sizeof *UNPROVEN; i++) {
		struct log_edit l;
		log_edit_load(&l, lab.devices[LAB_VICTIM].log);
		print_message("row 6: %s\n", UNPROVEN[i].name);
		UNPROVEN[i].edit(&l);
		struct lab_result r = attest_with((struct troth_view){ l.bytes, l.n }, NULL);
		assert_false(r.issued);
		assert_int_equal(r.tier, TROTH__V1__TIER__TIER_CONTRAINDICATED);
		log_edit_free(&l);
	}
	assert_healthy_again();
}

/* ---- other boots: log and PCRs agree ---- */

static void more_after_the_separator(struct log_edit *l)
{
	log_edit_repeat(l, PK_VARIABLE);
}

static void no_separator(struct log_edit *l)
{
	log_edit_remove(l, SEPARATOR_PCR_4);
}

/* TCG PC Client PFP 1.05, 2.3.4: what firmware measures instead when it failed. */
static void separator_of_an_error(struct log_edit *l)
{
	static const uint8_t ERROR[4] = { 1 };
	uint8_t *p = l->bytes + l->starts[SEPARATOR_PCR_4] + AT_DIGESTS + 4;
	EVP_Digest(ERROR, sizeof ERROR, p + 2, NULL, EVP_sha1(), NULL);
	EVP_Digest(ERROR, sizeof ERROR, p + 2 + 20 + 2, NULL, EVP_sha256(), NULL);
	EVP_Digest(ERROR, sizeof ERROR, p + 2 + 20 + 2 + 32 + 2, NULL, EVP_sha384(), NULL);
	memcpy(p + 2 + 20 + 2 + 32 + 2 + 48 + 4, ERROR, sizeof ERROR);
}

static void no_shim(struct log_edit *l)
{
	log_edit_remove(l, SHIM_IMAGE);
}

static void another_order(struct log_edit *l)
{
	log_edit_swap_with_next(l, GRUB_COMMAND);
}

static void another_firmware(struct log_edit *l)
{
	l->bytes[l->starts[FIRMWARE_BLOB] + AT_DIGESTS + 4 + 2 + 20 + 2] ^= 1;
}

static void unfinished(struct log_edit *l)
{
	while (l->n_records > LAST_COMMAND)
		log_edit_remove(l, l->n_records - 1);
}

static const struct {
	const char *name;
	void (*edit)(struct log_edit *l);
	const char *finding;
} OTHER_BOOTS[] = {
	{ "a variable measured after the separator", more_after_the_separator,
	  "secure-boot-unproven" },
	{ "no separator", no_separator, "unexpected-event" },
	{ "a separator that reports an error", separator_of_an_error, "separator" },
	{ "a boot without shim", no_shim, "missing-component" },
	{ "two commands in another order", another_order, "unexpected-event" },
	{ "another firmware", another_firmware, "unexpected-event" },
	{ "a boot that stops before the kernel", unfinished, "missing-component" },
};

static void boots_that_nobody_knows(void **state)
{
	(void)state;
	struct troth_ctx *ctx;
	assert_int_equal(troth_ctx_new(&ctx), TROTH_OK);
	for (size_t i = 0; i < sizeof OTHER_BOOTS / sizeof *OTHER_BOOTS; i++) {
		struct log_edit l;
		struct troth_log log = { 0 };
		static struct troth_replay boot;
		log_edit_load(&l, lab.devices[LAB_VICTIM].log);
		print_message("row 6: %s\n", OTHER_BOOTS[i].name);
		OTHER_BOOTS[i].edit(&l);
		const struct troth_view bytes = { l.bytes, l.n };
		assert_int_equal(troth_log_parse(bytes, &log), TROTH_OK);
		assert_int_equal(troth_log_replay(ctx, &log, &boot), TROTH_OK);
		struct lab_result r = attest_with(bytes, &boot.values);
		assert_bad(&r, OTHER_BOOTS[i].name, OTHER_BOOTS[i].finding);
		troth_log_release(&log);
		log_edit_free(&l);
	}
	troth_ctx_free(ctx);
	assert_healthy_again();
}

/* ---- banks: attacks.md row 5 ---- */

/* The firmware does not measure into SHA-512: whatever is there, the attacker put there. */
static void a_bank_without_firmware_events(void **state)
{
	(void)state;
	test_service_admin_ok(&lab.service, "/v1/admin/policies", "application/yaml",
			      "name: default\nsegment: line-1\n"
			      "pcrs:\n  sha256: [0, 4, 7]\n  sha512: [0, 7]\n"
			      "reference: base\nenrolment: inventory\napprove: automatic\n");
	struct lab_result r = attest_with(lab.devices[LAB_VICTIM].log, NULL);
	assert_bad(&r, "an unextended bank", "log-bank-missing");
	lab_policy(&lab, "automatic", "");
	assert_healthy_again();
}

/* The same boot in the old format proves nothing of the SHA-256 bank. */
static void a_log_of_sha1_only(void **state)
{
	(void)state;
	struct log_edit l;
	uint8_t *old = calloc(1, LOG_EDIT_ROOM);
	size_t n = 0;
	assert_non_null(old);
	log_edit_load(&l, lab.devices[LAB_VICTIM].log);
	for (size_t i = 1; i < l.n_records; i++) {
		const uint8_t *record = l.bytes + l.starts[i];
		const size_t data = log_edit_data(&l, i);
		const size_t len = l.starts[i + 1] - l.starts[i] - data;
		memcpy(old + n, record, 8);
		memcpy(old + n + 8, record + AT_DIGESTS + 4 + 2, 20);
		memcpy(old + n + 28, record + data - 4, 4 + len);
		n += 32 + len;
	}
	struct lab_result r = attest_with((struct troth_view){ old, n }, NULL);
	assert_bad(&r, "SHA-1 only", "log-weak-bank");
	log_edit_free(&l);
	free(old);
	assert_healthy_again();
}

/* attacks.md row 23: at the limit it is read, past it not even taken. */
static void logs_at_their_limit(void **state)
{
	(void)state;
	struct log_edit l;
	log_edit_load(&l, lab.devices[LAB_VICTIM].log);
	memset(l.bytes + l.n, 0xff, LOG_EDIT_ROOM - l.n); /* padding, as some firmware leaves */
	struct lab_result r = attest_with((struct troth_view){ l.bytes, TROTH_LOG_MAX }, NULL);
	assert_true(r.issued);

	static struct fleet_attestation a;
	struct fleet_device *d = &lab.devices[LAB_VICTIM];
	Troth__V1__Challenge *challenge = fleet_challenge(d, &lab.http);
	assert_non_null(challenge);
	fleet_attest(d, challenge, &a);
	struct lab_state before = lab_state(&lab, LAB_VICTIM);
	a.message.log = (ProtobufCBinaryData){ TROTH_LOG_MAX + 1, l.bytes };
	assert_true(fleet_post(&lab.http, "/v1/attest", &a.message.base));
	lab_assert_problem(&lab.http, 400, "malformed", NULL);
	struct lab_state after = lab_state(&lab, LAB_VICTIM);
	lab_assert_unchanged(&before, &after);
	troth_wire_free(&challenge->base);
	log_edit_free(&l);
	assert_healthy_again();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logs_that_lie),
		cmocka_unit_test(data_that_no_digest_proves),
		cmocka_unit_test(boots_that_nobody_knows),
		cmocka_unit_test(a_bank_without_firmware_events),
		cmocka_unit_test(a_log_of_sha1_only),
		cmocka_unit_test(logs_at_their_limit),
	};
	return cmocka_run_group_tests(tests, one_lab_open, one_lab_close);
}
