/* SPDX-License-Identifier: Apache-2.0 */
#include "peer_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base.h"
#include "file.h"
#include "hash.h"
#include "reader.h"
#include "settings.h"

static const struct {
	const char *name;
	enum troth_status (*set)(struct troth_peers *peers, struct troth_view document);
} FILES[TROTH_PEER_FILE_N] = {
	[TROTH_PEER_BUNDLE] = { "bundle.pem", troth_peers_set_bundle },
	[TROTH_PEER_KEYS] = { "keys.json", troth_peers_set_keys },
	[TROTH_PEER_CRL] = { "crl.der", troth_peers_set_crl },
	[TROTH_PEER_FORMER_CRL] = { "crl-former.der", troth_peers_set_crl },
	[TROTH_PEER_STATUS] = { "status", troth_peers_set_status },
};

struct troth_peer_files {
	char dir[TROTH_PATH_MAX + 8];
	struct troth_ctx *ctx;
	struct troth_peers *peers;
	struct troth_digest held[TROTH_PEER_FILE_N]; /* of what is on the disk; none: zero */
};

static bool path_of(const struct troth_peer_files *f, enum troth_peer_file which, char *out,
		    size_t room)
{
	return (size_t)snprintf(out, room, "%s/%s", f->dir, FILES[which].name) < room;
}

/* What does not hold is left for the next document to replace. */
static void take_left(struct troth_peer_files *f, enum troth_peer_file which)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer left = { 0 };
	char path[sizeof f->dir + 16];
	struct troth_digest digest;

	if (path_of(f, which, path, sizeof path) &&
	    troth_file_read(path, TROTH_PEER_FILE_MAX, &left) == TROTH_OK &&
	    troth_hash_one(f->ctx, TROTH_HASH_SHA256, troth_buffer_view(&left), &digest) ==
		    TROTH_OK &&
	    FILES[which].set(f->peers, troth_buffer_view(&left)) == TROTH_OK)
		f->held[which] = digest;
}

static enum troth_status open_files(struct troth_peer_files *f, const char *run_dir,
				    const char *trust_domain)
{
	if ((size_t)snprintf(f->dir, sizeof f->dir, "%s/peers", run_dir) >= sizeof f->dir)
		return TROTH_E_LIMIT;
	TROTH_TRY(troth_dir_make(f->dir, 0755));
	/* Whatever the umask of a program that keeps keys beside it. */
	if (chmod(f->dir, 0755) != 0)
		return TROTH_E_IO;
	TROTH_TRY(troth_ctx_new(&f->ctx));
	TROTH_TRY(troth_peers_new(trust_domain, &f->peers));
	for (enum troth_peer_file i = 0; i < TROTH_PEER_FILE_N; i++)
		take_left(f, i);
	return TROTH_OK;
}

enum troth_status troth_peer_files_open(const char *run_dir, const char *trust_domain,
					struct troth_peer_files **out)
{
	struct troth_peer_files *f = calloc(1, sizeof *f);

	if (f == NULL)
		return TROTH_E_MEMORY;
	enum troth_status status = open_files(f, run_dir, trust_domain);
	if (status != TROTH_OK) {
		troth_peer_files_free(f);
		return status;
	}
	*out = f;
	return TROTH_OK;
}

void troth_peer_files_free(struct troth_peer_files *f)
{
	if (f == NULL)
		return;
	troth_peers_free(f->peers);
	troth_ctx_free(f->ctx);
	free(f);
}

enum troth_status troth_peer_files_take(struct troth_peer_files *f, enum troth_peer_file which,
					struct troth_view document)
{
	char path[sizeof f->dir + 16];
	struct troth_digest digest;

	if (document.n > TROTH_PEER_FILE_MAX || !path_of(f, which, path, sizeof path))
		return TROTH_E_LIMIT;
	TROTH_TRY(troth_hash_one(f->ctx, TROTH_HASH_SHA256, document, &digest));
	if (troth_view_equal(troth_digest_view(&digest), troth_digest_view(&f->held[which])))
		return TROTH_OK;
	TROTH_TRY(FILES[which].set(f->peers, document));
	f->held[which] =
		(struct troth_digest){ 0 }; /* until it is written, the older one is there */
	TROTH_TRY(troth_file_write(path, document, 0644));
	f->held[which] = digest;
	return TROTH_OK;
}

uint64_t troth_peer_files_sequence(const struct troth_peer_files *f)
{
	return f->held[TROTH_PEER_STATUS].alg != TROTH_HASH_NONE
		       ? troth_peers_status_sequence(f->peers)
		       : 0;
}
