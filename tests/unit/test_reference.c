/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "bootvm.h"
#include "log_builder.h"
#include "reference.h"

#define APPLICATION 0x80000003U
#define ACTION 0x80000007U

static const enum troth_hash TWO_BANKS[] = { TROTH_HASH_SHA1, TROTH_HASH_SHA256 };
static struct log_builder b;

static struct troth_pcr_selection sha256_selection(uint32_t mask)
{
	struct troth_pcr_selection s = { 0 };
	assert_true(troth_pcr_selection_add(&s, TROTH_HASH_SHA256, mask));
	return s;
}

/* Learns from what the builder holds. */
static enum troth_status learn(uint32_t mask, const char *alternative,
			       struct troth_reference_set *out)
{
	struct troth_pcr_selection s = sha256_selection(mask);
	struct troth_log log;
	assert_int_equal(troth_log_parse(log_bytes(&b), &log), TROTH_OK);
	enum troth_status status = troth_reference_learn(&log, &s, "set", alternative, out);
	troth_log_release(&log);
	return status;
}

static void assert_components(const struct troth_reference_set *set, const char *const *names,
			      const size_t *n_events, size_t n)
{
	assert_int_equal(set->n_components, n);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(set->components[i].name, names[i]);
		assert_int_equal(set->components[i].n_alternatives, 1);
		assert_int_equal(set->components[i].alternatives[0].n_events, n_events[i]);
		assert_false(set->components[i].optional);
		assert_false(set->components[i].golden);
	}
}

static void shim_boot_is_cut_by_who_updates_it(void **state)
{
	static const char *const NAMES[] = {
		"firmware",	     "secure-boot-policy",
		"boot-variables",    "boot-manager",
		"firmware-config",   "option-roms",
		"option-rom-config", "boot-actions",
		"platform",	     "boot-authorities",
		"partition-table",   "image-1",
		"shim-keys",	     "image-2",
		"grub-commands",     "grub-files",
		"image-3",	     "image-4",
		"boot-actions-2",
	};
	/* The firmware is three records and the separator of PCR 0. */
	static const size_t SIZES[] = {
		4, 6, 4, 2, 1, 1, 1, 1, 1, 3, 1, 1, 3, 1, 13, 4, 1, 1, 2
	};
	struct bootvm *vm = bootvm_load(*state, "shim-sb-on");
	struct troth_pcr_selection s = sha256_selection(0xffffff);
	struct troth_reference_set set;
	assert_int_equal(troth_reference_learn(&vm->log, &s, "lab", "v1", &set), TROTH_OK);
	assert_string_equal(set.name, "lab");
	assert_string_equal(set.components[0].alternatives[0].name, "v1");
	assert_components(&set, NAMES, SIZES, sizeof NAMES / sizeof *NAMES);
	troth_reference_release(&set);
	troth_reference_release(&set);
	bootvm_free(vm);
}

/* However a log is cut: each selected event in one place, each PCR in the order of the log. */
/* The event is the next of its PCR that the log has, with its digest. Moves on behind it. */
static void assert_next(const struct troth_log *log, const struct troth_reference_event *ev,
			size_t next[TROTH_PCR_COUNT])
{
	size_t at = next[ev->pcr];
	while (!troth_event_extends(&log->events[at]) || log->events[at].pcr != ev->pcr)
		at++;
	next[ev->pcr] = at + 1;
	assert_int_equal(ev->n_digests, 1);
	assert_true(
		troth_view_equal(troth_digest_view(&ev->digests[0]),
				 troth_event_digest(log, &log->events[at], TROTH_HASH_SHA256)));
}

static size_t n_selected(const struct troth_log *log, uint32_t mask)
{
	size_t n = 0;
	for (size_t e = 0; e < log->n_events; e++)
		n += troth_event_extends(&log->events[e]) &&
		     (mask & 1U << log->events[e].pcr) != 0;
	return n;
}

static void learn_selected(const struct bootvm *vm, uint32_t mask)
{
	struct troth_pcr_selection s = sha256_selection(mask);
	struct troth_reference_set set;
	size_t next[TROTH_PCR_COUNT] = { 0 }, n = 0;
	assert_int_equal(troth_reference_learn(&vm->log, &s, "set", "v1", &set), TROTH_OK);
	for (size_t c = 0; c < set.n_components; c++) {
		const struct troth_alternative *a = &set.components[c].alternatives[0];
		for (size_t e = 0; e < a->n_events; e++)
			assert_next(&vm->log, &a->events[e], next);
		n += a->n_events;
	}
	assert_int_equal(n, n_selected(&vm->log, mask));
	troth_reference_release(&set);
}

