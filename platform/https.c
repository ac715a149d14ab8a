/* SPDX-License-Identifier: Apache-2.0 */
#include "https.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "reader.h"
#include "text.h"

/* The first room made for an answer, bytes. */
enum { ANSWER_ROOM = 4 * 1024 };

struct troth_https {
	CURL *curl;
	char *ca_file; /* owned; NULL over a Unix socket */
	size_t answer_max;
	time_t time_floor_s;
	struct troth_buffer body; /* of the answer being received */
	size_t body_room;
	bool too_long;
	bool (*stop)(void *arg); /* NULL: nobody asks to */
	void *stop_arg;
	bool (*take)(void *arg, struct troth_view bytes); /* NULL: the body is kept */
	void *take_arg;
	bool untrusted;
	char curl_says[CURL_ERROR_SIZE];
	char error[512];
};

void troth_https_answer_clear(struct troth_https_answer *a)
{
	troth_buffer_clear(&a->body);
	*a = (struct troth_https_answer){ 0 };
}

/* Makes room for n more bytes and a NUL. A new buffer, not realloc: the old one is cleansed. */
static bool make_room(struct troth_https *h, size_t n)
{
	size_t room = 2 * (h->body.n + n) + ANSWER_ROOM;
	if (n < h->body_room - h->body.n)
		return true;
	struct troth_buffer more = { malloc(room), h->body.n };
	if (more.p == NULL)
		return false;
	if (h->body.n > 0)
		memcpy(more.p, h->body.p, h->body.n);
	troth_buffer_clear(&h->body);
	h->body = more;
	h->body_room = room;
	return true;
}

static bool succeeds(const struct troth_https *h)
{
	long status = 0;
	(void)curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	return status / 100 == 2;
}

/* libcurl's write callback: anything but the length given ends the transfer. */
static size_t receive(char *p, size_t size, size_t n, void *arg)
{
	struct troth_https *h = arg;
	n *= size; /* size is 1 always */
	if (h->take != NULL && succeeds(h))
		return h->take(h->take_arg, (struct troth_view){ (uint8_t *)p, n }) ? n : 0;
	h->too_long = n > h->answer_max - h->body.n;
	if (h->too_long || !make_room(h, n))
		return 0;
	memcpy(h->body.p + h->body.n, p, n);
	h->body.n += n;
	h->body.p[h->body.n] = '\0';
	return n;
}

/* libcurl's progress callback: anything but 0 ends the transfer. */
static int ask_stop(void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
		    curl_off_t up)
{
	const struct troth_https *h = arg;
	(void)down_all;
	(void)down;
	(void)up_all;
	(void)up;
	return h->stop(h->stop_arg) ? 1 : 0;
}

static bool set_stop(struct troth_https *h, const struct troth_https_options *o)
{
	h->stop = o->stop;
	h->stop_arg = o->stop_arg;
	return h->stop == NULL ||
	       (curl_easy_setopt(h->curl, CURLOPT_XFERINFOFUNCTION, ask_stop) == CURLE_OK &&
		curl_easy_setopt(h->curl, CURLOPT_XFERINFODATA, h) == CURLE_OK &&
		curl_easy_setopt(h->curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK);
}

/* Without a clock the chain is verified as ever but for time, and then every certificate in
 * it must outlive the floor. The system's clock, which may say anything, is not asked. */
static int verify_from_floor(X509_STORE_CTX *store, void *arg)
{
	const struct troth_https *h = arg;
	time_t floor_s = h->time_floor_s;
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store);
	if (X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME) != 1)
		return 0;
	if (X509_verify_cert(store) != 1)
		return 0;
	const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
	for (int i = 0; i < sk_X509_num(chain); i++) {
		const ASN1_TIME *end = X509_get0_notAfter(sk_X509_value(chain, i));
		/* 0 is a time that cannot be read: no better than a past one. */
		if (X509_cmp_time(end, &floor_s) <= 0) {
			X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_HAS_EXPIRED);
			return 0;
		}
	}
	return sk_X509_num(chain) > 0;
}

