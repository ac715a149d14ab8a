/* SPDX-License-Identifier: Apache-2.0 */
/* IMA lists that come in parts: nobody but the device that quoted may send them, only what
 * leads to the quoted value counts, and what is begun and left costs the verifier nothing. */

#include "lab.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ima_builder.h"
#include "wire.h"

/* A list of so many entries in parts of this many. */
enum { ENTRIES = 96, PART = 24 };

static struct troth_ctx *ctx;
static struct ima_builder list;
static size_t starts[ENTRIES + 1]; /* where its entries begin, and its end */

static void make_list(void)
{
	char path[64];
	uint8_t digest[32] = { 0 };
	list = (struct ima_builder){ .ctx = ctx, .hash = TROTH_HASH_SHA1 };
	for (size_t i = 0; i < ENTRIES; i++) {
		starts[i] = list.n;
		digest[0] = (uint8_t)i;
		snprintf(path, sizeof path, "/opt/program-%zu", i);
		ima_add_file(&list, i == 0 ? "boot_aggregate" : path, digest);
	}
	starts[ENTRIES] = list.n;
}

/* PCR <- H(PCR || H(template data)), entry by entry. */
static void extend(struct fleet_device *d, size_t n)
{
	uint8_t both[64] = { 0 };
	struct troth_ima_list read;
	struct troth_ima_record r;
	assert_int_equal(troth_ima_open(ctx, ima_view(&list), TROTH_HASH_SHA1, &read),
			 TROTH_OK);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(troth_ima_next(&read, &r), TROTH_OK);
		assert_int_equal(
			EVP_Digest(r.data.p, r.data.n, both + 32, NULL, EVP_sha256(), NULL), 1);
		assert_int_equal(EVP_Digest(both, 64, both, NULL, EVP_sha256(), NULL), 1);
	}
	struct troth_pcr_bank *bank = troth_pcr_bank_get(&d->pcrs, TROTH_HASH_SHA256);
	assert_non_null(bank);
	memcpy(bank->value[10], both, 32);
	bank->have |= 1U << 10;
}

static void ask_for_ima(struct lab *lab)
{
	test_service_admin_ok(&lab->service, "/v1/admin/policies", "application/yaml",
			      "name: default\n"
			      "segment: line-1\n"
			      "pcrs:\n"
			      "  sha256: [0, 1, 2, 3, 4, 5, 7, 8, 9, 10]\n"
			      "secure_boot: required\n"
			      "reference: base\n"
			      "enrolment: inventory\n"
			      "approve: automatic\n"
			      "ima:\n"
			      "  ignore: [ '/opt/*' ]\n");
}

static int open_lab(void **state)
{
	if (troth_ctx_new(&ctx) != TROTH_OK || lab_setup(state) != 0)
		return -1;
	struct lab *lab = *state;
	make_list();
	for (int i = 0; i < LAB_DEVICES; i++)
		extend(&lab->devices[i], ENTRIES);
	ask_for_ima(lab);
	return 0;
}

static int close_lab(void **state)
{
	ima_free(&list);
	troth_ctx_free(ctx);
	return lab_teardown(state);
}

/* ---- a list under way ---- */

struct stream {
	struct lab *lab;
	struct tls_client *http;
	struct fleet_device *device;
	Troth__V1__Challenge *challenge;
	uint8_t carry[4096];
	size_t carry_len;
	uint64_t next;
	struct fleet_attestation a; /* as it was sent last */
};

static struct stream *begin(struct lab *lab, int device)
{
	struct stream *s = calloc(1, sizeof *s);
	assert_non_null(s);
	s->lab = lab;
	s->http = &lab->http;
	s->device = &lab->devices[device];
	s->challenge = fleet_challenge(s->device, s->http);
	assert_non_null(s->challenge);
	fleet_attest(s->device, s->challenge, &s->a);
	return s;
}

static void end(struct stream *s)
{
	troth_wire_free(&s->challenge->base);
	free(s);
}

/* The same device goes on under a new challenge. */
static void ask_again(struct stream *s)
{
	troth_wire_free(&s->challenge->base);
	s->challenge = fleet_challenge(s->device, s->http);
	assert_non_null(s->challenge);
	fleet_attest(s->device, s->challenge, &s->a);
}

static int post(struct stream *s, size_t from, size_t to, bool more)
{
	s->a.message.ima = troth_wire_bytes(
		(struct troth_view){ list.p + starts[from], starts[to] - starts[from] });
	s->a.message.ima_first = from;
	s->a.message.ima_more = more;
	s->a.message.ima_carry =
		troth_wire_bytes((struct troth_view){ s->carry, s->carry_len });
	assert_true(fleet_post(s->http, "/v1/attest", &s->a.message.base));
	return s->http->status;
}

