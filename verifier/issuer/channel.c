/* SPDX-License-Identifier: Apache-2.0 */
#include "channel.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base.h"
#include "frames.h"
#include "log.h"

/* What one read takes at most, bytes. */
#define READ_CHUNK (64 * 1024)
/* Answers gathered before they are sent, bytes; a burst of challenges fits. */
#define GATHER_MAX (64 * 1024)

struct channel {
	struct troth_desk *desk;
	int fd;
	size_t frame_max;
	struct troth_frames in, out;
};

static enum troth_status flush(struct channel *c)
{
	struct troth_view held = troth_frames_held(&c->out);
	while (held.n > 0) {
		ssize_t n = send(c->fd, held.p, held.n, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return TROTH_E_IO;
		troth_frames_drop(&c->out, (size_t)n);
		held = troth_frames_held(&c->out);
	}
	return TROTH_OK;
}

/* A frame that is no request gets a refusal: the frames after it can still be read. */
static enum troth_status answer(struct channel *c, struct troth_view body)
{
	struct troth_issuer_request q = { .kind = TROTH_ISSUER_DENY };
	struct troth_issuer_reply reply = { 0 };
	size_t n;
	TROTH_TRY(troth_frames_reserve(&c->out, TROTH_FRAME_HEADER + c->frame_max));
	uint8_t *at = troth_frames_tail(&c->out) + TROTH_FRAME_HEADER;
	reply.status = troth_issuer_request_read(body, &q);
	if (reply.status == TROTH_OK)
		troth_desk_answer(c->desk, &q, &reply);
	TROTH_TRY(troth_issuer_reply_write(q.kind, &reply, at, c->frame_max, &n));
	troth_frames_close(&c->out, n);
	return troth_frames_held(&c->out).n >= GATHER_MAX ? flush(c) : TROTH_OK;
}

static enum troth_status answer_all(struct channel *c)
{
	struct troth_view body;
	enum troth_status got;
	while ((got = troth_frames_take(&c->in, c->frame_max, &body)) == TROTH_OK)
		TROTH_TRY(answer(c, body));
	return got == TROTH_E_TRUNCATED ? flush(c) : got;
}

/* TROTH_E_NOT_FOUND at the end of the channel. */
static enum troth_status turn(struct channel *c)
{
	TROTH_TRY(troth_frames_reserve(&c->in, READ_CHUNK));
	ssize_t n = recv(c->fd, troth_frames_tail(&c->in), READ_CHUNK, 0);
	if (n < 0 && errno == EINTR)
		return TROTH_OK;
	if (n < 0)
		return TROTH_E_IO;
	if (n == 0)
		return TROTH_E_NOT_FOUND;
	troth_frames_added(&c->in, (size_t)n);
	return answer_all(c);
}

void troth_channel_serve(struct troth_desk *d, int fd)
{
	struct channel c = {
		.desk = d,
		.fd = fd,
		.frame_max = d->administration ? TROTH_ADMIN_FRAME_MAX : TROTH_FRAME_MAX,
	};
	enum troth_status got;
	c.in.max = TROTH_FRAME_HEADER + c.frame_max + READ_CHUNK;
	c.out.max = TROTH_FRAME_HEADER + c.frame_max + GATHER_MAX;
	do {
		got = turn(&c);
	} while (got == TROTH_OK);
	if (got != TROTH_E_NOT_FOUND)
		troth_warn("channel-broken", "administration=%d status=%s",
			   d->administration ? 1 : 0, troth_status_name(got));
	troth_frames_clear(&c.in);
	troth_frames_clear(&c.out);
	(void)close(fd);
}
