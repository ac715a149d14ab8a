/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include <stdio.h>

#include "base.h"
#include "clock.h"
#include "credential_store.h"
#include "file.h"
#include "log.h"
#include "peer_fetch.h"
#include "proof_server.h"
#include "pulse.h"
#include "random.h"
#include "report.h"
#include "rest.h"
#include "schedule.h"
#include "service.h"
#include "stop.h"

/* Longest pause between the tries of `once`, milliseconds. */
#define ONCE_PAUSE_MAX_MS 2000

struct runner {
	struct troth_agent *agent;
	const struct troth_command *command;
	struct troth_settings *settings;
	struct troth_schedule schedule;
	uint64_t expires_ms;		   /* of the boot-time clock; 0: no credentials */
	struct troth_proof_server *proofs; /* NULL: none */
	struct troth_peer_fetch peers;
	uint64_t peers_due_ms; /* of the boot-time clock */
};

static void log_outcome(const struct troth_outcome *o)
{
	if (o->ending == TROTH_ENDED_WELL)
		troth_info("attested", "outcome=%s detail=\"%s\"", troth_ending_name(o->ending),
			   o->text);
	else
		troth_error("attested", "outcome=%s reason=%s detail=\"%s\"",
			    troth_ending_name(o->ending),
			    o->reason[0] != '\0' ? o->reason : "-", o->text);
}

