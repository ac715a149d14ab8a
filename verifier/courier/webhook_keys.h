/* SPDX-License-Identifier: Apache-2.0 */
/* What a webhook's messages are signed with, in the form of Standard Webhooks 1.0.0:
 * HMAC-SHA256 (v1) under each of its secrets, and Ed25519 (v1a). */
#ifndef TROTH_WEBHOOK_KEYS_H
#define TROTH_WEBHOOK_KEYS_H

#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>
#include <troth/status.h>
#include <troth/view.h>

#include "webhook.h"

/* Secrets in force at once: two, while one takes the other's place. */
#define TROTH_WEBHOOK_SECRETS_MAX 2
/* A secret, bytes: as the standard has it. */
#define TROTH_WEBHOOK_SECRET_MIN 24
#define TROTH_WEBHOOK_SECRET_MAX 64
/* The header's value with its NUL: three signatures of at most 92 characters. */
#define TROTH_WEBHOOK_SIGNATURE_MAX 320

struct troth_webhook_keys {
	size_t n_secrets;
	struct {
		uint8_t bytes[TROTH_WEBHOOK_SECRET_MAX];
		size_t len;
	} secrets[TROTH_WEBHOOK_SECRETS_MAX];
	EVP_PKEY *key; /* Ed25519; NULL: none */
};

/* From the files of the webhook. TROTH_E_CONFIG, with a line logged, for what is not sound. */
TROTH_NODISCARD enum troth_status troth_webhook_keys_load(const struct troth_webhook *hook,
							  struct troth_webhook_keys *out);
void troth_webhook_keys_release(struct troth_webhook_keys *k);

/* A message as it is sent, all of which is signed. */
struct troth_webhook_message {
	const char *id;
	uint64_t time_s; /* of this try */
	struct troth_view body;
};
/* "v1,<base64> v1a,<base64>" into out. */
TROTH_NODISCARD enum troth_status troth_webhook_sign(const struct troth_webhook_keys *k,
						     const struct troth_webhook_message *m,
						     char out[TROTH_WEBHOOK_SIGNATURE_MAX]);

#endif
