/* SPDX-License-Identifier: Apache-2.0 */
/* Which files the courier may still open: those that tell where a name leads. A filter of calls
 * sees no paths; Landlock does. */
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base.h"
#include "sandbox.h"

/* Rights of the first version, which every kernel with Landlock knows. */
#define READ_FILE LANDLOCK_ACCESS_FS_READ_FILE
#define READ_DIR LANDLOCK_ACCESS_FS_READ_DIR
#define ALL_RIGHTS ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

/* Files of the C library's resolver and the modules it loads; what is not there is passed
 * over. Under /etc single files: beside them lie keys. */
static const struct {
	const char *path;
	uint64_t rights;
} READABLE[] = {
	{ "/etc/hosts", READ_FILE },
	{ "/etc/resolv.conf", READ_FILE },
	{ "/etc/nsswitch.conf", READ_FILE },
	{ "/etc/gai.conf", READ_FILE },
	{ "/etc/host.conf", READ_FILE },
	{ "/etc/services", READ_FILE },
	{ "/etc/ld.so.cache", READ_FILE },
	{ "/run/systemd/resolve", READ_FILE | READ_DIR },
	{ "/run/resolvconf", READ_FILE | READ_DIR },
	{ "/run/NetworkManager", READ_FILE | READ_DIR },
	{ "/lib", READ_FILE | READ_DIR },
	{ "/lib64", READ_FILE | READ_DIR },
	{ "/usr/lib", READ_FILE | READ_DIR },
	{ "/usr/lib64", READ_FILE | READ_DIR },
};

/* The C library has no functions for these. */
static int create_ruleset(const struct landlock_ruleset_attr *attr)
{
	return (int)syscall(SYS_landlock_create_ruleset, attr, sizeof *attr, 0);
}

static bool allow(int rules, const char *path, uint64_t rights)
{
	const int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return true;
	const struct landlock_path_beneath_attr beneath = { .allowed_access = rights,
							    .parent_fd = fd };
	const bool done = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH,
				  &beneath, 0) == 0;
	(void)close(fd);
	return done;
}

static bool fill(int rules)
{
	for (size_t i = 0; i < TROTH_COUNT(READABLE); i++)
		if (!allow(rules, READABLE[i].path, READABLE[i].rights))
			return false;
	return true;
}

bool troth_sandbox_resolver_files(void)
{
	const struct landlock_ruleset_attr attr = { .handled_access_fs = ALL_RIGHTS };
	const int rules = create_ruleset(&attr);
	if (rules < 0)
		return false;
	const bool held = fill(rules) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
			  syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	(void)close(rules);
	return held;
}
