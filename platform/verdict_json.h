/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts and what explains them as JSON.
 *
 * The shapes are an interface (docs/explain.md, docs/admin-api.md). Every text in them is
 * printable ASCII; values are new and owned by the caller, NULL without memory. */
#ifndef TROTH_PLATFORM_VERDICT_JSON_H
#define TROTH_PLATFORM_VERDICT_JSON_H

#include <jansson.h>

#include "explain.h"
#include "next_step.h"

/* Hex of at most TROTH_DIGEST_MAX bytes; null for none. */
json_t *troth_json_hex(struct troth_view bytes);
/* A mask of PCRs as the list of their indices. */
json_t *troth_json_pcrs(uint32_t mask);
json_t *troth_json_coverage(const struct troth_coverage *c);
/* The claims as an EAR has them: the draft's names and numbers. */
json_t *troth_json_trust(const struct troth_trust_vector *v);
/* Each finding with what to do next about it, for the device of these names. */
json_t *troth_json_verdict(const struct troth_verdict *v, const uint8_t digest[32],
			   const struct troth_next_step_names *names);
/* The set as in its document, without id. */
json_t *troth_json_reference(const struct troth_reference_set *set);

/* Sentence, cause, deviations, proposals and the decoded log. */
json_t *troth_json_explanation(struct troth_ctx *ctx, const struct troth_explain_case *c,
			       const struct troth_explanation *e);

#endif
