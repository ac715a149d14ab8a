/* SPDX-License-Identifier: Apache-2.0 */
/* One webhook: its notices in order, one at a time, each again and again until it is taken.
 *
 * A delivery is in one of three states: it wants a page from the front, it sends, or it waits
 * before it tries again. What has been taken is reported before the next one is sent, so that
 * after the end of any process at most the last one comes twice. */
#ifndef TROTH_DELIVERY_H
#define TROTH_DELIVERY_H

#include <curl/curl.h>
#include <stdbool.h>

#include "message.h"
#include "webhook_keys.h"

/* A receiver has this long, milliseconds. */
#define TROTH_WEBHOOK_CONNECT_MS 5000
#define TROTH_WEBHOOK_TOTAL_MS 15000
/* Before the second try, and at most, milliseconds: doubled each time, and between half and all
 * of it at random, so that those who fail together do not come again together. */
#define TROTH_WEBHOOK_RETRY_MS 1000
#define TROTH_WEBHOOK_RETRY_MAX_MS 300000

enum troth_delivery_state { TROTH_DELIVERY_WANTS, TROTH_DELIVERY_SENDS, TROTH_DELIVERY_WAITS };

struct troth_delivery {
	const struct troth_webhook *hook; /* borrowed */
	uint8_t number;			  /* its place in the configuration */
	struct troth_webhook_keys keys;
	CURL *curl;
	struct curl_slist *headers;
	enum troth_delivery_state state;
	uint64_t due_ms; /* WAITS: until then, by the monotonic clock */
	struct troth_courier_page page;
	size_t at; /* in the page */
	uint8_t body[TROTH_NOTICE_JSON_MAX];
	size_t body_len, answered; /* bytes */
	uint32_t n_failures;	   /* in a row */
	char curl_says[CURL_ERROR_SIZE];
	char error[TROTH_COURIER_ERROR_MAX];
};

/* Reads keys and anchors. TROTH_E_CONFIG with a line logged. */
TROTH_NODISCARD enum troth_status troth_delivery_init(struct troth_delivery *d,
						      const struct troth_webhook *hook);
void troth_delivery_release(struct troth_delivery *d);
/* Takes the page over that it wanted. */
void troth_delivery_take(struct troth_delivery *d, const struct troth_courier_page *page);
/* Readies d->curl for what is next in the page, and sends from now on. */
TROTH_NODISCARD enum troth_status troth_delivery_prepare(struct troth_delivery *d);
/* How it went. True when it was taken: there is something to report, and the next one or the
 * next page is due. Otherwise it waits. */
TROTH_NODISCARD bool troth_delivery_finish(struct troth_delivery *d, CURLcode code);
/* All before it has been delivered. */
uint64_t troth_delivery_next(const struct troth_delivery *d);

#endif
