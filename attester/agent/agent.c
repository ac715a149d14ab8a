/* SPDX-License-Identifier: Apache-2.0 */
#include "agent.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base.h"
#include "credential_store.h"
#include "file.h"
#include "stop.h"

/* Challenges in one attempt: quarantines, policy changes and other replicas overtake them. */
#define CHALLENGES_MAX 3

TROTH_DEFINE_AUTO(struct troth_client, troth_client_free)

static void attest_until_done(struct troth_agent *a, struct troth_client *client,
			      struct troth_outcome *outcome)
{
	bool send_all = false, enrolled_anew = false;

	for (int i = 0; i < CHALLENGES_MAX && !troth_stop_wanted(); i++) {
		const uint64_t known = a->ima.next;
		switch (troth_agent_attest(a, client, send_all, outcome)) {
		case TROTH_REMEDY_NONE: return;
		case TROTH_REMEDY_AGAIN:
			if (a->ima.next > known) /* a long list takes several */
				i = -1;
			break;
		case TROTH_REMEDY_SEND_ALL: send_all = true; break;
		case TROTH_REMEDY_ENROLL:
			if (enrolled_anew || troth_agent_enroll(a, client, outcome) != TROTH_OK)
				return;
			enrolled_anew = true;
			break;
		}
	}
}

/* Now is not before this program was built, nor before a certificate it has validated. */
static uint64_t time_floor(const struct troth_state *state)
{
	const uint64_t built_s = TROTH_BUILD_TIME_S;
	return state->time_floor_s > built_s ? state->time_floor_s : built_s;
}

static bool configured(const struct troth_agent *a, struct troth_outcome *outcome)
{
	const char *missing = troth_settings_missing(a->settings);

	if (missing != NULL)
		troth_outcome_set(outcome, TROTH_ENDED_UNREACHED, "%s", missing);
	return missing == NULL;
}

enum troth_status troth_agent_connect(const struct troth_agent *a, size_t answer_max,
				      struct troth_client **out)
{
	const bool no_clock = a->settings->clock == TROTH_CLOCK_NONE;
	const uint64_t floor_s = no_clock ? time_floor(&a->state) : 0;

	return troth_client_new(a->settings, troth_buffer_view(&a->anchors.pem), floor_s,
				answer_max, out);
}

/* True when it failed for the verifier's certificate. */
static bool attempt_once(struct troth_agent *a, struct troth_outcome *outcome)
{
	TROTH_AUTO(troth_client_free_p) struct troth_client *client = NULL;
	enum troth_status status = troth_agent_connect(a, TROTH_CLIENT_ANSWER_MAX, &client);
	if (status != TROTH_OK) {
		troth_outcome_set(outcome, TROTH_ENDED_UNREACHED,
				  "cannot set up HTTPS with the CA in %s: %s", a->settings->ca,
				  troth_status_name(status));
		return false;
	}
	troth_steps_mark(&outcome->steps, TROTH_STEP_PREPARE);
	if (troth_state_fits(&a->state, a->settings) ||
	    troth_agent_enroll(a, client, outcome) == TROTH_OK)
		attest_until_done(a, client, outcome);
	return troth_client_untrusted(client);
}

/* The anchors may have changed while this device slept. */
static bool new_anchors(struct troth_agent *a)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer update = { 0 };

	return a->settings->update_key[0] != '\0' && !troth_stop_wanted() &&
	       troth_client_fetch_update(a->settings, &update) == TROTH_OK &&
	       troth_anchors_take(a->settings, a->ctx, troth_buffer_view(&update),
				  &a->anchors) == TROTH_OK;
}

static void attempt(struct troth_agent *a, struct troth_outcome *outcome)
{
	if (!configured(a, outcome))
		return;
	if (attempt_once(a, outcome) && new_anchors(a))
		(void)attempt_once(a, outcome);
}

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* One attester at a time writes here: `once` by hand beside `run` would
 * tear the other's work. */
static int take_lock(const char *run_dir)
{
	char path[TROTH_PATH_MAX + 16];

	(void)snprintf(path, sizeof path, "%s/.lock", run_dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

void troth_agent_attempt(struct troth_agent *a, struct troth_outcome *outcome)
{
	const char *run_dir = a->settings->run_dir;

	*outcome = (struct troth_outcome){ .ending = TROTH_ENDED_UNREACHED };
	if (troth_dir_make(run_dir, 0755) != TROTH_OK) {
		troth_outcome_set(outcome, TROTH_ENDED_UNREACHED, "cannot make %s", run_dir);
		return;
	}
	TROTH_AUTO(close_fd) int lock = take_lock(run_dir);
	if (lock < 0) {
		troth_outcome_set(outcome, TROTH_ENDED_UNREACHED,
				  "%s is in use by another attester, or not writable", run_dir);
		return;
	}
	troth_steps_begin(&outcome->steps);
	attempt(a, outcome);
	troth_steps_log(&outcome->steps);
	if (outcome->text[0] == '\0')
		troth_outcome_set(outcome, outcome->ending, "%s",
				  troth_stop_wanted() ? "told to stop" : "no reason is known");
}
