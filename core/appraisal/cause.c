/* SPDX-License-Identifier: Apache-2.0 */
#include "cause.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "command_line.h"
#include "event_text.h"
#include "reader.h"
#include "uefi_variable.h"
#include "version_text.h"

#define WHY_SIZE 256
#define TEXT_MAX 160
#define COMMAND_LINE_MAX 4096 /* twice what Linux takes */

static const uint32_t IMAGE_PCRS = 1U << 4 | 1U << 11;
static const uint32_t SECURE_BOOT_PCR = 7;
/* PCRs that hold settings, keys and partitions and no code: the PCR is what a TPM vouches for,
 * an event's type is the log's word. */
static const uint32_t SETTINGS_PCRS = 1U << 1 | 1U << 3 | 1U << 5 | 1U << 7 | 1U << 8 |
				      1U << 12 | 1U << 14;

const char *troth_cause_name(enum troth_cause cause)
{
	switch (cause) {
	case TROTH_CAUSE_SECURE_BOOT_DISABLED: return "secure-boot-disabled";
	case TROTH_CAUSE_DEBUG_BUILD: return "debug-build";
	case TROTH_CAUSE_DEBUG_SHELL: return "debug-shell";
	case TROTH_CAUSE_ROLL_BACK: return "roll-back";
	case TROTH_CAUSE_UPDATE: return "update";
	case TROTH_CAUSE_CONFIGURATION: return "configuration-change";
	case TROTH_CAUSE_UNKNOWN:
	case TROTH_CAUSE_N: break;
	}
	return "unknown";
}

/* What is looked at, and what is concluded from it. */
struct inquiry {
	const struct troth_cause_case *c;
	struct troth_facts facts, good_facts; /* of the log, and of the good one; owned */
	char *why;
};