static void take_carry(struct stream *s)
{
	ProtobufCMessage *m = fleet_answer(s->http, &troth__v1__attestation_result__descriptor);
	assert_non_null(m);
	const Troth__V1__AttestationResult *r = (const Troth__V1__AttestationResult *)m;
	assert_int_equal(r->certificate.len, 0);
	assert_int_equal(r->ear.len, 0);
	assert_true(r->ima_carry.len > 0 && r->ima_carry.len <= sizeof s->carry);
	memcpy(s->carry, r->ima_carry.data, r->ima_carry.len);
	s->carry_len = r->ima_carry.len;
	s->next = r->ima_next;
	troth_wire_free(m);
}

static void send_part(struct stream *s, size_t from, size_t to)
{
	if (post(s, from, to, true) != 200)
		lab_assert_problem(s->http, 200, "-", NULL);
	take_carry(s);
}

static void send_parts(struct stream *s)
{
	for (size_t i = 0; i + PART < ENTRIES; i += PART) {
		send_part(s, i, i + PART);
		assert_int_equal(s->next, i + PART);
	}
}

static void assert_affirmed(struct stream *s)
{
	if (s->http->status != 200)
		lab_assert_problem(s->http, 200, "-", NULL);
	const struct lab_result r = lab_result(s->http);
	if (!r.issued)
		fail_msg("not affirmed: %s", r.finding);
}

/* ---- what must work ---- */

static void parts_lead_to_the_quoted_value(void **state)
{
	struct lab *lab = *state;
	struct stream *s = begin(lab, LAB_VICTIM);
	const struct lab_state before = lab_state(lab, LAB_VICTIM);
	send_parts(s);
	const struct lab_state between = lab_state(lab, LAB_VICTIM);
	lab_assert_unchanged(&before, &between);
	post(s, ENTRIES - PART, ENTRIES, false);
	assert_affirmed(s);
	/* Now it is proven: a renewal has nothing to send. */
	s->carry_len = 0;
	ask_again(s);
	assert_int_equal(s->challenge->ima_first, ENTRIES);
	post(s, ENTRIES, ENTRIES, false);
	assert_affirmed(s);
	end(s);
}

/* The list has grown since the quote was made: the rest is for the next one. */
static void parts_end_where_the_quote_ends(void **state)
{
	struct lab *lab = *state;
	extend(&lab->devices[LAB_THIRD], PART / 2);
	struct stream *s = begin(lab, LAB_THIRD);
	send_part(s, 0, PART);
	assert_int_equal(s->next, PART / 2);
	post(s, PART / 2, PART / 2, false);
	assert_affirmed(s);
	end(s);
	extend(&lab->devices[LAB_THIRD], ENTRIES);
}

/* A slow line outlives a challenge: what was read of the list stays its beginning. */
static void another_challenge_goes_on(void **state)
{
	struct lab *lab = *state;
	struct stream *s = begin(lab, LAB_ATTACKER);
	send_part(s, 0, PART);
	ask_again(s);
	send_part(s, PART, 2 * PART);
	ask_again(s);
	post(s, 2 * PART, ENTRIES, false);
	assert_affirmed(s);
	end(s);
}

static void two_at_once_are_two(void **state)
{
	struct lab *lab = *state;
	struct stream *a = begin(lab, LAB_ATTACKER), *b = begin(lab, LAB_VICTIM);
	for (size_t i = 0; i + PART < ENTRIES; i += PART) {
		send_part(a, i, i + PART);
		send_part(b, i, i + PART);
	}
	post(b, ENTRIES - PART, ENTRIES, false);
	assert_affirmed(b);
	post(a, ENTRIES - PART, ENTRIES, false);
	assert_affirmed(a);
	end(a);
	end(b);
}

/* ---- what must not ---- */

static void a_challenge_is_good_for_one_verdict(void **state)
{
	struct lab *lab = *state;
	struct stream *a = begin(lab, LAB_ATTACKER), *b = begin(lab, LAB_ATTACKER);
	send_parts(a);
	send_parts(b);
	post(a, ENTRIES - PART, ENTRIES, false);
	assert_affirmed(a);
	post(b, ENTRIES - PART, ENTRIES, false);
	lab_assert_problem(b->http, 409, "stale-challenge", NULL);
	post(b, 0, PART, true);
	lab_assert_problem(b->http, 409, "stale-challenge", NULL);
	end(a);
	end(b);
}

