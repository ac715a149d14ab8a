/* SPDX-License-Identifier: Apache-2.0 */
/* Fields that requests to the issuer and its replies have in common. Include after check.h. */
#ifndef TROTH_TESTS_ISSUER_FIELDS_H
#define TROTH_TESTS_ISSUER_FIELDS_H

#include "message.h"

#define VIEW(text) ((struct troth_view){ (const uint8_t *)(text), sizeof(text) - 1 })
#define BUFFER_MAX TROTH_FRAME_MAX

static inline void count_up(uint8_t *p, size_t n, uint8_t from)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(from + i);
}

static inline struct troth_pcr_selection selection(void)
{
	struct troth_pcr_selection s = { 0 };
	assert_true(troth_pcr_selection_add(&s, TROTH_HASH_SHA256, 0xffff));
	assert_true(troth_pcr_selection_add(&s, TROTH_HASH_SHA384, 0x800001));
	return s;
}

static inline struct troth_certification_record certification(void)
{
	struct troth_certification_record c = {
		.present = true, .reset_count = 3, .restart_count = 4, .time_ms = 5
	};
	count_up(c.key_name_sha256, sizeof c.key_name_sha256, 1);
	count_up(c.session_thumbprint, sizeof c.session_thumbprint, 3);
	count_up(c.mac, sizeof c.mac, 2);
	return c;
}

#endif
