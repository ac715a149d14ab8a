/* SPDX-License-Identifier: Apache-2.0 */
/* Digests of the files of a root file system, and the Debian packages they came in. */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest_list.h"
#include "file.h"
#include "hash.h"
#include "output.h"
#include "reader.h"

#define DPKG_INFO "/var/lib/dpkg/info"
#define DPKG_LIST_MAX (16 * 1024 * 1024)

/* ---- packages ---- */

/* A path and the package whose list has it. */
struct owned {
	char *path, *package;
};

struct owners {
	struct owned *list;
	size_t n, room;
	size_t root; /* bytes of the directory's own path */
};

static void owners_clear(struct owners *o)
{
	for (size_t i = 0; i < o->n; i++) {
		free(o->list[i].path);
		free(o->list[i].package);
	}
	free(o->list);
}

static enum troth_status own(struct owners *o, const char *path, size_t n, const char *package)
{
	if (o->n == o->room) {
		const size_t room = o->room > 0 ? 2 * o->room : 4096;
		struct owned *larger = realloc(o->list, room * sizeof *larger);
		if (larger == NULL)
			return TROTH_E_MEMORY;
		o->list = larger;
		o->room = room;
	}
	struct owned *e = &o->list[o->n];
	*e = (struct owned){ strndup(path, n), strdup(package) };
	o->n++;
	return e->path != NULL && e->package != NULL ? TROTH_OK : TROTH_E_MEMORY;
}

/* "bash.list", "libc6:amd64.list": the paths of one package, one a line. */
static enum troth_status read_owner(void *arg, const char *file)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer text = { 0 };
	const char *name = strrchr(file, '/') + 1;
	const char *end = strstr(name, ".list");
	char package[TROTH_DIGEST_SET_SOURCE_MAX + 1] = "";
	const size_t colon = strcspn(name, ":");
	if (end == NULL || end[5] != '\0' || (size_t)(end - name) >= sizeof package)
		return TROTH_OK;
	memcpy(package, name, colon < (size_t)(end - name) ? colon : (size_t)(end - name));
	TROTH_TRY(troth_file_read(file, DPKG_LIST_MAX, &text));
	for (size_t at = 0; at < text.n;) {
		const uint8_t *line_end = memchr(text.p + at, '\n', text.n - at);
		const size_t n = (line_end != NULL ? (size_t)(line_end - text.p) : text.n) - at;
		TROTH_TRY(own(arg, (const char *)text.p + at, n, package));
		at += n + 1;
	}
	return TROTH_OK;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct owned *)a)->path, ((const struct owned *)b)->path);
}

static enum troth_status read_owners(const char *directory, struct owners *o)
{
	char path[4096];
	const int n = snprintf(path, sizeof path, "%s" DPKG_INFO, directory);
	if (n < 0 || (size_t)n >= sizeof path)
		return TROTH_E_LIMIT;
	const enum troth_status status = troth_dir_each(path, read_owner, o);
	if (status != TROTH_OK && status != TROTH_E_NOT_FOUND)
		return status;
	if (o->n > 0)
		qsort(o->list, o->n, sizeof *o->list, by_path);
	return TROTH_OK;
}

static const char *find_owner(const struct owners *o, const char *path)
{
	const struct owned key = { .path = (char *)(uintptr_t)path };
	const struct owned *e = o->n > 0 ? bsearch(&key, o->list, o->n, sizeof key, by_path)
					 : NULL;
	return e != NULL ? e->package : NULL;
}

/* dpkg may know /usr/bin/bash as /bin/bash. */
static const char *package_of(const struct owners *o, const char *path)
{
	const char *package = find_owner(o, path);
	if (package == NULL && strncmp(path, "/usr/", 5) == 0)
		package = find_owner(o, path + 4);
	return package != NULL ? package : "";
}

/* ---- files ---- */

struct tree {
	const EVP_MD *md;
	EVP_MD_CTX *hash;
	struct owners owners;
	const char *source;
	struct troth_digest_set_builder *b;
};

static enum troth_status hash_fd(struct tree *t, int fd, uint8_t out[32])
{
	uint8_t chunk[65536];
	ssize_t n;
	if (EVP_DigestInit_ex2(t->hash, t->md, NULL) != 1)
		return TROTH_E_CRYPTO;
	while ((n = read(fd, chunk, sizeof chunk)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return TROTH_E_IO;
		if (EVP_DigestUpdate(t->hash, chunk, (size_t)n) != 1)
			return TROTH_E_CRYPTO;
	}
	return EVP_DigestFinal_ex(t->hash, out, NULL) == 1 ? TROTH_OK : TROTH_E_CRYPTO;
}

static enum troth_status add_file(struct tree *t, const char *file, const char *path)
{
	uint8_t digest[32];
	const int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return TROTH_E_IO;
	const enum troth_status status = hash_fd(t, fd, digest);
	(void)close(fd);
	TROTH_TRY(status);
	return troth_digest_set_add(
		t->b, digest, troth_view_str(path),
		troth_view_str(t->source != NULL ? t->source : package_of(&t->owners, path)));
}

static bool walk(struct tree *t, const char *directory, size_t root)
{
	char *const roots[] = { (char *)(uintptr_t)directory, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	bool fine = fts != NULL;
	FTSENT *e;
	while (fine && (e = fts_read(fts)) != NULL) {
		const bool lost = e->fts_info == FTS_DNR || e->fts_info == FTS_ERR ||
				  e->fts_info == FTS_NS;
		if (e->fts_info != FTS_F && !lost)
			continue;
		errno = lost ? e->fts_errno : 0;
		const enum troth_status status =
			lost ? TROTH_E_IO : add_file(t, e->fts_path, e->fts_path + root);
		fine = status == TROTH_OK;
		if (!fine)
			troth_cli_file_failed(e->fts_path, status);
	}
	if (fts != NULL)
		(void)fts_close(fts);
	return fine;
}

static bool read_tree(struct tree *t, const char *directory)
{
	size_t root = strlen(directory);
	while (root > 0 && directory[root - 1] == '/')
		root--;
	const enum troth_status status = t->source == NULL ? read_owners(directory, &t->owners)
							   : TROTH_OK;
	if (status != TROTH_OK) {
		troth_cli_error("%s" DPKG_INFO ": %s", directory, troth_status_name(status));
		return false;
	}
	char *plain = strndup(directory, root > 0 ? root : 1);
	const bool fine = plain != NULL && walk(t, plain, root);
	free(plain);
	return fine;
}

bool troth_cli_digests_of_tree(struct troth_ctx *ctx, const char *directory, const char *source,
			       struct troth_digest_set_builder *b)
{
	struct tree t = { .md = troth_ctx_md(ctx, TROTH_HASH_SHA256),
			  .hash = EVP_MD_CTX_new(),
			  .source = source,
			  .b = b };
	const bool fine = t.hash != NULL && read_tree(&t, directory);
	EVP_MD_CTX_free(t.hash);
	owners_clear(&t.owners);
	return fine;
}
