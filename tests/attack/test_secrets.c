/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets over the wire: what comes with which verdict, and what no wish brings. The devices'
 * TPMs are in software; tests/attack/released.sh has the genuine attester on emulated ones. */
#include "lab.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "log_edit.h"
#include "reader.h"
#include "sealed_secret.h"
#include "wire.h"

#define VALUE "what opens the disk"

static struct lab lab;
static struct troth_ctx *ctx;

static struct troth_jwk issuer_key(void)
{
	struct troth_https_answer a = { 0 };
	struct troth_jwk key;
	struct troth_view point;
	uint8_t buf[sizeof key];
	assert_int_equal(
		test_service_admin(&lab.service, "GET", "/v1/admin/secrets", NULL, "", &a),
		200);
	const char *text = strstr((const char *)a.body.p, "\"key\":\"");
	assert_non_null(text);
	text += strlen("\"key\":\"");
	assert_int_equal(
		troth_base64url_decode((struct troth_view){ (const uint8_t *)text, 86 }, buf,
				       sizeof buf, &point),
		TROTH_OK);
	memcpy(&key, buf, sizeof key);
	troth_https_answer_clear(&a);
	return key;
}

/* The victim's own value, as trothctl has it stored. */
static void put_value(const char *name)
{
	const struct fleet_device *d = &lab.devices[LAB_VICTIM];
	uint8_t words[TROTH_SECRET_WORDS_MAX], random[TROTH_AGREE_RANDOM], sealed[256];
	uint8_t text[512];
	char path[128], body[700];
	struct troth_writer w = troth_writer_make(sealed, sizeof sealed);
	struct troth_writer t = troth_writer_make(text, sizeof text);
	struct troth_hpke_about about;
	const struct troth_jwk to = issuer_key();
	const struct troth_secret_place place = { troth_view_str("test.example"),
						  troth_view_str(name), TROTH_VIEW_OF(d->id) };
	assert_int_equal(RAND_bytes(random, sizeof random), 1);
	assert_int_equal(troth_secret_at_rest(&place, &to, words, &about), TROTH_OK);
	assert_int_equal(troth_hpke_seal(ctx, &about, random, troth_view_str(VALUE), &w),
			 TROTH_OK);
	troth_put_base64url(&t, troth_written(&w));
	snprintf(path, sizeof path, "/v1/admin/secrets/%s", name);
	snprintf(body, sizeof body,
		 "{\"action\":\"put\",\"device\":\"victim\",\"sealed\":\"%.*s\"}", (int)t.n,
		 (const char *)text);
	test_service_admin_ok(&lab.service, path, "application/json", body);
}

static int open_lab(void **state)
{
	(void)state;
	lab_open(&lab);
	if (troth_ctx_new(&ctx) != TROTH_OK)
		return -1;
	lab_policy(&lab, "automatic", "secrets: [disk]\n");
	put_value("disk");
	for (int i = 0; i < LAB_DEVICES; i++)
		soft_device_new_secret(&lab.devices[i].tpm);
	return 0;
}

static int close_lab(void **state)
{
	(void)state;
	lab_close(&lab);
	troth_ctx_free(ctx);
	return 0;
}

/* What a wish comes to: the tier, and whether a secret came; 200 or the test fails. */
struct came {
	int tier;
	bool secret;
};

static struct came wish(struct fleet_device *d, const char *name)
{
	static struct fleet_attestation a;
	struct came c;
	Troth__V1__Challenge *challenge = fleet_challenge(d, &lab.http);
	assert_non_null(challenge);
	d->secret_name = name;
	fleet_attest(d, challenge, &a);
	d->secret_name = NULL;
	a.message.log = troth_wire_bytes(d->log); /* wanted or not: it changes here */
	assert_true(fleet_post(&lab.http, "/v1/attest", &a.message.base));
	troth_wire_free(&challenge->base);
	assert_int_equal(lab.http.status, 200);
	Troth__V1__AttestationResult *m = (Troth__V1__AttestationResult *)fleet_answer(
		&lab.http, &troth__v1__attestation_result__descriptor);
	assert_non_null(m);
	c = (struct came){ (int)m->verdict, m->secret.len > 0 };
	if (c.secret)
		assert_int_equal(m->secret.len, sizeof VALUE - 1 + TROTH_HPKE_OVERHEAD);
	troth_wire_free(&m->base);
	return c;
}

