/* SPDX-License-Identifier: Apache-2.0 */
#include "pe.h"

#include <limits.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <string.h>

#include "base.h"

/* Microsoft PE Format: where things stand. */
#define DOS_MAGIC 0x5a4d      /* "MZ" */
#define DOS_PE_OFFSET_AT 0x3c /* e_lfanew */
#define PE_MAGIC 0x00004550   /* "PE\0\0" */
#define MAGIC_PE32 0x10b      /* optional header's Magic */
#define MAGIC_PE32_PLUS 0x20b
#define OPTIONAL_HEADERS_LEN_AT 60
#define OPTIONAL_CHECKSUM_AT 64
#define N_DIRECTORIES_AT_PE32 92
#define N_DIRECTORIES_AT_PE32_PLUS 108
#define DIRECTORY_LEN 8
#define DIRECTORY_CERTIFICATES 4
#define SECTION_LEN 40
#define CERTIFICATE_HEADER_LEN 8
#define CERTIFICATE_PKCS7 0x0002 /* WIN_CERT_TYPE_PKCS_SIGNED_DATA */

/* A reader over the file from an offset on; an empty one behind its end. */
static struct troth_reader at(struct troth_view file, size_t offset)
{
	struct troth_reader r = { file };
	struct troth_view skipped;
	if (!troth_get_view(&r, offset, &skipped))
		r.left = (struct troth_view){ 0 };
	return r;
}

static enum troth_status part(struct troth_view file, size_t offset, size_t n,
			      struct troth_view *out)
{
	struct troth_reader r = at(file, offset);
	return troth_get_view(&r, n, out) ? TROTH_OK : TROTH_E_TRUNCATED;
}

static enum troth_status get16(struct troth_view file, size_t offset, uint16_t *out)
{
	struct troth_reader r = at(file, offset);
	return troth_get_u16le(&r, out) ? TROTH_OK : TROTH_E_TRUNCATED;
}

static enum troth_status get32(struct troth_view file, size_t offset, uint32_t *out)
{
	struct troth_reader r = at(file, offset);
	return troth_get_u32le(&r, out) ? TROTH_OK : TROTH_E_TRUNCATED;
}

/* Offsets in the file: sums of a 32-bit number and small constants, which do not wrap. */
struct layout {
	size_t coff, optional, sections;
	uint16_t n_sections, optional_len;
};

static enum troth_status read_layout(struct troth_view file, struct layout *out)
{
	uint16_t dos;
	uint32_t pe_at, magic;
	struct layout l;
	TROTH_TRY(get16(file, 0, &dos));
	if (dos != DOS_MAGIC)
		return TROTH_E_MALFORMED;
	TROTH_TRY(get32(file, DOS_PE_OFFSET_AT, &pe_at));
	TROTH_TRY(get32(file, pe_at, &magic));
	if (magic != PE_MAGIC)
		return TROTH_E_MALFORMED;
	l.coff = (size_t)pe_at + 4;
	TROTH_TRY(get16(file, l.coff + 2, &l.n_sections));
	TROTH_TRY(get16(file, l.coff + 16, &l.optional_len));
	l.optional = l.coff + 20;
	l.sections = l.optional + l.optional_len;
	if (l.n_sections > TROTH_PE_SECTIONS_MAX)
		return TROTH_E_LIMIT;
	*out = l;
	return TROTH_OK;
}

/* The certificate table: it must be the end of the file. Its entry gives a place in the file,
 * not in memory as other entries do. */
static enum troth_status read_certificates(struct troth_pe *pe)
{
	uint32_t offset, len;
	TROTH_TRY(get32(pe->file, pe->certificate_entry_at, &offset));
	TROTH_TRY(get32(pe->file, pe->certificate_entry_at + 4, &len));
	if (len == 0)
		return TROTH_OK;
	TROTH_TRY(part(pe->file, offset, len, &pe->certificates));
	if (offset < pe->headers_len || (size_t)offset + len != pe->file.n)
		return TROTH_E_MALFORMED;
	return TROTH_OK;
}

