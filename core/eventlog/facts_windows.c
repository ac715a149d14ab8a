/* SPDX-License-Identifier: Apache-2.0 */
#include "facts_windows.h"

#include <stddef.h>

#include "base.h"
#include "reader.h"
#include "sipa.h"

static const uint32_t LOADER_PCRS = 1U << 12 | 1U << 13;

/* Which answer is the bad one: it stands once it was given. */
static const struct {
	uint32_t id;
	enum troth_answer bad;
	size_t offset; /* of the answer in struct troth_windows_facts */
} ANSWERS[] = {
	{ TROTH_SIPA_BOOT_DEBUGGING, TROTH_YES,
	  offsetof(struct troth_windows_facts, boot_debugging) },
	{ TROTH_SIPA_KERNEL_DEBUG, TROTH_YES,
	  offsetof(struct troth_windows_facts, kernel_debugging) },
	{ TROTH_SIPA_HYPERVISOR_DEBUG, TROTH_YES,
	  offsetof(struct troth_windows_facts, hypervisor_debugging) },
	{ TROTH_SIPA_TEST_SIGNING, TROTH_YES,
	  offsetof(struct troth_windows_facts, test_signing) },
	{ TROTH_SIPA_FLIGHT_SIGNING, TROTH_YES,
	  offsetof(struct troth_windows_facts, flight_signing) },
	{ TROTH_SIPA_SAFE_MODE, TROTH_YES, offsetof(struct troth_windows_facts, safe_mode) },
	{ TROTH_SIPA_WINPE, TROTH_YES, offsetof(struct troth_windows_facts, winpe) },
	{ TROTH_SIPA_CODE_INTEGRITY, TROTH_NO,
	  offsetof(struct troth_windows_facts, code_integrity) },
	{ TROTH_SIPA_DEP, TROTH_NO,
	  offsetof(struct troth_windows_facts, data_execution_prevention) },
	{ TROTH_SIPA_HYPERVISOR, TROTH_NO, offsetof(struct troth_windows_facts, hypervisor) },
	{ TROTH_SIPA_VSM, TROTH_NO, offsetof(struct troth_windows_facts, virtual_secure_mode) },
};

/* Data execution prevention (the boot option "nx"): opt-in, opt-out, always off, always on. */
static enum troth_answer answer_of(uint32_t id, uint64_t number)
{
	if (id == TROTH_SIPA_DEP)
		return number == 2 ? TROTH_NO : TROTH_YES;
	return number == 0 ? TROTH_NO : TROTH_YES;
}

static void take_tagged(void *to, const struct troth_tagged *t)
{
	struct troth_windows_facts *facts = to;
	uint64_t number;
	if (!troth_tagged_number(t, &number))
		return;
	if (t->id == TROTH_SIPA_BOOT_COUNTER && !facts->has_boot_counter) {
		facts->has_boot_counter = true;
		facts->boot_counter = number;
	}
	for (size_t i = 0; i < TROTH_COUNT(ANSWERS); i++) {
		if (ANSWERS[i].id != t->id)
			continue;
		enum troth_answer *answer =
			(enum troth_answer *)((char *)facts + ANSWERS[i].offset);
		if (*answer != ANSWERS[i].bad)
			*answer = answer_of(t->id, number);
	}
}

void troth_windows_take(struct troth_windows_reading *r, const struct troth_event *ev,
			const struct troth_event_proof *p)
{
	if (ev->pcr >= TROTH_PCR_COUNT || (LOADER_PCRS & ~r->closed & 1U << ev->pcr) == 0 ||
	    p->proof == TROTH_PROOF_NONE)
		return;
	if (ev->type == TROTH_EV_SEPARATOR) {
		r->closed |= 1U << ev->pcr;
		return;
	}
	struct troth_reader data = { ev->data };
	struct troth_tagged t;
	if (ev->type != TROTH_EV_EVENT_TAG || p->proof != TROTH_PROOF_DATA ||
	    !troth_tagged_next(&data, &t) || !troth_tagged_is_container(t.id))
		return;
	r->facts.seen = true;
	troth_tagged_walk(ev->data, take_tagged, &r->facts);
}

bool troth_windows_is_trust_point(struct troth_view data)
{
	struct troth_reader r = { data };
	uint32_t id;
	return troth_get_u32le(&r, &id) && id == TROTH_SIPA_TRUST_POINT;
}
