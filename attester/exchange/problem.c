/* SPDX-License-Identifier: Apache-2.0 */
#include "problem.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base.h"

#define TYPE_PREFIX "urn:troth:problem:"

TROTH_DEFINE_AUTO(json_t, json_decref)

static void copy_text(const json_t *object, const char *key, char *out, size_t room)
{
	const char *text = json_string_value(json_object_get(object, key));
	if (text != NULL)
		(void)snprintf(out, room, "%s", text);
}

void troth_problem_read(long status, struct troth_view body, struct troth_problem *out)
{
	struct troth_problem p = { .status = status };
	char type[sizeof TYPE_PREFIX - 1 + sizeof p.code] = "";

	TROTH_AUTO(json_decref_p)
	json_t *root = json_loadb((const char *)body.p, body.n, JSON_REJECT_DUPLICATES, NULL);
	copy_text(root, "type", type, sizeof type);
	copy_text(root, "title", p.detail, sizeof p.detail);
	copy_text(root, "detail", p.detail, sizeof p.detail);
	if (strncmp(type, TYPE_PREFIX, sizeof TYPE_PREFIX - 1) == 0)
		(void)snprintf(p.code, sizeof p.code, "%s", type + sizeof TYPE_PREFIX - 1);
	*out = p;
}

/* In this order; a row without code is for any other code of its status. */
static const struct {
	long status;
	const char *code;
	enum troth_remedy remedy;
	enum troth_ending ending;
} ROWS[] = {
	{ 403, "pending", TROTH_REMEDY_NONE, TROTH_ENDED_PENDING },
	{ 403, NULL, TROTH_REMEDY_NONE, TROTH_ENDED_REFUSED },
	{ 404, "unknown-device", TROTH_REMEDY_ENROLL, TROTH_ENDED_REFUSED },
	{ 409, "stale-challenge", TROTH_REMEDY_AGAIN, TROTH_ENDED_UNREACHED },
	{ 409, "log-wanted", TROTH_REMEDY_SEND_ALL, TROTH_ENDED_UNREACHED },
	{ 409, "ima-wanted", TROTH_REMEDY_SEND_ALL, TROTH_ENDED_UNREACHED },
	{ 409, "certification-wanted", TROTH_REMEDY_SEND_ALL, TROTH_ENDED_UNREACHED },
	{ 409, "counters-rewound", TROTH_REMEDY_ENROLL, TROTH_ENDED_REFUSED },
	{ 409, "nonce-reused", TROTH_REMEDY_NONE, TROTH_ENDED_REFUSED },
	{ 400, "refused", TROTH_REMEDY_NONE, TROTH_ENDED_REFUSED },
};

enum troth_remedy troth_problem_judge(const struct troth_problem *p, struct troth_outcome *out)
{
	enum troth_remedy remedy = TROTH_REMEDY_NONE;
	enum troth_ending ending = TROTH_ENDED_UNREACHED;
	struct troth_outcome o = { .retry_after_s = p->retry_after_s };

	for (size_t i = 0; i < TROTH_COUNT(ROWS); i++) {
		if (ROWS[i].status != p->status)
			continue;
		if (ROWS[i].code != NULL && strcmp(ROWS[i].code, p->code) != 0)
			continue;
		remedy = ROWS[i].remedy;
		ending = ROWS[i].ending;
		break;
	}
	if (p->status == 0)
		troth_outcome_set(&o, ending, "%s", p->detail);
	else
		troth_outcome_set(&o, ending, "the verifier says %s (HTTP %ld): %s",
				  p->code[0] != '\0' ? p->code : "no", p->status, p->detail);
	troth_outcome_reason(&o, p->code);
	*out = o;
	return remedy;
}
