/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "reader.h"
#include "reference.h"
#include "text.h"

#define ANY UINT32_MAX

enum phase { ALWAYS, UNTIL_SEPARATOR, AFTER_SEPARATOR };

/* What a PCR is used for (PFP 1.05, 2.3.4; UAPI Linux TPM PCR registry). The first row that
 * fits an event names its component. */
static const struct role {
	uint32_t pcr, type;
	enum phase phase;
	bool apart; /* each event is a component of its own */
	const char *name;
} ROLES[] = {
	/* What systemd measures comes one by one while the machine comes up: a device that
	 * attests early has less of it, and in any PCR. */
	{ ANY, TROTH_EV_SYSTEMD_PHASE, ALWAYS, true, "boot-phase" },
	{ ANY, TROTH_EV_SYSTEMD_MACHINE_ID, ALWAYS, true, "machine-id" },
	{ ANY, TROTH_EV_SYSTEMD_FILE_SYSTEM, ALWAYS, true, "file-system" },
	{ ANY, TROTH_EV_SYSTEMD_VOLUME_KEY, ALWAYS, true, "volume-key" },
	{ ANY, TROTH_EV_SYSTEMD_OTHER, ALWAYS, true, "systemd" },
	{ 0, ANY, ALWAYS, false, "firmware" },
	{ 1, TROTH_EV_EFI_VARIABLE_BOOT, ALWAYS, false, "boot-variables" },
	{ 1, TROTH_EV_EFI_VARIABLE_BOOT2, ALWAYS, false, "boot-variables" },
	{ 1, ANY, ALWAYS, false, "firmware-config" },
	{ 2, ANY, ALWAYS, false, "option-roms" },
	{ 3, ANY, ALWAYS, false, "option-rom-config" },
	{ 4, TROTH_EV_EFI_BOOT_SERVICES_APPLICATION, ALWAYS, true, "image" },
	{ 4, ANY, ALWAYS, false, "boot-manager" },
	{ 5, TROTH_EV_EFI_GPT_EVENT, ALWAYS, false, "partition-table" },
	{ 5, ANY, ALWAYS, false, "boot-actions" },
	{ 6, ANY, ALWAYS, false, "platform" },
	{ 7, ANY, UNTIL_SEPARATOR, false, "secure-boot-policy" },
	{ 7, ANY, AFTER_SEPARATOR, false, "boot-authorities" },
	{ 8, ANY, ALWAYS, false, "grub-commands" },
	{ 9, TROTH_EV_EVENT_TAG, ALWAYS, false, "kernel-inputs" },
	{ 9, ANY, ALWAYS, false, "grub-files" },
	{ 10, ANY, ALWAYS, false, "ima" },
	{ 11, ANY, ALWAYS, false, "unified-kernel" },
	{ 12, ANY, ALWAYS, false, "kernel-parameters" },
	{ 13, ANY, ALWAYS, false, "system-extensions" },
	{ 14, ANY, ALWAYS, false, "shim-keys" },
	{ 15, ANY, ALWAYS, false, "system-identity" },
	{ 16, ANY, ALWAYS, false, "debug" },
	{ 17, ANY, ALWAYS, false, "dynamic-launch-17" },
	{ 18, ANY, ALWAYS, false, "dynamic-launch-18" },
	{ 19, ANY, ALWAYS, false, "dynamic-launch-19" },
	{ 20, ANY, ALWAYS, false, "dynamic-launch-20" },
	{ 21, ANY, ALWAYS, false, "dynamic-launch-21" },
	{ 22, ANY, ALWAYS, false, "dynamic-launch-22" },
	{ 23, ANY, ALWAYS, false, "application" },
};

#define NOWHERE UINT16_MAX

struct learner {
	const struct troth_log *log;
	const struct troth_pcr_selection *selection;
	struct troth_reference_set *set;
	uint16_t *place; /* component of each event of the log, or NOWHERE */
	unsigned int runs[TROTH_COUNT(ROLES)]; /* components made of a role so far */
	/* per PCR: name and component of its last event, whether its separator came */
	const char *name[TROTH_PCR_COUNT];
	uint16_t component[TROTH_PCR_COUNT];
	bool separated[TROTH_PCR_COUNT];
};

static uint32_t selected(const struct troth_pcr_selection *s)
{
	uint32_t mask = 0;
	for (size_t i = 0; i < s->n_banks; i++)
		mask |= s->banks[i].mask;
	return mask;
}

