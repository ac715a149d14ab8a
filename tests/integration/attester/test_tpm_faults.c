/* SPDX-License-Identifier: Apache-2.0 */
/* TPMs that are full, gone, locked, not started or held by an owner: told apart, in words, with
 * the exit code 4 and nothing left behind. */
#include "check.h"

#include <stdio.h>
#include <unistd.h>

#include "base.h"
#include "files.h"
#include "rig.h"
#include "tpm_work.h"

static void provision_fails_with(const struct rig *rig, int code, const char *text)
{
	RIG_CODE(rig, code, rig_program("troth-attester"), "provision", "--tcti", rig->tcti,
		 "--state-dir", rig_path(rig, "state-dir"), "--run-dir",
		 rig_path(rig, "run-dir"));
	assert_true(rig_said(rig, text));
}

static void assert_fault(struct troth_tpm *tpm, enum troth_tpm_fault fault, const char *words)
{
	char text[512];
	assert_int_equal(troth_tpm_fault_of(tpm), fault);
	troth_tpm_error(tpm, text, sizeof text);
	if (strstr(text, words) == NULL)
		fail_msg("no '%s' in '%s'", words, text);
}

static void a_full_tpm(void **state)
{
	const struct rig *rig = *state;
	for (int i = 0; i < 3; i++)
		RIG_OK(rig, "tpm2_createprimary", "-Q", "-c", rig_path(rig, "filler.ctx"));
	assert_int_equal(rig_handles(rig, "transient"), 3);
	provision_fails_with(rig, 4, "hold all of its object or session slots");
	/* Ours were never there, theirs still are. */
	assert_int_equal(rig_handles(rig, "transient"), 3);
	assert_int_equal(rig_handles(rig, "loaded-session"), 0);
	RIG_OK(rig, "tpm2_flushcontext", "-t");
}

/* One slot is enough for the AK, not for a key under its parent: what was loaded on the way is
 * flushed again. */
static void a_tpm_that_fills_up_on_the_way(void **state)
{
	const struct rig *rig = *state;
	for (int i = 0; i < 2; i++)
		RIG_OK(rig, "tpm2_createprimary", "-Q", "-c", rig_path(rig, "filler.ctx"));
	TROTH_AUTO(troth_tpm_close) struct troth_tpm tpm = rig_open(rig);
	struct troth_tpm_key ak;
	struct troth_credential_key key;
	assert_int_equal(troth_tpm_ak_load(&tpm, TROTH_AK_ECC, 0, &ak), TROTH_OK);
	POISON(key);
	assert_int_equal(troth_tpm_credential_key_make(&tpm, &key), TROTH_E_TPM);
	ASSERT_POISONED(key);
	assert_fault(&tpm, TROTH_TPM_FULL, "slots");
	troth_tpm_key_drop(&ak);
	troth_tpm_close(&tpm);
	assert_int_equal(rig_handles(rig, "transient"), 2);
	RIG_OK(rig, "tpm2_flushcontext", "-t");
	rig_assert_clean(rig);
}

/* Somebody who starts sessions and goes without flushing them. */
static void fill_sessions(const struct rig *rig)
{
	static const TPMT_SYM_DEF no_encryption = { .algorithm = TPM2_ALG_NULL };
	TROTH_AUTO(troth_tpm_close) struct troth_tpm tpm = rig_open(rig);
	for (int i = 0; i < 3; i++) {
		ESYS_TR session;
		assert_int_equal(Esys_StartAuthSession(tpm.esys, ESYS_TR_NONE, ESYS_TR_NONE,
						       ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
						       NULL, TPM2_SE_POLICY, &no_encryption,
						       TPM2_ALG_SHA256, &session),
				 TSS2_RC_SUCCESS);
	}
}

static void sessions_used_up(void **state)
{
	const struct rig *rig = *state;
	struct troth_tpm_key ak;
	uint8_t out[64];
	size_t out_len;
	/* Any blob will do: the session is wanted before the TPM looks at it. */
	static const uint8_t blob[] = { 0, 1, 0 };
	fill_sessions(rig);
	TROTH_AUTO(troth_tpm_close) struct troth_tpm tpm = rig_open(rig);
	assert_int_equal(troth_tpm_ak_load(&tpm, TROTH_AK_ECC, 0, &ak), TROTH_OK);
	const struct troth_activation a = { .tmpl = TROTH_EK_L1_RSA2048,
					    .ak = &ak,
					    .blob = TROTH_VIEW_OF(blob),
					    .secret = TROTH_VIEW_OF(blob) };
	assert_int_equal(troth_tpm_activate(&tpm, &a, out, &out_len), TROTH_E_TPM);
	assert_fault(&tpm, TROTH_TPM_FULL, "slots");
	troth_tpm_key_drop(&ak);
	troth_tpm_close(&tpm);
	assert_int_equal(rig_handles(rig, "transient"), 0);
	RIG_OK(rig, "tpm2_flushcontext", "-l");
	rig_assert_clean(rig);
}

