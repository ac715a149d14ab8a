/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <string.h>
#include <troth/limits.h>

#include "base.h"
#include "file.h"
#include "http.h"

static void free_ctx(SSL_CTX **ctx)
{
	SSL_CTX_free(*ctx);
}

/* RFC 7301: a client that offers protocols, none of them ours, is told so in the handshake. */
/* NOLINTNEXTLINE(readability-function-size): the parameters are OpenSSL's. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
			   const unsigned char *offered, unsigned int offered_len, void *arg)
{
	static const unsigned char OURS[] = "\x08http/1.1";
	unsigned char *chosen = NULL;
	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, out_len, OURS, sizeof OURS - 1, offered,
				  offered_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* No session outlives its connection: no tickets, no cache, no early data (attacks.md row 13:
 * resumption skipped a chain check). */
static bool set_protocol(SSL_CTX *ctx)
{
	char groups[] = "X25519:P-256"; /* OpenSSL's macro casts a const away */
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE |
					 SSL_OP_PRIORITIZE_CHACHA | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	/* Otherwise each record costs two system calls: a body of 30 KB 44 us and not 27. */
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
	return SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
	       SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1 &&
	       SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
	       SSL_CTX_set_max_early_data(ctx, 0) == 1 &&
	       SSL_CTX_set1_groups_list(ctx, groups) == 1 &&
	       SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
					     "TLS_CHACHA20_POLY1305_SHA256") == 1;
}

/* OpenSSL would ask at the terminal for the password of an encrypted key;
 * a service has none. */
static int no_password(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static bool key_is_allowed(const EVP_PKEY *key)
{
	char group[32] = "";
	if (EVP_PKEY_is_a(key, "RSA"))
		return EVP_PKEY_get_bits(key) >= TROTH_CHAIN_RSA_BITS_MIN;
	return EVP_PKEY_is_a(key, "EC") &&
	       EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
	       strcmp(group, "prime256v1") == 0;
}

TROTH_DEFINE_AUTO(BIO, BIO_free_all)
TROTH_DEFINE_AUTO(X509, X509_free)
TROTH_DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)

static BIO *text_of(struct troth_view pem)
{
	return pem.n > 0 && pem.n <= INT_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
}

/* The first certificate is ours, the others go with it. */
static bool use_chain(SSL_CTX *ctx, struct troth_view pem)
{
	TROTH_AUTO(BIO_free_all_p) BIO *bio = text_of(pem);
	bool sound = bio != NULL;
	for (size_t n = 0; sound; n++) {
		TROTH_AUTO(X509_free_p) X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		if (cert == NULL)
			return n > 0 &&
			       ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
		sound = n == 0 ? SSL_CTX_use_certificate(ctx, cert) == 1
			       : SSL_CTX_add1_chain_cert(ctx, cert) == 1;
	}
	return false;
}

static bool use_key(SSL_CTX *ctx, struct troth_view pem)
{
	TROTH_AUTO(BIO_free_all_p) BIO *bio = text_of(pem);
	TROTH_AUTO(EVP_PKEY_free_p)
	EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL)
				    : NULL;
	return key != NULL && SSL_CTX_use_PrivateKey(ctx, key) == 1 &&
	       SSL_CTX_check_private_key(ctx) == 1;
}

enum troth_status troth_tls_server_new(const char *chain_file, const char *key_file,
				       SSL_CTX **out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer chain = { 0 };
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer key = { 0 };
	if (troth_file_read(chain_file, TROTH_TLS_FILE_MAX, &chain) != TROTH_OK ||
	    troth_file_read(key_file, TROTH_TLS_FILE_MAX, &key) != TROTH_OK)
		return TROTH_E_CONFIG;
	return troth_tls_server_of(troth_buffer_view(&chain), troth_buffer_view(&key), out);
}

enum troth_status troth_tls_server_of(struct troth_view chain, struct troth_view key,
				      SSL_CTX **out)
{
	TROTH_AUTO(free_ctx) SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	if (ctx == NULL)
		return TROTH_E_MEMORY;
	ERR_clear_error();
	if (!set_protocol(ctx))
		return TROTH_E_CRYPTO;
	const bool usable = use_chain(ctx, chain) && use_key(ctx, key);
	ERR_clear_error();
	if (!usable)
		return TROTH_E_CONFIG;
	if (!key_is_allowed(SSL_CTX_get0_privatekey(ctx)))
		return TROTH_E_UNSUPPORTED;
	*out = ctx;
	ctx = NULL;
	return TROTH_OK;
}

/* The signature over the handshake has been verified when this is asked. */
static int take_any(X509_STORE_CTX *store, void *arg)
{
	(void)store;
	(void)arg;
	return 1;
}

void troth_tls_server_ask_certificates(SSL_CTX *tls)
{
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(tls, take_any, NULL);
	SSL_CTX_set_max_cert_list(tls, (long)TROTH_CHAIN_MAX * TROTH_CERT_MAX);
}
