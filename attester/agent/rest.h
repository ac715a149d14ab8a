/* SPDX-License-Identifier: Apache-2.0 */
/* What a process that is about to sleep for minutes gives back. */
#ifndef TROTH_ATTESTER_REST_H
#define TROTH_ATTESTER_REST_H

/* Returns free heap and the clean pages of programs and libraries: code that runs again is
 * read back from the page cache when it is needed. Between renewals this is most of what
 * the process holds. */
void troth_rest(void);

#endif
