/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise.h"

#include <inttypes.h>

#include "base.h"
#include "boot_facts.h"
#include "log_findings.h"
#include "reader.h"

/* The checks, in the order in which their findings stand. */
enum check {
	CHECK_TPM,
	CHECK_LOG,
	CHECK_BANKS,
	CHECK_REPLAY,
	CHECK_EVENT_DATA,
	CHECK_SEPARATORS,
	CHECK_SECURE_BOOT,
	CHECK_COMPONENTS,
	CHECK_IMA,
	CHECK_N
};

/* PCRs the boot chain is judged by (PFP 1.05, 2.3.4). */
static const uint32_t BOOT_MANAGER_PCR = 4;
static const uint32_t SECURE_BOOT_PCR = 7;

/* How far a check could see. */
enum sight { SAW_NOTHING = 0, SAW_PART, SAW_ALL };

/* A case being appraised: what follows from policy and reference before any evidence is read,
 * and what the checks so far have established. */
struct appraisal {
	struct troth_ctx *ctx;
	const struct troth_case *c;
	/* What the event log must explain: the policy's, without the PCR of an IMA list. */
	struct troth_pcr_selection selection;
	uint32_t quoted;     /* PCRs in any bank of it */
	uint32_t needs_log;  /* of them, extended ones that only a log can explain */
	bool readable;	     /* there is a log, and it holds measurements */
	uint32_t lost_banks; /* bit i: bank i of the selection is not in the log */
	struct troth_boot_facts facts;
	struct troth_verdict *v;
};

static const struct troth_pcr_selection *selection(const struct appraisal *a)
{
	return &a->selection;
}

static void select_pcrs(struct appraisal *a)
{
	const struct troth_pcr_selection *all = &a->c->policy->selection;
	a->selection = troth_policy_log_selection(a->c->policy);
	for (size_t i = 0; i < all->n_banks; i++)
		a->v->coverage.pcrs_quoted |= all->banks[i].mask;
}

static bool is_initial(const struct appraisal *a, enum troth_hash bank, uint32_t pcr)
{
	uint8_t initial[TROTH_DIGEST_MAX];
	troth_pcr_initial(bank, pcr, initial);
	return troth_view_equal(troth_pcr_value(a->c->pcrs, bank, pcr),
				(struct troth_view){ initial, troth_hash_size(bank) });
}

/* PCRs whose final value the reference knows, or whose content the policy does not ask about:
 * nobody needs their events. */
static uint32_t explained_without_log(const struct appraisal *a)
{
	const struct troth_policy *policy = a->c->policy;
	const struct troth_reference_set *set = a->c->reference;
	uint32_t mask = 0;
	for (size_t i = 0; i < policy->n_ignore; i++)
		if (policy->ignore[i].type == UINT32_MAX &&
		    policy->ignore[i].pcr < TROTH_PCR_COUNT)
			mask |= 1U << policy->ignore[i].pcr;
	for (size_t k = 0; set != NULL && k < set->n_components; k++) {
		const struct troth_component *component = &set->components[k];
		for (size_t j = 0; component->golden && j < component->n_alternatives; j++)
			for (size_t i = 0; i < component->alternatives[j].n_events; i++)
				mask |= 1U << component->alternatives[j].events[i].pcr % 32;
	}
	return mask;
}

static void survey(struct appraisal *a)
{
	const uint32_t explained = explained_without_log(a);
	for (size_t i = 0; i < selection(a)->n_banks; i++) {
		const struct troth_pcr_bank_selection *bank = &selection(a)->banks[i];
		a->quoted |= bank->mask;
		for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++)
			if ((bank->mask & ~explained & 1U << pcr) != 0 &&
			    !is_initial(a, bank->bank, pcr))
				a->needs_log |= 1U << pcr;
	}
	const struct troth_log *log = a->c->log;
	for (size_t i = 0; log != NULL && a->c->replay != NULL && i < log->n_events; i++)
		a->readable |= troth_event_extends(&log->events[i]);
}

