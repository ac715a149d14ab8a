/* SPDX-License-Identifier: Apache-2.0 */
#include "peer_fetch.h"

#include <stdio.h>

#include "base.h"
#include "log.h"
#include "stop.h"

#define HTTP_OK 200
#define HTTP_NO_CONTENT 204
#define HTTP_NOT_FOUND 404

TROTH_DEFINE_AUTO(struct troth_client, troth_client_free)

static const char *const PATHS[TROTH_PEER_FILE_N] = {
	[TROTH_PEER_BUNDLE] = "/v1/bundle", [TROTH_PEER_KEYS] = "/v1/keys.json",
	[TROTH_PEER_CRL] = "/v1/crl",	    [TROTH_PEER_FORMER_CRL] = "/v1/crl/former",
	[TROTH_PEER_STATUS] = "/v1/status",
};

static enum troth_status fetch_one(struct troth_peer_files *files, struct troth_client *client,
				   enum troth_peer_file which)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer document = { 0 };
	long http = 0;

	TROTH_TRY(troth_client_get(client, PATHS[which], &http, &document));
	if (http == HTTP_NOT_FOUND && which == TROTH_PEER_FORMER_CRL)
		return TROTH_OK; /* no CA is being rotated */
	if (http != HTTP_OK)
		return TROTH_E_NOT_FOUND;
	return troth_peer_files_take(files, which, troth_buffer_view(&document));
}

/* Whether there is another than the one here; asked so that a fleet's feed does not travel to
 * each of its devices twice a minute. Not knowing is a reason to fetch. */
static bool status_has_changed(const struct troth_peer_files *files,
			       struct troth_client *client)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer delta = { 0 };
	const uint64_t sequence = troth_peer_files_sequence(files);
	char path[64];
	long http = 0;

	if (sequence == 0)
		return true;
	(void)snprintf(path, sizeof path, "/v1/status/delta/%llu",
		       (unsigned long long)sequence);
	return troth_client_get(client, path, &http, &delta) != TROTH_OK ||
	       http != HTTP_NO_CONTENT;
}

static enum troth_status fetch_all(struct troth_peer_files *files, struct troth_agent *agent)
{
	TROTH_AUTO(troth_client_free_p) struct troth_client *client = NULL;

	TROTH_TRY(troth_agent_connect(agent, TROTH_PEER_FILE_MAX, &client));
	for (enum troth_peer_file i = 0; i < TROTH_PEER_FILE_N; i++)
		if (i != TROTH_PEER_STATUS || status_has_changed(files, client))
			TROTH_TRY(fetch_one(files, client, i));
	return TROTH_OK;
}

static enum troth_status fetch(struct troth_peer_fetch *fetch, struct troth_agent *agent)
{
	if (fetch->files == NULL)
		TROTH_TRY(troth_peer_files_open(agent->settings->run_dir, agent->trust_domain,
						&fetch->files));
	return fetch_all(fetch->files, agent);
}

void troth_peer_fetch_round(struct troth_peer_fetch *f, struct troth_agent *agent)
{
	const char *dir = agent->settings->run_dir;

	if (agent->trust_domain[0] == '\0')
		return;
	const enum troth_status status = fetch(f, agent);
	if (troth_stop_wanted())
		return;
	if (status != TROTH_OK && !f->failing)
		troth_warn("peers",
			   "dir=%s/peers status=%s; not fresh, and good until they end", dir,
			   troth_status_name(status));
	else if (status == TROTH_OK && f->failing)
		troth_info("peers", "dir=%s/peers; fresh again", dir);
	f->failing = status != TROTH_OK;
}

void troth_peer_fetch_end(struct troth_peer_fetch *f)
{
	troth_peer_files_free(f->files);
	*f = (struct troth_peer_fetch){ 0 };
}
