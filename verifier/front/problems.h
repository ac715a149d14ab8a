/* SPDX-License-Identifier: Apache-2.0 */
/* Problems that requests of every kind can end in. They answer the
 * exchange and free nothing. */
#ifndef TROTH_PROBLEMS_H
#define TROTH_PROBLEMS_H

#include "finding.h"
#include "http/http.h"

/* "refused", with the finding's name and meaning. */
void troth_problem_finding(struct troth_exchange *x, int http, enum troth_finding_code code);
/* 503, to be tried again. */
void troth_problem_memory(struct troth_exchange *x);

#endif