__attribute__((format(printf, 2, 3))) static void say(const struct inquiry *q,
						      const char *format, ...)
{
	va_list args;
	va_start(args, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started on the line above */
	(void)vsnprintf(q->why, WHY_SIZE, format, args);
	va_end(args);
}

static bool same_digest(const struct troth_log *log, const struct troth_event *ev,
			const struct troth_digest *wanted)
{
	const struct troth_view seen = troth_event_digest(log, ev, wanted->alg);
	return seen.n > 0 && troth_view_equal(seen, troth_digest_view(wanted));
}

const struct troth_event *troth_event_before(const struct troth_log *good_log,
					     const struct troth_reference_event *expected)
{
	for (size_t i = 0; good_log != NULL && i < good_log->n_events; i++) {
		const struct troth_event *ev = &good_log->events[i];
		if (!troth_event_extends(ev) || ev->pcr != expected->pcr)
			continue;
		for (size_t k = 0; k < expected->n_digests; k++)
			if (expected->digests[k].alg != TROTH_HASH_SHA1 &&
			    same_digest(good_log, ev, &expected->digests[k]))
				return ev;
	}
	return NULL;
}

static const struct troth_event *before(const struct inquiry *q,
					const struct troth_deviation *d)
{
	return d->has_expected ? troth_event_before(q->c->good_log, &d->expected) : NULL;
}

static bool replayed(const struct inquiry *q, uint32_t pcr)
{
	return (q->c->verdict->coverage.pcrs_replayed & 1U << pcr) != 0;
}

/* ---- the rows ---- */

/* Findings of a log that does not account for the quoted PCRs. */
static bool log_is_doubtful(const struct inquiry *q)
{
	const struct troth_findings *f = &q->c->verdict->findings;
	for (size_t i = 0; i < f->n; i++)
		if (f->list[i].code >= TROTH_FINDING_LOG_MISSING &&
		    f->list[i].code <= TROTH_FINDING_LOG_WEAK_BANK) {
			say(q,
			    "the event log does not account for the quoted PCRs (%s), so "
			    "nothing in it says what changed",
			    troth_finding_name(f->list[i].code));
			return true;
		}
	return false;
}

static bool deviates_in(const struct inquiry *q, uint32_t pcrs)
{
	for (size_t i = 0; i < q->c->deviations->n; i++) {
		const struct troth_deviation *d = &q->c->deviations->list[i];
		if (d->event != NULL && (pcrs & 1U << d->event->pcr) != 0)
			return true;
	}
	return false;
}

static bool secure_boot_disabled(const struct inquiry *q)
{
	if (!replayed(q, SECURE_BOOT_PCR) || q->facts.boot.secure_boot != TROTH_SECURE_BOOT_OFF)
		return false;
	if (!troth_findings_have(&q->c->verdict->findings, TROTH_FINDING_SECURE_BOOT_OFF) &&
	    !deviates_in(q, 1U << SECURE_BOOT_PCR))
		return false;
	say(q, "PCR 7 proves that the variable SecureBoot is off");
	return true;
}

/* What says that something runs which its maker meant for himself, and which PCR proves it. */
static bool debug_build(const struct inquiry *q)
{
	const struct troth_windows_facts *w = &q->facts.windows;
	const struct {
		uint32_t pcr;
		enum troth_answer answer;
		const char *what;
	} ROWS[] = {
		{ 7, q->facts.debug_mode,
		  "the firmware measured 'UEFI Debug Mode' into PCR 7" },
		{ 12, w->boot_debugging,
		  "PCR 12 proves that the Windows boot loader is debugged" },
		{ 12, w->kernel_debugging,
		  "PCR 12 proves that the Windows kernel is debugged" },
		{ 12, w->hypervisor_debugging,
		  "PCR 12 proves that the hypervisor is debugged" },
		{ 12, w->test_signing, "PCR 12 proves that Windows takes test signatures" },
	};
	for (size_t i = 0; i < TROTH_COUNT(ROWS); i++)
		if (ROWS[i].answer == TROTH_YES && replayed(q, ROWS[i].pcr)) {
			say(q, "%s", ROWS[i].what);
			return true;
		}
	return false;
}

/* The kernel was told to give a shell to whoever is at the console. */
static bool debug_shell(const struct inquiry *q)
{
	const enum troth_fact_kind kind = TROTH_FACT_KERNEL_COMMAND_LINE;
	for (size_t i = troth_facts_find(&q->facts, kind, 0); i < q->facts.n;
	     i = troth_facts_find(&q->facts, kind, i + 1)) {
		const struct troth_fact *fact = &q->facts.list[i];
		const uint32_t pcr = q->c->appraised->log->events[fact->event].pcr;
		char text[COMMAND_LINE_MAX];
		struct troth_line line = troth_line_make(text, sizeof text);
		troth_line_text(&line, fact->value);
		const struct troth_view word = troth_command_line_shell(
			(struct troth_view){ (uint8_t *)text, line.n });
		if (word.n == 0 || !replayed(q, pcr) || !deviates_in(q, 1U << pcr))
			continue;
		say(q, "PCR %" PRIu32 " proves that the kernel was told '%.*s'", pcr,
		    (int)(word.n < 80 ? word.n : 80), (const char *)word.p);
		return true;
	}
	return false;
}

/* A variable whose content is text, as shim's SbatLevel. */
static bool variable_text(struct troth_view data, struct troth_line *line)
{
	struct troth_uefi_variable v;
	if (!troth_uefi_variable_read(data, &v) ||
	    troth_uefi_variable_known(&v) != TROTH_VARIABLE_SBAT_LEVEL)
		return false;
	for (size_t i = 0; i < v.data.n; i++)
		troth_line_bytes(line, v.data.p[i] == '\n'
					       ? troth_view_str(" ")
					       : (struct troth_view){ v.data.p + i, 1 });
	return true;
}

/* The text a version is looked for in: what the event says where that is proven. */
static bool text_of(const struct inquiry *q, const struct troth_log *log,
		    const struct troth_event *ev, char out[TEXT_MAX])
{
	struct troth_event_proof proof;
	struct troth_line line = troth_line_make(out, TEXT_MAX);
	if (troth_event_prove(q->c->ctx, log, ev, troth_log_best_bank(q->c->ctx, log),
			      &proof) != TROTH_OK ||
	    proof.proof != TROTH_PROOF_DATA)
		return false;
	if (!variable_text(proof.data, &line))
		troth_event_line(ev, &line);
	return line.n > 0;
}

/* order: of the version there was and the one there is. */
static bool speaks_for(enum troth_cause cause, int order)
{
	return (order > 0 && cause == TROTH_CAUSE_ROLL_BACK) ||
	       (order < 0 && cause == TROTH_CAUSE_UPDATE);
}

/* Compares a deviation with what stood there when the device last passed. */
static int compare_with_good(const struct inquiry *q, const struct troth_deviation *d,
			     enum troth_cause cause)
{
	const struct troth_event *old = before(q, d);
	char then[TEXT_MAX], now[TEXT_MAX];
	if (old == NULL || d->event == NULL || !replayed(q, d->event->pcr) ||
	    !text_of(q, q->c->good_log, old, then) ||
	    !text_of(q, q->c->appraised->log, d->event, now))
		return 0;
	const int order = troth_version_texts_compare(then, now);
	if (speaks_for(cause, order))
		say(q, "PCR %" PRIu32 " proves '%.80s' where '%.80s' %s", d->event->pcr, now,
		    then, q->c->good_elsewhere ? "is elsewhere" : "was before");
	return order;
}

/* Compares a version that an event's text names with those the alternatives are called by:
 * positive when all of them are later, negative when all are earlier. */
static int compare_with_names(const struct inquiry *q, const struct troth_deviation *d,
			      enum troth_cause cause)
{
	const struct troth_reference_set *set = q->c->appraised->reference;
	char now[TEXT_MAX];
	int order = 0;
	if (!d->has_expected || d->event == NULL || d->component >= set->n_components ||
	    !replayed(q, d->event->pcr) || !text_of(q, q->c->appraised->log, d->event, now))
		return 0;
	const struct troth_component *k = &set->components[d->component];
	for (size_t i = 0; i < k->n_alternatives; i++) {
		const int one = troth_version_name_compare(k->alternatives[i].name, now);
		if (one == 0 || (order != 0 && (one > 0) != (order > 0)))
			return 0;
		order = one;
	}
	if (speaks_for(cause, order))
		say(q,
		    "PCR %" PRIu32 " proves '%.80s', which is %s every version of %s that "
		    "the reference values know",
		    d->event->pcr, now, order > 0 ? "before" : "after", k->name);
	return order;
}

static bool version_says(const struct inquiry *q, enum troth_cause cause)
{
	for (size_t i = 0; i < q->c->deviations->n; i++) {
		const struct troth_deviation *d = &q->c->deviations->list[i];
		int order = compare_with_good(q, d, cause);
		if (order == 0)
			order = compare_with_names(q, d, cause);
		if (speaks_for(cause, order))
			return true;
	}
	return false;
}

/* An image in the place of another, let in by the same keys under secure boot. */
static bool signed_by_the_same(const struct inquiry *q)
{
	const struct troth_coverage *coverage = &q->c->verdict->coverage;
	const uint32_t needed = 1U << 4 | 1U << SECURE_BOOT_PCR;
	if (q->facts.boot.secure_boot != TROTH_SECURE_BOOT_ON ||
	    (coverage->pcrs_replayed & needed) != needed ||
	    (coverage->pcrs_matched & 1U << SECURE_BOOT_PCR) == 0 || !deviates_in(q, 1U << 4))
		return false;
	for (size_t i = 0; i < q->c->deviations->n; i++) {
		const struct troth_deviation *d = &q->c->deviations->list[i];
		if (d->event == NULL ||
		    ((IMAGE_PCRS & 1U << d->event->pcr) != 0 && !d->has_expected))
			return false;
	}
	say(q, "secure boot is on, PCR 7 is as the reference values say, and another image was "
	       "let in by the same keys (an older signed image would look the same)");
	return true;
}

static const struct troth_fact *fact_of(const struct troth_facts *facts,
					const struct troth_event *ev)
{
	for (size_t i = 0; i < facts->n; i++)
		if (facts->list[i].event == ev->index)
			return &facts->list[i];
	return NULL;
}

/* A file that is no code, as far as its name goes. */
static bool settings_file(struct troth_view name)
{
	static const char *const ENDS[] = { ".cfg", ".conf" };
	while (name.n > 0 && name.p[name.n - 1] == 0)
		name.n--;
	for (size_t i = 0; i < TROTH_COUNT(ENDS); i++) {
		const struct troth_view end = troth_view_str(ENDS[i]);
		if (name.n >= end.n &&
		    troth_view_equal((struct troth_view){ name.p + name.n - end.n, end.n },
				     end))
			return true;
	}
	return false;
}

/* GRUB's configuration and the kernel's command line lie in PCR 9 beside files of code; what a
 * boot that passed had there says which it is. */
static bool was_setting(const struct inquiry *q, const struct troth_deviation *d)
{
	const struct troth_event *old = before(q, d);
	const struct troth_fact *fact = old != NULL ? fact_of(&q->good_facts, old) : NULL;
	if (fact == NULL)
		return false;
	switch ((unsigned int)fact->kind) {
	case TROTH_FACT_LOAD_OPTIONS:
	case TROTH_FACT_LOADER_CONF:
	case TROTH_FACT_GRUB_COMMAND:
	case TROTH_FACT_KERNEL_COMMAND_LINE:
	case TROTH_FACT_MODULE_COMMAND_LINE: return true;
	case TROTH_FACT_FILE: return settings_file(old->data);
	default: return false;
	}
}

static bool is_setting(const struct inquiry *q, const struct troth_deviation *d)
{
	if (d->event == NULL || !replayed(q, d->event->pcr))
		return false;
	return (SETTINGS_PCRS & 1U << d->event->pcr) != 0 || was_setting(q, d);
}

static bool only_settings(const struct inquiry *q)
{
	uint32_t pcrs = 0;
	char text[64];
	for (size_t i = 0; i < q->c->deviations->n; i++) {
		if (!is_setting(q, &q->c->deviations->list[i]))
			return false;
		pcrs |= 1U << q->c->deviations->list[i].event->pcr;
	}
	if (pcrs == 0 || !q->c->deviations->complete)
		return false;
	troth_pcrs_text(pcrs, text, sizeof text);
	say(q, "only settings differ (PCR %s); all code is as the reference values say", text);
	return true;
}

static bool holds(const struct inquiry *q, enum troth_cause cause)
{
	switch (cause) {
	case TROTH_CAUSE_SECURE_BOOT_DISABLED: return secure_boot_disabled(q);
	case TROTH_CAUSE_DEBUG_BUILD: return debug_build(q);
	case TROTH_CAUSE_DEBUG_SHELL: return debug_shell(q);
	case TROTH_CAUSE_ROLL_BACK: return version_says(q, cause);
	case TROTH_CAUSE_UPDATE: return version_says(q, cause) || signed_by_the_same(q);
	case TROTH_CAUSE_CONFIGURATION: return only_settings(q);
	case TROTH_CAUSE_UNKNOWN:
	case TROTH_CAUSE_N: break;
	}
	return false;
}

static enum troth_status read_facts(struct troth_ctx *ctx, const struct troth_log *log,
				    struct troth_facts *out)
{
	const enum troth_hash bank = log != NULL ? troth_log_best_bank(ctx, log)
						 : TROTH_HASH_NONE;
	return bank != TROTH_HASH_NONE ? troth_facts_read(ctx, log, bank, out) : TROTH_OK;
}

static enum troth_status inquire(struct inquiry *q, enum troth_cause *out)
{
	TROTH_TRY(read_facts(q->c->ctx, q->c->appraised->log, &q->facts));
	TROTH_TRY(read_facts(q->c->ctx, q->c->good_log, &q->good_facts));
	for (enum troth_cause k = TROTH_CAUSE_UNKNOWN + 1; k < TROTH_CAUSE_N; k++)
		if (holds(q, k)) {
			*out = k;
			return TROTH_OK;
		}
	if (q->c->deviations->n == 0)
		say(q,
		    "nothing was found to differ from reference values: the finding stands by "
		    "itself");
	else
		say(q, "nothing that the evidence proves tells an update from an attack");
	return TROTH_OK;
}

enum troth_status troth_cause_find(const struct troth_cause_case *c, enum troth_cause *out,
				   char why[WHY_SIZE])
{
	struct inquiry q = { .c = c, .why = why };
	*out = TROTH_CAUSE_UNKNOWN;
	if (log_is_doubtful(&q))
		return TROTH_OK;
	if (c->appraised->log == NULL) {
		say(&q, "there is no readable event log that would say what changed");
		return TROTH_OK;
	}
	enum troth_status status = inquire(&q, out);
	troth_facts_release(&q.facts);
	troth_facts_release(&q.good_facts);
	return status;
}
