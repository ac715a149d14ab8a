/* SPDX-License-Identifier: Apache-2.0 */
/* What a front that was taken over would try on files, processes and the kernel. Each deed is
 * done twice, before and after the process gives up its rights: what was already impossible
 * before proves nothing. */
#ifndef TROTH_TESTS_DEEDS_H
#define TROTH_TESTS_DEEDS_H

#include <stddef.h>
#include <sys/types.h>

struct prey {
	const char *key_dir;
	pid_t issuer, supervisor;
};

enum before {
	BEFORE_WORKS,	/* without the sandbox it succeeds (for root) */
	BEFORE_REACHES, /* without the sandbox the kernel looks at it: any answer but EACCES */
};

struct deed {
	const char *name;
	int (*attempt)(const struct prey *p); /* 0 or errno */
	enum before before;
};
extern const struct deed DEEDS[];
extern const size_t N_DEEDS;

/* What must go on working inside. */
extern const struct deed DUTIES[];
extern const size_t N_DUTIES;

#endif
