/* SPDX-License-Identifier: Apache-2.0 */
/* Event logs written field by field, digests by OpenSSL's one-shot functions: good ones, and
 * what an attacker could write. Include after check.h. */
#ifndef TROTH_TESTS_LOG_BUILDER_H
#define TROTH_TESTS_LOG_BUILDER_H

#include <openssl/sha.h>

#include "hash.h"
#include "reader.h"

#define LOG_BUILDER_BANKS 4

struct log_builder {
	uint8_t bytes[1 << 17];
	size_t n;
	size_t n_banks; /* 0: the SHA-1-only format */
	enum troth_hash banks[LOG_BUILDER_BANKS];
};

static inline void log_put(struct log_builder *b, const void *p, size_t n)
{
	assert_true(n <= sizeof b->bytes - b->n);
	if (n > 0)
		memcpy(b->bytes + b->n, p, n);
	b->n += n;
}

/* Little-endian, width bytes. */
static inline void log_put_le(struct log_builder *b, uint64_t v, size_t width)
{
	for (size_t i = 0; i < width; i++) {
		uint8_t byte = (uint8_t)(v >> (8 * i));
		log_put(b, &byte, 1);
	}
}

static inline uint16_t log_alg_id(enum troth_hash bank)
{
	static const uint16_t IDS[] = { 0, 0x0004, 0x000b, 0x000c, 0x000d };
	assert_true(bank < sizeof IDS / sizeof *IDS);
	return IDS[bank];
}

static inline size_t log_alg_size(enum troth_hash bank)
{
	static const uint8_t SIZES[] = { 0, 20, 32, 48, 64 };
	return SIZES[bank];
}

static inline void log_hash(enum troth_hash bank, struct troth_view v, uint8_t out[64])
{
	static const uint8_t NOTHING;
	const uint8_t *p = v.n > 0 ? v.p : &NOTHING;
	if (bank == TROTH_HASH_SHA1)
		SHA1(p, v.n, out);
	else if (bank == TROTH_HASH_SHA256)
		SHA256(p, v.n, out);
	else if (bank == TROTH_HASH_SHA384)
		SHA384(p, v.n, out);
	else
		SHA512(p, v.n, out);
}

/* The first record of a crypto-agile log; vendor is its vendorInfo. */
static inline void log_begin(struct log_builder *b, const enum troth_hash *banks,
			     size_t n_banks)
{
	static const uint8_t ZEROS[20] = { 0 };
	b->n = 0;
	b->n_banks = n_banks;
	for (size_t i = 0; i < n_banks; i++)
		b->banks[i] = banks[i];
	if (n_banks == 0)
		return;
	log_put_le(b, 0, 4);
	log_put_le(b, 3, 4);
	log_put(b, ZEROS, sizeof ZEROS);
	log_put_le(b, 28 + 4 * n_banks + 1, 4);
	log_put(b, "Spec ID Event03", 16);
	log_put_le(b, 0, 4);
	log_put(b, "\x00\x02\x00\x02", 4);
	log_put_le(b, n_banks, 4);
	for (size_t i = 0; i < n_banks; i++) {
		log_put_le(b, log_alg_id(banks[i]), 2);
		log_put_le(b, log_alg_size(banks[i]), 2);
	}
	log_put_le(b, 0, 1);
}

/* An event whose digests are of measured while its data says said. */
static inline void log_event2(struct log_builder *b, uint32_t pcr, uint32_t type,
			      struct troth_view measured, struct troth_view said)
{
	uint8_t digest[64];
	log_put_le(b, pcr, 4);
	log_put_le(b, type, 4);
	if (b->n_banks == 0) {
		log_hash(TROTH_HASH_SHA1, measured, digest);
		log_put(b, digest, 20);
	} else {
		log_put_le(b, b->n_banks, 4);
	}
	for (size_t i = 0; i < b->n_banks; i++) {
		log_put_le(b, log_alg_id(b->banks[i]), 2);
		log_hash(b->banks[i], measured, digest);
		log_put(b, digest, log_alg_size(b->banks[i]));
	}
	log_put_le(b, said.n, 4);
	log_put(b, said.p, said.n);
}

static inline void log_event(struct log_builder *b, uint32_t pcr, uint32_t type,
			     struct troth_view data)
{
	log_event2(b, pcr, type, data, data);
}

static inline void log_text(struct log_builder *b, uint32_t pcr, uint32_t type,
			    const char *text)
{
	log_event(b, pcr, type, troth_view_str(text));
}

static inline void log_separator(struct log_builder *b, uint32_t pcr)
{
	static const uint8_t ZEROS[4] = { 0 };
	log_event(b, pcr, 4, TROTH_VIEW_OF(ZEROS));
}

static inline struct troth_view log_bytes(const struct log_builder *b)
{
	return (struct troth_view){ b->bytes, b->n };
}

/* UEFI_VARIABLE_DATA of a GUID and an ASCII name; returns its length. */
static inline size_t uefi_variable(const uint8_t guid[16], const char *name,
				   struct troth_view data, uint8_t *out, size_t max)
{
	struct log_builder b = { .n = 0 };
	log_put(&b, guid, 16);
	log_put_le(&b, strlen(name), 8);
	log_put_le(&b, data.n, 8);
	for (size_t i = 0; i < strlen(name); i++)
		log_put_le(&b, (uint8_t)name[i], 2);
	log_put(&b, data.p, data.n);
	assert_true(b.n <= max);
	memcpy(out, b.bytes, b.n);
	return b.n;
}

static const uint8_t GUID_GLOBAL[16] = { 0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
					 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c };
static const uint8_t GUID_SECURITY[16] = { 0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45,
					   0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f };

#endif
