/* SPDX-License-Identifier: Apache-2.0 */
#include "steps.h"

#include <inttypes.h>
#include <stdio.h>

#include "clock.h"
#include "log.h"

static const char *const NAMES[TROTH_STEP_N] = {
	[TROTH_STEP_PREPARE] = "prepare",   [TROTH_STEP_IDENTIFY] = "identify",
	[TROTH_STEP_ENROL] = "enrol",	    [TROTH_STEP_ACTIVATE] = "activate",
	[TROTH_STEP_COMPLETE] = "complete", [TROTH_STEP_CHALLENGE] = "challenge",
	[TROTH_STEP_EVIDENCE] = "evidence", [TROTH_STEP_ATTEST] = "attest",
	[TROTH_STEP_STORE] = "store",
};

void troth_steps_begin(struct troth_steps *s)
{
	*s = (struct troth_steps){ 0 };
	s->began_us = s->marked_us = troth_mono_us();
}

void troth_steps_mark(struct troth_steps *s, enum troth_step step)
{
	const uint64_t now_us = troth_mono_us();

	s->took_us[step] += now_us - s->marked_us;
	s->marked_us = now_us;
}

void troth_steps_log(const struct troth_steps *s)
{
	char text[TROTH_STEP_N * 40];
	size_t n = 0;

	for (int i = 0; i < TROTH_STEP_N; i++)
		if (s->took_us[i] > 0)
			n += (size_t)snprintf(text + n, sizeof text - n,
					      "%s%s %" PRIu64 ".%" PRIu64, n > 0 ? ", " : "",
					      NAMES[i], s->took_us[i] / 1000,
					      s->took_us[i] / 100 % 10);
	text[n] = '\0';
	troth_debug("steps", "began_ms=%" PRIu64 " total_ms=%" PRIu64 " took_ms=\"%s\"",
		    s->began_us / 1000, (s->marked_us - s->began_us) / 1000, text);
}