/* A TPM that is known to be weak proves nothing, whatever it signs. */
static enum sight check_tpm(struct appraisal *a)
{
	const struct troth_tpm_facts facts = {
		.maker = a->c->tpm_maker != NULL ? a->c->tpm_maker : "",
		.firmware = a->c->tpm_firmware,
	};
	const enum troth_tpm_answer answer = troth_tpm_judge(&a->c->policy->tpm, &facts);
	char version[TROTH_TPM_VERSION_TEXT];
	if (answer == TROTH_TPM_ACCEPTED)
		return SAW_ALL;
	struct troth_finding *f =
		troth_finding_add(&a->v->findings, TROTH_FINDING_TPM_FIRMWARE);
	troth_tpm_version_text(facts.firmware, version);
	troth_finding_detail(f, "%s %s",
			     facts.maker[0] != '\0' ? facts.maker : "maker not known", version);
	if (answer == TROTH_TPM_UNKNOWN)
		f->severity = TROTH_TIER_NONE;
	return SAW_ALL;
}

/* Without a log, with an unreadable one, with one that says nothing was measured: three causes
 * with three remedies. */
static enum sight check_log(struct appraisal *a)
{
	const struct troth_case *c = a->c;
	troth_systemd_findings(c, &a->v->findings);
	if (a->readable)
		return SAW_ALL;
	if (c->log == NULL && c->log_bytes.n > 0) {
		struct troth_finding *f =
			troth_finding_add(&a->v->findings, TROTH_FINDING_LOG_MALFORMED);
		troth_finding_detail(f, "%s at offset %zu", troth_status_name(c->log_status),
				     c->log_error_offset);
		return SAW_NOTHING;
	}
	if (a->needs_log == 0)
		return SAW_ALL;
	const bool sent = c->log != NULL || c->log_status == TROTH_E_TRUNCATED;
	troth_finding_add(&a->v->findings,
			  sent ? TROTH_FINDING_LOG_EMPTY : TROTH_FINDING_LOG_MISSING);
	return SAW_NOTHING;
}

static bool only_sha1(const struct appraisal *a)
{
	uint32_t strong = 0;
	for (size_t i = 0; i < selection(a)->n_banks; i++)
		if (selection(a)->banks[i].bank != TROTH_HASH_SHA1)
			strong |= selection(a)->banks[i].mask;
	if ((a->quoted & ~strong) != 0)
		return true;
	return a->readable && a->c->log->header.format == TROTH_LOG_SHA1;
}

/* A downgrade to SHA-1, or a bank the firmware left alone and the operating
 * system filled (CVE-2021-42299). */
static enum sight check_banks(struct appraisal *a)
{
	if (only_sha1(a))
		troth_finding_add(&a->v->findings, TROTH_FINDING_LOG_WEAK_BANK);
	for (size_t i = 0; a->readable && i < selection(a)->n_banks; i++) {
		const struct troth_pcr_bank_selection *bank = &selection(a)->banks[i];
		if ((bank->mask & a->needs_log) == 0 ||
		    troth_pcr_bank_find(&a->c->replay->values, bank->bank) != NULL)
			continue;
		a->lost_banks |= 1U << i;
		struct troth_finding *f =
			troth_finding_add(&a->v->findings, TROTH_FINDING_LOG_BANK_MISSING);
		troth_finding_detail(f, "%s", troth_hash_name(bank->bank));
	}
	return a->readable || a->needs_log == 0 ? SAW_ALL : SAW_NOTHING;
}

static void report_replay(struct appraisal *a, enum troth_finding_code code,
			  enum troth_hash bank, uint32_t pcr)
{
	struct troth_finding *f = troth_finding_add(&a->v->findings, code);
	const struct troth_view seen = troth_pcr_value(a->c->pcrs, bank, pcr);
	const struct troth_view replayed = troth_pcr_value(&a->c->replay->values, bank, pcr);
	f->pcr = (int32_t)pcr;
	troth_finding_detail(f, "%s", troth_replay_advice(a->c, pcr));
	if (!troth_digest_set(&f->seen, bank, seen))
		f->seen = (struct troth_digest){ 0 };
	if (!troth_digest_set(&f->expected, bank, replayed))
		f->expected = (struct troth_digest){ 0 };
}

/* Replays one PCR in every selected bank; the first bank that differs is reported. Returns
 * whether the log accounts for the PCR. */
