/* SPDX-License-Identifier: Apache-2.0 */
/* The one lab of a program whose helpers all need it. */
#ifndef TROTH_TESTS_ONE_LAB_H
#define TROTH_TESTS_ONE_LAB_H

#include "lab.h"

extern struct lab lab;

/* For cmocka's groups. */
int one_lab_open(void **state);
int one_lab_close(void **state);

#endif