static enum troth_status read_optional(const struct layout *l, struct troth_pe *pe)
{
	uint16_t magic;
	uint32_t headers_len, n_directories;
	TROTH_TRY(get16(pe->file, l->optional, &magic));
	if (magic != MAGIC_PE32 && magic != MAGIC_PE32_PLUS)
		return TROTH_E_MALFORMED;
	const size_t count_at = magic == MAGIC_PE32 ? N_DIRECTORIES_AT_PE32
						    : N_DIRECTORIES_AT_PE32_PLUS;
	if (l->optional_len < count_at + 4)
		return TROTH_E_MALFORMED;
	TROTH_TRY(get32(pe->file, l->optional + OPTIONAL_HEADERS_LEN_AT, &headers_len));
	TROTH_TRY(get32(pe->file, l->optional + count_at, &n_directories));
	if (n_directories > (l->optional_len - count_at - 4) / DIRECTORY_LEN)
		return TROTH_E_MALFORMED;
	if (headers_len > pe->file.n)
		return TROTH_E_TRUNCATED;
	/* All headers are hashed, so that they must lie within what is called headers. */
	if (headers_len < l->sections + (size_t)l->n_sections * SECTION_LEN)
		return TROTH_E_MALFORMED;
	pe->headers_len = headers_len;
	pe->checksum_at = l->optional + OPTIONAL_CHECKSUM_AT;
	if (n_directories <= DIRECTORY_CERTIFICATES)
		return TROTH_OK;
	pe->certificate_entry_at = l->optional + count_at + 4 +
				   (size_t)DIRECTORY_CERTIFICATES * DIRECTORY_LEN;
	return read_certificates(pe);
}

static enum troth_status read_section(struct troth_view file, size_t offset,
				      struct troth_pe_section *out)
{
	uint32_t raw_len;
	struct troth_pe_section s;
	TROTH_TRY(part(file, offset, 8, &s.name));
	while (s.name.n > 0 && s.name.p[s.name.n - 1] == '\0')
		s.name.n--;
	TROTH_TRY(get32(file, offset + 8, &s.virtual_size));
	TROTH_TRY(get32(file, offset + 16, &raw_len));
	TROTH_TRY(get32(file, offset + 20, &s.raw_at));
	if (raw_len == 0)
		s.raw_at = 0;
	TROTH_TRY(part(file, s.raw_at, raw_len, &s.data));
	*out = s;
	return TROTH_OK;
}

/* Indices of the sections that have bytes in the file, in the order of those bytes. */
static size_t by_place(const struct troth_pe *pe, size_t out[TROTH_PE_SECTIONS_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < pe->n_sections; i++) {
		if (pe->sections[i].data.n == 0)
			continue;
		size_t k = n++;
		for (; k > 0 && pe->sections[out[k - 1]].raw_at > pe->sections[i].raw_at; k--)
			out[k] = out[k - 1];
		out[k] = i;
	}
	return n;
}

static bool apart(const struct troth_pe *pe)
{
	size_t order[TROTH_PE_SECTIONS_MAX];
	size_t end = pe->headers_len;
	const size_t n = by_place(pe, order);
	for (size_t i = 0; i < n; i++) {
		const struct troth_pe_section *s = &pe->sections[order[i]];
		if (s->raw_at < end)
			return false;
		end = s->raw_at + s->data.n;
	}
	return end <= pe->file.n - pe->certificates.n;
}

enum troth_status troth_pe_parse(struct troth_view file, struct troth_pe *out)
{
	struct troth_pe pe = { .file = file };
	struct layout l;
	TROTH_TRY(read_layout(file, &l));
	TROTH_TRY(get16(file, l.coff, &pe.machine));
	TROTH_TRY(read_optional(&l, &pe));
	for (; pe.n_sections < l.n_sections; pe.n_sections++)
		TROTH_TRY(read_section(file, l.sections + pe.n_sections * SECTION_LEN,
				       &pe.sections[pe.n_sections]));
	if (!apart(&pe))
		return TROTH_E_MALFORMED;
	*out = pe;
	return TROTH_OK;
}

