/* SPDX-License-Identifier: Apache-2.0 */
#include "webhook_progress.h"

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void troth_webhook_progress_begin(struct troth_webhook_progress *p, uint64_t done)
{
	*p = (struct troth_webhook_progress){ .done = done, .from = done };
}

void troth_webhook_progress_hand(struct troth_webhook_progress *p,
				 const struct troth_courier_page *page)
{
	p->n = page->n;
	p->at = 0;
	for (size_t i = 0; i < page->n; i++)
		p->ends[i] = page->list[i].index;
	p->ends[page->n] = page->next;
	p->said = p->done;
	p->from = later(p->from, page->next);
}

bool troth_webhook_progress_owes(const struct troth_webhook_progress *p)
{
	return p->at < p->n;
}

void troth_webhook_progress_again(struct troth_webhook_progress *p)
{
	p->n = p->at = 0;
	p->from = p->done;
}

void troth_webhook_progress_pass(struct troth_webhook_progress *p, uint64_t next)
{
	p->from = later(p->from, next);
}

void troth_webhook_progress_forget(struct troth_webhook_progress *p, uint64_t first)
{
	p->done = later(p->done, first);
	p->from = later(p->from, first);
}

enum troth_webhook_step troth_webhook_progress_report(struct troth_webhook_progress *p,
						      uint64_t next)
{
	if (p->n == 0 || next < p->said)
		return TROTH_WEBHOOK_LIE;
	const bool taken = next > p->ends[p->at];
	if (taken && (!troth_webhook_progress_owes(p) || next > p->ends[p->at + 1]))
		return TROTH_WEBHOOK_LIE;
	p->said = next;
	if (!taken)
		return TROTH_WEBHOOK_STAYS;
	p->at++;
	p->done = later(p->done, next);
	return TROTH_WEBHOOK_TAKEN;
}
