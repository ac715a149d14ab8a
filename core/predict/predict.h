/* SPDX-License-Identifier: Apache-2.0 */
/* What a boot will measure, told from its files alone: made before the update
 * ships.
 *
 * A prediction is a reference set with one alternative, written event by event in the order in
 * which the boot will measure them. Its components have the names troth_reference_learn gives
 * to the same events, so that troth_reference_merge puts what was predicted beside what was
 * learned. What files do not say (firmware, secure boot variables, boot manager) is left out.
 */
#ifndef TROTH_CORE_PREDICT_H
#define TROTH_CORE_PREDICT_H

#include "pe.h"
#include "reference.h"

struct troth_prediction {
	struct troth_ctx *ctx;
	enum troth_hash banks[TROTH_BANKS_MAX]; /* set before the start */
	size_t n_banks;
	char alternative[TROTH_NAME_LEN_MAX + 1];
	unsigned int n_images; /* boot applications so far; set after the start where the
				* firmware starts some of its own */
	struct troth_reference_set set; /* owned */
};

/* Starts a prediction whose banks the caller has set; TROTH_E_CONFIG for bad names and for no
 * bank. ctx is borrowed. */
TROTH_NODISCARD enum troth_status troth_prediction_start(struct troth_ctx *ctx,
							 const char *name,
							 const char *alternative,
							 struct troth_prediction *p);
void troth_prediction_release(struct troth_prediction *p);

/* One event: the digest of data, in every bank, extended into a PCR. TROTH_E_LIMIT past
 * TROTH_COMPONENTS_MAX or TROTH_REFERENCE_EVENTS_MAX. */
TROTH_NODISCARD enum troth_status troth_predict_data(struct troth_prediction *p,
						     const char *component, uint32_t pcr,
						     struct troth_view data);
/* PCR 4: the next boot application ("image-1", "image-2", ...). What troth_pe_parse says of the
 * file, and its digest as the event. */
TROTH_NODISCARD enum troth_status troth_predict_image(struct troth_prediction *p,
						      struct troth_view file);

/* PCR 9, by the kernel's own EFI stub: the command line it is started with ("Load options",
 * UTF-16 with its NUL), and initial RAM disks that come through the LoadFile2 protocol, one
 * after the other as one event. TROTH_E_UNSUPPORTED for a command line that is not ASCII. */
TROTH_NODISCARD enum troth_status troth_predict_load_options(struct troth_prediction *p,
							     struct troth_view cmdline);
TROTH_NODISCARD enum troth_status troth_predict_initrd(struct troth_prediction *p,
						       const struct troth_view *files,
						       size_t n_files);
/* PCR 12, by systemd-stub: a command line given to it from outside (UTF-16 with its NUL).
 * TROTH_E_UNSUPPORTED as above. */
TROTH_NODISCARD enum troth_status troth_predict_uki_cmdline(struct troth_prediction *p,
							    struct troth_view cmdline);

/* The newest systemd-stub whose hand-over to the kernel has been compared with a real boot.
 * Later ones load the kernel through the firmware, which measures it again, and hand over more.
 */
#define TROTH_STUB_KNOWN_MAX 252

/* PCR 11, by systemd-stub: the sections of a unified kernel image, each its name and then its
 * content, in the order of the stub's version; a command line from outside (empty: none) in
 * PCR 12, TROTH_E_CONFLICT where the image has its own. Profile 0 is what an image without
 * profiles boots. With a stub known not to add to them, also what the kernel's EFI stub is
 * handed (its command line and initrd, PCR 9), and *out_inputs is true. TROTH_E_NOT_FOUND
 * without .linux or without such a profile; TROTH_E_UNSUPPORTED for another stub than systemd's
 * of 252 or from 254 on, where the sections used depend on the machine (.dtbauto, .efifw), and
 * for a section that is longer in memory than in the file. */
TROTH_NODISCARD enum troth_status
troth_predict_uki(struct troth_prediction *p, struct troth_view file, unsigned int profile,
		  struct troth_view cmdline, bool *out_inputs);
/* PCR 11 after the stub: words systemd measures while the system comes up ("enter-initrd",
 * "leave-initrd", "sysinit", "ready"), which no firmware log shows: the unified kernel's events
 * so far and the words become one golden value, in place of the events. NOT_FOUND without such
 * events. */
TROTH_NODISCARD enum troth_status troth_predict_phases(struct troth_prediction *p,
						       const struct troth_view *words,
						       size_t n_words);

#endif
