/* SPDX-License-Identifier: Apache-2.0 */
#include "key_write.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base.h"
#include "file.h"
#include "keys.h"

TROTH_DEFINE_AUTO(BIO, BIO_free_all)

enum troth_status troth_key_file_write(const char *dir, const char *name,
				       struct troth_view bytes, mode_t mode)
{
	char path[PATH_MAX];
	TROTH_TRY(troth_key_path(dir, name, path));
	return troth_file_write(path, bytes, mode);
}

static enum troth_status write_bio(const char *dir, const char *name, BIO *bio, mode_t mode)
{
	char *p = NULL;
	long n = BIO_get_mem_data(bio, &p);
	if (n <= 0)
		return TROTH_E_CRYPTO;
	return troth_key_file_write(dir, name,
				    (struct troth_view){ (const uint8_t *)p, (size_t)n }, mode);
}

enum troth_status troth_key_copy(const char *dir, const char *from, const char *to, mode_t mode)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer bytes = { 0 };
	char path[PATH_MAX];
	TROTH_TRY(troth_key_path(dir, from, path));
	TROTH_TRY(troth_file_read(path, TROTH_AUTHORITY_FILE_MAX, &bytes));
	return troth_key_file_write(dir, to, troth_buffer_view(&bytes), mode);
}

enum troth_status troth_key_write(const char *dir, const char *name, EVP_PKEY *key)
{
	/* Secure heap where there is one; cleansed when freed. */
	TROTH_AUTO(BIO_free_all_p) BIO *bio = BIO_new(BIO_s_secmem());
	if (bio == NULL ||
	    PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
		return TROTH_E_CRYPTO;
	return write_bio(dir, name, bio, 0600);
}

enum troth_status troth_public_write(const char *dir, const char *name, EVP_PKEY *key)
{
	TROTH_AUTO(BIO_free_all_p) BIO *bio = BIO_new(BIO_s_mem());
	if (bio == NULL || PEM_write_bio_PUBKEY(bio, key) != 1)
		return TROTH_E_CRYPTO;
	return write_bio(dir, name, bio, 0644);
}

enum troth_status troth_cert_write(const char *dir, const char *name, X509 *cert)
{
	TROTH_AUTO(BIO_free_all_p) BIO *bio = BIO_new(BIO_s_mem());
	if (bio == NULL || PEM_write_bio_X509(bio, cert) != 1)
		return TROTH_E_CRYPTO;
	return write_bio(dir, name, bio, 0644);
}

enum troth_status troth_crl_write(const char *dir, const char *name, X509_CRL *crl)
{
	TROTH_AUTO(BIO_free_all_p) BIO *bio = BIO_new(BIO_s_mem());
	if (bio == NULL || PEM_write_bio_X509_CRL(bio, crl) != 1)
		return TROTH_E_CRYPTO;
	return write_bio(dir, name, bio, 0644);
}

/* The owner may have put a link there: only what root has made, under this one name. */
static bool hand_over(int dir, const char *name, const struct stat *owner)
{
	struct stat st;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP || errno == ENOENT;
	bool done = fstat(fd, &st) == 0;
	if (done && S_ISREG(st.st_mode) && st.st_nlink == 1 && st.st_uid == 0)
		done = fchown(fd, owner->st_uid, owner->st_gid) == 0;
	(void)close(fd);
	return done;
}

enum troth_status troth_keys_hand_over(const char *dir)
{
	struct stat owner;
	DIR *all = geteuid() == 0 ? opendir(dir) : NULL;
	if (all == NULL)
		return geteuid() == 0 ? TROTH_E_IO : TROTH_OK;
	bool done = fstat(dirfd(all), &owner) == 0;
	for (struct dirent *e; done && owner.st_uid != 0 && (e = readdir(all)) != NULL;)
		done = hand_over(dirfd(all), e->d_name, &owner);
	(void)closedir(all);
	return done ? TROTH_OK : TROTH_E_IO;
}

enum troth_status troth_keys_none_exist(const char *dir, const char *const *names, size_t n)
{
	char path[PATH_MAX];
	for (size_t i = 0; i < n; i++) {
		TROTH_TRY(troth_key_path(dir, names[i], path));
		if (access(path, F_OK) == 0)
			return TROTH_E_CONFLICT;
	}
	return TROTH_OK;
}
