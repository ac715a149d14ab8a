/* SPDX-License-Identifier: Apache-2.0 */
#include "rotate.h"

#include <errno.h>
#include <limits.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authority.h"
#include "base.h"
#include "ca_key.h"
#include "key_write.h"
#include "keys.h"

TROTH_DEFINE_AUTO(X509, X509_free)
TROTH_DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)

/* The certificate is written last and taken away last: while it is there, so are the others. */
#define NEXT TROTH_NEXT_CA
#define FORMER TROTH_FORMER_CA

/* False when there is no such file. */
static bool since(const char *dir, const char *name, uint64_t *out_s)
{
	char path[PATH_MAX];
	struct stat st;
	if (troth_key_path(dir, name, path) != TROTH_OK || stat(path, &st) != 0)
		return false;
	*out_s = (uint64_t)st.st_mtime;
	return true;
}

/* A file that is not there was renamed before the interruption. */
static enum troth_status put_in_force(const char *dir, const char *from, const char *to)
{
	char old[PATH_MAX], new[PATH_MAX];
	TROTH_TRY(troth_key_path(dir, from, old));
	TROTH_TRY(troth_key_path(dir, to, new));
	return rename(old, new) == 0 || errno == ENOENT ? TROTH_OK : TROTH_E_IO;
}

static enum troth_status take_away(const char *dir, const char *name)
{
	char path[PATH_MAX];
	TROTH_TRY(troth_key_path(dir, name, path));
	return unlink(path) == 0 || errno == ENOENT ? TROTH_OK : TROTH_E_IO;
}

/* The root's key may be off line, and under an operator's root there is none of ours: one that
 * is left over from before is of no use. */
static enum troth_status read_root(const char *dir, EVP_PKEY **out_key, X509 **out_root)
{
	TROTH_TRY(troth_key_read(dir, "root.key", out_key));
	TROTH_TRY(troth_cert_read(dir, "root.crt", out_root));
	return X509_check_private_key(*out_root, *out_key) == 1 ? TROTH_OK : TROTH_E_NOT_FOUND;
}

static enum troth_status make_next_result_key(const char *dir)
{
	TROTH_AUTO(EVP_PKEY_free_p) EVP_PKEY *key = EVP_EC_gen("P-256");
	return key != NULL ? troth_key_write(dir, "ear-next.key", key) : TROTH_E_CRYPTO;
}

/* A key that is not in a file is named by its place, which may be that of the one in force. */
static enum troth_status is_new(const char *dir, const EVP_PKEY *key)
{
	TROTH_AUTO(X509_free_p) X509 *present = NULL;
	TROTH_TRY(troth_cert_read(dir, "ca.crt", &present));
	return EVP_PKEY_eq(X509_get0_pubkey(present), key) != 1 ? TROTH_OK : TROTH_E_CONFLICT;
}

static enum troth_status prepare(const struct troth_rotation_request *r)
{
	TROTH_AUTO(EVP_PKEY_free_p) EVP_PKEY *root_key = NULL;
	TROTH_AUTO(EVP_PKEY_free_p) EVP_PKEY *ca_key = NULL;
	TROTH_AUTO(X509_free_p) X509 *root = NULL;
	TROTH_AUTO(X509_free_p) X509 *ca = NULL;
	TROTH_TRY(read_root(r->key_dir, &root_key, &root));
	TROTH_TRY(troth_key_new(r->source, &ca_key));
	TROTH_TRY(is_new(r->key_dir, ca_key));
	const struct troth_issuing_ca plan = { r->trust_domain, ca_key, root_key, root };
	TROTH_TRY(troth_issuing_ca_make(&plan, &ca));
	TROTH_TRY(make_next_result_key(r->key_dir));
	TROTH_TRY(troth_key_keep(r->key_dir, "ca-next.key", ca_key, r->source));
	TROTH_TRY(take_away(r->key_dir, "root-next.crt"));
	return troth_cert_write(r->key_dir, NEXT, ca);
}

