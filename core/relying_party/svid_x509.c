/* SPDX-License-Identifier: Apache-2.0 */
#include "svid_x509.h"

#include <openssl/x509v3.h>
#include <string.h>

#include "reader.h"
#include "x509_read.h"

TROTH_DEFINE_AUTO(GENERAL_NAMES, GENERAL_NAMES_free)

static bool usages_sound(X509 *leaf)
{
	const uint32_t flags = X509_get_extension_flags(leaf);
	const uint32_t usage = X509_get_key_usage(leaf);
	const uint32_t both = XKU_SSL_SERVER | XKU_SSL_CLIENT;
	if ((flags & (EXFLAG_INVALID | EXFLAG_CA | EXFLAG_CRITICAL)) != 0 ||
	    (flags & EXFLAG_KUSAGE) == 0)
		return false;
	if ((usage & KU_DIGITAL_SIGNATURE) == 0 ||
	    (usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0)
		return false;
	return (flags & EXFLAG_XKUSAGE) == 0 ||
	       (X509_get_extended_key_usage(leaf) & both) == both;
}

/* The one URI; an empty view when there is none, or more than one. */
static struct troth_view only_uri(const GENERAL_NAMES *names)
{
	struct troth_view uri = { 0 };
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		if (name->type != GEN_URI)
			continue;
		if (uri.n > 0)
			return (struct troth_view){ 0 };
		const ASN1_IA5STRING *text = name->d.uniformResourceIdentifier;
		uri = (struct troth_view){ ASN1_STRING_get0_data(text),
					   (size_t)ASN1_STRING_length(text) };
	}
	return uri;
}

static bool read_name(X509 *leaf, struct troth_svid_facts *out)
{
	int critical = -1;
	TROTH_AUTO(GENERAL_NAMES_free_p)
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, &critical, NULL);
	if (names == NULL) /* none, or twice */
		return false;
	const struct troth_view uri = only_uri(names);
	if (uri.n == 0 || uri.n >= sizeof out->id || memchr(uri.p, 0, uri.n) != NULL)
		return false;
	memcpy(out->id, uri.p, uri.n);
	out->id[uri.n] = '\0';
	return troth_spiffe_read(troth_view_str(out->id), &out->parts) == TROTH_OK;
}

bool troth_svid_facts_read(X509 *leaf, struct troth_svid_facts *out)
{
	return usages_sound(leaf) && read_name(leaf, out) &&
	       troth_x509_time(X509_get0_notBefore(leaf), &out->not_before_s) == TROTH_OK &&
	       troth_x509_time(X509_get0_notAfter(leaf), &out->not_after_s) == TROTH_OK;
}