static const struct role *role_of(const struct learner *l, const struct troth_event *ev)
{
	const enum phase now = l->separated[ev->pcr] ? AFTER_SEPARATOR : UNTIL_SEPARATOR;
	size_t i = 0;
	while (i < TROTH_COUNT(ROLES) - 1 &&
	       !((ROLES[i].pcr == ANY || ROLES[i].pcr == ev->pcr) &&
		 (ROLES[i].type == ANY || ROLES[i].type == ev->type) &&
		 (ROLES[i].phase == ALWAYS || ROLES[i].phase == now)))
		i++;
	return &ROLES[i]; /* each PCR has a row that takes what is left */
}

/* Counts runs of a role; rows of one name count together. */
static unsigned int next_run(struct learner *l, const char *name)
{
	size_t i = 0;
	while (strcmp(ROLES[i].name, name) != 0)
		i++;
	return ++l->runs[i];
}

static enum troth_status open_component(struct learner *l, const struct role *role,
					const struct troth_event *ev)
{
	const uint32_t pcr = ev->pcr;
	if (l->set->n_components == TROTH_COMPONENTS_MAX)
		return TROTH_E_LIMIT;
	struct troth_component *c = &l->set->components[l->set->n_components];
	const unsigned int run = next_run(l, role->name);
	if (role->apart || run > 1)
		(void)snprintf(c->name, sizeof c->name, "%s-%u", role->name, run);
	else
		(void)snprintf(c->name, sizeof c->name, "%s", role->name);
	c->alternatives = calloc(1, sizeof *c->alternatives);
	if (c->alternatives == NULL)
		return TROTH_E_MEMORY;
	c->n_alternatives = 1;
	c->optional = troth_event_type_is_systemd(ev->type);
	l->name[pcr] = role->apart ? NULL : role->name;
	l->component[pcr] = (uint16_t)l->set->n_components++;
	return TROTH_OK;
}

/* Finds the component of an event and makes room for it there. */
static enum troth_status assign(struct learner *l, const struct troth_event *ev)
{
	const struct role *role = role_of(l, ev);
	if (l->name[ev->pcr] == NULL || strcmp(l->name[ev->pcr], role->name) != 0)
		TROTH_TRY(open_component(l, role, ev));
	if (ev->type == TROTH_EV_SEPARATOR)
		l->separated[ev->pcr] = true;
	l->place[ev->index] = l->component[ev->pcr];
	l->set->components[l->component[ev->pcr]].alternatives->n_events++;
	return TROTH_OK;
}

static enum troth_status copy_event(const struct learner *l, const struct troth_event *ev,
				    struct troth_reference_event *out)
{
	struct troth_reference_event copy = { .pcr = ev->pcr };
	for (size_t i = 0; i < l->selection->n_banks; i++) {
		const struct troth_pcr_bank_selection *bank = &l->selection->banks[i];
		if ((bank->mask & 1U << ev->pcr) == 0)
			continue;
		if (!troth_digest_set(&copy.digests[copy.n_digests++], bank->bank,
				      troth_event_digest(l->log, ev, bank->bank)))
			return TROTH_E_NOT_FOUND;
	}
	*out = copy;
	return TROTH_OK;
}

/* Allocates what assign counted, then copies the events in log order. */
static enum troth_status fill(struct learner *l, const char *alternative)
{
	for (size_t i = 0; i < l->set->n_components; i++) {
		struct troth_alternative *alt = l->set->components[i].alternatives;
		alt->events = calloc(alt->n_events, sizeof *alt->events);
		if (alt->events == NULL)
			return TROTH_E_MEMORY;
		alt->n_events = 0;
		memcpy(alt->name, alternative, strlen(alternative) + 1);
	}
	for (size_t i = 0; i < l->log->n_events; i++) {
		if (l->place[i] == NOWHERE)
			continue;
		struct troth_alternative *alt = l->set->components[l->place[i]].alternatives;
		TROTH_TRY(copy_event(l, &l->log->events[i], &alt->events[alt->n_events]));
		alt->n_events++;
	}
	return TROTH_OK;
}

static enum troth_status learn(struct learner *l, const char *alternative)
{
	const uint32_t pcrs = selected(l->selection);
	for (size_t i = 0; i < l->log->n_events; i++) {
		const struct troth_event *ev = &l->log->events[i];
		l->place[i] = NOWHERE;
		if (troth_event_extends(ev) && (pcrs & 1U << ev->pcr) != 0)
			TROTH_TRY(assign(l, ev));
	}
	return fill(l, alternative);
}

