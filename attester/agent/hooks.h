/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that are told of new credentials: absolute paths from the configuration, without
 * shell and arguments. Nothing of what runs comes from the verifier. */
#ifndef TROTH_ATTESTER_HOOKS_H
#define TROTH_ATTESTER_HOOKS_H

#include "settings.h"

/* Runs them one after the other, each for at most TROTH_HOOK_LIFE_MS, and logs what failed. The
 * credentials are good whatever becomes of the hooks. */
#define TROTH_HOOK_LIFE_MS 10000
void troth_hooks_run(const struct troth_settings *settings);

#endif
