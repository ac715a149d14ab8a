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
#include <sys/file.h>
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
static enum troth_status grow(struct troth_buffer *b, size_t *room, size_t wanted, size_t max)
{
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

/* A file of hundreds of megabytes is read in one piece. What its size is said to be is no more
 * than a hint: pseudo-files say anything. */
static size_t first_room(int fd)
{
	struct stat st;
	if (fstat(fd, &st) != 0 || st.st_size < CHUNK || (uintmax_t)st.st_size > SIZE_MAX / 4)
		return CHUNK;
	return (size_t)st.st_size + 2;
}

static enum troth_status read_all(int fd, size_t max, struct troth_buffer *b)
{
	size_t room = 0, next = first_room(fd);
	for (;;) {
		if (b->n + 1 >= room)
			TROTH_TRY(grow(b, &room, next, max));
		next = room * 2;
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

/* ---- writing ---- */

static size_t dir_len(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

static enum troth_status dir_of(const char *path, char out[PATH_MAX])
{
	const size_t n = dir_len(path);
	const int len = n == 0 ? snprintf(out, PATH_MAX, ".")
			       : snprintf(out, PATH_MAX, "%.*s", (int)n, path);
	return len >= 0 && len < PATH_MAX ? TROTH_OK : TROTH_E_LIMIT;
}

/* The new name is durable only once its directory is. */
static enum troth_status sync_dir(const char *path)
{
	char dir[PATH_MAX];
	TROTH_TRY(dir_of(path, dir));
	TROTH_AUTO(close_fd) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && fsync(fd) == 0 ? TROTH_OK : TROTH_E_IO;
}

/* What is written has a name of this form before it has its own. A leading dot: troth_dir_each
 * passes over it. */
#define SPARE_FORMAT ".%s.troth-"

static enum troth_status spare_name(const char *path, const char *end, char out[PATH_MAX])
{
	const size_t dir = dir_len(path);
	const int len = snprintf(out, PATH_MAX, "%.*s" SPARE_FORMAT "%s", (int)dir, path,
				 path + dir, end);
	return len >= 0 && len < PATH_MAX ? TROTH_OK : TROTH_E_LIMIT;
}

/* Who writes holds the lock until the file has its own name; a lock goes with its process. */
static bool lock_spare(int fd)
{
	struct stat st;
	(void)flock(fd, LOCK_EX); /* without one nothing is removed, which is no harm here */
	return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

static void remove_abandoned(int dir, const char *name)
{
	struct stat st;
	TROTH_AUTO(close_fd)
	int fd = openat(dir, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)unlinkat(dir, name, 0);
}

/* Removes what writers of this file left behind that were killed: it may hold a secret. */
static void sweep(const char *path)
{
	char dir[PATH_MAX], prefix[NAME_MAX + 1];
	const int len = snprintf(prefix, sizeof prefix, SPARE_FORMAT, path + dir_len(path));
	if (len < 0 || (size_t)len >= sizeof prefix || dir_of(path, dir) != TROTH_OK)
		return;
	DIR *all = opendir(dir);
	if (all == NULL)
		return;
	for (const struct dirent *e; (e = readdir(all)) != NULL;)
		if (strncmp(e->d_name, prefix, (size_t)len) == 0)
			remove_abandoned(dirfd(all), e->d_name);
	(void)closedir(all);
}

/* The mode is set before the first byte is written: no moment with a readable key. */
static enum troth_status fill(int fd, struct troth_view data, mode_t mode)
{
	if (fchmod(fd, mode) != 0)
		return TROTH_E_IO;
	TROTH_TRY(write_all(fd, data));
	return fsync(fd) == 0 ? TROTH_OK : TROTH_E_IO;
}

/* Names a file that has none, after its inode: no two of one moment have the same. */
static enum troth_status give_name(int fd, const char *path, char spare[PATH_MAX])
{
	char self[32], number[24];
	struct stat st;
	if (fstat(fd, &st) != 0)
		return TROTH_E_IO;
	(void)snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	(void)snprintf(number, sizeof number, "%jx", (uintmax_t)st.st_ino);
	TROTH_TRY(spare_name(path, number, spare));
	return linkat(AT_FDCWD, self, AT_FDCWD, spare, AT_SYMLINK_FOLLOW) == 0 ? TROTH_OK
									       : TROTH_E_IO;
}

/* A file without a name goes with the process that writes it, however that ends. NOT_FOUND
 * where the file system has none, or /proc is not there to name it by. */
static enum troth_status write_nameless(const char *path, struct troth_view data, mode_t mode,
					char spare[PATH_MAX], int *out_fd)
{
	char dir[PATH_MAX];
	TROTH_TRY(dir_of(path, dir));
	TROTH_AUTO(close_fd) int fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return TROTH_E_NOT_FOUND;
	(void)lock_spare(fd);
	TROTH_TRY(fill(fd, data, mode));
	if (give_name(fd, path, spare) != TROTH_OK)
		return TROTH_E_NOT_FOUND;
	*out_fd = fd;
	fd = -1;
	return TROTH_OK;
}

/* Until it is locked, another writer of the same file may take it for abandoned: then anew. */
static int open_named(const char *path, char spare[PATH_MAX])
{
	for (;;) {
		if (spare_name(path, "XXXXXX", spare) != TROTH_OK)
			return -1;
		int fd = mkostemp(spare, O_CLOEXEC);
		if (fd < 0 || lock_spare(fd))
			return fd;
		close_fd(&fd);
	}
}

static void unlink_keeping_errno(const char *path)
{
	const int kept = errno;
	(void)unlink(path);
	errno = kept;
}

static enum troth_status write_named(const char *path, struct troth_view data, mode_t mode,
				     char spare[PATH_MAX], int *out_fd)
{
	TROTH_AUTO(close_fd) int fd = open_named(path, spare);
	if (fd < 0)
		return status_of_errno();
	const enum troth_status st = fill(fd, data, mode);
	if (st != TROTH_OK) {
		unlink_keeping_errno(spare);
		return st;
	}
	*out_fd = fd;
	fd = -1;
	return TROTH_OK;
}

enum troth_status troth_file_write(const char *path, struct troth_view data, mode_t mode)
{
	char spare[PATH_MAX];
	TROTH_TRY(spare_name(path, "XXXXXX", spare));
	sweep(path);
	TROTH_AUTO(close_fd) int fd = -1; /* and with it the lock, once the file is in place */
	enum troth_status st = write_nameless(path, data, mode, spare, &fd);
	if (st == TROTH_E_NOT_FOUND)
		st = write_named(path, data, mode, spare, &fd);
	TROTH_TRY(st);
	if (rename(spare, path) != 0) {
		unlink_keeping_errno(spare);
		return TROTH_E_IO;
	}
	return sync_dir(path);
}

/* ---- directories ---- */

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