static void a_part_needs_its_quote(void **state)
{
	struct lab *lab = *state;
	struct stream *s = begin(lab, LAB_VICTIM);
	s->a.quote.signature[s->a.quote.signature_len - 1] ^= 1;
	post(s, 0, PART, true);
	lab_assert_problem(s->http, 400, "refused", "signature");
	s->a.quote.signature[s->a.quote.signature_len - 1] ^= 1;
	/* Another's quote, for this challenge. */
	struct stream *other = begin(lab, LAB_ATTACKER);
	s->a.message.quote = other->a.message.quote;
	s->a.message.signature = other->a.message.signature;
	assert_int_equal(post(s, 0, PART, true), 400);
	end(other);
	end(s);
}

static void parts_come_in_order(void **state)
{
	static const struct {
		const char *name;
		size_t from, to;
		bool carried;
	} WRONG[] = {
		{ "one is left out", 2 * PART, 3 * PART, true },
		{ "the first again", 0, PART, true },
		{ "one entry twice", PART - 1, 2 * PART, true },
		{ "one entry left out", PART + 1, 2 * PART, true },
		{ "a second without the first", PART, 2 * PART, false },
	};
	struct lab *lab = *state;
	struct stream *s = begin(lab, LAB_VICTIM);
	send_part(s, 0, PART);
	const size_t carry_len = s->carry_len;
	for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
		print_message("%s\n", WRONG[i].name);
		s->carry_len = WRONG[i].carried ? carry_len : 0;
		post(s, WRONG[i].from, WRONG[i].to, true);
		lab_assert_problem(s->http, 409, "ima-wanted", NULL);
	}
	/* And what was begun can still be ended. */
	s->carry_len = carry_len;
	send_part(s, PART, 2 * PART);
	end(s);
}

static void a_carry_is_of_its_device(void **state)
{
	struct lab *lab = *state;
	struct stream *s = begin(lab, LAB_VICTIM), *thief = begin(lab, LAB_ATTACKER);
	send_part(s, 0, PART);
	memcpy(thief->carry, s->carry, s->carry_len);
	thief->carry_len = s->carry_len;
	post(thief, PART, 2 * PART, true);
	lab_assert_problem(thief->http, 409, "ima-wanted", NULL);
	post(thief, PART, ENTRIES, false);
	lab_assert_problem(thief->http, 409, "ima-wanted", NULL);
	end(thief);
	/* Nor does it say anything else than it did. */
	for (size_t i = 0; i < s->carry_len; i += 7) {
		s->carry[i] ^= 1;
		post(s, PART, 2 * PART, true);
		lab_assert_problem(s->http, 409, "ima-wanted", NULL);
		s->carry[i] ^= 1;
	}
	end(s);
}

static void a_part_that_was_not_measured_proves_nothing(void **state)
{
	struct lab *lab = *state;
	struct stream *s = begin(lab, LAB_THIRD);
	send_part(s, 0, PART);
	list.p[starts[PART + 1] - 2] ^= 1; /* in a path */
	send_part(s, PART, 2 * PART);
	list.p[starts[PART + 1] - 2] ^= 1;
	post(s, 2 * PART, ENTRIES, false);
	assert_int_equal(s->http->status, 200);
	const struct lab_result r = lab_result(s->http);
	assert_false(r.issued);
	assert_string_equal(r.finding, "ima-replay-mismatch");
	end(s);
}

static void a_part_is_made_of_records(void **state)
{
	struct lab *lab = *state;
	struct stream *s = begin(lab, LAB_VICTIM);
	starts[PART]--;
	post(s, 0, PART, true);
	starts[PART]++;
	lab_assert_problem(s->http, 400, "refused", "ima-malformed");
	end(s);
}

/* One byte more than a message has of a list is no message; as many are a list, if a bad one.
 */
static void a_part_has_its_limit(void **state)
{
	static uint8_t bytes[TROTH_IMA_MAX + 1];
	struct lab *lab = *state;
	struct stream *s = begin(lab, LAB_VICTIM);
	for (size_t over = 0; over < 2; over++) {
		s->a.message.ima = (ProtobufCBinaryData){ TROTH_IMA_MAX + over, bytes };
		s->a.message.ima_more = true;
		assert_true(fleet_post(s->http, "/v1/attest", &s->a.message.base));
		lab_assert_problem(s->http, 400, over > 0 ? "malformed" : "refused",
				   over > 0 ? NULL : "ima-malformed");
	}
	end(s);
}

static void a_quarantined_device_sends_none(void **state)
{
	struct lab *lab = *state;
	struct stream *s = begin(lab, LAB_VICTIM);
	assert_int_equal(lab_act(lab, "victim", "quarantine"), 200);
	assert_int_equal(post(s, 0, PART, true), 409); /* its row is another */
	ask_again(s);
	post(s, 0, PART, true);
	lab_assert_problem(s->http, 403, "quarantined", NULL);
	assert_int_equal(lab_act(lab, "victim", "release"), 200);
	end(s);
}