static bool replay_pcr(struct appraisal *a, uint32_t pcr)
{
	bool accounted = true;
	for (size_t i = 0; i < selection(a)->n_banks; i++) {
		const struct troth_pcr_bank_selection *bank = &selection(a)->banks[i];
		if ((bank->mask & 1U << pcr) == 0)
			continue;
		if ((a->lost_banks & 1U << i) != 0) {
			accounted = false;
			continue;
		}
		const struct troth_view replayed =
			troth_pcr_value(&a->c->replay->values, bank->bank, pcr);
		if (replayed.n == 0 && is_initial(a, bank->bank, pcr))
			continue;
		if (replayed.n == 0 && (a->needs_log & 1U << pcr) == 0) {
			accounted = false; /* known by its final value, or not asked about */
			continue;
		}
		if (replayed.n != 0 &&
		    troth_view_equal(replayed, troth_pcr_value(a->c->pcrs, bank->bank, pcr)))
			continue;
		report_replay(a,
			      replayed.n == 0 ? TROTH_FINDING_LOG_PCR_MISSING
					      : TROTH_FINDING_REPLAY_MISMATCH,
			      bank->bank, pcr);
		return false;
	}
	return accounted;
}

static enum sight check_replay(struct appraisal *a)
{
	if (!a->readable)
		return a->needs_log == 0 ? SAW_ALL : SAW_NOTHING;
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++)
		if ((a->quoted & 1U << pcr) != 0 && replay_pcr(a, pcr))
			a->v->coverage.pcrs_replayed |= 1U << pcr;
	return SAW_ALL;
}

static enum sight check_event_data(struct appraisal *a)
{
	if (!a->readable)
		return a->needs_log == 0 ? SAW_ALL : SAW_NOTHING;
	if (a->facts.n_unproven == 0)
		return SAW_ALL;
	const struct troth_event *ev = &a->c->log->events[a->facts.first_unproven];
	struct troth_finding *f = troth_finding_add(&a->v->findings, TROTH_FINDING_EVENT_DATA);
	f->severity = TROTH_TIER_WARNING; /* what it says is not believed anyway */
	f->pcr = (int32_t)ev->pcr;
	f->event = a->facts.first_unproven;
	troth_finding_detail(f, "%s, %" PRIu32 " such events", troth_event_type_name(ev->type),
			     a->facts.n_unproven);
	return SAW_ALL;
}

static enum sight check_separators(struct appraisal *a)
{
	if (!a->readable)
		return a->needs_log == 0 ? SAW_ALL : SAW_NOTHING;
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++)
		if ((a->facts.bad_separators & a->quoted & 1U << pcr) != 0)
			troth_finding_add(&a->v->findings, TROTH_FINDING_SEPARATOR)->pcr =
				(int32_t)pcr;
	return SAW_ALL;
}

/* Facts hold only of PCRs that the log reproduces: an edited log proves nothing. */
static enum troth_secure_boot secure_boot(const struct appraisal *a)
{
	const uint32_t replayed = a->v->coverage.pcrs_replayed;
	if (!a->readable || (replayed & 1U << SECURE_BOOT_PCR) == 0)
		return TROTH_SECURE_BOOT_UNKNOWN;
	if (a->facts.secure_boot == TROTH_SECURE_BOOT_ON &&
	    (replayed & 1U << BOOT_MANAGER_PCR) == 0)
		return TROTH_SECURE_BOOT_CLAIMED;
	return a->facts.secure_boot;
}

static enum sight check_secure_boot(struct appraisal *a)
{
	enum troth_finding_code code = TROTH_FINDING_SECURE_BOOT_UNPROVEN;
	const char *why = "";
	enum sight sight = SAW_ALL;
	switch (secure_boot(a)) {
	case TROTH_SECURE_BOOT_ON: a->v->coverage.secure_boot_checked = true; return SAW_ALL;
	case TROTH_SECURE_BOOT_UNKNOWN:
		why = "no event proves the SecureBoot variable";
		sight = SAW_NOTHING;
		break;
	case TROTH_SECURE_BOOT_CLAIMED:
		why = "SecureBoot is 1, but nothing shows that an image was verified";
		break;
	case TROTH_SECURE_BOOT_OFF: code = TROTH_FINDING_SECURE_BOOT_OFF; break;
	}
	struct troth_finding *f = troth_finding_add(&a->v->findings, code);
	f->pcr = (int32_t)SECURE_BOOT_PCR;
	troth_finding_detail(f, "%s", why);
	a->v->coverage.secure_boot_checked = sight == SAW_ALL;
	return sight;
}