static void a_missing_tpm(void **state)
{
	const struct rig *rig = *state;
	rig_stop(rig);
	provision_fails_with(rig, 4, "no TPM answers there");
	RIG_CODE(rig, 4, rig_program("troth-attester"), "provision", "--tcti",
		 "device:/dev/no-such-tpm");
	assert_true(rig_said(rig, "no TPM answers there"));
	assert_true(rig_said(rig, "device:/dev/no-such-tpm"));
	RIG_CODE(rig, 4, rig_program("troth-attester"), "provision", "--tcti", "nonsense:1");
	rig_start(rig, NULL);
}

static void a_tpm_nobody_started(void **state)
{
	const struct rig *rig = *state;
	rig_stop(rig);
	rig_start(rig, "--no-startup");
	provision_fails_with(rig, 4, "neither firmware nor kernel has started it");
	rig_stop(rig);
	rig_start(rig, NULL);
}

static void a_tpm_that_vanishes(void **state)
{
	const struct rig *rig = *state;
	struct troth_tpm_key ak;
	TROTH_AUTO(troth_tpm_close) struct troth_tpm tpm = rig_open(rig);
	assert_int_equal(troth_tpm_ak_load(&tpm, TROTH_AK_ECC, 0, &ak), TROTH_OK);
	rig_stop(rig);
	struct troth_tpm_key again;
	POISON(again);
	assert_int_equal(troth_tpm_ak_load(&tpm, TROTH_AK_ECC, 0, &again), TROTH_E_TPM);
	ASSERT_POISONED(again);
	assert_fault(&tpm, TROTH_TPM_VANISHED, "went away");
	rig_start(rig, NULL);
	/* And it stays so on this connection. */
	assert_int_equal(troth_tpm_ak_load(&tpm, TROTH_AK_ECC, 0, &again), TROTH_E_TPM);
	assert_fault(&tpm, TROTH_TPM_VANISHED, "went away");
	troth_tpm_key_drop(&ak);
	troth_tpm_close(&tpm);

	tpm = rig_open(rig);
	assert_int_equal(troth_tpm_ak_load(&tpm, TROTH_AK_ECC, 0, &ak), TROTH_OK);
	troth_tpm_key_drop(&ak);
	troth_tpm_close(&tpm);
	rig_assert_clean(rig);
}

struct power_cut {
	const struct rig *rig;
	int rounds, cuts;
};

static enum troth_status load_with_power_cut(struct troth_tpm *tpm, void *arg,
					     struct troth_outcome *outcome)
{
	struct power_cut *p = arg;
	TROTH_AUTO(troth_tpm_key_drop) struct troth_tpm_key ak = { 0 };
	(void)outcome;
	const bool cut = ++p->rounds <= p->cuts;
	if (cut)
		rig_stop(p->rig);
	enum troth_status status = troth_tpm_ak_load(tpm, TROTH_AK_ECC, 0, &ak);
	if (cut)
		rig_start(p->rig, NULL);
	return status;
}

static void work_is_begun_anew_once(void **state)
{
	const struct rig *rig = *state;
	static struct troth_settings settings;
	struct troth_outcome outcome = { 0 };
	snprintf(settings.tcti, sizeof settings.tcti, "%s", rig->tcti);

	struct power_cut once = { rig, 0, 1 };
	assert_int_equal(troth_tpm_do(&settings, load_with_power_cut, &once, &outcome),
			 TROTH_OK);
	assert_int_equal(once.rounds, 2);

	struct power_cut always = { rig, 0, 100 };
	assert_int_equal(troth_tpm_do(&settings, load_with_power_cut, &always, &outcome),
			 TROTH_E_TPM);
	assert_int_equal(always.rounds, 2);
	assert_int_equal(outcome.ending, TROTH_ENDED_TPM);
	assert_non_null(strstr(outcome.text, "went away"));
	rig_assert_clean(rig);
}

static void an_endorsement_authorisation(void **state)
{
	const struct rig *rig = *state;
	struct troth_credential_key key;
	RIG_OK(rig, "tpm2_changeauth", "-c", "e", "sesame");
	provision_fails_with(rig, 4, "endorsement_auth_file");

	/* Made with an editor: the line break is not part of it. */
	rig_write(rig, "auth", (struct troth_view){ (const uint8_t *)"sesame\n", 7 });
	FILE *f = fopen(rig_path(rig, "attester.yaml"), "w");
	assert_non_null(f);
	fprintf(f, "tcti: \"%s\"\nendorsement_auth_file: %s/auth\nak_handle: \"0x81010a51\"\n",
		rig->tcti, rig->dir);
	assert_int_equal(fclose(f), 0);
	RIG_OK(rig, rig_program("troth-attester"), "provision", "--config",
	       rig_path(rig, "attester.yaml"));

	/* The key kept then works without the authorisation. */
	TROTH_AUTO(troth_tpm_close) struct troth_tpm tpm = rig_open(rig);
	struct troth_tpm_key ak;
	assert_int_equal(troth_tpm_ak_load(&tpm, TROTH_AK_ECC, 0x81010a51, &ak), TROTH_OK);
	static const uint8_t nonce[] = { 1 };
	const struct troth_pcr_selection selection = { 1, { { TROTH_HASH_SHA256, 0xff } } };
	const struct troth_tpm_quote_request r = { &ak, &selection, TROTH_VIEW_OF(nonce) };
	static struct troth_tpm_quote q;
	assert_int_equal(troth_tpm_quote(&tpm, rig->ctx, &r, &q), TROTH_OK);
	assert_int_equal(troth_tpm_credential_key_make(&tpm, &key), TROTH_OK);
	troth_tpm_key_drop(&ak);
	troth_tpm_close(&tpm);
	RIG_OK(rig, "tpm2_evictcontrol", "-c", "0x81010a51");
	RIG_OK(rig, "tpm2_changeauth", "-c", "e", "-p", "sesame");
	rig_assert_clean(rig);
}

