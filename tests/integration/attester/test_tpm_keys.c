/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, certificates and activation on a real TPM implementation, each seen by another one's
 * eyes: our core in the verifier's place, tpm2-tools, OpenSSL. */
#include "check.h"

#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "base.h"
#include "files.h"
#include "key_file.h"
#include "quote.h"
#include "reader.h"
#include "rig.h"
#include "text.h"

static const enum troth_ek_template TEMPLATES[] = { TROTH_EK_L1_RSA2048, TROTH_EK_L2_P256,
						    TROTH_EK_H3_P384 };
static const enum troth_ak_algorithm AKS[] = { TROTH_AK_ECC, TROTH_AK_RSA };

static struct troth_public parse_ak(const struct rig *rig, const struct troth_tpm_key *ak)
{
	struct troth_public pub;
	assert_int_equal(
		troth_public_parse(
			rig->ctx, (struct troth_view){ ak->public_area, ak->public_len }, &pub),
		TROTH_OK);
	return pub;
}

static struct troth_tpm_key load_ak(struct troth_tpm *tpm, enum troth_ak_algorithm algorithm)
{
	struct troth_tpm_key ak;
	assert_int_equal(troth_tpm_ak_load(tpm, algorithm, 0, &ak), TROTH_OK);
	return ak;
}

/* The template is built from its parts here and marshalled in core there. */
static void ek_templates_are_cores(void **state)
{
	(void)state;
	for (enum troth_ek_template t = 1; t < TROTH_EK_TEMPLATE_N; t++) {
		uint8_t ours[TROTH_PUBLIC_MAX], cores[TROTH_PUBLIC_MAX];
		size_t ours_n, cores_n;
		TPM2B_PUBLIC pub;
		troth_template_ek(t, &pub);
		assert_int_equal(troth_template_marshal(&pub, ours, sizeof ours, &ours_n),
				 TROTH_OK);
		assert_int_equal(troth_ek_public_template(t, cores, sizeof cores, &cores_n),
				 TROTH_OK);
		assert_int_equal(ours_n, cores_n);
		assert_memory_equal(ours, cores, ours_n);
	}
}

static void attestation_keys_pass_the_verifiers_rules(void **state)
{
	const struct rig *rig = *state;
	TROTH_AUTO(troth_tpm_close) struct troth_tpm tpm = rig_open(rig);
	for (size_t i = 0; i < TROTH_COUNT(AKS); i++) {
		struct troth_tpm_key ak = load_ak(&tpm, AKS[i]);
		struct troth_public pub = parse_ak(rig, &ak);
		struct troth_findings findings = { 0 };
		troth_ak_check(&pub, &findings);
		assert_int_equal(findings.n, 0);
		assert_int_equal(pub.attributes, 0x00050472);
		troth_tpm_key_drop(&ak);
	}
}

/* It is derived, not stored: the same key after the TPM was off. */
static void the_attestation_key_comes_back_after_a_power_cycle(void **state)
{
	const struct rig *rig = *state;
	struct troth_name names[2];
	for (int i = 0; i < 2; i++) {
		TROTH_AUTO(troth_tpm_close) struct troth_tpm tpm = rig_open(rig);
		struct troth_tpm_key ak = load_ak(&tpm, TROTH_AK_ECC);
		names[i] = parse_ak(rig, &ak).name;
		troth_tpm_key_drop(&ak);
		troth_tpm_close(&tpm);
		rig_stop(rig);
		rig_start(rig, NULL);
	}
	assert_true(troth_view_equal(troth_name_view(&names[0]), troth_name_view(&names[1])));
}

