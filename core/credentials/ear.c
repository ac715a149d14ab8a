/* SPDX-License-Identifier: Apache-2.0 */
#include "ear.h"

#include "base.h"
#include "reader.h"

static const char *const PROFILES[] = {
	[TROTH_EAR_DEPLOYED] = "tag:github.com,2023:veraison/ear",
	[TROTH_EAR_DRAFT] = "tag:ietf.org,2026:rats/ear#03",
};

const char *troth_ear_profile_uri(enum troth_ear_profile profile)
{
	return PROFILES[profile];
}

bool troth_ear_profile_find(struct troth_view uri, enum troth_ear_profile *out)
{
	for (size_t i = 0; i < TROTH_COUNT(PROFILES); i++)
		if (troth_view_equal(uri, troth_view_str(PROFILES[i]))) {
			*out = (enum troth_ear_profile)i;
			return true;
		}
	return false;
}

/* draft-ietf-rats-ear, 3.2: never better than the worst claim. RFC 9711, 4.1: a nonce has at
 * least 64 bits. */
enum troth_status troth_ear_check(const struct troth_ear *ear)
{
	const size_t n = ear->nonce.n;
	if (ear->expires_s <= ear->issued_s || ear->expires_s > INT64_MAX ||
	    ear->subject.n == 0 ||
	    (n != 0 && (n < TROTH_RESULT_NONCE_MIN || n > TROTH_RESULT_NONCE_MAX)) ||
	    troth_trust_status(ear->status, &ear->trust) != ear->status)
		return TROTH_E_MALFORMED;
	return TROTH_OK;
}

const struct troth_ear_key *troth_ear_key_find(const struct troth_ear_keys *keys,
					       const uint8_t id[32])
{
	for (size_t i = 0; i < keys->n; i++)
		if (troth_view_equal(TROTH_VIEW_OF(keys->list[i].id),
				     (struct troth_view){ id, 32 }))
			return &keys->list[i];
	return NULL;
}
