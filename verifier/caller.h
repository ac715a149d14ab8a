/* SPDX-License-Identifier: Apache-2.0 */
/* Gateways that may ask /v1/authorize, each for one audience (docs/relying-parties.md). */
#ifndef TROTH_CALLER_H
#define TROTH_CALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <troth/limits.h>

struct troth_config_doc;

struct troth_caller {
	char name[TROTH_NAME_LEN_MAX + 1];
	char audience[TROTH_NAME_LEN_MAX + 1];
	/* One of them at least: of the token it sends, of the certificate it shows. */
	bool has_token, has_certificate;
	uint8_t token_sha256[32], certificate_sha256[32];
};

struct troth_callers {
	size_t n;
	struct troth_caller list[TROTH_CALLERS_MAX];
};

#endif
