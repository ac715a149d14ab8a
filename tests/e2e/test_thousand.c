/* SPDX-License-Identifier: Apache-2.0 */
/* A thousand attestations on one TPM leave no handle and no session behind.
 *
 * There is no resource manager that would clear up after the attester, and no reference either:
 * the device quotes, certifies its key and sends its log each time, and the verdict is none.
 * The issuer confirms so many a minute for one device; another issuer begins to count anew.
 * Usage: test_thousand [N] */
#include "check.h"

#include <stdio.h>

#include "clock.h"
#include "files.h"
#include "reader.h"
#include "text.h"
#include "village.h"

#define LOOK_EVERY 50 /* fewer than the issuer's limit of a minute */

static uint64_t n_attestations = 1000;

/* What tpm2_getcap says of handles that are to stay. */
static struct troth_view handles(const struct village *v, const char *kind)
{
	RIG_OK(v->rig, "tpm2_getcap", kind);
	return rig_read(v->rig, "output");
}

static void assert_same(struct troth_view a, struct troth_view b)
{
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
	file_free(b);
}

static void nothing_is_left_behind(void **state)
{
	struct village *v = *state;
	village_attest(v, 3, "once");
	village_ctl(v, "device", "approve", v->id);
	village_attest(v, 1, "once");
	assert_true(rig_said(v->rig, "reference-missing"));
	rig_assert_clean(v->rig);
	const struct troth_view persistent = handles(v, "handles-persistent");
	const struct troth_view nv = handles(v, "handles-nv-index");

	const uint64_t begun = troth_mono_ms();
	for (uint64_t i = 1; i <= n_attestations; i++) {
		village_attest(v, 1, "once");
		if (i % LOOK_EVERY != 0)
			continue;
		assert_true(rig_said(v->rig, "reference-missing"));
		rig_assert_clean(v->rig);
		village_restart(v);
	}
	rig_assert_clean(v->rig);
	assert_int_equal(rig_handles(v->rig, "saved-session"), 0);
	assert_same(persistent, handles(v, "handles-persistent"));
	assert_same(nv, handles(v, "handles-nv-index"));
	file_free(persistent);
	file_free(nv);
	print_message("%llu attestations, %.0f ms each\n", (unsigned long long)n_attestations,
		      (double)(troth_mono_ms() - begun) / (double)n_attestations);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_is_left_behind) };
	if (argc > 2 || (argc == 2 &&
			 !troth_parse_u64(troth_view_str(argv[1]), 1000000, &n_attestations))) {
		fprintf(stderr, "usage: test_thousand [N]\n");
		return 2;
	}
	return cmocka_run_group_tests(tests, village_setup, village_teardown);
}
