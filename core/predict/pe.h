/* SPDX-License-Identifier: Apache-2.0 */
/* PE/COFF images as UEFI loads and measures them.
 *
 * Boot applications (shim, boot loader, kernel, unified kernel image) are measured by their
 * Authenticode digest: the file without its checksum, its certificate table's entry and the
 * certificate table itself. Nothing here verifies a signature; who signed is told for people.
 * Everything borrows from the file's bytes. */
#ifndef TROTH_CORE_PE_H
#define TROTH_CORE_PE_H

#include "hash.h"
#include "reader.h"

struct troth_pe_section {
	struct troth_view name; /* up to 8 bytes, no NUL */
	uint32_t virtual_size;	/* bytes in memory */
	uint32_t raw_at;	/* where data starts in the file */
	struct troth_view data; /* bytes in the file */
};

struct troth_pe {
	struct troth_view file;
	uint16_t machine;	     /* IMAGE_FILE_MACHINE_..., 0x8664 is x86-64 */
	size_t checksum_at;	     /* the four bytes left out of the digest */
	size_t certificate_entry_at; /* the eight bytes left out; 0: the image has no entry */
	size_t headers_len;	     /* SizeOfHeaders */
	struct troth_view certificates; /* the attribute certificate table; empty: unsigned */
	size_t n_sections;		/* in the order of the section table */
	struct troth_pe_section sections[TROTH_PE_SECTIONS_MAX];
};

/* PE32 and PE32+. TROTH_E_TRUNCATED for headers, sections or certificates past the file's end;
 * TROTH_E_MALFORMED for what is no PE image, for sections that overlap each other, the headers
 * or the certificates, and for a certificate table that is not last: loaders disagree about
 * those, so that no digest is the right one. TROTH_E_LIMIT past TROTH_PE_SECTIONS_MAX. */
TROTH_NODISCARD enum troth_status troth_pe_parse(struct troth_view file, struct troth_pe *out);
/* NULL when there is none of this name; with several, the first at or behind index from. */
const struct troth_pe_section *troth_pe_section(const struct troth_pe *pe, const char *name,
						size_t from);
/* The Authenticode digest, in the order of UEFI's loader: headers, sections by their place in
 * the file, and then what lies behind as many bytes (Windows Authenticode Portable Executable
 * Signature Format 1.0, "Calculating the PE Image Hash"). */
TROTH_NODISCARD enum troth_status troth_pe_digest(struct troth_ctx *ctx,
						  const struct troth_pe *pe,
						  enum troth_hash hash,
						  struct troth_digest *out);

/* Takes the next PKCS#7 signature from a reader over certificates; NOT_FOUND at the end.
 * TROTH_E_UNSUPPORTED for a certificate of another kind, which is passed over. */
TROTH_NODISCARD enum troth_status troth_pe_next_signature(struct troth_reader *certificates,
							  struct troth_view *out_pkcs7);
/* The subject of a signature's signer, RFC 2253, cut to size; unverified. */
TROTH_NODISCARD enum troth_status troth_pe_signer(struct troth_view pkcs7, char *out,
						  size_t size);

#endif
