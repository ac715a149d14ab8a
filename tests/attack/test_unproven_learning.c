/* SPDX-License-Identifier: Apache-2.0 */
/* Reference values are learned only from what a quote has proven: the digests of a bank that
 * was not quoted are the log's mere word. */

#include "lab.h"

static const char TWO_BANKS[] = "name: default\n"
				"segment: line-1\n"
				"pcrs:\n"
				"  sha256: [0, 1, 2, 3, 4, 5, 7, 8, 9]\n"
				"  sha1: [0, 1, 2, 3, 4, 5, 7, 8, 9]\n"
				"secure_boot: required\n"
				"reference: base\n"
				"enrolment: inventory\n"
				"approve: automatic\n";
static const char LESSON[] = "{\"device\":\"victim\",\"name\":\"more\"}";

static long learn(struct lab *lab)
{
	struct troth_https_answer a = { 0 };
	long status = test_service_admin(&lab->service, "POST", "/v1/admin/learn",
					 "application/json", LESSON, &a);
	troth_https_answer_clear(&a);
	return status;
}

static void a_bank_that_was_not_quoted_teaches_nothing(void **state)
{
	struct lab *lab = *state;
	assert_non_null(troth_pcr_bank_find(&lab->boot.values, TROTH_HASH_SHA1));
	assert_int_equal(learn(lab), 200);
	test_service_admin_ok(&lab->service, "/v1/admin/policies", "application/yaml",
			      TWO_BANKS);
	assert_int_equal(learn(lab), 409);
	/* Quoted in both, it has proven both. */
	assert_int_equal(lab_attest(lab, &lab->devices[LAB_VICTIM]), 200);
	assert_int_equal(learn(lab), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bank_that_was_not_quoted_teaches_nothing),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}
