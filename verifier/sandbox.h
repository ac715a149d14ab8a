/* SPDX-License-Identifier: Apache-2.0 */
/* What each child gives up, once it has opened what it needs: seccomp through libseccomp, no
 * new privileges, no core dumps, no tracing by its equals.
 *
 * Both filters reach every thread of the process, those that run already included. Neither can
 * be undone. */
#ifndef TROTH_SANDBOX_H
#define TROTH_SANDBOX_H

#include <stdbool.h>
#include <troth/status.h>

/* Allow-list: read and write on open descriptors, memory, futexes, clock, randomness, the end.
 * Anything else kills the process: opening, executing, forking, new threads and new sockets
 * among it. Threads are started before. */
TROTH_NODISCARD enum troth_status troth_sandbox_issuer(void);
/* The front keeps sockets, threads and its open database; opening, removing and renaming files,
 * executing, tracing, reading others' memory, signalling others and administering the machine
 * answer EACCES. */
TROTH_NODISCARD enum troth_status troth_sandbox_front(void);
/* The courier calls others, and nothing else: what the front may not, it may not either, but
 * that it makes sockets of the Internet (no Unix ones) and connects them. It may read, and only
 * read, the files by which names are resolved, where the kernel can hold it to them (Landlock);
 * elsewhere it opens none. */
TROTH_NODISCARD enum troth_status troth_sandbox_courier(void);
/* Part of it: from now on this process opens no file but those of the resolver. False where the
 * kernel has no Landlock. */
TROTH_NODISCARD bool troth_sandbox_resolver_files(void);
/* Not dumpable: same-uid processes can neither ptrace it nor read its memory.
 * First thing in main. */
TROTH_NODISCARD enum troth_status troth_sandbox_no_dump(void);

#endif
