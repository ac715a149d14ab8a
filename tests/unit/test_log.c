/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base.h"
#include "log.h"

/* Standard error goes into a pipe while a line is written. */
static int saved_stderr, pipe_fds[2];

static void catch_stderr(void)
{
	assert_int_equal(pipe2(pipe_fds, O_NONBLOCK | O_CLOEXEC), 0);
	saved_stderr = dup(STDERR_FILENO);
	assert_int_equal(dup2(pipe_fds[1], STDERR_FILENO), STDERR_FILENO);
}

static const char *caught(void)
{
	static char text[8192];
	ssize_t n = read(pipe_fds[0], text, sizeof text - 1);
	text[n > 0 ? n : 0] = '\0';
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return text;
}

/* What comes after the level, without the line's end. */
static const char *fields(const char *line)
{
	static char text[8192];
	const char *at = strstr(line, " event=e");
	assert_non_null(at);
	snprintf(text, sizeof text, "%s", at + strlen(" event=e"));
	size_t n = strlen(text);
	assert_true(n > 0 && text[n - 1] == '\n');
	text[n - 1] = '\0';
	assert_null(strchr(text, '\n'));
	return text[0] == ' ' ? text + 1 : text;
}

#define EXPECT(want, ...)                                          \
	do {                                                       \
		catch_stderr();                                    \
		troth_log_line(TROTH_LOG_ERROR, "e", __VA_ARGS__); \
		assert_string_equal(fields(caught()), want);       \
	} while (0)

static void numbers_come_out_as_they_are(void **state)
{
	(void)state;
	EXPECT("a=-5 b=4294967295 c=0x0000000b d=ff", "a=%d b=%u c=0x%08x d=%x", -5,
	       4294967295U, 11U, 255U);
	EXPECT("a=18446744073709551615 b=-9223372036854775807 c=7 d=8",
	       "a=%llu b=%lld c=%zu d=%lu", ~0ULL, -9223372036854775807LL, (size_t)7, 8UL);
	EXPECT("a=c b=100%", "a=%c b=100%%", 'c');
	EXPECT("a=abc b=ab", "a=%s b=%.*s", "abc", 2, "abcd");
}

static void no_value_can_become_a_field(void **state)
{
	(void)state;
	EXPECT("name=\"x status=ok\" status=denied", "name=%s status=%s", "x status=ok",
	       "denied");
	EXPECT("name=\"x status=ok\"", "name=\"%s\"", "x status=ok");
	EXPECT("name=\"x\\x22 status=\\x22ok\"", "name=\"%s\"", "x\" status=\"ok");
	EXPECT("name=\"a=b\"", "name=%s", "a=b");
	EXPECT("name=\"\" next=1", "name=%s next=%d", "", 1);
	EXPECT("name=x\\x0alevel\\x1b[31m", "name=%s", "x\nlevel\x1b[31m");
	EXPECT("name=\\xc3\\xa9\\x5c\\x7f", "name=%s", "\xc3\xa9\\\x7f");
}

static void a_long_line_is_cut_and_says_so(void **state)
{
	(void)state;
	char text[5000];
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	catch_stderr();
	troth_log_line(TROTH_LOG_ERROR, "e", "a=%s b=%d", text, 1);
	const char *line = caught();
	size_t n = strlen(line);
	assert_true(n <= 2048);
	assert_string_equal(line + n - 5, "x...\n");
}

static void levels_are_kept(void **state)
{
	(void)state;
	troth_log_start("test", TROTH_LOG_WARNING);
	catch_stderr();
	troth_info("e", "a=%d", 1);
	troth_debug("e", "a=%d", 1);
	assert_string_equal(caught(), "");
	catch_stderr();
	troth_warn("e", "a=%d", 1);
	assert_non_null(strstr(caught(), " level=warning event=e a=1\n"));
	troth_log_start("test", TROTH_LOG_DEBUG);
	catch_stderr();
	troth_debug("e", "%s", "");
	assert_non_null(strstr(caught(), " level=debug event=e "));
}

/* systemd.exec(5), JOURNAL_STREAM; sd-daemon(3), the priority prefixes. */
static void the_journal_gets_priorities(void **state)
{
	(void)state;
	struct stat st;
	char stream[64];
	catch_stderr();
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
	troth_log_start("test", TROTH_LOG_INFO);
	troth_error("e", "a=%d", 1);
	assert_string_equal(caught(), "<3>level=error event=e a=1\n");
	assert_int_equal(setenv("JOURNAL_STREAM", "1:1", 1), 0);
	troth_log_start("test", TROTH_LOG_INFO);
	catch_stderr();
	troth_error("e", "a=%d", 1);
	assert_int_equal(caught()[4], '-'); /* a date */
	unsetenv("JOURNAL_STREAM");
}

static void errno_is_kept(void **state)
{
	(void)state;
	catch_stderr();
	errno = EXDEV;
	troth_error("e", "a=%d", 1);
	int kept = errno;
	caught();
	assert_int_equal(kept, EXDEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_come_out_as_they_are),
		cmocka_unit_test(no_value_can_become_a_field),
		cmocka_unit_test(a_long_line_is_cut_and_says_so),
		cmocka_unit_test(levels_are_kept),
		cmocka_unit_test(the_journal_gets_priorities),
		cmocka_unit_test(errno_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
