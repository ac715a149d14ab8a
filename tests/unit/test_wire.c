/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies are written out byte by byte from the published encoding of Protocol Buffers. */
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <troth/limits.h>

#include "base.h"
#include "device.pb-c.h"
#include "reader.h"
#include "utf8.h"

#define BYTES(...)                                                                         \
	{                                                                                  \
		(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
	}
#define POISON ((ProtobufCMessage *)(uintptr_t)0xaaaaaaaa)

/* A message that contains itself, with every kind of number: the product's own messages are
 * too tame to reach each rule. */
struct nest {
	ProtobufCMessage base;
	struct nest *inner;
	size_t n_numbers;
	uint32_t *numbers;
	size_t n_fixed;
	uint32_t *fixed;
	int32_t whole;
	int32_t zigzag;
	uint64_t wide;
	protobuf_c_boolean flag;
	char *text;
	size_t n_branches;
	struct nest **branches;
};

static const ProtobufCMessageDescriptor NEST;
#define FIELD(number, field_label, field_type, count, member, sub)                        \
	{                                                                                 \
		.name = #member, .id = (number), .label = PROTOBUF_C_LABEL_##field_label, \
		.type = PROTOBUF_C_TYPE_##field_type, .quantifier_offset = (count),       \
		.offset = offsetof(struct nest, member), .descriptor = (sub)              \
	}
static const ProtobufCFieldDescriptor NEST_FIELDS[] = {
	FIELD(1, NONE, MESSAGE, 0, inner, &NEST),
	FIELD(2, REPEATED, UINT32, offsetof(struct nest, n_numbers), numbers, NULL),
	FIELD(3, REPEATED, FIXED32, offsetof(struct nest, n_fixed), fixed, NULL),
	FIELD(4, NONE, INT32, 0, whole, NULL),
	FIELD(5, NONE, SINT32, 0, zigzag, NULL),
	FIELD(6, NONE, FIXED64, 0, wide, NULL),
	FIELD(7, NONE, BOOL, 0, flag, NULL),
	FIELD(8, NONE, STRING, 0, text, NULL),
	FIELD(9, REPEATED, MESSAGE, offsetof(struct nest, n_branches), branches, &NEST),
};
static const unsigned NEST_BY_NAME[] = { 8, 2, 6, 0, 1, 7, 3, 5, 4 };
static const ProtobufCIntRange NEST_RANGES[] = { { 1, 0 }, { 0, 9 } };

static void nest_init(ProtobufCMessage *m)
{
	memset(m, 0, sizeof(struct nest));
	m->descriptor = &NEST;
}

static const ProtobufCMessageDescriptor NEST = {
	.magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
	.name = "Nest",
	.short_name = "Nest",
	.c_name = "Nest",
	.package_name = "",
	.sizeof_message = sizeof(struct nest),
	.n_fields = TROTH_COUNT(NEST_FIELDS),
	.fields = NEST_FIELDS,
	.fields_sorted_by_name = NEST_BY_NAME,
	.n_field_ranges = 1,
	.field_ranges = NEST_RANGES,
	.message_init = nest_init,
};

static const struct {
	const char *name;
	struct troth_view body;
	enum troth_status want;
} CASES[] = {
	{ "one number", BYTES(0x20, 5), TROTH_OK },
	{ "numbers packed and alone", BYTES(0x12, 2, 1, 2, 0x10, 3), TROTH_OK },
	{ "fixed numbers packed", BYTES(0x1a, 8, 1, 0, 0, 0, 2, 0, 0, 0), TROTH_OK },
	{ "packed list with a part of a number", BYTES(0x1a, 5, 1, 0, 0, 0, 2),
	  TROTH_E_TRUNCATED },
	{ "packed list of nothing", BYTES(0x12, 0), TROTH_OK },
	{ "field no schema has", BYTES(0x50, 1), TROTH_E_UNSUPPORTED },
	{ "field number zero", BYTES(0x00, 1), TROTH_E_MALFORMED },
	{ "tag past 32 bits", BYTES(0xa0, 0x80, 0x80, 0x80, 0x10, 1), TROTH_E_MALFORMED },
	{ "tag of eleven bytes",
	  BYTES(0xa0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 1),
	  TROTH_E_MALFORMED },
	{ "singular number twice", BYTES(0x20, 5, 0x20, 5), TROTH_E_MALFORMED },
	{ "singular message twice", BYTES(0x0a, 0, 0x0a, 0), TROTH_E_MALFORMED },
	{ "message as a number", BYTES(0x08, 1), TROTH_E_MALFORMED },
	{ "number as bytes", BYTES(0x22, 1, 1), TROTH_E_MALFORMED },
	{ "number as 32 fixed bits", BYTES(0x25, 1, 0, 0, 0), TROTH_E_MALFORMED },
	{ "group", BYTES(0x0b, 0x0c), TROTH_E_MALFORMED },
	{ "end of a group that never began", BYTES(0x0c), TROTH_E_MALFORMED },
	{ "wire type six", BYTES(0x0e), TROTH_E_MALFORMED },
	{ "wire type seven", BYTES(0x0f), TROTH_E_MALFORMED },
	{ "length past the end", BYTES(0x0a, 1), TROTH_E_TRUNCATED },
	{ "length near 2^64",
	  BYTES(0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
	  TROTH_E_TRUNCATED },
	{ "length near 2^32", BYTES(0x42, 0xff, 0xff, 0xff, 0xff, 0x0f, 'a'),
	  TROTH_E_TRUNCATED },
	{ "int32 of minus one in ten bytes",
	  BYTES(0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1), TROTH_OK },
	{ "number of more than 64 bits",
	  BYTES(0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2),
	  TROTH_E_MALFORMED },
	{ "number of eleven bytes",
	  BYTES(0x20, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0),
	  TROTH_E_MALFORMED },
	{ "number that never ends", BYTES(0x20, 0x80, 0x80), TROTH_E_TRUNCATED },
	{ "int32 of 2^31 - 1", BYTES(0x20, 0xff, 0xff, 0xff, 0xff, 7), TROTH_OK },
	{ "int32 of 2^31", BYTES(0x20, 0x80, 0x80, 0x80, 0x80, 8), TROTH_E_MALFORMED },
	{ "uint32 of 2^32 - 1", BYTES(0x10, 0xff, 0xff, 0xff, 0xff, 0x0f), TROTH_OK },
	{ "uint32 of 2^32", BYTES(0x10, 0x80, 0x80, 0x80, 0x80, 0x10), TROTH_E_MALFORMED },
	{ "uint32 of 2^32 in a packed list", BYTES(0x12, 5, 0x80, 0x80, 0x80, 0x80, 0x10),
	  TROTH_E_MALFORMED },
	{ "sint32 of 2^32", BYTES(0x28, 0x80, 0x80, 0x80, 0x80, 0x10), TROTH_E_MALFORMED },
	{ "bool of one", BYTES(0x38, 1), TROTH_OK },
	{ "bool of two", BYTES(0x38, 2), TROTH_E_MALFORMED },
	{ "fixed64 cut short", BYTES(0x31, 1, 2, 3, 4, 5, 6, 7), TROTH_E_TRUNCATED },
	{ "text with two-byte character", BYTES(0x42, 2, 0xc3, 0xa9), TROTH_OK },
	{ "text with a NUL", BYTES(0x42, 3, 'a', 0, 'b'), TROTH_E_MALFORMED },
	{ "text that is no UTF-8", BYTES(0x42, 1, 0xff), TROTH_E_MALFORMED },
	{ "bad text three messages down", BYTES(0x0a, 5, 0x0a, 3, 0x42, 1, 0xff),
	  TROTH_E_MALFORMED },
	{ "unknown field in an inner message", BYTES(0x0a, 2, 0x50, 1), TROTH_E_UNSUPPORTED },
	{ "inner message longer than the outer", BYTES(0x0a, 2, 0x0a, 1, 0),
	  TROTH_E_TRUNCATED },
	{ "four messages deep", BYTES(0x0a, 4, 0x0a, 2, 0x0a, 0), TROTH_OK },
	{ "five messages deep", BYTES(0x0a, 6, 0x0a, 4, 0x0a, 2, 0x0a, 0), TROTH_E_LIMIT },
};

/* The answer, and that a refusal leaves the output alone. */
static void expect(const char *name, const ProtobufCMessageDescriptor *type,
		   struct troth_view body, enum troth_status want)
{
	ProtobufCMessage *m = POISON;
	enum troth_status got = troth_wire_unpack(type, body, &m);
	if (got != want)
		fail_msg("%s: got %s, want %s", name, troth_status_name(got),
			 troth_status_name(want));
	if (got == TROTH_OK)
		troth_wire_free(m);
	else
		assert_ptr_equal(m, POISON);
}

static void hostile_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(CASES); i++)
		expect(CASES[i].name, &NEST, CASES[i].body, CASES[i].want);
}

