/* SPDX-License-Identifier: Apache-2.0 */
/* Reference values: components with alternatives (DESIGN section 8).
 *
 * A component (firmware, shim, boot loader, kernel, ...) has alternatives (versions), each an
 * ordered list of events {pcr, digests}: the model of systemd's .pcrlock files. Matching is
 * closed-world per PCR: every event of a covered PCR is consumed by exactly one component
 * alternative, in component order, or by an ignore rule that coverage reports. Plain golden PCR
 * values are a component whose alternatives name final values instead of events. */
#ifndef TROTH_CORE_REFERENCE_H
#define TROTH_CORE_REFERENCE_H

#include "eventlog.h"
#include "finding.h"

struct troth_reference_event {
	uint32_t pcr;
	size_t n_digests;
	struct troth_digest digests[TROTH_BANKS_MAX]; /* an algorithm comes once */
};

struct troth_alternative {
	char name[TROTH_NAME_LEN_MAX + 1]; /* version */
	size_t n_events;
	struct troth_reference_event *events;
};

struct troth_component {
	char name[TROTH_NAME_LEN_MAX + 1];
	bool optional;
	bool golden; /* alternatives' events are final PCR values, at most one per PCR */
	size_t n_alternatives;
	struct troth_alternative *alternatives;
};

struct troth_reference_set {
	char name[TROTH_NAME_LEN_MAX + 1];
	uint8_t id[32]; /* SHA-256 of its canonical JSON: content address */
	size_t n_components;
	struct troth_component *components;
};

void troth_reference_release(struct troth_reference_set *set);

/* Cuts a good log into components (by PCR and role of the event) with one alternative of the
 * given name; PCRs outside the selection are left out. Owned by out. */
TROTH_NODISCARD enum troth_status
troth_reference_learn(const struct troth_log *log, const struct troth_pcr_selection *selection,
		      const char *name, const char *alternative,
		      struct troth_reference_set *out);
/* Golden values instead of events, for selected PCRs the log does not explain. */
TROTH_NODISCARD enum troth_status
troth_reference_learn_golden(const struct troth_pcr_values *values,
			     const struct troth_pcr_selection *selection, const char *name,
			     const char *alternative, struct troth_reference_set *out);
/* Adds every alternative of from that to lacks (same component name; new components at their
 * place in order). TROTH_E_LIMIT past the limits, to unchanged. Takes nothing from from. */
TROTH_NODISCARD enum troth_status troth_reference_merge(struct troth_reference_set *to,
							const struct troth_reference_set *from);

struct troth_ignore_rule {
	uint32_t pcr;
	uint32_t type; /* event type, or UINT32_MAX for any */
};

struct troth_match_case {
	const struct troth_reference_set *set;
	const struct troth_log *log;
	const struct troth_pcr_values *pcrs;	     /* quoted values, for golden components */
	const struct troth_pcr_selection *selection; /* what must be explained */
	const struct troth_ignore_rule *ignore;
	size_t n_ignore;
};

struct troth_match {
	uint32_t covered;   /* PCRs whose every event was explained, bit mask */
	uint32_t golden;    /* PCRs explained by a final value only */
	uint32_t uncovered; /* selected PCRs nothing speaks of */
	size_t n_matched;   /* events consumed by components */
	size_t n_ignored;   /* events consumed by ignore rules */
	size_t n_components;
	/* index of the alternative used by each component, -1 for an optional one left out */
	int16_t used[TROTH_COMPONENTS_MAX];
};

/* Matches; what is left over becomes UNEXPECTED_EVENT (the first diverging event of the log
 * comes first), a required component without its events MISSING_COMPONENT, a golden value that
 * differs PCR_MISMATCH, each with the nearest reference. */
TROTH_NODISCARD enum troth_status troth_reference_match(const struct troth_match_case *c,
							struct troth_match *out,
							struct troth_findings *findings);

#endif
