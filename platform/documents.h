/* SPDX-License-Identifier: Apache-2.0 */
/* The documents operators write and read: policy (YAML) and reference sets (JSON). */
#ifndef TROTH_PLATFORM_DOCUMENTS_H
#define TROTH_PLATFORM_DOCUMENTS_H

#include "config.h"
#include "policy.h"

/* Policy YAML (docs/policy.md). id becomes the SHA-256 of the text. trust_domain, when the
 * policy names one, must equal the given one. */
TROTH_NODISCARD enum troth_status troth_policy_parse(struct troth_ctx *ctx,
						     struct troth_view yaml,
						     struct troth_view trust_domain,
						     struct troth_policy *out,
						     struct troth_config_error *error);

/* Reference set from and to canonical JSON (docs/reference-values.md); id becomes the SHA-256
 * of the canonical form. The JSON is new memory, freed with free(). */
TROTH_NODISCARD enum troth_status troth_reference_parse(struct troth_ctx *ctx,
							struct troth_view json,
							struct troth_reference_set *out,
							struct troth_config_error *error);
TROTH_NODISCARD enum troth_status troth_reference_format(struct troth_ctx *ctx,
							 struct troth_reference_set *set,
							 char **out_json, size_t *out_len);

#endif
