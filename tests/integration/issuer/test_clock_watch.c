/* SPDX-License-Identifier: Apache-2.0 */
/* The wall clock beside the one that nobody sets, and who has the word about it. */
#include "check.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "clock_watch.h"

#define LIMIT TROTH_CLOCK_JUMP_MAX_MS
#define NOW UINT64_C(1764000000000)
#define MONO UINT64_C(5000000)

static const struct {
	const char *name;
	int64_t set_by_ms;
	uint64_t later_ms;
	int64_t want;
} CASES[] = {
	{ "nothing happened", 0, 0, 0 },
	{ "a year went by", 0, UINT64_C(31536000000), 0 },
	{ "set forward to the limit", LIMIT, 0, 0 },
	{ "set forward past it", LIMIT + 1, 0, LIMIT + 1 },
	{ "set back to the limit", -LIMIT, 1000, 0 },
	{ "set back past it", -LIMIT - 1, 1000, -LIMIT - 1 },
	{ "the year 1970", -(int64_t)NOW, 0, -(int64_t)NOW },
	{ "a year ahead, a year later", INT64_C(31536000000), UINT64_C(31536000000),
	  INT64_C(31536000000) },
};

static void jumps(void **state)
{
	(void)state;
	const struct troth_clock_watch watch = { .offset_ms = (int64_t)(NOW - MONO) };
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		const uint64_t now_ms =
			(uint64_t)((int64_t)(NOW + CASES[i].later_ms) + CASES[i].set_by_ms);
		const int64_t got =
			troth_clock_jump_ms(&watch, now_ms, MONO + CASES[i].later_ms);
		if (got != CASES[i].want)
			fail_msg("%s: %lld", CASES[i].name, (long long)got);
	}
}

static void seconds_are_the_nearest(void **state)
{
	(void)state;
	static const int64_t MS_S[][2] = {
		{ 0, 0 },	   { 7499999, 7500 },	{ 7500001, 7500 },
		{ 7500500, 7501 }, { -7199999, -7200 }, { -7200001, -7200 }
	};
	for (size_t i = 0; i < sizeof MS_S / sizeof *MS_S; i++)
		assert_int_equal(troth_clock_jump_s(MS_S[i][0]), MS_S[i][1]);
}

/* What the child sees, 1 for a clock that is right and 2 for one that jumped; and 4 when it can
 * write what it should only see. */
static int child_sees(const struct troth_clock_keeper *keeper)
{
	int status;
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const struct troth_clock_watch *watch = troth_clock_look(keeper);
		if (watch == NULL)
			_exit(8);
		const int writable = mprotect((void *)(uintptr_t)watch, sizeof *watch,
					      PROT_READ | PROT_WRITE) == 0;
		_exit((troth_clock_jump_now_ms(watch) == 0 ? 1 : 2) | (writable ? 4 : 0));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void children_see_and_cannot_write(void **state)
{
	(void)state;
	struct troth_clock_keeper keeper;
	assert_int_equal(troth_clock_keep(&keeper), TROTH_OK);
	assert_int_equal(child_sees(&keeper), 1);
	keeper.watch->offset_ms -= 2 * LIMIT; /* as if the wall clock had been set forward */
	assert_int_equal(child_sees(&keeper), 2);
	troth_clock_accept(&keeper);
	assert_int_equal(child_sees(&keeper), 1);
	troth_clock_keeper_close(&keeper);
}

/* The supervisor's own mapping is not there for who has been forked. */
static void the_keepers_memory_is_not_inherited(void **state)
{
	(void)state;
	struct troth_clock_keeper keeper;
	int status;
	assert_int_equal(troth_clock_keep(&keeper), TROTH_OK);
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) /* ENOMEM: nothing is mapped there */
		_exit(msync(keeper.watch, sizeof *keeper.watch, MS_ASYNC) == 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	troth_clock_keeper_close(&keeper);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jumps),
		cmocka_unit_test(seconds_are_the_nearest),
		cmocka_unit_test(children_see_and_cannot_write),
		cmocka_unit_test(the_keepers_memory_is_not_inherited),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
