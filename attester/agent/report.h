/* SPDX-License-Identifier: Apache-2.0 */
/* What a device is, holds and last met: run_dir/status.json and the status command. */
#ifndef TROTH_ATTESTER_REPORT_H
#define TROTH_ATTESTER_REPORT_H

#include "outcome.h"
#include "settings.h"

/* Notes how an attempt ended; next_ms from now, 0 for none planned. */
void troth_report_attempt(const struct troth_settings *settings, const struct troth_outcome *o,
			  uint64_t next_ms);
/* Unix milliseconds at which the credentials in force expire; 0 when there are none. */
uint64_t troth_report_not_after_ms(const char *run_dir);
/* Prints. The ending is WELL while there are credentials that have not expired, else that of
 * the last attempt, else UNREACHED. */
enum troth_ending troth_report_print(const struct troth_settings *settings, bool json);

#endif