static CURLcode set_floor(CURL *curl, void *ssl_ctx, void *arg)
{
	(void)curl;
	SSL_CTX_set_cert_verify_callback(ssl_ctx, verify_from_floor, arg);
	return CURLE_OK;
}

static bool set_transfer(struct troth_https *h, const struct troth_https_options *o)
{
	CURL *c = h->curl;
	/* Nothing from the environment, nothing followed, nothing kept but the connection. */
	return curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOPROXY, "*") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_MAXCONNECTS, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)o->connect_timeout_ms) ==
		       CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)o->total_timeout_ms) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->curl_says) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, receive) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEDATA, h) == CURLE_OK;
}

static bool set_anchors(CURL *c, const struct troth_https_options *o)
{
	struct curl_blob blob = { .len = o->ca_pem.n, .flags = CURL_BLOB_COPY };
	if (o->ca_pem.n == 0)
		return curl_easy_setopt(c, CURLOPT_CAINFO, o->ca_file) == CURLE_OK;
	blob.data = (void *)(uintptr_t)o->ca_pem.p; /* which libcurl only reads */
	return curl_easy_setopt(c, CURLOPT_CAINFO, NULL) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK;
}

static bool set_tls(struct troth_https *h, const struct troth_https_options *o)
{
	CURL *c = h->curl;
	bool ok = curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
		  curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3) ==
			  CURLE_OK &&
		  curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, o->unauthenticated ? 0L : 1L) ==
			  CURLE_OK &&
		  curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, o->unauthenticated ? 0L : 2L) ==
			  CURLE_OK &&
		  /* A resumed session would skip the check of the chain. */
		  curl_easy_setopt(c, CURLOPT_SSL_SESSIONID_CACHE, 0L) == CURLE_OK &&
		  set_anchors(c, o) && curl_easy_setopt(c, CURLOPT_CAPATH, NULL) == CURLE_OK;
	if (!ok || o->time_floor_s == 0)
		return ok;
	/* Only libcurl's OpenSSL build hands out its context. */
	return curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, set_floor) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, h) == CURLE_OK;
}

static bool set_socket(struct troth_https *h, const struct troth_https_options *o)
{
	return curl_easy_setopt(h->curl, CURLOPT_PROTOCOLS_STR, "http") == CURLE_OK &&
	       curl_easy_setopt(h->curl, CURLOPT_UNIX_SOCKET_PATH, o->unix_socket) == CURLE_OK;
}

static enum troth_status set_up(struct troth_https *h, const struct troth_https_options *o)
{
	h->answer_max = o->answer_max;
	h->take = o->take;
	h->take_arg = o->take_arg;
	h->time_floor_s = (time_t)o->time_floor_s;
	h->curl = curl_easy_init();
	if (h->curl == NULL)
		return TROTH_E_MEMORY;
	if (o->ca_file != NULL) {
		h->ca_file = strdup(o->ca_file);
		if (h->ca_file == NULL)
			return TROTH_E_MEMORY;
	}
	if (!set_transfer(h, o) || !set_stop(h, o))
		return TROTH_E_CONFIG;
	return (o->unix_socket != NULL ? set_socket(h, o) : set_tls(h, o)) ? TROTH_OK
									   : TROTH_E_CONFIG;
}

enum troth_status troth_https_new(const struct troth_https_options *o, struct troth_https **out)
{
	/* Without anchors of the caller's, libcurl would trust the system's. */
	if ((o->unix_socket == NULL) == (o->ca_file == NULL) || o->answer_max == 0 ||
	    o->connect_timeout_ms == 0 || o->total_timeout_ms == 0)
		return TROTH_E_CONFIG;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return TROTH_E_CRYPTO;
	struct troth_https *h = calloc(1, sizeof *h);
	if (h == NULL)
		return TROTH_E_MEMORY;
	enum troth_status status = set_up(h, o);
	if (status != TROTH_OK) {
		troth_https_free(h);
		return status;
	}
	*out = h;
	return TROTH_OK;
}

