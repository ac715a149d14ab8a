/* SPDX-License-Identifier: Apache-2.0 */
/* systemd's log of its own measurements, written record by record as systemd 257 writes it, and
 * the PCR values it leads to, by OpenSSL's one-shot functions. Include after check.h. */
#ifndef TROTH_TESTS_SYSTEMD_LOG_H
#define TROTH_TESTS_SYSTEMD_LOG_H

#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "reader.h"
#include "text.h"

struct systemd_log {
	char text[16384];
	size_t n;
	uint8_t pcr[24][32]; /* SHA-256 bank */
};

static inline struct troth_view systemd_log_bytes(const struct systemd_log *l)
{
	return (struct troth_view){ (const uint8_t *)l->text, l->n };
}

static inline void systemd_log_extend(struct systemd_log *l, unsigned int pcr,
				      const uint8_t digest[32])
{
	uint8_t both[64];
	memcpy(both, l->pcr[pcr], 32);
	memcpy(both + 32, digest, 32);
	SHA256(both, sizeof both, l->pcr[pcr]);
}

static inline void systemd_log_record(struct systemd_log *l, unsigned int pcr,
				      const uint8_t digest[32], const char *type,
				      const char *string)
{
	char hex[65];
	troth_format_hex((struct troth_view){ digest, 32 }, hex);
	const int n = snprintf(
		l->text + l->n, sizeof l->text - l->n,
		"\x1e{\"pcr\":%u,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"%s\"}],"
		"\"content_type\":\"systemd\",\"content\":{\"string\":\"%s\","
		"\"bootId\":\"0c7d52f49b1e4f0e8a6f2d5b7c9e1a34\",\"timestamp\":4711,"
		"\"eventType\":\"%s\"}}\n",
		pcr, hex, string, type);
	assert_true(n > 0 && (size_t)n < sizeof l->text - l->n);
	l->n += (size_t)n;
}

/* Extends and writes, as systemd does; a volume key's digest is keyed. */
static inline void systemd_measure(struct systemd_log *l, unsigned int pcr, const char *type,
				   const char *string)
{
	static const uint8_t KEY[4] = { 1, 2, 3, 4 };
	uint8_t digest[32];
	const uint8_t *text = (const uint8_t *)string;
	if (strcmp(type, "volume-key") == 0)
		HMAC(EVP_sha256(), KEY, sizeof KEY, text, strlen(string), digest, NULL);
	else
		SHA256(text, strlen(string), digest);
	systemd_log_extend(l, pcr, digest);
	systemd_log_record(l, pcr, digest, type, string);
}

#endif
