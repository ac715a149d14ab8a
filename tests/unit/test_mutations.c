/* SPDX-License-Identifier: Apache-2.0 */
/* Real logs with one byte or one event changed, some thousand times, always the same ones. Each
 * must be refused, or replay to other values, or be harmless, which is proven: the replay is
 * equal, secure boot looks no better, and whatever is still believed was believed before. Reads
 * our own captures and, where TROTH_TEST_DATA names them, those of other projects. */
#include "check.h"

#include "facts.h"
#include "files.h"
#include "log_builder.h"
#include "proof.h"

#define ROUNDS 600 /* a log and kind of change */

/* A log and all that follows from it. */
struct story {
	struct troth_log log;
	struct troth_replay replay;
	struct troth_facts facts;
};

static struct {
	size_t refused, differs, harmless, weaker;
} tally;

/* xorshift64*: the same changes on every machine. */
static uint64_t random_next(void)
{
	static uint64_t x = 0x9e3779b97f4a7c15;
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	return x * 0x2545f4914f6cdd1d;
}

static bool story_read(struct troth_ctx *ctx, struct troth_view bytes, struct story *out)
{
	if (troth_log_parse(bytes, &out->log) != TROTH_OK)
		return false;
	assert_int_equal(troth_log_replay(ctx, &out->log, &out->replay), TROTH_OK);
	assert_int_equal(troth_facts_read(ctx, &out->log, troth_log_best_bank(ctx, &out->log),
					  &out->facts),
			 TROTH_OK);
	return true;
}

static void story_release(struct story *s)
{
	troth_facts_release(&s->facts);
	troth_log_release(&s->log);
}

static bool same_values(const struct troth_pcr_values *a, const struct troth_pcr_values *c)
{
	if (a->n_banks != c->n_banks)
		return false;
	for (size_t i = 0; i < a->n_banks; i++)
		for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++)
			if (!troth_view_equal(troth_pcr_value(a, a->banks[i].bank, pcr),
					      troth_pcr_value(c, a->banks[i].bank, pcr)))
				return false;
	return true;
}

/* Whether the true log extended that register with the digest, and, of a proven value, had it
 * proven. */
static bool known(struct troth_ctx *ctx, const struct story *truth, const struct story *other,
		  const struct troth_fact *fact)
{
	const uint32_t pcr = other->log.events[fact->event].pcr;
	/* A UKI's section is proven by the record before it. */
	for (size_t i = 0; i < truth->facts.n; i++)
		if (truth->facts.list[i].kind == fact->kind &&
		    truth->facts.list[i].proof == fact->proof &&
		    troth_view_equal(truth->facts.list[i].digest, fact->digest))
			return true;
	for (size_t i = 0; i < truth->log.n_events; i++) {
		const struct troth_event *ev = &truth->log.events[i];
		struct troth_event_proof p;
		if (ev->pcr != pcr)
			continue;
		assert_int_equal(troth_event_prove(ctx, &truth->log, ev, truth->facts.bank, &p),
				 TROTH_OK);
		if (!troth_view_equal(p.digest, fact->digest))
			continue;
		if (fact->proof < TROTH_PROOF_DATA || p.proof == TROTH_PROOF_DATA)
			return true;
	}
	return false;
}

static void assert_no_better(struct troth_ctx *ctx, const struct story *truth,
			     const struct story *other)
{
	const enum troth_secure_boot was = truth->facts.boot.secure_boot;
	const enum troth_secure_boot is = other->facts.boot.secure_boot;
	assert_true(is == was || is == TROTH_SECURE_BOOT_UNKNOWN ||
		    (was == TROTH_SECURE_BOOT_ON && is == TROTH_SECURE_BOOT_CLAIMED));
	for (size_t i = 0; i < other->facts.n; i++)
		if (other->facts.list[i].proof > TROTH_PROOF_NONE)
			assert_true(known(ctx, truth, other, &other->facts.list[i]));
}

/* Judges a changed log against the true one. */
static void judge(struct troth_ctx *ctx, const struct story *truth, struct troth_view bytes)
{
	struct story other;
	if (!story_read(ctx, bytes, &other)) {
		tally.refused++;
		return;
	}
	if (!same_values(&truth->replay.values, &other.replay.values)) {
		tally.differs++;
	} else {
		assert_no_better(ctx, truth, &other);
		if (other.facts.n_proven < truth->facts.n_proven)
			tally.weaker++;
		else
			tally.harmless++;
	}
	story_release(&other);
}

