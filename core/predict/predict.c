/* SPDX-License-Identifier: Apache-2.0 */
#include "predict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "reader.h"
#include "text.h"

#define PCR_IMAGES 4
#define PCR_KERNEL_INPUTS 9
#define PCR_STUB_PARAMETERS 12

enum troth_status troth_prediction_start(struct troth_ctx *ctx, const char *name,
					 const char *alternative, struct troth_prediction *out)
{
	if (!troth_name_valid(troth_view_str(name)) ||
	    !troth_name_valid(troth_view_str(alternative)) || out->n_banks == 0)
		return TROTH_E_CONFIG;
	struct troth_component *components =
		calloc(TROTH_COMPONENTS_MAX, sizeof *out->set.components);
	if (components == NULL)
		return TROTH_E_MEMORY;
	out->ctx = ctx;
	out->n_images = 0;
	out->set = (struct troth_reference_set){ .components = components };
	memcpy(out->set.name, name, strlen(name) + 1);
	memcpy(out->alternative, alternative, strlen(alternative) + 1);
	return TROTH_OK;
}

void troth_prediction_release(struct troth_prediction *p)
{
	troth_reference_release(&p->set);
	*p = (struct troth_prediction){ 0 };
}

static struct troth_component *find_component(struct troth_prediction *p, const char *name)
{
	for (size_t i = 0; i < p->set.n_components; i++)
		if (strcmp(p->set.components[i].name, name) == 0)
			return &p->set.components[i];
	return NULL;
}

static enum troth_status get_component(struct troth_prediction *p, const char *name,
				       struct troth_component **out)
{
	struct troth_component *c = find_component(p, name);
	if (c == NULL) {
		if (p->set.n_components == TROTH_COMPONENTS_MAX)
			return TROTH_E_LIMIT;
		c = &p->set.components[p->set.n_components];
		c->alternatives = calloc(1, sizeof *c->alternatives);
		if (c->alternatives == NULL)
			return TROTH_E_MEMORY;
		c->n_alternatives = 1;
		(void)snprintf(c->name, sizeof c->name, "%s", name);
		memcpy(c->alternatives->name, p->alternative, sizeof p->alternative);
		p->set.n_components++;
	}
	*out = c;
	return TROTH_OK;
}

static enum troth_status append(struct troth_prediction *p, const char *component,
				const struct troth_reference_event *ev)
{
	struct troth_component *c;
	TROTH_TRY(get_component(p, component, &c));
	struct troth_alternative *a = c->alternatives;
	if (a->n_events == TROTH_REFERENCE_EVENTS_MAX)
		return TROTH_E_LIMIT;
	struct troth_reference_event *grown =
		realloc(a->events, (a->n_events + 1) * sizeof *grown);
	if (grown == NULL)
		return TROTH_E_MEMORY;
	a->events = grown;
	a->events[a->n_events++] = *ev;
	return TROTH_OK;
}

enum troth_status troth_predict_data(struct troth_prediction *p, const char *component,
				     uint32_t pcr, struct troth_view data)
{
	struct troth_reference_event ev = { .pcr = pcr, .n_digests = p->n_banks };
	for (size_t i = 0; i < p->n_banks; i++)
		TROTH_TRY(troth_hash_one(p->ctx, p->banks[i], data, &ev.digests[i]));
	return append(p, component, &ev);
}

enum troth_status troth_predict_image(struct troth_prediction *p, struct troth_view file)
{
	struct troth_reference_event ev = { .pcr = PCR_IMAGES, .n_digests = p->n_banks };
	char component[TROTH_NAME_LEN_MAX + 1];
	struct troth_pe pe;
	TROTH_TRY(troth_pe_parse(file, &pe));
	for (size_t i = 0; i < p->n_banks; i++)
		TROTH_TRY(troth_pe_digest(p->ctx, &pe, p->banks[i], &ev.digests[i]));
	(void)snprintf(component, sizeof component, "image-%u", p->n_images + 1);
	TROTH_TRY(append(p, component, &ev));
	p->n_images++;
	return TROTH_OK;
}

/* As EFI passes text: UTF-16LE with a final NUL. */
static enum troth_status predict_wide(struct troth_prediction *p, const char *component,
				      uint32_t pcr, struct troth_view ascii)
{
	uint8_t wide[2 * (TROTH_CMDLINE_MAX + 1)] = { 0 };
	if (ascii.n > TROTH_CMDLINE_MAX)
		return TROTH_E_LIMIT;
	for (size_t i = 0; i < ascii.n; i++) {
		if (ascii.p[i] == 0 || ascii.p[i] >= 0x80)
			return TROTH_E_UNSUPPORTED;
		wide[2 * i] = ascii.p[i];
	}
	return troth_predict_data(p, component, pcr,
				  (struct troth_view){ wide, 2 * (ascii.n + 1) });
}

enum troth_status troth_predict_load_options(struct troth_prediction *p,
					     struct troth_view cmdline)
{
	return predict_wide(p, "kernel-inputs", PCR_KERNEL_INPUTS, cmdline);
}

enum troth_status troth_predict_uki_cmdline(struct troth_prediction *p,
					    struct troth_view cmdline)
{
	return predict_wide(p, "kernel-parameters", PCR_STUB_PARAMETERS, cmdline);
}

enum troth_status troth_predict_initrd(struct troth_prediction *p,
				       const struct troth_view *files, size_t n_files)
{
	struct troth_reference_event ev = { .pcr = PCR_KERNEL_INPUTS, .n_digests = p->n_banks };
	for (size_t i = 0; i < p->n_banks; i++)
		TROTH_TRY(
			troth_hash_parts(p->ctx, p->banks[i], files, n_files, &ev.digests[i]));
	return append(p, "kernel-inputs", &ev);
}

/* PCR <- H(PCR || H(word)), from what the events lead to. */
static enum troth_status extend(struct troth_ctx *ctx, struct troth_digest *pcr,
				const struct troth_digest *digest)
{
	const struct troth_view both[] = { troth_digest_view(pcr), troth_digest_view(digest) };
	return troth_hash_parts(ctx, pcr->alg, both, TROTH_COUNT(both), pcr);
}

static enum troth_status value_after(struct troth_prediction *p, size_t bank,
				     const struct troth_alternative *events,
				     struct troth_digest *out)
{
	struct troth_digest pcr = { .alg = p->banks[bank] }; /* zeros, as PCR 11 starts */
	for (size_t i = 0; i < events->n_events; i++)
		TROTH_TRY(extend(p->ctx, &pcr, &events->events[i].digests[bank]));
	*out = pcr;
	return TROTH_OK;
}

enum troth_status troth_predict_phases(struct troth_prediction *p,
				       const struct troth_view *words, size_t n_words)
{
	static const char EVENTS[] = "unified-kernel", VALUE[] = "value-of-pcr-11";
	struct troth_component *c = find_component(p, EVENTS);
	if (c == NULL)
		return TROTH_E_NOT_FOUND;
	struct troth_reference_event ev = { .pcr = 11, .n_digests = p->n_banks };
	for (size_t i = 0; i < n_words; i++)
		TROTH_TRY(troth_predict_data(p, EVENTS, ev.pcr, words[i]));
	for (size_t i = 0; i < p->n_banks; i++)
		TROTH_TRY(value_after(p, i, c->alternatives, &ev.digests[i]));
	c->alternatives->events[0] = ev;
	c->alternatives->n_events = 1;
	c->golden = true;
	memcpy(c->name, VALUE, sizeof VALUE);
	return TROTH_OK;
}