static void a_kept_attestation_key_is_the_derived_one(void **state)
{
	const struct rig *rig = *state;
	const TPM2_HANDLE handle = 0x81010a51;
	TROTH_AUTO(troth_tpm_close) struct troth_tpm tpm = rig_open(rig);
	struct troth_tpm_key derived = load_ak(&tpm, TROTH_AK_ECC);
	struct troth_tpm_key kept;

	/* A handle with nothing under it: derived all the same. */
	assert_int_equal(troth_tpm_ak_load(&tpm, TROTH_AK_ECC, handle, &kept), TROTH_OK);
	assert_false(kept.object.persistent);
	troth_tpm_key_drop(&kept);

	assert_int_equal(troth_tpm_ak_persist(&tpm, TROTH_AK_ECC, handle), TROTH_OK);
	assert_int_equal(troth_tpm_ak_persist(&tpm, TROTH_AK_ECC, handle), TROTH_OK);
	assert_int_equal(troth_tpm_ak_load(&tpm, TROTH_AK_ECC, handle, &kept), TROTH_OK);
	assert_true(kept.object.persistent);
	assert_int_equal(kept.public_len, derived.public_len);
	assert_memory_equal(kept.public_area, derived.public_area, derived.public_len);
	troth_tpm_key_drop(&kept);
	troth_tpm_key_drop(&derived);

	/* Another algorithm's key is not taken for it, and not overwritten. */
	assert_int_equal(troth_tpm_ak_persist(&tpm, TROTH_AK_RSA, handle), TROTH_E_CONFLICT);
	assert_int_equal(troth_tpm_ak_load(&tpm, TROTH_AK_RSA, handle, &kept), TROTH_OK);
	assert_false(kept.object.persistent);
	troth_tpm_key_drop(&kept);
	troth_tpm_close(&tpm);
	RIG_OK(rig, "tpm2_evictcontrol", "-c", "0x81010a51");
	rig_assert_clean(rig);
}

static void certificates_lead_to_their_authority(void **state)
{
	const struct rig *rig = *state;
	TROTH_AUTO(troth_tpm_close) struct troth_tpm tpm = rig_open(rig);
	struct troth_view root = rig_read(rig, "ca/root.pem");
	struct troth_view issuer = rig_read(rig, "ca/issuer.pem");
	struct troth_ek_trust *trust;

	assert_int_equal(troth_ek_trust_new(&trust), TROTH_OK);
	assert_int_equal(troth_ek_trust_add_root(trust, root), TROTH_OK);
	assert_int_equal(troth_ek_trust_add_intermediate(trust, issuer), TROTH_OK);
	for (size_t i = 0; i < TROTH_COUNT(TEMPLATES); i++) {
		struct troth_tpm_ek ek;
		assert_int_equal(troth_tpm_ek_read(&tpm, TEMPLATES[i], &ek), TROTH_OK);
		if (TEMPLATES[i] == TROTH_EK_L2_P256) { /* swtpm makes none for it */
			assert_int_equal(ek.cert_len, 0);
			continue;
		}
		struct troth_key *key;
		uint8_t spki_bytes[1024];
		struct troth_view spki = { spki_bytes, 0 };
		assert_int_equal(troth_ek_key(&ek.ek, &key), TROTH_OK);
		assert_int_equal(troth_key_spki(key, spki_bytes, sizeof spki_bytes, &spki.n),
				 TROTH_OK);
		struct troth_findings findings = { 0 };
		struct troth_ek_cert_facts facts;
		const struct troth_ek_cert_case c = { .trust = trust,
						      .cert = { ek.cert, ek.cert_len },
						      .spki = &spki,
						      .now_s = (uint64_t)time(NULL) };
		assert_int_equal(troth_ek_cert_verify(rig->ctx, &c, &facts, &findings),
				 TROTH_OK);
		for (size_t k = 0; k < findings.n; k++)
			print_error("%s: %s\n", troth_finding_name(findings.list[k].code),
				    findings.list[k].detail);
		assert_int_equal(findings.n, 0);
		/* No padding of the NV index was taken along: openssl reads to the end. */
		rig_write(rig, "ek.crt", (struct troth_view){ ek.cert, ek.cert_len });
		RIG_OK(rig, "openssl", "verify", "-ignore_critical", "-CAfile",
		       rig_path(rig, "ca/root.pem"), "-untrusted",
		       rig_path(rig, "ca/issuer.pem"), rig_path(rig, "ek.crt"));
		troth_key_free(key);
	}
	troth_ek_trust_free(trust);
	file_free(root);
	file_free(issuer);
	enum troth_ek_template chosen;
	assert_int_equal(troth_tpm_ek_choose(&tpm, &chosen), TROTH_OK);
	assert_int_equal(chosen, TROTH_EK_L1_RSA2048);
}

