/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include "base.h"
#include "clock.h"
#include "credential_store.h"
#include "log.h"
#include "random.h"
#include "report.h"
#include "rest.h"
#include "schedule.h"
#include "service.h"
#include "stop.h"

struct runner {
	struct troth_agent *agent;
	const struct troth_command *command;
	struct troth_settings *settings;
	struct troth_schedule schedule;
	uint64_t expires_ms; /* of the boot-time clock; 0: no credentials */
	bool ready;
};

static void log_outcome(const struct troth_outcome *o)
{
	if (o->ending == TROTH_ENDED_WELL)
		troth_info("attested", "outcome=%s detail=\"%s\"", troth_ending_name(o->ending),
			   o->text);
	else
		troth_error("attested", "outcome=%s detail=\"%s\"",
			    troth_ending_name(o->ending), o->text);
}

enum troth_ending troth_once(struct troth_agent *a)
{
	struct troth_outcome outcome;

	troth_agent_attempt(a, &outcome);
	log_outcome(&outcome);
	troth_report_attempt(a->settings, &outcome, 0);
	return outcome.ending;
}

static uint32_t random_bits(void)
{
	uint8_t b[4] = { 0 };

	/* Without randomness the device still renews, only not spread from others. */
	if (troth_random(b, sizeof b) != TROTH_OK)
		return 0;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void say_ready(struct runner *r)
{
	if (!r->ready)
		troth_service_ready();
	r->ready = true;
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
	say_ready(r);
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
		say_ready(r);
	}
	troth_service_status(o.text);
	const uint64_t next_ms = troth_schedule_next(&r->schedule, &o, random_bits());
	troth_report_attempt(r->settings, &o, next_ms);
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

/* Sleeps until it is time, dropping credentials at the moment they expire; a signal ends it. */
static void sleep_until(struct runner *r, uint64_t until_ms)
{
	for (;;) {
		drop_if_expired(r);
		const uint64_t now_ms = troth_mono_ms();
		if (now_ms >= until_ms)
			return;
		uint64_t to_ms = until_ms;
		if (r->expires_ms != 0 && r->expires_ms < to_ms)
			to_ms = r->expires_ms;
		if (troth_stop_wait(-1, to_ms > now_ms ? to_ms - now_ms : 0) ==
		    TROTH_WAKE_SIGNAL)
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
		troth_log_start("troth-attester", (enum troth_log_level)fresh.log_level);
		troth_info("reload", "done=true");
	} else {
		troth_error("reload", "done=false why=\"%s\"", complaint.text);
	}
	r->schedule.failures = 0;
	troth_service_ready();
}

enum troth_ending troth_run(struct troth_agent *a, const struct troth_command *command,
			    struct troth_settings *settings)
{
	struct runner r = { .agent = a, .command = command, .settings = settings };

	adopt_credentials(&r);
	while (!troth_stop_wanted()) {
		const uint64_t next_ms = attempt(&r);
		troth_rest();
		if (!troth_stop_wanted())
			sleep_until(&r, troth_mono_ms() + next_ms);
		if (!troth_stop_wanted() && troth_stop_take_reload())
			reload(&r);
	}
	troth_service_stopping();
	troth_info("stop", "asked=true");
	return TROTH_ENDED_WELL;
}
