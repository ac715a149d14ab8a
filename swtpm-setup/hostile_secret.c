/* SPDX-License-Identifier: Apache-2.0 */
/* troth-hostile, with everything an attester ever knew of a secret: TROTH_ATTACK=held-answer
 * writes it to the file TROTH_ATTACK_WITH in place of opening it, open-answer opens what is in
 * the file, now, whatever the key that the TPM derives now looks like. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "file.h"
#include "run.h"

enum troth_ending __real_troth_try(struct troth_agent *a, uint32_t retry_for_s);
enum troth_ending __wrap_troth_try(struct troth_agent *a, uint32_t retry_for_s);
enum troth_status __real_troth_tpm_secret_key_load(struct troth_tpm *tpm,
						   const uint8_t unique[TROTH_SECRET_UNIQUE],
						   struct troth_tpm_key *out);
enum troth_status __wrap_troth_tpm_secret_key_load(struct troth_tpm *tpm,
						   const uint8_t unique[TROTH_SECRET_UNIQUE],
						   struct troth_tpm_key *out);

static const struct troth_secret_wish *opened;

static bool attack_is(const char *name)
{
	const char *attack = getenv("TROTH_ATTACK");
	return attack != NULL && strcmp(attack, name) == 0;
}

static const char *held_file(void)
{
	const char *file = getenv("TROTH_ATTACK_WITH");
	return file != NULL ? file : "";
}

static enum troth_ending hold(const struct troth_secret_wish *w)
{
	const struct troth_view all = { (const uint8_t *)w, sizeof *w };
	if (troth_file_write(held_file(), all, 0600) != TROTH_OK)
		(void)fprintf(stderr, "attack=held-answer: not written\n");
	return TROTH_ENDED_REFUSED;
}

static enum troth_ending take_back(struct troth_secret_wish *w)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer held = { 0 };
	if (troth_file_read(held_file(), sizeof *w, &held) != TROTH_OK || held.n != sizeof *w)
		return TROTH_ENDED_UNREACHED;
	memcpy(w, held.p, sizeof *w);
	opened = w;
	return TROTH_ENDED_WELL;
}

enum troth_ending __wrap_troth_try(struct troth_agent *a, uint32_t retry_for_s)
{
	if (attack_is("open-answer"))
		return take_back(a->secret);
	const enum troth_ending ending = __real_troth_try(a, retry_for_s);
	return attack_is("held-answer") && ending == TROTH_ENDED_WELL ? hold(a->secret)
								      : ending;
}

/* The attester's own look at the key is passed by: what is left is the TPM. */
enum troth_status __wrap_troth_tpm_secret_key_load(struct troth_tpm *tpm,
						   const uint8_t unique[TROTH_SECRET_UNIQUE],
						   struct troth_tpm_key *out)
{
	TROTH_TRY(__real_troth_tpm_secret_key_load(tpm, unique, out));
	if (opened != NULL) {
		memcpy(out->public_area, opened->public_area, sizeof out->public_area);
		out->public_len = opened->public_len;
	}
	return TROTH_OK;
}
