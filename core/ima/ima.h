/* SPDX-License-Identifier: Apache-2.0 */
/* Linux IMA measurement lists in their binary form: records and the fields in them.
 *
 * A list is a row of records, each a PCR, a template digest, the template's name and its fields
 * (Linux, security/integrity/ima/ima_fs.c, ima_measurements_show). Reading goes forward once,
 * borrows from the list and allocates nothing. Two steps, because most readers need only the
 * first: troth_ima_next cuts out a record, which is all that replaying takes; troth_ima_decode
 * reads its fields.
 *
 * Nothing here is believed. What a record says holds where replaying the list up to it gives a
 * quoted PCR (ima_replay.h): then its fields are what the kernel measured, the template digest
 * beside them is not needed for that. */
#ifndef TROTH_CORE_IMA_H
#define TROTH_CORE_IMA_H

#include "hash.h"
#include "reader.h"

struct troth_ima_record {
	uint64_t index;		  /* the first of the list is 0 */
	size_t offset;		  /* of the record in the list, bytes */
	uint32_t pcr;		  /* below TROTH_PCR_COUNT */
	struct troth_view digest; /* template digest as logged, in the list's hash */
	struct troth_view name;	  /* template, or the format string of a custom one */
	struct troth_view data;	  /* the fields, one after the other */
	bool legacy;		  /* template "ima": other encoding, other hashing */
	/* The digest is zero: the kernel could not measure what was used (a file was open for
	 * writing, or was written after it was measured) and extended 0xff instead. */
	bool violation;
};

struct troth_ima_list {
	struct troth_reader left; /* what has not been read yet */
	size_t n_bytes;		  /* of the whole list */
	uint64_t n_read;	  /* records read */
	enum troth_hash hash;	  /* of the template digests */
};

/* Begins a list. hash NONE finds out which hash its template digests are of: the kernel shows
 * the same list once for each (binary_runtime_measurements_sha256 ...) and says so only in the
 * file's name. Where the first record fits none, the status is that of a SHA-1 list. An empty
 * list is TROTH_OK. */
TROTH_NODISCARD enum troth_status troth_ima_open(struct troth_ctx *ctx, struct troth_view bytes,
						 enum troth_hash hash,
						 struct troth_ima_list *out);
/* Cuts out the next record; only with records left. TROTH_E_TRUNCATED, TROTH_E_MALFORMED or
 * TROTH_E_LIMIT leave the list at the record that failed. */
TROTH_NODISCARD enum troth_status troth_ima_next(struct troth_ima_list *list,
						 struct troth_ima_record *out);
TROTH_NODISCARD bool troth_ima_at_end(const struct troth_ima_list *list);
/* Bytes read: where the next record begins. */
size_t troth_ima_offset(const struct troth_ima_list *list);

/* H(template data), as the kernel computes it. */
TROTH_NODISCARD enum troth_status troth_ima_template_digest(struct troth_ctx *ctx,
							    enum troth_hash hash,
							    const struct troth_ima_record *r,
							    struct troth_digest *out);

/* Fields of templates (Linux, ima_template.c, supported_fields). */
enum troth_ima_field {
	TROTH_IMA_D,
	TROTH_IMA_N,
	TROTH_IMA_D_NG,
	TROTH_IMA_D_NGV2,
	TROTH_IMA_N_NG,
	TROTH_IMA_SIG,
	TROTH_IMA_BUF,
	TROTH_IMA_D_MODSIG,
	TROTH_IMA_MODSIG,
	TROTH_IMA_EVMSIG,
	TROTH_IMA_XATTR_NAMES,
	TROTH_IMA_XATTR_LENGTHS,
	TROTH_IMA_XATTR_VALUES,
	TROTH_IMA_IUID,
	TROTH_IMA_IGID,
	TROTH_IMA_IMODE,
	TROTH_IMA_FIELD_N
};
/* "d-ng"; NULL out of range. */
const char *troth_ima_field_name(enum troth_ima_field field);

/* A digest with the algorithm the kernel gives it. */
struct troth_ima_digest {
	struct troth_view algorithm; /* "sha256"; empty where the field carries none */
	enum troth_hash hash;	     /* NONE for what we do not know */
	bool verity;		     /* of a fs-verity file: not of its bytes */
	struct troth_view bytes;     /* 1 to TROTH_DIGEST_MAX */
};

struct troth_ima_entry {
	uint32_t fields;			    /* bit i: the template has field i */
	struct troth_view field[TROTH_IMA_FIELD_N]; /* bytes as they are logged */
	struct troth_ima_digest file;	/* of d, d-ng or d-ngv2; no bytes without one */
	struct troth_ima_digest modsig; /* of d-modsig: the file without its signature */
	struct troth_view path;		/* of n or n-ng: a path, or what an event is called */
};

/* What two records in a row usually share: read once. Zeroed to begin with; borrows from the
 * list its records are of. */
struct troth_ima_decoder {
	struct troth_view name; /* of a template, and its fields */
	size_t n_fields;
	enum troth_ima_field fields[TROTH_IMA_FIELD_N];
	struct troth_view head;	     /* of a digest: "sha256:" NUL */
	struct troth_view algorithm; /* in it, and its hash */
	enum troth_hash hash;
};
/* As troth_ima_decode, for many records of one list. The entry is zeroed, or of a record
 * before; without success it is empty. */
TROTH_NODISCARD enum troth_status troth_ima_decode_next(struct troth_ima_decoder *d,
							const struct troth_ima_record *r,
							struct troth_ima_entry *out);

/* Reads a record's fields. TROTH_E_UNSUPPORTED for a template or field that is not known,
 * TROTH_E_MALFORMED for one that breaks its rules, TROTH_E_TRUNCATED when a field is longer
 * than the record, TROTH_E_LIMIT for a path past TROTH_IMA_PATH_MAX. */
TROTH_NODISCARD enum troth_status troth_ima_decode(const struct troth_ima_record *r,
						   struct troth_ima_entry *out);

#endif
