/* SPDX-License-Identifier: Apache-2.0 */
/* What was in the proven part of an IMA list, in numbers. */
#ifndef TROTH_CORE_IMA_COUNTS_H
#define TROTH_CORE_IMA_COUNTS_H

#include <stdint.h>

struct troth_ima_counts {
	uint32_t allowed; /* files whose digest is on an allow-list */
	uint32_t signed_; /* files accepted by a signature */
	uint32_t ignored; /* files a pattern of the policy lets pass */
	uint32_t events;  /* measured buffers */
	uint32_t violations;
	uint32_t kexecs;
	uint32_t elsewhere; /* records of another PCR: not proven, not looked at */
};

#endif
