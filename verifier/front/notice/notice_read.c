/* SPDX-License-Identifier: Apache-2.0 */
#include "notice_read.h"

#include <stdlib.h>

#include "admin.h"
#include "base.h"

struct reading {
	struct troth_job job;
	struct troth_front *front;
	struct troth_mailbox *asker;
	troth_notice_done *done;
	void *arg;
	uint64_t from;
	enum troth_status status;
	struct troth_notice_page page;
};

static enum troth_status take(void *arg, uint64_t index, const struct troth_notice *notice)
{
	struct troth_notice_page *p = arg;
	p->list[p->n].index = index;
	p->list[p->n].notice = *notice;
	p->next = index + 1;
	p->n++;
	return TROTH_OK;
}

enum troth_status troth_notice_page_read(struct troth_front *f, uint64_t from,
					 struct troth_notice_page *out)
{
	uint64_t end = 0;
	struct troth_notices_kept kept;
	/* The end first: what is committed meanwhile is in the page, or after it. */
	TROTH_TRY(f->store_ops->end(f->store_backend, &end));
	TROTH_TRY(f->store_ops->kept(f->store_backend, &kept));
	uint64_t start = from < end ? from : end;
	start = start > kept.first ? start : kept.first;
	*out = (struct troth_notice_page){ .asked = from, .from = start, .next = start };
	out->reset = (from > end && from != TROTH_NOTICE_FROM_NOW) || from < kept.first;
	TROTH_TRY(f->store_ops->each_notice(f->store_backend, start, TROTH_NOTICE_PAGE, take,
					    out));
	out->whole = out->n < TROTH_NOTICE_PAGE;
	if (out->whole && out->next < end)
		out->next = end;
	return TROTH_OK;
}

static void on_answer(struct troth_job *job)
{
	struct reading *r = (struct reading *)job;
	r->done(r->arg, r->status == TROTH_OK ? &r->page : NULL);
	free(r);
}

/* On the administration thread. When the store has closed, the workers have gone. */
static void on_asked(struct troth_job *job)
{
	struct reading *r = (struct reading *)job;
	if (r->front->admin->store_closed) {
		free(r);
		return;
	}
	r->status = troth_notice_page_read(r->front, r->from, &r->page);
	if (r->status != TROTH_OK)
		troth_error("notices", "status=%s", troth_status_name(r->status));
	r->job.run = on_answer;
	troth_mailbox_post(r->asker, &r->job);
}

enum troth_status troth_notice_read(struct troth_front *f, struct troth_mailbox *asker,
				    uint64_t from, troth_notice_done *done, void *arg)
{
	struct reading *r = calloc(1, sizeof *r);
	if (r == NULL)
		return TROTH_E_MEMORY;
	r->job.run = on_asked;
	r->front = f;
	r->asker = asker;
	r->done = done;
	r->arg = arg;
	r->from = from;
	troth_mailbox_post(f->admin->mailbox, &r->job);
	return TROTH_OK;
}
