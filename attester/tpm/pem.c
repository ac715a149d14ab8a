/* SPDX-License-Identifier: Apache-2.0 */
#include "pem.h"

#include <limits.h>
#include <openssl/pem.h>
#include <string.h>

#include "base.h"

TROTH_DEFINE_AUTO(BIO, BIO_free_all)

enum troth_status troth_pem_append(struct troth_pem *out, const char *label,
				   struct troth_view der)
{
	TROTH_AUTO(BIO_free_all_p) BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;

	if (bio == NULL)
		return TROTH_E_MEMORY;
	if (der.n > LONG_MAX || PEM_write_bio(bio, label, "", der.p, (long)der.n) <= 0)
		return TROTH_E_CRYPTO;
	const long n = BIO_get_mem_data(bio, &text);
	if (n < 0 || (size_t)n > sizeof out->text - out->n)
		return TROTH_E_LIMIT;
	memcpy(out->text + out->n, text, (size_t)n);
	out->n += (size_t)n;
	return TROTH_OK;
}

struct block {
	char *name, *header;
	unsigned char *data;
	long n;
};

static void block_free(struct block *b)
{
	OPENSSL_free(b->name);
	OPENSSL_free(b->header);
	OPENSSL_clear_free(b->data, (size_t)b->n);
}

enum troth_status troth_pem_read(struct troth_view pem, const char *label, uint8_t *out,
				 size_t max, size_t *out_len)
{
	TROTH_AUTO(block_free) struct block b = { 0 };

	if (pem.n == 0 || pem.n > INT_MAX)
		return TROTH_E_MALFORMED;
	TROTH_AUTO(BIO_free_all_p) BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	if (bio == NULL)
		return TROTH_E_MEMORY;
	if (PEM_read_bio(bio, &b.name, &b.header, &b.data, &b.n) != 1)
		return TROTH_E_MALFORMED;
	if (strcmp(b.name, label) != 0 || b.header[0] != '\0')
		return TROTH_E_MALFORMED;
	if ((size_t)b.n > max)
		return TROTH_E_LIMIT;
	memcpy(out, b.data, (size_t)b.n);
	*out_len = (size_t)b.n;
	return TROTH_OK;
}