static void the_persistent_ek_and_a_derived_one_are_the_same(void **state)
{
	const struct rig *rig = *state;
	TROTH_AUTO(troth_tpm_close) struct troth_tpm tpm = rig_open(rig);
	struct troth_tpm_ek kept, derived;

	assert_int_equal(troth_tpm_ek_read(&tpm, TROTH_EK_L1_RSA2048, &kept), TROTH_OK);
	troth_tpm_close(&tpm);
	RIG_OK(rig, "tpm2_evictcontrol", "-c", "0x81010001");
	tpm = rig_open(rig);
	assert_int_equal(troth_tpm_ek_read(&tpm, TROTH_EK_L1_RSA2048, &derived), TROTH_OK);
	assert_int_equal(kept.ek.key_len, derived.ek.key_len);
	assert_memory_equal(kept.ek.key, derived.ek.key, kept.ek.key_len);
	troth_tpm_close(&tpm);
	RIG_OK(rig, "tpm2_createek", "-c", "0x81010001", "-G", "rsa");
	RIG_OK(rig, "tpm2_flushcontext", "-t");
	rig_assert_clean(rig);
}

static void credentials_of_our_core_are_activated(void **state)
{
	const struct rig *rig = *state;
	TROTH_AUTO(troth_tpm_close) struct troth_tpm tpm = rig_open(rig);
	for (size_t i = 0; i < TROTH_COUNT(TEMPLATES) * TROTH_COUNT(AKS); i++) {
		uint8_t secret[32], out[64];
		size_t out_len;
		struct troth_tpm_ek ek;
		struct troth_tpm_key ak = load_ak(&tpm, AKS[i % TROTH_COUNT(AKS)]);
		struct troth_public pub = parse_ak(rig, &ak);
		struct troth_credential c;
		struct troth_credential_input in = { .ak_name = &pub.name,
						     .secret = TROTH_VIEW_OF(secret) };

		assert_int_equal(troth_tpm_ek_read(&tpm, TEMPLATES[i / TROTH_COUNT(AKS)], &ek),
				 TROTH_OK);
		assert_int_equal(getrandom(secret, sizeof secret, 0), sizeof secret);
		assert_int_equal(getrandom(in.random, sizeof in.random, 0), sizeof in.random);
		assert_int_equal(troth_credential_make(rig->ctx, &ek.ek, &in, &c), TROTH_OK);
		const struct troth_activation a = { .tmpl = ek.ek.tmpl,
						    .ak = &ak,
						    .blob = { c.blob, c.blob_len },
						    .secret = { c.secret, c.secret_len } };
		assert_int_equal(troth_tpm_activate(&tpm, &a, out, &out_len), TROTH_OK);
		assert_int_equal(out_len, sizeof secret);
		assert_memory_equal(out, secret, sizeof secret);
		troth_tpm_key_drop(&ak);
	}
	troth_tpm_close(&tpm);
	rig_assert_clean(rig);
}

/* tpm2-tools' file: magic, version, TPM2B_ID_OBJECT, TPM2B_ENCRYPTED_SECRET. */
static void split_tools_file(struct troth_view file, struct troth_view *blob,
			     struct troth_view *secret)
{
	struct troth_reader r = { file };
	struct troth_view header, v;
	assert_true(troth_get_view(&r, 8, &header));
	const uint8_t *start = r.left.p;
	assert_true(troth_get_view16be(&r, &v));
	*blob = (struct troth_view){ start, v.n + 2 };
	start = r.left.p;
	assert_true(troth_get_view16be(&r, &v));
	*secret = (struct troth_view){ start, v.n + 2 };
	assert_true(troth_at_end(&r));
}

