/* SPDX-License-Identifier: Apache-2.0 */
#include "chain.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base.h"
#include "file.h"
#include "keys.h"
#include "x509_read.h"

void troth_chain_clear(struct troth_chain *chain)
{
	for (size_t i = 0; i < chain->n; i++)
		X509_free(chain->certs[i]);
	*chain = (struct troth_chain){ .n = 0 };
}

static enum troth_status take(void *arg, X509 *cert)
{
	struct troth_chain *chain = arg;
	if (chain->n == TROTH_AUTHORITY_CHAIN_MAX)
		return TROTH_E_LIMIT;
	if (X509_up_ref(cert) != 1)
		return TROTH_E_CRYPTO;
	chain->certs[chain->n++] = cert;
	return TROTH_OK;
}

enum troth_status troth_chain_parse(struct troth_view pem, struct troth_chain *out)
{
	TROTH_AUTO(troth_chain_clear) struct troth_chain chain = { .n = 0 };
	TROTH_TRY(troth_x509_each_pem(pem, take, &chain));
	*out = chain;
	chain = (struct troth_chain){ .n = 0 };
	return TROTH_OK;
}

enum troth_status troth_chain_read(const char *key_dir, const char *name,
				   struct troth_chain *out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer pem = { 0 };
	char path[PATH_MAX];
	TROTH_TRY(troth_key_path(key_dir, name, path));
	TROTH_TRY(troth_file_read(path, TROTH_AUTHORITY_FILE_MAX, &pem));
	return troth_chain_parse(troth_buffer_view(&pem), out) == TROTH_OK ? TROTH_OK
									   : TROTH_E_CONFIG;
}

static bool is_signed_by(X509 *cert, X509 *issuer)
{
	ERR_set_mark();
	const bool sound =
		X509_NAME_cmp(X509_get_issuer_name(cert), X509_get_subject_name(issuer)) == 0 &&
		X509_verify(cert, X509_get0_pubkey(issuer)) == 1;
	ERR_pop_to_mark();
	return sound;
}

const char *troth_chain_fault(const struct troth_chain *chain, X509 *root)
{
	for (size_t i = 0; i < chain->n; i++) {
		X509 *issuer = i + 1 < chain->n ? chain->certs[i + 1] : root;
		if (X509_check_ca(chain->certs[i]) != 1)
			return "a certificate in it is no authority's (basicConstraints CA, "
			       "keyUsage keyCertSign)";
		if (!is_signed_by(chain->certs[i], issuer))
			return "a certificate in it is not signed by the one after it; the "
			       "issuing CA comes first, the root last";
	}
	if (X509_check_ca(root) != 1)
		return "the root is no authority (basicConstraints)";
	return is_signed_by(root, root) ? NULL
					: "it does not end with a root, which signs itself";
}
