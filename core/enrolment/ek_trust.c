/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "der.h"
#include "ek_x509.h"
#include "reader.h"
#include "x509_read.h"

TROTH_DEFINE_AUTO(X509_STORE_CTX, X509_STORE_CTX_free)

struct troth_ek_trust {
	X509_STORE *roots;
	STACK_OF(X509) * intermediates;
	size_t n;
};

enum troth_status troth_ek_trust_new(struct troth_ek_trust **out)
{
	struct troth_ek_trust *trust = calloc(1, sizeof *trust);
	if (trust == NULL)
		return TROTH_E_MEMORY;
	trust->roots = X509_STORE_new();
	trust->intermediates = sk_X509_new_null();
	if (trust->roots == NULL || trust->intermediates == NULL) {
		troth_ek_trust_free(trust);
		return TROTH_E_MEMORY;
	}
	*out = trust;
	return TROTH_OK;
}

void troth_ek_trust_free(struct troth_ek_trust *trust)
{
	if (trust == NULL)
		return;
	X509_STORE_free(trust->roots);
	sk_X509_pop_free(trust->intermediates, X509_free);
	free(trust);
}

/* Verifying under a key costs more than linearly in its size: what goes into chains is bounded
 * here, before any chain is built (attacks.md row 28). */
static bool size_accepted(const X509 *cert)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert);
	if (key == NULL)
		return false;
	const int bits = EVP_PKEY_get_bits(key);
	if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS"))
		return bits >= TROTH_CHAIN_RSA_BITS_MIN && bits <= TROTH_CHAIN_RSA_BITS_MAX;
	return EVP_PKEY_is_a(key, "EC") && bits >= 256 && bits <= 521;
}

/* Only what signs itself can end a chain: anything else among the roots is an intermediate. */
static enum troth_status add(struct troth_ek_trust *trust, X509 *cert, bool as_root)
{
	if (X509_check_ca(cert) == 0)
		return TROTH_E_MALFORMED;
	if (!size_accepted(cert))
		return TROTH_E_UNSUPPORTED;
	if (trust->n == TROTH_TRUST_CERTS_MAX)
		return TROTH_E_LIMIT;
	if (as_root && X509_self_signed(cert, 0) == 1) {
		if (X509_STORE_add_cert(trust->roots, cert) != 1)
			return TROTH_E_MEMORY;
	} else {
		if (X509_up_ref(cert) != 1 || sk_X509_push(trust->intermediates, cert) == 0)
			return TROTH_E_MEMORY;
	}
	trust->n++;
	return TROTH_OK;
}

/* DER, or PEM with any number of them. */
static enum troth_status add_any(struct troth_ek_trust *trust, struct troth_view cert,
				 enum troth_status (*visit)(void *trust, X509 *cert))
{
	if (cert.n == 0)
		return TROTH_E_MALFORMED;
	if (cert.n > (size_t)TROTH_TRUST_FILE_MAX)
		return TROTH_E_LIMIT;
	if (cert.p[0] != TROTH_DER_SEQUENCE)
		return troth_x509_each_pem(cert, visit, trust);
	TROTH_AUTO(X509_free_p) X509 *one = troth_x509_parse(cert);
	return one != NULL ? visit(trust, one) : TROTH_E_MALFORMED;
}

static enum troth_status add_root(void *trust, X509 *cert)
{
	return add(trust, cert, true);
}

static enum troth_status add_intermediate(void *trust, X509 *cert)
{
	return add(trust, cert, false);
}

enum troth_status troth_ek_trust_add_root(struct troth_ek_trust *trust, struct troth_view cert)
{
	return add_any(trust, cert, add_root);
}

enum troth_status troth_ek_trust_add_intermediate(struct troth_ek_trust *trust,
						  struct troth_view cert)
{
	return add_any(trust, cert, add_intermediate);
}

/* What the path validation said, for the callback to fill. */
struct outcome {
	X509 *received;
	bool out_of_time;
	int time_depth; /* of the first certificate that is */
	int error;	/* the first one that is not about time */
};

/* A copy made readable has another encoding: what was signed is what was received. */
static bool received_is_signed(const struct outcome *outcome, X509_STORE_CTX *ctx)
{
	const X509 *issuer = X509_STORE_CTX_get0_current_issuer(ctx);
	EVP_PKEY *key = issuer != NULL ? X509_get0_pubkey(issuer) : NULL;
	return key != NULL && outcome->received != X509_STORE_CTX_get0_cert(ctx) &&
	       X509_STORE_CTX_get_error_depth(ctx) == 0 &&
	       X509_verify(outcome->received, key) == 1;
}

/* Time is told apart from everything else: it goes on, and nothing else does. */
static int on_step(int ok, X509_STORE_CTX *ctx)
{
	struct outcome *outcome = X509_STORE_CTX_get_app_data(ctx);
	const int error = X509_STORE_CTX_get_error(ctx);
	if (ok == 1)
		return 1;
	if (error == X509_V_ERR_CERT_SIGNATURE_FAILURE && received_is_signed(outcome, ctx))
		return 1;
	if (error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID) {
		if (!outcome->out_of_time)
			outcome->time_depth = X509_STORE_CTX_get_error_depth(ctx);
		outcome->out_of_time = true;
		return 1;
	}
	if (outcome->error == X509_V_OK)
		outcome->error = error;
	return 0;
}

static void report(const struct outcome *outcome, struct troth_findings *findings)
{
	if (outcome->error != X509_V_OK)
		troth_finding_detail(troth_finding_add(findings, TROTH_FINDING_EK_CERT_CHAIN),
				     "%s", X509_verify_cert_error_string(outcome->error));
	if (outcome->out_of_time)
		troth_finding_detail(troth_finding_add(findings, TROTH_FINDING_EK_CERT_EXPIRED),
				     outcome->time_depth == 0
					     ? "the certificate is outside its validity"
					     : "a certificate of its chain is outside "
					       "its validity (number %d above it)",
				     outcome->time_depth);
}

enum troth_status troth_ek_chain_check(const struct troth_ek_trust *trust,
				       const struct troth_ek_x509 *cert, uint64_t now_s,
				       struct troth_findings *findings)
{
	/* Where time_t has 32 bits it ends in 2038: no later time may become an early one. */
	const uint64_t max_s = sizeof(time_t) < sizeof(int64_t) ? INT32_MAX
								: TROTH_DER_TIME_MAX_S;
	struct outcome outcome = { .received = cert->received, .error = X509_V_OK };
	TROTH_AUTO(X509_STORE_CTX_free_p) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	if (ctx == NULL ||
	    X509_STORE_CTX_init(ctx, trust->roots, cert->readable, trust->intermediates) != 1 ||
	    X509_STORE_CTX_set_app_data(ctx, &outcome) != 1)
		return TROTH_E_MEMORY;
	X509_STORE_CTX_set_verify_cb(ctx, on_step);
	X509_STORE_CTX_set_time(ctx, 0, (time_t)(now_s < max_s ? now_s : max_s));
	/* OpenSSL counts neither the leaf nor the root. */
	X509_STORE_CTX_set_depth(ctx, TROTH_CHAIN_MAX - 2);

	const int verified = X509_verify_cert(ctx);
	if (verified != 1 && outcome.error == X509_V_OK)
		outcome.error = X509_STORE_CTX_get_error(ctx) != X509_V_OK
					? X509_STORE_CTX_get_error(ctx)
					: X509_V_ERR_UNSPECIFIED;
	report(&outcome, findings);
	return TROTH_OK;
}
