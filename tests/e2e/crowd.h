/* SPDX-License-Identifier: Apache-2.0 */
/* A crowd of devices with software keys, each a thread with a connection of its own that renews
 * as fast as it is answered, and notes everything it is told. A connection that ends costs it a
 * new one; an answer that no renewal may get is a violation. */
#ifndef TROTH_TESTS_CROWD_H
#define TROTH_TESTS_CROWD_H

#include <pthread.h>

#include "eventlog.h"
#include "fleet.h"
#include "test_service.h"

#define CROWD 128

/* A verdict that a client was told. */
struct acknowledgement {
	uint32_t device;
	bool issued;
	uint64_t evidence_ms;
	uint8_t certificate[32]; /* SHA-256 of the certificate that came with it */
};

struct crowd;

struct member {
	struct crowd *crowd;
	uint32_t number;
	pthread_t thread;
	struct fleet_device device;
	struct fleet_attestation attestation;
	struct tls_client http;
	size_t n_acknowledged;
	struct acknowledgement *acknowledged; /* room for acknowledged_max */
	unsigned round_served;
	unsigned long cut_off, busy, again; /* connections ended, 503, 409 */
};

enum crowd_wish { CROWD_PARK, CROWD_RENEW, CROWD_END };

struct crowd {
	struct troth_buffer log;
	struct troth_replay boot;
	SSL_CTX *tls;
	size_t acknowledged_max; /* of a member */
	struct member members[CROWD];
	unsigned in_flight; /* atomic: requests sent on standing connections, not answered */

	pthread_mutex_t lock; /* over everything below */
	pthread_cond_t changed;
	enum crowd_wish wish;
	size_t n_parked;
	unsigned round;	    /* 0 before the first */
	double round_begun; /* since then an exchange counts as of this round */
	double first_served;
	size_t n_served; /* members with a verdict begun in this round */
	char violation[160];
};

/* Draws all keys. */
void crowd_make(struct crowd *c, size_t acknowledged_max);
void crowd_free(struct crowd *c);
/* Device n is called device-<n>. */
void crowd_write_inventory(const struct crowd *c, const char *path);
/* The service must be up, with a policy that lets the inventory in. Starts the threads, parked;
 * everybody is enrolled; the first member's boot is learned as "base". */
void crowd_enrol(struct crowd *c, struct test_service *s);
void crowd_end(struct crowd *c);

/* Parking waits until nobody has anything under way. */
void crowd_wish(struct crowd *c, enum crowd_wish wish);
unsigned crowd_in_flight(const struct crowd *c);
/* From now on what counts is what begins now. */
void crowd_new_round(struct crowd *c);
/* Waits until somebody, and everybody, has been told a verdict begun in this round; fails after
 * patience_s. Seconds from the round's beginning. */
struct crowd_recovery {
	double first_s, all_s;
};
struct crowd_recovery crowd_await(struct crowd *c, double patience_s);
/* Fails when somebody was told what nobody may be told. */
void crowd_assert_no_violation(struct crowd *c);

#endif
