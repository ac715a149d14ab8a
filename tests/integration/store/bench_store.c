/* SPDX-License-Identifier: Apache-2.0 */
/* Durable verdicts a second through the writer, and what one costs.
 *
 *     bench_store DIRECTORY [DEVICES [SECONDS]]
 *
 * For 1, 8 and 64 submitters, each with one verdict in flight: items a second, the median and
 * the 99th percentile of the time to the answer, and the CPU of the whole process per item. And
 * what a device costs in memory and on the disk. */
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base.h"
#include "reader.h"
#include "registry.h"
#include "sample.h"
#include "text.h"

#define SUBMITTERS_MAX 64
#define TIMES_MAX 2000000U

struct shared {
	struct troth_store_writer *writer;
	struct troth_registry *registry;
	unsigned n_devices, n_submitters;
	uint64_t end_ns;
};

struct submitter {
	struct shared *shared;
	unsigned number;
	sem_t answered;
	enum troth_status status;
	size_t n;
	uint32_t *times_us;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static void done(void *arg, enum troth_status status, const struct troth_device_row *row)
{
	struct submitter *s = arg;

	(void)row;
	s->status = status;
	(void)sem_post(&s->answered);
}

static void *submit(void *arg)
{
	struct submitter *s = arg;
	unsigned device = s->number;

	while (now_ns() < s->shared->end_ns && s->n < TIMES_MAX / s->shared->n_submitters) {
		struct troth_device_row row = sample_row(device), held;
		struct troth_store_item item;
		uint64_t start = now_ns();

		if (!troth_registry_get(s->shared->registry, row.id, &held))
			abort();
		item = sample_verdict(&held);
		item.u.verdict.now_s += s->n;
		item.u.verdict.not_after_s += s->n;
		if (troth_store_submit(s->shared->writer, &item, done, s) != TROTH_OK)
			abort();
		while (sem_wait(&s->answered) != 0)
			continue;
		if (s->status != TROTH_OK)
			abort();
		s->times_us[s->n++] = (uint32_t)((now_ns() - start) / 1000);
		device += s->shared->n_submitters;
		if (device >= s->shared->n_devices)
			device = s->number;
	}
	return NULL;
}

static double cpu_s(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void measure(struct shared *shared, unsigned n_submitters, unsigned seconds)
{
	struct submitter s[SUBMITTERS_MAX];
	pthread_t threads[SUBMITTERS_MAX];
	uint32_t *times = calloc(TIMES_MAX, sizeof *times);
	uint64_t start = now_ns();
	double cpu = cpu_s(), elapsed;
	size_t n = 0;

	if (times == NULL)
		abort();
	shared->n_submitters = n_submitters;
	shared->end_ns = start + seconds * 1000000000ULL;
	for (unsigned i = 0; i < n_submitters; i++) {
		s[i] = (struct submitter){ .shared = shared, .number = i };
		s[i].times_us = times + (size_t)i * (TIMES_MAX / n_submitters);
		(void)sem_init(&s[i].answered, 0, 0);
		if (pthread_create(&threads[i], NULL, submit, &s[i]) != 0)
			abort();
	}
	for (unsigned i = 0; i < n_submitters; i++)
		(void)pthread_join(threads[i], NULL);
	elapsed = (double)(now_ns() - start) / 1e9;
	cpu = cpu_s() - cpu;
	for (unsigned i = 0; i < n_submitters; i++) {
		for (size_t k = 0; k < s[i].n; k++)
			times[n++] = s[i].times_us[k];
	}
	qsort(times, n, sizeof *times, compare);
	printf("submitters=%u items_per_s=%.0f median_us=%u p99_us=%u max_us=%u "
	       "cpu_us_per_item=%.1f\n",
	       n_submitters, (double)n / elapsed, times[n / 2], times[n - 1 - n / 100],
	       times[n - 1], cpu * 1e6 / (double)n);
	free(times);
}

static enum troth_status load_one(void *arg, const struct troth_device_row *row)
{
	return troth_registry_put(arg, row);
}

static void on_commit(void *arg, const struct troth_device_row *row)
{
	if (troth_registry_put(arg, row) != TROTH_OK)
		abort();
}

static enum troth_status enrol_all(struct troth_store_backend *b, unsigned n_devices)
{
	const struct troth_store_ops *ops = &troth_store_sqlite;

	for (unsigned i = 0; i < n_devices;) {
		TROTH_TRY(ops->begin(b));
		for (unsigned end = i + 1000; i < end && i < n_devices; i++) {
			struct troth_store_item item = sample_enrol(i);
			TROTH_TRY(ops->apply(b, &item));
		}
		TROTH_TRY(ops->commit(b));
	}
	return TROTH_OK;
}

static enum troth_status load(struct troth_store_backend *b, struct troth_registry *registry)
{
	size_t before = mallinfo2().uordblks, bytes, n;
	uint64_t start = now_ns();

	TROTH_TRY(troth_store_sqlite.each_device(b, load_one, registry));
	bytes = mallinfo2().uordblks - before;
	n = troth_registry_count(registry);
	printf("loaded=%zu seconds=%.2f registry_bytes_per_device=%.0f row_bytes=%zu\n", n,
	       (double)(now_ns() - start) / 1e9, (double)bytes / (double)n,
	       sizeof(struct troth_device_row));
	return TROTH_OK;
}

static void print_size(const char *file, unsigned n_devices)
{
	struct stat st;

	if (stat(file, &st) == 0)
		printf("file_bytes=%lld file_bytes_per_device=%.0f\n", (long long)st.st_size,
		       (double)st.st_size / n_devices);
}

static enum troth_status run(const char *file, unsigned n_devices, unsigned seconds)
{
	static const unsigned LOADS[] = { 1, 8, 64 };
	struct shared shared = { .n_devices = n_devices };
	struct troth_store_backend *b = NULL;
	uint64_t start = now_ns();

	TROTH_TRY(troth_registry_new(&shared.registry));
	TROTH_TRY(troth_store_sqlite.open(file, &b));
	TROTH_TRY(enrol_all(b, n_devices));
	printf("enrolled=%u seconds=%.1f\n", n_devices, (double)(now_ns() - start) / 1e9);
	TROTH_TRY(load(b, shared.registry));
	TROTH_TRY(troth_store_writer_start(&troth_store_sqlite, b, on_commit, shared.registry,
					   &shared.writer));
	for (size_t i = 0; i < TROTH_COUNT(LOADS); i++)
		measure(&shared, LOADS[i], seconds);
	troth_store_writer_stop(shared.writer);
	print_size(file, n_devices);
	troth_registry_free(shared.registry);
	return TROTH_OK;
}

static unsigned number(const char *text, unsigned otherwise)
{
	uint64_t n;

	return text != NULL && troth_parse_u64(troth_view_str(text), 10000000, &n) ? (unsigned)n
										   : otherwise;
}

int main(int argc, char **argv)
{
	char file[4096];

	if (argc < 2 || argc > 4) {
		(void)fprintf(stderr, "usage: bench_store DIRECTORY [DEVICES [SECONDS]]\n");
		return 2;
	}
	(void)snprintf(file, sizeof file, "%s/bench-%ld.db", argv[1], (long)getpid());
	return run(file, number(argc > 2 ? argv[2] : NULL, 10000),
		   number(argc > 3 ? argv[3] : NULL, 3)) == TROTH_OK
		       ? 0
		       : 1;
}
