/* SPDX-License-Identifier: Apache-2.0 */
#include "deeds.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base.h"

static int result(long r)
{
	return r < 0 ? errno : 0;
}

static int close_result(long fd)
{
	int code = result(fd);
	if (fd >= 0)
		(void)close((int)fd);
	return code;
}

static int open_key(const struct prey *p, const char *name, int flags)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", p->key_dir, name);
	return close_result(open(path, flags | O_CLOEXEC));
}

/* ---- files ---- */

static int read_ca_key(const struct prey *p)
{
	return open_key(p, "ca.key", O_RDONLY);
}

static int read_mac_keys(const struct prey *p)
{
	return open_key(p, "mac.keys", O_RDONLY);
}

static int write_ca_key(const struct prey *p)
{
	return open_key(p, "ca.key", O_WRONLY);
}

static int read_by_openat2(const struct prey *p)
{
	char path[512];
	const struct {
		uint64_t flags, mode, resolve;
	} how = { .flags = O_RDONLY };
	snprintf(path, sizeof path, "%s/ca.key", p->key_dir);
	return close_result(syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how));
}

static int read_by_old_open(const struct prey *p)
{
	char path[512];
	snprintf(path, sizeof path, "%s/ca.key", p->key_dir);
	return close_result(syscall(SYS_open, path, O_RDONLY));
}

static int find_handle(const struct prey *p)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} u = { .h = { .handle_bytes = MAX_HANDLE_SZ } };
	char path[512];
	int mount;
	snprintf(path, sizeof path, "%s/ca.key", p->key_dir);
	return result(name_to_handle_at(AT_FDCWD, path, &u.h, &mount, 0));
}

static int open_handle(const struct prey *p)
{
	struct file_handle h = { .handle_bytes = 0 };
	(void)p;
	return close_result(open_by_handle_at(AT_FDCWD, &h, O_RDONLY));
}

static int make_ring(const struct prey *p)
{
	struct io_uring_params params = { 0 };
	(void)p;
	return close_result(syscall(SYS_io_uring_setup, 1, &params));
}

/* Onto itself: changes nothing where it is allowed. */
static int rename_key(const struct prey *p)
{
	char path[512];
	snprintf(path, sizeof path, "%s/ca.key", p->key_dir);
	return result(rename(path, path));
}

static int remove_file(const struct prey *p)
{
	char path[512];
	snprintf(path, sizeof path, "%s/not-there", p->key_dir);
	return result(unlink(path));
}

static int link_key(const struct prey *p)
{
	char path[512];
	snprintf(path, sizeof path, "%s/ca.key", p->key_dir);
	return result(link(path, path));
}

static int open_up_key(const struct prey *p)
{
	char path[512];
	snprintf(path, sizeof path, "%s/ca.key", p->key_dir);
	return result(chmod(path, 0600));
}

/* ---- other services ---- */