/* Our keys carry noDA: a locked TPM attests on. */
static void a_lockout_does_not_stop_attestation(void **state)
{
	const struct rig *rig = *state;
	RIG_OK(rig, "tpm2_dictionarylockout", "-s", "-n", "1", "-t", "1000", "-l", "1000");
	RIG_OK(rig, "tpm2_createprimary", "-Q", "-C", "o", "-p", "right", "-a",
	       "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|decrypt", "-c",
	       rig_path(rig, "locked.ctx"));
	RIG_OK(rig, "tpm2_flushcontext", "-t");
	RIG_CODE(rig, 3, "tpm2_create", "-Q", "-C", rig_path(rig, "locked.ctx"), "-P", "wrong",
		 "-u", rig_path(rig, "x.pub"), "-r", rig_path(rig, "x.priv"));
	RIG_OK(rig, "tpm2_flushcontext", "-t");
	RIG_CODE(rig, 1, "tpm2_create", "-Q", "-C", rig_path(rig, "locked.ctx"), "-P", "right",
		 "-u", rig_path(rig, "x.pub"), "-r", rig_path(rig, "x.priv"));
	assert_true(rig_said(rig, "0x921"));
	RIG_OK(rig, "tpm2_flushcontext", "-t");

	TROTH_AUTO(troth_tpm_close) struct troth_tpm tpm = rig_open(rig);
	struct troth_tpm_key ak;
	struct troth_credential_key key;
	struct troth_tpm_object loaded = { 0 };
	struct troth_tpm_statement statement;
	static const uint8_t nonce[] = { 1 };
	assert_int_equal(troth_tpm_ak_load(&tpm, TROTH_AK_ECC, 0, &ak), TROTH_OK);
	assert_int_equal(troth_tpm_credential_key_make(&tpm, &key), TROTH_OK);
	assert_int_equal(troth_tpm_credential_key_load(&tpm, &key, &loaded), TROTH_OK);
	assert_int_equal(
		troth_tpm_certify(&tpm, &ak, &loaded, TROTH_VIEW_OF(nonce), &statement),
		TROTH_OK);
	troth_tpm_object_drop(&loaded);
	troth_tpm_key_drop(&ak);
	troth_tpm_close(&tpm);
	RIG_OK(rig, "tpm2_dictionarylockout", "-c");
	rig_assert_clean(rig);
}

/* TPM2_Clear takes the storage root key away: made and kept again; old credential keys are of
 * no use, which the TPM says. */
static void a_cleared_tpm(void **state)
{
	const struct rig *rig = *state;
	struct troth_credential_key key;
	struct troth_tpm_object loaded = { 0 };
	TROTH_AUTO(troth_tpm_close) struct troth_tpm tpm = rig_open(rig);
	assert_int_equal(troth_tpm_credential_key_make(&tpm, &key), TROTH_OK);
	troth_tpm_close(&tpm);
	RIG_OK(rig, "tpm2_clear");
	tpm = rig_open(rig);
	assert_int_equal(troth_tpm_credential_key_load(&tpm, &key, &loaded), TROTH_E_TPM);
	assert_int_equal(troth_tpm_fault_of(&tpm), TROTH_TPM_OTHER);
	assert_int_equal(troth_tpm_credential_key_make(&tpm, &key), TROTH_OK);
	assert_int_equal(troth_tpm_credential_key_load(&tpm, &key, &loaded), TROTH_OK);
	troth_tpm_object_drop(&loaded);
	troth_tpm_close(&tpm);
	rig_assert_clean(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_tpm),
		cmocka_unit_test(a_tpm_that_fills_up_on_the_way),
		cmocka_unit_test(sessions_used_up),
		cmocka_unit_test(a_missing_tpm),
		cmocka_unit_test(a_tpm_nobody_started),
		cmocka_unit_test(a_tpm_that_vanishes),
		cmocka_unit_test(work_is_begun_anew_once),
		cmocka_unit_test(an_endorsement_authorisation),
		cmocka_unit_test(a_lockout_does_not_stop_attestation),
		cmocka_unit_test(a_cleared_tpm),
	};
	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
