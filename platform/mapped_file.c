/* SPDX-License-Identifier: Apache-2.0 */
#include "mapped_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static enum troth_status map(int fd, size_t max, struct troth_view *out)
{
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return TROTH_E_IO;
	if (st.st_size < 0 || (uintmax_t)st.st_size > max)
		return TROTH_E_LIMIT;
	*out = (struct troth_view){ 0 };
	if (st.st_size == 0)
		return TROTH_OK;
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return TROTH_E_IO;
	*out = (struct troth_view){ p, (size_t)st.st_size };
	return TROTH_OK;
}

enum troth_status troth_file_map(const char *path, size_t max, struct troth_view *out)
{
	struct troth_view view;
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? TROTH_E_NOT_FOUND : TROTH_E_IO;
	const enum troth_status status = map(fd, max, &view);
	const int error = errno;
	(void)close(fd);
	errno = error;
	if (status == TROTH_OK)
		*out = view;
	return status;
}

void troth_file_unmap(struct troth_view map)
{
	if (map.n > 0)
		(void)munmap((void *)(uintptr_t)map.p, map.n);
}
