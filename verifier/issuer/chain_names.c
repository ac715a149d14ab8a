/* SPDX-License-Identifier: Apache-2.0 */
/* Name constraints (RFC 5280, 4.2.1.10) against what certificates may name beside the SPIFFE
 * ID. One name that is not permitted, and peers refuse the whole certificate.
 *
 * A constraint is a subtree of domains or a block of addresses, so whether it holds changes at
 * its edges only: it is enough to try a name in each piece that the edges of all constraints
 * cut a rule into. OpenSSL judges them, as it will for peers. */
#include <arpa/inet.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "chain.h"
#include "line.h"
#include "reader.h"

/* Below a domain, as a device's name is. */
#define TRIED "device."
/* Constraints of one chain, and names tried for one rule. */
#define CONSTRAINTS_MAX 1024

TROTH_DEFINE_AUTO(X509, X509_free)
TROTH_DEFINE_AUTO(GENERAL_NAMES, GENERAL_NAMES_free)

struct trial {
	const struct troth_chain *chain;
	NAME_CONSTRAINTS *of[TROTH_AUTHORITY_CHAIN_MAX]; /* of each certificate, or NULL */
	const struct troth_name_rule *rule;
	struct troth_chain_refusal *why;
};

/* ---- one name ---- */

/* A certificate that names this and nothing else; nobody signs it. */
static X509 *naming(GENERAL_NAME *name)
{
	TROTH_AUTO(GENERAL_NAMES_free_p) GENERAL_NAMES *names = GENERAL_NAMES_new();
	TROTH_AUTO(X509_free_p) X509 *cert = X509_new();
	if (names == NULL || cert == NULL || name == NULL ||
	    sk_GENERAL_NAME_push(names, name) <= 0) {
		GENERAL_NAME_free(name);
		return NULL;
	}
	if (X509_set_version(cert, X509_VERSION_3) != 1 ||
	    X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) != 1)
		return NULL;
	/* Asked for anything, OpenSSL reads the extensions; names are not judged before that.
	 */
	(void)X509_get_extension_flags(cert);
	X509 *made = cert;
	cert = NULL;
	return made;
}

static GENERAL_NAME *name_of(int type, const void *bytes, size_t n)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_STRING *value =
		ASN1_STRING_type_new(type == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
	if (name == NULL || value == NULL || ASN1_STRING_set(value, bytes, (int)n) != 1) {
		GENERAL_NAME_free(name);
		ASN1_STRING_free(value);
		return NULL;
	}
	GENERAL_NAME_set0_value(name, type, value);
	return name;
}

static void describe(const struct trial *t, const GENERAL_NAME *name, size_t at, int error)
{
	char shown[TROTH_DNS_NAME_MAX + 1], subject[96];
	const ASN1_STRING *value = GENERAL_NAME_get0_value(name, NULL);
	const unsigned char *p = ASN1_STRING_get0_data(value);
	const int len = ASN1_STRING_length(value);
	if (name->type == GEN_DNS)
		(void)snprintf(shown, sizeof shown, "%.*s", len, (const char *)p);
	else if (inet_ntop(len == 4 ? AF_INET : AF_INET6, p, shown, sizeof shown) == NULL)
		shown[0] = '\0';
	(void)X509_NAME_oneline(X509_get_subject_name(t->chain->certs[at]), subject,
				sizeof subject);
	struct troth_line line = troth_line_make(t->why->text, sizeof t->why->text);
	troth_line_format(
		&line,
		"a device's certificate that names %s, as certificate_names allows, would "
		"not be believed: %s (name constraints of %s)",
		shown, X509_verify_cert_error_string(error), subject);
}

/* Takes the name over. */
static enum troth_status try_name(const struct trial *t, GENERAL_NAME *name)
{
	TROTH_AUTO(X509_free_p) X509 *cert = naming(name);
	if (cert == NULL)
		return TROTH_E_MEMORY;
	for (size_t i = 0; i < t->chain->n; i++) {
		const int error = t->of[i] == NULL ? X509_V_OK
						   : NAME_CONSTRAINTS_check(cert, t->of[i]);
		if (error == X509_V_OK)
			continue;
		TROTH_AUTO(GENERAL_NAMES_free_p)
		GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
		if (names != NULL)
			describe(t, sk_GENERAL_NAME_value(names, 0), i, error);
		return TROTH_E_CONFIG;
	}
	return TROTH_OK;
}

/* ---- domains ---- */

static enum troth_status try_domain(const struct trial *t, struct troth_view domain)
{
	char below[sizeof TRIED + TROTH_DNS_NAME_MAX];
	if (domain.n == 0 || domain.n > TROTH_DNS_NAME_MAX)
		return TROTH_OK; /* no name of ours can be in it */
	const int n = snprintf(below, sizeof below, "%s%.*s", TRIED, (int)domain.n,
			       (const char *)domain.p);
	TROTH_TRY(try_name(t, name_of(GEN_DNS, domain.p, domain.n)));
	return (size_t)n > TROTH_DNS_NAME_MAX ? TROTH_OK
					      : try_name(t, name_of(GEN_DNS, below, (size_t)n));
}

