/* SPDX-License-Identifier: Apache-2.0 */
/* Measurements as ratios to a peer measured in the same run: machines are noisy,
 * ratios are less so. */
#ifndef TROTH_BENCH_H
#define TROTH_BENCH_H

#include <stdbool.h>
#include <stddef.h>

/* Median over rounds of the seconds one call takes; rounds of the two are interleaved so that
 * noise meets both. */
struct bench_pair {
	double ours_s, peer_s;
};
struct bench_pair bench_compare(void (*ours)(void *), void (*peer)(void *), void *arg);
/* Median seconds of one call. */
double bench_one(void (*call)(void *), void *arg);

/* One line of JSON. limit is the most that value (or ratio, where there is a peer) may be, or
 * the least when more is better; 0: there is none, but for rows that say so. */
struct bench_row {
	const char *name, *unit, *peer;
	double value, ratio, limit;
	bool more_is_better;
	bool none; /* limit is 0, and holds */
};
void bench_print(const struct bench_row *row);

#endif
