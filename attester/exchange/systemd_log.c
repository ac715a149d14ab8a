/* SPDX-License-Identifier: Apache-2.0 */
#include "systemd_log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <troth/limits.h>
#include <unistd.h>

#include "base.h"
#include "log.h"

/* An extension takes a TPM some milliseconds; nobody who merely keeps the lock keeps the device
 * from attesting. */
enum { LOCK_TRIES = 100, LOCK_PAUSE_MS = 10 };

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static bool lock(int fd)
{
	const struct timespec pause = { 0, LOCK_PAUSE_MS * 1000000L };
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_SH | LOCK_NB) == 0)
			return true;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return false;
		(void)nanosleep(&pause, NULL);
	}
	return false;
}

/* Without the lock the last record may be there in part. */
static void cut(struct troth_buffer *b)
{
	while (b->n > 0 && b->p[b->n - 1] != '\n')
		b->n--;
}

static enum troth_status read_locked(const char *path, struct troth_buffer *out)
{
	TROTH_AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? TROTH_E_NOT_FOUND : TROTH_E_IO;
	if (!lock(fd))
		troth_warn("systemd-log", "file=%s problem=\"locked by another\"", path);
	TROTH_TRY(troth_file_read(path, TROTH_SYSTEMD_LOG_MAX, out));
	cut(out);
	return TROTH_OK;
}

void troth_systemd_log_read(const char *path, struct troth_buffer *out)
{
	if (path[0] == '\0')
		return;
	const enum troth_status status = read_locked(path, out);
	if (status != TROTH_OK && status != TROTH_E_NOT_FOUND)
		troth_warn("systemd-log", "file=%s status=%s; attesting without it", path,
			   troth_status_name(status));
}
