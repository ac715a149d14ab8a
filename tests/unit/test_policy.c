/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <openssl/evp.h>

#include "base.h"
#include "file.h"
#include "policy_text.h"
#include "reader.h"

#define HEAD "name: factory\nsegment: line-a\n"
#define PCRS "pcrs: { sha256: [0, 4, 7] }\n"

static void a_short_policy_is_careful(void **state)
{
	struct troth_policy p;
	struct troth_config_error e;
	assert_int_equal(parse(*state, HEAD PCRS, &p, &e), TROTH_OK);
	assert_string_equal(p.name, "factory");
	assert_string_equal(p.segment, "line-a");
	assert_string_equal(p.reference, "");
	assert_int_equal(p.selection.n_banks, 1);
	assert_int_equal(p.selection.banks[0].bank, TROTH_HASH_SHA256);
	assert_int_equal(p.selection.banks[0].mask, 0x91);
	assert_true(p.require_secure_boot);
	assert_int_equal(p.enrolment, TROTH_ENROL_APPROVAL);
	assert_int_equal(p.ek_template, TROTH_EK_L1_RSA2048);
	assert_false(p.auto_approve);
	assert_int_equal(p.certificate_ttl_s, 900);
	assert_int_equal(p.result, TROTH_EAR_JWT);
	assert_int_equal(p.result_profile, TROTH_EAR_DEPLOYED);
	assert_int_equal(p.stale_after_s, 1800);
	assert_int_equal(p.unreachable_after_s, 86400);
	assert_int_equal(p.n_ignore, 0);
}

static void endorsement_keys_by_name(void **state)
{
	static const struct {
		const char *name;
		enum troth_ek_template want;
	} NAMES[] = {
		{ "rsa2048", TROTH_EK_L1_RSA2048 },
		{ "p256", TROTH_EK_L2_P256 },
		{ "p384", TROTH_EK_H3_P384 },
		{ "rsa3072", TROTH_EK_H6_RSA3072 },
	};
	struct troth_policy p;
	struct troth_config_error e;
	char text[128];
	for (size_t i = 0; i < TROTH_COUNT(NAMES); i++) {
		snprintf(text, sizeof text, HEAD PCRS "ek_template: %s\n", NAMES[i].name);
		assert_int_equal(parse(*state, text, &p, &e), TROTH_OK);
		assert_int_equal(p.ek_template, NAMES[i].want);
	}
	POISON(p);
	assert_int_equal(parse(*state, HEAD PCRS "ek_template: any\n", &p, &e), TROTH_E_CONFIG);
	ASSERT_POISONED(p);
}

static void banks_keep_their_order(void **state)
{
	struct troth_policy p;
	struct troth_config_error e;
	assert_int_equal(parse(*state,
			       HEAD "pcrs: { sha384: [23], sha1: [1], sha256: [0, 4, 7] }\n",
			       &p, &e),
			 TROTH_OK);
	assert_int_equal(p.selection.n_banks, 3);
	assert_int_equal(p.selection.banks[0].bank, TROTH_HASH_SHA384);
	assert_int_equal(p.selection.banks[0].mask, 1 << 23);
	assert_int_equal(p.selection.banks[1].bank, TROTH_HASH_SHA1);
	assert_int_equal(p.selection.banks[2].bank, TROTH_HASH_SHA256);
}

/* TCG PC Client PFP 1.05, 10.4.1: the numbers of the event types. */
static void ignore_rules_name_events(void **state)
{
	static const char TEXT[] = HEAD PCRS
		"ignore:\n"
		"  - { pcr: 1, event: EV_EFI_VARIABLE_BOOT }\n"
		"  - { pcr: 5, event: any }\n"
		"  - { pcr: 23, event: '0x8000ABCD' }\n"
		"  - { pcr: 6, event: EV_SEPARATOR }\n"
		"  - { pcr: 14, event: EV_EFI_VARIABLE_AUTHORITY }\n";
	struct troth_policy p;
	struct troth_config_error e;
	if (parse(*state, TEXT, &p, &e) != TROTH_OK)
		fail_msg("%u:%u: %s", e.line, e.column, e.text);
	assert_int_equal(p.n_ignore, 5);
	assert_int_equal(p.ignore[0].pcr, 1);
	assert_int_equal(p.ignore[0].type, 0x80000002);
	assert_int_equal(p.ignore[1].type, UINT32_MAX);
	assert_int_equal(p.ignore[2].pcr, 23);
	assert_int_equal(p.ignore[2].type, 0x8000abcd);
	assert_int_equal(p.ignore[3].type, 4);
	assert_int_equal(p.ignore[4].type, 0x800000e0);
}

