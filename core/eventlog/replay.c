/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base.h"
#include "eventlog.h"
#include "no_action.h"

/* TPM2_Startup locality of a system whose root of trust was measured by hardware before it ran
 * (TPM 2.0 Part 1, 10.3.1). */
static const uint8_t HCRTM_LOCALITY = 4;

void troth_pcr_initial(enum troth_hash bank, uint32_t pcr, uint8_t out[TROTH_DIGEST_MAX])
{
	memset(out, pcr >= 17 && pcr <= 22 ? 0xff : 0x00, troth_hash_size(bank));
}

/* What a StartupLocality changes: TPM2_Startup comes from locality 0 or 3, and 4 tells of an
 * H-CRTM. Any other changes nothing and is named. */
static uint8_t start_of(uint8_t locality, uint32_t *quirks)
{
	if (locality == 0 || locality == 3 || locality == HCRTM_LOCALITY)
		return locality;
	*quirks |= TROTH_QUIRK_LOCALITY_FORM;
	return 0;
}

/* PCR 0 starts at the locality of TPM2_Startup, or at 4 when an H-CRTM event opens it. What
 * comes after that or after its first extension can no longer change how it started. */
static uint8_t start_of_pcr0(const struct troth_log *log, uint32_t *quirks)
{
	uint8_t start = 0, locality;
	bool started = false;
	for (size_t i = 0; i < log->n_events; i++) {
		const struct troth_event *ev = &log->events[i];
		if (troth_startup_locality_read(ev, &locality)) {
			if (started)
				*quirks |= TROTH_QUIRK_LOCALITY_FORM;
			else
				start = start_of(locality, quirks);
			started = true;
		} else if (ev->pcr == 0 && troth_event_extends(ev)) {
			if (!started && ev->type == TROTH_EV_EFI_HCRTM_EVENT)
				start = HCRTM_LOCALITY;
			started = true;
		}
	}
	if (start == HCRTM_LOCALITY)
		*quirks |= TROTH_QUIRK_HCRTM;
	else if (start != 0)
		*quirks |= TROTH_QUIRK_STARTUP_LOCALITY;
	return start;
}

static void start_bank(struct troth_pcr_bank *bank, uint8_t locality)
{
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++)
		troth_pcr_initial(bank->bank, pcr, bank->value[pcr]);
	bank->value[0][troth_hash_size(bank->bank) - 1] = locality;
}

/* PCR <- H(PCR || digest), TPM 2.0 Part 1, 17.2. One bank after the other, not one event after
 * the other, and both halves in one piece: each change of algorithm and each call costs OpenSSL
 * about as much as the hashing does. */
static enum troth_status replay_bank(struct troth_ctx *ctx, const struct troth_log *log,
				     size_t slot, struct troth_pcr_bank *bank)
{
	const size_t size = troth_hash_size(bank->bank);
	for (size_t i = 0; i < log->n_events; i++) {
		const struct troth_event *ev = &log->events[i];
		if (!troth_event_extends(ev) || ev->digests[slot].n == 0)
			continue;
		uint8_t both[2 * TROTH_DIGEST_MAX];
		struct troth_digest extended;
		memcpy(both, bank->value[ev->pcr], size);
		memcpy(both + size, ev->digests[slot].p, size);
		TROTH_TRY(troth_hash_one(ctx, bank->bank, (struct troth_view){ both, 2 * size },
					 &extended));
		memcpy(bank->value[ev->pcr], extended.bytes, size);
		bank->have |= 1U << ev->pcr;
	}
	return TROTH_OK;
}

/* Without a selection every bank is wanted. */
static bool wanted(const struct troth_pcr_selection *banks, enum troth_hash bank)
{
	return banks == NULL || troth_pcr_selection_mask(banks, bank) != 0;
}

enum troth_status troth_log_replay_banks(struct troth_ctx *ctx, const struct troth_log *log,
					 const struct troth_pcr_selection *banks,
					 struct troth_replay *out)
{
	struct troth_replay replay = { .quirks = log->quirks };
	const uint8_t locality = start_of_pcr0(log, &replay.quirks);

	for (size_t slot = 0; slot < log->header.n_algs; slot++) {
		const enum troth_hash bank = log->header.algs[slot].hash;
		if (troth_ctx_md(ctx, bank) == NULL || !wanted(banks, bank))
			continue;
		/* The banks of a header are distinct and no more than fit here. */
		struct troth_pcr_bank *values = &replay.values.banks[replay.values.n_banks];
		*values = (struct troth_pcr_bank){ .bank = bank };
		start_bank(values, locality);
		TROTH_TRY(replay_bank(ctx, log, slot, values));
		if (values->have != 0)
			replay.values.n_banks++;
	}
	*out = replay;
	return TROTH_OK;
}

enum troth_status troth_log_replay(struct troth_ctx *ctx, const struct troth_log *log,
				   struct troth_replay *out)
{
	return troth_log_replay_banks(ctx, log, NULL, out);
}
