/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that get certificates and then fail fill the list of revoked serials. When a CRL
 * takes no more, the service must still start, and must not publish a shorter list. */
#include <sqlite3.h>
#include <stdio.h>

#include "lab.h"
#include "message.h"

static void run_sql(sqlite3 *db, const char *sql)
{
	char *why = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
}

/* n revoked serials that live for long. */
static void revoke(struct lab *lab, unsigned n)
{
	char sql[512];
	sqlite3 *db;
	assert_int_equal(sqlite3_open(test_service_path(&lab->service, "state/troth.db"), &db),
			 SQLITE_OK);
	run_sql(db, "DELETE FROM serials");
	(void)snprintf(
		sql, sizeof sql,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT %u) "
		"INSERT INTO serials (device, serial, certificate_sha256, not_after_s, "
		"revoked_s) SELECT 1, CAST(printf('@%%015d', i) AS BLOB), zeroblob(32), "
		"99999999999, 1 FROM n",
		n);
	run_sql(db, sql);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int get_crl(struct lab *lab)
{
	struct tls_client http;
	lab_client(lab, &http);
	assert_true(tls_client_get(&http, "/v1/crl"));
	int status = http.status;
	tls_client_release(&http);
	return status;
}

static void restart_with(struct lab *lab, unsigned n)
{
	assert_true(test_service_stop(&lab->service));
	tls_client_release(&lab->http);
	revoke(lab, n);
	test_service_start(&lab->service);
	lab_client(lab, &lab->http);
}

static void too_many_revocations_neither_stop_nor_shorten(void **state)
{
	struct lab *lab = *state;
	restart_with(lab, TROTH_CRL_ENTRIES_MAX + 1);
	assert_int_equal(get_crl(lab), 503);
	assert_int_equal(lab_attest(lab, &lab->devices[LAB_VICTIM]), 200);
	restart_with(lab, 1000);
	assert_int_equal(get_crl(lab), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(too_many_revocations_neither_stop_nor_shorten),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}