static void change_bytes(struct troth_ctx *ctx, const struct story *truth)
{
	struct troth_view copy = view_dup(truth->log.bytes);
	uint8_t *bytes = (uint8_t *)(uintptr_t)copy.p;
	for (size_t i = 0; i < ROUNDS; i++) {
		const size_t at = (size_t)(random_next() % copy.n);
		const uint8_t flip = (uint8_t)(random_next() % 255 + 1);
		bytes[at] ^= flip;
		judge(ctx, truth, copy);
		bytes[at] ^= flip;
	}
	file_free(copy);
}

/* Where an event's record lies: events follow one another, and data ends them. */
static struct troth_view record_of(const struct troth_log *log, size_t i)
{
	const uint8_t *begin = i == 0 ? log->bytes.p
				      : log->events[i - 1].data.p + log->events[i - 1].data.n;
	const uint8_t *end = log->events[i].data.p + log->events[i].data.n;
	return (struct troth_view){ begin, (size_t)(end - begin) };
}

enum deed { DROP, DOUBLE, SWAP, RELABEL, MOVE, DEED_N };

static void put_changed(struct log_builder *b, struct troth_view record, enum deed deed)
{
	static const uint32_t TYPES[] = { 0x03,	      0x04,	  0x0d,	      0x80000001,
					  0x80000002, 0x80000003, 0x80000007, 0x800000e0 };
	const size_t at = b->n;
	log_put(b, record.p, record.n);
	const size_t end = b->n;
	b->n = deed == MOVE ? at : at + 4;
	if (deed == MOVE)
		log_put_le(b, random_next() % TROTH_PCR_COUNT, 4);
	if (deed == RELABEL)
		log_put_le(b, TYPES[random_next() % (sizeof TYPES / sizeof *TYPES)], 4);
	b->n = end;
}

static void change_events(struct troth_ctx *ctx, const struct story *truth)
{
	static struct log_builder b;
	const struct troth_log *log = &truth->log;
	if (log->bytes.n > sizeof b.bytes / 2 || log->n_events < 4)
		return;
	for (size_t i = 0; i < ROUNDS; i++) {
		const enum deed deed = (enum deed)(i % DEED_N);
		const size_t victim = 1 + (size_t)(random_next() % (log->n_events - 2));
		b.n = 0;
		for (size_t k = 0; k < log->n_events; k++) {
			const struct troth_view record = record_of(log, k);
			if (k == victim && deed == SWAP) {
				const struct troth_view next = record_of(log, ++k);
				log_put(&b, next.p, next.n);
			}
			if (k == victim && (deed == RELABEL || deed == MOVE))
				put_changed(&b, record, deed);
			else if (k != victim || deed != DROP)
				log_put(&b, record.p, record.n);
			if (k == victim && deed == DOUBLE)
				log_put(&b, record.p, record.n);
		}
		judge(ctx, truth, log_bytes(&b));
	}
}

static bool mutate(struct troth_ctx *ctx, const char *folder, const char *name)
{
	struct troth_view bytes = file_load(folder, name);
	struct story truth;
	const bool read = bytes.n > 0 && story_read(ctx, bytes, &truth);
	if (read) {
		change_bytes(ctx, &truth);
		change_events(ctx, &truth);
		story_release(&truth);
	}
	file_free(bytes);
	return read;
}

static void report(const char *what)
{
	print_message("%s: %zu refused, %zu replay otherwise, %zu believed less, %zu changed "
		      "nothing\n",
		      what, tally.refused, tally.differs, tally.weaker, tally.harmless);
	assert_true(tally.refused > 0 && tally.differs > 0 && tally.weaker > 0);
	memset(&tally, 0, sizeof tally);
}

static void our_captures(void **state)
{
	static const char *const VARIANTS[] = { "shim-sb-on", "uki-sb-on-snakeoil", "direct",
						"direct-sb-on-legacy-bypass" };
	char folder[512];
	for (size_t i = 0; i < sizeof VARIANTS / sizeof *VARIANTS; i++) {
		snprintf(folder, sizeof folder, "%s/bootvm/%s", TROTH_FIXTURES, VARIANTS[i]);
		assert_true(mutate(*state, folder, "binary_bios_measurements"));
	}
	report("our captures");
}

static void foreign_logs(void **state)
{
	static const char *const LOGS[] = { "google-windows-gcp-shielded-vm.bin",
					    "google-rhel8-uefi.bin", "kgoldman-dell1.bin",
					    "coco-ccel-data-grub.bin" };
	const char *data = getenv("TROTH_TEST_DATA");
	char folder[512];
	if (data == NULL) {
		print_message("TROTH_TEST_DATA is not set: foreign logs are skipped\n");
		skip();
	}
	snprintf(folder, sizeof folder, "%s/eventlogs", data);
	for (size_t i = 0; i < sizeof LOGS / sizeof *LOGS; i++)
		assert_true(mutate(*state, folder, LOGS[i]));
	report("foreign logs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_captures),
		cmocka_unit_test(foreign_logs),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
