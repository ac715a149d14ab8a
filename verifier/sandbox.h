/* SPDX-License-Identifier: Apache-2.0 */
/* What each child gives up, once it has opened what it needs: seccomp through libseccomp, no
 * new privileges, no core dumps, no tracing by its equals. */
#ifndef TROTH_SANDBOX_H
#define TROTH_SANDBOX_H

#include <troth/status.h>

/* Allow-list: read and write on open descriptors, memory, threads, clock, randomness.
 * Violations kill the process. */
TROTH_NODISCARD enum troth_status troth_sandbox_issuer(void);
/* The front keeps sockets and its open database; opening files, executing, tracing and reading
 * others' memory answer EACCES. */
TROTH_NODISCARD enum troth_status troth_sandbox_front(void);
/* Not dumpable: same-uid processes can neither ptrace it nor read its memory. First thing in
 * main. */
TROTH_NODISCARD enum troth_status troth_sandbox_no_dump(void);

#endif