/* token "ab", quote "q", one bank {4, 1, 20 bytes of value}, log_digest "d", ima_first 300. */
static const uint8_t ATTESTATION[] = { 0x0a, 2,	   'a',	 'b', 0x12, 1,	  'q', 0x22, 10,
				       8,    4,	   0x10, 1,   0x1a, 4,	  1,   2,    3,
				       4,    0x32, 1,	 'd', 0x68, 0xac, 2 };
/* Where a field ends: a prefix of whole fields is a message, as the encoding has no frame. */
static const size_t FIELD_ENDS[] = { 0, 4, 7, 19, 22, 25 };

static void good_body_is_read(void **state)
{
	(void)state;
	ProtobufCMessage *m = NULL;
	assert_int_equal(troth_wire_unpack(&troth__v1__attestation__descriptor,
					   TROTH_VIEW_OF(ATTESTATION), &m),
			 TROTH_OK);
	const Troth__V1__Attestation *a = (const Troth__V1__Attestation *)m;
	assert_int_equal(a->token.len, 2);
	assert_memory_equal(a->token.data, "ab", 2);
	assert_int_equal(a->n_pcrs, 1);
	assert_int_equal(a->pcrs[0]->algorithm, 4);
	assert_int_equal(a->pcrs[0]->mask, 1);
	assert_int_equal(a->pcrs[0]->values.len, 4);
	assert_int_equal(a->ima_first, 300);
	assert_int_equal(a->log.len, 0);
	troth_wire_free(m);
}

