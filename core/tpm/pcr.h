/* SPDX-License-Identifier: Apache-2.0 */
/* PCR selections and PCR values.
 *
 * A selection keeps its order: a quote's digest covers the banks in the order they were asked
 * for and the indices of each ascending (TPM 2.0 Part 3, TPM2_Quote). Two selections are equal
 * only if banks, order and bits are. */
#ifndef TROTH_CORE_PCR_H
#define TROTH_CORE_PCR_H

#include "hash.h"
#include "reader.h"
#include "writer.h"

struct troth_pcr_bank_selection {
	enum troth_hash bank;
	uint32_t mask; /* bit i selects PCR i; bits from TROTH_PCR_COUNT on are never set */
};

struct troth_pcr_selection {
	size_t n_banks;
	struct troth_pcr_bank_selection banks[TROTH_BANKS_MAX];
};

/* Values of one bank. */
struct troth_pcr_bank {
	enum troth_hash bank;
	uint32_t have; /* bit i: value i is known */
	uint8_t value[TROTH_PCR_COUNT][TROTH_DIGEST_MAX];
};

struct troth_pcr_values {
	size_t n_banks;
	struct troth_pcr_bank banks[TROTH_BANKS_MAX];
};

TROTH_NODISCARD bool troth_pcr_selection_equal(const struct troth_pcr_selection *a,
					       const struct troth_pcr_selection *b);
/* False when the bank is there already, is unknown, the list is full or the mask has bits past
 * the last PCR or none at all. */
TROTH_NODISCARD bool troth_pcr_selection_add(struct troth_pcr_selection *s,
					     enum troth_hash bank, uint32_t mask);
/* Mask of a bank, 0 when it is not selected. */
uint32_t troth_pcr_selection_mask(const struct troth_pcr_selection *s, enum troth_hash bank);

/* As tokens and the issuer's frames carry one: u8 count, then TPM algorithm id (u16) and mask
 * (u32) of each bank, big-endian. */
void troth_pcr_selection_put(struct troth_writer *w, const struct troth_pcr_selection *s);
/* TROTH_E_TRUNCATED; TROTH_E_LIMIT for too many banks; TROTH_E_MALFORMED for banks we do not
 * know, twice the same, without a PCR or with one too many. */
TROTH_NODISCARD enum troth_status troth_pcr_selection_get(struct troth_reader *r,
							  struct troth_pcr_selection *out);

/* The bank's values, NULL when there are none. */
const struct troth_pcr_bank *troth_pcr_bank_find(const struct troth_pcr_values *v,
						 enum troth_hash bank);
/* Finds the bank or starts it empty; NULL when the list is full or the bank unknown. */
struct troth_pcr_bank *troth_pcr_bank_get(struct troth_pcr_values *v, enum troth_hash bank);
/* Sets one value; false for a bad index, a wrong length or a value that is there already. */
TROTH_NODISCARD bool troth_pcr_set(struct troth_pcr_values *v, enum troth_hash bank,
				   uint32_t pcr, struct troth_view value);
/* One value; empty view when it is not known. */
struct troth_view troth_pcr_value(const struct troth_pcr_values *v, enum troth_hash bank,
				  uint32_t pcr);
/* True when the values are exactly those selected: none missing, none too many. */
TROTH_NODISCARD bool troth_pcr_values_cover(const struct troth_pcr_values *v,
					    const struct troth_pcr_selection *s);

/* pcrDigest: hash of the selected values in selection order. TROTH_E_NOT_FOUND
 * when one is missing. */
TROTH_NODISCARD enum troth_status troth_pcr_digest(struct troth_ctx *ctx, enum troth_hash hash,
						   const struct troth_pcr_selection *s,
						   const struct troth_pcr_values *v,
						   struct troth_digest *out);

#endif
