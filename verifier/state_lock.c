/* SPDX-License-Identifier: Apache-2.0 */
#include "state_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include "base.h"
#include "clock.h"

#define AGAIN_MS 20

static enum troth_status try_lock(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return TROTH_OK;
	return errno == EWOULDBLOCK || errno == EINTR ? TROTH_E_CONFLICT : TROTH_E_IO;
}

enum troth_status troth_state_lock(const char *path, uint32_t patience_ms, int *out_fd)
{
	const uint64_t deadline = troth_mono_ms() + patience_ms;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return TROTH_E_IO;
	enum troth_status got;
	while ((got = try_lock(fd)) == TROTH_E_CONFLICT && troth_mono_ms() < deadline)
		(void)poll(NULL, 0, AGAIN_MS);
	if (got != TROTH_OK) {
		int saved = errno;
		(void)close(fd);
		errno = saved;
		return got;
	}
	*out_fd = fd;
	return TROTH_OK;
}
