/* SPDX-License-Identifier: Apache-2.0 */
#include "documents.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 16 * 1024 * 1024, PATH_ROOM = 512 };

struct troth_view documents_read(const char *dir, const char *name)
{
	char path[PATH_ROOM];
	struct troth_view v = { NULL, 0 };
	const int n = snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = n > 0 && n < PATH_ROOM ? fopen(path, "rb") : NULL;
	unsigned char *bytes = f != NULL ? malloc(FILE_MAX) : NULL;
	if (bytes != NULL) {
		v.p = bytes;
		v.n = fread(bytes, 1, FILE_MAX, f);
	}
	if (f != NULL)
		(void)fclose(f);
	return v;
}

void documents_free(struct troth_view file)
{
	free((void *)(uintptr_t)file.p);
}

static const struct {
	const char *name;
	enum troth_status (*set)(struct troth_peers *, struct troth_view);
	int may_be_missing;
} DOCUMENTS[] = {
	/* In this order: each is judged by those before it. */
	{ "bundle.pem", troth_peers_set_bundle, 0 },
	{ "keys.json", troth_peers_set_keys, 0 },
	{ "crl.der", troth_peers_set_crl, 0 },
	{ "crl-former.der", troth_peers_set_crl, 1 }, /* there while the CA is rotated */
	{ "status", troth_peers_set_status, 0 },
};

struct troth_peers *documents_load(const char *trust_domain, const char *dir)
{
	struct troth_peers *peers = NULL;
	if (troth_peers_new(trust_domain, &peers) != TROTH_OK)
		return NULL;
	for (size_t i = 0; i < sizeof DOCUMENTS / sizeof *DOCUMENTS; i++) {
		const struct troth_view file = documents_read(dir, DOCUMENTS[i].name);
		enum troth_status s = DOCUMENTS[i].may_be_missing ? TROTH_OK
								  : TROTH_E_NOT_FOUND;
		if (file.p != NULL)
			s = DOCUMENTS[i].set(peers, file);
		if (s != TROTH_OK)
			(void)fprintf(stderr, "%s/%s: %s\n", dir, DOCUMENTS[i].name,
				      troth_status_name(s));
		documents_free(file);
	}
	return peers;
}
