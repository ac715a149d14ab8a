/* SPDX-License-Identifier: Apache-2.0 */
/* What the device says of itself (message Facts): shown to operators, never believed. */
#ifndef TROTH_ATTESTER_DEVICE_FACTS_H
#define TROTH_ATTESTER_DEVICE_FACTS_H

#include <stddef.h>
#include <stdint.h>
#include <troth/status.h>

/* A serialised Facts, bytes: four strings of at most 65 and their tags. */
#define TROTH_FACTS_ROOM 512

struct troth_device_facts {
	size_t n;
	uint8_t bytes[TROTH_FACTS_ROOM];
};
TROTH_NODISCARD enum troth_status troth_device_facts(struct troth_device_facts *out);

#endif
