/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "clock.h"
#include "file.h"
#include "line.h"
#include "log.h"
#include "random.h"
#include "reader.h"
#include "text.h"
#include "version.h"

/* Where Debian, Fedora and others keep the anchors of the public web. */
static const char *const SYSTEM_ANCHORS[] = { "/etc/ssl/certs/ca-certificates.crt",
					      "/etc/pki/tls/certs/ca-bundle.crt",
					      "/etc/ssl/cert.pem" };
#define ANCHORS_MAX (4 * 1024 * 1024)
/* Said again after so many failures in a row. */
#define SAY_EVERY 20

/* ---- settings ---- */

static enum troth_status read_anchors(const struct troth_webhook *h, struct troth_buffer *out)
{
	if (h->ca[0] != '\0')
		return troth_file_read(h->ca, ANCHORS_MAX, out);
	for (size_t i = 0; i < TROTH_COUNT(SYSTEM_ANCHORS); i++)
		if (troth_file_read(SYSTEM_ANCHORS[i], ANCHORS_MAX, out) == TROTH_OK)
			return TROTH_OK;
	return TROTH_E_NOT_FOUND;
}

/* libcurl's write callback: nothing of an answer is used, and a long one is no answer. */
static size_t count(char *p, size_t size, size_t n, void *arg)
{
	struct troth_delivery *d = arg;
	(void)p;
	if (n * size > TROTH_WEBHOOK_ANSWER_MAX - d->answered)
		return 0;
	d->answered += n * size;
	return n * size;
}

/* What the operator wrote is called, as it is: nothing from the environment, no proxy, no
 * redirection, no other scheme. */
static bool set_transfer(struct troth_delivery *d)
{
	CURL *c = d->curl;
	return curl_easy_setopt(c, CURLOPT_URL, d->hook->url) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOPROXY, "*") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)TROTH_WEBHOOK_CONNECT_MS) ==
		       CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)TROTH_WEBHOOK_TOTAL_MS) ==
		       CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_ERRORBUFFER, d->curl_says) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, count) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEDATA, d) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PRIVATE, d) == CURLE_OK;
}

static bool set_tls(struct troth_delivery *d, struct troth_view anchors)
{
	CURL *c = d->curl;
	struct curl_blob blob = { .len = anchors.n, .flags = CURL_BLOB_COPY };
	blob.data = (void *)(uintptr_t)anchors.p; /* which libcurl only reads */
	return curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ==
		       CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CAINFO, NULL) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CAPATH, NULL) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK;
}

static enum troth_status set_up(struct troth_delivery *d)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer anchors = { 0 };
	enum troth_status status = read_anchors(d->hook, &anchors);
	if (status != TROTH_OK) {
		troth_error("webhook", "name=%s file=%s status=%s wanted=\"anchors in PEM\"",
			    d->hook->name, d->hook->ca, troth_status_name(status));
		return TROTH_E_CONFIG;
	}
	d->curl = curl_easy_init();
	if (d->curl == NULL)
		return TROTH_E_MEMORY;
	return set_transfer(d) && set_tls(d, troth_buffer_view(&anchors)) ? TROTH_OK
									  : TROTH_E_CONFIG;
}

enum troth_status troth_delivery_init(struct troth_delivery *d,
				      const struct troth_webhook *hook)
{
	*d = (struct troth_delivery){ .hook = hook };
	TROTH_TRY(troth_webhook_keys_load(hook, &d->keys));
	enum troth_status status = set_up(d);
	if (status != TROTH_OK)
		troth_delivery_release(d);
	return status;
}

void troth_delivery_release(struct troth_delivery *d)
{
	curl_easy_cleanup(d->curl);
	curl_slist_free_all(d->headers);
	troth_webhook_keys_release(&d->keys);
	d->curl = NULL;
	d->headers = NULL;
}

/* ---- one message ---- */

void troth_delivery_take(struct troth_delivery *d, const struct troth_courier_page *page)
{
	d->page = *page;
	d->at = 0;
}

uint64_t troth_delivery_next(const struct troth_delivery *d)
{
	return d->at < d->page.n ? d->page.list[d->at].index : d->page.next;
}

static bool append(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);
	if (longer == NULL)
		return false;
	*list = longer;
	return true;
}

static bool append_pair(struct curl_slist **list, const char *name, const char *value)
{
	char line[TROTH_WEBHOOK_SIGNATURE_MAX + 32];
	(void)snprintf(line, sizeof line, "%s: %s", name, value);
	return append(list, line);
}

