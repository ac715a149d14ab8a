/* SPDX-License-Identifier: Apache-2.0 */
/* eventlog facts: what the log proves, by subject. */
#include <inttypes.h>
#include <stdio.h>

#include "event_text.h"
#include "fields_json.h"
#include "logs.h"
#include "output.h"
#include "text.h"
#include "verdict_json.h"

/* ---- JSON ---- */

static json_t *fact_json(const struct troth_cli_logs *logs, const struct troth_fact *fact)
{
	struct troth_field_line value;
	struct troth_line *l = troth_field_begin(&value);
	json_t *fields = json_object();
	const struct troth_fields sink = troth_cli_fields_to(fields);
	troth_line_fact(l, &logs->log, fact);
	troth_event_fields(&logs->log.events[fact->event], &sink);
	json_t *o = json_pack("{s:I, s:s, s:o, s:o, s:o}", "event", (json_int_t)fact->event,
			      "proof", troth_proof_name(fact->proof), "value",
			      troth_cli_line_json(l), "digest", troth_json_hex(fact->digest),
			      "fields", fields);
	if (fact->kind == TROTH_FACT_IMAGE || fact->kind == TROTH_FACT_OPTION_ROM)
		json_object_set_new(o, "authority",
				    fact->authority >= 0 ? json_integer(fact->authority)
							 : json_null());
	return o;
}

static json_t *facts_json(const struct troth_cli_logs *logs, const struct troth_facts *f)
{
	json_t *all = json_object();
	for (size_t i = 0; i < f->n; i++) {
		const char *name = troth_fact_name(f->list[i].kind);
		json_t *list = json_object_get(all, name);
		if (list == NULL) {
			list = json_array();
			json_object_set_new(all, name, list);
		}
		json_array_append_new(list, fact_json(logs, &f->list[i]));
	}
	return all;
}

static json_t *mask_json(uint32_t mask)
{
	json_t *list = json_array();
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++)
		if ((mask >> pcr & 1) != 0)
			json_array_append_new(list, json_integer(pcr));
	return list;
}

/* The answers of Windows, in the order they are printed. */
static const struct {
	const char *name;
	size_t offset;
} WINDOWS[] = {
	{ "boot_debugging", offsetof(struct troth_windows_facts, boot_debugging) },
	{ "kernel_debugging", offsetof(struct troth_windows_facts, kernel_debugging) },
	{ "hypervisor_debugging", offsetof(struct troth_windows_facts, hypervisor_debugging) },
	{ "test_signing", offsetof(struct troth_windows_facts, test_signing) },
	{ "flight_signing", offsetof(struct troth_windows_facts, flight_signing) },
	{ "safe_mode", offsetof(struct troth_windows_facts, safe_mode) },
	{ "winpe", offsetof(struct troth_windows_facts, winpe) },
	{ "code_integrity", offsetof(struct troth_windows_facts, code_integrity) },
	{ "data_execution_prevention",
	  offsetof(struct troth_windows_facts, data_execution_prevention) },
	{ "hypervisor", offsetof(struct troth_windows_facts, hypervisor) },
	{ "virtual_secure_mode", offsetof(struct troth_windows_facts, virtual_secure_mode) },
	{ "trust_point", offsetof(struct troth_windows_facts, trust_point) },
};

static const char *windows_answer(const struct troth_windows_facts *w, size_t i)
{
	return troth_answer_name(
		*(const enum troth_answer *)((const char *)w + WINDOWS[i].offset));
}

static json_t *windows_json(const struct troth_windows_facts *w)
{
	if (!w->seen)
		return json_null();
	json_t *o = json_object();
	for (size_t i = 0; i < TROTH_COUNT(WINDOWS); i++)
		json_object_set_new(o, WINDOWS[i].name, json_string(windows_answer(w, i)));
	json_object_set_new(o, "boot_counter",
			    w->has_boot_counter ? json_integer((json_int_t)w->boot_counter)
						: json_null());
	return o;
}

