/* SPDX-License-Identifier: Apache-2.0 */
/* One generation of children: front and issuer, the channels between them, their beginning and
 * their end. When that is, supervisor.c decides. */
#ifndef TROTH_GENERATION_H
#define TROTH_GENERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <troth/status.h>
#include <troth/view.h>

#include "listeners.h"
#include "supervisor.h"

/* Front and issuer live and die together; the courier comes and goes. */
enum troth_child { TROTH_CHILD_FRONT, TROTH_CHILD_ISSUER, TROTH_CHILD_COURIER, TROTH_CHILDREN };
enum { TROTH_ESSENTIAL_CHILDREN = TROTH_CHILD_COURIER };

/* Before the first: zeros, and -1 in ready, words and courier_channel. */
struct troth_generation {
	pid_t pids[TROTH_CHILDREN];	/* 0: not running */
	int exit_codes[TROTH_CHILDREN]; /* of the last end; -1 for a signal */
	int ready;			/* becomes readable when one has a word to say; or -1 */
	size_t n_ready;
	int words; /* to the front; or -1 */
	uint64_t started_ms;
	/* The courier's end, kept so that the next courier has it too; -1: there is none. */
	int courier_channel;
	uint64_t courier_due_ms; /* it has ended, and is to be started again then; 0: no */
};

/* What the supervisor has and children see: the listeners, the clock's watch. Of signals, its
 * own descriptor, they keep nothing. */
struct troth_inheritance {
	const struct troth_listeners *listeners;
	const struct troth_clock_keeper *clock;
	int signals;
};
/* Forks all. After a failure
 * (TROTH_E_IO with errno) one of them may run. */
TROTH_NODISCARD enum troth_status
troth_generation_begin(struct troth_generation *g, const struct troth_supervisor_config *config,
		       const struct troth_inheritance *inheritance);
/* Starts the courier again, once it is due. */
void troth_generation_courier(struct troth_generation *g,
			      const struct troth_supervisor_config *config,
			      const struct troth_inheritance *inheritance);
/* Reads from ready; once both serve, log and service manager are told. */
void troth_generation_hear(struct troth_generation *g);
/* A word to the front, never waited for. TROTH_E_IO with errno. */
TROTH_NODISCARD enum troth_status troth_generation_tell(const struct troth_generation *g,
							struct troth_view word);
/* Whether both have served. */
bool troth_generation_ready(const struct troth_generation *g);
/* Takes note of those that have ended; true when one without which nothing goes has. */
bool troth_generation_reap(struct troth_generation *g);
/* Ends what still runs, at once. */
void troth_generation_kill(struct troth_generation *g);

#endif