/* ---- what it costs ---- */

static long resident_kb(const struct lab *lab)
{
	pid_t children[8];
	const size_t n = test_service_children(&lab->service, children, 8);
	long total = 0;
	for (size_t i = 0; i < n; i++) {
		char path[64], line[128];
		snprintf(path, sizeof path, "/proc/%d/status", (int)children[i]);
		FILE *f = fopen(path, "r");
		while (f != NULL && fgets(line, sizeof line, f) != NULL)
			if (strncmp(line, "VmRSS:", 6) == 0)
				total += strtol(line + 6, NULL, 10);
		if (f != NULL)
			fclose(f);
	}
	return total;
}

/* 48 lists of which one part came, of nearly 1 MB each: together more than they may leave. */
static void lists_that_are_left_cost_no_memory(void **state)
{
	enum { LEFT = 48, LARGEST_KB = 24 * 1024 };
	struct lab *lab = *state;
	const struct ima_builder small = list;
	uint8_t digest[32] = { 1 };
	list = (struct ima_builder){ .ctx = ctx, .hash = TROTH_HASH_SHA1 };
	while (list.n < 900 * 1024)
		ima_add_file(&list, "/opt/program", digest);
	const size_t first = starts[1];
	starts[1] = list.n;
	struct stream *s = begin(lab, LAB_THIRD);
	send_part(s, 0, 1); /* what one takes at all */
	const long before = resident_kb(lab);
	for (size_t i = 0; i < LEFT; i++) {
		s->carry_len = 0;
		send_part(s, 0, 1);
	}
	const long after = resident_kb(lab);
	print_message("resident before %ld kB, after %ld kB\n", before, after);
	assert_true(after - before < LARGEST_KB);
	end(s);
	ima_free(&list);
	list = small;
	starts[1] = first;
}

static void a_list_has_so_many_parts(void **state)
{
	struct lab *lab = *state;
	struct stream *s = begin(lab, LAB_VICTIM);
	for (size_t i = 0; i < TROTH_IMA_PARTS_MAX; i++)
		send_part(s, i, i + 1);
	post(s, TROTH_IMA_PARTS_MAX, TROTH_IMA_PARTS_MAX + 1, true);
	lab_assert_problem(s->http, 413, "ima-too-long", NULL);
	/* The last is none of them: it is appraised. */
	post(s, TROTH_IMA_PARTS_MAX, ENTRIES, false);
	assert_affirmed(s);
	end(s);
}

/* Whatever a device has appraised without a verdict: it is told to wait, and alone. */
static void a_device_has_a_quota(void **state)
{
	struct lab *lab = *state;
	struct stream *s = begin(lab, LAB_ATTACKER);
	size_t n = 0;
	/* A minute may end meanwhile, and a challenge run out. */
	while (n <= 3 * TROTH_APPRAISALS_PER_MINUTE && post(s, 0, 1, true) != 503) {
		n++;
		if (s->http->status == 409)
			ask_again(s);
	}
	lab_assert_problem(s->http, 503, "busy", NULL);
	assert_true(n >= TROTH_APPRAISALS_PER_MINUTE / 4);
	/* So is one that has the verifier ask for the whole list again and again. */
	post(s, 1, 2, false);
	lab_assert_problem(s->http, 503, "busy", NULL);
	end(s);
	s = begin(lab, LAB_VICTIM);
	send_part(s, 0, PART);
	end(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_lead_to_the_quoted_value),
		cmocka_unit_test(parts_end_where_the_quote_ends),
		cmocka_unit_test(another_challenge_goes_on),
		cmocka_unit_test(two_at_once_are_two),
		cmocka_unit_test(a_challenge_is_good_for_one_verdict),
		cmocka_unit_test(a_part_needs_its_quote),
		cmocka_unit_test(parts_come_in_order),
		cmocka_unit_test(a_carry_is_of_its_device),
		cmocka_unit_test(a_part_that_was_not_measured_proves_nothing),
		cmocka_unit_test(a_part_is_made_of_records),
		cmocka_unit_test(a_part_has_its_limit),
		cmocka_unit_test(a_quarantined_device_sends_none),
		cmocka_unit_test(lists_that_are_left_cost_no_memory),
		cmocka_unit_test(a_list_has_so_many_parts),
		cmocka_unit_test(a_device_has_a_quota),
	};
	return cmocka_run_group_tests(tests, open_lab, close_lab);
}
