/* SPDX-License-Identifier: Apache-2.0 */
/* Rotation of the issuing CA and of the key of attestation results, a step at a time:
 *
 *   prepare    a next CA (signed by the root) and a next result key lie beside those in force
 *              (ca-next.*, ear-next.key); the result key is published from the next reload on
 *   activate   they take over; the former CA signs nothing any more but its CRL (ca-old.*), the
 *              former result key is published still (ear-old.pub)
 *   retire     the former are removed
 *
 * Between two steps lies longer than anything signed before lives and anything published is
 * kept: TROTH_ROTATION_WAIT_S. The service takes notice on SIGHUP. */
#ifndef TROTH_ISSUER_ROTATE_H
#define TROTH_ISSUER_ROTATE_H

#include <stdbool.h>
#include <stdint.h>
#include <troth/limits.h>
#include <troth/status.h>

/* The longest life of a credential, and an hour for caches. */
#define TROTH_ROTATION_WAIT_S (TROTH_CERTIFICATE_LIFE_MAX_S + 3600)

enum troth_rotation {
	TROTH_ROTATION_WAITING, /* nothing is due */
	TROTH_ROTATION_PREPARED,
	TROTH_ROTATION_ACTIVATED,
	TROTH_ROTATION_RETIRED
};

struct troth_rotation_request {
	const char *key_dir, *trust_domain;
	uint64_t now_s;
	bool at_once; /* a key was stolen: does not wait */
};

/* Does the step that is due. *out_due_s: when the next one is. TROTH_E_NOT_FOUND when the
 * root's key, which prepare needs, is not there. A step that was interrupted is finished by the
 * next call, and activation also when the service starts. */
TROTH_NODISCARD enum troth_status
troth_issuer_rotate(const struct troth_rotation_request *request, enum troth_rotation *out,
		    uint64_t *out_due_s);
/* Finishes an activation that was interrupted; nothing otherwise. */
TROTH_NODISCARD enum troth_status troth_issuer_rotate_finish(const char *key_dir);

#endif
