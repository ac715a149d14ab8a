/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <troth/limits.h>

#include "base.h"
#include "file.h"
#include "http.h"
#include "key.h"
#include "x509_read.h"

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

static bool key_is_allowed(const EVP_PKEY *key)
{
	if (EVP_PKEY_is_a(key, "RSA"))
		return EVP_PKEY_get_bits(key) >= TROTH_CHAIN_RSA_BITS_MIN;
	return troth_key_is_p256(key);
}

TROTH_DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)

/* The first certificate is ours, the others go with it. */
static enum troth_status use_cert(void *arg, X509 *cert)
{
	SSL_CTX *ctx = arg;
	const int used = SSL_CTX_get0_certificate(ctx) == NULL
				 ? SSL_CTX_use_certificate(ctx, cert)
				 : (int)SSL_CTX_add1_chain_cert(ctx, cert);
	return used == 1 ? TROTH_OK : TROTH_E_CONFIG;
}

static bool use_key(SSL_CTX *ctx, struct troth_view pem)
{
	TROTH_AUTO(EVP_PKEY_free_p) EVP_PKEY *key = troth_private_from_pem(pem);
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
	const bool usable = troth_x509_each_pem(chain, use_cert, ctx) == TROTH_OK &&
			    use_key(ctx, key);
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