static uint32_t random_bits(void)
{
	uint8_t b[4] = { 0 };

	/* Without randomness the device still renews, only not spread from others. */
	if (troth_random(b, sizeof b) != TROTH_OK)
		return 0;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* What another try within seconds may mend. */
static bool may_pass(const struct troth_outcome *o)
{
	return o->ending == TROTH_ENDED_UNREACHED || o->ending == TROTH_ENDED_TPM;
}

/* Whoever waits here is a boot: the next try must not come long after the network did. */
static uint64_t short_pause_ms(struct troth_schedule *schedule, const struct troth_outcome *o)
{
	const uint64_t ms = troth_schedule_next(schedule, o, random_bits());
	return ms < ONCE_PAUSE_MAX_MS || o->retry_after_s > 0 ? ms : ONCE_PAUSE_MAX_MS;
}

static enum troth_ending try_for(struct troth_agent *a, uint32_t retry_for_s, bool report)
{
	const uint64_t until_ms = troth_mono_ms() + retry_for_s * UINT64_C(1000);
	struct troth_schedule schedule = { 0 };
	struct troth_outcome outcome;

	for (;;) {
		troth_agent_attempt(a, &outcome);
		log_outcome(&outcome);
		const uint64_t pause_ms = short_pause_ms(&schedule, &outcome);
		const bool again = may_pass(&outcome) && !troth_stop_wanted() &&
				   troth_mono_ms() + pause_ms < until_ms;
		if (report)
			troth_report_attempt(a->settings, &outcome, again ? pause_ms : 0);
		if (!again || troth_stop_wait(-1, pause_ms) == TROTH_WAKE_SIGNAL)
			return outcome.ending;
	}
}

enum troth_ending troth_once(struct troth_agent *a, uint32_t retry_for_s)
{
	return try_for(a, retry_for_s, true);
}

enum troth_ending troth_try(struct troth_agent *a, uint32_t retry_for_s)
{
	return try_for(a, retry_for_s, false);
}

/* Credentials of an earlier process go on until they expire. Without a clock nobody knows when
 * that is: they stay until the first answer. */
static void adopt_credentials(struct runner *r)
{
	const uint64_t not_after_ms = troth_report_not_after_ms(r->settings->run_dir);
	const uint64_t now_ms = troth_now_ms();

	if (not_after_ms == 0 || r->settings->clock == TROTH_CLOCK_NONE)
		return;
	if (not_after_ms <= now_ms) {
		troth_store_remove(r->settings->run_dir);
		return;
	}
	r->expires_ms = troth_mono_ms() + (not_after_ms - now_ms);
}

/* What `systemctl status` shows. */
static void tell_status(const struct troth_outcome *o, uint64_t next_ms)
{
	char text[sizeof o->text + 64];

	(void)snprintf(text, sizeof text, "next attempt in %llu s; %s",
		       (unsigned long long)(next_ms + 999) / 1000, o->text);
	troth_service_status(text);
}

static uint64_t attempt(struct runner *r)
{
	struct troth_outcome o;

	troth_agent_attempt(r->agent, &o);
	if (troth_stop_wanted())
		return 0;
	log_outcome(&o);
	if (o.ending == TROTH_ENDED_WELL) {
		r->expires_ms = troth_mono_ms() + o.life_s * UINT64_C(1000);
		if (r->proofs != NULL)
			troth_proof_server_bound(r->proofs);
	}
	r->peers_due_ms = 0;
	const uint64_t next_ms = troth_schedule_next(&r->schedule, &o, random_bits());
	troth_report_attempt(r->settings, &o, next_ms);
	tell_status(&o, next_ms);
	return next_ms;
}

static void drop_if_expired(struct runner *r)
{
	if (r->expires_ms == 0 || troth_mono_ms() < r->expires_ms)
		return;
	troth_store_remove(r->settings->run_dir);
	r->expires_ms = 0;
	troth_warn("expired", "dir=%s; the credentials were removed", r->settings->run_dir);
	troth_service_status("the credentials have expired");
}

/* What tells this device about others; not wanted unless the settings say how often. */
static void fetch_if_due(struct runner *r)
{
	const uint64_t every_ms = r->settings->peer_refresh_s * UINT64_C(1000);

	if (every_ms == 0 || troth_mono_ms() < r->peers_due_ms)
		return;
	troth_peer_fetch_round(&r->peers, r->agent);
	troth_rest();
	/* Up to a tenth earlier, so that a fleet spreads. */
	r->peers_due_ms = troth_mono_ms() + every_ms - random_bits() % (every_ms / 10);
}

/* When the sleep must be interrupted before until_ms, if at all. */
static uint64_t next_stop_ms(const struct runner *r, uint64_t until_ms)
{
	uint64_t to_ms = until_ms;

	if (r->expires_ms != 0 && r->expires_ms < to_ms)
		to_ms = r->expires_ms;
	if (r->settings->peer_refresh_s != 0 && r->peers_due_ms < to_ms)
		to_ms = r->peers_due_ms;
	return to_ms;
}

/* Sleeps until it is time, dropping credentials at the moment they expire and fetching what is
 * due; a signal ends it. */
static void sleep_until(struct runner *r, uint64_t until_ms)
{
	for (;;) {
		drop_if_expired(r);
		fetch_if_due(r);
		const uint64_t now_ms = troth_mono_ms();
		if (now_ms >= until_ms || troth_stop_wanted())
			return;
		const uint64_t to_ms = next_stop_ms(r, until_ms);
		const uint64_t for_ms = to_ms > now_ms ? to_ms - now_ms : 0;
		troth_pulse_rest(for_ms);
		if (troth_stop_wait(-1, for_ms) == TROTH_WAKE_SIGNAL)
			return;
	}
}

/* A mistake in the file leaves the settings as they were: a typo must not cost an identity. */
static void reload(struct runner *r)
{
	struct troth_complaint complaint;
	struct troth_settings fresh;

	troth_service_reloading();
	if (troth_settings_load(r->command, &fresh, &complaint) == TROTH_OK) {
		*r->settings = fresh;
		if (r->proofs != NULL)
			troth_proof_server_set_rules(r->proofs, &fresh.proofs);
		troth_log_start("troth-attester", (enum troth_log_level)fresh.log_level);
		troth_info("reload", "done=true");
	} else {
		troth_error("reload", "done=false why=\"%s\"", complaint.text);
	}
	r->schedule.failures = 0;
	/* It may be another directory's or another verifier's now. */
	troth_peer_fetch_end(&r->peers);
	troth_service_ready();
}

/* Without the socket the device attests all the same. */
static void start_proofs(struct runner *r)
{
	if (r->agent->session == NULL)
		return;
	enum troth_status status = troth_dir_make(r->settings->run_dir, 0755);
	if (status == TROTH_OK)
		status = troth_proof_server_start(r->settings->run_dir, &r->settings->proofs,
						  r->agent->session, &r->proofs);
	if (status != TROTH_OK)
		troth_warn("proofs", "dir=%s status=%s; no local socket", r->settings->run_dir,
			   troth_status_name(status));
}

/* The files are kept all the same: whoever reads them may have the time from elsewhere. */
static void warn_of_no_clock(const struct troth_settings *s)
{
	if (s->peer_refresh_s != 0 && s->clock == TROTH_CLOCK_NONE)
		troth_warn("peers",
			   "clock=none reason=\"other devices cannot be judged without one: "
			   "what has expired would pass, and libtroth lets nobody in\"");
}

enum troth_ending troth_run(struct troth_agent *a, const struct troth_command *command,
			    struct troth_settings *settings)
{
	struct runner r = { .agent = a, .command = command, .settings = settings };

	warn_of_no_clock(settings);
	start_proofs(&r);
	troth_pulse_start();
	adopt_credentials(&r);
	/* Ready to keep an identity, not in possession of one: an operator's approval may take
	 * days, and a boot must not hang on it. `wait` is for who needs it. */
	troth_service_ready();
	while (!troth_stop_wanted()) {
		const uint64_t next_ms = attempt(&r);
		troth_rest();
		if (!troth_stop_wanted())
			sleep_until(&r, troth_mono_ms() + next_ms);
		if (!troth_stop_wanted() && troth_stop_take_reload())
			reload(&r);
	}
	troth_service_stopping();
	troth_proof_server_stop(r.proofs);
	troth_peer_fetch_end(&r.peers);
	troth_info("stop", "asked=true");
	return TROTH_ENDED_WELL;
}
