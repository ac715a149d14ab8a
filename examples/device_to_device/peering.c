/* SPDX-License-Identifier: Apache-2.0 */
#include "peering.h"

#include <openssl/err.h>
#include <stdio.h>
#include <time.h>

#include "../documents.h"

enum { PATH_ROOM = 512, CHAIN_MAX = 8 };

/* ---- the question ---- */

static enum troth_decision ask(struct peering *p, const struct troth_peer_certificate *c)
{
	const struct troth_peer_rule rule = { &p->segment, 1 };
	enum troth_decision decision = TROTH_UNDECIDED;
	char dir[PATH_ROOM];
	const int n = snprintf(dir, sizeof dir, "%s/peers", p->run_dir);
	/* Read anew each time: the attester has made sure that they only become newer. Whoever
	 * is called often keeps the object, and looks first whether a file is another one. */
	struct troth_peers *peers =
		n > 0 && n < PATH_ROOM ? documents_load(p->trust_domain, dir) : NULL;
	if (peers == NULL ||
	    troth_peer_verify(peers, c, &rule, &decision, &p->peer) != TROTH_OK)
		decision = TROTH_UNDECIDED;
	troth_peers_free(peers);
	return decision;
}

static struct troth_view der_of(X509 *cert)
{
	unsigned char *der = NULL;
	const int n = i2d_X509(cert, &der);
	return (struct troth_view){ der, n > 0 ? (size_t)n : 0 };
}

/* In place of OpenSSL's own check of the chain, so that a peer who is refused learns it from
 * the handshake, and nothing it sends is read. */
static int verify(X509_STORE_CTX *store, void *arg)
{
	struct peering *p = arg;
	struct troth_view chain[CHAIN_MAX];
	STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(store);
	struct troth_peer_certificate c = { .leaf = der_of(X509_STORE_CTX_get0_cert(store)),
					    .chain = chain,
					    .now_s = (uint64_t)time(NULL) };
	while (c.n_chain < CHAIN_MAX && (int)c.n_chain < sk_X509_num(sent)) {
		chain[c.n_chain] = der_of(sk_X509_value(sent, (int)c.n_chain));
		c.n_chain++;
	}
	p->decision = ask(p, &c);
	OPENSSL_free((void *)(uintptr_t)c.leaf.p);
	for (size_t i = 0; i < c.n_chain; i++)
		OPENSSL_free((void *)(uintptr_t)chain[i].p);
	if (p->decision == TROTH_ADMITTED)
		return 1;
	X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

void peering_report(const struct peering *p, int done)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());
	if (done)
		(void)printf("admitted %s\n", p->peer.id);
	else if (p->decision == TROTH_ADMITTED || p->decision == TROTH_UNDECIDED)
		(void)printf("refused handshake: %s\n", why != NULL ? why : "hung up");
	else
		(void)printf("refused %s: %s\n", troth_decision_name(p->decision),
			     troth_decision_text(p->decision));
	(void)fflush(stdout);
}

/* ---- TLS ---- */

/* The key stays in the TPM: the tpm2 provider reads key.pem, and has the TPM sign. Where it is
 * reached is in TPM2OPENSSL_TCTI. */
static int use_credentials(SSL_CTX *ctx, const struct peering *p)
{
	char cert[PATH_ROOM], key[PATH_ROOM];
	const int n = snprintf(cert, sizeof cert, "%s/cert.pem", p->run_dir);
	const int m = snprintf(key, sizeof key, "%s/key.pem", p->run_dir);
	return n > 0 && n < PATH_ROOM && m > 0 && m < PATH_ROOM &&
	       SSL_CTX_use_certificate_chain_file(ctx, cert) == 1 &&
	       SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1;
}

static int prepare(SSL_CTX *ctx, struct peering *p)
{
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, verify, p);
	/* A resumed session would be one that nobody is asked about. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	return SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
	       SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
	       use_credentials(ctx, p);
}

SSL_CTX *peering_new(struct peering *p, const SSL_METHOD *side)
{
	SSL_CTX *ctx = NULL;
	p->software = OSSL_PROVIDER_load(NULL, "default");
	p->tpm = OSSL_PROVIDER_load(NULL, "tpm2");
	if (p->software != NULL && p->tpm != NULL)
		ctx = SSL_CTX_new_ex(NULL, "?tpm2.signature=yes", side);
	if (ctx != NULL && prepare(ctx, p))
		return ctx;
	ERR_print_errors_fp(stderr);
	SSL_CTX_free(ctx);
	return NULL;
}

void peering_free(struct peering *p, SSL_CTX *ctx)
{
	SSL_CTX_free(ctx);
	if (p->tpm != NULL)
		(void)OSSL_PROVIDER_unload(p->tpm);
	if (p->software != NULL)
		(void)OSSL_PROVIDER_unload(p->software);
}
