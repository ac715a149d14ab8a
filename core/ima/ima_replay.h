/* SPDX-License-Identifier: Apache-2.0 */
/* Which PCR values an IMA list leads to, and how much of it a quoted value proves.
 *
 * Every bank is extended with the hash of the template data in its own algorithm, so a list
 * with SHA-1 template digests explains every bank. Kernels before 5.8, and later ones for a
 * bank whose hash they lack, extend the SHA-1 template digest filled up with zeros instead. A
 * violation extends 0xff. Which way a kernel went is found bank by bank.
 *
 * Replay follows the record's own PCR: rules may send records elsewhere than to PCR 10.
 *
 * What a value proves of a record is its fields, and of a violation that there was one: neither
 * the template's name nor the template digest is measured, and nothing of a violation's
 * fields is. */
#ifndef TROTH_CORE_IMA_REPLAY_H
#define TROTH_CORE_IMA_REPLAY_H

#include "ima.h"
#include "pcr.h"

/* What a kernel extends a bank with (ima_crypto.c, ima_init_digests and
 * ima_calc_field_array_hash). */
enum troth_ima_way {
	TROTH_IMA_HASHED = 0,	    /* the hash of the template data */
	TROTH_IMA_PADDED_SHA1,	    /* its SHA-1 and zeros; violations are filled up as well */
	TROTH_IMA_PADDED_SHA1_ONES, /* the same with violations of full length: the kernel knew
				     * the hash and could not compute it */
	TROTH_IMA_WAY_N
};
/* "hashed", "padded-sha1", "padded-sha1-ones"; NULL out of range. */
const char *troth_ima_way_name(enum troth_ima_way way);

/* Whether a kernel extends a bank this way, and OpenSSL has what it takes. */
bool troth_ima_extends_by(const struct troth_ctx *ctx, enum troth_hash bank,
			  enum troth_ima_way way);

/* Extends a PCR of a bank by one record: value is troth_hash_size(bank) bytes. */
TROTH_NODISCARD enum troth_status troth_ima_extend(struct troth_ctx *ctx, enum troth_hash bank,
						   enum troth_ima_way way,
						   const struct troth_ima_record *r,
						   uint8_t value[TROTH_DIGEST_MAX]);

struct troth_ima_replay {
	enum troth_hash hash; /* of the list's template digests */
	uint64_t n_entries, n_violations;
	/* Each way; only PCRs that a record extends. The SHA-1 bank is never padded. */
	struct troth_pcr_values values[TROTH_IMA_WAY_N];
};
/* Replays a whole list in every bank we can hash, decodes every record and compares each
 * template digest with its data. On failure *error_offset is where the record begins that
 * failed, and nothing else is set; TROTH_E_MISMATCH: its template digest is not of its data.
 * hash as for troth_ima_open. */
TROTH_NODISCARD enum troth_status
troth_ima_replay(struct troth_ctx *ctx, struct troth_view bytes, enum troth_hash hash,
		 struct troth_ima_replay *out, size_t *error_offset);

/* The same look at every record, without replaying. */
TROTH_NODISCARD enum troth_status
troth_ima_check(struct troth_ctx *ctx, struct troth_ima_list list, size_t *error_offset);

/* A value that a list is to explain. */
struct troth_ima_goal {
	enum troth_hash bank;
	uint32_t pcr;
	/* Values before the list, one for each way; NULL: as after a reset. */
	const uint8_t (*start)[TROTH_DIGEST_MAX];
	struct troth_view value; /* quoted */
};
struct troth_ima_prefix {
	bool found;
	enum troth_ima_way way;
	uint64_t n_entries; /* records that lead from start to value, of whatever PCR */
	size_t n_bytes;	    /* of them */
};
/* Finds the shortest prefix of what is left of the list after which the PCR has the value: the
 * list is read after the quote was made and may have grown. No records are a prefix, too. A
 * record that cannot be cut out ends the search with its status and offset; that a shorter
 * prefix fits already comes first. */
TROTH_NODISCARD enum troth_status troth_ima_find_prefix(struct troth_ctx *ctx,
							const struct troth_ima_list *list,
							const struct troth_ima_goal *goal,
							struct troth_ima_prefix *out,
							size_t *error_offset);

#endif
