/* SPDX-License-Identifier: Apache-2.0 */
/* Small PE32+ images for tests, as linkers lay them out: headers, sections at multiples of 512,
 * certificates last. Offsets are there to be spoiled. */
#ifndef TROTH_TESTS_PE_BUILDER_H
#define TROTH_TESTS_PE_BUILDER_H

#include <stdint.h>
#include <string.h>

#define PE_ALIGN 512
#define PE_AT 64
#define PE_OPTIONAL_AT (PE_AT + 24)
#define PE_CHECKSUM_AT (PE_OPTIONAL_AT + 64)
#define PE_HEADERS_LEN_AT (PE_OPTIONAL_AT + 60)
#define PE_N_DIRECTORIES_AT (PE_OPTIONAL_AT + 108)
#define PE_CERTIFICATES_AT (PE_OPTIONAL_AT + 112 + 32)
#define PE_OPTIONAL_LEN 240
#define PE_SECTIONS_AT (PE_OPTIONAL_AT + PE_OPTIONAL_LEN)
/* Within a section's header. */
#define PE_SECTION(i) (PE_SECTIONS_AT + 40 * (i))
#define PE_VIRTUAL_SIZE 8
#define PE_RAW_LEN 16
#define PE_RAW_AT 20

struct pe_part {
	const char *name;
	const void *data;
	size_t len;
};

static inline void pe_u16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void pe_u32(uint8_t *p, uint32_t v)
{
	pe_u16(p, v);
	pe_u16(p + 2, v >> 16);
}

static inline size_t pe_round(size_t n)
{
	return (n + PE_ALIGN - 1) / PE_ALIGN * PE_ALIGN;
}

static inline void pe_headers(uint8_t *out, size_t n_parts, size_t headers_len)
{
	pe_u16(out, 0x5a4d);
	pe_u32(out + 0x3c, PE_AT);
	pe_u32(out + PE_AT, 0x4550);
	pe_u16(out + PE_AT + 4, 0x8664);
	pe_u16(out + PE_AT + 6, (uint32_t)n_parts);
	pe_u16(out + PE_AT + 20, PE_OPTIONAL_LEN);
	pe_u16(out + PE_AT + 22, 0x22e);
	pe_u16(out + PE_OPTIONAL_AT, 0x20b);
	pe_u32(out + PE_OPTIONAL_AT + 32, 4096); /* SectionAlignment */
	pe_u32(out + PE_OPTIONAL_AT + 36, PE_ALIGN);
	pe_u32(out + PE_HEADERS_LEN_AT, (uint32_t)headers_len);
	pe_u16(out + PE_OPTIONAL_AT + 68, 10); /* an EFI application */
	pe_u32(out + PE_N_DIRECTORIES_AT, 16);
}

/* Writes the image and returns its length; out is zeroed and large enough. */
static inline size_t pe_build(uint8_t *out, const struct pe_part *parts, size_t n_parts)
{
	size_t at = pe_round(PE_SECTION(n_parts));
	uint32_t address = 4096;
	pe_headers(out, n_parts, at);
	for (size_t i = 0; i < n_parts; i++) {
		uint8_t *h = out + PE_SECTION(i);
		const size_t len = pe_round(parts[i].len);
		for (size_t k = 0; k < 8 && parts[i].name[k] != '\0'; k++)
			h[k] = (uint8_t)parts[i].name[k];
		pe_u32(h + PE_VIRTUAL_SIZE, (uint32_t)parts[i].len);
		pe_u32(h + 12, address);
		pe_u32(h + PE_RAW_LEN, (uint32_t)len);
		pe_u32(h + PE_RAW_AT, (uint32_t)at);
		pe_u32(h + 36, 0x40000040); /* read-only data */
		memcpy(out + at, parts[i].data, parts[i].len);
		at += len;
		address += (uint32_t)(len + 4095) / 4096 * 4096;
	}
	pe_u32(out + PE_OPTIONAL_AT + 56, address); /* SizeOfImage */
	return at;
}

/* Appends a certificate table of one PKCS#7 entry; returns the new length. */
static inline size_t pe_certify(uint8_t *out, size_t len, const void *pkcs7, size_t n)
{
	const size_t whole = (8 + n + 7) / 8 * 8;
	pe_u32(out + PE_CERTIFICATES_AT, (uint32_t)len);
	pe_u32(out + PE_CERTIFICATES_AT + 4, (uint32_t)whole);
	pe_u32(out + len, (uint32_t)(8 + n));
	pe_u16(out + len + 4, 0x0200);
	pe_u16(out + len + 6, 2);
	memcpy(out + len + 8, pkcs7, n);
	return len + whole;
}

#endif
