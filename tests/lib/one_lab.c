/* SPDX-License-Identifier: Apache-2.0 */
#include "one_lab.h"

struct lab lab;

int one_lab_open(void **state)
{
	(void)state;
	lab_open(&lab);
	return 0;
}

int one_lab_close(void **state)
{
	(void)state;
	lab_close(&lab);
	return 0;
}