/* The selection without the banks that are reported as missing from the log already. */
static struct troth_pcr_selection readable_banks(const struct appraisal *a)
{
	struct troth_pcr_selection s = { 0 };
	for (size_t i = 0; i < selection(a)->n_banks; i++)
		if ((a->lost_banks & 1U << i) == 0)
			s.banks[s.n_banks++] = selection(a)->banks[i];
	return s;
}

static void take_match(struct appraisal *a, const struct troth_match *m)
{
	struct troth_coverage *coverage = &a->v->coverage;
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
		if ((m->uncovered & 1U << pcr) == 0)
			continue;
		struct troth_finding *f =
			troth_finding_add(&a->v->findings, TROTH_FINDING_REFERENCE_MISSING);
		f->pcr = (int32_t)pcr;
		troth_finding_detail(f, "%s says nothing of this PCR", a->c->reference->name);
	}
	/* Events that match prove nothing where the log is not the one of the TPM. */
	coverage->pcrs_matched = m->covered & coverage->pcrs_replayed;
	coverage->pcrs_golden = m->golden;
	coverage->pcrs_empty = m->empty & coverage->pcrs_matched;
	coverage->n_events_matched = (uint32_t)m->n_matched;
	coverage->n_events_ignored = (uint32_t)m->n_ignored;
}

static enum troth_status check_components(struct appraisal *a, enum sight *out)
{
	const struct troth_policy *policy = a->c->policy;
	const struct troth_pcr_selection banks = readable_banks(a);
	const struct troth_match_case c = {
		.set = a->c->reference,
		.log = a->readable ? a->c->log : NULL,
		.pcrs = a->c->pcrs,
		.selection = &banks,
		.ignore = policy->ignore,
		.n_ignore = policy->n_ignore,
	};
	struct troth_match m;

	*out = SAW_NOTHING;
	if (policy->reference[0] == '\0' || a->c->reference == NULL) {
		struct troth_finding *f =
			troth_finding_add(&a->v->findings, TROTH_FINDING_REFERENCE_MISSING);
		troth_finding_detail(f, "%s", policy->reference);
		return TROTH_OK;
	}
	if ((!a->readable && a->needs_log != 0) || banks.n_banks == 0)
		return TROTH_OK; /* said already: every component would be missing */
	TROTH_TRY(troth_reference_match(&c, &m, &a->v->findings));
	take_match(a, &m);
	*out = m.uncovered == 0 ? SAW_ALL : SAW_PART;
	return TROTH_OK;
}

static enum sight check_ima(struct appraisal *a)
{
	static const struct troth_ima_result NOTHING = { .open = true };
	const struct troth_ima_result *r = a->c->ima != NULL ? a->c->ima : &NOTHING;
	struct troth_coverage *coverage = &a->v->coverage;
	troth_findings_join(&a->v->findings, &r->findings);
	if (r->open)
		return SAW_NOTHING;
	coverage->ima_checked = r->proven;
	coverage->boot_aggregate_checked = r->boot_aggregate_checked;
	coverage->ima = r->after.counts;
	if (r->proven) {
		coverage->pcrs_replayed |= 1U << TROTH_IMA_PCR;
		coverage->pcrs_matched |= 1U << TROTH_IMA_PCR;
	}
	return SAW_ALL;
}

/* One row per check. A check appends what it found and says how far it could
 * see; it never decides. */
static enum troth_status look(enum check check, struct appraisal *a, enum sight *out)
{
	switch (check) {
	case CHECK_TPM: *out = check_tpm(a); break;
	case CHECK_LOG: *out = check_log(a); break;
	case CHECK_BANKS: *out = check_banks(a); break;
	case CHECK_REPLAY: *out = check_replay(a); break;
	case CHECK_EVENT_DATA: *out = check_event_data(a); break;
	case CHECK_SEPARATORS: *out = check_separators(a); break;
	case CHECK_SECURE_BOOT: *out = check_secure_boot(a); break;
	case CHECK_COMPONENTS: return check_components(a, out);
	case CHECK_IMA: *out = check_ima(a); break;
	case CHECK_N: *out = SAW_NOTHING; break;
	}
	return TROTH_OK;
}

