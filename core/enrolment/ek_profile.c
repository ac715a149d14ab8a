/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/obj_mac.h>
#include <openssl/x509v3.h>

#include "base.h"
#include "ek_x509.h"

/* tcg-kp-EKCertificate, TCG EK Credential Profile 2.5, 3.1.2. */
static const char OID_EK_CERTIFICATE[] = "2.23.133.8.1";
/* Google's description of a virtual machine, in certificates of its virtual TPMs only. */
static const char OID_GCE_INSTANCE[] = "1.3.6.1.4.1.11129.2.1.21";

TROTH_DEFINE_AUTO(ASN1_OBJECT, ASN1_OBJECT_free)
TROTH_DEFINE_AUTO(EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free)

static void profile(struct troth_findings *findings, const char *what)
{
	troth_finding_detail(troth_finding_add(findings, TROTH_FINDING_EK_CERT_PROFILE), "%s",
			     what);
}

static bool has_extension(const X509 *cert, const char *oid)
{
	TROTH_AUTO(ASN1_OBJECT_free_p) ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	return object != NULL && X509_get_ext_by_OBJ(cert, object, -1) >= 0;
}

/* False too when the extension is missing, comes twice or cannot be read. */
static bool is_for_endorsement(const X509 *cert)
{
	TROTH_AUTO(ASN1_OBJECT_free_p) ASN1_OBJECT *want = OBJ_txt2obj(OID_EK_CERTIFICATE, 1);
	TROTH_AUTO(EXTENDED_KEY_USAGE_free_p)
	EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	const int n = usages != NULL && want != NULL ? sk_ASN1_OBJECT_num(usages) : 0;
	for (int i = 0; i < n; i++)
		if (OBJ_cmp(sk_ASN1_OBJECT_value(usages, i), want) == 0)
			return true;
	return false;
}

/* An EK decrypts: that is how it proves itself. A certificate without keyUsage allows anything,
 * an EK's must not. */
static bool is_for_decryption(X509 *cert)
{
	const uint32_t usage = X509_get_key_usage(cert);
	return (X509_get_extension_flags(cert) & EXFLAG_KUSAGE) != 0 &&
	       (usage & (KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT)) != 0;
}

static bool is_for_certificates(X509 *cert)
{
	const uint32_t flags = X509_get_extension_flags(cert);
	return (flags & EXFLAG_CA) != 0 ||
	       ((flags & EXFLAG_KUSAGE) != 0 &&
		(X509_get_key_usage(cert) & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0);
}

/* Without the extended usage a certificate of the same manufacturer for something else, with a
 * key in software, would pass for one of a TPM. Google's virtual TPMs have signing EKs, and EK
 * certificates of a private CA without extended usage: one of the two marks is enough there. */
static void check_usage(X509 *cert, struct troth_findings *findings)
{
	const bool endorsement = is_for_endorsement(cert);
	const bool decryption = is_for_decryption(cert);
	const bool gce = has_extension(cert, OID_GCE_INSTANCE);
	const bool other_usage = !endorsement &&
				 X509_get_ext_by_NID(cert, NID_ext_key_usage, -1) >= 0;

	if (!endorsement && (other_usage || !gce || !decryption))
		profile(findings, "extendedKeyUsage does not name EK certificates");
	if (!decryption && (!gce || !endorsement))
		profile(findings, "keyUsage allows neither encipherment nor agreement");
	if (is_for_certificates(cert))
		profile(findings, "it is a certificate of an authority");
}

/* The device hands this certificate in: a collision would let it choose what was signed. */
static void check_signature_hash(X509 *cert, struct troth_findings *findings)
{
	int hash = NID_undef;
	(void)X509_get_signature_info(cert, &hash, NULL, NULL, NULL);
	if (hash != NID_sha256 && hash != NID_sha384 && hash != NID_sha512)
		troth_finding_detail(troth_finding_add(findings, TROTH_FINDING_HASH_WEAK),
				     "the EK certificate is signed with %s",
				     hash == NID_undef ? "an algorithm we do not take"
						       : OBJ_nid2sn(hash));
}

void troth_ek_profile_check(X509 *cert, struct troth_findings *findings)
{
	/* Fills OpenSSL's view of the extensions, which the checks below read. */
	if ((X509_get_extension_flags(cert) & EXFLAG_INVALID) != 0)
		profile(findings, "its extensions cannot be read");
	check_usage(cert, findings);
	check_signature_hash(cert, findings);
}