static void an_affirming_verdict_brings_it(void **state)
{
	(void)state;
	struct lab_leaf leaves[8];
	const long before = lab_state(&lab, LAB_VICTIM).n_leaves;
	const struct came c = wish(&lab.devices[LAB_VICTIM], "disk");
	assert_true(c.secret);
	assert_int_equal(lab_leaves(&lab, before, leaves, 8), 2);
	assert_string_equal(leaves[0].kind, "secret");
	assert_string_equal(leaves[0].name, "disk");
	assert_string_equal(leaves[0].detail, "release victim");
	assert_string_equal(leaves[0].certificate, leaves[1].certificate);
	assert_string_equal(leaves[1].kind, "verdict");
}

/* The log with data that its digest is no longer of: a warning, and nothing is believed of it.
 */
static void warn(struct log_edit *l)
{
	for (size_t i = 1; i < l->n_records; i++)
		if (log_edit_u32(l, i, 4) == 0x80000007) { /* EV_EFI_ACTION */
			l->bytes[l->starts[i] + log_edit_data(l, i)] ^= 1;
			return;
		}
	fail_msg("the log has no action");
}

/* A verdict without a secret is a verdict all the same, and has its one leaf. */
static void assert_brings_none(struct fleet_device *d, Troth__V1__Tier tier)
{
	struct lab_leaf leaves[8];
	const long before = lab_state(&lab, LAB_VICTIM).n_leaves;
	const struct came c = wish(d, "disk");
	assert_int_equal(c.tier, tier);
	assert_false(c.secret);
	assert_int_equal(lab_leaves(&lab, before, leaves, 8), 1);
	assert_string_equal(leaves[0].kind, "verdict");
}

static void less_than_affirming_brings_none(void **state)
{
	(void)state;
	struct fleet_device *d = &lab.devices[LAB_VICTIM];
	uint8_t *pcr_4 = troth_pcr_bank_get(&d->pcrs, TROTH_HASH_SHA256)->value[4];
	const struct troth_view truth = d->log;
	struct log_edit l;
	log_edit_load(&l, truth);
	warn(&l);
	d->log = (struct troth_view){ l.bytes, l.n };
	assert_brings_none(d, TROTH__V1__TIER__TIER_WARNING);
	d->log = truth;
	pcr_4[0] ^= 1; /* what no log explains */
	assert_brings_none(d, TROTH__V1__TIER__TIER_CONTRAINDICATED);
	pcr_4[0] ^= 1;
	log_edit_free(&l);
	assert_true(wish(d, "disk").secret);
}

static void others_and_other_names_bring_none(void **state)
{
	(void)state;
	static const struct {
		int device;
		const char *name;
	} CASES[] = { { LAB_ATTACKER, "disk" }, { LAB_VICTIM, "root" } };
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct fleet_device *d = &lab.devices[CASES[i].device];
		d->secret_name = CASES[i].name;
		(void)lab_attest(&lab, d);
		lab_assert_problem(&lab.http, 403, "secret-denied", NULL);
		d->secret_name = NULL;
	}
}

/* ---- wishes that are none ---- */

static void drop_key(struct fleet_attestation *a)
{
	a->message.secret_key.len = 0;
}

static void drop_certification(struct fleet_attestation *a)
{
	a->message.secret_certification = NULL;
}

static void drop_name(struct fleet_attestation *a)
{
	a->secret_name[0] = '\0';
}

static void name_with_a_slash(struct fleet_attestation *a)
{
	snprintf(a->secret_name, sizeof a->secret_name, "../disk");
}

static void name_past_its_limit(struct fleet_attestation *a)
{
	memset(a->secret_name, 'd', TROTH_NAME_LEN_MAX + 1);
	a->secret_name[TROTH_NAME_LEN_MAX + 1] = '\0';
}

