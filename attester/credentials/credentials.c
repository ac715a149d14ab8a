/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "clock.h"
#include "credential_store.h"
#include "file.h"
#include "hooks.h"
#include "key_file.h"
#include "log.h"
#include "reader.h"
#include "text.h"
#include "wire.h"

/* First byte of a tagged COSE_Sign1 (RFC 9052, 4.2). */
#define COSE_SIGN1 0xd2
/* The file of the verifier's CA, bytes: a few certificates. */
#define CA_FILE_MAX (1024 * 1024)

TROTH_DEFINE_AUTO(json_t, json_decref)

/* A set as text. */
struct written {
	struct troth_pem key, cert, bundle;
	char *state; /* owned */
};

static void written_free(struct written **w)
{
	if (*w != NULL)
		free((*w)->state);
	free(*w);
}

static enum troth_status read_result(const Troth__V1__AttestationResult *r,
				     struct troth_issued *out)
{
	struct troth_issued i = { .leaf = troth_wire_view(r->certificate) };

	if (r->n_chain > TROTH_RESULT_CHAIN_MAX || r->n_bundle == 0 ||
	    r->n_bundle > TROTH_RESULT_BUNDLE_MAX || r->not_after_ms <= r->verifier_time_ms)
		return TROTH_E_MALFORMED;
	for (size_t k = 0; k < r->n_chain; k++)
		i.chain[i.n_chain++] = troth_wire_view(r->chain[k]);
	for (size_t k = 0; k < r->n_bundle; k++)
		i.bundle[i.n_bundle++] = troth_wire_view(r->bundle[k]);
	/* It goes into a JSON file and onto terminals. */
	for (const char *c = r->spiffe_id; *c != '\0'; c++)
		if (*c <= ' ' || *c >= 0x7f)
			return TROTH_E_MALFORMED;
	*out = i;
	return TROTH_OK;
}

static enum troth_status format_state(const struct troth_agent *a,
				      const Troth__V1__AttestationResult *r, char **out)
{
	char id[2 * sizeof a->state.device_id + 1], not_after[32];

	troth_format_hex(TROTH_VIEW_OF(a->state.device_id), id);
	troth_format_time(r->not_after_ms / 1000, not_after);
	TROTH_AUTO(json_decref_p)
	json_t *root = json_pack(
		"{s:s, s:s, s:s, s:s, s:I, s:I}", "spiffe_id", r->spiffe_id, "device_id", id,
		"verifier", a->settings->verifier, "not_after", not_after, "not_after_ms",
		(json_int_t)r->not_after_ms, "received_ms", (json_int_t)troth_now_ms());
	*out = json_dumps(root, JSON_INDENT(1));
	return *out != NULL ? TROTH_OK : TROTH_E_MEMORY;
}

static enum troth_status format_set(const struct troth_agent *a,
				    const Troth__V1__AttestationResult *r,
				    const struct troth_issued *issued, struct written *w)
{
	TROTH_TRY(troth_key_file_format(&a->key, &w->key));
	TROTH_TRY(troth_pem_append(&w->cert, "CERTIFICATE", issued->leaf));
	for (size_t i = 0; i < issued->n_chain; i++)
		TROTH_TRY(troth_pem_append(&w->cert, "CERTIFICATE", issued->chain[i]));
	for (size_t i = 0; i < issued->n_bundle; i++)
		TROTH_TRY(troth_pem_append(&w->bundle, "CERTIFICATE", issued->bundle[i]));
	return format_state(a, r, &w->state);
}

static struct troth_view pem_view(const struct troth_pem *pem)
{
	return (struct troth_view){ (const uint8_t *)pem->text, pem->n };
}

static bool is_cwt(struct troth_view result)
{
	return result.n > 0 && result.p[0] == COSE_SIGN1;
}

