/* SPDX-License-Identifier: Apache-2.0 */
#include "coverage.h"

#include <inttypes.h>
#include <stdio.h>

#include "base.h"
#include "eventlog.h"

#define ALL_PCRS ((1U << TROTH_PCR_COUNT) - 1)

/* The end of the run of set bits that begins at pcr. */
static uint32_t run_end(uint32_t mask, uint32_t pcr)
{
	while (pcr + 1 < TROTH_PCR_COUNT && (mask & 1U << (pcr + 1)) != 0)
		pcr++;
	return pcr;
}

void troth_pcrs_text(uint32_t mask, char *out, size_t size)
{
	size_t n = 0;
	out[0] = '\0';
	mask &= ALL_PCRS;
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT && n < size; pcr++) {
		if ((mask & 1U << pcr) == 0)
			continue;
		const uint32_t last = run_end(mask, pcr);
		const uint32_t end = last > pcr + 1 ? last : pcr; /* of two each is named */
		const bool final = end + 1 == TROTH_PCR_COUNT || mask >> (end + 1) == 0;
		const char *before = n == 0 ? "" : final ? " and " : ", ";
		if (end > pcr)
			n += (size_t)snprintf(out + n, size - n, "%s%" PRIu32 " to %" PRIu32,
					      before, pcr, last);
		else
			n += (size_t)snprintf(out + n, size - n, "%s%" PRIu32, before, pcr);
		pcr = end;
	}
}

static bool plural(uint32_t mask)
{
	return (mask & (mask - 1)) != 0;
}

/* What is said of a mask of PCRs. */
static const struct {
	const char *one,
		*many; /* before and after the list: "PCR 4 was", "PCRs 4 and 5 were" */
	const char *one_end, *many_end;
} LINES[] = {
	{ "PCR", "PCRs", "was not asked for: what it holds is not known",
	  "were not asked for: what they hold is not known" },
	{ "PCR", "PCRs", "was quoted, and nothing explains its content",
	  "were quoted, and nothing explains their content" },
	{ "of PCR", "of PCRs", "only the final value was compared, not what led to it",
	  "only the final values were compared, not what led to them" },
	{ "PCR", "PCRs", "was never extended", "were never extended" },
};

static uint32_t mask_of(const struct troth_coverage *c, size_t line)
{
	switch (line) {
	case 0: return ALL_PCRS & ~c->pcrs_quoted;
	case 1: return c->pcrs_unchecked & c->pcrs_quoted;
	case 2: return c->pcrs_golden;
	default: return c->pcrs_empty;
	}
}

static void put_ignored(const struct troth_ignored_class *k, char *out)
{
	const char *name = troth_event_type_name(k->type);
	char type[32];
	if (k->type == UINT32_MAX)
		(void)snprintf(type, sizeof type, "any event");
	else if (name != NULL)
		(void)snprintf(type, sizeof type, "%s", name);
	else
		(void)snprintf(type, sizeof type, "EV_0x%08" PRIx32, k->type);
	(void)snprintf(out, TROTH_COVERAGE_LINE_MAX,
		       "a rule of the policy lets %s in PCR %" PRIu32 " pass: %" PRIu32
		       " in this log",
		       type, k->pcr, k->n_events);
}

/* The list has what the device's own IMA policy measures, and names no file systems. */
static const char *const IMA_LINES[] = {
	"no file that was used after the boot was looked at, on any file system (no IMA list "
	"was "
	"appraised)",
	"files were looked at as far as the device's IMA policy measures them: what it leaves "
	"out "
	"(file systems such as tmpfs or overlayfs, uses, users) is not known",
	"files that were measured and that a pattern of the policy lets pass",
	"entries of the IMA list that belong to other PCRs than 10",
	"boot_aggregate was not compared: PCRs 0 to 9 are not all quoted in its bank",
};

static bool ima_gap(const struct troth_coverage *c, size_t i, char out[TROTH_COVERAGE_LINE_MAX])
{
	const struct {
		bool holds;
		uint32_t n;
	} lines[TROTH_COUNT(IMA_LINES)] = {
		{ !c->ima_checked, 0 },
		{ c->ima_checked, 0 },
		{ c->ima.ignored > 0, c->ima.ignored },
		{ c->ima.elsewhere > 0, c->ima.elsewhere },
		{ c->ima_checked && !c->boot_aggregate_checked, 0 },
	};
	for (size_t k = 0; k < TROTH_COUNT(lines); k++) {
		if (!lines[k].holds || i-- > 0)
			continue;
		if (lines[k].n > 0)
			(void)snprintf(out, TROTH_COVERAGE_LINE_MAX, "%" PRIu32 " %s",
				       lines[k].n, IMA_LINES[k]);
		else
			(void)snprintf(out, TROTH_COVERAGE_LINE_MAX, "%s", IMA_LINES[k]);
		return true;
	}
	return false;
}

bool troth_coverage_gap(const struct troth_coverage *c, size_t i,
			char out[TROTH_COVERAGE_LINE_MAX])
{
	char pcrs[96];
	for (size_t line = 0; line < TROTH_COUNT(LINES); line++) {
		const uint32_t mask = mask_of(c, line);
		if (mask == 0 || i-- > 0)
			continue;
		troth_pcrs_text(mask, pcrs, sizeof pcrs);
		(void)snprintf(out, TROTH_COVERAGE_LINE_MAX, "%s %s %s",
			       plural(mask) ? LINES[line].many : LINES[line].one, pcrs,
			       plural(mask) ? LINES[line].many_end : LINES[line].one_end);
		return true;
	}
	if (i < c->n_ignored && i < TROTH_IGNORE_RULES_MAX) {
		put_ignored(&c->ignored[i], out);
		return true;
	}
	i -= c->n_ignored;
	if (!c->secure_boot_checked && i-- == 0) {
		(void)snprintf(out, TROTH_COVERAGE_LINE_MAX,
			       "whether secure boot was enforced was not established");
		return true;
	}
	return ima_gap(c, i, out);
}
