/* SPDX-License-Identifier: Apache-2.0 */
/* The issuer's end of a channel: blocking, one thread. */
#ifndef TROTH_ISSUER_CHANNEL_H
#define TROTH_ISSUER_CHANNEL_H

#include "desk.h"

/* Reads as many requests as are there, answers them in order, sends the answers together; until
 * the peer closes, or sends a frame that cannot be one. Closes fd. */
void troth_channel_serve(struct troth_desk *d, int fd);

#endif
