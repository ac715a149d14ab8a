/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of the issuer; its answers: test_issuer_reply. The WIRE vectors were made by
 * python3 (struct) from the layout that message.h describes. */
#include "check.h"

#include "base.h"
#include "issuer_fields.h"
#include "message.h"
#include "reader.h"

static const char CHALLENGE_WIRE[] =
	"01000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	"00000000000000050000000302000b0000ffff000c00800001";
static const char SEAL_WIRE[] =
	"10000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	"0000000000000007000670756d702d310005706c616e740003010203808182838485868788898a8b8c8d8e"
	"8f"
	"909192939495969798999a9b9c9d9e9f000670756d702d320004796172640000000000000008";
static const char CRL_WIRE[] =
	"1301000000000000000900000e100000000200000030000102030405060708090"
	"a0b0c0d0e0f00000000673fbb"
	"70101112131415161718191a1b1c1d1e1f00000000673fbb71";

static struct troth_identity identity(void)
{
	struct troth_identity id = { .generation = 7, .name = VIEW("pump-1") };
	count_up(id.id, sizeof id.id, 0);
	count_up(id.mac, sizeof id.mac, 0x80);
	id.segment = VIEW("plant");
	id.ak_public = VIEW("\1\2\3");
	return id;
}

static void fill_challenge(struct troth_issuer_request *q)
{
	count_up(q->u.challenge.device_id, 32, 0);
	q->u.challenge.row_version = 5;
	q->u.challenge.wants = 3;
	q->u.challenge.selection = selection();
}

static struct troth_issuer_enroll_begin begin(void)
{
	struct troth_issuer_enroll_begin b = { .ek_template = 2,
					       .ek_key = VIEW("ek"),
					       .ak_public = VIEW("ak"),
					       .row_version = 6 };
	count_up(b.facts_sha256, 32, 9);
	return b;
}

static void fill_enroll_begin(struct troth_issuer_request *q)
{
	q->u.enroll_begin = begin();
}

static void fill_enroll_finish(struct troth_issuer_request *q)
{
	q->u.enroll_finish = (struct troth_issuer_enroll_finish){
		.begin = begin(),
		.token = VIEW("token"),
		.activated = VIEW("secret"),
		.name = VIEW("pump-1"),
		.segment = VIEW("plant"),
		.generation = 1,
	};
}

static void fill_attest(struct troth_issuer_request *q)
{
	q->u.attest = (struct troth_issuer_attest){
		.identity = identity(),
		.token = VIEW("token"),
		.quote = VIEW("quote"),
		.signature = VIEW("signature"),
		.credential_key = VIEW("key"),
		.session_key = VIEW("session"),
		.session_signature = VIEW("signed by"),
		.result_nonce = VIEW("nonce"),
		.certification = certification(),
		.has_facts = true,
		.secret_name = VIEW("disk"),
		.secret_key = VIEW("secret key"),
		.secret_attest = VIEW("certified"),
		.secret_signature = VIEW("by the AK"),
		.issue = true,
		.ttl_s = 900,
		.appraisal = { .format = TROTH_EAR_CWT,
			       .profile = TROTH_EAR_DRAFT,
			       .tier = TROTH_TIER_WARNING,
			       .trust = { { 2, -1, 3, 0, 32 } },
			       .policy_name = VIEW("plant") },
	};
}

static void fill_release(struct troth_issuer_request *q)
{
	q->u.release = (struct troth_issuer_release){
		.ticket = { .key = VIEW("secret key"), .name = VIEW("disk"), .time_ms = 11 },
		.own = true,
		.sealed = VIEW("sealed"),
	};
	count_up(q->u.release.ticket.device_id, 32, 1);
	count_up(q->u.release.ticket.extra_data, 32, 2);
	count_up(q->u.release.ticket.mac, 32, 3);
}

static void fill_seal(struct troth_issuer_request *q)
{
	q->u.seal = (struct troth_issuer_seal){ .identity = identity(),
						.name = VIEW("pump-2"),
						.segment = VIEW("yard"),
						.generation = 8 };
}

static void fill_deny(struct troth_issuer_request *q)
{
	count_up(q->u.deny.device_id, 32, 1);
}

