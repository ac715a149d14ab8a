/* SPDX-License-Identifier: Apache-2.0 */
/* Which kernel command lines give a root shell to whoever is at the console. */
#include "check.h"

#include "command_line.h"
#include "reader.h"

static const struct {
	const char *line, *word; /* "" for none */
} CASES[] = {
	{ "", "" },
	{ "/vmlinuz root=/dev/sda2 ro quiet", "" },
	{ "/vmlinuz root=/dev/sda2 single", "single" },
	{ "/vmlinuz S", "S" },
	{ "console=ttyS0 1", "1" },
	{ "systemd.debug-shell", "systemd.debug-shell" },
	{ "systemd.debug-shell=1 quiet", "systemd.debug-shell=1" },
	{ "quiet systemd.debug_shell=ttyS0", "systemd.debug_shell=ttyS0" },
	{ "systemd.debug-shell=0", "" },
	{ "systemd.debug-shell=no", "" },
	{ "break", "break" },
	{ "\tbreak=premount\n", "break=premount" },
	{ "rd.break=pre-mount", "rd.break=pre-mount" },
	{ "init=/bin/sh", "init=/bin/sh" },
	{ "rdinit=/usr/bin/bash", "rdinit=/usr/bin/bash" },
	{ "init=bash", "init=bash" },
	{ "init=/lib/systemd/systemd", "" },
	{ "init=/bin/show", "" },
	{ "init", "" },
	{ "systemd.unit=rescue.target", "systemd.unit=rescue.target" },
	{ "systemd.unit=multi-user.target", "" },
	{ "single=1", "" },
	{ "nosingle singles", "" },
	{ "breakpoints=1", "" },
	{ "=sh", "" },
};

static void lines_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		const struct troth_view got =
			troth_command_line_shell(troth_view_str(CASES[i].line));
		if (!troth_view_equal(got, troth_view_str(CASES[i].word)))
			fail_msg("'%s': got '%.*s', want '%s'", CASES[i].line, (int)got.n,
				 (const char *)got.p, CASES[i].word);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(lines_are_read) };
	return cmocka_run_group_tests_name("command_line", tests, NULL, NULL);
}