static void name_at_its_limit(struct fleet_attestation *a)
{
	memset(a->secret_name, 'd', TROTH_NAME_LEN_MAX);
	a->secret_name[TROTH_NAME_LEN_MAX] = '\0';
}

static void key_past_its_limit(struct fleet_attestation *a)
{
	static uint8_t big[TROTH_PUBLIC_MAX + 1];
	a->message.secret_key = (ProtobufCBinaryData){ sizeof big, big };
}

static void another_name(struct fleet_attestation *a)
{
	snprintf(a->secret_name, sizeof a->secret_name, "disc");
}

static void another_key(struct fleet_attestation *a)
{
	a->message.secret_key =
		troth_wire_bytes(soft_secret_public(&lab.devices[LAB_THIRD].tpm));
}

static void drop_all(struct fleet_attestation *a)
{
	drop_key(a);
	drop_certification(a);
	drop_name(a);
}

static const struct {
	const char *name;
	void (*bend)(struct fleet_attestation *a);
	const char *code, *finding;
} BENT[] = {
	{ "no key", drop_key, "malformed", NULL },
	{ "no certification", drop_certification, "malformed", NULL },
	{ "no name", drop_name, "malformed", NULL },
	{ "a name with a slash", name_with_a_slash, "malformed", NULL },
	{ "a name past its limit", name_past_its_limit, "malformed", NULL },
	{ "another name, of 63 bytes", name_at_its_limit, "refused", "qualifying-data" },
	{ "a key past its limit", key_past_its_limit, "refused", "key-attributes" },
	{ "another name than was quoted", another_name, "refused", "qualifying-data" },
	{ "another key than was quoted", another_key, "refused", "qualifying-data" },
	{ "nothing of what was quoted", drop_all, "refused", "qualifying-data" },
};

static void a_wish_is_whole_and_quoted(void **state)
{
	(void)state;
	struct fleet_device *d = &lab.devices[LAB_VICTIM];
	for (size_t i = 0; i < sizeof BENT / sizeof *BENT; i++) {
		static struct fleet_attestation a;
		const struct lab_state before = lab_state(&lab, LAB_VICTIM);
		Troth__V1__Challenge *challenge = fleet_challenge(d, &lab.http);
		assert_non_null(challenge);
		d->secret_name = "disk";
		fleet_attest(d, challenge, &a);
		d->secret_name = NULL;
		BENT[i].bend(&a);
		assert_true(fleet_post(&lab.http, "/v1/attest", &a.message.base));
		lab_assert_problem(&lab.http, 400, BENT[i].code, BENT[i].finding);
		troth_wire_free(&challenge->base);
		const struct lab_state after = lab_state(&lab, LAB_VICTIM);
		lab_assert_unchanged(&before, &after);
	}
}

/* ---- what the administration takes ---- */

static void values_come_sealed(void **state)
{
	(void)state;
	static const char *const BODIES[] = {
		"{\"action\":\"put\",\"sealed\":\"cGxhaW4\"}",
		"{\"action\":\"put\",\"sealed\":\"\"}",
		"{\"action\":\"put\"}",
		"{\"action\":\"put\",\"value\":\"plain\"}",
		"{\"action\":\"grant\",\"sealed\":\"cGxhaW4\"}",
		"{\"action\":\"show\"}",
		"{}",
		"[]",
		"",
	};
	for (size_t i = 0; i < sizeof BODIES / sizeof *BODIES; i++) {
		struct troth_https_answer a = { 0 };
		assert_int_equal(test_service_admin(&lab.service, "POST",
						    "/v1/admin/secrets/disk",
						    "application/json", BODIES[i], &a),
				 400);
		troth_https_answer_clear(&a);
	}
	assert_true(wish(&lab.devices[LAB_VICTIM], "disk").secret);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_affirming_verdict_brings_it),
		cmocka_unit_test(less_than_affirming_brings_none),
		cmocka_unit_test(others_and_other_names_bring_none),
		cmocka_unit_test(a_wish_is_whole_and_quoted),
		cmocka_unit_test(values_come_sealed),
	};
	return cmocka_run_group_tests(tests, open_lab, close_lab);
}
