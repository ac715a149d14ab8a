/* SPDX-License-Identifier: Apache-2.0 */
/* A front that was taken over reaches no key and has nothing signed that no device has just
 * earned: judgement of what hostile_front.c found out. */
#include "check.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "deeds.h"
#include "forgeries.h"
#include "hostile_front.h"

static void without_the_sandbox_it_could(void **state)
{
	(void)state;
	const bool root = geteuid() == 0;
	if (!root)
		print_message("not root: another process's memory is closed to us anyway\n");
	for (size_t i = 0; i < N_DEEDS; i++) {
		const int got = report->deeds[i].before;
		bool shown = DEEDS[i].before == BEFORE_WORKS ? got == 0 : got != EACCES;
		if (root && !shown)
			fail_msg("%s: %s before the sandbox", DEEDS[i].name, strerror(got));
	}
}

static void within_the_sandbox_it_cannot(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_DEEDS; i++)
		if (report->deeds[i].after != EACCES)
			fail_msg("%s: %s", DEEDS[i].name, strerror(report->deeds[i].after));
}

static void its_duties_it_can_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_DUTIES; i++) {
		if (report->duties[i].before != 0)
			fail_msg("%s: %s before", DUTIES[i].name,
				 strerror(report->duties[i].before));
		if (report->duties[i].after != 0)
			fail_msg("%s: %s", DUTIES[i].name, strerror(report->duties[i].after));
	}
}

static void assert_asked(const char *name, const struct asked *got, enum troth_status status,
			 enum troth_finding_code finding)
{
	if (!got->answered)
		fail_msg("%s: no answer", name);
	if (got->status != status || got->finding != finding)
		fail_msg("%s: %s, %s", name, troth_status_name(got->status),
			 troth_finding_name(got->finding));
}

static void an_honest_exchange_succeeds_first_and_last(void **state)
{
	(void)state;
	assert_asked("first", &report->first, TROTH_OK, TROTH_FINDING_NONE);
	assert_asked("last", &report->last, TROTH_OK, TROTH_FINDING_NONE);
}

static void forged_exchanges_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_FORGED_EXCHANGES; i++)
		assert_asked(FORGED_EXCHANGES[i].name, &report->exchanges[i],
			     FORGED_EXCHANGES[i].status, FORGED_EXCHANGES[i].finding);
}

static void forged_keys_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_FORGED_KEYS; i++)
		assert_asked(FORGED_KEYS[i].name, &report->keys[i], FORGED_KEYS[i].status,
			     FORGED_KEYS[i].finding);
}

static void forged_sessions_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_FORGED_SESSIONS; i++)
		assert_asked(FORGED_SESSIONS[i].name, &report->sessions[i],
			     FORGED_SESSIONS[i].status, FORGED_SESSIONS[i].finding);
}

static void secrets_are_for_keys_of_this_boot_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_FORGED_SECRETS; i++)
		assert_asked(FORGED_SECRETS[i].name, &report->secrets[i],
			     FORGED_SECRETS[i].status, FORGED_SECRETS[i].finding);
}

static void secrets_are_released_by_their_ticket_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_FORGED_RELEASES; i++) {
		assert_asked(FORGED_RELEASES[i].name, &report->releases[i],
			     FORGED_RELEASES[i].status, TROTH_FINDING_NONE);
		assert_int_equal(report->opened[i], FORGED_RELEASES[i].status == TROTH_OK);
	}
}

static void forged_enrolments_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_FORGED_ENROLMENTS; i++)
		assert_asked(FORGED_ENROLMENTS[i].name, &report->enrolments[i],
			     FORGED_ENROLMENTS[i].status, FORGED_ENROLMENTS[i].finding);
}

static void each_channel_takes_its_own_kinds_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ADMINISTRATION; i++)
		assert_asked("administration on a worker's channel", &report->administration[i],
			     TROTH_E_DENIED, TROTH_FINDING_NONE);
	for (size_t i = 0; i < N_OF_DEVICES; i++)
		assert_asked("a device's on the administration's", &report->devices_kinds[i],
			     TROTH_E_DENIED, TROTH_FINDING_NONE);
}

static void garbage_is_answered_and_refused(void **state)
{
	(void)state;
	assert_int_equal(report->n_garbage_answered, report->n_garbage);
	assert_int_equal(report->n_garbage_taken, 0);
}

static void a_frame_past_the_limit_ends_the_channel(void **state)
{
	(void)state;
	assert_true(report->whole_frame_answered);
	assert_true(report->oversized_closed);
	assert_true(report->endless_closed);
}

static void the_supervisor_ends_both_in_good_order(void **state)
{
	(void)state;
	assert_int_equal(supervisor_code, 0);
	assert_int_equal(kill(report->issuer, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_the_sandbox_it_could),
		cmocka_unit_test(within_the_sandbox_it_cannot),
		cmocka_unit_test(its_duties_it_can_do),
		cmocka_unit_test(an_honest_exchange_succeeds_first_and_last),
		cmocka_unit_test(forged_exchanges_are_refused),
		cmocka_unit_test(forged_keys_are_refused),
		cmocka_unit_test(forged_sessions_are_refused),
		cmocka_unit_test(secrets_are_for_keys_of_this_boot_alone),
		cmocka_unit_test(secrets_are_released_by_their_ticket_alone),
		cmocka_unit_test(forged_enrolments_are_refused),
		cmocka_unit_test(each_channel_takes_its_own_kinds_only),
		cmocka_unit_test(garbage_is_answered_and_refused),
		cmocka_unit_test(a_frame_past_the_limit_ends_the_channel),
		cmocka_unit_test(the_supervisor_ends_both_in_good_order),
	};
	return cmocka_run_group_tests(tests, front_setup, front_teardown);
}