static int make_internet_socket(const struct prey *p)
{
	(void)p;
	return close_result(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int make_local_socket(const struct prey *p)
{
	(void)p;
	return close_result(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int call_neighbour(const struct prey *p)
{
	const struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "/run/neighbour" };
	(void)p;
	return result(connect(-1, (const struct sockaddr *)&a, sizeof a));
}

static int take_address(const struct prey *p)
{
	const struct sockaddr_un a = { .sun_family = AF_UNIX };
	(void)p;
	return result(bind(-1, (const struct sockaddr *)&a, sizeof a));
}

static int share_memory(const struct prey *p)
{
	(void)p;
	return result(shmget(IPC_PRIVATE, 0, 0)); /* of no size: never made */
}

/* ---- the issuer ---- */

static int open_issuer_memory(const struct prey *p)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/mem", (int)p->issuer);
	return close_result(open(path, O_RDWR | O_CLOEXEC));
}

/* Every process of a fork has its read-only data at the same place. */
static int read_issuer_memory(const struct prey *p)
{
	char byte;
	const struct iovec here = { &byte, 1 };
	const struct iovec there = { (void *)(uintptr_t)&DEEDS[0], 1 };
	return result(process_vm_readv(p->issuer, &here, 1, &there, 1, 0));
}

static int write_issuer_memory(const struct prey *p)
{
	char byte = 0;
	const struct iovec here = { &byte, 1 };
	const struct iovec there = { NULL, 1 }; /* nobody's page: EFAULT where it is allowed */
	return result(process_vm_writev(p->issuer, &here, 1, &there, 1, 0));
}

static int trace_issuer(const struct prey *p)
{
	int status;
	if (ptrace(PTRACE_ATTACH, p->issuer, NULL, NULL) != 0)
		return errno;
	(void)waitpid(p->issuer, &status, __WALL);
	(void)ptrace(PTRACE_DETACH, p->issuer, NULL, NULL);
	return 0;
}

static int take_issuer_fd(const struct prey *p)
{
	long process = syscall(SYS_pidfd_open, p->issuer, 0);
	if (process < 0)
		return errno;
	int code = close_result(syscall(SYS_pidfd_getfd, process, STDERR_FILENO, 0));
	(void)close((int)process);
	return code;
}

static int take_fd_blindly(const struct prey *p)
{
	(void)p;
	return close_result(syscall(SYS_pidfd_getfd, -1, 0, 0));
}

static int signal_issuer(const struct prey *p)
{
	return result(kill(p->issuer, 0));
}

static int signal_supervisor(const struct prey *p)
{
	return result(kill(p->supervisor, 0));
}

static int signal_everybody(const struct prey *p)
{
	(void)p;
	return result(kill(-1, 0));
}

static int signal_thread(const struct prey *p)
{
	return result(syscall(SYS_tgkill, p->issuer, p->issuer, 0));
}

static int limit_issuer(const struct prey *p)
{
	struct rlimit limit;
	return result(prlimit(p->issuer, RLIMIT_NOFILE, NULL, &limit));
}

/* ---- programs, namespaces, the kernel ---- */

static int run_program(const struct prey *p)
{
	char *const none[] = { NULL };
	(void)p;
	return result(execve("/not/there", none, none));
}

static int run_descriptor(const struct prey *p)
{
	char *const none[] = { NULL };
	(void)p;
	return result(syscall(SYS_execveat, -1, "", none, none, AT_EMPTY_PATH));
}

static int new_user_namespace(const struct prey *p)
{
	(void)p;
	long child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
	if (child == 0)
		_exit(0);
	int code = result(child);
	if (child > 0)
		(void)waitpid((pid_t)child, NULL, 0);
	return code;
}

static int leave_namespace(const struct prey *p)
{
	(void)p;
	return result(unshare(0));
}

#define BLIND(name, number)                                         \
	static int name(const struct prey *p)                       \
	{                                                           \
		(void)p;                                            \
		return result(syscall(number, -1, -1, -1, -1, -1)); \
	}
BLIND(mount_blindly, SYS_mount)
BLIND(umount_blindly, SYS_umount2)
BLIND(pivot_blindly, SYS_pivot_root)
BLIND(chroot_blindly, SYS_chroot)
BLIND(setns_blindly, SYS_setns)
BLIND(fsopen_blindly, SYS_fsopen)
BLIND(open_tree_blindly, SYS_open_tree)
BLIND(kexec_blindly, SYS_kexec_load)
BLIND(module_blindly, SYS_finit_module)
BLIND(bpf_blindly, SYS_bpf)
BLIND(perf_blindly, SYS_perf_event_open)
BLIND(userfaultfd_blindly, SYS_userfaultfd)
BLIND(clock_blindly, SYS_clock_settime)
BLIND(keyctl_blindly, SYS_keyctl)
BLIND(setresuid_blindly, SYS_setresuid)

const struct deed DEEDS[] = {
	{ "read the authority's key", read_ca_key, BEFORE_WORKS },
	{ "read the MAC keys", read_mac_keys, BEFORE_WORKS },
	{ "write the authority's key", write_ca_key, BEFORE_WORKS },
	{ "open with openat2", read_by_openat2, BEFORE_WORKS },
	{ "open with the oldest call", read_by_old_open, BEFORE_WORKS },
	{ "find a file's handle", find_handle, BEFORE_REACHES },
	{ "open by handle", open_handle, BEFORE_REACHES },
	{ "make an io_uring", make_ring, BEFORE_REACHES },
	{ "rename a key", rename_key, BEFORE_WORKS },
	{ "remove a file", remove_file, BEFORE_REACHES },
	{ "link a key", link_key, BEFORE_REACHES },
	{ "change a key's mode", open_up_key, BEFORE_WORKS },

	{ "make an internet socket", make_internet_socket, BEFORE_WORKS },
	{ "make a local socket", make_local_socket, BEFORE_WORKS },
	{ "call a neighbour", call_neighbour, BEFORE_REACHES },
	{ "take an address", take_address, BEFORE_REACHES },
	{ "share memory", share_memory, BEFORE_REACHES },

	{ "open the issuer's memory", open_issuer_memory, BEFORE_WORKS },
	{ "read the issuer's memory", read_issuer_memory, BEFORE_WORKS },
	{ "write the issuer's memory", write_issuer_memory, BEFORE_REACHES },
	{ "trace the issuer", trace_issuer, BEFORE_WORKS },
	{ "take a descriptor of the issuer", take_issuer_fd, BEFORE_WORKS },
	{ "take a descriptor without a handle", take_fd_blindly, BEFORE_REACHES },
	{ "signal the issuer", signal_issuer, BEFORE_WORKS },
	{ "signal the supervisor", signal_supervisor, BEFORE_WORKS },
	{ "signal everybody", signal_everybody, BEFORE_WORKS },
	{ "signal a thread of the issuer", signal_thread, BEFORE_WORKS },
	{ "limit the issuer", limit_issuer, BEFORE_WORKS },

	{ "run a program", run_program, BEFORE_REACHES },
	{ "run a descriptor", run_descriptor, BEFORE_REACHES },
	{ "make a user namespace", new_user_namespace, BEFORE_REACHES },
	{ "leave a namespace", leave_namespace, BEFORE_WORKS },
	{ "mount", mount_blindly, BEFORE_REACHES },
	{ "unmount", umount_blindly, BEFORE_REACHES },
	{ "change the root mount", pivot_blindly, BEFORE_REACHES },
	{ "change the root directory", chroot_blindly, BEFORE_REACHES },
	{ "enter a namespace", setns_blindly, BEFORE_REACHES },
	{ "open a file system", fsopen_blindly, BEFORE_REACHES },
	{ "open a mount", open_tree_blindly, BEFORE_REACHES },
	{ "load another kernel", kexec_blindly, BEFORE_REACHES },
	{ "load a module", module_blindly, BEFORE_REACHES },
	{ "use bpf", bpf_blindly, BEFORE_REACHES },
	{ "open a performance counter", perf_blindly, BEFORE_REACHES },
	{ "handle page faults", userfaultfd_blindly, BEFORE_REACHES },
	{ "set the clock", clock_blindly, BEFORE_REACHES },
	{ "use the kernel's keyrings", keyctl_blindly, BEFORE_REACHES },
	{ "become somebody else", setresuid_blindly, BEFORE_REACHES },
};
const size_t N_DEEDS = TROTH_COUNT(DEEDS);

/* ---- duties ---- */

static void *nothing(void *arg)
{
	return arg;
}

static int start_thread(const struct prey *p)
{
	pthread_t t;
	(void)p;
	int code = pthread_create(&t, NULL, nothing, NULL);
	return code != 0 ? code : pthread_join(t, NULL);
}

static int draw_randomness(const struct prey *p)
{
	char bytes[16];
	(void)p;
	return result(getrandom(bytes, sizeof bytes, 0));
}

static int read_clock(const struct prey *p)
{
	struct timespec t;
	(void)p;
	return result(syscall(SYS_clock_gettime, CLOCK_REALTIME, &t));
}

static int allocate(const struct prey *p)
{
	const size_t n = 8 * 1024 * 1024;
	(void)p;
	void *m = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return m == MAP_FAILED ? errno : result(munmap(m, n));
}

/* The database's file is open before. */
static int database = -1;

static int use_database(const struct prey *p)
{
	char path[512], bytes[4] = "wal";
	if (database < 0) {
		snprintf(path, sizeof path, "%s/database", p->key_dir);
		database = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	}
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	if (fcntl(database, F_SETLK, &lock) != 0 ||
	    pwrite(database, bytes, sizeof bytes, 4096) != sizeof bytes ||
	    pread(database, bytes, sizeof bytes, 4096) != sizeof bytes ||
	    fsync(database) != 0 || fdatasync(database) != 0 || ftruncate(database, 0) != 0)
		return errno;
	return 0;
}

static int serve_connection(const struct prey *p)
{
	int pair[2];
	char byte = 1;
	(void)p;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return errno;
	int code = send(pair[0], &byte, 1, 0) == 1 && recv(pair[1], &byte, 1, 0) == 1 ? 0
										      : errno;
	(void)close(pair[0]);
	(void)close(pair[1]);
	return code;
}

static int fail_loudly(const struct prey *p)
{
	(void)p;
	return result(kill(getpid(), 0)); /* as raise and abort do */
}

const struct deed DUTIES[] = {
	{ "start a thread", start_thread, BEFORE_WORKS },
	{ "draw randomness", draw_randomness, BEFORE_WORKS },
	{ "read the clock", read_clock, BEFORE_WORKS },
	{ "allocate memory", allocate, BEFORE_WORKS },
	{ "use its open database", use_database, BEFORE_WORKS },
	{ "serve a connection", serve_connection, BEFORE_WORKS },
	{ "signal itself", fail_loudly, BEFORE_WORKS },
};
const size_t N_DUTIES = TROTH_COUNT(DUTIES);
