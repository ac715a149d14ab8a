/* SPDX-License-Identifier: Apache-2.0 */
/* Notices read from the store for those who follow them, on the administration thread: workers
 * wait for no store. */
#ifndef TROTH_NOTICE_READ_H
#define TROTH_NOTICE_READ_H

#include "mailbox.h"
#include "notice.h"

struct troth_front;

/* Notices in one page. */
#define TROTH_NOTICE_PAGE 64
/* In place of an index: from what comes next. */
#define TROTH_NOTICE_FROM_NOW UINT64_MAX

struct troth_notice_page {
	uint64_t asked; /* from where it was to be read */
	uint64_t from;	/* the same; where the log ends, or what is kept begins, past that */
	bool reset;	/* it was: what was seen before is not of this log, or not all before */
	uint64_t next;	/* from where to go on */
	bool whole;	/* there is nothing after it, yet */
	size_t n;
	struct {
		uint64_t index;
		struct troth_notice notice;
	} list[TROTH_NOTICE_PAGE];
};

/* The page from an index on. On the administration thread. */
TROTH_NODISCARD enum troth_status troth_notice_page_read(struct troth_front *f, uint64_t from,
							 struct troth_notice_page *out);

/* page is NULL when the store could not be read; borrowed. */
typedef void troth_notice_done(void *arg, const struct troth_notice_page *page);
/* Reads a page and answers through the mailbox of who asks. Nobody is answered once the service
 * ends. */
TROTH_NODISCARD enum troth_status troth_notice_read(struct troth_front *f,
						    struct troth_mailbox *asker, uint64_t from,
						    troth_notice_done *done, void *arg);

#endif
