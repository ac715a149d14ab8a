/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd measured after the firmware was gone: /run/log/systemd/tpm2-measure.log.
 *
 * A JSON text sequence (RFC 7464), one object a record, close to the TCG's canonical event log:
 * PCR, digests, and what was measured as a string. A record without PCR is of an NV index that
 * serves as one: it extends no PCR. Reading copies strings, because JSON may escape them;
 * everything else is small and kept by value. */
#ifndef TROTH_CORE_USERSPACE_LOG_H
#define TROTH_CORE_USERSPACE_LOG_H

#include "fields.h"
#include "hash.h"
#include "proof.h"

struct troth_userspace_event {
	uint32_t index; /* the first record is 0 */
	bool has_pcr;
	uint32_t pcr; /* below TROTH_PCR_COUNT */
	size_t n_digests;
	struct troth_digest digests[TROTH_BANKS_MAX]; /* each bank once */
	struct troth_view type; /* "phase", "filesystem", "machine-id"; empty when not told */
	struct troth_view text; /* what was measured; empty when it is a secret */
	struct troth_view nv_name; /* of the NV index; empty for a PCR */
	uint64_t timestamp_us;	   /* since boot, by the writer's clock; 0 when not told */
};

struct troth_userspace_log {
	size_t n_events;
	struct troth_userspace_event *events; /* owned */
	uint8_t *strings;		      /* owned; what the events' views borrow from */
	size_t error_offset; /* start of the record parsing failed in; set even on failure */
};

/* TROTH_E_LIMIT past TROTH_USERSPACE_LOG_MAX or TROTH_LOG_EVENTS_MAX; TROTH_E_MALFORMED for
 * what is no such sequence, and for a record without PCR or NV index or with a digest that is
 * none. An empty log is one without events. On failure out->error_offset alone is set. */
TROTH_NODISCARD enum troth_status troth_userspace_parse(struct troth_view bytes,
							struct troth_userspace_log *out);
/* Accepts a zeroed log. */
void troth_userspace_release(struct troth_userspace_log *log);

/* Whether the digest is of the string, in one bank. A secret's digest is keyed: digest only. */
TROTH_NODISCARD enum troth_status troth_userspace_prove(struct troth_ctx *ctx,
							const struct troth_userspace_event *ev,
							enum troth_hash bank,
							struct troth_event_proof *out);

/* "phase enter-initrd", "machine-id:..." and their fields. */
void troth_userspace_line(struct troth_line *l, const struct troth_userspace_event *ev);
void troth_userspace_fields(const struct troth_fields *f,
			    const struct troth_userspace_event *ev);

#endif
