/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 21
#define ROUND_S 0.02

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double round_of(void (*call)(void *), void *arg)
{
	size_t n = 0;
	double begun = now(), elapsed;
	do {
		call(arg);
		n++;
		elapsed = now() - begun;
	} while (elapsed < ROUND_S);
	return elapsed / (double)n;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof *values, ascending);
	return values[n / 2];
}

struct bench_pair bench_compare(void (*ours)(void *), void (*peer)(void *), void *arg)
{
	double a[ROUNDS], b[ROUNDS];
	round_of(ours, arg);
	round_of(peer, arg);
	for (size_t i = 0; i < ROUNDS; i++) {
		a[i] = round_of(ours, arg);
		b[i] = round_of(peer, arg);
	}
	return (struct bench_pair){ median(a, ROUNDS), median(b, ROUNDS) };
}

double bench_one(void (*call)(void *), void *arg)
{
	double a[ROUNDS];
	round_of(call, arg);
	for (size_t i = 0; i < ROUNDS; i++)
		a[i] = round_of(call, arg);
	return median(a, ROUNDS);
}

void bench_print(const struct bench_row *row)
{
	double judged = row->peer != NULL ? row->ratio : row->value;
	const bool limited = row->none || row->limit > 0;
	bool ok = !limited ||
		  (row->more_is_better ? judged >= row->limit : judged <= row->limit);
	printf("{\"name\":\"%s\",\"value\":%.4g,\"unit\":\"%s\"", row->name, row->value,
	       row->unit);
	if (row->peer != NULL)
		printf(",\"peer\":\"%s\",\"ratio\":%.3f", row->peer, row->ratio);
	else
		printf(",\"peer\":null,\"ratio\":null");
	if (limited)
		printf(",\"limit\":%g", row->limit);
	else
		printf(",\"limit\":null");
	printf(",\"ok\":%s}\n", ok ? "true" : "false");
	fflush(stdout);
}
