/* SPDX-License-Identifier: Apache-2.0 */
/* systemd's log on the wire: how long it may be, whose it must be, and who need not send one.
 */
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "systemd_log.h"
#include "token.h"
#include "wire.h"

static const char POLICY[] = "name: default\n"
			     "segment: line-1\n"
			     "pcrs:\n"
			     "  sha256: [0, 4, 7, %s]\n"
			     "secure_boot: required\n"
			     "reference: base\n"
			     "enrolment: inventory\n"
			     "approve: automatic\n";

static void ask_for(struct lab *lab, const char *pcr)
{
	char text[512];
	(void)snprintf(text, sizeof text, POLICY, pcr);
	test_service_admin_ok(&lab->service, "/v1/admin/policies", "application/yaml", text);
}

/* A device whose PCR 11 has n phases. */
static struct systemd_log *come_up(struct fleet_device *d, size_t n)
{
	static const char *const PHASES[] = { "enter-initrd", "leave-initrd", "sysinit" };
	struct systemd_log *l = calloc(1, sizeof *l);
	assert_non_null(l);
	for (size_t i = 0; i < n; i++)
		systemd_measure(l, 11, "phase", PHASES[i]);
	struct troth_pcr_bank *bank = troth_pcr_bank_get(&d->pcrs, TROTH_HASH_SHA256);
	memcpy(bank->value[11], l->pcr[11], 32);
	bank->have |= 1U << 11;
	return l;
}

/* One exchange with these bytes, and the digest of those. */
static void attest(struct lab *lab, struct fleet_device *d, struct troth_view log,
		   struct troth_view digest_of)
{
	struct fleet_attestation *a = calloc(1, sizeof *a);
	uint8_t digest[32];
	Troth__V1__Challenge *challenge = fleet_challenge(d, &lab->http);
	assert_non_null(a);
	assert_non_null(challenge);
	fleet_attest(d, challenge, a);
	SHA256(digest_of.p, digest_of.n, digest);
	a->message.systemd_log = troth_wire_bytes(log);
	if (digest_of.n > 0)
		a->message.systemd_digest = troth_wire_bytes(TROTH_VIEW_OF(digest));
	assert_true(fleet_post(&lab->http, "/v1/attest", &a->message.base));
	troth_wire_free(&challenge->base);
	free(a);
}

/* The log explains PCR 11, of which the reference values say nothing; without it nothing does.
 */
static void assert_read(struct lab *lab, bool read)
{
	assert_int_equal(lab->http.status, 200);
	assert_string_equal(lab_result(&lab->http).finding,
			    read ? "reference-missing" : "log-pcr-missing");
}

static const struct troth_view NOTHING;

static void a_log_is_read_up_to_its_limit(void **state)
{
	struct lab *lab = *state;
	struct fleet_device *d = &lab->devices[LAB_ATTACKER];
	struct systemd_log *l = come_up(d, 3);
	char *bytes = malloc(TROTH_SYSTEMD_LOG_MAX + 1);
	assert_non_null(bytes);
	memset(bytes, ' ', TROTH_SYSTEMD_LOG_MAX + 1); /* blank to JSON */
	memcpy(bytes, l->text, l->n);
	struct troth_view v = { (const uint8_t *)bytes, TROTH_SYSTEMD_LOG_MAX };
	ask_for(lab, "11");
	attest(lab, d, v, v);
	assert_read(lab, true);
	const struct lab_state before = lab_state(lab, LAB_ATTACKER);
	v.n++;
	attest(lab, d, v, v);
	lab_assert_problem(&lab->http, 400, "malformed", NULL);
	const struct lab_state after = lab_state(lab, LAB_ATTACKER);
	lab_assert_unchanged(&before, &after);
	free(bytes);
	free(l);
}

/* Storage is shared between devices, lookup never; and of a device's own the last one counts.
 */
static void a_digest_is_of_the_log_that_came_last_from_the_device(void **state)
{
	struct lab *lab = *state;
	struct fleet_device *d = &lab->devices[LAB_ATTACKER],
			    *other = &lab->devices[LAB_VICTIM];
	struct systemd_log *first = come_up(other, 2), *second = come_up(d, 2);
	systemd_log_record(second, 13, second->pcr[11], "phase", "sysinit"); /* its own bytes */
	const struct troth_view one = systemd_log_bytes(first), two = systemd_log_bytes(second);
	ask_for(lab, "11");
	attest(lab, other, one, one);
	assert_read(lab, true);
	attest(lab, d, two, two);
	assert_read(lab, true);
	attest(lab, d, NOTHING, two);
	assert_read(lab, true);
	const struct lab_state before = lab_state(lab, LAB_ATTACKER);
	attest(lab, d, NOTHING, one);
	lab_assert_problem(&lab->http, 409, "log-wanted", NULL);
	const struct lab_state after = lab_state(lab, LAB_ATTACKER);
	lab_assert_unchanged(&before, &after);
	attest(lab, d, one, one);
	assert_read(lab, true);
	attest(lab, d, NOTHING, two);
	lab_assert_problem(&lab->http, 409, "log-wanted", NULL);
	free(first);
	free(second);
}

/* An attester of an earlier version, and one that is asked for no log. */
static void no_log_is_needed_where_none_is_known(void **state)
{
	struct lab *lab = *state;
	struct fleet_device *d = &lab->devices[LAB_THIRD];
	struct systemd_log *l = come_up(d, 3);
	ask_for(lab, "11");
	attest(lab, d, NOTHING, NOTHING);
	assert_read(lab, false);
	Troth__V1__Challenge *challenge = fleet_challenge(d, &lab->http);
	assert_non_null(challenge);
	assert_true((challenge->wants & TROTH_WANT_SYSTEMD) != 0);
	troth_wire_free(&challenge->base);
	ask_for(lab, "5");
	challenge = fleet_challenge(d, &lab->http);
	assert_non_null(challenge);
	assert_int_equal(challenge->wants & TROTH_WANT_SYSTEMD, 0);
	troth_wire_free(&challenge->base);
	/* Sent all the same, and broken: left aside. */
	attest(lab, d, troth_view_str("no log"), troth_view_str("no log"));
	assert_int_equal(lab->http.status, 200);
	assert_true(lab_result(&lab->http).issued);
	free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_is_read_up_to_its_limit),
		cmocka_unit_test(a_digest_is_of_the_log_that_came_last_from_the_device),
		cmocka_unit_test(no_log_is_needed_where_none_is_known),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}
