/* SPDX-License-Identifier: Apache-2.0 */
#include "credential_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base.h"
#include "file.h"
#include "key_file.h"
#include "reader.h"
#include "text.h"

#define GENERATION "gen-"
/* Made aside under these names, then renamed. */
#define NEW_SET ".new-set"
#define NEW_LINK ".new-link"
#define CURRENT "current"

/* Those before state.json have stable names. */
static const char *const FILES[] = { "key.pem", "cert.pem", "bundle.pem",
				     "ear.jwt", "ear.cwt",  "state.json" };
#define N_FILES TROTH_COUNT(FILES)
#define N_STABLE (N_FILES - 1)

/* In the order of FILES; empty: the set has none of it. */
static void list_contents(const struct troth_file_set *set, struct troth_view out[N_FILES])
{
	const struct troth_view data[] = { set->key, set->cert, set->bundle,
					   set->jwt, set->cwt,	set->state };
	memcpy(out, data, sizeof data);
}

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int open_dir(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A set directory: our files, and what an interrupted write may have left of them. */
static void remove_set(int dir, const char *name)
{
	TROTH_AUTO(close_fd)
	int set = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (set < 0)
		return;
	DIR *d = fdopendir(dup(set));
	if (d == NULL)
		return;
	for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
		unlinkat(set, e->d_name, 0);
	closedir(d);
	unlinkat(dir, name, AT_REMOVEDIR);
}

/* The name of the set in force; empty when there is none. */
static void read_current(int dir, char out[NAME_MAX + 1])
{
	ssize_t n = readlinkat(dir, CURRENT, out, NAME_MAX);
	out[n > 0 ? n : 0] = '\0';
	if (strncmp(out, GENERATION, sizeof GENERATION - 1) != 0 || strchr(out, '/') != NULL)
		out[0] = '\0';
}

static void remove_others(const char *run_dir, int dir, const char *keep)
{
	DIR *d = opendir(run_dir);
	if (d == NULL)
		return;
	for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
		if (strncmp(e->d_name, GENERATION, sizeof GENERATION - 1) == 0 &&
		    strcmp(e->d_name, keep) != 0)
			remove_set(dir, e->d_name);
	closedir(d);
}

static uint64_t next_number(const char *current)
{
	uint64_t n = 0;
	const size_t prefix = sizeof GENERATION - 1;
	if (strlen(current) <= prefix ||
	    !troth_parse_u64(troth_view_str(current + prefix), UINT32_MAX, &n))
		return 1;
	return n + 1;
}

static enum troth_status write_files(const char *run_dir, const struct troth_file_set *set)
{
	struct troth_view data[N_FILES];
	char path[PATH_MAX];

	list_contents(set, data);
	for (size_t i = 0; i < N_FILES; i++) {
		if (data[i].n == 0)
			continue;
		if ((size_t)snprintf(path, sizeof path, "%s/" NEW_SET "/%s", run_dir,
				     FILES[i]) >= sizeof path)
			return TROTH_E_LIMIT;
		TROTH_TRY(troth_file_write(path, data[i], 0600));
	}
	return TROTH_OK;
}

/* A link made aside and renamed over what is there. */
static enum troth_status put_link(int dir, const char *target, const char *name)
{
	if (unlinkat(dir, NEW_LINK, 0) != 0 && errno != ENOENT)
		return TROTH_E_IO;
	if (symlinkat(target, dir, NEW_LINK) != 0 || renameat(dir, NEW_LINK, dir, name) != 0)
		return TROTH_E_IO;
	return TROTH_OK;
}

/* The stable names of what the set has; they lead nowhere until the first set is in force. */
static enum troth_status put_stable_links(int dir, const struct troth_file_set *set)
{
	struct troth_view data[N_FILES];
	char target[64], found[64];

	list_contents(set, data);
	for (size_t i = 0; i < N_STABLE; i++) {
		if (data[i].n == 0)
			continue;
		(void)snprintf(target, sizeof target, CURRENT "/%s", FILES[i]);
		ssize_t n = readlinkat(dir, FILES[i], found, sizeof found);
		const struct troth_view there = { (const uint8_t *)found,
						  n > 0 ? (size_t)n : 0 };
		if (!troth_view_equal(there, troth_view_str(target)))
			TROTH_TRY(put_link(dir, target, FILES[i]));
	}
	return TROTH_OK;
}

/* Of what an earlier set had, and this one has not. */
static void drop_stable_links(int dir, const struct troth_file_set *set)
{
	struct troth_view data[N_FILES];

	list_contents(set, data);
	for (size_t i = 0; i < N_STABLE; i++)
		if (data[i].n == 0)
			unlinkat(dir, FILES[i], 0);
}

/* The set aside; nothing of it is left where it does not fit. errno is the failure's. */
static enum troth_status make_set(const char *run_dir, int dir,
				  const struct troth_file_set *set)
{
	if (mkdirat(dir, NEW_SET, 0755) != 0)
		return TROTH_E_IO;
	enum troth_status status = write_files(run_dir, set);
	if (status != TROTH_OK) {
		const int kept = errno;
		remove_set(dir, NEW_SET);
		errno = kept;
	}
	return status;
}

enum troth_status troth_store_put(const char *run_dir, const struct troth_file_set *set)
{
	TROTH_AUTO(close_fd) int dir = open_dir(run_dir);
	char current[NAME_MAX + 1], name[NAME_MAX + 1];

	if (dir < 0)
		return TROTH_E_IO;
	read_current(dir, current);
	remove_others(run_dir, dir, current);
	remove_set(dir, NEW_SET);
	TROTH_TRY(make_set(run_dir, dir, set));
	TROTH_TRY(put_stable_links(dir, set));

	(void)snprintf(name, sizeof name, GENERATION "%llu",
		       (unsigned long long)next_number(current));
	if (renameat(dir, NEW_SET, dir, name) != 0)
		return TROTH_E_IO;
	TROTH_TRY(put_link(dir, name, CURRENT));
	drop_stable_links(dir, set);
	if (fsync(dir) != 0)
		return TROTH_E_IO;
	remove_others(run_dir, dir, name);
	return TROTH_OK;
}

void troth_store_remove(const char *run_dir)
{
	TROTH_AUTO(close_fd) int dir = open_dir(run_dir);

	if (dir < 0)
		return;
	unlinkat(dir, CURRENT, 0);
	remove_others(run_dir, dir, "");
}

enum troth_status troth_store_read_key(const char *run_dir, struct troth_credential_key *out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer pem = { 0 };
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof path, "%s/" CURRENT "/key.pem", run_dir) >=
	    sizeof path)
		return TROTH_E_LIMIT;
	TROTH_TRY(troth_file_read(path, TROTH_SMALL_BODY_MAX, &pem));
	return troth_key_file_parse(troth_buffer_view(&pem), out);
}
