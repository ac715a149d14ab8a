/* SPDX-License-Identifier: Apache-2.0 */
/* A wall clock that a test can set, for one program and its children: LD_PRELOADed, it adds the
 * seconds that stand in the file $SETTABLE_CLOCK (a 64-bit number, mapped once, so that no file
 * has to be opened later) to CLOCK_REALTIME. The program itself knows of no such thing. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead_s;

__attribute__((constructor)) static void map_file(void)
{
	const char *path = getenv("SETTABLE_CLOCK");
	const int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *memory = fd >= 0 ? mmap(NULL, sizeof *ahead_s, PROT_READ, MAP_SHARED, fd, 0)
			       : MAP_FAILED;
	if (memory == MAP_FAILED)
		_exit(99); /* a test must not go on with the real time */
	ahead_s = memory;
	(void)close(fd);
}

#define SEEN __attribute__((visibility("default")))

SEEN int clock_gettime(clockid_t clock, struct timespec *out)
{
	const long got = syscall(SYS_clock_gettime, clock, out);
	if (got == 0 && clock == CLOCK_REALTIME && ahead_s != NULL)
		out->tv_sec += (time_t)*ahead_s;
	return (int)got;
}

SEEN time_t time(time_t *out)
{
	struct timespec now = { 0 };
	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}
