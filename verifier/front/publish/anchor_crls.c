/* SPDX-License-Identifier: Apache-2.0 */
#include "anchor_crls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>
#include <troth/limits.h>

#include "base.h"

TROTH_DEFINE_AUTO(BIO, BIO_free_all)

/* The next block into *out_crl, NULL where it is no CRL. False at the end, or where nothing
 * more can be read. */
static bool next_block(BIO *bio, X509_CRL **out_crl)
{
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	long n = 0;
	if (PEM_read_bio(bio, &name, &header, &der, &n) != 1)
		return false;
	const unsigned char *at = der;
	const bool named = strcmp(name, PEM_STRING_X509_CRL) == 0;
	*out_crl = named ? d2i_X509_CRL(NULL, &at, n) : NULL;
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_clear_free(der, (size_t)n);
	return true;
}

static bool are_crls(BIO *bio)
{
	X509_CRL *crl = NULL;
	size_t n = 0;
	for (; next_block(bio, &crl); n++) {
		if (crl == NULL)
			return false;
		X509_CRL_free(crl);
	}
	return n > 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

enum troth_status troth_anchor_crls_read(const char *path, struct troth_buffer *out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer text = { 0 };
	TROTH_TRY(troth_file_read(path, TROTH_ANCHOR_CRLS_MAX, &text));
	const struct troth_view pem = troth_buffer_view(&text);
	if (pem.n == 0)
		return TROTH_E_MALFORMED;
	TROTH_AUTO(BIO_free_all_p) BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	if (bio == NULL)
		return TROTH_E_MEMORY;
	const bool sound = are_crls(bio);
	ERR_clear_error();
	if (!sound)
		return TROTH_E_MALFORMED;
	*out = text;
	text = (struct troth_buffer){ 0 };
	return TROTH_OK;
}
