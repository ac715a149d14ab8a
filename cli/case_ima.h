/* SPDX-License-Identifier: Apache-2.0 */
/* The IMA list of an appraisal that is done again. */
#ifndef TROTH_CLI_CASE_IMA_H
#define TROTH_CLI_CASE_IMA_H

#include "case.h"

/* Appraises the list that the record holds, where the policy speaks of IMA, under the
 * allow-lists in c->ima_lists. UNSURE when they are not those the record was made with. */
enum troth_cli_exit troth_cli_case_appraise_ima(struct troth_cli_case *c);

#endif
