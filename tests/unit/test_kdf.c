/* SPDX-License-Identifier: Apache-2.0 */
/* Values: go-tpm's published KDFa and KDFe vectors of whole bytes, recomputed with python3. */
#include "check.h"

#include "base.h"
#include "kdf.h"
#include "reader.h"

struct vector {
	enum troth_hash hash;
	const char *key, *label, *u, *v, *want;
};

static const struct vector KDFA[] = {
	{ TROTH_HASH_SHA256, "e38573d849a5cfc9973f58b4535e42b7c08ef28b1b3e775375b5c66b9644be",
	  "STORAGE", "00586dccbebc998087e4", "",
	  "968f349b066ed26be3bd4e78333eb5c5b51c26ea376efe5dfaf061a2cf7f5eb82e4fcc2a30736e30f12b"
	  "48ab17efd10576a4cf33450324b3f20011628df7a07c411f8c0f6c" },
	{ TROTH_HASH_SHA1, "ff9af522feced768e90933b774c6fb35f6086054", "IDENTITY",
	  "2a2c2392200800", "",
	  "04384a8ae06d793d28c402c088c29185fb6de2bb3227df9a604edf7beb2f29b46ff5aa66150ffcfb5d6d"
	  "9130db5bc59d644c0d6259d111ed8fe8b81547d07bfe" },
	{ TROTH_HASH_SHA1, "f33e8c7d0efe0f", "CFB", "002ba8440f2e389a7a086726c47b2bc332a0",
	  "fb4746f1b68c0f75174fa7",
	  "6e5d4c0212cb1f908c0aa34c91f74b3bf429eab89f0b532b1cc7f34f240ee100c63e0b4cf5bb0017e178"
	  "ef8902a5bf18a3fd" },
};

static const struct vector KDFE[] = {
	{ TROTH_HASH_SHA256, "6cbfdee9e66367b676", "STORAGE", "c303fe79ff",
	  "79e34519a8a32f13d400",
	  "e59560660988b3d66e3a76bcc96110cc199bfa0418dca315f7070619e04fa0b6cdb2912db3786aaa34f2"
	  "cad7dcee560eed2b4c3f7566e533e4a3bba9c9364397dd2ce45a0b85dde5c83fea27b4fb20bb0125346d"
	  "24e5d9321f81b2" },
	{ TROTH_HASH_SHA1, "c1633e4679", "CFB", "", "f40be602c2ac513197a3ad24bc",
	  "e2557d17d21bea7a241f0d6355ae386177bbed8cbe9c4f1cd2024be869d5679493c8de7615fefef6356d"
	  "f7a728bce63431ce317be4f50284d2e10a9f3b24f9d249c1be118822129fbfe0a8" },
	{ TROTH_HASH_SHA1, "fffaefd2dcf59ac10ffee96d388ecc7fa0274b25", "INTEGRITY",
	  "ff7876ca3325140c1739", "ffdaea80b8",
	  "39bde917d4529cfb171ebb49c8aa83777481f50cf0df162c3f12b9c8ab21ddcbed2e8a8b688c8b66" },
};

static struct troth_view hex_view(const char *hex, uint8_t *buf)
{
	from_hex(hex, buf, strlen(hex) / 2);
	return (struct troth_view){ buf, strlen(hex) / 2 };
}

static void check(const struct vector *vectors, size_t n,
		  enum troth_status (*kdf)(const struct troth_kdf *, uint8_t *, size_t))
{
	for (size_t i = 0; i < n; i++) {
		uint8_t key[64], u[64], v[64], out[128];
		const struct troth_kdf in = { .hash = vectors[i].hash,
					      .key = hex_view(vectors[i].key, key),
					      .label = vectors[i].label,
					      .u = hex_view(vectors[i].u, u),
					      .v = hex_view(vectors[i].v, v) };
		assert_int_equal(kdf(&in, out, strlen(vectors[i].want) / 2), TROTH_OK);
		assert_hex(out, vectors[i].want);
	}
}

static void kdfa_matches(void **state)
{
	(void)state;
	check(KDFA, TROTH_COUNT(KDFA), troth_kdfa);
}

static void kdfe_matches(void **state)
{
	(void)state;
	check(KDFE, TROTH_COUNT(KDFE), troth_kdfe);
}

static void limits(void **state)
{
	(void)state;
	static const uint8_t bytes[TROTH_KDF_CONTEXT_MAX];
	struct troth_kdf in = { .hash = TROTH_HASH_SHA256,
				.key = { bytes, 32 },
				.label = "STORAGE",
				.u = { bytes, TROTH_KDF_CONTEXT_MAX - 1 },
				.v = { bytes, 1 } };
	uint8_t out[200];
	assert_int_equal(troth_kdfa(&in, out, 128), TROTH_OK);
	assert_int_equal(troth_kdfe(&in, out, 128), TROTH_OK);
	POISON(out);
	assert_int_equal(troth_kdfa(&in, out, 129), TROTH_E_LIMIT);
	assert_int_equal(troth_kdfe(&in, out, 129), TROTH_E_LIMIT);
	in.v.n = 2;
	assert_int_equal(troth_kdfa(&in, out, 32), TROTH_E_LIMIT);
	in.u = (struct troth_view){ bytes, TROTH_KDF_CONTEXT_MAX };
	in.v = (struct troth_view){ bytes, 32 };
	assert_int_equal(troth_kdfe(&in, out, 32), TROTH_E_LIMIT);
	ASSERT_POISONED(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kdfa_matches),
		cmocka_unit_test(kdfe_matches),
		cmocka_unit_test(limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