enum troth_status troth_issuer_rotate_to(const char *key_dir, struct troth_view chain,
					 struct troth_view root)
{
	TROTH_TRY(make_next_result_key(key_dir));
	TROTH_TRY(troth_key_copy(key_dir, TROTH_REQUESTED_KEY, "ca-next.key", 0600));
	TROTH_TRY(root.n > 0 ? troth_key_file_write(key_dir, "root-next.crt", root, 0644)
			     : take_away(key_dir, "root-next.crt"));
	TROTH_TRY(troth_key_file_write(key_dir, NEXT, chain, 0644));
	return take_away(key_dir, TROTH_REQUESTED_KEY);
}

bool troth_issuer_rotates(const char *key_dir)
{
	uint64_t since_s;
	return since(key_dir, NEXT, &since_s) || since(key_dir, FORMER, &since_s);
}

/* The root that was: where it is to change only. */
static enum troth_status keep_root(const char *dir)
{
	uint64_t since_s;
	return since(dir, "root-next.crt", &since_s)
		       ? troth_key_copy(dir, "root.crt", "root-old.crt", 0644)
		       : TROTH_OK;
}

static enum troth_status keep_former(const char *dir)
{
	TROTH_AUTO(EVP_PKEY_free_p) EVP_PKEY *result_key = NULL;
	TROTH_TRY(troth_key_read(dir, "ear.key", &result_key));
	TROTH_TRY(troth_key_copy(dir, "ca.key", "ca-old.key", 0600));
	TROTH_TRY(troth_public_write(dir, "ear-old.pub", result_key));
	TROTH_TRY(keep_root(dir));
	return troth_key_copy(dir, "ca.crt", FORMER, 0644);
}

static enum troth_status take_over(const char *dir)
{
	TROTH_TRY(put_in_force(dir, "ca-next.key", "ca.key"));
	TROTH_TRY(put_in_force(dir, "ear-next.key", "ear.key"));
	TROTH_TRY(put_in_force(dir, "root-next.crt", "root.crt"));
	return put_in_force(dir, NEXT, "ca.crt");
}

static enum troth_status retire(const char *dir)
{
	TROTH_TRY(take_away(dir, "ca-old.key"));
	TROTH_TRY(take_away(dir, "ear-old.pub"));
	TROTH_TRY(take_away(dir, "root-old.crt"));
	return take_away(dir, FORMER);
}

static enum troth_status finish_activation(const char *key_dir)
{
	uint64_t next_s, former_s;
	return since(key_dir, NEXT, &next_s) && since(key_dir, FORMER, &former_s)
		       ? take_over(key_dir)
		       : TROTH_OK;
}

/* Its key is the first that goes: a former CA without one is not to be loaded any more. */
static enum troth_status finish_retirement(const char *key_dir)
{
	uint64_t key_s, former_s;
	return since(key_dir, FORMER, &former_s) && !since(key_dir, "ca-old.key", &key_s)
		       ? retire(key_dir)
		       : TROTH_OK;
}

enum troth_status troth_issuer_rotate_finish(const char *key_dir)
{
	TROTH_TRY(finish_activation(key_dir));
	return finish_retirement(key_dir);
}

/* What is there says which step was last; its time, when. */
enum troth_status troth_issuer_rotate(const struct troth_rotation_request *r,
				      enum troth_rotation *out, uint64_t *out_due_s)
{
	uint64_t at_s = 0;
	TROTH_TRY(finish_activation(r->key_dir));
	const bool former = since(r->key_dir, FORMER, &at_s);
	const bool next = !former && since(r->key_dir, NEXT, &at_s);
	*out_due_s = at_s + TROTH_ROTATION_WAIT_S;
	*out = TROTH_ROTATION_WAITING;
	if ((former || next) && !r->at_once && r->now_s < *out_due_s)
		return TROTH_OK;
	*out_due_s = r->now_s + TROTH_ROTATION_WAIT_S;
	if (former) {
		*out = TROTH_ROTATION_RETIRED;
		return retire(r->key_dir);
	}
	if (!next) {
		*out = TROTH_ROTATION_PREPARED;
		return prepare(r);
	}
	*out = TROTH_ROTATION_ACTIVATED;
	TROTH_TRY(keep_former(r->key_dir));
	return take_over(r->key_dir);
}
