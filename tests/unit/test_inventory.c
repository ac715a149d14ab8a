/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's list of devices: what is taken, and which line is at fault for which reason.
 */
#include "check.h"

#include "inventory.h"
#include "reader.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct {
	const char *name, *text;
	enum troth_status want;
	size_t n, line; /* devices; or the line at fault */
	const char *why;
} CASES[] = {
	{ "nothing", "", TROTH_OK, 0, 0, NULL },
	{ "comments and empty lines", "# a\n\n  \t# b\n", TROTH_OK, 0, 0, NULL },
	{ "an id alone", A, TROTH_OK, 1, 0, NULL },
	{ "blanks, tabs and a line end of DOS", " " A "\tpress-4  factory \r\n", TROTH_OK, 1, 0,
	  NULL },
	{ "two, and a comment behind", A " a g # x\n" B "\n", TROTH_OK, 2, 0, NULL },
	{ "an id that is short", "# first\n\nabcd\n", TROTH_E_MALFORMED, 0, 3, "device id" },
	{ "an id that is long", A "a press-4", TROTH_E_MALFORMED, 0, 1, "device id" },
	{ "a name for an id", A "\npress-4 " B "\n", TROTH_E_MALFORMED, 0, 2, "device id" },
	{ "a name that is none", A " press/4\n", TROTH_E_MALFORMED, 0, 1, "name" },
	{ "a group that is none", A " press-4 li/ne\n", TROTH_E_MALFORMED, 0, 1, "group" },
	{ "four words", A " press-4 factory now\n", TROTH_E_MALFORMED, 0, 1, "fourth" },
	{ "a device twice", A " a\n" B "\n\n" A " b\n", TROTH_E_CONFLICT, 0, 4, "already" },
};

static void cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct troth_inventory inventory = { 0 };
		struct troth_inventory_fault fault = { 0 };
		const enum troth_status got = troth_inventory_parse(
			troth_view_str(CASES[i].text), &inventory, &fault);
		if (got != CASES[i].want || inventory.n != CASES[i].n)
			fail_msg("%s: %s, %zu devices", CASES[i].name, troth_status_name(got),
				 inventory.n);
		if (got != TROTH_OK &&
		    (fault.line != CASES[i].line || strstr(fault.why, CASES[i].why) == NULL))
			fail_msg("%s: line %zu, %s", CASES[i].name, fault.line, fault.why);
		troth_inventory_release(&inventory);
	}
}

static void a_device_is_found_by_its_id(void **state)
{
	(void)state;
	struct troth_inventory inventory = { 0 };
	struct troth_inventory_fault fault;
	uint8_t id[32];
	assert_null(troth_inventory_find(&inventory, memset(id, 0xaa, sizeof id)));
	assert_int_equal(troth_inventory_parse(troth_view_str(B " b\n" A " press-4 factory\n"),
					       &inventory, &fault),
			 TROTH_OK);
	const struct troth_inventory_entry *found = troth_inventory_find(&inventory, id);
	assert_non_null(found);
	assert_string_equal(found->name, "press-4");
	assert_string_equal(found->group, "factory");
	assert_null(troth_inventory_find(&inventory, memset(id, 0xcc, sizeof id)));
	troth_inventory_release(&inventory);
}

/* Nothing of such a text is looked at. */
static void a_text_past_the_limit(void **state)
{
	(void)state;
	static const uint8_t first;
	struct troth_inventory inventory = { 0 };
	struct troth_inventory_fault fault;
	assert_int_equal(troth_inventory_parse(
				 (struct troth_view){ &first, (size_t)TROTH_INVENTORY_MAX + 1 },
				 &inventory, &fault),
			 TROTH_E_LIMIT);
	assert_int_equal(fault.line, 0);
	assert_null(inventory.entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases),
		cmocka_unit_test(a_device_is_found_by_its_id),
		cmocka_unit_test(a_text_past_the_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
