/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/bio.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base.h"
#include "ek_x509.h"
#include "text.h"
#include "x509_read.h"

/* TCG EK Credential Profile 2.5, 3.1.2: what subjectAltName says of the TPM. */
static const char OID_MANUFACTURER[] = "2.23.133.2.1";
static const char OID_MODEL[] = "2.23.133.2.2";
static const char OID_VERSION[] = "2.23.133.2.3";

TROTH_DEFINE_AUTO(BIO, BIO_free_all)
TROTH_DEFINE_AUTO(ASN1_OBJECT, ASN1_OBJECT_free)
TROTH_DEFINE_AUTO(GENERAL_NAMES, GENERAL_NAMES_free)

static void take_attribute(const X509_NAME *name, const char *oid, char *out, size_t max)
{
	TROTH_AUTO(ASN1_OBJECT_free_p) ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	const int at = object != NULL ? X509_NAME_get_index_by_OBJ(name, object, -1) : -1;
	if (at < 0)
		return;
	const ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	const struct troth_view text = { ASN1_STRING_get0_data(value),
					 (size_t)ASN1_STRING_length(value) };
	troth_escape(text, '\\', out, max);
}

static void take_alt_name(const X509 *cert, struct troth_ek_cert_facts *out)
{
	TROTH_AUTO(GENERAL_NAMES_free_p)
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	const int n = names != NULL ? sk_GENERAL_NAME_num(names) : 0;
	for (int i = 0; i < n; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		if (name->type != GEN_DIRNAME)
			continue;
		take_attribute(name->d.directoryName, OID_MANUFACTURER, out->manufacturer,
			       sizeof out->manufacturer);
		take_attribute(name->d.directoryName, OID_MODEL, out->model, sizeof out->model);
		take_attribute(name->d.directoryName, OID_VERSION, out->version,
			       sizeof out->version);
	}
}

static void take_issuer(const X509 *cert, struct troth_ek_cert_facts *out)
{
	TROTH_AUTO(BIO_free_all_p) BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	if (bio == NULL ||
	    X509_NAME_print_ex(bio, X509_get_issuer_name(cert), 0, XN_FLAG_RFC2253) < 0)
		return;
	const long n = BIO_get_mem_data(bio, &text);
	if (n > 0)
		troth_escape((struct troth_view){ (const uint8_t *)text, (size_t)n }, '\\',
			     out->issuer, sizeof out->issuer);
}

/* Unix time; 0 for what lies before or cannot be read. */
static uint64_t to_unix(const ASN1_TIME *t)
{
	uint64_t time_s;
	return troth_x509_time(t, &time_s) == TROTH_OK ? time_s : 0;
}

void troth_ek_cert_facts_read(const X509 *cert, struct troth_ek_cert_facts *out)
{
	take_alt_name(cert, out);
	take_issuer(cert, out);
	out->not_before_s = to_unix(X509_get0_notBefore(cert));
	out->not_after_s = to_unix(X509_get0_notAfter(cert));
}