static enum troth_status write_set(const struct troth_agent *a,
				   const Troth__V1__AttestationResult *r,
				   const struct troth_issued *issued)
{
	TROTH_AUTO(written_free) struct written *w = calloc(1, sizeof *w);
	const struct troth_view result = troth_wire_view(r->ear);

	if (w == NULL)
		return TROTH_E_MEMORY;
	TROTH_TRY(format_set(a, r, issued, w));
	const struct troth_file_set set = {
		.key = pem_view(&w->key),
		.cert = pem_view(&w->cert),
		.bundle = pem_view(&w->bundle),
		.state = troth_view_str(w->state),
		/* A CWT begins with the tag of COSE_Sign1; no JWT does. */
		.jwt = is_cwt(result) ? (struct troth_view){ 0 } : result,
		.cwt = is_cwt(result) ? result : (struct troth_view){ 0 },
	};
	return troth_store_put(a->settings->run_dir, &set);
}

/* At this time none of the verifier's certificates would be taken any more, ever: what says
 * that it has been does not speak the truth, or leaves nothing to lose by not believing it. */
static bool past_the_anchors(const struct troth_agent *a, uint64_t time_s)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer pem = { 0 };
	struct troth_view anchors = troth_buffer_view(&a->anchors.pem);
	uint64_t end_s;

	if (anchors.n == 0) {
		if (troth_file_read(a->settings->ca, CA_FILE_MAX, &pem) != TROTH_OK)
			return true;
		anchors = troth_buffer_view(&pem);
	}
	return troth_anchors_end(anchors, &end_s) != TROTH_OK || time_s >= end_s;
}

/* The floor rises only to a time that a validated certificate proves has been. That certificate
 * leads to a bundle of the verifier's own: whoever holds no more than its TLS key must not be
 * able to lock a device out for good. */
static void raise_floor(struct troth_agent *a, uint64_t not_before_s)
{
	if (a->settings->clock != TROTH_CLOCK_NONE || not_before_s <= a->state.time_floor_s)
		return;
	if (past_the_anchors(a, not_before_s)) {
		troth_warn("time-floor", "not_before=%llu; past the end of the CA in %s",
			   (unsigned long long)not_before_s, a->settings->ca);
		return;
	}
	a->state.time_floor_s = not_before_s;
	troth_state_save(a->settings, &a->state);
}

/* Seconds; whatever a verifier says, no certificate of this protocol lives
 * longer than a day. */
static uint32_t life_of(const Troth__V1__AttestationResult *r)
{
	const uint64_t life_s = (r->not_after_ms - r->verifier_time_ms) / 1000;
	return life_s < TROTH_CERTIFICATE_LIFE_MAX_S ? (uint32_t)life_s
						     : TROTH_CERTIFICATE_LIFE_MAX_S;
}

void troth_credentials_take(struct troth_agent *a, const Troth__V1__AttestationResult *r,
			    struct troth_outcome *outcome)
{
	const struct troth_view key = { a->key.public_area, a->key.public_len };
	struct troth_issued issued;
	uint64_t not_before_s;

	enum troth_status status = read_result(r, &issued);
	if (status == TROTH_OK)
		status = troth_issued_check(a->ctx, &issued, key, &not_before_s);
	if (status != TROTH_OK) {
		troth_outcome_set(outcome, TROTH_ENDED_UNREACHED,
				  "the verifier sends a certificate that is of no use (%s)",
				  troth_status_name(status));
		return;
	}
	status = write_set(a, r, &issued);
	if (status != TROTH_OK) {
		troth_outcome_set(outcome, TROTH_ENDED_UNREACHED,
				  "%s: credentials cannot be written (%s); those in force stay",
				  a->settings->run_dir,
				  status == TROTH_E_IO ? strerror(errno)
						       : troth_status_name(status));
		return;
	}
	raise_floor(a, not_before_s);
	outcome->renew_after_s = r->renew_after_s;
	outcome->life_s = life_of(r);
	troth_outcome_set(outcome, TROTH_ENDED_WELL, "%s for %u s", r->spiffe_id,
			  outcome->life_s);
	troth_hooks_run(a->settings);
}