static uint8_t crl_entries[2 * TROTH_CRL_ENTRY_SIZE];

static void fill_crl(struct troth_issuer_request *q)
{
	struct troth_writer w = troth_writer_make(crl_entries, sizeof crl_entries);
	for (uint8_t i = 0; i < 2; i++) {
		struct troth_crl_entry e = { .revoked_s = 1732230000U + i };
		count_up(e.serial, 16, (uint8_t)(16 * i));
		troth_issuer_crl_put(&w, &e);
	}
	q->u.crl = (struct troth_issuer_crl){ .former = true,
					      .number = 9,
					      .life_s = 3600,
					      .n_entries = 2,
					      .entries = troth_written(&w) };
}

static void fill_status(struct troth_issuer_request *q)
{
	q->u.status = (struct troth_issuer_status){ .sequence = 9, .since = 8, .life_s = 300 };
	count_up(q->u.status.list_sha256, 32, 1);
}

static void fill_nothing(struct troth_issuer_request *q)
{
	(void)q;
}

static const struct {
	const char *name;
	enum troth_issuer_kind kind;
	void (*fill)(struct troth_issuer_request *q);
	const char *wire; /* NULL: only checked against itself */
} REQUESTS[] = {
	{ "challenge", TROTH_ISSUER_CHALLENGE, fill_challenge, CHALLENGE_WIRE },
	{ "enroll begin", TROTH_ISSUER_ENROLL_BEGIN, fill_enroll_begin, NULL },
	{ "enroll finish", TROTH_ISSUER_ENROLL_FINISH, fill_enroll_finish, NULL },
	{ "attest", TROTH_ISSUER_ATTEST, fill_attest, NULL },
	{ "seal", TROTH_ISSUER_SEAL, fill_seal, SEAL_WIRE },
	{ "deny", TROTH_ISSUER_DENY, fill_deny, NULL },
	{ "allow", TROTH_ISSUER_ALLOW, fill_deny, NULL },
	{ "crl", TROTH_ISSUER_CRL, fill_crl, CRL_WIRE },
	{ "bundle", TROTH_ISSUER_BUNDLE, fill_nothing, NULL },
	{ "status", TROTH_ISSUER_STATUS, fill_status, NULL },
	{ "release", TROTH_ISSUER_RELEASE, fill_release, NULL },
	{ "secrets key", TROTH_ISSUER_SECRETS_KEY, fill_nothing, NULL },
};

static size_t encode(size_t i, uint8_t *buf)
{
	struct troth_issuer_request q = { .kind = REQUESTS[i].kind };
	size_t n = 0;
	REQUESTS[i].fill(&q);
	if (troth_issuer_request_write(&q, buf, BUFFER_MAX, &n) != TROTH_OK)
		fail_msg("%s does not encode", REQUESTS[i].name);
	return n;
}

static void requests_go_and_come_back(void **state)
{
	(void)state;
	uint8_t buf[BUFFER_MAX], again[BUFFER_MAX];
	for (size_t i = 0; i < TROTH_COUNT(REQUESTS); i++) {
		struct troth_issuer_request q;
		size_t n = encode(i, buf), n_again;
		if (REQUESTS[i].wire != NULL) {
			assert_int_equal(n, strlen(REQUESTS[i].wire) / 2);
			assert_hex(buf, REQUESTS[i].wire);
		}
		assert_int_equal(troth_issuer_request_read((struct troth_view){ buf, n }, &q),
				 TROTH_OK);
		assert_int_equal(q.kind, REQUESTS[i].kind);
		assert_int_equal(troth_issuer_request_write(&q, again, sizeof again, &n_again),
				 TROTH_OK);
		assert_int_equal(n_again, n);
		assert_memory_equal(again, buf, n);
	}
}

