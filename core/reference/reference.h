/* SPDX-License-Identifier: Apache-2.0 */
/* Reference values: components with alternatives (docs/reference-values.md).
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

/* Accepts a zeroed set, and one half built. */
void troth_reference_release(struct troth_reference_set *set);

/* Cuts a good log into components with one alternative of the given name; PCRs outside the
 * selection are left out. A component is what one party updates: the events of one PCR and role
 * that follow each other in the log ("firmware", "secure-boot-policy", "grub-commands"); each
 * boot application is one of its own ("image-1", "image-2"); where roles of a PCR interleave,
 * the later runs are numbered ("boot-manager-2"). Only digests of the selected banks are taken,
 * since nothing vouches for others: TROTH_E_NOT_FOUND when an event lacks one. TROTH_E_CONFIG
 * for bad names, TROTH_E_LIMIT past TROTH_COMPONENTS_MAX. out->id stays zero. Owned by out. */
TROTH_NODISCARD enum troth_status
troth_reference_learn(const struct troth_log *log, const struct troth_pcr_selection *selection,
		      const char *name, const char *alternative,
		      struct troth_reference_set *out);
/* Golden values instead of events, one component ("value-of-pcr-10") for each selected PCR: for
 * PCRs the log does not explain. TROTH_E_NOT_FOUND when a selected value is missing. */
TROTH_NODISCARD enum troth_status
troth_reference_learn_golden(const struct troth_pcr_values *values,
			     const struct troth_pcr_selection *selection, const char *name,
			     const char *alternative, struct troth_reference_set *out);
/* Adds every alternative of from that to lacks (same component name; new components at their
 * place in order, optional where to already speaks of their PCRs: the devices it was made from
 * do without). An alternative whose name is taken gets a number. TROTH_E_CONFLICT when a
 * component is golden in one set only, TROTH_E_LIMIT past the limits; to is unchanged then.
 * Takes nothing from from. to->id becomes zero. */
TROTH_NODISCARD enum troth_status troth_reference_merge(struct troth_reference_set *to,
							const struct troth_reference_set *from);

/* Events of one type may come anywhere in a PCR. With type UINT32_MAX nothing is asked of the
 * PCR's content at all, whatever the reference says of it. */
struct troth_ignore_rule {
	uint32_t pcr;
	uint32_t type; /* event type, or UINT32_MAX for any */
};

/* How a log leaves an alternative at one event. */
enum troth_edit {
	TROTH_EDIT_CHANGED, /* another event stands in its place */
	TROTH_EDIT_ADDED,   /* one that is not wanted comes before it */
	TROTH_EDIT_LACKING  /* it is not there */
};

struct troth_match_case {
	const struct troth_reference_set *set;
	const struct troth_log *log;		     /* NULL: no log, golden values only */
	const struct troth_pcr_values *pcrs;	     /* quoted values */
	const struct troth_pcr_selection *selection; /* what must be explained */
	const struct troth_ignore_rule *ignore;
	size_t n_ignore;
};

struct troth_match {
	uint32_t covered;   /* PCRs whose every event was explained, or that hold nothing */
	uint32_t golden;    /* PCRs explained by a final value only */
	uint32_t empty;	    /* of those covered, the ones that hold nothing */
	uint32_t uncovered; /* selected PCRs nothing speaks of */
	size_t n_matched;   /* events consumed by components */
	size_t n_ignored;   /* events consumed by ignore rules */
	size_t n_components;
	/* index of the alternative used by each component, -1 for one left
	 * out or not matched */
	int16_t used[TROTH_COMPONENTS_MAX];
};

/* Matches component after component against the events of each PCR, following up to
 * TROTH_MATCH_STATES_MAX partial matches; past them REFERENCE_AMBIGUOUS. An event matches only
 * with an equal digest in every selected bank that covers its PCR.
 *
 * What does not fit becomes a finding: UNEXPECTED_EVENT once per PCR for the event it
 * diverges at, in log order, with the reference expected there; then MISSING_COMPONENT for
 * required components without events; then PCR_MISMATCH for golden values that differ. Behind
 * the event it diverges at nothing is said of a PCR. TROTH_E_MEMORY, or TROTH_E_LIMIT for a
 * set past the limits. */
TROTH_NODISCARD enum troth_status troth_reference_match(const struct troth_match_case *c,
							struct troth_match *out,
							struct troth_findings *findings);

#endif
