/* SPDX-License-Identifier: Apache-2.0 */
/* A device that has really booted, the attester on it, and a verifier that knows its reference:
 * everything between power-on and identity, as programs. */
#ifndef TROTH_TESTS_VILLAGE_H
#define TROTH_TESTS_VILLAGE_H

#include "rig.h"
#include "test_service.h"

struct village {
	struct rig *rig;
	struct test_service service;
	char id[65];  /* of the device, as text */
	char url[64]; /* https://localhost:port */
};

/* Group fixtures. *state becomes a struct village; the device is enrolled by nobody yet. */
int village_setup(void **state);
int village_teardown(void **state);

/* A power-on: PCRs and log of the recorded boot. extra: a tamper kind or NULL. */
void village_boot(const struct village *v, const char *tamper);
/* Lets the device in and takes what it last booted for the reference. */
void village_admit(struct village *v);
/* trothctl with up to four words; asserts success. */
void village_ctl(const struct village *v, const char *a, const char *b, const char *c);
/* The verifier again, on whatever port. */
void village_restart(struct village *v);

/* Arguments of the attester: command, and up to one option with its value. Keeps
 * them in static memory. */
const char *const *village_args(const struct village *v, const char *command,
				const char *option, const char *value);
/* Runs it, asserts the exit code. */
void village_attest(const struct village *v, int code, const char *command);
/* The set in force: its number; 0 for none. Asserts that key, certificate and
 * bundle belong together. */
unsigned village_set(const struct village *v);

/* Starts `run` and goes on. */
pid_t village_run(const struct village *v);
/* The number of the set in force, without a look into it. */
unsigned village_set_number(const struct village *v);
/* Asserts that this set comes into force, and no later one. */
void village_wait_for_set(const struct village *v, unsigned number);
/* Asserts a clean end within a second of SIGTERM, whatever it was waiting for. */
void village_assert_leaves(pid_t pid);
void village_nap_ms(uint32_t ms);

#endif
