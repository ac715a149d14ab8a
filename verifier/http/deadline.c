/* SPDX-License-Identifier: Apache-2.0 */
/* Phases, their absolute deadlines, and who goes when there is no room. */
#include <event2/event.h>

#include "clock.h"
#include "server.h"

uint32_t troth_phase_ms(const struct troth_http_server *s, enum troth_phase phase)
{
	const struct troth_http_deadlines *d = &s->config.deadlines;
	switch (phase) {
	case TROTH_PHASE_HANDSHAKE: return d->handshake;
	case TROTH_PHASE_IDLE: return d->idle;
	case TROTH_PHASE_HEADER: return d->header;
	case TROTH_PHASE_BODY: return d->body;
	case TROTH_PHASE_RESPONSE: return d->response;
	case TROTH_PHASE_STREAM:
		return s->config.stream_ms != 0 ? s->config.stream_ms : d->response;
	case TROTH_PHASE_LINGER: return TROTH_LINGER_MS;
	case TROTH_PHASE_N: break;
	}
	return 0;
}

void troth_server_wake(struct troth_http_server *s, uint64_t at_ms)
{
	if (s->timer_ms != 0 && s->timer_ms <= at_ms)
		return; /* it wakes before, and looks again then */
	uint64_t now = troth_mono_ms();
	uint64_t wait = at_ms > now ? at_ms - now : 1;
	struct timeval tv = { .tv_sec = (time_t)(wait / 1000),
			      .tv_usec = (suseconds_t)(wait % 1000 * 1000) };
	s->timer_ms = evtimer_add(s->timer, &tv) == 0 ? at_ms : 0;
}

void troth_conn_enter(struct troth_conn *c, enum troth_phase phase)
{
	struct troth_http_server *s = c->server;
	TAILQ_REMOVE(&s->phases[c->phase], c, link);
	TAILQ_INSERT_TAIL(&s->phases[phase], c, link);
	c->phase = phase;
	c->deadline_ms = troth_mono_ms() + troth_phase_ms(s, phase);
	troth_server_wake(s, c->deadline_ms);
}

/* The deadline of c's phase has passed. Where the peer may still be listening it hears why. */
static void expire(struct troth_conn *c)
{
	static const struct troth_refusal SLOW = { .status = 408,
						   .code = "timeout",
						   .detail = "The request came too slowly." };
	static const struct troth_refusal BUSY = { .status = 503,
						   .code = "busy",
						   .detail = "There was no answer in time.",
						   .retry_after_s = 1 };
	bool handled = c->x != NULL && c->x->held;
	c->last = c->close = c->unread = true;
	if (c->phase == TROTH_PHASE_HEADER || c->phase == TROTH_PHASE_BODY)
		troth_conn_refuse(c, &SLOW);
	else if (c->phase == TROTH_PHASE_RESPONSE && handled)
		troth_conn_refuse(c, &BUSY);
	else
		troth_conn_close(c);
}

void troth_server_tick(evutil_socket_t fd, short what, void *server)
{
	struct troth_http_server *s = server;
	struct troth_conn *c;
	uint64_t now = troth_mono_ms();
	(void)fd;
	(void)what;

	s->timer_ms = 0;
	troth_server_resume(s);
	for (enum troth_phase k = 0; k < TROTH_PHASE_N; k++)
		while ((c = TAILQ_FIRST(&s->phases[k])) != NULL && c->deadline_ms <= now)
			expire(c);
	for (enum troth_phase k = 0; k < TROTH_PHASE_N; k++)
		if ((c = TAILQ_FIRST(&s->phases[k])) != NULL)
			troth_server_wake(s, c->deadline_ms);
}

bool troth_server_evict(struct troth_http_server *s)
{
	static const enum troth_phase ORDER[] = { TROTH_PHASE_LINGER, TROTH_PHASE_IDLE };
	for (size_t i = 0; i < sizeof ORDER / sizeof *ORDER; i++) {
		struct troth_conn *c = TAILQ_FIRST(&s->phases[ORDER[i]]);
		if (c != NULL) {
			troth_conn_close(c);
			return true;
		}
	}
	/* A peer that opens connections and says nothing is idle too; one that is honest has
	 * said hello within a second, however far it is. */
	struct troth_conn *c = TAILQ_FIRST(&s->phases[TROTH_PHASE_HANDSHAKE]);
	if (c == NULL ||
	    c->deadline_ms > troth_mono_ms() + s->config.deadlines.handshake - TROTH_STALLED_MS)
		return false;
	troth_conn_close(c);
	return true;
}