static void request_fields_keep_their_places(void **state)
{
	(void)state;
	uint8_t buf[BUFFER_MAX];
	struct troth_issuer_request q;
	size_t n = encode(3, buf);
	assert_int_equal(troth_issuer_request_read((struct troth_view){ buf, n }, &q),
			 TROTH_OK);
	const struct troth_issuer_attest *a = &q.u.attest;
	assert_true(troth_view_equal(a->identity.segment, VIEW("plant")));
	assert_true(troth_view_equal(a->quote, VIEW("quote")));
	assert_true(troth_view_equal(a->signature, VIEW("signature")));
	assert_true(troth_view_equal(a->session_key, VIEW("session")));
	assert_true(troth_view_equal(a->session_signature, VIEW("signed by")));
	assert_int_equal(a->certify_attest.n, 0);
	assert_int_equal(a->certification.restart_count, 4);
	assert_true(troth_view_equal(a->secret_name, VIEW("disk")));
	assert_true(troth_view_equal(a->secret_key, VIEW("secret key")));
	assert_true(troth_view_equal(a->secret_attest, VIEW("certified")));
	assert_true(troth_view_equal(a->secret_signature, VIEW("by the AK")));
	assert_true(a->has_facts && a->issue && a->certification.present);
	assert_int_equal(a->ttl_s, 900);
	assert_int_equal(a->appraisal.format, TROTH_EAR_CWT);
	assert_int_equal(a->appraisal.trust.claim[1], -1);
	assert_true(troth_view_equal(a->appraisal.policy_name, VIEW("plant")));
}

static void every_prefix_of_a_request_is_refused(void **state)
{
	(void)state;
	uint8_t buf[BUFFER_MAX];
	for (size_t i = 0; i < TROTH_COUNT(REQUESTS); i++) {
		size_t n = encode(i, buf);
		for (size_t cut = 0; cut < n; cut++) {
			struct troth_issuer_request q;
			POISON(q);
			enum troth_status got =
				troth_issuer_request_read((struct troth_view){ buf, cut }, &q);
			if (got != TROTH_E_TRUNCATED)
				fail_msg("%s cut at %zu: %d", REQUESTS[i].name, cut, got);
			ASSERT_POISONED(q);
		}
	}
}

static void one_byte_after_a_request_is_refused(void **state)
{
	(void)state;
	uint8_t buf[BUFFER_MAX];
	for (size_t i = 0; i < TROTH_COUNT(REQUESTS); i++) {
		struct troth_issuer_request q;
		size_t n = encode(i, buf);
		buf[n] = 0;
		POISON(q);
		assert_int_equal(
			troth_issuer_request_read((struct troth_view){ buf, n + 1 }, &q),
			TROTH_E_MALFORMED);
		ASSERT_POISONED(q);
	}
}

static void a_buffer_one_byte_short_is_refused(void **state)
{
	(void)state;
	uint8_t buf[BUFFER_MAX];
	for (size_t i = 0; i < TROTH_COUNT(REQUESTS); i++) {
		struct troth_issuer_request q = { .kind = REQUESTS[i].kind };
		size_t n = encode(i, buf), out_len = 0xaaaa;
		REQUESTS[i].fill(&q);
		assert_int_equal(troth_issuer_request_write(&q, buf, n - 1, &out_len),
				 TROTH_E_LIMIT);
		assert_int_equal(out_len, 0xaaaa);
		assert_int_equal(troth_issuer_request_write(&q, buf, n, &out_len), TROTH_OK);
	}
}

static void unknown_kinds_are_refused(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < 256; kind++) {
		const uint8_t byte = (uint8_t)kind;
		struct troth_issuer_request q;
		bool known = (kind >= 1 && kind <= 5) || (kind >= 16 && kind <= 22);
		enum troth_status got =
			troth_issuer_request_read((struct troth_view){ &byte, 1 }, &q);
		if ((got == TROTH_E_UNSUPPORTED) == known)
			fail_msg("kind %u: %d", kind, got);
	}
}

/* Bytes of the good challenge and attest with one changed to what has no meaning. */
static const struct {
	const char *name;
	size_t request, at;
	uint8_t byte;
	enum troth_status want;
} BENT[] = {
	{ "more banks than fit", 0, 45, TROTH_BANKS_MAX + 1, TROTH_E_LIMIT },
	{ "unknown bank", 0, 47, 0x77, TROTH_E_MALFORMED },
	{ "the same bank twice", 0, 53, 0x0b, TROTH_E_MALFORMED },
	{ "PCR 24", 0, 48, 0x01, TROTH_E_MALFORMED },
	{ "name longer than a name", 3, 1 + 32 + 8 + 1, TROTH_NAME_LEN_MAX + 1, TROTH_E_LIMIT },
	{ "certification present twice over", 3, 127 + 2 + 7 + 2 + 9 + 2 + 5, 2,
	  TROTH_E_MALFORMED },
};

