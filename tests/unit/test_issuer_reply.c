/* SPDX-License-Identifier: Apache-2.0 */
/* What the issuer answers, and what is no answer. */
#include "check.h"

#include "base.h"
#include "issuer_fields.h"
#include "message.h"

static void fill_reply(enum troth_issuer_kind kind, struct troth_issuer_reply *r)
{
	*r = (struct troth_issuer_reply){ .status = TROTH_OK };
	switch (kind) {
	case TROTH_ISSUER_CHALLENGE: r->u.challenge.token = VIEW("token"); return;
	case TROTH_ISSUER_ENROLL_BEGIN:
		r->u.enroll_begin = (struct troth_issuer_enroll_begin_reply){ VIEW("token"),
									      VIEW("blob"),
									      VIEW("secret") };
		return;
	case TROTH_ISSUER_ENROLL_FINISH:
		count_up(r->u.enroll_finish.device_id, 32, 0);
		count_up(r->u.enroll_finish.mac, 32, 1);
		return;
	case TROTH_ISSUER_ATTEST:
		r->u.attest = (struct troth_issuer_attest_reply){
			.token = { .purpose = TROTH_TOKEN_QUOTE,
				   .key_id = 1,
				   .issued_ms = 2,
				   .row_version = 3,
				   .wants = 4,
				   .selection = selection() },
			.issued = true,
			.not_after_s = 5,
			.certificate = VIEW("certificate"),
			.result = VIEW("result"),
			.certification = certification(),
		};
		return;
	case TROTH_ISSUER_SEAL: count_up(r->u.seal.mac, 32, 1); return;
	case TROTH_ISSUER_CRL:
	case TROTH_ISSUER_STATUS:
	case TROTH_ISSUER_BUNDLE:
	case TROTH_ISSUER_RELEASE:
	case TROTH_ISSUER_SECRETS_KEY: r->u.der = VIEW("der"); return;
	case TROTH_ISSUER_DENY:
	case TROTH_ISSUER_ALLOW: return;
	}
}

static const enum troth_issuer_kind KINDS[] = {
	TROTH_ISSUER_CHALLENGE, TROTH_ISSUER_ENROLL_BEGIN, TROTH_ISSUER_ENROLL_FINISH,
	TROTH_ISSUER_ATTEST,	TROTH_ISSUER_SEAL,	   TROTH_ISSUER_DENY,
	TROTH_ISSUER_ALLOW,	TROTH_ISSUER_CRL,	   TROTH_ISSUER_BUNDLE,
	TROTH_ISSUER_STATUS,	TROTH_ISSUER_RELEASE,	   TROTH_ISSUER_SECRETS_KEY,
};

static void replies_go_and_come_back(void **state)
{
	(void)state;
	uint8_t buf[BUFFER_MAX], again[BUFFER_MAX];
	for (size_t i = 0; i < TROTH_COUNT(KINDS); i++) {
		enum troth_issuer_kind kind = KINDS[i];
		struct troth_issuer_reply r, back;
		size_t n, n_again;
		fill_reply(kind, &r);
		assert_int_equal(troth_issuer_reply_write(kind, &r, buf, sizeof buf, &n),
				 TROTH_OK);
		assert_int_equal(
			troth_issuer_reply_read(kind, (struct troth_view){ buf, n }, &back),
			TROTH_OK);
		assert_int_equal(
			troth_issuer_reply_write(kind, &back, again, sizeof again, &n_again),
			TROTH_OK);
		assert_int_equal(n_again, n);
		assert_memory_equal(again, buf, n);

		for (size_t cut = 0; cut < n; cut++) {
			POISON(back);
			assert_int_equal(troth_issuer_reply_read(
						 kind, (struct troth_view){ buf, cut }, &back),
					 TROTH_E_TRUNCATED);
			ASSERT_POISONED(back);
		}
		buf[n] = 0;
		POISON(back);
		assert_int_equal(
			troth_issuer_reply_read(kind, (struct troth_view){ buf, n + 1 }, &back),
			TROTH_E_MALFORMED);
		ASSERT_POISONED(back);
	}
}

static void a_refusal_carries_its_finding_and_nothing_else(void **state)
{
	(void)state;
	uint8_t buf[BUFFER_MAX];
	struct troth_issuer_reply r, back;
	size_t n;
	fill_reply(TROTH_ISSUER_ATTEST, &r);
	r.status = TROTH_E_MISMATCH;
	r.finding = TROTH_FINDING_SIGNATURE;
	assert_int_equal(troth_issuer_reply_write(TROTH_ISSUER_ATTEST, &r, buf, sizeof buf, &n),
			 TROTH_OK);
	assert_int_equal(n, 2);
	assert_int_equal(troth_issuer_reply_read(TROTH_ISSUER_ATTEST,
						 (struct troth_view){ buf, n }, &back),
			 TROTH_OK);
	assert_int_equal(back.status, TROTH_E_MISMATCH);
	assert_int_equal(back.finding, TROTH_FINDING_SIGNATURE);
}

static const struct {
	const char *name;
	uint8_t bytes[3];
	size_t n;
} BAD_REPLIES[] = {
	{ "unknown status", { TROTH_STATUS_N, 0 }, 2 },
	{ "unknown finding", { TROTH_E_MISMATCH, TROTH_FINDING_N }, 2 },
	{ "success with a finding", { TROTH_OK, TROTH_FINDING_MAGIC }, 2 },
	{ "refusal with something after it", { TROTH_E_MISMATCH, 0, 0 }, 3 },
};

static void replies_without_meaning_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(BAD_REPLIES); i++) {
		struct troth_issuer_reply r;
		POISON(r);
		enum troth_status got = troth_issuer_reply_read(
			TROTH_ISSUER_DENY,
			(struct troth_view){ BAD_REPLIES[i].bytes, BAD_REPLIES[i].n }, &r);
		if (got != TROTH_E_MALFORMED)
			fail_msg("%s: %d", BAD_REPLIES[i].name, got);
		ASSERT_POISONED(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_go_and_come_back),
		cmocka_unit_test(a_refusal_carries_its_finding_and_nothing_else),
		cmocka_unit_test(replies_without_meaning_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
