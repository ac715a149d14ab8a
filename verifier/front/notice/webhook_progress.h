/* SPDX-License-Identifier: Apache-2.0 */
/* How far a webhook has come, and what of that a courier may move.
 *
 * A courier meets the network and may be somebody else's one day. It has no position of its
 * own: it is handed a page, and can say of each event of it, in order and one at a time, that
 * it was taken. Nothing is passed over and nothing comes back by its word. */
#ifndef TROTH_WEBHOOK_PROGRESS_H
#define TROTH_WEBHOOK_PROGRESS_H

#include <stdbool.h>

#include "courier/message.h"

struct troth_webhook_progress {
	uint64_t done; /* all before it was taken, or is not for this webhook */
	uint64_t from; /* where the next page is read from; not below done */
	/* The page that was handed over: its events, then where it ends. Of them `at` were
	 * taken; `said` is how far the courier says that it is. */
	size_t n, at;
	uint64_t ends[TROTH_COURIER_PAGE + 1], said;
};

void troth_webhook_progress_begin(struct troth_webhook_progress *p, uint64_t done);
/* A page that is not empty was handed over. */
void troth_webhook_progress_hand(struct troth_webhook_progress *p,
				 const struct troth_courier_page *page);
/* True where something of the page is still to be taken. */
bool troth_webhook_progress_owes(const struct troth_webhook_progress *p);
/* The courier has lost its page: it is to be read again. */
void troth_webhook_progress_again(struct troth_webhook_progress *p);
/* Nothing between `from` and `next` is for this webhook. */
void troth_webhook_progress_pass(struct troth_webhook_progress *p, uint64_t next);
/* Nothing before `first` is there any more. */
void troth_webhook_progress_forget(struct troth_webhook_progress *p, uint64_t first);

enum troth_webhook_step {
	TROTH_WEBHOOK_LIE,   /* neither of them: nothing was moved */
	TROTH_WEBHOOK_STAYS, /* the next event of the page was not taken */
	TROTH_WEBHOOK_TAKEN
};
/* What it means when a courier says that all before `next` was taken. Between two events there
 * is nothing for it: any number there says that the first was taken. */
TROTH_NODISCARD enum troth_webhook_step
troth_webhook_progress_report(struct troth_webhook_progress *p, uint64_t next);

#endif
