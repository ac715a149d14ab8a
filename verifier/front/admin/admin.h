/* SPDX-License-Identifier: Apache-2.0 */
/* The administration thread: the local socket, long jobs, CRL and bundle, quarantine.
 *
 * It runs apart from the device workers, with its own channel to the issuer, and alone may
 * read the store. It is the front's first thread: workers start when it has told the
 * issuer whom to deny. */
#ifndef TROTH_ADMIN_H
#define TROTH_ADMIN_H

#include "clock_alarm.h"
#include "feed_maker.h"
#include "front.h"
#include "http/http.h"
#include "issuer/link.h"
#include "mailbox.h"

struct troth_admin {
	struct troth_front *front;
	struct event_base *base;
	struct troth_mailbox *mailbox;
	struct troth_http_server *http;
	struct troth_issuer_link *issuer;
	struct troth_ctx *ctx;
	struct event *crl_timer;
	struct troth_clock_alarm clock_alarm;
	struct troth_feed_maker *feed_maker;
	struct troth_followers *followers;
	struct troth_webhook_desk *webhooks;
	struct troth_notice_keep *notice_keep;
	struct troth_job crl_job;
	unsigned int crl_asked; /* atomic: a refresh is on its way through the mailbox */
	uint64_t crl_number;
	uint8_t secrets_key[64];   /* x || y: what secrets are sealed for */
	unsigned int startup_left; /* issuer's answers to wait for before serving */
	bool broken;		   /* the issuer is gone */
	bool store_closed; /* the service ends: jobs that are still to come leave it alone */
};

TROTH_NODISCARD enum troth_status troth_admin_new(struct troth_front *front,
						  const struct troth_role_fds *fds,
						  struct troth_admin **out);
void troth_admin_free(struct troth_admin *admin);
/* Tells the issuer whom to deny, gets bundle and CRL; returns when all is done. */
TROTH_NODISCARD enum troth_status troth_admin_start_up(struct troth_admin *admin);
/* Listens on the local socket. */
TROTH_NODISCARD enum troth_status troth_admin_serve(struct troth_admin *admin, int listener);
/* From any thread: live serials were revoked, so the CRL is to be made anew. */
void troth_admin_refresh_crl(struct troth_admin *admin);
/* Reads policies and reference sets from the store and publishes them. */
TROTH_NODISCARD enum troth_status troth_admin_load_snapshot(struct troth_admin *admin);

#endif