void troth_https_free(struct troth_https *h)
{
	if (h == NULL)
		return;
	curl_easy_cleanup(h->curl);
	troth_buffer_clear(&h->body);
	free(h->ca_file);
	free(h);
}

bool troth_https_untrusted(const struct troth_https *h)
{
	return h->untrusted;
}

const char *troth_https_error(const struct troth_https *h)
{
	return h->error;
}

/* Why the verifier's certificate was not accepted. */
static void explain_certificate(struct troth_https *h)
{
	long why = X509_V_OK;
	(void)curl_easy_getinfo(h->curl, CURLINFO_SSL_VERIFYRESULT, &why);
	switch (why) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		(void)snprintf(h->error, sizeof h->error,
			       "the verifier's certificate is not signed by the CA in %s",
			       h->ca_file);
		return;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		(void)snprintf(
			h->error, sizeof h->error, "the verifier's certificate has expired%s",
			h->time_floor_s == 0 ? ", or this machine's clock is wrong" : "");
		return;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		(void)snprintf(
			h->error, sizeof h->error,
			"the verifier's certificate is not valid yet, or this machine's clock "
			"is wrong");
		return;
	case X509_V_OK:
	case X509_V_ERR_UNSPECIFIED: /* libcurl's name for "no fault found in the chain" */
		(void)snprintf(
			h->error, sizeof h->error,
			"the verifier's certificate is for another host name; call it by one "
			"that `troth-verifier init --name` was given (%s)",
			h->curl_says);
		return;
	default:
		(void)snprintf(h->error, sizeof h->error,
			       "the verifier's certificate is not accepted: %s",
			       X509_verify_cert_error_string(why));
		return;
	}
}

static void explain(struct troth_https *h, CURLcode code)
{
	const char *more = h->curl_says[0] != '\0' ? h->curl_says : curl_easy_strerror(code);
	const char *what = "the request failed";
	h->untrusted = code == CURLE_PEER_FAILED_VERIFICATION;
	if (h->untrusted) {
		explain_certificate(h);
		return;
	}
	if (code == CURLE_SSL_CACERT_BADFILE) {
		(void)snprintf(h->error, sizeof h->error, "the CA in %s cannot be read",
			       h->ca_file);
		return;
	}
	if (code == CURLE_COULDNT_RESOLVE_HOST)
		what = "the verifier cannot be reached, its name does not resolve";
	else if (code == CURLE_COULDNT_CONNECT)
		what = "the verifier cannot be reached";
	else if (code == CURLE_OPERATION_TIMEDOUT)
		what = "the verifier cannot be reached, or does not answer, in time";
	else if (code == CURLE_SSL_CONNECT_ERROR)
		what = "no TLS 1.3 connection to the verifier";
	else if (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
		 code == CURLE_GOT_NOTHING || code == CURLE_PARTIAL_FILE)
		what = "the verifier closed the connection";
	else if (code == CURLE_ABORTED_BY_CALLBACK)
		what = "told to stop";
	else if (code == CURLE_UNSUPPORTED_PROTOCOL)
		what = "the URL or the answer is of a protocol that is not spoken here";
	else if (code == CURLE_URL_MALFORMAT)
		what = "what is given as the verifier's URL is not one";
	(void)snprintf(h->error, sizeof h->error, "%s (%s)", what, more);
}

static bool set_method(CURL *c, const char *method, struct troth_view body)
{
	bool get = strcmp(method, "GET") == 0 && body.n == 0;
	bool post = strcmp(method, "POST") == 0;
	if (get)
		return curl_easy_setopt(c, CURLOPT_HTTPGET, 1L) == CURLE_OK &&
		       curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, NULL) == CURLE_OK;
	if (post || body.n > 0) {
		/* Not copied: body outlives the call, which is all libcurl asks for. */
		const void *data = body.n > 0 ? (const void *)body.p : "";
		return curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK &&
		       curl_easy_setopt(c, CURLOPT_POSTFIELDS, data) == CURLE_OK &&
		       curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n) ==
			       CURLE_OK &&
		       curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, post ? NULL : method) ==
			       CURLE_OK;
	}
	return curl_easy_setopt(c, CURLOPT_HTTPGET, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method) == CURLE_OK;
}

