/* SPDX-License-Identifier: Apache-2.0 */
/* IMA lists: a first appraisal of 100,000 entries beside evmctl's replay of the same list, a
 * renewal whatever the list's length, and allow-lists of ten million digests. Time is that of
 * the processor, ours and the peer's. */
#include "check.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "ima_appraise.h"
#include "ima_builder.h"
#include "text.h"

#define ENTRIES 100000
#define NEW_ENTRIES 50
#define ROUNDS 5
#define TRIES 3
#define DIGESTS 10000000

extern char **environ;
static struct troth_ctx *ctx;

static void need(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "bench_ima: %s\n", what);
	exit(1);
}

static double cpu_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct ima_bench {
	struct ima_builder list;
	uint8_t *set_bytes;
	size_t set_len;
	struct troth_digest_set set;
	const struct troth_digest_set *sets[TROTH_IMA_RULES_MAX];
	struct troth_ima_policy policy;
	struct troth_pcr_selection selection;
	struct troth_pcr_values pcrs;
	struct troth_ima_state before;
	struct troth_ima_case c;
	uint64_t n_entries;
};

static void file_of(size_t i, uint8_t digest[32], char path[64])
{
	struct troth_digest d;
	need(troth_hash_one(ctx, TROTH_HASH_SHA256,
			    (struct troth_view){ (const uint8_t *)&i, sizeof i },
			    &d) == TROTH_OK,
	     "hash");
	memcpy(digest, d.bytes, 32);
	snprintf(path, 64, "/usr/lib/x86_64-linux-gnu/part-%zu/libsome-%zu.so", i / 500, i);
}

static void add_entries(struct ima_bench *b, size_t n)
{
	uint8_t digest[32];
	char path[64];
	for (size_t i = 0; i < n; i++, b->n_entries++) {
		file_of(b->n_entries, digest, path);
		ima_add_file(&b->list, b->n_entries == 0 ? "boot_aggregate" : path, digest);
	}
}

static void make_set(struct ima_bench *b, size_t n)
{
	struct troth_digest_set_builder *builder;
	uint8_t digest[32];
	char path[64];
	need(troth_digest_set_builder_new(&builder) == TROTH_OK, "memory");
	for (size_t i = 0; i < n; i++) {
		file_of(i, digest, path);
		need(troth_digest_set_add(builder, digest, troth_view_str(path),
					  troth_view_str("package")) == TROTH_OK,
		     "add");
	}
	need(troth_digest_set_finish(ctx, builder, &b->set_bytes, &b->set_len) == TROTH_OK,
	     "finish");
	troth_digest_set_builder_free(builder);
	need(troth_digest_set_open((struct troth_view){ b->set_bytes, b->set_len }, &b->set) ==
		     TROTH_OK,
	     "open");
}

static void quote(struct ima_bench *b)
{
	uint8_t value[TROTH_DIGEST_MAX] = { 0 };
	struct troth_ima_list list;
	need(troth_ima_open(ctx, ima_view(&b->list), TROTH_HASH_SHA1, &list) == TROTH_OK,
	     "list");
	while (!troth_ima_at_end(&list)) {
		struct troth_ima_record r;
		need(troth_ima_next(&list, &r) == TROTH_OK &&
			     troth_ima_extend(ctx, TROTH_HASH_SHA256, TROTH_IMA_HASHED, &r,
					      value) == TROTH_OK,
		     "record");
	}
	b->pcrs = (struct troth_pcr_values){ 0 };
	need(troth_pcr_set(&b->pcrs, TROTH_HASH_SHA256, TROTH_IMA_PCR,
			   (struct troth_view){ value, 32 }),
	     "value");
}

static void prepare(struct ima_bench *b, size_t n)
{
	*b = (struct ima_bench){ .list = { .ctx = ctx, .hash = TROTH_HASH_SHA1 } };
	need(troth_pcr_selection_add(&b->selection, TROTH_HASH_SHA256, 1U << TROTH_IMA_PCR),
	     "selection");
	make_set(b, n + NEW_ENTRIES);
	add_entries(b, n);
	b->policy.present = b->policy.required = true;
	b->policy.n_rules = 1;
	need(troth_ima_policy_put(&b->policy, troth_view_str("base"), &b->policy.rules[0].list),
	     "policy");
	b->sets[0] = &b->set;
	b->c = (struct troth_ima_case){ .policy = &b->policy,
					.sets = b->sets,
					.selection = &b->selection,
					.pcrs = &b->pcrs,
					.list = ima_view(&b->list) };
	quote(b);
}