static const struct {
	const char *name, *text;
	uint32_t line, column;
	const char *says;
} REFUSED[] = {
	{ "no name", "segment: a\n" PCRS, 1, 1, "missing key: name" },
	{ "no segment", "name: a\n" PCRS, 1, 1, "missing key: segment" },
	{ "no PCRs", HEAD, 1, 1, "missing key: pcrs" },
	{ "a key of another format", HEAD PCRS "nonce: 1\n", 4, 1, "unknown key" },
	{ "name with a capital", "name: Factory\nsegment: a\n" PCRS, 1, 7, "no name" },
	{ "name with a slash", "name: a/b\nsegment: a\n" PCRS, 1, 7, "no name" },
	{ "name that climbs", "name: a..b\nsegment: a\n" PCRS, 1, 7, "no name" },
	{ "segment with a blank", "name: a\nsegment: a b\n" PCRS, 2, 10, "no name" },
	{ "another trust domain", HEAD "trust_domain: example.net\n" PCRS, 3, 15,
	  "another trust domain" },
	{ "unknown bank", HEAD "pcrs: { md5: [0] }\n", 3, 9, "no such PCR bank" },
	{ "bank twice", HEAD "pcrs: { sha256: [0], sha256: [1] }\n", 3, 22, "duplicate" },
	{ "no bank", HEAD "pcrs: {}\n", 0, 0, "no PCR" },
	{ "bank without PCRs", HEAD "pcrs: { sha256: [] }\n", 3, 9, "without PCRs" },
	{ "PCR past the last", HEAD "pcrs: { sha256: [23, 24] }\n", 3, 22, "out of range" },
	{ "PCR twice", HEAD "pcrs: { sha256: [1, 1] }\n", 3, 9, "PCR 1 comes twice" },
	{ "SHA-1 alone", HEAD "pcrs: { sha1: [0] }\n", 0, 0, "SHA-1 alone" },
	{ "secure boot in doubt", HEAD PCRS "secure_boot: false\n", 4, 14, "required any" },
	{ "unknown enrolment", HEAD PCRS "enrolment: none\n", 4, 12, "ek-certificate" },
	{ "automatic approval of strangers", HEAD PCRS "approve: automatic\n", 0, 0,
	  "every stranger" },
	{ "a result of no known form", HEAD PCRS "result: xml\n", 4, 9, "" },
	{ "life just too short", HEAD PCRS "certificate_lifetime: 59s\n", 4, 23,
	  "out of range" },
	{ "life just too long", HEAD PCRS "certificate_lifetime: 86401s\n", 4, 23,
	  "out of range" },
	{ "unreachable before stale", HEAD PCRS "stale_after: 10m\nunreachable_after: 10m\n", 0,
	  0, "shorter than" },
	{ "stale just too long", HEAD PCRS "stale_after: 31d\n", 4, 14, "out of range" },
	{ "names without any", HEAD PCRS "names: {}\n", 4, 8, "neither dns nor shared" },
	{ "names of another kind", HEAD PCRS "names: { mail: [] }\n", 4, 10, "" },
	{ "no DNS name", HEAD PCRS "names: { dns: [\"{name}_x.example.org\"] }\n", 4, 16,
	  "no DNS name" },
	{ "an unknown placeholder", HEAD PCRS "names: { dns: [\"{id}.example.org\"] }\n", 4, 16,
	  "no DNS name" },
	{ "a wildcard for a whole domain", HEAD PCRS "names: { dns: [\"*.org\"] }\n", 4, 16,
	  "no DNS name" },
	{ "a DNS name twice", HEAD PCRS "names: { shared: [a.example.org, a.example.org] }\n",
	  4, 34, "the same DNS name twice" },
	{ "five DNS names", HEAD PCRS "names: { shared: [a.b, b.b, c.b, d.b, e.b] }\n", 4, 39,
	  "more than 4 DNS names" },
	{ "a label of two placeholders",
	  HEAD PCRS "names: { dns: [\"{name}-{segment}.a.b\"] }\n", 4, 16, "two placeholders" },
	{ "a name for all", HEAD PCRS "names: { dns: [a.example.org] }\n", 4, 16,
	  "without {name}" },
	{ "a shared name of one", HEAD PCRS "names: { shared: [\"{name}.a.b\"] }\n", 4, 19,
	  "has no {name}" },
	{ "two patterns for one name",
	  HEAD PCRS "names: { dns: [\"{name}.a.b\", \"x-{name}.a.b\"] }\n", 4, 8, "one name" },
	{ "no address", HEAD PCRS "names: { ip: [{ device: a, address: 192.0.2 }] }\n", 4, 37,
	  "no IP address" },
	{ "an address of nobody", HEAD PCRS "names: { ip: [{ address: 192.0.2.1 }] }\n", 4, 15,
	  "missing key: device" },
	{ "an address of two",
	  HEAD PCRS "names: { ip: [{ device: a, address: 192.0.2.1 }, { device: b, address: "
		    "192.0.2.1 }] }\n",
	  4, 50, "the same address twice" },
	{ "five addresses of one",
	  HEAD PCRS "names: { ip: [{ device: a, address: 192.0.2.1 }, { device: a, address: "
		    "192.0.2.2 }, { device: a, address: 192.0.2.3 }, { device: a, address: "
		    "192.0.2.4 }, { device: a, address: 192.0.2.5 }] }\n",
	  4, 155, "more than 4 addresses of one device" },
	{ "tpm without rules", HEAD PCRS "tpm: {}\n", 4, 6, "neither deny nor allow" },
	{ "tpm with an empty list", HEAD PCRS "tpm: { deny: [] }\n", 4, 6,
	  "neither deny nor allow" },
	{ "tpm with an unknown key", HEAD PCRS "tpm: { forbid: [] }\n", 4, 8, "" },
	{ "tpm rule that names no TPM", HEAD PCRS "tpm: { deny: [{}] }\n", 4, 15,
	  "names no TPM" },
	{ "tpm maker too long", HEAD PCRS "tpm: { deny: [{ manufacturer: INFINEONX }] }\n", 4,
	  31, "no TPM vendor ID" },
	{ "tpm version of five numbers", HEAD PCRS "tpm: { deny: [{ to: 1.2.3.4.5 }] }\n", 4,
	  21, "no firmware version" },
	{ "tpm version past 16 bits", HEAD PCRS "tpm: { deny: [{ to: 7.65536 }] }\n", 4, 21,
	  "no firmware version" },
	{ "tpm range turned round", HEAD PCRS "tpm: { deny: [{ from: 8, to: 7.85 }] }\n", 4, 15,
	  "from is later than to" },
	{ "ignore without event", HEAD PCRS "ignore: [{ pcr: 1 }]\n", 4, 10,
	  "missing key: event" },
	{ "ignore of an unknown event", HEAD PCRS "ignore: [{ pcr: 1, event: EV_X }]\n", 4, 27,
	  "no such event type" },
	{ "ignore of a short number", HEAD PCRS "ignore: [{ pcr: 1, event: 0x1 }]\n", 4, 27,
	  "no such event type" },
	{ "ignore of the number that stands for any",
	  HEAD PCRS "ignore: [{ pcr: 1, event: 0xffffffff }]\n", 4, 27, "no such event type" },
	{ "ignore in PCR 0, where code is", HEAD PCRS "ignore: [{ pcr: 0, event: any }]\n", 4,
	  10, "nothing in it is ignored" },
	{ "ignore in PCR 2", HEAD PCRS "ignore: [{ pcr: 2, event: EV_SEPARATOR }]\n", 4, 10,
	  "nothing in it is ignored" },
	{ "ignore in PCR 4", HEAD PCRS "ignore: [{ pcr: 4, event: EV_SEPARATOR }]\n", 4, 10,
	  "nothing in it is ignored" },
	{ "ignore in PCR 7", HEAD PCRS "ignore: [{ pcr: 7, event: EV_SEPARATOR }]\n", 4, 10,
	  "nothing in it is ignored" },
	{ "secure boot without PCR 4", HEAD "pcrs: { sha256: [0, 7] }\n", 0, 0,
	  "PCRs 4 and 7" },
	{ "secure boot without PCR 7", HEAD "pcrs: { sha256: [0, 4] }\n", 0, 0,
	  "PCRs 4 and 7" },
	{ "secure boot in two banks by halves", HEAD "pcrs: { sha256: [4], sha384: [7] }\n", 0,
	  0, "PCRs 4 and 7" },
	{ "ignore of PCR 24", HEAD PCRS "ignore: [{ pcr: 24, event: any }]\n", 4, 17,
	  "out of range" },
	{ "ignore twice",
	  HEAD PCRS "ignore: [{ pcr: 1, event: any }, { pcr: 1, event: any }]\n", 4, 34,
	  "twice" },
};

