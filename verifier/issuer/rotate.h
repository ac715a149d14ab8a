/* SPDX-License-Identifier: Apache-2.0 */
/* Rotation of the issuing CA and of the key of attestation results, a step at a time:
 *
 *   prepare    a next CA (signed by the root) and a next result key lie beside those in force
 *              (ca-next.*, ear-next.key); both are published from the next reload on. Where an
 *              operator's root is to certify the CA, request.h prepares, and there may be
 *              another root (root-next.crt)
 *   activate   they take over; the former CA signs nothing any more but its CRL (ca-old.*), the
 *              former result key and root are published still (ear-old.pub, root-old.crt)
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
#include <troth/view.h>

/* Their presence says which step was last. */
#define TROTH_NEXT_CA "ca-next.crt"
#define TROTH_FORMER_CA "ca-old.crt"
/* The key that waits for an operator's root to certify it. */
#define TROTH_REQUESTED_KEY "ca-request.key"

/* The longest life of a credential, and an hour for caches. */
#define TROTH_ROTATION_WAIT_S (TROTH_CERTIFICATE_LIFE_MAX_S + 3600)

enum troth_rotation {
	TROTH_ROTATION_WAITING, /* nothing is due */
	TROTH_ROTATION_PREPARED,
	TROTH_ROTATION_ACTIVATED,
	TROTH_ROTATION_RETIRED
};

struct troth_key_source;

struct troth_rotation_request {
	const char *key_dir, *trust_domain;
	const struct troth_key_source *source; /* of the next CA's key; NULL: a file */
	uint64_t now_s;
	bool at_once; /* a key was stolen: does not wait */
};

/* Does the step that is due. *out_due_s: when the next one is. TROTH_E_CONFLICT
 * when the next CA would have the key of the one in force. TROTH_E_NOT_FOUND when the
 * root's key, which prepare needs, is not there or is not the key of root.crt. A step that was
 * interrupted is finished by the next call, and activation and retirement also when the service
 * starts. */
TROTH_NODISCARD enum troth_status
troth_issuer_rotate(const struct troth_rotation_request *request, enum troth_rotation *out,
		    uint64_t *out_due_s);
/* Prepares, with the requested key and an operator's chain (PEM, the issuing CA first, without
 * the root), and a root (PEM) where it is another than the present one. */
TROTH_NODISCARD enum troth_status
troth_issuer_rotate_to(const char *key_dir, struct troth_view chain, struct troth_view root);
/* Whether a rotation is under way: prepared or activated, and not retired. */
bool troth_issuer_rotates(const char *key_dir);
/* Finishes an activation or a retirement that was interrupted; nothing otherwise. */
TROTH_NODISCARD enum troth_status troth_issuer_rotate_finish(const char *key_dir);

#endif
