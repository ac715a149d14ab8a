/* SPDX-License-Identifier: Apache-2.0 */
/* Problems that requests of every kind can end in. They answer the
 * exchange and free nothing. */
#ifndef TROTH_PROBLEMS_H
#define TROTH_PROBLEMS_H

#include "clock_watch.h"
#include "finding.h"
#include "http/http.h"

/* "refused", with the finding's name and meaning. */
void troth_problem_finding(struct troth_exchange *x, int http, enum troth_finding_code code);
/* True when the wall clock has jumped, and the exchange was answered so. The issuer would say
 * no as well; this says why. */
bool troth_problem_clock(struct troth_exchange *x, const struct troth_clock_watch *clock);
/* 503, to be tried again. */
void troth_problem_memory(struct troth_exchange *x);

#endif
