/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log as the administration API gives it, and whether it holds what
 * clients were told. */
#ifndef TROTH_TESTS_LEDGER_H
#define TROTH_TESTS_LEDGER_H

#include "crowd.h"

struct ledger {
	size_t n_leaves;
	uint8_t (*digests)[32]; /* SHA-256 of each leaf's text */
	size_t n_verdicts, n_issued;
	struct acknowledgement *verdicts; /* as the leaves have them */
	uint64_t leaves_of[CROWD], versions[CROWD];
};

/* Reads the whole log anew and asserts:
 * indexes are 0, 1, 2, ...; what an earlier reading found is still there, byte for byte; every
 * verdict and every certificate a member was told has a leaf of its own; no certificate is in
 * two; no device's version went back, and each is the number of its leaves. */
void ledger_reconcile(struct ledger *l, const struct crowd *c, struct test_service *s);
void ledger_release(struct ledger *l);

#endif
