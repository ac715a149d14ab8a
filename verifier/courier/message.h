/* SPDX-License-Identifier: Apache-2.0 */
/* What courier and front say to each other: one message a packet, over a socketpair that keeps
 * their bounds. Webhooks are named by their place in the configuration.
 *
 * Readers refuse prefixes, trailing bytes and what has no meaning, and leave *out alone then.
 */
#ifndef TROTH_COURIER_MESSAGE_H
#define TROTH_COURIER_MESSAGE_H

#include "notice.h"

/* Any message, bytes; a full page has less than 6,000. */
#define TROTH_COURIER_MESSAGE_MAX 8192
/* Notices handed over at once: so few that every webhook's page fits the socket's buffer. */
#define TROTH_COURIER_PAGE 16
/* Why a delivery failed, bytes with the NUL. */
#define TROTH_COURIER_ERROR_MAX 160

/* Courier to front. */
enum troth_courier_kind { TROTH_COURIER_READ = 1, TROTH_COURIER_REPORT = 2 };

struct troth_courier_request {
	enum troth_courier_kind kind;
	uint8_t hook;
	/* READ says no more: it is answered with a page that is not empty, when there is one,
	 * from where this webhook has come to. The rest is of REPORT. */
	uint64_t next;	     /* all before it has been delivered: remembered before all else */
	uint32_t n_failures; /* in a row */
	char error[TROTH_COURIER_ERROR_MAX]; /* of the last one, printable ASCII */
};

/* Front to courier. */
struct troth_courier_page {
	uint8_t hook;
	uint64_t next; /* of the log, after this page */
	size_t n;
	struct {
		uint64_t index;
		struct troth_notice notice;
	} list[TROTH_COURIER_PAGE];
};

/* Into buf (TROTH_COURIER_MESSAGE_MAX bytes). */
TROTH_NODISCARD enum troth_status
troth_courier_request_write(const struct troth_courier_request *q, uint8_t *buf,
			    size_t *out_len);
TROTH_NODISCARD enum troth_status troth_courier_request_read(struct troth_view bytes,
							     struct troth_courier_request *out);
TROTH_NODISCARD enum troth_status troth_courier_page_write(const struct troth_courier_page *p,
							   uint8_t *buf, size_t *out_len);
TROTH_NODISCARD enum troth_status troth_courier_page_read(struct troth_view bytes,
							  struct troth_courier_page *out);

#endif
