/* SPDX-License-Identifier: Apache-2.0 */
#include "boot_facts.h"

#include "base.h"
#include "reader.h"
#include "uefi_variable.h"

/* PCRs of the pre-OS environment: each gets one separator (PFP 1.05, 2.3.4 and 10.4.1). */
static const uint32_t N_FIRMWARE_PCRS = 8;
static const uint32_t BOOT_MANAGER_PCR = 4;
static const uint32_t SECURE_BOOT_PCR = 7;

const char *troth_secure_boot_name(enum troth_secure_boot state)
{
	switch (state) {
	case TROTH_SECURE_BOOT_UNKNOWN: break;
	case TROTH_SECURE_BOOT_OFF: return "off";
	case TROTH_SECURE_BOOT_CLAIMED: return "claimed";
	case TROTH_SECURE_BOOT_ON: return "on";
	}
	return "unknown";
}

static void read_secure_boot(struct troth_boot_reading *r, struct troth_view data)
{
	if (data.n > 1)
		return;
	r->secure_boot = data.n == 1 ? data.p[0] : 0; /* absent variables measure as empty */
	r->secure_boot_read = r->secure_boot <= 1;
}

/* Variables that firmware measures once: a second copy leaves open which one counted. */
static bool is_measured_once(enum troth_variable known)
{
	return known >= TROTH_VARIABLE_SECURE_BOOT && known <= TROTH_VARIABLE_DBR;
}

static void read_driver_config(struct troth_boot_reading *r, const struct troth_event *ev)
{
	struct troth_uefi_variable v;
	if (ev->pcr != SECURE_BOOT_PCR)
		return;
	/* Configuration is measured before the separator; later only the operating system
	 * could have written it. */
	if ((r->facts.separators & 1U << SECURE_BOOT_PCR) != 0)
		r->contradictory = true;
	if (!troth_uefi_variable_read(ev->data, &v))
		return;
	const enum troth_variable known = troth_uefi_variable_known(&v);
	if (!is_measured_once(known))
		return;
	if ((r->variables & 1U << known) != 0)
		r->contradictory = true;
	r->variables |= 1U << known;
	if (known == TROTH_VARIABLE_SECURE_BOOT)
		read_secure_boot(r, v.data);
}

/* PFP 1.05, 10.4.1: 0 or 0xffffffff is a separator, anything else reports an error. */
static void read_separator(struct troth_boot_reading *r, const struct troth_event *ev,
			   bool proven)
{
	static const uint8_t ZEROS[4] = { 0 }, ONES[4] = { 0xff, 0xff, 0xff, 0xff };
	if (ev->pcr >= N_FIRMWARE_PCRS)
		return;
	const uint32_t bit = 1U << ev->pcr;
	const bool good = proven && (troth_view_equal(ev->data, TROTH_VIEW_OF(ZEROS)) ||
				     troth_view_equal(ev->data, TROTH_VIEW_OF(ONES)));
	if (!good || ((r->facts.separators | r->facts.bad_separators) & bit) != 0) {
		r->facts.separators &= ~bit;
		r->facts.bad_separators |= bit;
	} else {
		r->facts.separators |= bit;
	}
}

static void read_action(struct troth_boot_reading *r, const struct troth_event *ev)
{
	if (ev->pcr == 5 &&
	    troth_view_equal(ev->data, troth_view_str("Exit Boot Services Invocation")))
		r->handed_over = true;
	if (ev->pcr == SECURE_BOOT_PCR &&
	    troth_view_equal(ev->data, troth_view_str("UEFI Debug Mode")))
		r->contradictory = true;
}

/* Three classes whose digest is that of their data on all firmware seen (PFP 1.05, 10.4.1). One
 * vendor's EV_S_CRTM_VERSION is not, so that class proves nothing and must prove nothing. */