/* What systemd measured: phases of the boot, the machine's id, file systems. */
static json_t *userspace_json(const struct troth_userspace_event *ev,
			      const struct troth_event_proof *p)
{
	json_t *o = json_object();
	const struct troth_fields sink = troth_cli_fields_to(o);
	troth_userspace_fields(&sink, ev);
	json_object_set_new(o, "pcr", ev->has_pcr ? json_integer(ev->pcr) : json_null());
	json_object_set_new(o, "proof", json_string(troth_proof_name(p->proof)));
	json_object_set_new(o, "digest", troth_json_hex(p->digest));
	return o;
}

static json_t *all_userspace_json(const struct troth_cli_logs *logs)
{
	struct troth_event_proof p;
	json_t *list = json_array();
	for (size_t i = 0; i < logs->systemd.n_events; i++)
		if (troth_userspace_prove(logs->ctx, &logs->systemd.events[i], logs->bank,
					  &p) == TROTH_OK)
			json_array_append_new(list,
					      userspace_json(&logs->systemd.events[i], &p));
	return list;
}

static enum troth_cli_exit put_json(const struct troth_cli_logs *logs,
				    const struct troth_facts *f)
{
	json_t *o = json_pack(
		"{s:s, s:I, s:I, s:o, s:o, s:s, s:s, s:s, s:I}", "secure_boot",
		troth_secure_boot_name(f->boot.secure_boot), "authorities",
		(json_int_t)f->boot.n_authorities, "images", (json_int_t)f->boot.n_images,
		"separators", mask_json(f->boot.separators), "error_separators",
		mask_json(f->boot.bad_separators), "exit_boot_services",
		troth_answer_name(f->exit_boot_services), "dma_protection_disabled",
		troth_answer_name(f->dma_protection_disabled), "debug_mode",
		troth_answer_name(f->debug_mode), "startup_locality",
		(json_int_t)f->startup_locality);
	troth_cli_put_log_head(o, logs, f->quirks);
	json_object_set_new(o, "counts",
			    json_pack("{s:I, s:I, s:I}", "proven", (json_int_t)f->n_proven,
				      "digest_only", (json_int_t)f->n_digest_only,
				      "unauthenticated", (json_int_t)f->n_unauthenticated));
	json_object_set_new(o, "windows", windows_json(&f->windows));
	json_object_set_new(o, "facts", facts_json(logs, f));
	json_object_set_new(o, "userspace",
			    logs->has_systemd ? all_userspace_json(logs) : json_null());
	return troth_cli_put_json(o, TROTH_CLI_YES);
}

/* ---- text ---- */

static const struct {
	const char *title;
	enum troth_fact_kind first, last;
} SECTIONS[] = {
	{ "Firmware", TROTH_FACT_S_CRTM_VERSION, TROTH_FACT_PLATFORM_ID },
	{ "Secure boot", TROTH_FACT_SECURE_BOOT_VARIABLE, TROTH_FACT_MOK },
	{ "Boot manager", TROTH_FACT_BOOT_ORDER, TROTH_FACT_GPT },
	{ "Boot loader and kernel", TROTH_FACT_GRUB_COMMAND, TROTH_FACT_EXIT_BOOT_SERVICES },
};

static bool in_section(const struct troth_fact *fact, size_t section)
{
	return fact->kind >= SECTIONS[section].first && fact->kind <= SECTIONS[section].last;
}

static void put_fact(const struct troth_cli_logs *logs, const struct troth_fact *fact)
{
	struct troth_field_line value;
	struct troth_line *l = troth_field_begin(&value);
	char hex[17];
	troth_line_fact(l, &logs->log, fact);
	printf("  %5" PRIu32 "  %-22s  %s", fact->event, troth_fact_name(fact->kind),
	       value.text);
	if (fact->proof == TROTH_PROOF_DIGEST && fact->digest.n >= 8) {
		troth_format_hex((struct troth_view){ fact->digest.p, 8 }, hex);
		printf("  (%s..., text not proven)", hex);
	} else if (fact->proof == TROTH_PROOF_NONE) {
		fputs("  (not proven)", stdout);
	}
	if (fact->authority >= 0)
		printf("  by authority %" PRId32, fact->authority);
	putchar('\n');
}

