/* SPDX-License-Identifier: Apache-2.0 */
/* Policies as texts, and how many of everything they may have. Include after check.h. */
#ifndef TROTH_TESTS_POLICY_TEXT_H
#define TROTH_TESTS_POLICY_TEXT_H

#include "documents.h"
#include "repeated.h"

#define DOMAIN "example.org"

static inline enum troth_status parse(struct troth_ctx *ctx, const char *text,
				      struct troth_policy *out,
				      struct troth_config_error *error)
{
	*error = (struct troth_config_error){ .line = 77 };
	return troth_policy_parse(ctx, troth_view_str(text), troth_view_str(DOMAIN), out,
				  error);
}

/* A list in a policy: what stands around its items, one of them (its number for %), and how
 * many there may be. */
struct policy_list {
	const char *before, *item;
	size_t max;
	const char *after;
};

/* Taken at its limit, refused past it. */
static inline void assert_limits(struct troth_ctx *ctx, const struct policy_list *list,
				 size_t n)
{
	for (size_t i = 0; i < 2 * n; i++) {
		const struct policy_list *l = &list[i / 2];
		const size_t items = l->max + i % 2;
		struct troth_policy p;
		struct troth_config_error e;
		char *text = repeated(l->before, l->item, items, l->after);
		if (parse(ctx, text, &p, &e) != (items > l->max ? TROTH_E_CONFIG : TROTH_OK))
			fail_msg("%s%zu: %s", l->before, items, e.text);
		free(text);
	}
}

#endif