static void credentials_of_tpm2_tools_are_activated(void **state)
{
	const struct rig *rig = *state;
	static const struct {
		enum troth_ek_template tmpl;
		const char *handle;
	} EKS[] = { { TROTH_EK_L1_RSA2048, "0x81010001" }, { TROTH_EK_H3_P384, "0x81010016" } };
	static const char SECRET[] = "twenty-four bytes of it.";

	rig_write(rig, "secret", troth_view_str(SECRET));
	for (size_t i = 0; i < TROTH_COUNT(EKS); i++) {
		char name[2 * TROTH_NAME_MAX + 1];
		uint8_t out[64];
		size_t out_len;
		RIG_OK(rig, "tpm2_readpublic", "-c", EKS[i].handle, "-o",
		       rig_path(rig, "ek.pub"));
		TROTH_AUTO(troth_tpm_close) struct troth_tpm tpm = rig_open(rig);
		struct troth_tpm_key ak = load_ak(&tpm, TROTH_AK_ECC);
		const struct troth_name ak_name = parse_ak(rig, &ak).name;
		troth_format_hex(troth_name_view(&ak_name), name);
		RIG_OK(rig, "tpm2_makecredential", "--tcti", "none", "-u",
		       rig_path(rig, "ek.pub"), "-s", rig_path(rig, "secret"), "-n", name, "-o",
		       rig_path(rig, "blob"));
		struct troth_view file = rig_read(rig, "blob");
		struct troth_activation a = { .tmpl = EKS[i].tmpl, .ak = &ak };
		split_tools_file(file, &a.blob, &a.secret);
		assert_int_equal(troth_tpm_activate(&tpm, &a, out, &out_len), TROTH_OK);
		assert_int_equal(out_len, strlen(SECRET));
		assert_memory_equal(out, SECRET, out_len);
		file_free(file);
		troth_tpm_key_drop(&ak);
	}
	rig_assert_clean(rig);
}

static void a_credential_for_another_key_stays_shut(void **state)
{
	const struct rig *rig = *state;
	uint8_t secret[32] = { 1 }, out[64];
	size_t out_len;
	struct troth_tpm_ek ek;
	struct troth_credential c;
	TROTH_AUTO(troth_tpm_close) struct troth_tpm tpm = rig_open(rig);
	struct troth_tpm_key ak = load_ak(&tpm, TROTH_AK_ECC);
	struct troth_public pub = parse_ak(rig, &ak);
	struct troth_name other = pub.name;
	struct troth_credential_input in = { .ak_name = &other,
					     .secret = TROTH_VIEW_OF(secret),
					     .random = { 7 } };

	other.bytes[5] ^= 1;
	assert_int_equal(troth_tpm_ek_read(&tpm, TROTH_EK_H3_P384, &ek), TROTH_OK);
	assert_int_equal(troth_credential_make(rig->ctx, &ek.ek, &in, &c), TROTH_OK);
	struct troth_activation a = { .tmpl = ek.ek.tmpl,
				      .ak = &ak,
				      .blob = { c.blob, c.blob_len },
				      .secret = { c.secret, c.secret_len } };
	POISON(out);
	assert_int_equal(troth_tpm_activate(&tpm, &a, out, &out_len), TROTH_E_TPM);
	a.blob.n--;
	assert_int_equal(troth_tpm_activate(&tpm, &a, out, &out_len), TROTH_E_MALFORMED);
	a.blob.n = 0;
	assert_int_equal(troth_tpm_activate(&tpm, &a, out, &out_len), TROTH_E_MALFORMED);
	ASSERT_POISONED(out);
	troth_tpm_key_drop(&ak);
	troth_tpm_close(&tpm);
	rig_assert_clean(rig);
}