static enum troth_status set_headers(struct troth_delivery *d,
				     const struct troth_webhook_message *m)
{
	char signature[TROTH_WEBHOOK_SIGNATURE_MAX], time[24];
	struct curl_slist *list = NULL;
	TROTH_TRY(troth_webhook_sign(&d->keys, m, signature));
	(void)snprintf(time, sizeof time, "%" PRIu64, m->time_s);
	const bool whole = append(&list, "Content-Type: application/json") &&
			   append(&list, "User-Agent: troth-verifier/" TROTH_VERSION) &&
			   append(&list, "Expect:") &&
			   append_pair(&list, "webhook-id", m->id) &&
			   append_pair(&list, "webhook-timestamp", time) &&
			   append_pair(&list, "webhook-signature", signature);
	curl_slist_free_all(d->headers);
	d->headers = list;
	return whole && curl_easy_setopt(d->curl, CURLOPT_HTTPHEADER, list) == CURLE_OK
		       ? TROTH_OK
		       : TROTH_E_MEMORY;
}

/* The id is the notice's, on every try; its time makes it another one in a log that was
 * restored and has given the number out again. */
enum troth_status troth_delivery_prepare(struct troth_delivery *d)
{
	const struct troth_notice *n = &d->page.list[d->at].notice;
	const uint64_t index = d->page.list[d->at].index;
	char id[64];
	(void)snprintf(id, sizeof id, "troth-%" PRIu64 "-%" PRIu64, index, n->time_s);
	TROTH_TRY(troth_notice_write(n, index, d->body, sizeof d->body, &d->body_len));
	const struct troth_webhook_message m = { .id = id,
						 .time_s = troth_now_ms() / 1000,
						 .body = { d->body, d->body_len } };
	TROTH_TRY(set_headers(d, &m));
	d->answered = 0;
	d->curl_says[0] = '\0';
	if (curl_easy_setopt(d->curl, CURLOPT_POST, 1L) != CURLE_OK ||
	    curl_easy_setopt(d->curl, CURLOPT_POSTFIELDS, (const char *)d->body) != CURLE_OK ||
	    curl_easy_setopt(d->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)d->body_len) !=
		    CURLE_OK)
		return TROTH_E_MEMORY;
	d->state = TROTH_DELIVERY_SENDS;
	return TROTH_OK;
}

/* ---- how it went ---- */

/* RFC 9110, 10.2.3, in seconds; a receiver may ask for patience, but not for ever. */
static uint64_t asked_ms(const struct troth_delivery *d)
{
	struct curl_header *header;
	uint64_t seconds = 0;
	if (curl_easy_header(d->curl, "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
		(void)!troth_parse_u64(troth_view_str(header->value), UINT32_MAX, &seconds);
	return seconds * 1000;
}

static uint64_t backoff_ms(const struct troth_delivery *d)
{
	uint64_t wait = TROTH_WEBHOOK_RETRY_MS;
	uint32_t part = 0;
	for (uint32_t i = 1; i < d->n_failures && wait < TROTH_WEBHOOK_RETRY_MAX_MS; i++)
		wait *= 2;
	if (wait < asked_ms(d))
		wait = asked_ms(d);
	if (wait > TROTH_WEBHOOK_RETRY_MAX_MS)
		wait = TROTH_WEBHOOK_RETRY_MAX_MS;
	if (troth_random_below((uint32_t)wait / 2 + 1, &part) != TROTH_OK)
		part = 0;
	return wait - part;
}

/* Words of the peer's may be among libcurl's: they come out as printable ASCII. */
static void say_why(struct troth_delivery *d, CURLcode code, long status)
{
	struct troth_line line = troth_line_make(d->error, sizeof d->error);
	if (code == CURLE_OK)
		troth_line_format(&line, "answered with %ld%s", status,
				  status / 100 == 3 ? ": redirections are not followed" : "");
	else if (code == CURLE_WRITE_ERROR)
		troth_line_str(&line, "the answer is too long");
	else
		troth_line_bytes(&line, troth_view_str(d->curl_says[0] != '\0'
							       ? d->curl_says
							       : curl_easy_strerror(code)));
}

static void fail(struct troth_delivery *d, CURLcode code, long status)
{
	d->n_failures++;
	say_why(d, code, status);
	const uint64_t wait = backoff_ms(d);
	d->state = TROTH_DELIVERY_WAITS;
	d->due_ms = troth_mono_ms() + wait;
	if (d->n_failures == 1 || d->n_failures % SAY_EVERY == 0)
		troth_warn(
			"webhook-failed",
			"name=%s seq=%" PRIu64 " failures=%u again_ms=%" PRIu64 " error=\"%s\"",
			d->hook->name, troth_delivery_next(d), d->n_failures, wait, d->error);
}

bool troth_delivery_finish(struct troth_delivery *d, CURLcode code)
{
	long status = 0;
	(void)curl_easy_getinfo(d->curl, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK || status / 100 != 2) {
		fail(d, code, status);
		return false;
	}
	if (d->n_failures > 0)
		troth_info("webhook-recovered", "name=%s failures=%u", d->hook->name,
			   d->n_failures);
	d->n_failures = 0;
	d->error[0] = '\0';
	d->at++;
	d->state = TROTH_DELIVERY_WANTS;
	return true;
}
