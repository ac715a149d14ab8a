/* SPDX-License-Identifier: Apache-2.0 */
/* The matcher against one that tries every combination. */
#include "check.h"

#include "bootvm.h"
#include "log_builder.h"
#include "match_script.h"
#include "reference.h"

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t n)
{
	random_state = random_state * 1664525U + 1013904223U;
	return (random_state >> 16) % n;
}

/* Whether components from k on explain the rest of the log exactly; at holds the position in
 * each PCR's events. Tries everything. */
static bool explains(const struct troth_reference_set *set, size_t k, const char *const *pcrs,
		     const size_t at[2])
{
	if (k == set->n_components)
		return pcrs[0][at[0]] == '\0' && pcrs[1][at[1]] == '\0';
	const struct troth_component *c = &set->components[k];
	if (c->optional && explains(set, k + 1, pcrs, at))
		return true;
	for (size_t a = 0; a < c->n_alternatives; a++) {
		size_t next[2] = { at[0], at[1] };
		bool fits = true;
		for (size_t i = 0; fits && i < c->alternatives[a].n_events; i++) {
			const struct troth_reference_event *ev = &c->alternatives[a].events[i];
			struct troth_digest d = { 0 };
			const size_t p = ev->pcr - 4;
			if (pcrs[p][next[p]] != '\0')
				digest_of(pcrs[p][next[p]++], TROTH_HASH_SHA256, &d);
			fits = troth_digest_equal(&d, &ev->digests[1]);
		}
		if (fits && explains(set, k + 1, pcrs, next))
			return true;
	}
	return false;
}

static void random_script(char *reference, size_t size)
{
	size_t n = 0;
	const uint32_t components = 1 + random_below(5);
	for (uint32_t c = 0; c < components; c++) {
		if (c > 0)
			reference[n++] = ' ';
		if (random_below(3) == 0)
			reference[n++] = '?';
		const uint32_t alternatives = 1 + random_below(3);
		for (uint32_t a = 0; a < alternatives; a++) {
			if (a > 0)
				reference[n++] = '|';
			for (uint32_t e = random_below(3); e > 0; e--) {
				reference[n++] = (char)('4' + random_below(2));
				reference[n++] = (char)('a' + random_below(2));
			}
		}
	}
	assert_true(n < size);
	reference[n] = '\0';
}

static void agrees_with_trying_everything(void **state)
{
	(void)state;
	size_t n_match = 0, n_differ = 0;
	for (int round = 0; round < 4000; round++) {
		char reference[128], log[32], pcrs[2][16];
		size_t len[2] = { 0, 0 }, n = 0;
		random_script(reference, sizeof reference);
		for (uint32_t e = random_below(8); e > 0; e--) {
			const uint32_t p = random_below(2);
			log[n++] = (char)('4' + p);
			log[n] = (char)('a' + random_below(2));
			pcrs[p][len[p]++] = log[n++];
		}
		log[n] = pcrs[0][len[0]] = pcrs[1][len[1]] = '\0';
		struct trial *t = trial_new(log, reference, 0x30);
		trial_run(t);
		const bool ours = t->findings.n == 0 && t->match.uncovered == 0;
		const bool theirs = explains(&t->set, 0,
					     (const char *const[]){ pcrs[0], pcrs[1] },
					     (const size_t[2]){ 0, 0 });
		if (ours != theirs)
			fail_msg("log '%s' reference '%s': ours %d, theirs %d", log, reference,
				 ours, theirs);
		if (ours)
			n_match++;
		else
			n_differ++;
		trial_free(t);
	}
	assert_true(n_match > 300);
	assert_true(n_differ > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_trying_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
