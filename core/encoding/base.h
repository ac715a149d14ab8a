/* SPDX-License-Identifier: Apache-2.0 */
/* The few macros every module uses. */
#ifndef TROTH_CORE_BASE_H
#define TROTH_CORE_BASE_H

#include <troth/status.h>

/* Hands a failure to the caller. The only macro that hides control flow. */
#define TROTH_TRY(expr)                                       \
	do {                                                  \
		enum troth_status troth_try_status_ = (expr); \
		if (troth_try_status_ != TROTH_OK)            \
			return troth_try_status_;             \
	} while (0)

/* Frees an owned local at the end of its scope: TROTH_AUTO(free_fn) T *p = NULL; free_fn takes
 * a pointer to the local. Handing over sets the local to NULL. */
#define TROTH_AUTO(free_fn) __attribute__((cleanup(free_fn)))

/* Makes a cleanup function for TROTH_AUTO out of a function that frees one pointer. */
#define TROTH_DEFINE_AUTO(type, free_fn)                      \
	static inline void free_fn##_p(type **p) /* NOLINT */ \
	{                                                     \
		if (*p != NULL)                               \
			free_fn(*p);                          \
	}

#define TROTH_COUNT(array) (sizeof(array) / sizeof *(array))

#endif
