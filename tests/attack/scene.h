/* SPDX-License-Identifier: Apache-2.0 */
/* Where enrolments and proofs are forged: a verifier that enrols two devices of its inventory.
 * One scene for each program. Include after lab.h. */
#ifndef TROTH_TESTS_SCENE_H
#define TROTH_TESTS_SCENE_H

#include "gate.h"

extern struct gate gate;
extern struct fleet_device device, other;

/* For cmocka's groups. */
int scene_open(void **state);
int scene_close(void **state);

/* What is stored now, and that it is stored still. */
struct gate_census scene_before(void);
void scene_assert_nothing_stored(const struct gate_census *before);

#endif