static void free_headers(struct curl_slist **headers)
{
	curl_slist_free_all(*headers);
}

static bool append(struct curl_slist **headers, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*headers, line);
	if (longer == NULL)
		return false;
	*headers = longer;
	return true;
}

static enum troth_status set_headers(struct curl_slist **headers, const char *content_type)
{
	char line[160];
	/* "Expect:" off: waiting for a 100 costs a round trip. */
	if (!append(headers, "Expect:"))
		return TROTH_E_MEMORY;
	if (content_type == NULL) /* or libcurl would name a form's */
		return append(headers, "Content-Type:") ? TROTH_OK : TROTH_E_MEMORY;
	int n = snprintf(line, sizeof line, "Content-Type: %s", content_type);
	if (n < 0 || (size_t)n >= sizeof line)
		return TROTH_E_LIMIT;
	return append(headers, line) ? TROTH_OK : TROTH_E_MEMORY;
}

/* RFC 9110, 10.2.3: seconds; the form with a date needs a clock to agree
 * with, and is not read. */
static uint32_t retry_after(CURL *c)
{
	struct curl_header *header;
	uint64_t seconds;
	if (curl_easy_header(c, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK ||
	    !troth_parse_u64(troth_view_str(header->value), UINT32_MAX, &seconds))
		return 0;
	return (uint32_t)seconds;
}

static void take_answer(struct troth_https *h, struct troth_https_answer *out)
{
	struct troth_https_answer a = { .body = h->body,
					.retry_after_s = retry_after(h->curl) };
	const char *type = NULL;
	(void)curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &a.status);
	(void)curl_easy_getinfo(h->curl, CURLINFO_CONTENT_TYPE, &type);
	/* A type that does not fit is none that anybody waits for. */
	if (type != NULL && strlen(type) < sizeof a.content_type)
		(void)snprintf(a.content_type, sizeof a.content_type, "%s", type);
	h->body = (struct troth_buffer){ 0 };
	h->body_room = 0;
	*out = a;
}

static enum troth_status perform(struct troth_https *h, struct troth_https_answer *out)
{
	CURLcode code = curl_easy_perform(h->curl);
	if (code == CURLE_OK) {
		take_answer(h, out);
		return TROTH_OK;
	}
	if (h->too_long) {
		(void)snprintf(h->error, sizeof h->error, "the answer is longer than %zu bytes",
			       h->answer_max);
		return TROTH_E_LIMIT;
	}
	explain(h, code);
	return code == CURLE_OUT_OF_MEMORY ? TROTH_E_MEMORY : TROTH_E_IO;
}

/* NOLINTNEXTLINE(readability-function-size): what a request is made of. */
enum troth_status troth_https_call(struct troth_https *h, const char *method, const char *url,
				   const char *content_type, struct troth_view body,
				   struct troth_https_answer *out)
{
	TROTH_AUTO(free_headers) struct curl_slist *headers = NULL;
	troth_buffer_clear(&h->body);
	h->body_room = 0;
	h->too_long = false;
	h->untrusted = false;
	h->error[0] = h->curl_says[0] = '\0';

	TROTH_TRY(set_headers(&headers, content_type));
	if (curl_easy_setopt(h->curl, CURLOPT_URL, url) != CURLE_OK ||
	    curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, headers) != CURLE_OK ||
	    !set_method(h->curl, method, body))
		return TROTH_E_MEMORY;
	enum troth_status status = perform(h, out);
	/* Both belong to this call. */
	(void)curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, NULL);
	(void)curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, NULL);
	return status;
}
