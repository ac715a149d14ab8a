/* SPDX-License-Identifier: Apache-2.0 */
#include "boot_files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "input.h"
#include "output.h"

#define DEFAULT_DISK "hd0,gpt1"

void troth_cli_boot_files_clear(struct troth_cli_boot_files *f)
{
	for (size_t i = 0; i < f->n_read; i++) {
		free(f->read[i].name);
		free(f->read[i].bytes.p); /* no secrets: half a gigabyte is not cleansed */
	}
	f->n_read = 0;
	for (size_t i = 0; i < f->n_missed; i++)
		free(f->missed[i]);
	f->n_missed = 0;
}

/* Each has a name before its "=" and something behind. */
static bool check_pairs(const char *option, const struct troth_cli_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *equals = strchr(list->values[i], '=');
		if (equals == NULL || equals == list->values[i] || equals[1] == '\0') {
			troth_cli_error("%s %s: wanted NAME=PATH", option, list->values[i]);
			return false;
		}
	}
	return true;
}

bool troth_cli_boot_files_check(struct troth_cli_boot_files *f)
{
	if (!check_pairs("--grub-disk", &f->disks) || !check_pairs("--grub-file", &f->files))
		return false;
	if (f->disks.n == 0)
		memcpy(f->names[0], DEFAULT_DISK, sizeof DEFAULT_DISK);
	for (size_t i = 0; i < f->disks.n; i++) {
		const size_t n = strcspn(f->disks.values[i], ":=");
		if (n == 0 || n >= sizeof f->names[i]) {
			troth_cli_error("--grub-disk %s: wanted a disk's name as GRUB has it",
					f->disks.values[i]);
			return false;
		}
		memcpy(f->names[i], f->disks.values[i], n);
		f->names[i][n] = '\0';
	}
	return true;
}

/* ---- what was read ---- */

static bool find_read(const struct troth_cli_boot_files *f, const char *name,
		      struct troth_view *out)
{
	for (size_t i = 0; i < f->n_read; i++)
		if (strcmp(f->read[i].name, name) == 0) {
			*out = troth_buffer_view(&f->read[i].bytes);
			return true;
		}
	return false;
}

/* Said before anything is read: a file that is too large costs nothing. */
static bool fits(const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0 || st.st_size <= TROTH_BOOT_FILE_MAX)
		return true;
	troth_cli_error("%s: larger than %d bytes", path, TROTH_BOOT_FILE_MAX);
	return false;
}

/* Reads path and keeps it under a name. */
static bool read_as(struct troth_cli_boot_files *f, const char *name, const char *path,
		    struct troth_view *out)
{
	if (find_read(f, name, out))
		return true;
	if (f->n_read == TROTH_CLI_BOOT_FILES_MAX) {
		troth_cli_error("%s: more than %d files", name, TROTH_CLI_BOOT_FILES_MAX);
		return false;
	}
	struct troth_buffer bytes = { 0 };
	char *kept = strdup(name);
	if (kept == NULL || !fits(path) || !troth_cli_read(path, TROTH_BOOT_FILE_MAX, &bytes)) {
		free(kept);
		return false;
	}
	f->read[f->n_read].name = kept;
	f->read[f->n_read].bytes = bytes;
	*out = troth_buffer_view(&f->read[f->n_read++].bytes);
	return true;
}

bool troth_cli_boot_file(struct troth_cli_boot_files *f, const char *path,
			 struct troth_view *out)
{
	return read_as(f, path, path, out);
}

/* ---- GRUB's names ---- */

static const char *find_disk(void *arg, bool label, const char *text)
{
	const struct troth_cli_boot_files *f = arg;
	(void)label; /* nobody names a file system by another's UUID */
	for (size_t i = 0; i < f->disks.n; i++) {
		const char *from = f->disks.values[i] + strlen(f->names[i]);
		const size_t n = strcspn(from, "=");
		if (n == strlen(text) + 1 && strncmp(from + 1, text, n - 1) == 0)
			return f->names[i];
	}
	return NULL;
}

static const char *nth_disk(void *arg, size_t i)
{
	const struct troth_cli_boot_files *f = arg;
	const size_t n = f->disks.n == 0 ? 1 : f->disks.n;
	return i < n ? f->names[i] : NULL;
}

/* How a --grub-file speaks of a path on a device: not at all, as the file, or as a file in it.
 */
enum relation { NOTHING, ITSELF, INSIDE };

static enum relation relate(const char *pair, const char *device, const char *path,
			    const char **out_file)
{
	const size_t n_device = strlen(device), n_path = strlen(path);
	const char *name = pair;
	if (name[0] == '(') {
		if (strncmp(name + 1, device, n_device) != 0 || name[1 + n_device] != ')')
			return NOTHING;
		name += n_device + 2;
	}
	if (strncmp(name, path, n_path) != 0)
		return NOTHING;
	if (name[n_path] == '=') {
		*out_file = name + n_path + 1;
		return ITSELF;
	}
	return name[n_path] == '/' || strcmp(path, "/") == 0 ? INSIDE : NOTHING;
}

