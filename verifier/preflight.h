/* SPDX-License-Identifier: Apache-2.0 */
/* Whether children that start now would find everything in order: what a reload asks before it
 * ends those that run. Whatever is wrong is said on the log, by whoever would have stumbled
 * over it. */
#ifndef TROTH_PREFLIGHT_H
#define TROTH_PREFLIGHT_H

#include "settings.h"

/* A check that takes longer has failed: a key's provider may wait for a device that does not
 * answer. Seconds. */
#define TROTH_PREFLIGHT_MAX_S 20

/* The front's files, the webhooks', the issuer's keys (each signs once), the database. Reads
 * keys: for a process that ends afterwards. */
TROTH_NODISCARD enum troth_status troth_preflight(const struct troth_settings *settings);
/* The same in a child process, which is ended after TROTH_PREFLIGHT_MAX_S: the caller reads no
 * key and keeps nothing of any file. */
TROTH_NODISCARD enum troth_status troth_preflight_apart(const struct troth_settings *settings);

#endif