static void release(struct ima_bench *b)
{
	ima_free(&b->list);
	free(b->set_bytes);
}

static struct troth_ima_result result;

/* Least processor time of a few appraisals: what disturbs only adds to it. */
static double appraise(struct ima_bench *b, uint32_t n_allowed)
{
	double best = 1e9;
	for (size_t i = 0; i < TRIES; i++) {
		const double begun = cpu_now();
		need(troth_ima_appraise(ctx, &b->c, &result) == TROTH_OK, "appraisal");
		const double took = cpu_now() - begun;
		best = took < best ? took : best;
	}
	need(result.proven && result.findings.n == 0 &&
		     result.after.counts.allowed == n_allowed,
	     "the list is not found good");
	return best;
}

/* ---- the peer ---- */

static void write_peer_files(const struct ima_bench *b, char list[64], char pcrs[64])
{
	char hex[65], zeros[65];
	memset(zeros, '0', 64);
	zeros[64] = '\0';
	int fd = mkstemp(list);
	need(fd >= 0 && write(fd, b->list.p, b->list.n) == (ssize_t)b->list.n, list);
	(void)close(fd);
	troth_format_hex(troth_pcr_value(&b->pcrs, TROTH_HASH_SHA256, TROTH_IMA_PCR), hex);
	fd = mkstemp(pcrs);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	need(file != NULL, pcrs);
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++)
		fprintf(file, "PCR-%02u: %s\n", pcr, pcr == TROTH_IMA_PCR ? hex : zeros);
	need(fclose(file) == 0, pcrs);
}

/* Processor seconds of one evmctl that proves the same list; 0 where it is not installed. */
static double peer(const char *list, const char *pcrs)
{
	char option[80];
	struct rusage before, after;
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int status;
	snprintf(option, sizeof option, "sha256,%s", pcrs);
	char name[] = "evmctl", verb[] = "ima_measurement", pcrs_option[] = "--pcrs";
	char *const argv[] = { name, verb, pcrs_option, option, (char *)(uintptr_t)list, NULL };
	getrusage(RUSAGE_CHILDREN, &before);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	const int error = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (error != 0)
		return 0;
	need(waitpid(pid, &status, 0) == pid, "wait");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return 0;
	need(WIFEXITED(status) && WEXITSTATUS(status) == 0, "evmctl does not agree");
	getrusage(RUSAGE_CHILDREN, &after);
	const double seconds = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec +
					after.ru_stime.tv_sec - before.ru_stime.tv_sec);
	const double micros = (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec +
				       after.ru_stime.tv_usec - before.ru_stime.tv_usec);
	return seconds + micros / 1e6;
}

/* Rounds of the two alternate, so that noise meets both; the least of each. False where there
 * is no peer. */
static bool compare(struct ima_bench *b, double *ours, double *theirs)
{
	char list[64] = "/tmp/troth-bench-ima.XXXXXX", pcrs[64] = "/tmp/troth-bench-pcr.XXXXXX";
	*ours = *theirs = 1e9;
	write_peer_files(b, list, pcrs);
	for (size_t i = 0; i < ROUNDS; i++) {
		const double took = appraise(b, ENTRIES - 1), peers = peer(list, pcrs);
		*ours = took < *ours ? took : *ours;
		*theirs = peers < *theirs ? peers : *theirs;
	}
	(void)unlink(list);
	(void)unlink(pcrs);
	return *theirs > 0;
}

/* ---- rows ---- */