const struct troth_pe_section *troth_pe_section(const struct troth_pe *pe, const char *name,
						size_t from)
{
	for (size_t i = from; i < pe->n_sections; i++)
		if (troth_view_equal(pe->sections[i].name, troth_view_str(name)))
			return &pe->sections[i];
	return NULL;
}

/* The headers without checksum and certificate entry. */
static enum troth_status header_parts(const struct troth_pe *pe, struct troth_view out[3])
{
	const size_t behind_checksum = pe->checksum_at + 4;
	const size_t cut = pe->certificate_entry_at > 0 ? pe->certificate_entry_at
							: pe->headers_len;
	const size_t on = pe->certificate_entry_at > 0 ? cut + DIRECTORY_LEN : cut;
	TROTH_TRY(part(pe->file, 0, pe->checksum_at, &out[0]));
	TROTH_TRY(part(pe->file, behind_checksum, cut - behind_checksum, &out[1]));
	return part(pe->file, on, pe->headers_len - on, &out[2]);
}

enum troth_status troth_pe_digest(struct troth_ctx *ctx, const struct troth_pe *pe,
				  enum troth_hash hash, struct troth_digest *out)
{
	struct troth_view parts[3 + TROTH_PE_SECTIONS_MAX + 1];
	size_t order[TROTH_PE_SECTIONS_MAX];
	size_t hashed = pe->headers_len, n = 3;
	const size_t n_sections = by_place(pe, order);
	TROTH_TRY(header_parts(pe, parts));
	for (size_t i = 0; i < n_sections; i++) {
		parts[n] = pe->sections[order[i]].data;
		hashed += parts[n++].n;
	}
	/* The loader counts bytes hashed and takes that for its place in the file. */
	TROTH_TRY(
		part(pe->file, hashed, pe->file.n - pe->certificates.n - hashed, &parts[n++]));
	return troth_hash_parts(ctx, hash, parts, n, out);
}

enum troth_status troth_pe_next_signature(struct troth_reader *certificates,
					  struct troth_view *out_pkcs7)
{
	struct troth_reader r = *certificates;
	struct troth_view body, padding;
	uint32_t len;
	uint16_t revision, type;
	if (troth_at_end(&r))
		return TROTH_E_NOT_FOUND;
	if (!troth_get_u32le(&r, &len) || !troth_get_u16le(&r, &revision) ||
	    !troth_get_u16le(&r, &type))
		return TROTH_E_TRUNCATED;
	if (len < CERTIFICATE_HEADER_LEN)
		return TROTH_E_MALFORMED;
	if (!troth_get_view(&r, len - CERTIFICATE_HEADER_LEN, &body))
		return TROTH_E_TRUNCATED;
	/* Each starts at a multiple of eight bytes; the last one's padding may be missing. */
	size_t pad = (8 - len % 8) % 8;
	if (!troth_get_view(&r, pad < r.left.n ? pad : r.left.n, &padding))
		return TROTH_E_TRUNCATED;
	*certificates = r;
	if (type != CERTIFICATE_PKCS7)
		return TROTH_E_UNSUPPORTED;
	*out_pkcs7 = body;
	return TROTH_OK;
}

enum troth_status troth_pe_signer(struct troth_view pkcs7, char *out, size_t size)
{
	const unsigned char *p = pkcs7.p;
	if (size == 0 || size > INT_MAX || pkcs7.n > LONG_MAX)
		return TROTH_E_LIMIT;
	PKCS7 *signature = d2i_PKCS7(NULL, &p, (long)pkcs7.n);
	STACK_OF(X509) *signers = signature != NULL && PKCS7_type_is_signed(signature)
					  ? PKCS7_get0_signers(signature, NULL, 0)
					  : NULL;
	enum troth_status status = TROTH_E_MALFORMED;
	if (signers != NULL && sk_X509_num(signers) > 0 &&
	    X509_NAME_oneline(X509_get_subject_name(sk_X509_value(signers, 0)), out,
			      (int)size) != NULL)
		status = TROTH_OK;
	sk_X509_free(signers);
	PKCS7_free(signature);
	return status;
}
