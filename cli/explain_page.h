/* SPDX-License-Identifier: Apache-2.0 */
/* A page of an explanation, in a medium that has markup for its elements: how each begins and
 * ends, and how text is escaped. Every word goes through that, ours as well as a device's.
 * Internal to explain_*.c. */
#ifndef TROTH_CLI_EXPLAIN_PAGE_H
#define TROTH_CLI_EXPLAIN_PAGE_H

#include <stdio.h>

#include "cli.h"

enum troth_page_element {
	/* the head */
	TROTH_PAGE_OF,	     /* of which device, when, under which policy */
	TROTH_PAGE_TIER,     /* value: the tier */
	TROTH_PAGE_SENTENCE, /* all in one */
	TROTH_PAGE_TO_DO,
	TROTH_PAGE_CAREFUL,
	TROTH_PAGE_CAUSE,
	TROTH_PAGE_CAUSE_NAME,
	TROTH_PAGE_WHY,
	TROTH_PAGE_HEADING,
	/* deviations: a head, then what was seen beside what is nearest to it */
	TROTH_PAGE_DEVIATION,
	TROTH_PAGE_DEVIATION_HEAD,
	TROTH_PAGE_EVENT, /* value: its index */
	TROTH_PAGE_SIDES,
	TROTH_PAGE_SEEN,
	TROTH_PAGE_SAYS,
	TROTH_PAGE_PROOF,
	TROTH_PAGE_NEAREST,
	TROTH_PAGE_REFERENCE,
	TROTH_PAGE_BANK, /* value: its name */
	TROTH_PAGE_BEFORE,
	TROTH_PAGE_ELSEWHERE,
	TROTH_PAGE_MORE, /* how many are not shown */
	/* lists: an item has a first line, and perhaps others below it */
	TROTH_PAGE_LIST,
	TROTH_PAGE_ITEM,
	TROTH_PAGE_POINT,
	TROTH_PAGE_KEY, /* of the policy, in a sentence */
	TROTH_PAGE_COMPONENT,
	TROTH_PAGE_RULES,
	TROTH_PAGE_RULE,
	TROTH_PAGE_REMARK,
	TROTH_PAGE_FINDING,
	TROTH_PAGE_CODE,
	TROTH_PAGE_SEVERITY, /* value: the severity */
	TROTH_PAGE_PCR,
	TROTH_PAGE_DETAIL,
	TROTH_PAGE_NEXT,
	TROTH_PAGE_ELEMENT_N
};

/* Fixed text around an element; a '*' in open stands for the element's value. An element with
 * no open is left out by troth_page_put. */
struct troth_page_markup {
	const char *open, *close;
};

struct troth_page_medium {
	/* Text as the medium may show it, whatever is in it. */
	void (*put)(FILE *to, const char *text);
	size_t deviations_max; /* the first is where to look; many more are seldom read */
	bool all_banks;	       /* else the strongest one's digest stands for all */
	struct troth_page_markup markup[TROTH_PAGE_ELEMENT_N];
};

/* Where it goes, and how. */
struct troth_page {
	const struct troth_page_medium *medium;
	FILE *to;
};

/* Text; of an object, "" where it has none. */
void troth_page_say(const struct troth_page *p, const char *text);
void troth_page_say_of(const struct troth_page *p, const json_t *object, const char *key);
void troth_page_number_of(const struct troth_page *p, const json_t *object, const char *key);

/* An element's two ends; value: what stands for the '*'. */
void troth_page_open(const struct troth_page *p, enum troth_page_element e);
void troth_page_open_with(const struct troth_page *p, enum troth_page_element e,
			  const char *value);
void troth_page_close(const struct troth_page *p, enum troth_page_element e);

/* A whole element with this text, which is its value as well. */
void troth_page_put(const struct troth_page *p, enum troth_page_element e, const char *text);
void troth_page_put_of(const struct troth_page *p, enum troth_page_element e,
		       const json_t *object, const char *key);

/* A string of an object, "" when there is none. */
const char *troth_cli_string_of(const json_t *object, const char *key);

#endif
