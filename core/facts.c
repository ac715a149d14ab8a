/* SPDX-License-Identifier: Apache-2.0 */
#include "facts.h"

#include "base.h"
#include "reader.h"
#include "uefi.h"

/* PCRs of the pre-OS environment: each gets one separator (PFP 1.05, 2.3.4 and 10.4.1). */
static const uint32_t N_FIRMWARE_PCRS = 8;
static const uint32_t BOOT_MANAGER_PCR = 4;
static const uint32_t SECURE_BOOT_PCR = 7;

/* What is known while the log is read. */
struct reading {
	struct troth_ctx *ctx;
	enum troth_hash bank;
	struct troth_boot_facts facts;
	bool handed_over;      /* ExitBootServices was called */
	bool contradictory;    /* PCR 7 holds what honest firmware never writes */
	uint32_t variables;    /* of VARIABLES, those seen; bit i is row i */
	uint8_t secure_boot;   /* value of the variable, once seen */
	bool secure_boot_read; /* and it was well-formed */
};

/* GUIDs as they lie in memory (UEFI 2.10, 3.3 and 32.6.1). */
static const uint8_t GLOBAL[16] = { 0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
				    0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c };
static const uint8_t SECURITY[16] = { 0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45,
				      0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f };

/* Variables that firmware measures once: a second copy leaves open which one counted. */
static const struct {
	const uint8_t *guid; /* 16 bytes */
	const char *name;
} VARIABLES[] = {
	{ GLOBAL, "SecureBoot" }, { GLOBAL, "PK" },    { GLOBAL, "KEK" },   { SECURITY, "db" },
	{ SECURITY, "dbx" },	  { SECURITY, "dbt" }, { SECURITY, "dbr" },
};

static enum troth_status proves(struct reading *r, struct troth_view data,
				struct troth_view digest, bool *out)
{
	struct troth_digest made;
	TROTH_TRY(troth_hash_one(r->ctx, r->bank, data, &made));
	*out = troth_view_equal(troth_digest_view(&made), digest);
	return TROTH_OK;
}

static bool is_variable(const struct troth_uefi_variable *v, const uint8_t guid[16],
			const char *name)
{
	return troth_view_equal(v->guid, (struct troth_view){ guid, 16 }) &&
	       troth_utf16_equal(v->name, name);
}

static void read_secure_boot(struct reading *r, struct troth_view data)
{
	if (data.n > 1)
		return;
	r->secure_boot = data.n == 1 ? data.p[0] : 0; /* absent variables measure as empty */
	r->secure_boot_read = r->secure_boot <= 1;
}

static void read_driver_config(struct reading *r, const struct troth_event *ev)
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
	for (size_t i = 0; i < TROTH_COUNT(VARIABLES); i++) {
		if (!is_variable(&v, VARIABLES[i].guid, VARIABLES[i].name))
			continue;
		if ((r->variables & 1U << i) != 0)
			r->contradictory = true;
		r->variables |= 1U << i;
		if (i == 0)
			read_secure_boot(r, v.data);
	}
}

/* PFP 1.05, 10.4.1: 0 or 0xffffffff is a separator, anything else reports an error. */
static void read_separator(struct reading *r, const struct troth_event *ev, bool proven)
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

static void read_action(struct reading *r, const struct troth_event *ev)
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
static enum troth_status read_proving(struct reading *r, const struct troth_event *ev,
				      struct troth_view digest)
{
	bool proven;
	TROTH_TRY(proves(r, ev->data, digest, &proven));
	if (!proven) {
		if (r->facts.n_unproven++ == 0)
			r->facts.first_unproven = (int32_t)ev->index;
		if (ev->type != TROTH_EV_SEPARATOR)
			return TROTH_OK;
	}
	if (ev->type == TROTH_EV_SEPARATOR)
		read_separator(r, ev, proven);
	else if (ev->type == TROTH_EV_EFI_VARIABLE_DRIVER_CONFIG)
		read_driver_config(r, ev);
	else if (ev->type == TROTH_EV_EFI_ACTION)
		read_action(r, ev);
	return TROTH_OK;
}

/* The certificate or hash that let an image run. Old shims logged one byte more
 * than they measured. */
static enum troth_status read_authority(struct reading *r, const struct troth_event *ev,
					struct troth_view digest)
{
	bool proven;
	struct troth_uefi_variable v;
	struct troth_view data = ev->data;
	if (ev->pcr != SECURE_BOOT_PCR || r->handed_over)
		return TROTH_OK;
	TROTH_TRY(proves(r, data, digest, &proven));
	if (!proven && data.n > 0) {
		data.n--;
		TROTH_TRY(proves(r, data, digest, &proven));
		if (proven)
			r->facts.quirks |= TROTH_QUIRK_AUTHORITY_EXTRA_BYTE;
	}
	/* Shim logs its own lists and revocation level the same way: only an entry of db is
	 * what let the firmware run an image. */
	if (proven && troth_uefi_variable_read(data, &v) && is_variable(&v, SECURITY, "db"))
		r->facts.n_authorities++;
	return TROTH_OK;
}

static enum troth_status read_event(struct reading *r, const struct troth_event *ev,
				    struct troth_view digest)
{
	switch (ev->type) {
	case TROTH_EV_SEPARATOR:
	case TROTH_EV_EFI_VARIABLE_DRIVER_CONFIG:
	case TROTH_EV_EFI_ACTION: return read_proving(r, ev, digest);
	case TROTH_EV_EFI_VARIABLE_AUTHORITY: return read_authority(r, ev, digest);
	case TROTH_EV_EFI_BOOT_SERVICES_APPLICATION:
		if (ev->pcr == BOOT_MANAGER_PCR && !r->handed_over)
			r->facts.n_images++;
		return TROTH_OK;
	default: return TROTH_OK;
	}
}

static enum troth_secure_boot judge_secure_boot(const struct reading *r)
{
	const bool bounded = (r->facts.separators & 1U << SECURE_BOOT_PCR) != 0;
	if (!r->secure_boot_read || r->contradictory || !bounded)
		return TROTH_SECURE_BOOT_UNKNOWN;
	if (r->secure_boot == 0)
		return TROTH_SECURE_BOOT_OFF;
	if (r->facts.n_authorities == 0 || r->facts.n_images == 0)
		return TROTH_SECURE_BOOT_CLAIMED;
	return TROTH_SECURE_BOOT_ON;
}

enum troth_status troth_facts_read(struct troth_ctx *ctx, const struct troth_log *log,
				   enum troth_hash bank, struct troth_boot_facts *out)
{
	struct reading r = { .ctx = ctx, .bank = bank, .facts.first_unproven = -1 };
	if (troth_ctx_md(ctx, bank) == NULL)
		return TROTH_E_UNSUPPORTED;
	for (size_t i = 0; i < log->n_events; i++) {
		const struct troth_event *ev = &log->events[i];
		struct troth_view digest = troth_event_digest(log, ev, bank);
		/* Without a digest it extended nothing here and proves nothing. */
		if (troth_event_extends(ev) && digest.n > 0)
			TROTH_TRY(read_event(&r, ev, digest));
	}
	r.facts.secure_boot = judge_secure_boot(&r);
	*out = r.facts;
	return TROTH_OK;
}