static void refusals(void **state)
{
	for (size_t i = 0; i < TROTH_COUNT(REFUSED); i++) {
		struct troth_policy p;
		struct troth_config_error e;
		POISON(p);
		enum troth_status st = parse(*state, REFUSED[i].text, &p, &e);
		if (st != TROTH_E_CONFIG || e.line != REFUSED[i].line ||
		    e.column != REFUSED[i].column || strstr(e.text, REFUSED[i].says) == NULL)
			fail_msg("%s: got %s, %u:%u: %s", REFUSED[i].name,
				 troth_status_name(st), e.line, e.column, e.text);
		ASSERT_POISONED(p);
	}
}

static void addresses_at_and_past_their_limit(void **state)
{
	for (size_t n = TROTH_POLICY_ADDRESSES_MAX; n <= TROTH_POLICY_ADDRESSES_MAX + 1; n++) {
		static char text[TROTH_POLICY_MAX];
		struct troth_config_error error;
		struct troth_policy p;
		size_t at =
			(size_t)snprintf(text, sizeof text, "%s", HEAD PCRS "names:\n  ip:\n");
		for (size_t i = 0; i < n; i++)
			at += (size_t)snprintf(text + at, sizeof text - at,
					       "  - { device: d%zu, address: 10.0.%zu.%zu }\n",
					       i, i / 256, i % 256);
		const enum troth_status got =
			troth_policy_parse(*state, (struct troth_view){ (uint8_t *)text, at },
					   troth_view_str("example.org"), &p, &error);
		assert_int_equal(got,
				 n <= TROTH_POLICY_ADDRESSES_MAX ? TROTH_OK : TROTH_E_CONFIG);
		if (got == TROTH_OK)
			assert_int_equal(p.names.n_addresses, n);
		else
			assert_non_null(strstr(error.text, "more than 256 addresses"));
	}
}

