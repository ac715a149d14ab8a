/* SPDX-License-Identifier: Apache-2.0 */
/* systemd's log: what is accepted has PCRs there are and digests of their length. */
#include "payload.h"
#include "userspace_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct troth_userspace_log log;
	char text[64];
	POISON(log);
	if (troth_userspace_parse((struct troth_view){ data, size }, &log) != TROTH_OK) {
		assert(log.error_offset <= size);
		memset(&log.error_offset, 0xaa, sizeof log.error_offset);
		ASSERT_UNTOUCHED(log);
		return 0;
	}
	for (size_t i = 0; i < log.n_events; i++) {
		struct troth_line line = troth_line_make(text, sizeof text);
		assert(log.events[i].pcr < TROTH_PCR_COUNT);
		assert(log.events[i].text.n <= size);
		troth_userspace_line(&line, &log.events[i]);
		check_text(text);
	}
	troth_userspace_release(&log);
	return 0;
}