static void every_selected_event_is_learnt_once_in_order(void **state)
{
	static const char *const VARIANTS[] = { "direct", "shim-sb-on", "uki-sb-on-snakeoil",
						"shim-sb-off-chainload" };
	static const uint32_t MASKS[] = { 0xffffff, 0x7bff, 0x80, 0x210, 1 };
	for (size_t i = 0; i < 4; i++) {
		struct bootvm *vm = bootvm_load(*state, VARIANTS[i]);
		for (size_t k = 0; k < sizeof MASKS / sizeof *MASKS; k++)
			learn_selected(vm, MASKS[k]);
		bootvm_free(vm);
	}
}

static void interleaved_roles_are_numbered(void **state)
{
	(void)state;
	static const char *const NAMES[] = { "boot-manager",   "image-1", "image-2",
					     "boot-manager-2", "image-3", "boot-manager-3" };
	static const size_t SIZES[] = { 2, 1, 1, 1, 1, 1 };
	struct troth_reference_set set;
	log_begin(&b, TWO_BANKS, 2);
	log_text(&b, 4, ACTION, "calling");
	log_separator(&b, 4);
	log_text(&b, 4, APPLICATION, "one");
	log_text(&b, 4, APPLICATION, "two");
	log_text(&b, 4, ACTION, "returning");
	log_text(&b, 4, 3, "no action");
	log_text(&b, 4, APPLICATION, "three");
	log_text(&b, 4, ACTION, "calling");
	assert_int_equal(learn(0x10, "v1", &set), TROTH_OK);
	assert_components(&set, NAMES, SIZES, 6);
	troth_reference_release(&set);
}

static void only_selected_banks_are_learnt(void **state)
{
	(void)state;
	struct troth_pcr_selection s = { 0 };
	struct troth_reference_set set;
	struct troth_log log;
	log_begin(&b, TWO_BANKS, 2);
	log_text(&b, 0, 8, "zero");
	log_text(&b, 1, 5, "one");
	assert_int_equal(troth_log_parse(log_bytes(&b), &log), TROTH_OK);
	assert_true(troth_pcr_selection_add(&s, TROTH_HASH_SHA256, 3));
	assert_true(troth_pcr_selection_add(&s, TROTH_HASH_SHA1, 2));
	assert_int_equal(troth_reference_learn(&log, &s, "set", "v1", &set), TROTH_OK);
	assert_int_equal(set.components[0].alternatives[0].events[0].n_digests, 1);
	assert_int_equal(set.components[1].alternatives[0].events[0].n_digests, 2);
	troth_reference_release(&set);

	/* A selected bank that an event left out cannot be learnt. */
	s = (struct troth_pcr_selection){ 0 };
	assert_true(troth_pcr_selection_add(&s, TROTH_HASH_SHA384, 1));
	POISON(set);
	assert_int_equal(troth_reference_learn(&log, &s, "set", "v1", &set), TROTH_E_NOT_FOUND);
	ASSERT_POISONED(set);
	troth_log_release(&log);
}

static void names_are_checked(void **state)
{
	(void)state;
	static const char *const BAD[] = {
		"",
		"Upper",
		"a/b",
		"a..b",
		"-a",
		("a-name-that-is-longer-than-a-name-may-be-0123456789-"
		 "0123456789-1"),
	};
	struct troth_reference_set set;
	struct troth_pcr_selection s = sha256_selection(1);
	struct troth_log log;
	log_begin(&b, TWO_BANKS, 2);
	log_text(&b, 0, 8, "zero");
	assert_int_equal(troth_log_parse(log_bytes(&b), &log), TROTH_OK);
	for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
		POISON(set);
		assert_int_equal(troth_reference_learn(&log, &s, BAD[i], "v1", &set),
				 TROTH_E_CONFIG);
		assert_int_equal(troth_reference_learn(&log, &s, "set", BAD[i], &set),
				 TROTH_E_CONFIG);
		ASSERT_POISONED(set);
	}
	troth_log_release(&log);
}

