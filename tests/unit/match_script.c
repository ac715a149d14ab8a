/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>

#include "bootvm.h"
#include "log_builder.h"
#include "match_script.h"
#include "reference.h"

static const enum troth_hash TWO_BANKS[] = { TROTH_HASH_SHA1, TROTH_HASH_SHA256 };
static struct log_builder b;

void digest_of(char letter, enum troth_hash bank, struct troth_digest *out)
{
	char lower = (char)(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
	uint8_t bytes[64];
	log_hash(bank, (struct troth_view){ (const uint8_t *)&lower, 1 }, bytes);
	assert_true(
		troth_digest_set(out, bank, (struct troth_view){ bytes, log_alg_size(bank) }));
}

/* Writes a log; indices count from 1, the Spec ID record is 0. */
static void put_log(const char *events)
{
	log_begin(&b, TWO_BANKS, 2);
	for (; *events != '\0'; events += 2) {
		const bool upper = events[1] >= 'A' && events[1] <= 'Z';
		char lower = (char)(upper ? events[1] - 'A' + 'a' : events[1]);
		log_event(&b, (uint32_t)(events[0] - '0'), upper ? 0x80000007U : 0x0dU,
			  (struct troth_view){ (const uint8_t *)&lower, 1 });
	}
}

static void add_event(struct troth_alternative *alt, char pcr, char letter)
{
	alt->events = realloc(alt->events, (alt->n_events + 1) * sizeof *alt->events);
	assert_non_null(alt->events);
	struct troth_reference_event *ev = &alt->events[alt->n_events++];
	*ev = (struct troth_reference_event){ .pcr = (uint32_t)(pcr - '0'), .n_digests = 2 };
	for (size_t i = 0; i < 2; i++)
		digest_of(letter, TWO_BANKS[i], &ev->digests[i]);
}

static struct troth_alternative *add_alternative(struct troth_component *c)
{
	c->alternatives =
		realloc(c->alternatives, (c->n_alternatives + 1) * sizeof *c->alternatives);
	assert_non_null(c->alternatives);
	struct troth_alternative *alt = &c->alternatives[c->n_alternatives++];
	*alt = (struct troth_alternative){ 0 };
	snprintf(alt->name, sizeof alt->name, "v%zu", c->n_alternatives);
	return alt;
}

static void make_set(const char *script, struct troth_reference_set *set)
{
	*set = (struct troth_reference_set){ .name = "set" };
	set->components = calloc(TROTH_COMPONENTS_MAX + 1, sizeof *set->components);
	assert_non_null(set->components);
	while (*script != '\0') {
		struct troth_component *c = &set->components[set->n_components++];
		snprintf(c->name, sizeof c->name, "c%zu", set->n_components);
		struct troth_alternative *alt = add_alternative(c);
		for (; *script != '\0' && *script != ' '; script++) {
			if (*script == '?') {
				c->optional = true;
			} else if (*script == '|') {
				alt = add_alternative(c);
			} else {
				add_event(alt, script[0], script[1]);
				script++;
			}
		}
		script += *script == ' ';
	}
}

struct trial *trial_new(const char *log, const char *reference, uint32_t mask)
{
	struct trial *t = calloc(1, sizeof *t);
	assert_non_null(t);
	put_log(log);
	struct troth_view copy = view_dup(log_bytes(&b));
	assert_int_equal(troth_log_parse(copy, &t->log), TROTH_OK);
	make_set(reference, &t->set);
	assert_true(troth_pcr_selection_add(&t->selection, TROTH_HASH_SHA256, mask));
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
		static const uint8_t ZEROS[32] = { 0 };
		if ((mask & 1U << pcr) != 0)
			assert_true(troth_pcr_set(&t->pcrs, TROTH_HASH_SHA256, pcr,
						  TROTH_VIEW_OF(ZEROS)));
	}
	return t;
}

void trial_run(struct trial *t)
{
	const struct troth_match_case c = {
		.set = &t->set,
		.log = &t->log,
		.pcrs = &t->pcrs,
		.selection = &t->selection,
		.ignore = t->ignore,
		.n_ignore = t->n_ignore,
	};
	t->findings.n = 0;
	assert_int_equal(troth_reference_match(&c, &t->match, &t->findings), TROTH_OK);
}

void trial_free(struct trial *t)
{
	file_free(t->log.bytes);
	troth_log_release(&t->log);
	troth_reference_release(&t->set);
	free(t);
}

void describe(const struct troth_findings *f, char *out, size_t size)
{
	size_t n = 0;
	out[0] = '\0';
	for (size_t i = 0; i < f->n && n < size; i++) {
		const struct troth_finding *g = &f->list[i];
		char letter = g->code == TROTH_FINDING_UNEXPECTED_EVENT	     ? 'U'
			      : g->code == TROTH_FINDING_MISSING_COMPONENT   ? 'M'
			      : g->code == TROTH_FINDING_PCR_MISMATCH	     ? 'P'
			      : g->code == TROTH_FINDING_REFERENCE_AMBIGUOUS ? 'A'
									     : '?';
		n += (size_t)snprintf(out + n, size - n, "%s%c", i > 0 ? "; " : "", letter);
		if (g->pcr >= 0)
			n += (size_t)snprintf(out + n, size - n, "%d", g->pcr);
		if (g->event >= 0)
			n += (size_t)snprintf(out + n, size - n, "@%d", g->event);
		if (g->reference[0] != '\0')
			n += (size_t)snprintf(out + n, size - n, " %s", g->reference);
	}
}
