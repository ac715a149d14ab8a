/* SPDX-License-Identifier: Apache-2.0 */
/* How many deviations are followed. What each kind of them is: test_explain_stories. */
#include "check.h"

#include "match_script.h"
#include "reconcile.h"

/* A component of one event for each deviation but those past the number of components, which
 * are all in the last; and a log in which each event is another one. */
static struct trial *all_wrong(size_t n)
{
	char log[2 * TROTH_DEVIATIONS_MAX + 8] = "",
					    reference[3 * TROTH_DEVIATIONS_MAX + 8] = "";
	char *l = log, *r = reference;
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && i < TROTH_COMPONENTS_MAX)
			*r++ = ' ';
		r = stpcpy(r, "4a");
		l = stpcpy(l, "4b");
	}
	return trial_new(log, reference, 0x10);
}

static void deviations_have_a_limit(void **state)
{
	(void)state;
	for (size_t n = TROTH_DEVIATIONS_MAX; n <= TROTH_DEVIATIONS_MAX + 1; n++) {
		struct trial *t = all_wrong(n);
		const struct troth_match_case c = {
			.set = &t->set,
			.log = &t->log,
			.pcrs = &t->pcrs,
			.selection = &t->selection,
		};
		struct troth_reconciliation r;
		assert_int_equal(troth_reconcile(&c, &r), TROTH_OK);
		assert_int_equal(r.n, TROTH_DEVIATIONS_MAX);
		for (size_t i = 0; i < r.n; i++)
			assert_int_equal(r.list[i].edit, TROTH_EDIT_CHANGED);
		assert_int_equal(r.complete, n == TROTH_DEVIATIONS_MAX);
		troth_reconciliation_release(&r);
		trial_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deviations_have_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
