/* SPDX-License-Identifier: Apache-2.0 */
/* Worker threads: a loop, a listener, a channel to the issuer each. */
#ifndef TROTH_WORKER_H
#define TROTH_WORKER_H

#include "front.h"

/* Starts the thread; it serves at once. */
TROTH_NODISCARD enum troth_status troth_worker_start(struct troth_front *front, int listener,
						     int issuer_fd, struct troth_worker **out);
/* Asks it to finish what runs (no longer than some seconds) and to end. */
void troth_worker_drain(struct troth_worker *w);
/* Waits for its end. */
void troth_worker_join(struct troth_worker *w);
/* After the join, and after the store writer has stopped: nobody posts to it any more. */
void troth_worker_free(struct troth_worker *w);

#endif
