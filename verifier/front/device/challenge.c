/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/challenge: what a device must answer, in a token that only the issuer can make. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "clock.h"
#include "device.pb-c.h"
#include "ima_judge.h"
#include "problems.h"
#include "reader.h"
#include "whole_log.h"
#include "wire.h"
#include "worker.h"

struct challenge {
	struct troth_worker *worker;
	struct troth_exchange *exchange;
	struct troth_pcr_selection selection;
	uint32_t wants;
	uint64_t ima_first;
};

/* Any device, and any stranger, gets the policy of its group or that of the default group. */
static void choose_selection(struct troth_worker *w, const char *group,
			     struct troth_pcr_selection *out)
{
	struct troth_snapshot *s = troth_snapshot_take(w->front->snapshots);
	const struct troth_policy *policy = troth_snapshot_policy(s, group);
	if (policy == NULL && s->n_policies > 0)
		policy = &s->policies[0];
	static const struct troth_pcr_selection FIRMWARE = {
		.n_banks = 1,
		.banks = { { TROTH_HASH_SHA256, 0xff } },
	};
	*out = policy != NULL ? policy->selection : FIRMWARE;
	troth_snapshot_release(s);
}

/* The key's certification still stands for this long at least when the answer comes. */
static bool certified(const struct troth_device_row *row, uint64_t now_ms)
{
	return row->certification.present &&
	       now_ms + TROTH_TOKEN_LIFE_MS <
		       row->certification.time_ms + (uint64_t)TROTH_CERTIFICATION_LIFE_MS;
}

/* Of a device whose policy speaks of IMA. */
static void choose_ima(struct challenge *c, const struct troth_device_row *row)
{
	struct troth_snapshot *s = troth_snapshot_take(c->worker->front->snapshots);
	const struct troth_policy *policy = troth_snapshot_policy(s, row->group);
	if (policy != NULL && policy->ima.present) {
		c->wants |= TROTH_WANT_IMA;
		c->ima_first = troth_ima_wanted_from(c->worker, policy, row);
	}
	troth_snapshot_release(s);
}

static uint32_t choose_wants(struct troth_worker *w, const struct troth_device_row *row,
			     const struct troth_pcr_selection *selection)
{
	uint32_t wants = 0;
	if (!row->has_log || !troth_log_cache_holds(w->front->logs, row->log_digest, selection))
		wants |= TROTH_WANT_LOG;
	if (row->has_systemd &&
	    !troth_log_cache_holds(w->front->logs, row->systemd_digest, NULL))
		wants |= TROTH_WANT_LOG;
	if (!certified(row, troth_now_ms()))
		wants |= TROTH_WANT_CERTIFY;
	return wants;
}

static void answer(const struct challenge *c, struct troth_view token)
{
	Troth__V1__Challenge m;
	Troth__V1__PcrSelection items[TROTH_BANKS_MAX], *list[TROTH_BANKS_MAX];
	char trust_domain[TROTH_TRUST_DOMAIN_MAX + 1];
	for (size_t i = 0; i < c->selection.n_banks; i++) {
		troth__v1__pcr_selection__init(&items[i]);
		items[i].algorithm = troth_hash_to_tpm(c->selection.banks[i].bank);
		items[i].mask = c->selection.banks[i].mask;
		list[i] = &items[i];
	}
	snprintf(trust_domain, sizeof trust_domain, "%s",
		 c->worker->front->settings->trust_domain);
	troth__v1__challenge__init(&m);
	m.token = troth_wire_bytes(token);
	m.n_selection = c->selection.n_banks;
	m.selection = list;
	m.wants = c->wants;
	m.ima_first = c->ima_first;
	m.verifier_time_ms = troth_now_ms();
	m.trust_domain = trust_domain;
	troth_answer_message(c->exchange, &m.base);
}

static void on_token(void *arg, const struct troth_issuer_reply *reply)
{
	struct challenge *c = arg;
	if (reply->status == TROTH_OK)
		answer(c, reply->u.challenge.token);
	else
		troth_exchange_problem(c->exchange, 503, "unavailable",
				       "The verifier cannot make challenges now; try again.",
				       1);
	free(c);
}

static enum troth_status ask(struct challenge *c, struct troth_view device_id)
{
	struct troth_issuer_request request = { .kind = TROTH_ISSUER_CHALLENGE };
	struct troth_device_row row;
	memcpy(request.u.challenge.device_id, device_id.p, device_id.n);
	if (troth_registry_get(c->worker->front->registry, request.u.challenge.device_id,
			       &row)) {
		choose_selection(c->worker, row.group, &c->selection);
		c->wants = choose_wants(c->worker, &row, &c->selection);
		choose_ima(c, &row);
		request.u.challenge.row_version = row.version;
	} else {
		/* A stranger's challenge looks like that of a device just enrolled. */
		choose_selection(c->worker, TROTH_DEFAULT_GROUP, &c->selection);
		c->wants = TROTH_WANT_LOG | TROTH_WANT_CERTIFY;
		request.u.challenge.row_version = 1;
	}
	if (troth_systemd_matters(&c->selection))
		c->wants |= TROTH_WANT_SYSTEMD;
	request.u.challenge.wants = c->wants;
	request.u.challenge.selection = c->selection;
	return troth_issuer_call(c->worker->issuer, &request, on_token, c);
}

void troth_handle_challenge(struct troth_exchange *x, void *worker)
{
	ProtobufCMessage *m;
	if (troth_problem_clock(x, ((struct troth_worker *)worker)->front->clock))
		return;
	if (troth_wire_unpack(&troth__v1__challenge_request__descriptor, troth_exchange_body(x),
			      &m) != TROTH_OK) {
		troth_exchange_problem(x, 400, "malformed",
				       "The message cannot be read as a challenge request.", 0);
		return;
	}
	struct troth_view id = troth_wire_view(((Troth__V1__ChallengeRequest *)m)->device_id);
	struct challenge *c = calloc(1, sizeof *c);
	enum troth_status status = c != NULL && id.n == 32 ? TROTH_OK : TROTH_E_MALFORMED;
	if (status == TROTH_OK) {
		*c = (struct challenge){ .worker = worker, .exchange = x };
		status = ask(c, id);
	}
	troth_wire_free(m);
	if (status == TROTH_OK)
		return;
	free(c);
	if (status == TROTH_E_MALFORMED)
		troth_exchange_problem(x, 400, "malformed", "A device id has 32 bytes.", 0);
	else
		troth_exchange_problem(x, 503, "unavailable",
				       "The verifier is busy; try again.", 1);
}
