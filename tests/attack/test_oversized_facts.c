/* SPDX-License-Identifier: Apache-2.0 */
/* What a device says of itself is kept with each verdict: a device must not fill the disk with
 * it. */

#include "lab.h"
#include "wire.h"

/* Facts of this length, put in after the quote was made. */
static void attest_with_facts(struct lab *lab, size_t n)
{
	static uint8_t facts[TROTH_FACTS_MAX + 1];
	static struct fleet_attestation a;
	struct fleet_device *d = &lab->devices[LAB_ATTACKER];
	Troth__V1__Challenge *challenge = fleet_challenge(d, &lab->http);
	assert_non_null(challenge);
	fleet_attest(d, challenge, &a);
	a.message.facts = (ProtobufCBinaryData){ n, facts };
	assert_true(fleet_post(&lab->http, "/v1/attest", &a.message.base));
	troth_wire_free(&challenge->base);
}

static void facts_past_their_limit_are_not_read(void **state)
{
	struct lab *lab = *state;
	const struct lab_state before = lab_state(lab, LAB_ATTACKER);
	attest_with_facts(lab, TROTH_FACTS_MAX + 1);
	lab_assert_problem(&lab->http, 400, "malformed", NULL);
	/* One less is read, and found not to be what was quoted. */
	attest_with_facts(lab, TROTH_FACTS_MAX);
	lab_assert_problem(&lab->http, 400, "refused", "qualifying-data");
	const struct lab_state after = lab_state(lab, LAB_ATTACKER);
	lab_assert_unchanged(&before, &after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_past_their_limit_are_not_read),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}