static bool is_field_end(size_t n)
{
	for (size_t i = 0; i < TROTH_COUNT(FIELD_ENDS); i++)
		if (FIELD_ENDS[i] == n)
			return true;
	return false;
}

static void every_prefix(void **state)
{
	(void)state;
	for (size_t n = 0; n <= sizeof ATTESTATION; n++) {
		/* A copy of exactly n bytes: the sanitizer sees one read past it. */
		uint8_t *body = malloc(n > 0 ? n : 1);
		assert_non_null(body);
		memcpy(body, ATTESTATION, n);
		expect("prefix", &troth__v1__attestation__descriptor,
		       (struct troth_view){ n > 0 ? body : NULL, n },
		       is_field_end(n) ? TROTH_OK : TROTH_E_TRUNCATED);
		free(body);
	}
}

static void one_byte_too_many(void **state)
{
	(void)state;
	uint8_t body[sizeof ATTESTATION + 1] = { 0 };
	memcpy(body, ATTESTATION, sizeof ATTESTATION);
	expect("trailing zero", &troth__v1__attestation__descriptor, TROTH_VIEW_OF(body),
	       TROTH_E_MALFORMED);
}

static void lists_at_and_past_their_limit(void **state)
{
	(void)state;
	uint8_t alone[2 * (TROTH_WIRE_LIST_MAX + 1)],
		packed[2 + TROTH_WIRE_LIST_MAX + 1] = { 0 };
	uint8_t both[2 + TROTH_WIRE_LIST_MAX + 2] = { 0x12, TROTH_WIRE_LIST_MAX };
	for (size_t i = 0; i < sizeof alone; i += 2) {
		alone[i] = 0x10;
		alone[i + 1] = 7;
	}
	expect("list at its limit", &NEST, (struct troth_view){ alone, sizeof alone - 2 },
	       TROTH_OK);
	expect("list past its limit", &NEST, TROTH_VIEW_OF(alone), TROTH_E_LIMIT);
	packed[0] = 0x12;
	packed[1] = TROTH_WIRE_LIST_MAX;
	expect("packed list at its limit", &NEST,
	       (struct troth_view){ packed, sizeof packed - 1 }, TROTH_OK);
	packed[1] = TROTH_WIRE_LIST_MAX + 1;
	expect("packed list past its limit", &NEST, TROTH_VIEW_OF(packed), TROTH_E_LIMIT);
	both[sizeof both - 2] = 0x10;
	expect("packed list full and one alone", &NEST, TROTH_VIEW_OF(both), TROTH_E_LIMIT);
}

/* A body of exactly n bytes with one long field: token. */
static struct troth_view long_body(uint8_t *body, size_t n)
{
	size_t len = n - 5;
	memset(body, 'x', n);
	body[0] = 0x0a;
	body[1] = (uint8_t)(len & 0x7f) | 0x80;
	body[2] = (uint8_t)(len >> 7 & 0x7f) | 0x80;
	body[3] = (uint8_t)(len >> 14 & 0x7f) | 0x80;
	body[4] = (uint8_t)(len >> 21);
	return (struct troth_view){ body, n };
}

static void body_at_and_past_its_limit(void **state)
{
	(void)state;
	uint8_t *body = malloc(TROTH_BODY_MAX + 1);
	assert_non_null(body);
	expect("body at its limit", &troth__v1__attestation__descriptor,
	       long_body(body, TROTH_BODY_MAX), TROTH_OK);
	expect("body past its limit", &troth__v1__attestation__descriptor,
	       long_body(body, TROTH_BODY_MAX + 1), TROTH_E_LIMIT);
	free(body);
}