static enum troth_status try_edge_domain(const struct trial *t, const GENERAL_NAME *edge)
{
	struct troth_view base = { ASN1_STRING_get0_data(edge->d.dNSName),
				   (size_t)ASN1_STRING_length(edge->d.dNSName) };
	const struct troth_name_rules rules = { .n = 1, .list = { *t->rule } };
	if (base.n > 0 && base.p[0] == '.')
		base = (struct troth_view){ base.p + 1, base.n - 1 };
	const struct troth_svid_name name = { TROTH_SVID_DNS, base };
	return troth_name_rules_allow(&rules, &name) ? try_domain(t, base) : TROTH_OK;
}

/* ---- addresses ---- */

struct address {
	uint8_t bytes[16];
};

static enum troth_status try_address(const struct trial *t, const struct address *a)
{
	const struct troth_name_rules rules = { .n = 1, .list = { *t->rule } };
	const struct troth_svid_name name = { TROTH_SVID_IP, { a->bytes, t->rule->len } };
	return troth_name_rules_allow(&rules, &name)
		       ? try_name(t, name_of(GEN_IPADD, a->bytes, t->rule->len))
		       : TROTH_OK;
}

/* The one after, or before; the last has none after it, and comes round to the first. */
static struct address beside(const struct address *a, size_t len, bool after)
{
	struct address next = *a;
	for (size_t i = len; i > 0; i--) {
		next.bytes[i - 1] =
			(uint8_t)(after ? next.bytes[i - 1] + 1 : next.bytes[i - 1] - 1);
		if (next.bytes[i - 1] != (after ? 0x00 : 0xff))
			break;
	}
	return next;
}

/* First and last of a block, and those beside it. */
static enum troth_status try_block(const struct trial *t, const uint8_t *network,
				   const uint8_t *mask)
{
	const size_t len = t->rule->len;
	struct address edges[4] = { 0 };
	for (size_t i = 0; i < len; i++) {
		edges[0].bytes[i] = network[i] & mask[i];
		edges[1].bytes[i] = (uint8_t)(network[i] | (uint8_t)~mask[i]);
	}
	edges[2] = beside(&edges[0], len, false);
	edges[3] = beside(&edges[1], len, true);
	for (size_t i = 0; i < TROTH_COUNT(edges); i++)
		TROTH_TRY(try_address(t, &edges[i]));
	return TROTH_OK;
}

static enum troth_status try_edge_block(const struct trial *t, const GENERAL_NAME *edge)
{
	const uint8_t *p = ASN1_STRING_get0_data(edge->d.iPAddress);
	if ((size_t)ASN1_STRING_length(edge->d.iPAddress) != (size_t)t->rule->len * 2)
		return TROTH_OK; /* of the other family, or none: what OpenSSL says counts */
	return try_block(t, p, p + t->rule->len);
}

static enum troth_status try_network(const struct trial *t)
{
	uint8_t mask[16] = { 0 };
	for (size_t bit = 0; bit < t->rule->prefix; bit++)
		mask[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return try_block(t, t->rule->network, mask);
}

/* ---- a rule ---- */

static enum troth_status try_edges(const struct trial *t, STACK_OF(GENERAL_SUBTREE) * list)
{
	if (sk_GENERAL_SUBTREE_num(list) > CONSTRAINTS_MAX)
		return TROTH_E_LIMIT;
	for (int i = 0; i < sk_GENERAL_SUBTREE_num(list); i++) {
		const GENERAL_NAME *edge = sk_GENERAL_SUBTREE_value(list, i)->base;
		const bool domain = t->rule->domain[0] != '\0';
		if (domain && edge->type == GEN_DNS)
			TROTH_TRY(try_edge_domain(t, edge));
		if (!domain && edge->type == GEN_IPADD)
			TROTH_TRY(try_edge_block(t, edge));
	}
	return TROTH_OK;
}

static enum troth_status try_rule(const struct trial *t)
{
	TROTH_TRY(t->rule->domain[0] != '\0' ? try_domain(t, troth_view_str(t->rule->domain))
					     : try_network(t));
	for (size_t i = 0; i < t->chain->n; i++) {
		if (t->of[i] == NULL)
			continue;
		TROTH_TRY(try_edges(t, t->of[i]->permittedSubtrees));
		TROTH_TRY(try_edges(t, t->of[i]->excludedSubtrees));
	}
	return TROTH_OK;
}

static enum troth_status try_rules(struct trial *t, const struct troth_name_rules *rules)
{
	for (size_t i = 0; i < t->chain->n; i++)
		t->of[i] =
			X509_get_ext_d2i(t->chain->certs[i], NID_name_constraints, NULL, NULL);
	for (size_t i = 0; i < rules->n; i++) {
		t->rule = &rules->list[i];
		TROTH_TRY(try_rule(t));
	}
	return TROTH_OK;
}

enum troth_status troth_chain_judge_names(const struct troth_chain *chain,
					  const struct troth_name_rules *rules,
					  struct troth_chain_refusal *why)
{
	struct trial t = { .chain = chain, .why = why };
	const enum troth_status status = try_rules(&t, rules);
	for (size_t i = 0; i < chain->n; i++)
		NAME_CONSTRAINTS_free(t.of[i]);
	if (status == TROTH_E_LIMIT)
		(void)snprintf(why->text, sizeof why->text,
			       "it has more than %d name constraints", CONSTRAINTS_MAX);
	return status == TROTH_E_LIMIT ? TROTH_E_CONFIG : status;
}
