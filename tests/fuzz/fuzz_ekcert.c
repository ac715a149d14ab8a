/* SPDX-License-Identifier: Apache-2.0 */
/* EK certificates: without configured roots none is ever trusted, and whatever one says of
 * itself is printable text. Where its key is found, it is the one that OpenSSL finds. */
#include <assert.h>
#include <openssl/x509.h>
#include <string.h>

#include "ek.h"
#include "reader.h"
#include "x509_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_printable(const char *text, size_t max)
{
	const size_t n = strnlen(text, max);
	assert(n < max);
	for (size_t i = 0; i < n; i++)
		assert(text[i] >= 0x20 && text[i] <= 0x7e);
}

/* OpenSSL takes more than DER and writes DER again: a bit string's unused bits, say, become
 * zero. What is compared is therefore what both places hold, written again. */
static void assert_same_key(X509_PUBKEY *theirs, struct troth_view ours)
{
	const uint8_t *at = ours.p;
	X509_PUBKEY *read = d2i_X509_PUBKEY(NULL, &at, (long)ours.n);
	assert(read != NULL && at == ours.p + ours.n);
	uint8_t *a = NULL, *b = NULL;
	const int n = i2d_X509_PUBKEY(read, &a), m = i2d_X509_PUBKEY(theirs, &b);
	assert(n > 0 && n == m && memcmp(a, b, (size_t)n) == 0);
	OPENSSL_free(a);
	OPENSSL_free(b);
	X509_PUBKEY_free(read);
}

static void compare_key(struct troth_view der)
{
	struct troth_view key;
	const uint8_t *at = der.p;
	X509 *cert = d2i_X509(NULL, &at, (long)der.n);
	if (troth_x509_key(der, &key) == TROTH_OK && cert != NULL)
		assert_same_key(X509_get_X509_PUBKEY(cert), key);
	X509_free(cert);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct troth_ctx *ctx;
	static struct troth_ek_trust *trust;
	struct troth_ek_cert_facts facts;
	struct troth_findings findings = { 0 };
	if (ctx == NULL)
		assert(troth_ctx_new(&ctx) == TROTH_OK &&
		       troth_ek_trust_new(&trust) == TROTH_OK);
	const struct troth_ek_cert_case c = { trust, { data, size }, NULL, 1800000000 };
	assert(troth_ek_cert_verify(ctx, &c, &facts, &findings) == TROTH_OK);
	assert(findings.n > 0);
	compare_key((struct troth_view){ data, size });
	for (size_t i = 0; i < findings.n; i++)
		assert_printable(findings.list[i].detail, sizeof findings.list[i].detail);
	assert_printable(facts.manufacturer, sizeof facts.manufacturer);
	assert_printable(facts.model, sizeof facts.model);
	assert_printable(facts.version, sizeof facts.version);
	assert_printable(facts.issuer, sizeof facts.issuer);
	return 0;
}