static void bench_first(struct ima_bench *b)
{
	double ours, theirs;
	if (compare(b, &ours, &theirs))
		bench_print(&(struct bench_row){ .name = "ima.first",
						 .unit = "us/entry",
						 .value = ours * 1e6 / ENTRIES,
						 .peer = "evmctl ima_measurement",
						 .ratio = ours / theirs,
						 .limit = 0.15 });
	else
		fprintf(stderr, "bench_ima: ima.first is not measured: there is no evmctl\n");
	bench_print(&(struct bench_row){
		.name = "ima.first.whole", .unit = "s", .value = ours, .limit = 0.5 });
}

/* Settles the list, then adds 50 entries: seconds a renewal takes, bytes it rests on. */
static double renewal(struct ima_bench *b, size_t *state_len)
{
	uint8_t state[TROTH_IMA_STATE_MAX];
	need(troth_ima_appraise(ctx, &b->c, &result) == TROTH_OK && result.has_after, "settle");
	b->before = result.after;
	need(troth_ima_state_write(&b->before, state, state_len) == TROTH_OK, "state");
	const size_t known = b->list.n;
	const uint64_t first = b->n_entries;
	add_entries(b, NEW_ENTRIES);
	quote(b);
	b->c.list = (struct troth_view){ b->list.p + known, b->list.n - known };
	b->c.first = first;
	b->c.before = &b->before;
	return appraise(b, (uint32_t)(b->n_entries - 1));
}

static void bench_renewals(struct ima_bench *large)
{
	static struct ima_bench small;
	size_t state_len;
	prepare(&small, ENTRIES / 100);
	const double short_list = renewal(&small, &state_len);
	const double long_list = renewal(large, &state_len);
	bench_print(&(struct bench_row){ .name = "ima.renewal.50",
					 .unit = "us",
					 .value = long_list * 1e6,
					 .peer = "the same behind a list of 1,000",
					 .ratio = long_list / short_list,
					 .limit = 1.5 });
	bench_print(&(struct bench_row){ .name = "ima.state",
					 .unit = "B",
					 .value = (double)state_len,
					 .limit = TROTH_IMA_STATE_MAX });
	release(&small);
}

/* Ten million digests of 100,000 paths in as many versions as that makes, and what finding one
 * costs. */
static void bench_allow_list(void)
{
	struct troth_digest_set_builder *builder;
	struct troth_digest_set set;
	uint8_t *bytes, digest[32];
	size_t n, found = 0;
	char path[64], other[64], source[32];
	need(troth_digest_set_builder_new(&builder) == TROTH_OK, "memory");
	for (size_t i = 0; i < DIGESTS; i++) {
		file_of(i, digest, other);
		snprintf(path, sizeof path, "/usr/lib/x86_64-linux-gnu/part-%zu/libsome-%zu.so",
			 i % 100000 / 500, i % 100000);
		snprintf(source, sizeof source, "package-%zu_1.%zu", i % 100000 / 50,
			 i / 100000);
		need(troth_digest_set_add(builder, digest, troth_view_str(path),
					  troth_view_str(source)) == TROTH_OK,
		     "add");
	}
	need(troth_digest_set_finish(ctx, builder, &bytes, &n) == TROTH_OK, "finish");
	troth_digest_set_builder_free(builder);
	need(troth_digest_set_open((struct troth_view){ bytes, n }, &set) == TROTH_OK, "open");
	bench_print(&(struct bench_row){ .name = "ima.allow-list.10m",
					 .unit = "MB",
					 .value = (double)n / 1e6,
					 .limit = 500 });
	const double begun = cpu_now();
	for (size_t i = 0; i < 1000000; i++) {
		memcpy(digest, &i, sizeof i);
		digest[0] = (uint8_t)(i * 7);
		digest[1] = (uint8_t)(i >> 3);
		found += troth_digest_set_find(&set, digest).n;
	}
	bench_print(&(struct bench_row){ .name = "ima.allow-list.10m.find",
					 .unit = "ns",
					 .value = (cpu_now() - begun) * 1e3 + (double)found });
	free(bytes);
}

int main(void)
{
	static struct ima_bench b;
	need(troth_ctx_new(&ctx) == TROTH_OK, "no context");
	prepare(&b, ENTRIES);
	bench_first(&b);
	bench_renewals(&b);
	release(&b);
	bench_allow_list();
	troth_ctx_free(ctx);
	return 0;
}
