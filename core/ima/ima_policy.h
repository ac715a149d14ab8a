/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy asks of an IMA list (docs/policy.md). Zero is the distrustful value.
 *
 * Texts lie one after the other in one pool and are named by where they begin, so that a policy
 * stays one struct that can be copied. */
#ifndef TROTH_CORE_IMA_POLICY_H
#define TROTH_CORE_IMA_POLICY_H

#include <troth/limits.h>
#include <troth/status.h>
#include <troth/view.h>

typedef uint16_t troth_ima_text; /* where in the pool */

/* What happens when something is found that some machines do every day. */
enum troth_ima_attitude { TROTH_IMA_DENY = 0, TROTH_IMA_WARN, TROTH_IMA_ALLOW };

/* An allow-list, and how a file must fit it beside its digest. */
struct troth_ima_rule {
	troth_ima_text list; /* name of the set */
	bool any_path;	     /* else the path must be one that the list has for the digest */
	size_t n_under;	     /* the file lies in one of these directories; 0: anywhere */
	troth_ima_text under[TROTH_IMA_RULE_NAMES_MAX];
	size_t n_packages; /* the digest came in one of these packages; 0: any */
	troth_ima_text packages[TROTH_IMA_RULE_NAMES_MAX];
};

/* A measured buffer: kexec-cmdline, critical data of the kernel. */
struct troth_ima_event_rule {
	troth_ima_text name;
	bool any; /* else the digest must be this one */
	uint8_t sha256[32];
};

struct troth_ima_policy {
	bool present;  /* the policy speaks of IMA at all */
	bool required; /* a device without a list is not affirmed */
	enum troth_ima_attitude violations, kexec;
	bool weak_bank; /* a bank that holds padded SHA-1 is good enough */
	size_t n_rules;
	struct troth_ima_rule rules[TROTH_IMA_RULES_MAX];
	size_t n_ignore;
	troth_ima_text ignore[TROTH_IMA_IGNORE_MAX]; /* patterns */
	size_t n_expected;
	troth_ima_text
		expected[TROTH_IMA_EXPECTED_MAX]; /* paths that must have been measured */
	size_t n_keys;
	troth_ima_text keys[TROTH_IMA_KEYS_MAX]; /* PEM; sign files */
	size_t n_keyrings;
	troth_ima_text keyrings[TROTH_IMA_KEYRINGS_MAX]; /* what is added to them does too */
	size_t n_events;
	struct troth_ima_event_rule events[TROTH_IMA_EVENTS_MAX];
	size_t text_len;
	char text[TROTH_IMA_POLICY_TEXT_MAX];
};

/* Puts a text without NUL into the pool; false when it is full. */
TROTH_NODISCARD bool troth_ima_policy_put(struct troth_ima_policy *p, struct troth_view text,
					  troth_ima_text *out);
struct troth_view troth_ima_policy_text(const struct troth_ima_policy *p, troth_ima_text at);

/* A pattern of paths is anchored: it begins with '/', '*' stands for anything within one
 * component, and a last component of '**' for everything below. It names something: neither
 * "/" nor "/" and stars alone, no empty, "." or ".." component. */
TROTH_NODISCARD bool troth_ima_pattern_valid(struct troth_view pattern);
TROTH_NODISCARD bool troth_ima_pattern_matches(struct troth_view pattern,
					       struct troth_view path);
/* Absolute and plain: no empty, "." or ".." component, no '/' at its end. */
TROTH_NODISCARD bool troth_ima_path_valid(struct troth_view path);
/* Whether a path lies below a directory. */
TROTH_NODISCARD bool troth_ima_path_under(struct troth_view directory, struct troth_view path);

#endif
