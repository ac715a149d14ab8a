/* SPDX-License-Identifier: Apache-2.0 */
/* One direction of a channel: a growing, bounded buffer of frames.
 *
 * A frame is a u32 big-endian length and that many bytes. Valid when zeroed but for max. Bytes
 * are appended at the end and taken from the front; what was taken stays valid until the next
 * append. Not for sharing between threads. */
#ifndef TROTH_ISSUER_FRAMES_H
#define TROTH_ISSUER_FRAMES_H

#include <stddef.h>
#include <troth/status.h>
#include <troth/view.h>

#define TROTH_FRAME_HEADER 4

struct troth_frames {
	uint8_t *p;	   /* owned */
	size_t begin, end; /* what is held: [begin, end) */
	size_t room, max;
};

/* Cleanses and frees. */
void troth_frames_clear(struct troth_frames *f);
/* Makes room for n more bytes at the end: TROTH_E_LIMIT past max, TROTH_E_MEMORY. */
TROTH_NODISCARD enum troth_status troth_frames_reserve(struct troth_frames *f, size_t n);
/* Where appended bytes go, with room for as many as were reserved; and: n were written
 * there. */
uint8_t *troth_frames_tail(struct troth_frames *f);
void troth_frames_added(struct troth_frames *f, size_t n);
/* Turns n body bytes, written one header beyond the tail, into a frame. */
void troth_frames_close(struct troth_frames *f, size_t n);

/* Everything held. */
struct troth_view troth_frames_held(const struct troth_frames *f);
/* Drops n bytes from the front. */
void troth_frames_drop(struct troth_frames *f, size_t n);
/* Takes the body of the first frame: TROTH_E_TRUNCATED while it is not whole, TROTH_E_LIMIT
 * when it announces more than frame_max bytes. */
TROTH_NODISCARD enum troth_status troth_frames_take(struct troth_frames *f, size_t frame_max,
						    struct troth_view *out);

#endif
