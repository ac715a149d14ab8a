/* SPDX-License-Identifier: Apache-2.0 */
/* EFI_SIGNATURE_LIST: what PK, KEK, db, dbx, dbt and shim's lists are made of (UEFI 2.10,
 * 32.4.1). Lists follow one another; each holds entries of one type and size. Views borrow. */
#ifndef TROTH_CORE_SIGNATURE_LIST_H
#define TROTH_CORE_SIGNATURE_LIST_H

#include "line.h"
#include "reader.h"

enum troth_entry_kind {
	TROTH_ENTRY_OTHER = 0,
	TROTH_ENTRY_X509,	/* a certificate, DER */
	TROTH_ENTRY_IMAGE_HASH, /* Authenticode digest of an image */
	TROTH_ENTRY_CERT_HASH,	/* digest of a certificate's TBS part, and a time */
	TROTH_ENTRY_RSA2048
};

struct troth_signature_list {
	struct troth_view type; /* 16 bytes */
	enum troth_entry_kind kind;
	const char *type_name;	   /* "x509", "sha256"; NULL for an unknown type */
	size_t entry_len;	   /* owner and data */
	struct troth_view entries; /* of that length, whole */
};

struct troth_signature_entry {
	struct troth_view owner; /* 16 bytes */
	struct troth_view data;
};

/* Takes the next list; false at the end and for what is none. */
TROTH_NODISCARD bool troth_signature_list_next(struct troth_reader *r,
					       struct troth_signature_list *out);
/* Takes the list's next entry off it. */
TROTH_NODISCARD bool troth_signature_entry_next(struct troth_signature_list *list,
						struct troth_signature_entry *out);

/* What a database holds, counted. */
struct troth_database_count {
	size_t n_lists, n_certificates, n_hashes, n_others;
};
/* False unless the data is lists to its last byte; no data is a database without entries. */
TROTH_NODISCARD bool troth_database_count(struct troth_view data,
					  struct troth_database_count *out);
/* "2 certificates, 1 hash", "empty". */
void troth_line_database_count(struct troth_line *l, const struct troth_database_count *count);
/* The entry: "certificate CN=...", "sha256 <hex>". */
void troth_line_signature(struct troth_line *l, const struct troth_signature_list *list,
			  struct troth_view data);

#endif
