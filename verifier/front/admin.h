/* SPDX-License-Identifier: Apache-2.0 */
/* The administration thread: the local socket, long jobs, CRL and bundle, quarantine.
 *
 * It runs apart from the device workers, with its own channel to the issuer, and alone may read
 * the store. It is the front's first thread: workers start when it has told the issuer whom to
 * deny. */
#ifndef TROTH_ADMIN_H
#define TROTH_ADMIN_H

#include "front.h"

struct troth_admin {
	struct troth_front *front;
	struct event_base *base;
	struct troth_mailbox *mailbox;
	struct troth_http_server *http;
	struct troth_issuer_link *issuer;
	struct troth_ctx *ctx;
	struct event *crl_timer;
	struct troth_job crl_job;
	unsigned int crl_asked; /* atomic: a refresh is on its way through the mailbox */
	uint64_t crl_number;
	unsigned int startup_left; /* issuer's answers to wait for before serving */
	bool broken;		   /* the issuer is gone */
};

extern const struct troth_http_route TROTH_ADMIN_ROUTES[];

TROTH_NODISCARD enum troth_status troth_admin_new(struct troth_front *front,
						  const struct troth_role_fds *fds,
						  struct troth_admin **out);
void troth_admin_free(struct troth_admin *admin);
/* Tells the issuer whom to deny, gets bundle and CRL; returns when all is done. */
TROTH_NODISCARD enum troth_status troth_admin_start_up(struct troth_admin *admin);
/* Listens on the local socket. */
TROTH_NODISCARD enum troth_status troth_admin_serve(struct troth_admin *admin, int listener);

/* Reads policies and reference sets from the store and publishes them. */
TROTH_NODISCARD enum troth_status troth_admin_load_snapshot(struct troth_admin *admin);

/* One administrative request that waits for issuer or store. */
struct troth_admin_op {
	struct troth_job job;
	struct troth_admin *admin;
	struct troth_exchange *exchange;
	struct troth_device_row row; /* as it shall be */
	enum troth_device_state to;
	bool has_to;
	bool revoke;
	bool is_policy;
	char name[TROTH_NAME_LEN_MAX + 1]; /* of a document */
	uint8_t id[32];
	size_t n_components;
	enum troth_status status;
};

/* Finds a device by registry name, id, or a prefix of at least eight digits of its id that only
 * one has. */
TROTH_NODISCARD bool troth_admin_find_device(struct troth_admin *admin, struct troth_view text,
					     struct troth_device_row *out);
/* "uid:0" of the caller. */
struct troth_view troth_admin_actor(const struct troth_exchange *x);

/* Stores the canonical form of a set and answers. */
void troth_admin_put_set(struct troth_exchange *x, struct troth_admin *admin,
			 struct troth_reference_set *set);

void troth_admin_devices(struct troth_exchange *x, void *admin);
void troth_admin_device(struct troth_exchange *x, void *admin);
void troth_admin_device_change(struct troth_exchange *x, void *admin);
void troth_admin_verdict(struct troth_exchange *x, void *admin);
void troth_admin_policies(struct troth_exchange *x, void *admin);
void troth_admin_policy(struct troth_exchange *x, void *admin);
void troth_admin_policy_put(struct troth_exchange *x, void *admin);
void troth_admin_references(struct troth_exchange *x, void *admin);
void troth_admin_reference(struct troth_exchange *x, void *admin);
void troth_admin_reference_put(struct troth_exchange *x, void *admin);
void troth_admin_learn(struct troth_exchange *x, void *admin);
void troth_admin_audit(struct troth_exchange *x, void *admin);

#endif