static enum troth_status from_pairs(struct troth_cli_boot_files *f, const char *device,
				    const char *path, struct troth_grub_file *out)
{
	enum troth_status status = TROTH_E_NOT_FOUND;
	for (size_t i = 0; i < f->files.n; i++) {
		const char *file = NULL;
		const enum relation r = relate(f->files.values[i], device, path, &file);
		if (r == ITSELF) {
			out->directory = false;
			return troth_cli_boot_file(f, file, &out->data) ? TROTH_OK : TROTH_E_IO;
		}
		if (r == INSIDE) {
			out->directory = true;
			status = TROTH_OK;
		}
	}
	return status;
}

/* Opens below a directory as if that were the root of everything: links in it lead nowhere
 * else. */
static int open_below(const char *directory, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	int root = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -1;
	int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
	int kept = errno;
	close(root);
	errno = kept;
	return fd;
}

static enum troth_status read_below(struct troth_cli_boot_files *f, int fd, const char *name,
				    struct troth_grub_file *out)
{
	char path[64];
	struct stat st;
	if (fstat(fd, &st) != 0)
		return TROTH_E_IO;
	out->directory = S_ISDIR(st.st_mode);
	if (out->directory)
		return TROTH_OK;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return read_as(f, name, path, &out->data) ? TROTH_OK : TROTH_E_IO;
}

static enum troth_status from_disk(struct troth_cli_boot_files *f, const char *directory,
				   const char *path, struct troth_grub_file *out)
{
	char name[1024];
	if (snprintf(name, sizeof name, "%s%s", directory, path) >= (int)sizeof name)
		return TROTH_E_LIMIT;
	int fd = open_below(directory, path);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return TROTH_E_NOT_FOUND;
	if (fd < 0) {
		troth_cli_error("%s: %s", name, strerror(errno));
		return TROTH_E_IO;
	}
	enum troth_status status = read_below(f, fd, name, out);
	close(fd);
	return status;
}

/* What --kernel and --initrd stand for: whatever the commands of that kind name. */
static enum troth_status from_options(struct troth_cli_boot_files *f, enum troth_grub_use use,
				      struct troth_grub_file *out)
{
	const char *file = NULL;
	if (use == TROTH_GRUB_KERNEL)
		file = f->kernel;
	else if (use == TROTH_GRUB_INITRD && f->n_initrds_used < f->initrds.n)
		file = f->initrds.values[f->n_initrds_used++];
	if (file == NULL)
		return TROTH_E_NOT_FOUND;
	out->directory = false;
	return troth_cli_boot_file(f, file, &out->data) ? TROTH_OK : TROTH_E_IO;
}

static bool has_tree(void *arg, const char *device)
{
	const struct troth_cli_boot_files *f = arg;
	for (size_t i = 0; i < f->disks.n; i++)
		if (strcmp(f->names[i], device) == 0)
			return true;
	return false;
}

/* Keeps a name for the note; past the limit the note is shorter. */
static void miss(struct troth_cli_boot_files *f, const char *device, const char *path)
{
	char name[1024];
	(void)snprintf(name, sizeof name, "(%s)%s", device, path);
	for (size_t i = 0; i < f->n_missed; i++)
		if (strcmp(f->missed[i], name) == 0)
			return;
	char *kept = f->n_missed < TROTH_CLI_BOOT_FILES_MAX ? strdup(name) : NULL;
	if (kept != NULL)
		f->missed[f->n_missed++] = kept;
}

void troth_cli_boot_files_note(const struct troth_cli_boot_files *f)
{
	char names[4096] = "";
	size_t at = 0;
	for (size_t i = 0; i < f->n_missed && at < sizeof names; i++)
		at += (size_t)snprintf(names + at, sizeof names - at, " %s", f->missed[i]);
	if (at > 0)
		troth_cli_error("note: GRUB looks for files that were not given, taken as not "
				"there:%s",
				names);
}

static enum troth_status find_file(void *arg, const char *device, const char *path,
				   enum troth_grub_use use, struct troth_grub_file *out)
{
	struct troth_cli_boot_files *f = arg;
	enum troth_status status = from_pairs(f, device, path, out);
	if (status == TROTH_E_NOT_FOUND)
		status = from_options(f, use, out);
	for (size_t i = 0; status == TROTH_E_NOT_FOUND && i < f->disks.n; i++)
		if (strcmp(f->names[i], device) == 0)
			status = from_disk(f, strchr(f->disks.values[i], '=') + 1, path, out);
	if (status == TROTH_E_NOT_FOUND && use != TROTH_GRUB_SEARCHED && !has_tree(f, device))
		miss(f, device, path);
	return status;
}

struct troth_grub_host troth_cli_boot_host(struct troth_cli_boot_files *f)
{
	return (struct troth_grub_host){ f, find_file, find_disk, nth_disk, has_tree };
}
