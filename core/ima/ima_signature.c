/* SPDX-License-Identifier: Apache-2.0 */
#include "ima_signature.h"

#include "base.h"
#include "reader.h"

/* Linux, include/uapi/linux/hash_info.h, enum hash_algo. */
static const struct {
	uint8_t algo;
	enum troth_hash hash;
} HASHES[] = {
	{ 2, TROTH_HASH_SHA1 },	  { 4, TROTH_HASH_SHA256 },   { 5, TROTH_HASH_SHA384 },
	{ 6, TROTH_HASH_SHA512 }, { 17, TROTH_HASH_SM3_256 },
};

/* integrity.h, enum evm_ima_xattr_type, each with the version it comes in. */
static const struct {
	uint8_t type, version;
	const char *name;
} KINDS[TROTH_IMA_SIGNATURE_KIND_N] = {
	[TROTH_IMA_SIGNATURE_FILE] = { 0x03, 2, "file" },
	[TROTH_IMA_SIGNATURE_VERITY] = { TROTH_IMA_VERITY_TYPE, 3, "verity" },
	[TROTH_IMA_SIGNATURE_PORTABLE] = { 0x05, 2, "evm-portable" },
};

const char *troth_ima_signature_kind_name(enum troth_ima_signature_kind kind)
{
	return kind < TROTH_IMA_SIGNATURE_KIND_N ? KINDS[kind].name : NULL;
}

static enum troth_hash hash_of(uint8_t algo)
{
	for (size_t i = 0; i < TROTH_COUNT(HASHES); i++)
		if (HASHES[i].algo == algo)
			return HASHES[i].hash;
	return TROTH_HASH_NONE;
}

uint8_t troth_ima_hash_number(enum troth_hash hash)
{
	for (size_t i = 0; i < TROTH_COUNT(HASHES); i++)
		if (HASHES[i].hash == hash)
			return HASHES[i].algo;
	return 0;
}

static bool find_kind(uint8_t type, uint8_t version, enum troth_ima_signature_kind *out)
{
	for (enum troth_ima_signature_kind k = 0; k < TROTH_IMA_SIGNATURE_KIND_N; k++)
		if (KINDS[k].type == type && KINDS[k].version == version) {
			*out = k;
			return true;
		}
	return false;
}

enum troth_status troth_ima_signature_parse(struct troth_view field,
					    struct troth_ima_signature *out)
{
	struct troth_reader r = { field };
	struct troth_ima_signature s = { .hash = TROTH_HASH_NONE };
	uint8_t type, version, algo;

	if (!troth_get_u8(&r, &type) || !troth_get_u8(&r, &version))
		return TROTH_E_TRUNCATED;
	if (!find_kind(type, version, &s.kind))
		return TROTH_E_UNSUPPORTED;
	if (!troth_get_u8(&r, &algo) || !troth_get_u32be(&r, &s.key_id) ||
	    !troth_get_view16be(&r, &s.bytes))
		return TROTH_E_TRUNCATED;
	if (s.bytes.n == 0 || !troth_at_end(&r))
		return TROTH_E_MALFORMED;
	s.hash = hash_of(algo);
	*out = s;
	return TROTH_OK;
}