/* Both names end up in findings and file names. */
static enum troth_status start_set(const char *name, const char *alternative,
				   struct troth_reference_set *out)
{
	if (!troth_name_valid(troth_view_str(name)) ||
	    !troth_name_valid(troth_view_str(alternative)))
		return TROTH_E_CONFIG;
	out->components = calloc(TROTH_COMPONENTS_MAX, sizeof *out->components);
	if (out->components == NULL)
		return TROTH_E_MEMORY;
	memcpy(out->name, name, strlen(name) + 1);
	return TROTH_OK;
}

static enum troth_status learn_set(struct learner *l, const char *name, const char *alternative)
{
	TROTH_TRY(start_set(name, alternative, l->set));
	l->place = calloc(l->log->n_events + 1, sizeof *l->place);
	if (l->place == NULL)
		return TROTH_E_MEMORY;
	enum troth_status status = learn(l, alternative);
	free(l->place);
	return status;
}

/* Hands a set over when it is whole, else frees it. */
static enum troth_status finish(enum troth_status status, struct troth_reference_set *set,
				struct troth_reference_set *out)
{
	if (status == TROTH_OK)
		*out = *set;
	else
		troth_reference_release(set);
	return status;
}

enum troth_status troth_reference_learn(const struct troth_log *log,
					const struct troth_pcr_selection *selection,
					const char *name, const char *alternative,
					struct troth_reference_set *out)
{
	struct troth_reference_set set = { 0 };
	struct learner l = { .log = log, .selection = selection, .set = &set };
	return finish(learn_set(&l, name, alternative), &set, out);
}

static enum troth_status copy_value(const struct troth_pcr_values *values,
				    const struct troth_pcr_selection *selection, uint32_t pcr,
				    struct troth_reference_event *out)
{
	struct troth_reference_event ev = { .pcr = pcr };
	for (size_t i = 0; i < selection->n_banks; i++) {
		const struct troth_pcr_bank_selection *bank = &selection->banks[i];
		if ((bank->mask & 1U << pcr) == 0)
			continue;
		if (!troth_digest_set(&ev.digests[ev.n_digests++], bank->bank,
				      troth_pcr_value(values, bank->bank, pcr)))
			return TROTH_E_NOT_FOUND;
	}
	*out = ev;
	return TROTH_OK;
}

/* Appends a golden component of one event, still without digests. */
static enum troth_status open_golden(struct troth_reference_set *set, uint32_t pcr,
				     const char *alternative,
				     struct troth_reference_event **out)
{
	struct troth_component *c = &set->components[set->n_components];
	c->golden = true;
	(void)snprintf(c->name, sizeof c->name, "value-of-pcr-%u", pcr);
	c->alternatives = calloc(1, sizeof *c->alternatives);
	if (c->alternatives == NULL)
		return TROTH_E_MEMORY;
	c->n_alternatives = 1;
	set->n_components++;
	memcpy(c->alternatives->name, alternative, strlen(alternative) + 1);
	c->alternatives->events = calloc(1, sizeof *c->alternatives->events);
	if (c->alternatives->events == NULL)
		return TROTH_E_MEMORY;
	c->alternatives->n_events = 1;
	*out = c->alternatives->events;
	return TROTH_OK;
}

static enum troth_status learn_values(const struct troth_pcr_values *values,
				      const struct troth_pcr_selection *selection,
				      const char *alternative, struct troth_reference_set *set)
{
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
		struct troth_reference_event *value;
		if ((selected(selection) & 1U << pcr) == 0)
			continue;
		TROTH_TRY(open_golden(set, pcr, alternative, &value));
		TROTH_TRY(copy_value(values, selection, pcr, value));
	}
	return TROTH_OK;
}

enum troth_status troth_reference_learn_golden(const struct troth_pcr_values *values,
					       const struct troth_pcr_selection *selection,
					       const char *name, const char *alternative,
					       struct troth_reference_set *out)
{
	struct troth_reference_set set = { 0 };
	enum troth_status status = start_set(name, alternative, &set);
	if (status == TROTH_OK)
		status = learn_values(values, selection, alternative, &set);
	return finish(status, &set, out);
}