static void read_proving(struct troth_boot_reading *r, const struct troth_event *ev,
			 bool proven)
{
	if (!proven && r->facts.n_unproven++ == 0)
		r->facts.first_unproven = (int32_t)ev->index;
	if (ev->type == TROTH_EV_SEPARATOR)
		read_separator(r, ev, proven);
	else if (proven && ev->type == TROTH_EV_EFI_VARIABLE_DRIVER_CONFIG)
		read_driver_config(r, ev);
	else if (proven && ev->type == TROTH_EV_EFI_ACTION)
		read_action(r, ev);
}

/* The certificate or hash that let an image run. Shim logs its own lists and revocation level
 * the same way: only an entry of db is what let the firmware run an image. */
static void read_authority(struct troth_boot_reading *r, const struct troth_event *ev,
			   const struct troth_event_proof *proof)
{
	struct troth_uefi_variable v;
	if (ev->pcr != SECURE_BOOT_PCR || r->handed_over || proof->proof != TROTH_PROOF_DATA)
		return;
	r->facts.quirks |= proof->quirks;
	if (troth_uefi_variable_read(proof->data, &v) &&
	    troth_uefi_variable_known(&v) == TROTH_VARIABLE_DB)
		r->facts.n_authorities++;
}

static bool is_proving(uint32_t type)
{
	return type == TROTH_EV_SEPARATOR || type == TROTH_EV_EFI_VARIABLE_DRIVER_CONFIG ||
	       type == TROTH_EV_EFI_ACTION;
}

void troth_boot_reading_begin(struct troth_boot_reading *r)
{
	*r = (struct troth_boot_reading){ .facts.first_unproven = -1 };
}

void troth_boot_reading_take(struct troth_boot_reading *r, const struct troth_event *ev,
			     const struct troth_event_proof *proof)
{
	if (is_proving(ev->type))
		read_proving(r, ev, proof->proof == TROTH_PROOF_DATA);
	else if (ev->type == TROTH_EV_EFI_VARIABLE_AUTHORITY)
		read_authority(r, ev, proof);
	else if (ev->type == TROTH_EV_EFI_BOOT_SERVICES_APPLICATION &&
		 ev->pcr == BOOT_MANAGER_PCR && !r->handed_over)
		r->facts.n_images++;
}

struct troth_boot_facts troth_boot_reading_end(const struct troth_boot_reading *r)
{
	struct troth_boot_facts facts = r->facts;
	const bool bounded = (facts.separators & 1U << SECURE_BOOT_PCR) != 0;
	if (!r->secure_boot_read || r->contradictory || !bounded)
		facts.secure_boot = TROTH_SECURE_BOOT_UNKNOWN;
	else if (r->secure_boot == 0)
		facts.secure_boot = TROTH_SECURE_BOOT_OFF;
	else if (facts.n_authorities == 0 || facts.n_images == 0)
		facts.secure_boot = TROTH_SECURE_BOOT_CLAIMED;
	else
		facts.secure_boot = TROTH_SECURE_BOOT_ON;
	return facts;
}

/* What take looks at: no other event needs hashing. */
static bool matters(const struct troth_event *ev)
{
	return is_proving(ev->type) || ev->type == TROTH_EV_EFI_VARIABLE_AUTHORITY ||
	       ev->type == TROTH_EV_EFI_BOOT_SERVICES_APPLICATION;
}

enum troth_status troth_boot_facts_read(struct troth_ctx *ctx, const struct troth_log *log,
					enum troth_hash bank, struct troth_boot_facts *out)
{
	struct troth_boot_reading r;
	struct troth_event_proof proof;
	if (troth_ctx_md(ctx, bank) == NULL)
		return TROTH_E_UNSUPPORTED;
	troth_boot_reading_begin(&r);
	for (size_t i = 0; i < log->n_events; i++) {
		if (!matters(&log->events[i]))
			continue;
		TROTH_TRY(troth_event_prove(ctx, log, &log->events[i], bank, &proof));
		/* Without a digest it extended nothing here and proves nothing. */
		if (proof.proof != TROTH_PROOF_NONE)
			troth_boot_reading_take(&r, &log->events[i], &proof);
	}
	*out = troth_boot_reading_end(&r);
	return TROTH_OK;
}
