/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base.h"

TROTH_DEFINE_AUTO(void, seccomp_release)

/* Calls are named, not numbered: one that this machine's libseccomp or architecture does not
 * know cannot be made on it either, and is passed over. */
static const char *const ISSUER_MAY[] = {
	/* channels and the log, all open before */
	"read",
	"write",
	"readv",
	"writev",
	"recvfrom",
	"sendto",
	"recvmsg",
	"sendmsg",
	"poll",
	"ppoll",
	"close",
	"shutdown",
	/* memory */
	"mmap",
	"munmap",
	"mremap",
	"mprotect",
	"madvise",
	"brk",
	/* threads wait for each other and end */
	"futex",
	"sched_yield",
	"sched_getaffinity",
	"set_robust_list",
	"rseq",
	"exit",
	"exit_group",
	"rt_sigreturn",
	"rt_sigprocmask",
	"rt_sigaction",
	"restart_syscall",
	"sigaltstack",
	"getpid",
	"gettid",
	"tgkill",
	/* time and randomness */
	"clock_gettime",
	"clock_nanosleep",
	"gettimeofday",
	"time",
	"getrandom",
	/* qsort asks how much memory there is */
	"sysinfo",
};

/* AddressSanitizer reads its own maps when it reports. The report may fail to name symbols, but
 * it must come out: these answer EACCES in a sanitizer build, and kill in every other. */
#ifdef TROTH_SANITIZE
static const char *const ISSUER_REPORTS[] = {
	"open",	     "openat",	  "readlink", "readlinkat", "prctl", "clone", "pipe", "pipe2",
	"getrlimit", "prlimit64", "stat",     "newfstatat", "lseek", "fstat", "ioctl"
};
#endif

/* Opening, and calling: what the courier may do a little of. */
static const char *const FRONT_ALONE_MAY_NOT[] = { "open", "openat", "socket", "connect" };

static const char *const MAY_NOT[] = {
	/* files: what is needed is open; nothing new is, nothing is moved or removed */
	"openat2",
	"creat",
	"open_by_handle_at",
	"name_to_handle_at",
	"rename",
	"renameat",
	"renameat2",
	"link",
	"linkat",
	"symlink",
	"symlinkat",
	"unlink",
	"unlinkat",
	"mkdir",
	"mkdirat",
	"rmdir",
	"mknod",
	"mknodat",
	"chmod",
	"fchmodat",
	"fchmodat2",
	"chown",
	"lchown",
	"fchownat",
	"truncate",
	"setxattr",
	"lsetxattr",
	"removexattr",
	"lremovexattr",
	"utime",
	"utimes",
	"utimensat",
	"futimesat",
	"fanotify_init",
	"fanotify_mark",
	"inotify_add_watch",
	"memfd_create",
	"memfd_secret",
	/* io_uring opens files without any of the calls above */
	"io_uring_setup",
	"io_uring_enter",
	"io_uring_register",
	"io_setup",
	"io_submit",
	/* whom to talk to: devices and operators call, and are accepted on listeners bound
	 * before; the front calls nobody, least of all other services of this machine */
	"bind",
	"listen",
	"shmget",
	"shmat",
	"msgget",
	"semget",
	"mq_open",
	/* other programs and other processes */
	"execve",
	"execveat",
	"uselib",
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"process_madvise",
	"process_mrelease",
	"pidfd_open",
	"pidfd_getfd",
	"pidfd_send_signal",
	"kcmp",
	"tkill",
	"rt_sigqueueinfo",
	"rt_tgsigqueueinfo",
	"migrate_pages",
	"move_pages",
	"setpriority",
	"ioprio_set",
	/* the view of the system */
	"mount",
	"umount",
	"umount2",
	"mount_setattr",
	"move_mount",
	"open_tree",
	"fsopen",
	"fsmount",
	"fsconfig",
	"fspick",
	"pivot_root",
	"chroot",
	"unshare",
	"setns",
	/* the kernel and the machine */
	"kexec_load",
	"kexec_file_load",
	"init_module",
	"finit_module",
	"delete_module",
	"bpf",
	"perf_event_open",
	"userfaultfd",
	"reboot",
	"swapon",
	"swapoff",
	"sethostname",
	"setdomainname",
	"iopl",
	"ioperm",
	"acct",
	"quotactl",
	"quotactl_fd",
	"syslog",
	"settimeofday",
	"clock_settime",
	"clock_adjtime",
	"adjtimex",
	"stime",
	"personality",
	"modify_ldt",
	"vhangup",
	"nfsservctl",
	"lookup_dcookie",
	"add_key",
	"request_key",
	"keyctl",
	/* identity */
	"setuid",
	"setgid",
	"setreuid",
	"setregid",
	"setresuid",
	"setresgid",
	"setgroups",
	"setfsuid",
	"setfsgid",
	"capset",
};

