/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs handed from other threads to a loop: the only way anything comes back to a worker. */
#ifndef TROTH_MAILBOX_H
#define TROTH_MAILBOX_H

#include <event2/event.h>
#include <troth/status.h>

/* Embedded in what is handed over; owned by whoever posts until it runs. */
struct troth_job {
	void (*run)(struct troth_job *job);
	struct troth_job *next;
};

struct troth_mailbox;

TROTH_NODISCARD enum troth_status troth_mailbox_new(struct event_base *base,
						    struct troth_mailbox **out);
/* Jobs still inside are run first. Nobody may post any more. */
void troth_mailbox_free(struct troth_mailbox *m);
/* From any thread, never blocks for long, never fails: jobs run on the loop
 * in order of posting. */
void troth_mailbox_post(struct troth_mailbox *m, struct troth_job *job);

#endif
