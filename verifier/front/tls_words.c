/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_words.h"

#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base.h"
#include "log.h"
#include "reader.h"

void troth_tls_suit(const struct troth_settings *s, SSL_CTX *tls)
{
	bool asks = false;
	for (size_t i = 0; i < s->callers.n; i++)
		asks = asks || s->callers.list[i].has_certificate;
	if (asks)
		troth_tls_server_ask_certificates(tls);
}

static enum troth_status read_word(struct troth_view word, SSL_CTX **out)
{
	struct troth_reader r = { word };
	struct troth_view chain, key;
	if (!troth_get_view32be(&r, &chain) || !troth_get_view32be(&r, &key) ||
	    !troth_at_end(&r))
		return TROTH_E_MALFORMED;
	return troth_tls_server_of(chain, key, out);
}

static enum troth_status take(struct troth_tls_words *w, struct troth_view word)
{
	SSL_CTX *tls = NULL;
	TROTH_TRY(read_word(word, &tls));
	troth_tls_suit(w->front->settings, tls);
	for (size_t i = 0; i < w->workers->n; i++) {
		enum troth_status status = troth_worker_set_tls(w->workers->list[i], tls);
		if (status != TROTH_OK)
			troth_error("tls", "worker=%zu status=%s", i,
				    troth_status_name(status));
	}
	SSL_CTX_free(tls);
	return TROTH_OK;
}

static void on_word(evutil_socket_t fd, short what, void *arg)
{
	struct troth_tls_words *w = arg;
	uint8_t *bytes = malloc(TROTH_WORD_MAX);
	(void)what;
	const ssize_t n = bytes != NULL ? recv(fd, bytes, TROTH_WORD_MAX, 0) : -1;
	if (n == 0) /* the supervisor has gone, and so shall we */
		(void)event_del(w->event);
	if (n > 0) {
		enum troth_status status = take(w, (struct troth_view){ bytes, (size_t)n });
		if (status == TROTH_OK)
			troth_info("tls", "certificate=renewed connections=kept");
		else
			troth_error("tls", "certificate=refused status=%s",
				    troth_status_name(status));
	}
	if (bytes != NULL)
		OPENSSL_cleanse(bytes, TROTH_WORD_MAX);
	free(bytes);
}

enum troth_status troth_tls_words_hear(struct troth_tls_words *w, struct event_base *base,
				       int fd)
{
	w->event = event_new(base, fd, EV_READ | EV_PERSIST, on_word, w);
	if (w->event == NULL || event_add(w->event, NULL) != 0)
		return TROTH_E_MEMORY;
	return TROTH_OK;
}

void troth_tls_words_end(struct troth_tls_words *w)
{
	if (w->event != NULL)
		event_free(w->event);
}