static enum troth_status add(scmp_filter_ctx filter, uint32_t action, const char *const *names,
			     size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int call = seccomp_syscall_resolve_name(names[i]);
		if (call == __NR_SCMP_ERROR || call < 0)
			continue;
		if (seccomp_rule_add_array(filter, action, call, 0, NULL) != 0)
			return TROTH_E_IO;
	}
	return TROTH_OK;
}

static struct scmp_arg_cmp first_argument(enum scmp_compare op, scmp_datum_t a, scmp_datum_t b)
{
	return (struct scmp_arg_cmp){ .arg = 0, .op = op, .datum_a = a, .datum_b = b };
}

/* Signals go to this process only: the issuer and the supervisor run as the same user. */
static enum troth_status signal_only_self(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp other = first_argument(SCMP_CMP_NE, (uint32_t)getpid(), 0);
	if (seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(kill), 1, &other) !=
		    0 ||
	    seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(tgkill), 1,
				   &other) != 0)
		return TROTH_E_IO;
	return TROTH_OK;
}

/* Limits of other processes are not its to set. The first argument of prlimit64 is a pid; 0 is
 * the caller. */
static enum troth_status limit_only_self(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp other = first_argument(SCMP_CMP_NE, 0, 0);
	return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(prlimit64), 1,
				      &other) == 0
		       ? TROTH_OK
		       : TROTH_E_IO;
}

/* New threads, but no new namespaces (in which it would be root over files it could mount).
 * clone3 hides its flags behind a pointer, which a filter cannot follow; on ENOSYS the C
 * library takes clone. */
static enum troth_status clone_no_namespaces(scmp_filter_ctx filter)
{
	static const uint32_t NEW[] = { CLONE_NEWNS,  CLONE_NEWCGROUP, CLONE_NEWUTS,
					CLONE_NEWIPC, CLONE_NEWUSER,   CLONE_NEWPID,
					CLONE_NEWNET };
	for (size_t i = 0; i < TROTH_COUNT(NEW); i++) {
		const struct scmp_arg_cmp has =
			first_argument(SCMP_CMP_MASKED_EQ, NEW[i], NEW[i]);
		if (seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(clone), 1,
					   &has) != 0)
			return TROTH_E_IO;
	}
	return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0,
				      NULL) == 0
		       ? TROTH_OK
		       : TROTH_E_IO;
}

/* A call of another architecture's table (32 bit, x32) would pass numbers by another meaning:
 * it kills. The filter is a binary tree, so that a long list costs a hot call little. */
static enum troth_status start(uint32_t otherwise, scmp_filter_ctx *out)
{
	scmp_filter_ctx filter = seccomp_init(otherwise);
	if (filter == NULL)
		return TROTH_E_MEMORY;
	if (seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) != 0 ||
	    seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 1) != 0 ||
	    seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) != 0 ||
	    seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) != 0) {
		seccomp_release(filter);
		return TROTH_E_IO;
	}
	*out = filter;
	return TROTH_OK;
}

enum troth_status troth_sandbox_issuer(void)
{
	TROTH_AUTO(seccomp_release_p) scmp_filter_ctx filter = NULL;
	/* The first broken-down time reads the zone's file: now or never. */
	tzset();
	TROTH_TRY(troth_sandbox_no_dump());
	TROTH_TRY(start(SCMP_ACT_KILL_PROCESS, &filter));
	TROTH_TRY(add(filter, SCMP_ACT_ALLOW, ISSUER_MAY, TROTH_COUNT(ISSUER_MAY)));
#ifdef TROTH_SANITIZE
	TROTH_TRY(add(filter, SCMP_ACT_ERRNO(EACCES), ISSUER_REPORTS,
		      TROTH_COUNT(ISSUER_REPORTS)));
#endif
	return seccomp_load(filter) == 0 ? TROTH_OK : TROTH_E_IO;
}