static void put_sections(const struct troth_cli_logs *logs, const struct troth_facts *f)
{
	for (size_t s = 0; s < TROTH_COUNT(SECTIONS); s++) {
		bool titled = false;
		for (size_t i = 0; i < f->n; i++) {
			if (!in_section(&f->list[i], s))
				continue;
			if (!titled)
				printf("\n%s\n", SECTIONS[s].title);
			titled = true;
			put_fact(logs, &f->list[i]);
		}
	}
}

static void put_windows(const struct troth_windows_facts *w)
{
	if (!w->seen)
		return;
	puts("\nWindows");
	for (size_t i = 0; i < TROTH_COUNT(WINDOWS); i++)
		printf("         %-26s  %s\n", WINDOWS[i].name, windows_answer(w, i));
	if (w->has_boot_counter)
		printf("         %-26s  %" PRIu64 "\n", "boot_counter", w->boot_counter);
}

static void put_userspace(const struct troth_cli_logs *logs)
{
	struct troth_event_proof p;
	if (!logs->has_systemd)
		return;
	puts("\nsystemd");
	for (size_t i = 0; i < logs->systemd.n_events; i++) {
		const struct troth_userspace_event *ev = &logs->systemd.events[i];
		struct troth_field_line text;
		troth_userspace_line(troth_field_begin(&text), ev);
		if (troth_userspace_prove(logs->ctx, ev, logs->bank, &p) != TROTH_OK)
			return;
		printf("  %5" PRIu32 "  %s%s\n", ev->index, text.text,
		       p.proof == TROTH_PROOF_DATA ? "" : "  (not proven)");
	}
}

static enum troth_cli_exit put_text(const struct troth_cli_logs *logs,
				    const struct troth_facts *f)
{
	static const char *const SAYS[] = {
		[TROTH_SECURE_BOOT_UNKNOWN] = "unknown: no event proves it",
		[TROTH_SECURE_BOOT_OFF] = "off",
		[TROTH_SECURE_BOOT_CLAIMED] =
			"claimed: the variable is 1, but no image was authorised",
		[TROTH_SECURE_BOOT_ON] = "on: an authority let the images run",
	};
	printf("secure boot         %s\n", SAYS[f->boot.secure_boot]);
	printf("exit boot services  %s\n", troth_answer_name(f->exit_boot_services));
	if (f->dma_protection_disabled == TROTH_YES)
		puts("DMA protection      disabled");
	if (f->debug_mode == TROTH_YES)
		puts("debug mode          yes");
	if (f->boot.bad_separators != 0)
		puts("separators          one is doubled or reports an error");
	if (!f->has_pcrs)
		puts("registers           of a confidential virtual machine, not PCRs");
	printf("events              %zu proven, %zu digest only, %zu unauthenticated (%s)\n",
	       f->n_proven, f->n_digest_only, f->n_unauthenticated,
	       troth_hash_name(logs->bank));
	put_sections(logs, f);
	put_windows(&f->windows);
	put_userspace(logs);
	return TROTH_CLI_YES;
}

enum troth_cli_exit troth_cli_eventlog_facts(struct troth_cli_logs *logs,
					     enum troth_cli_format format)
{
	TROTH_AUTO(troth_facts_release) struct troth_facts facts = { 0 };
	if (!troth_cli_logs_provable(logs))
		return TROTH_CLI_UNSURE;
	const enum troth_status st =
		troth_facts_read(logs->ctx, &logs->log, logs->bank, &facts);
	if (st != TROTH_OK) {
		troth_cli_error("%s", troth_status_name(st));
		return TROTH_CLI_UNSURE;
	}
	return format == TROTH_CLI_JSON ? put_json(logs, &facts) : put_text(logs, &facts);
}