static void number_of_components_is_limited(void **state)
{
	(void)state;
	struct troth_reference_set set;
	log_begin(&b, TWO_BANKS, 2);
	for (size_t i = 0; i < TROTH_COMPONENTS_MAX; i++)
		log_text(&b, 4, APPLICATION, "image");
	assert_int_equal(learn(0x10, "v1", &set), TROTH_OK);
	assert_int_equal(set.n_components, TROTH_COMPONENTS_MAX);
	troth_reference_release(&set);
	log_text(&b, 4, APPLICATION, "image");
	POISON(set);
	assert_int_equal(learn(0x10, "v1", &set), TROTH_E_LIMIT);
	ASSERT_POISONED(set);
}

static void golden_values_are_those_quoted(void **state)
{
	struct bootvm *vm = bootvm_load(*state, "direct");
	struct troth_pcr_selection s = { 0 };
	struct troth_reference_set set;
	assert_true(troth_pcr_selection_add(&s, TROTH_HASH_SHA256, 1U << 10 | 1U << 4));
	assert_true(troth_pcr_selection_add(&s, TROTH_HASH_SHA384, 1U << 10));
	assert_int_equal(troth_reference_learn_golden(&vm->pcrs, &s, "set", "v1", &set),
			 TROTH_OK);
	assert_int_equal(set.n_components, 2);
	assert_string_equal(set.components[0].name, "value-of-pcr-4");
	assert_string_equal(set.components[1].name, "value-of-pcr-10");
	assert_true(set.components[0].golden);
	const struct troth_reference_event *ev = set.components[1].alternatives[0].events;
	assert_int_equal(ev->pcr, 10);
	assert_int_equal(ev->n_digests, 2);
	assert_true(troth_view_equal(troth_digest_view(&ev->digests[1]),
				     troth_pcr_value(&vm->pcrs, TROTH_HASH_SHA384, 10)));
	troth_reference_release(&set);

	const struct troth_pcr_values none = { 0 };
	POISON(set);
	assert_int_equal(troth_reference_learn_golden(&none, &s, "set", "v1", &set),
			 TROTH_E_NOT_FOUND);
	ASSERT_POISONED(set);
	bootvm_free(vm);
}

/* ---- merge ---- */

/* A boot of firmware and images, each named by its text. */
static void put_boot(const char *firmware, const char *const *images, size_t n_images)
{
	log_begin(&b, TWO_BANKS, 2);
	log_text(&b, 0, 8, firmware);
	for (size_t i = 0; i < n_images; i++)
		log_text(&b, 4, APPLICATION, images[i]);
}

static const char *const SHIM_GRUB[] = { "shim", "grub" };
static const char *const SHIM_GRUB2[] = { "shim", "grub2", "kernel" };

static void merge_adds_what_is_new(void **state)
{
	(void)state;
	struct troth_reference_set to, from;
	put_boot("fw", SHIM_GRUB, 2);
	assert_int_equal(learn(0x11, "v1", &to), TROTH_OK);
	put_boot("fw", SHIM_GRUB2, 3);
	assert_int_equal(learn(0x11, "v1", &from), TROTH_OK);
	memset(to.id, 0x55, sizeof to.id);

	assert_int_equal(troth_reference_merge(&to, &from), TROTH_OK);
	assert_int_equal(to.n_components, 4);
	assert_int_equal(to.components[0].n_alternatives, 1); /* the same firmware */
	assert_int_equal(to.components[1].n_alternatives, 1);
	assert_int_equal(to.components[2].n_alternatives, 2);
	assert_string_equal(to.components[2].alternatives[0].name, "v1");
	assert_string_equal(to.components[2].alternatives[1].name, "v1-2");
	assert_string_equal(to.components[3].name, "image-3");
	assert_true(to.components[3].optional); /* the first device does without */
	assert_false(to.components[0].optional);
	for (size_t i = 0; i < sizeof to.id; i++)
		assert_int_equal(to.id[i], 0); /* no longer what the address was made of */

	/* The same again changes nothing. */
	assert_int_equal(troth_reference_merge(&to, &from), TROTH_OK);
	assert_int_equal(to.n_components, 4);
	assert_int_equal(to.components[2].n_alternatives, 2);
	troth_reference_release(&from);
	troth_reference_release(&to);
}

