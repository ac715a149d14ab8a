/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base.h"

/* First read: most files Troth reads fit. */
#define CHUNK 8192

static void close_fd(const int *fd)
{
	int kept = errno;
	if (*fd >= 0)
		close(*fd);
	errno = kept;
}

static enum troth_status status_of_errno(void)
{
	return errno == ENOENT || errno == ENOTDIR ? TROTH_E_NOT_FOUND : TROTH_E_IO;
}

void troth_buffer_clear(struct troth_buffer *b)
{
	if (b->p != NULL)
		OPENSSL_cleanse(b->p, b->n);
	free(b->p);
	*b = (struct troth_buffer){ 0 };
}

struct troth_view troth_buffer_view(const struct troth_buffer *b)
{
	return (struct troth_view){ b->n > 0 ? b->p : NULL, b->n };
}

/* Makes room for at least one more byte and a NUL. By copy, not realloc: what may be a key is
 * cleansed where it lay. */
static enum troth_status grow(struct troth_buffer *b, size_t *room, size_t max)
{
	size_t wanted = *room == 0 ? CHUNK : *room * 2;
	if (wanted > max + 2)
		wanted = max + 2; /* one byte past the limit, to see that it was passed */
	uint8_t *p = malloc(wanted);
	if (p == NULL)
		return TROTH_E_MEMORY;
	struct troth_buffer old = *b;
	if (old.n > 0)
		memcpy(p, old.p, old.n);
	b->p = p;
	troth_buffer_clear(&old);
	*room = wanted;
	return TROTH_OK;
}

static enum troth_status read_all(int fd, size_t max, struct troth_buffer *b)
{
	size_t room = 0;
	for (;;) {
		if (b->n + 1 >= room)
			TROTH_TRY(grow(b, &room, max));
		ssize_t n = read(fd, b->p + b->n, room - b->n - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return TROTH_E_IO;
		if (n == 0)
			break;
		b->n += (size_t)n;
		if (b->n > max)
			return TROTH_E_LIMIT;
	}
	b->p[b->n] = '\0';
	return TROTH_OK;
}

enum troth_status troth_file_read(const char *path, size_t max, struct troth_buffer *out)
{
	TROTH_AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return status_of_errno();
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer b = { 0 };
	TROTH_TRY(read_all(fd, max, &b));
	*out = b;
	b = (struct troth_buffer){ 0 };
	return TROTH_OK;
}

static enum troth_status write_all(int fd, struct troth_view data)
{
	while (data.n > 0) {
		ssize_t n = write(fd, data.p, data.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return TROTH_E_IO;
		data.p += n;
		data.n -= (size_t)n;
	}
	return TROTH_OK;
}

static size_t dir_len(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

/* The new name is durable only once its directory is. */
static enum troth_status sync_dir(const char *path)
{
	char dir[PATH_MAX];
	size_t n = dir_len(path);
	int len = n == 0 ? snprintf(dir, sizeof dir, ".")
			 : snprintf(dir, sizeof dir, "%.*s", (int)n, path);
	if (len < 0 || (size_t)len >= sizeof dir)
		return TROTH_E_LIMIT;
	TROTH_AUTO(close_fd) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && fsync(fd) == 0 ? TROTH_OK : TROTH_E_IO;
}

/* The mode is set before the first byte is written: no moment with a readable key. */
static enum troth_status fill(int fd, struct troth_view data, mode_t mode)
{
	if (fchmod(fd, mode) != 0)
		return TROTH_E_IO;
	TROTH_TRY(write_all(fd, data));
	return fsync(fd) == 0 ? TROTH_OK : TROTH_E_IO;
}

enum troth_status troth_file_write(const char *path, struct troth_view data, mode_t mode)
{
	char temp[PATH_MAX];
	size_t dir = dir_len(path);
	/* A leading dot: troth_dir_each passes over what a crash may leave behind. */
	int len = snprintf(temp, sizeof temp, "%.*s.%s.XXXXXX", (int)dir, path, path + dir);
	if (len < 0 || (size_t)len >= sizeof temp)
		return TROTH_E_LIMIT;
	TROTH_AUTO(close_fd) int fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return status_of_errno();

	enum troth_status st = fill(fd, data, mode);
	if (st == TROTH_OK && rename(temp, path) != 0)
		st = TROTH_E_IO;
	if (st != TROTH_OK) {
		int kept = errno;
		unlink(temp);
		errno = kept;
		return st;
	}
	return sync_dir(path);
}

static enum troth_status make_one(const char *path, mode_t mode)
{
	struct stat st;
	if (mkdir(path, mode) == 0)
		return TROTH_OK;
	if (errno == EEXIST && stat(path, &st) == 0) {
		errno = ENOTDIR;
		return S_ISDIR(st.st_mode) ? TROTH_OK : TROTH_E_IO;
	}
	return TROTH_E_IO;
}

enum troth_status troth_dir_make(const char *path, mode_t mode)
{
	char part[PATH_MAX];
	size_t n = strlen(path);
	if (n == 0 || n >= sizeof part)
		return TROTH_E_LIMIT;
	memcpy(part, path, n + 1);
	for (size_t i = 1; i < n; i++) {
		if (part[i] != '/')
			continue;
		part[i] = '\0';
		TROTH_TRY(make_one(part, mode));
		part[i] = '/';
	}
	return make_one(part, mode);
}

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static enum troth_status visit_one(const char *dir, const char *name,
				   enum troth_status (*each)(void *arg, const char *file),
				   void *arg)
{
	char path[PATH_MAX];
	struct stat st;
	int len = snprintf(path, sizeof path, "%s/%s", dir, name);
	if (len < 0 || (size_t)len >= sizeof path)
		return TROTH_E_LIMIT;
	if (stat(path, &st) != 0)
		return TROTH_E_IO;
	return S_ISREG(st.st_mode) ? each(arg, path) : TROTH_OK;
}

enum troth_status troth_dir_each(const char *path,
				 enum troth_status (*each)(void *arg, const char *file),
				 void *arg)
{
	struct dirent **names = NULL;
	int n = scandir(path, &names, visible, by_name);
	if (n < 0)
		return status_of_errno();
	enum troth_status st = TROTH_OK;
	for (int i = 0; i < n; i++) {
		if (st == TROTH_OK)
			st = visit_one(path, names[i]->d_name, each, arg);
		free(names[i]);
	}
	free((void *)names);
	return st;
}