/* protobuf-c alone takes seconds for this one: each empty message is merged with the last. */
static void merge_bomb_is_refused(void **state)
{
	(void)state;
	enum { N = 100000 };
	uint8_t *body = malloc(2 * N);
	assert_non_null(body);
	for (size_t i = 0; i < N; i++) {
		body[2 * i] = 0x0a;
		body[2 * i + 1] = 0;
	}
	expect("merge bomb", &troth__v1__enroll_proof__descriptor,
	       (struct troth_view){ body, (size_t)2 * N }, TROTH_E_MALFORMED);
	free(body);
}

/* n lists of 64 empty messages: two bytes each on the wire, a whole struct in memory. */
static struct troth_view branches(uint8_t *body, size_t n)
{
	enum { LEAVES = 2 * TROTH_WIRE_LIST_MAX, LIST = 3 + LEAVES };
	for (size_t i = 0; i < n; i++) {
		uint8_t *list = body + i * LIST;
		list[0] = 0x4a;
		list[1] = (LEAVES & 0x7f) | 0x80;
		list[2] = LEAVES >> 7;
		for (size_t k = 0; k < LEAVES; k += 2) {
			list[3 + k] = 0x4a;
			list[4 + k] = 0;
		}
	}
	return (struct troth_view){ body, n * LIST };
}

static void arena_is_capped(void **state)
{
	(void)state;
	uint8_t body[TROTH_WIRE_LIST_MAX * (3 + 2 * TROTH_WIRE_LIST_MAX)];
	expect("few structs", &NEST, branches(body, 2), TROTH_OK);
	expect("more structs than the arena holds", &NEST, branches(body, TROTH_WIRE_LIST_MAX),
	       TROTH_E_LIMIT);
}

static void packing_comes_back(void **state)
{
	(void)state;
	ProtobufCMessage *m = NULL;
	uint8_t *packed = NULL;
	size_t n = 0;
	assert_int_equal(troth_wire_unpack(&troth__v1__attestation__descriptor,
					   TROTH_VIEW_OF(ATTESTATION), &m),
			 TROTH_OK);
	assert_int_equal(troth_wire_pack(m, &packed, &n), TROTH_OK);
	assert_int_equal(n, sizeof ATTESTATION);
	assert_memory_equal(packed, ATTESTATION, n);
	free(packed);
	troth_wire_free(m);
	troth_wire_free(NULL);
}

static const struct {
	const char *name;
	struct troth_view text;
	bool valid;
} TEXTS[] = {
	{ "last of two bytes", BYTES(0xdf, 0xbf), true },
	{ "overlong slash", BYTES(0xc0, 0xaf), false },
	{ "overlong in three bytes", BYTES(0xe0, 0x9f, 0xbf), false },
	{ "first of three bytes", BYTES(0xe0, 0xa0, 0x80), true },
	{ "last before the surrogates", BYTES(0xed, 0x9f, 0xbf), true },
	{ "first surrogate", BYTES(0xed, 0xa0, 0x80), false },
	{ "overlong in four bytes", BYTES(0xf0, 0x8f, 0xbf, 0xbf), false },
	{ "first of four bytes", BYTES(0xf0, 0x90, 0x80, 0x80), true },
	{ "U+10FFFF", BYTES(0xf4, 0x8f, 0xbf, 0xbf), true },
	{ "U+110000", BYTES(0xf4, 0x90, 0x80, 0x80), false },
	{ "five-byte form", BYTES(0xf8, 0x88, 0x80, 0x80, 0x80), false },
	{ "continuation first", BYTES(0x80), false },
	{ "cut after the first of three", BYTES(0xe2, 0x82), false },
	{ "second byte is ASCII", BYTES(0xc3, 'a'), false },
	{ "NUL", BYTES('a', 0), false },
	{ "nothing", { NULL, 0 }, true },
};

static void utf8_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(TEXTS); i++)
		if (troth_utf8_valid(TEXTS[i].text) != TEXTS[i].valid)
			fail_msg("%s: not %s", TEXTS[i].name,
				 TEXTS[i].valid ? "accepted" : "refused");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_bodies),
		cmocka_unit_test(good_body_is_read),
		cmocka_unit_test(every_prefix),
		cmocka_unit_test(one_byte_too_many),
		cmocka_unit_test(lists_at_and_past_their_limit),
		cmocka_unit_test(body_at_and_past_its_limit),
		cmocka_unit_test(merge_bomb_is_refused),
		cmocka_unit_test(arena_is_capped),
		cmocka_unit_test(packing_comes_back),
		cmocka_unit_test(utf8_cases),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
