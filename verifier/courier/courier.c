/* SPDX-License-Identifier: Apache-2.0 */
#include "courier.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base.h"
#include "clock.h"
#include "delivery.h"
#include "log.h"
#include "sandbox.h"

/* Without anything to do the loop wakes this often, milliseconds. */
#define IDLE_MS 60000

struct courier {
	int channel;
	CURLM *multi;
	size_t n;
	struct troth_delivery list[TROTH_WEBHOOKS_MAX];
};

/* ---- the channel ---- */

static bool ask(struct courier *c, const struct troth_courier_request *q)
{
	uint8_t bytes[TROTH_COURIER_MESSAGE_MAX];
	size_t n = 0;
	return troth_courier_request_write(q, bytes, &n) == TROTH_OK &&
	       send(c->channel, bytes, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static bool want(struct courier *c, const struct troth_delivery *d)
{
	return ask(c, &(struct troth_courier_request){ .kind = TROTH_COURIER_READ,
						       .hook = d->number });
}

static bool report(struct courier *c, const struct troth_delivery *d)
{
	struct troth_courier_request q = { .kind = TROTH_COURIER_REPORT,
					   .hook = d->number,
					   .next = troth_delivery_next(d),
					   .n_failures = d->n_failures };
	memcpy(q.error, d->error, sizeof q.error);
	return ask(c, &q);
}

/* ---- turns ---- */

static bool start(struct courier *c, struct troth_delivery *d)
{
	return troth_delivery_prepare(d) == TROTH_OK &&
	       curl_multi_add_handle(c->multi, d->curl) == CURLM_OK;
}

/* The next one of the page, or the next page. */
static bool go_on(struct courier *c, struct troth_delivery *d)
{
	if (d->at < d->page.n)
		return start(c, d);
	d->state = TROTH_DELIVERY_WANTS;
	return want(c, d);
}

static bool finished(struct courier *c, struct troth_delivery *d, CURLcode code)
{
	(void)curl_multi_remove_handle(c->multi, d->curl);
	const bool taken = troth_delivery_finish(d, code);
	return report(c, d) && (!taken || go_on(c, d));
}

static bool take_finished(struct courier *c)
{
	CURLMsg *m;
	int left;
	while ((m = curl_multi_info_read(c->multi, &left)) != NULL) {
		struct troth_delivery *d = NULL;
		const CURLcode code = m->data.result;
		if (m->msg != CURLMSG_DONE ||
		    curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&d) !=
			    CURLE_OK)
			continue;
		if (!finished(c, d, code))
			return false;
	}
	return true;
}

/* A page that nobody wanted was for the courier before this one. */
static bool take_page(struct courier *c, struct troth_view bytes)
{
	struct troth_courier_page page;
	if (troth_courier_page_read(bytes, &page) != TROTH_OK)
		return false;
	if (page.hook >= c->n || page.n == 0)
		return true;
	struct troth_delivery *d = &c->list[page.hook];
	if (d->state != TROTH_DELIVERY_WANTS)
		return true;
	troth_delivery_take(d, &page);
	return start(c, d);
}

/* False at the end of the channel. */
static bool take_pages(struct courier *c)
{
	uint8_t bytes[TROTH_COURIER_MESSAGE_MAX];
	for (;;) {
		ssize_t n = recv(c->channel, bytes, sizeof bytes, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (n <= 0 || !take_page(c, (struct troth_view){ bytes, (size_t)n }))
			return false;
	}
}

static bool retry(struct courier *c, uint64_t now_ms)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->list[i].state == TROTH_DELIVERY_WAITS && c->list[i].due_ms <= now_ms &&
		    !start(c, &c->list[i]))
			return false;
	return true;
}

static int wait_ms(const struct courier *c, uint64_t now_ms)
{
	uint64_t wait = IDLE_MS;
	for (size_t i = 0; i < c->n; i++) {
		const struct troth_delivery *d = &c->list[i];
		if (d->state != TROTH_DELIVERY_WAITS)
			continue;
		const uint64_t left = d->due_ms > now_ms ? d->due_ms - now_ms : 0;
		wait = left < wait ? left : wait;
	}
	return (int)wait;
}

static bool turn(struct courier *c)
{
	struct curl_waitfd channel = { .fd = c->channel, .events = CURL_WAIT_POLLIN };
	int running;
	return curl_multi_perform(c->multi, &running) == CURLM_OK && take_finished(c) &&
	       retry(c, troth_mono_ms()) && take_pages(c) &&
	       curl_multi_poll(c->multi, &channel, 1, wait_ms(c, troth_mono_ms()), NULL) ==
		       CURLM_OK;
}

/* ---- its life ---- */

static enum troth_status load(struct courier *c, const struct troth_webhooks *hooks)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return TROTH_E_CRYPTO;
	for (; c->n < hooks->n; c->n++) {
		TROTH_TRY(troth_delivery_init(&c->list[c->n], &hooks->list[c->n]));
		c->list[c->n].number = (uint8_t)c->n;
	}
	return TROTH_OK;
}

static void release(struct courier *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->multi != NULL)
			(void)curl_multi_remove_handle(c->multi, c->list[i].curl);
		troth_delivery_release(&c->list[i]);
	}
	if (c->multi != NULL)
		(void)curl_multi_cleanup(c->multi);
}

enum troth_status troth_courier_check(const struct troth_webhooks *hooks)
{
	struct courier c = { .channel = -1 };
	enum troth_status status = load(&c, hooks);
	release(&c);
	return status;
}

/* What is left of the courier before this one is asked for again. */
static bool begin(struct courier *c)
{
	uint8_t bytes[TROTH_COURIER_MESSAGE_MAX];
	while (recv(c->channel, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		;
	for (size_t i = 0; i < c->n; i++)
		if (!want(c, &c->list[i]))
			return false;
	return true;
}

int troth_courier_run(int channel, const struct troth_webhooks *hooks)
{
	static struct courier c; /* too large for a stack */
	c.channel = channel;
	enum troth_status status = load(&c, hooks);
	if (status == TROTH_OK)
		c.multi = curl_multi_init();
	if (status == TROTH_OK && c.multi != NULL)
		status = troth_sandbox_courier();
	if (status != TROTH_OK || c.multi == NULL) {
		troth_error("courier", "status=%s", troth_status_name(status));
		release(&c);
		return 1;
	}
	bool more = begin(&c);
	while (more)
		more = turn(&c);
	release(&c);
	return 0;
}