static void values_without_meaning_are_refused(void **state)
{
	(void)state;
	uint8_t buf[BUFFER_MAX] = { 0 };
	for (size_t i = 0; i < TROTH_COUNT(BENT); i++) {
		struct troth_issuer_request q;
		size_t n = encode(BENT[i].request, buf);
		buf[BENT[i].at] = BENT[i].byte;
		POISON(q);
		/* What follows a longer length is there to be read. */
		enum troth_status got = troth_issuer_request_read(
			(struct troth_view){ buf,
					     BENT[i].want == TROTH_E_LIMIT ? BUFFER_MAX : n },
			&q);
		if (got != BENT[i].want)
			fail_msg("%s: %d", BENT[i].name, got);
		ASSERT_POISONED(q);
	}
}

static void crl_counts_must_agree(void **state)
{
	(void)state;
	uint8_t buf[BUFFER_MAX];
	struct troth_issuer_request q;
	struct troth_crl_entry e;
	size_t n = encode(7, buf);

	assert_int_equal(troth_issuer_request_read((struct troth_view){ buf, n }, &q),
			 TROTH_OK);
	assert_true(troth_issuer_crl_entry(&q.u.crl, 1, &e));
	assert_int_equal(e.revoked_s, 1732230001);
	assert_int_equal(e.serial[0], 16);
	POISON(e);
	assert_false(troth_issuer_crl_entry(&q.u.crl, 2, &e));
	ASSERT_POISONED(e);

	buf[17] = 3; /* announces one entry more than there are bytes for */
	assert_int_equal(troth_issuer_request_read((struct troth_view){ buf, n }, &q),
			 TROTH_E_MALFORMED);
	buf[14] = 0xff;
	assert_int_equal(troth_issuer_request_read((struct troth_view){ buf, n }, &q),
			 TROTH_E_LIMIT);
}

static void limits_hold_when_writing(void **state)
{
	(void)state;
	static uint8_t big[TROTH_PUBLIC_MAX + 1], buf[BUFFER_MAX];
	struct troth_issuer_request q = { .kind = TROTH_ISSUER_ENROLL_BEGIN };
	size_t n = 0xaaaa;
	q.u.enroll_begin.ak_public = (struct troth_view){ big, TROTH_PUBLIC_MAX };
	assert_int_equal(troth_issuer_request_write(&q, buf, sizeof buf, &n), TROTH_OK);
	q.u.enroll_begin.ak_public.n++;
	n = 0xaaaa;
	assert_int_equal(troth_issuer_request_write(&q, buf, sizeof buf, &n), TROTH_E_LIMIT);
	assert_int_equal(n, 0xaaaa);
}

static void a_secret_has_a_limit(void **state)
{
	(void)state;
	static uint8_t big[TROTH_SECRET_SEALED_MAX + 1], buf[BUFFER_MAX];
	struct troth_issuer_request q = { .kind = TROTH_ISSUER_RELEASE };
	size_t n;
	q.u.release.sealed = (struct troth_view){ big, TROTH_SECRET_SEALED_MAX };
	assert_int_equal(troth_issuer_request_write(&q, buf, sizeof buf, &n), TROTH_OK);
	q.u.release.sealed.n++;
	assert_int_equal(troth_issuer_request_write(&q, buf, sizeof buf, &n), TROTH_E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_go_and_come_back),
		cmocka_unit_test(request_fields_keep_their_places),
		cmocka_unit_test(every_prefix_of_a_request_is_refused),
		cmocka_unit_test(one_byte_after_a_request_is_refused),
		cmocka_unit_test(a_buffer_one_byte_short_is_refused),
		cmocka_unit_test(unknown_kinds_are_refused),
		cmocka_unit_test(values_without_meaning_are_refused),
		cmocka_unit_test(crl_counts_must_agree),
		cmocka_unit_test(limits_hold_when_writing),
		cmocka_unit_test(a_secret_has_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