/* What neither front nor courier may. */
static enum troth_status start_common(scmp_filter_ctx *out)
{
	TROTH_AUTO(seccomp_release_p) scmp_filter_ctx filter = NULL;
	tzset();
	TROTH_TRY(troth_sandbox_no_dump());
	TROTH_TRY(start(SCMP_ACT_ALLOW, &filter));
	TROTH_TRY(add(filter, SCMP_ACT_ERRNO(EACCES), MAY_NOT, TROTH_COUNT(MAY_NOT)));
	TROTH_TRY(signal_only_self(filter));
	TROTH_TRY(limit_only_self(filter));
	TROTH_TRY(clone_no_namespaces(filter));
	*out = filter;
	filter = NULL;
	return TROTH_OK;
}

enum troth_status troth_sandbox_front(void)
{
	TROTH_AUTO(seccomp_release_p) scmp_filter_ctx filter = NULL;
	TROTH_TRY(start_common(&filter));
	TROTH_TRY(add(filter, SCMP_ACT_ERRNO(EACCES), FRONT_ALONE_MAY_NOT,
		      TROTH_COUNT(FRONT_ALONE_MAY_NOT)));
	return seccomp_load(filter) == 0 ? TROTH_OK : TROTH_E_IO;
}

/* Sockets of the Internet, and netlink, through which a resolver learns which addresses this
 * machine has: no Unix socket, behind which others trust the user. */
static enum troth_status sockets_of_the_internet(scmp_filter_ctx filter)
{
	/* Families are small numbers: those between and above are refused one range each. */
	const struct scmp_arg_cmp below = first_argument(SCMP_CMP_LT, AF_INET, 0);
	const struct scmp_arg_cmp above = first_argument(SCMP_CMP_GT, AF_NETLINK, 0);
	if (seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1,
				   &below) != 0 ||
	    seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1,
				   &above) != 0)
		return TROTH_E_IO;
	for (scmp_datum_t family = AF_INET + 1; family < AF_NETLINK; family++) {
		const struct scmp_arg_cmp is = first_argument(SCMP_CMP_EQ, family, 0);
		if (family != AF_INET6 && seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EACCES),
								 SCMP_SYS(socket), 1, &is) != 0)
			return TROTH_E_IO;
	}
	return TROTH_OK;
}

/* Reading at most: a flag that writes or makes is refused. */
static enum troth_status open_to_read(scmp_filter_ctx filter)
{
	static const scmp_datum_t WRITING[] = { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC };
	for (size_t i = 0; i < TROTH_COUNT(WRITING); i++) {
		struct scmp_arg_cmp has = { .arg = 1,
					    .op = SCMP_CMP_MASKED_EQ,
					    .datum_a = WRITING[i],
					    .datum_b = WRITING[i] };
		if (seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(open), 1,
					   &has) != 0)
			return TROTH_E_IO;
		has.arg = 2;
		if (seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), 1,
					   &has) != 0)
			return TROTH_E_IO;
	}
	return TROTH_OK;
}

enum troth_status troth_sandbox_courier(void)
{
	static const char *const OPENING[] = { "open", "openat" };
	TROTH_AUTO(seccomp_release_p) scmp_filter_ctx filter = NULL;
	TROTH_TRY(start_common(&filter));
	TROTH_TRY(sockets_of_the_internet(filter));
	/* Where the kernel cannot say which files, there are none. */
	if (troth_sandbox_resolver_files())
		TROTH_TRY(open_to_read(filter));
	else
		TROTH_TRY(add(filter, SCMP_ACT_ERRNO(EACCES), OPENING, TROTH_COUNT(OPENING)));
	return seccomp_load(filter) == 0 ? TROTH_OK : TROTH_E_IO;
}

enum troth_status troth_sandbox_no_dump(void)
{
	const struct rlimit none = { 0, 0 };
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
		return TROTH_E_IO;
	return TROTH_OK;
}