static bool required(const struct appraisal *a, enum check check)
{
	if (check == CHECK_IMA)
		return a->c->policy->ima.present;
	if (a->quoted == 0)
		return false;
	if (check == CHECK_TPM)
		return a->c->policy->tpm.n_deny + a->c->policy->tpm.n_allow > 0;
	return check != CHECK_SECURE_BOOT || a->c->policy->require_secure_boot;
}

/* Facts come from the first selected bank that is not SHA-1 and that the log has. */
static enum troth_status read_facts(struct appraisal *a)
{
	enum troth_hash bank = TROTH_HASH_NONE;
	a->facts.first_unproven = -1;
	for (size_t i = 0; a->readable && i < selection(a)->n_banks; i++) {
		const enum troth_hash candidate = selection(a)->banks[i].bank;
		if (troth_pcr_bank_find(&a->c->replay->values, candidate) != NULL &&
		    (bank == TROTH_HASH_NONE || bank == TROTH_HASH_SHA1))
			bank = candidate;
	}
	if (bank == TROTH_HASH_NONE)
		return TROTH_OK;
	return troth_boot_facts_read(a->ctx, a->c->log, bank, &a->facts);
}

static uint32_t count_events(const struct appraisal *a, const struct troth_ignore_rule *rule)
{
	uint32_t n = 0;
	for (size_t i = 0; a->readable && i < a->c->log->n_events; i++) {
		const struct troth_event *ev = &a->c->log->events[i];
		n += troth_event_extends(ev) && ev->pcr == rule->pcr &&
		     (rule->type == UINT32_MAX || ev->type == rule->type);
	}
	return n;
}

/* What the policy's rules let pass, for whoever asks what was not checked. */
static void cover_ignored(struct appraisal *a)
{
	const struct troth_policy *policy = a->c->policy;
	for (size_t i = 0; i < policy->n_ignore && i < TROTH_IGNORE_RULES_MAX; i++)
		a->v->coverage.ignored[a->v->coverage.n_ignored++] =
			(struct troth_ignored_class){
				.pcr = policy->ignore[i].pcr,
				.type = policy->ignore[i].type,
				.n_events = count_events(a, &policy->ignore[i]),
			};
}

/* A verdict in which no measurement was compared with anything affirms nothing. */
static bool compared_nothing(const struct troth_verdict *v)
{
	return v->coverage.n_events_matched == 0 && v->coverage.pcrs_golden == 0;
}

enum troth_status troth_appraise(struct troth_ctx *ctx, const struct troth_case *c,
				 struct troth_verdict *out)
{
	struct troth_verdict v = { .tier = TROTH_TIER_NONE };
	struct appraisal a = { .ctx = ctx, .c = c, .v = &v };
	bool saw_all = true;

	select_pcrs(&a);
	survey(&a);
	TROTH_TRY(read_facts(&a));
	for (enum check k = 0; k < CHECK_N; k++) {
		enum sight sight = SAW_NOTHING;
		if (!required(&a, k))
			continue;
		TROTH_TRY(look(k, &a, &sight));
		v.coverage.n_checks += sight != SAW_NOTHING;
		saw_all &= sight == SAW_ALL;
	}
	if (saw_all && compared_nothing(&v) &&
	    troth_tier_fold(&v.findings, saw_all) == TROTH_TIER_AFFIRMING)
		troth_finding_add(&v.findings, TROTH_FINDING_NOTHING_CHECKED);
	troth_quirk_findings(a.readable ? c->replay->quirks | a.facts.quirks : 0, &v.findings);
	cover_ignored(&a);
	v.coverage.pcrs_unchecked = ((1U << TROTH_PCR_COUNT) - 1) &
				    ~(v.coverage.pcrs_matched | v.coverage.pcrs_golden);
	v.tier = troth_tier_fold(&v.findings, saw_all);
	v.trust = troth_trust_vector_make(&(struct troth_trust_case){
		.findings = &v.findings,
		.coverage = &v.coverage,
		.recognised = c->recognised,
	});
	*out = v;
	return TROTH_OK;
}