static void ignore_rules_at_and_past_their_limit(void **state)
{
	char text[8192];
	struct troth_policy p;
	struct troth_config_error e;
	size_t n = (size_t)snprintf(text, sizeof text, "%signore:\n", HEAD PCRS);
	for (unsigned i = 0; i < TROTH_IGNORE_RULES_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof text - n,
				      "  - { pcr: %u, event: '0x%08x' }\n", 8 + i % 16, i + 1);
	assert_int_equal(parse(*state, text, &p, &e), TROTH_OK);
	assert_int_equal(p.n_ignore, TROTH_IGNORE_RULES_MAX);
	snprintf(text + n, sizeof text - n, "  - { pcr: 9, event: any }\n");
	assert_int_equal(parse(*state, text, &p, &e), TROTH_E_CONFIG);
	assert_int_equal(e.line, 4 + TROTH_IGNORE_RULES_MAX + 1);
}

static void lists_at_and_past_their_limits(void **state)
{
	static const struct policy_list LIMITS[] = {
		{ HEAD PCRS "names: { dns: [", "\"{name}.a%.example.org\"",
		  TROTH_POLICY_DNS_MAX, "] }\n" },
		/* With as many DNS names a certificate is full. */
		{ HEAD PCRS "names: { ip: [", "{ device: a, address: 192.0.2.% }",
		  TROTH_SVID_NAMES_MAX - TROTH_POLICY_DNS_MAX, "] }\n" },
		{ HEAD PCRS "allow: [", "{ audience: a%, methods: [GET] }",
		  TROTH_ALLOW_RULES_MAX, "]\n" },
		{ HEAD PCRS "allow: [{ audience: a, methods: [", "GET", TROTH_ALLOW_METHODS_MAX,
		  "] }]\n" },
		{ HEAD PCRS "secrets: [", "s%", TROTH_POLICY_SECRETS_MAX, "]\n" },
		{ HEAD PCRS "tpm: { deny: [", "{ from: '%' }", TROTH_TPM_RULES_MAX, "] }\n" },
		{ HEAD PCRS "tpm: { allow: [", "{ from: '%' }", TROTH_TPM_RULES_MAX, "] }\n" },
	};
	assert_limits(*state, LIMITS, TROTH_COUNT(LIMITS));
}