static void the_credential_key_is_what_the_verifier_wants(void **state)
{
	const struct rig *rig = *state;
	TROTH_AUTO(troth_tpm_close) struct troth_tpm tpm = rig_open(rig);
	struct troth_credential_key key;
	struct troth_tpm_object loaded = { 0 };
	struct troth_public pub;
	struct troth_findings findings = { 0 };

	assert_int_equal(troth_tpm_credential_key_make(&tpm, &key), TROTH_OK);
	assert_int_equal(
		troth_public_parse(
			rig->ctx, (struct troth_view){ key.public_area, key.public_len }, &pub),
		TROTH_OK);
	troth_credential_key_check(&pub, &findings);
	assert_int_equal(findings.n, 0);
	assert_int_equal(troth_tpm_credential_key_load(&tpm, &key, &loaded), TROTH_OK);
	troth_tpm_object_drop(&loaded);

	/* Neither part may be touched. */
	struct troth_credential_key changed = key;
	changed.private_part[20] ^= 1;
	assert_int_equal(troth_tpm_credential_key_load(&tpm, &changed, &loaded), TROTH_E_TPM);
	changed = key;
	changed.public_area[7] ^= 4; /* an attribute */
	assert_int_not_equal(troth_tpm_credential_key_load(&tpm, &changed, &loaded), TROTH_OK);
	troth_tpm_close(&tpm);
	rig_assert_clean(rig);
}

static void openssl_uses_the_key_file(void **state)
{
	const struct rig *rig = *state;
	struct troth_credential_key key, again;
	static struct troth_pem pem;
	struct troth_public pub;
	struct troth_key *evp;
	uint8_t spki[256];
	size_t spki_len;
	TROTH_AUTO(troth_tpm_close) struct troth_tpm tpm = rig_open(rig);

	assert_int_equal(troth_tpm_credential_key_make(&tpm, &key), TROTH_OK);
	troth_tpm_close(&tpm);
	pem.n = 0;
	assert_int_equal(troth_key_file_format(&key, &pem), TROTH_OK);
	const struct troth_view text = { (const uint8_t *)pem.text, pem.n };
	rig_write(rig, "key.pem", text);
	assert_int_equal(troth_key_file_parse(text, &again), TROTH_OK);
	assert_memory_equal(&again, &key, sizeof key);

	RIG_OK(rig, "openssl", "pkey", "-provider", "tpm2", "-provider", "default",
	       "-propquery", "?provider=tpm2", "-in", rig_path(rig, "key.pem"), "-pubout",
	       "-outform", "DER", "-out", rig_path(rig, "key.spki"));
	assert_int_equal(
		troth_public_parse(
			rig->ctx, (struct troth_view){ key.public_area, key.public_len }, &pub),
		TROTH_OK);
	assert_int_equal(troth_key_from_public(&pub, &evp), TROTH_OK);
	assert_int_equal(troth_key_spki(evp, spki, sizeof spki, &spki_len), TROTH_OK);
	struct troth_view theirs = rig_read(rig, "key.spki");
	assert_true(troth_view_equal(theirs, (struct troth_view){ spki, spki_len }));
	file_free(theirs);
	troth_key_free(evp);

	RIG_OK(rig, "openssl", "req", "-new", "-provider", "tpm2", "-provider", "default",
	       "-propquery", "?provider=tpm2", "-key", rig_path(rig, "key.pem"), "-subj",
	       "/CN=test", "-out", rig_path(rig, "csr.pem"));
	RIG_OK(rig, "openssl", "req", "-verify", "-noout", "-in", rig_path(rig, "csr.pem"));
	rig_assert_clean(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ek_templates_are_cores),
		cmocka_unit_test(attestation_keys_pass_the_verifiers_rules),
		cmocka_unit_test(the_attestation_key_comes_back_after_a_power_cycle),
		cmocka_unit_test(a_kept_attestation_key_is_the_derived_one),
		cmocka_unit_test(certificates_lead_to_their_authority),
		cmocka_unit_test(the_persistent_ek_and_a_derived_one_are_the_same),
		cmocka_unit_test(credentials_of_our_core_are_activated),
		cmocka_unit_test(credentials_of_tpm2_tools_are_activated),
		cmocka_unit_test(a_credential_for_another_key_stays_shut),
		cmocka_unit_test(the_credential_key_is_what_the_verifier_wants),
		cmocka_unit_test(openssl_uses_the_key_file),
	};
	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
