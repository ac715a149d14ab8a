/* SPDX-License-Identifier: Apache-2.0 */
/* Has somebody set the clock?
 *
 * Times in certificates, results and challenges are the wall clock's. CLOCK_BOOTTIME goes at
 * the same rate, slewed along with it, and nobody can set it; so the difference of the two
 * changes when the wall clock is set, and never else. The supervisor keeps the difference as it
 * was when it started, or when an operator last found the time to be right, in memory that its
 * children see and cannot write: a front that was taken over must not have the last word about
 * it. */
#ifndef TROTH_CLOCK_WATCH_H
#define TROTH_CLOCK_WATCH_H

#include <stdint.h>
#include <troth/status.h>

/* What the clock may be set by, all in all, milliseconds. A challenge lives as long: a
 * certificate that is off by less is not dated otherwise than one whose evidence took its time.
 */
#define TROTH_CLOCK_JUMP_MAX_MS 60000

struct troth_clock_watch {
	int64_t offset_ms; /* wall clock minus CLOCK_BOOTTIME; read and written atomically */
};

/* By how much the wall clock is off, milliseconds, forward or (negative) backward; 0 when that
 * is no more than TROTH_CLOCK_JUMP_MAX_MS. A clock that was set back to the right time is
 * right. */
int64_t troth_clock_jump_ms(const struct troth_clock_watch *watch, uint64_t now_ms,
			    uint64_t mono_ms);
/* The same, now. */
int64_t troth_clock_jump_now_ms(const struct troth_clock_watch *watch);

/* For people: to the nearest second, since the two clocks are not read at one moment. */
int64_t troth_clock_jump_s(int64_t jump_ms);

/* The supervisor's end. */
struct troth_clock_keeper {
	struct troth_clock_watch *watch; /* not inherited by children */
	int fd; /* the memory, of which others get to see but not to write */
};

/* The time is right as it is. TROTH_E_IO with errno. */
TROTH_NODISCARD enum troth_status troth_clock_keep(struct troth_clock_keeper *out);
/* So it is now, whatever was before. */
void troth_clock_accept(const struct troth_clock_keeper *keeper);
void troth_clock_keeper_close(struct troth_clock_keeper *keeper);
/* In a child: to be read until it ends. Closes the child's descriptor. NULL with errno. */
const struct troth_clock_watch *troth_clock_look(const struct troth_clock_keeper *keeper);

#endif
