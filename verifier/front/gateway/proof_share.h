/* SPDX-License-Identifier: Apache-2.0 */
/* How many proofs each device has used lately: one that uses all it can must not leave the
 * others without memory for theirs.
 *
 * Counters in fixed room, found by a keyed hash of the device's name. Two devices may share
 * one; which, nobody outside can find out or choose. */
#ifndef TROTH_PROOF_SHARE_H
#define TROTH_PROOF_SHARE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* So that, of ten thousand busy devices, hardly one has a counter with another that uses up
 * its share. A power of two. */
#define TROTH_PROOF_COUNTERS 65536

struct troth_proof_shares {
	pthread_mutex_t lock;
	uint64_t since_s;
	uint32_t max;
	uint32_t counts[TROTH_PROOF_COUNTERS];
};

/* max: of one device, in a period. */
void troth_proof_shares_init(struct troth_proof_shares *s, uint32_t max);
void troth_proof_shares_release(struct troth_proof_shares *s);
/* Takes one of the device's share; false when it is used up. From any thread. A period ends
 * period_s after it began, by now_s of a clock that does not go back. */
bool troth_proof_share_take(struct troth_proof_shares *s, uint64_t device_hash, uint64_t now_s,
			    uint64_t period_s);
/* Gives it back: the proof was not used after all. */
void troth_proof_share_return(struct troth_proof_shares *s, uint64_t device_hash);

#endif
