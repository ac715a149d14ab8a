/* SPDX-License-Identifier: Apache-2.0 */
/* Allow-lists: SHA-256 digests of files, each with the paths it may have and the package it
 * came in.
 *
 * One run of bytes, made once and then only read: mapped into memory it is shared by every
 * thread, process and device, and looking something up allocates nothing. Ten million digests
 * take 400 MB and the text of the paths and package names, each of which is there once.
 *
 * Little-endian:
 *
 *   "TROTHDS1", u64 entries, u64 paths, u64 sources, u64 bytes of text,
 *   SHA-256 of all that follows,
 *   u32 first entry whose digest begins with i or more (two bytes, big-endian), i = 0 to 65536,
 *   digests, 32 bytes each, ascending; equal ones by path, then source,
 *   for each entry u32 path and u32 source,
 *   u32 where each text begins, paths first, ascending by their bytes, then sources; and the
 *   end of the last,
 *   text. */
#ifndef TROTH_CORE_DIGEST_SET_H
#define TROTH_CORE_DIGEST_SET_H

#include "hash.h"

#define TROTH_DIGEST_SET_ID 32

struct troth_digest_set {
	uint8_t id[TROTH_DIGEST_SET_ID]; /* digest of its contents: names this very set */
	size_t n_entries, n_paths, n_sources;
	struct troth_view fanout, digests, refs, offsets, text;
};

/* Reads the frame: lengths add up, tables ascend. Views borrow. TROTH_E_TRUNCATED,
 * TROTH_E_MALFORMED, TROTH_E_LIMIT past TROTH_DIGEST_SET_ENTRIES_MAX. */
TROTH_NODISCARD enum troth_status troth_digest_set_open(struct troth_view bytes,
							struct troth_digest_set *out);
/* Also that the contents are those the id was made of, which reads all of it. */
TROTH_NODISCARD enum troth_status troth_digest_set_verify(struct troth_ctx *ctx,
							  struct troth_view bytes);

/* Entries that follow one another. */
struct troth_digest_range {
	size_t first, n;
};
/* The entries of a digest; and of a path among those of one digest. Both search by halves: some
 * digests, that of the empty file first of all, have entries without number. */
struct troth_digest_range troth_digest_set_find(const struct troth_digest_set *set,
						const uint8_t sha256[32]);
struct troth_digest_range troth_digest_set_find_path(const struct troth_digest_set *set,
						     struct troth_digest_range of_one_digest,
						     struct troth_view path);
/* Finding many digests, in steps from 0 to TROTH_DIGEST_SET_STEPS - 1: a set is larger than
 * what the processor keeps at hand, so each step only asks memory for what the next one reads.
 * Who has something else to do between them does not wait at all. */
#define TROTH_DIGEST_SET_STEPS 4
struct troth_digest_lookup {
	const uint8_t *sha256; /* NULL: none */
	struct troth_digest_range found;
};
void troth_digest_set_step(const struct troth_digest_set *set, size_t step,
			   struct troth_digest_lookup *lookups, size_t n);
/* Of an entry; empty when the set is damaged there, which then matches nothing. */
struct troth_view troth_digest_set_digest(const struct troth_digest_set *set, size_t entry);
struct troth_view troth_digest_set_path(const struct troth_digest_set *set, size_t entry);
struct troth_view troth_digest_set_source(const struct troth_digest_set *set, size_t entry);

/* ---- making one ---- */

struct troth_digest_set_builder;

TROTH_NODISCARD enum troth_status
troth_digest_set_builder_new(struct troth_digest_set_builder **out);
void troth_digest_set_builder_free(struct troth_digest_set_builder *b);
/* TROTH_E_LIMIT past TROTH_DIGEST_SET_ENTRIES_MAX, for a path past TROTH_IMA_PATH_MAX or a
 * source past TROTH_DIGEST_SET_SOURCE_MAX; TROTH_E_MALFORMED for a path that is not absolute.
 * What is there already is taken once. */
TROTH_NODISCARD enum troth_status troth_digest_set_add(struct troth_digest_set_builder *b,
						       const uint8_t sha256[32],
						       struct troth_view path,
						       struct troth_view source);
/* Everything added, as one run of bytes the caller frees. Equal contents give equal bytes. */
TROTH_NODISCARD enum troth_status troth_digest_set_finish(struct troth_ctx *ctx,
							  struct troth_digest_set_builder *b,
							  uint8_t **out, size_t *out_len);

#endif