/* The order of banks in a selection is not the order in a stored set. */
static void merge_knows_digests_in_any_order(void **state)
{
	struct bootvm *vm = bootvm_load(*state, "direct");
	struct troth_pcr_selection one = { 0 }, other = { 0 };
	struct troth_reference_set to, from;
	assert_true(troth_pcr_selection_add(&one, TROTH_HASH_SHA256, 0xff));
	assert_true(troth_pcr_selection_add(&one, TROTH_HASH_SHA384, 0xff));
	assert_true(troth_pcr_selection_add(&other, TROTH_HASH_SHA384, 0xff));
	assert_true(troth_pcr_selection_add(&other, TROTH_HASH_SHA256, 0xff));
	assert_int_equal(troth_reference_learn(&vm->log, &one, "set", "v1", &to), TROTH_OK);
	assert_int_equal(troth_reference_learn(&vm->log, &other, "set", "v2", &from), TROTH_OK);
	assert_int_equal(troth_reference_merge(&to, &from), TROTH_OK);
	for (size_t i = 0; i < to.n_components; i++)
		assert_int_equal(to.components[i].n_alternatives, 1);
	troth_reference_release(&from);
	troth_reference_release(&to);
	bootvm_free(vm);
}

static void merge_puts_new_components_at_their_place(void **state)
{
	(void)state;
	static const char *const NAMES[] = { "firmware", "firmware-config", "image-1" };
	struct troth_reference_set to, from;
	put_boot("fw", SHIM_GRUB, 1);
	assert_int_equal(learn(0x11, "v1", &to), TROTH_OK);
	log_begin(&b, TWO_BANKS, 2);
	log_text(&b, 0, 8, "fw");
	log_text(&b, 1, 5, "config");
	assert_int_equal(learn(0x13, "v2", &from), TROTH_OK);
	assert_int_equal(troth_reference_merge(&to, &from), TROTH_OK);
	assert_components(&to, NAMES, (const size_t[]){ 1, 1, 1 }, 3);
	/* Nothing was known of PCR 1, so no device goes without: required. */
	troth_reference_release(&from);
	troth_reference_release(&to);
}

static void merge_into_nothing_is_a_copy(void **state)
{
	(void)state;
	struct troth_reference_set to = { .name = "empty" }, from;
	put_boot("fw", SHIM_GRUB, 2);
	assert_int_equal(learn(0x11, "v1", &from), TROTH_OK);
	assert_int_equal(troth_reference_merge(&to, &from), TROTH_OK);
	assert_string_equal(to.name, "empty");
	assert_int_equal(to.n_components, 3);
	for (size_t i = 0; i < 3; i++)
		assert_false(to.components[i].optional);
	troth_reference_release(&from); /* to owns its own */
	assert_int_equal(to.components[2].alternatives[0].events[0].pcr, 4);
	troth_reference_release(&to);
}

static void merge_limits_leave_the_set_alone(void **state)
{
	(void)state;
	struct troth_reference_set to, from;
	put_boot("fw", SHIM_GRUB, 2);
	assert_int_equal(learn(0x11, "v1", &to), TROTH_OK);
	for (size_t i = 1; i < TROTH_ALTERNATIVES_MAX; i++) {
		char name[16];
		snprintf(name, sizeof name, "fw%zu", i);
		put_boot(name, SHIM_GRUB, 2);
		assert_int_equal(learn(0x11, "v1", &from), TROTH_OK);
		assert_int_equal(troth_reference_merge(&to, &from), TROTH_OK);
		troth_reference_release(&from);
	}
	assert_int_equal(to.components[0].n_alternatives, TROTH_ALTERNATIVES_MAX);
	put_boot("one more", SHIM_GRUB, 2);
	assert_int_equal(learn(0x11, "v1", &from), TROTH_OK);
	struct troth_reference_set before = to;
	assert_int_equal(troth_reference_merge(&to, &from), TROTH_E_LIMIT);
	assert_memory_equal(&to, &before, sizeof to);
	from.components[0].golden = true;
	assert_int_equal(troth_reference_merge(&to, &from), TROTH_E_CONFLICT);
	assert_memory_equal(&to, &before, sizeof to);
	troth_reference_release(&from);
	troth_reference_release(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shim_boot_is_cut_by_who_updates_it),
		cmocka_unit_test(every_selected_event_is_learnt_once_in_order),
		cmocka_unit_test(interleaved_roles_are_numbered),
		cmocka_unit_test(only_selected_banks_are_learnt),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(number_of_components_is_limited),
		cmocka_unit_test(golden_values_are_those_quoted),
		cmocka_unit_test(merge_adds_what_is_new),
		cmocka_unit_test(merge_knows_digests_in_any_order),
		cmocka_unit_test(merge_puts_new_components_at_their_place),
		cmocka_unit_test(merge_into_nothing_is_a_copy),
		cmocka_unit_test(merge_limits_leave_the_set_alone),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
