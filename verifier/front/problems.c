/* SPDX-License-Identifier: Apache-2.0 */
#include "problems.h"

#include <stdio.h>

void troth_problem_finding(struct troth_exchange *x, int http, enum troth_finding_code code)
{
	char detail[256];
	snprintf(detail, sizeof detail, "%s: %s", troth_finding_name(code),
		 troth_finding_meaning(code));
	troth_exchange_problem(x, http, "refused", detail, 0);
}

void troth_problem_memory(struct troth_exchange *x)
{
	troth_exchange_problem(x, 503, "unavailable", "Out of memory.", 1);
}

/* Seconds. It takes a person. */
#define CLOCK_RETRY_S 60

bool troth_problem_clock(struct troth_exchange *x, const struct troth_clock_watch *clock)
{
	if (troth_clock_jump_now_ms(clock) == 0)
		return false;
	troth_exchange_problem(x, 503, "clock",
			       "The verifier's clock has jumped; nothing is issued until it is "
			       "right or its operator says so.",
			       CLOCK_RETRY_S);
	return true;
}