/* The id is the SHA-256 of the text, as any other tool computes it. */
static void id_is_the_digest_of_the_text(void **state)
{
	static const char TEXT[] = HEAD PCRS;
	uint8_t want[32];
	struct troth_policy p;
	struct troth_config_error e;
	assert_int_equal(parse(*state, TEXT, &p, &e), TROTH_OK);
	assert_int_equal(EVP_Digest(TEXT, sizeof TEXT - 1, want, NULL, EVP_sha256(), NULL), 1);
	assert_memory_equal(p.id, want, sizeof want);
}

/* What the manual shows is what the verifier takes. */
static void the_manual_is_right(void **state)
{
	struct troth_buffer manual = { 0 };
	struct troth_policy p;
	struct troth_config_error e;
	assert_int_equal(troth_file_read(TROTH_DOCS "/policy.md", 1 << 20, &manual), TROTH_OK);
	char *start = strstr((char *)manual.p, "```yaml\n");
	assert_non_null(start);
	start += strlen("```yaml\n");
	char *end = strstr(start, "```");
	assert_non_null(end);
	*end = '\0';
	if (parse(*state, start, &p, &e) != TROTH_OK)
		fail_msg("line %u of the example: %s", e.line, e.text);
	assert_string_equal(p.reference, "factory-2026");
	assert_int_equal(p.enrolment, TROTH_ENROL_CERTIFICATE);
	assert_int_equal(p.n_ignore, 2);
	assert_true(p.ima.present && p.ima.required);
	assert_int_equal(p.ima.n_rules, 2);
	assert_int_equal(p.ima.n_ignore, 2);
	assert_int_equal(p.ima.n_events, 2);
	troth_buffer_clear(&manual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_short_policy_is_careful),
		cmocka_unit_test(endorsement_keys_by_name),
		cmocka_unit_test(banks_keep_their_order),
		cmocka_unit_test(ignore_rules_name_events),
		cmocka_unit_test(refusals),
		cmocka_unit_test(addresses_at_and_past_their_limit),
		cmocka_unit_test(ignore_rules_at_and_past_their_limit),
		cmocka_unit_test(lists_at_and_past_their_limits),
		cmocka_unit_test(id_is_the_digest_of_the_text),
		cmocka_unit_test(the_manual_is_right),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
