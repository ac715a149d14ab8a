/* SPDX-License-Identifier: Apache-2.0 */
/* What is particular to SQLite: the file, its schema, what others may have done to it. */
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base.h"
#include "sqlite_internal.h"
#include "suite_sqlite.h"

static void by_hand(const char *where, const char *sql)
{
	sqlite3 *db = NULL;
	char *problem = NULL;

	assert_int_equal(sqlite3_open(where, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &problem) != SQLITE_OK)
		fail_msg("%s: %s", sql, problem);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The first column of the first row, as text; owned. */
static char *asked(const char *where, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;
	char *text;

	assert_int_equal(sqlite3_open(where, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	text = strdup((const char *)sqlite3_column_text(stmt, 0));
	assert_non_null(text);
	assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return text;
}

static void expect(const char *where, const char *sql, const char *want)
{
	char *got = asked(where, sql);

	if (strcmp(got, want) != 0)
		fail_msg("%s: got %s, want %s", sql, got, want);
	free(got);
}

static int setup(void **state)
{
	char *where = malloc(256);

	assert_non_null(where);
	store_files_make(where);
	*state = where;
	return 0;
}

static int teardown(void **state)
{
	store_files_discard(*state);
	free(*state);
	return 0;
}

static enum troth_status open_and_close(const char *where)
{
	struct troth_store_backend *b;
	enum troth_status status;

	POISON(b);
	status = troth_store_sqlite.open(where, &b);
	if (status == TROTH_OK)
		troth_store_sqlite.close(b);
	else
		ASSERT_POISONED(b);
	return status;
}

static void a_new_store(void **state)
{
	static const char *const FILES[] = { "", "-wal", "-shm" };
	const char *where = *state;
	char number[16];

	assert_int_equal(open_and_close(where), TROTH_OK);
	for (size_t i = 0; i < TROTH_COUNT(FILES); i++) {
		char path[300];
		struct stat st;
		(void)snprintf(path, sizeof path, "%s%s", where, FILES[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
	(void)snprintf(number, sizeof number, "%d", troth_sqlite_schema_version);
	expect(where, "PRAGMA user_version", number);
	expect(where, "PRAGMA application_id", "1416785780");
	expect(where, "PRAGMA journal_mode", "wal");
	expect(where,
	       "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE "
	       "'%STRICT%'",
	       "0");
	expect(where, "PRAGMA integrity_check", "ok");
}

static void opening_again_changes_no_schema(void **state)
{
	static const char ALL[] = "SELECT group_concat(sql, ';') FROM sqlite_schema";
	const char *where = *state;
	char *before;

	assert_int_equal(open_and_close(where), TROTH_OK);
	before = asked(where, ALL);
	assert_int_equal(open_and_close(where), TROTH_OK);
	expect(where, ALL, before);
	free(before);
}

static void an_empty_file_becomes_a_store(void **state)
{
	FILE *file = fopen(*state, "wb");

	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(open_and_close(*state), TROTH_OK);
	expect(*state, "SELECT epoch FROM meta", "0");
}

/* The line logged while open refuses, as the operator reads it. */
static void refused_with(const char *where, const char *event, const char *words)
{
	char path[300], line[1024];
	FILE *file;
	size_t n;
	int standard_error = dup(STDERR_FILENO);

	(void)snprintf(path, sizeof path, "%s-said", where);
	assert_non_null(freopen(path, "w+", stderr));
	assert_int_equal(open_and_close(where), TROTH_E_CONFIG);
	(void)fflush(stderr);
	assert_true(dup2(standard_error, STDERR_FILENO) >= 0);
	(void)close(standard_error);
	file = fopen(path, "rb");
	assert_non_null(file);
	n = fread(line, 1, sizeof line - 1, file);
	line[n] = 0;
	(void)fclose(file);
	(void)unlink(path);
	assert_non_null(strstr(line, event));
	assert_non_null(strstr(line, words));
}

static void a_newer_schema_is_refused(void **state)
{
	const char *where = *state;
	char sql[64];

	assert_int_equal(open_and_close(where), TROTH_OK);
	(void)snprintf(sql, sizeof sql, "PRAGMA user_version = %d",
		       troth_sqlite_schema_version + 1);
	by_hand(where, sql);
	refused_with(where, "store-newer", "written by a newer troth-verifier");
	by_hand(where, "PRAGMA user_version = -1");
	refused_with(where, "store-newer", "schema=-1");
}

static void anothers_database_is_refused(void **state)
{
	const char *where = *state;

	by_hand(where, "CREATE TABLE photographs (name TEXT)");
	refused_with(where, "store-foreign", "not a store of troth-verifier");
	by_hand(where, "DROP TABLE photographs; PRAGMA application_id = 7");
	refused_with(where, "store-foreign", "not a store of troth-verifier");
	expect(where, "SELECT count(*) FROM sqlite_schema", "0"); /* and left alone */
	expect(where, "PRAGMA user_version", "0");
	expect(where, "PRAGMA journal_mode", "delete");
}

static void what_is_no_database_is_refused(void **state)
{
	FILE *file = fopen(*state, "wb");

	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		assert_true(fputs("not a database\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(open_and_close(*state), TROTH_E_IO);
	assert_int_equal(open_and_close("/nowhere/at/all/store.db"), TROTH_E_IO);
}

static enum troth_status ignore_row(void *arg, const struct troth_device_row *row)
{
	(void)row;
	++*(size_t *)arg;
	return TROTH_OK;
}

/* A database is foreign bytes too. */
static void rows_that_hold_what_they_must_not(void **state)
{
	static const char *const DAMAGE[] = {
		"mac = x'00'",
		"mac = zeroblob(33)",
		"log_digest = x'0102'",
		"tier = 4",
		"tier = -1",
		"state = 4",
		"clock = -1, reset_count = 1, restart_count = 1",
		"clock = 1, reset_count = 4294967296, restart_count = 1",
		"reset_count = 1", /* the rest of the order is missing */
		"key_name_sha256 = zeroblob(32)",
		"name = '0123456789012345678901234567890123456789012345678901234567890123'",
		"segment = 'a' || char(0) || 'b'",
		"finding = '012345678901234567890123456789012345678901234567'",
		"ak_public = zeroblob(641)",
		"ek_in_inventory = 2",
		"ek_maker = '123456789'",
		"generation = -1",
	};

	for (size_t i = 0; i < TROTH_COUNT(DAMAGE); i++) {
		struct suite s = { .ops = &troth_store_sqlite };
		char sql[256];
		size_t n = 0;
		enum troth_status status;
		memcpy(s.where, *state, sizeof s.where);
		assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
		if (i == 0)
			(void)suite_enrolled(&s, 1);
		by_hand(s.where, "CREATE TABLE kept AS SELECT * FROM devices");
		(void)snprintf(sql, sizeof sql, "UPDATE devices SET %s", DAMAGE[i]);
		by_hand(s.where, sql);
		status = s.ops->each_device(s.b, ignore_row, &n);
		if (status != TROTH_E_MALFORMED || n != 0)
			fail_msg("%s: %s", DAMAGE[i], troth_status_name(status));
		by_hand(s.where, "DELETE FROM attestation_keys; DELETE FROM enrolments; DELETE "
				 "FROM devices;"
				 "INSERT INTO devices SELECT * FROM kept; DROP TABLE kept");
		assert_int_equal(s.ops->each_device(s.b, ignore_row, &n), TROTH_OK);
		assert_int_equal(n, 1);
		s.ops->close(s.b);
	}
}

/* What came with version 10, with versions 9 and 10, and with versions 7 to 10. */
#define TENTH                                              \
	"DROP INDEX evidence_by_systemd;"                  \
	"ALTER TABLE evidence DROP COLUMN systemd_digest;" \
	"ALTER TABLE devices DROP COLUMN systemd_digest;"
#define NINTH                                        \
	TENTH                                        \
	"DROP INDEX result_nonces_by_time;"          \
	"ALTER TABLE meta DROP COLUMN notices_from;" \
	"ALTER TABLE notices DROP COLUMN n;"
#define LATER NINTH "DROP TABLE notices; DROP TABLE cursors; DROP TABLE secrets;"

/* A store of version 1 held AKs in its devices only; of two with the same one, the first keeps
 * it. */
static void from_schema_1(void **state)
{
	struct suite s = { .ops = &troth_store_sqlite };
	struct troth_device_row one, two;
	struct troth_store_item item;
	char newest[16];

	(void)snprintf(newest, sizeof newest, "%d", troth_sqlite_schema_version);
	memcpy(s.where, *state, sizeof s.where);
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	one = suite_enrolled(&s, 1);
	two = suite_enrolled(&s, 2);
	s.ops->close(s.b);
	by_hand(s.where, LATER "DROP TABLE attestation_keys; DROP TABLE result_nonces; PRAGMA "
			       "user_version = 1;"
			       "ALTER TABLE devices DROP COLUMN key_session;"
			       "ALTER TABLE devices DROP COLUMN ima;"
			       "ALTER TABLE devices DROP COLUMN ek_maker;"
			       "UPDATE devices SET ak_public = (SELECT ak_public FROM devices "
			       "WHERE device = 1) WHERE device = 2");
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	expect(s.where, "PRAGMA user_version", newest);
	expect(s.where, "SELECT count(*) FROM attestation_keys WHERE device = 1", "1");
	expect(s.where, "SELECT count(*) FROM attestation_keys", "1");
	item = sample_enrol(1);
	item.u.enrol.row = one;
	suite_must(&s, &item);
	item = sample_enrol(2);
	item.u.enrol.row = suite_row(&s, two.id);
	suite_refused(&s, "the second of two with one AK", &item, TROTH_E_DENIED);
	s.ops->close(s.b);
}

/* Records of a store of version 2 know no session key, and their MACs none either. */
static void from_schema_2(void **state)
{
	struct suite s = { .ops = &troth_store_sqlite };
	struct troth_device_row row;

	memcpy(s.where, *state, sizeof s.where);
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	row = suite_enrolled(&s, 1);
	s.ops->close(s.b);
	by_hand(s.where,
		LATER "DROP TABLE result_nonces;"
		      "ALTER TABLE devices DROP COLUMN key_session;"
		      "ALTER TABLE devices DROP COLUMN ima;"
		      "ALTER TABLE devices DROP COLUMN ek_maker; PRAGMA user_version = 2;"
		      "UPDATE devices SET key_name_sha256 = zeroblob(32), key_reset_count = 1,"
		      "key_restart_count = 1, key_time_ms = 1, key_mac = zeroblob(32)");
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	assert_false(suite_row(&s, row.id).certification.present);
	s.ops->close(s.b);
}

/* A store of version 3 knows nothing of IMA lists; what is known from then on stays. */
static void from_schema_3(void **state)
{
	struct suite s = { .ops = &troth_store_sqlite };
	struct troth_device_row row, after;
	struct troth_store_item item;

	memcpy(s.where, *state, sizeof s.where);
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	row = suite_enrolled(&s, 1);
	s.ops->close(s.b);
	by_hand(s.where, LATER "DROP TABLE result_nonces;"
			       "ALTER TABLE devices DROP COLUMN ek_maker;"
			       "ALTER TABLE devices DROP COLUMN ima; PRAGMA user_version = 3");
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	after = suite_row(&s, row.id);
	assert_int_equal(after.ima_len, 0);
	assert_int_equal(after.version, row.version);
	item = sample_verdict(&after);
	item.u.verdict.row.ima_len = TROTH_IMA_STATE_MAX;
	memset(item.u.verdict.row.ima, 0x5a, TROTH_IMA_STATE_MAX);
	suite_must(&s, &item);
	s.ops->close(s.b);
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	after = suite_row(&s, row.id);
	assert_int_equal(after.ima_len, TROTH_IMA_STATE_MAX);
	assert_memory_equal(after.ima, item.u.verdict.row.ima, TROTH_IMA_STATE_MAX);
	s.ops->close(s.b);
}

/* A store of version 5 does not say who made a TPM; nothing is made up. */
static void from_schema_5(void **state)
{
	struct suite s = { .ops = &troth_store_sqlite };
	struct troth_device_row row;

	memcpy(s.where, *state, sizeof s.where);
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	row = suite_enrolled(&s, 1);
	assert_string_equal(suite_row(&s, row.id).ek_maker, "IFX");
	s.ops->close(s.b);
	by_hand(s.where,
		LATER "ALTER TABLE devices DROP COLUMN ek_maker; PRAGMA user_version = 5;");
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	assert_string_equal(suite_row(&s, row.id).ek_maker, "");
	s.ops->close(s.b);
}

/* A store of version 6 has told nobody anything, and goes on from there. */
static void from_schema_6(void **state)
{
	struct suite s = { .ops = &troth_store_sqlite };
	uint64_t end = 0, next = 0;

	memcpy(s.where, *state, sizeof s.where);
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	(void)suite_enrolled(&s, 1);
	s.ops->close(s.b);
	by_hand(s.where, LATER "PRAGMA user_version = 6;");
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	assert_int_equal(s.ops->end(s.b, &end), TROTH_OK);
	assert_int_equal(end, 1);
	assert_int_equal(s.ops->cursor(s.b, "siem", &next), TROTH_E_NOT_FOUND);
	(void)suite_enrolled(&s, 2);
	s.ops->close(s.b);
}

/* A store of version 7 holds no secrets, and takes some. */
static void from_schema_7(void **state)
{
	struct suite s = { .ops = &troth_store_sqlite };
	struct troth_device_row row;
	struct troth_store_item item;

	memcpy(s.where, *state, sizeof s.where);
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	row = suite_enrolled(&s, 1);
	s.ops->close(s.b);
	by_hand(s.where, NINTH "DROP TABLE secrets; PRAGMA user_version = 7;");
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	expect(s.where, "SELECT count(*) FROM secrets", "0");
	item = sample_secret(TROTH_STORE_SECRET_PUT, "disk", row.id, "sealed");
	suite_must(&s, &item);
	expect(s.where, "SELECT count(*) FROM secrets", "1");
	s.ops->close(s.b);
}

/* A store of version 8 has forgotten nothing; what is there is counted. */
static void from_schema_8(void **state)
{
	struct suite s = { .ops = &troth_store_sqlite };
	struct troth_notices_kept kept;

	memcpy(s.where, *state, sizeof s.where);
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	(void)suite_enrolled(&s, 1);
	(void)suite_enrolled(&s, 2);
	s.ops->close(s.b);
	by_hand(s.where, NINTH "PRAGMA user_version = 8;");
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	assert_int_equal(s.ops->kept(s.b, &kept), TROTH_OK);
	assert_int_equal(kept.first, 0);
	assert_int_equal(kept.n, 2);
	s.ops->close(s.b);
}

/* A store of version 9 holds no log of systemd's, and takes one. */
static void from_schema_9(void **state)
{
	struct suite s = { .ops = &troth_store_sqlite };
	struct troth_device_row row;
	struct troth_store_item item;

	memcpy(s.where, *state, sizeof s.where);
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	row = suite_enrolled(&s, 1);
	s.ops->close(s.b);
	by_hand(s.where, TENTH "PRAGMA user_version = 9;");
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	assert_false(suite_row(&s, row.id).has_systemd);
	item = sample_verdict(&row);
	item.u.verdict.row.has_systemd = true;
	memset(item.u.verdict.row.systemd_digest, 's', 32);
	item.u.verdict.systemd = troth_view_str("systemd's");
	suite_must(&s, &item);
	assert_true(suite_row(&s, row.id).has_systemd);
	expect(s.where, "SELECT count(*) FROM logs", "1");
	s.ops->close(s.b);
}

/* Also that of a device which never comes again. */
static void a_nonce_goes_with_its_day(void **state)
{
	struct suite s = { .ops = &troth_store_sqlite };
	struct troth_store_item item;
	struct troth_device_row one, two;
	const uint64_t spent_s = 1000000;

	memcpy(s.where, *state, sizeof s.where);
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	one = suite_enrolled(&s, 1);
	two = suite_enrolled(&s, 2);
	item = sample_verdict(&one);
	item.u.verdict.result_nonce = troth_view_str("a nonce of theirs");
	item.u.verdict.now_s = spent_s;
	suite_must(&s, &item);
	item = sample_verdict(&two);
	item.u.verdict.now_s = spent_s + TROTH_CERTIFICATE_LIFE_MAX_S;
	suite_must(&s, &item);
	expect(s.where, "SELECT count(*) FROM result_nonces", "1");
	two = suite_row(&s, two.id);
	item = sample_verdict(&two);
	item.u.verdict.now_s = spent_s + TROTH_CERTIFICATE_LIFE_MAX_S + 1;
	suite_must(&s, &item);
	expect(s.where, "SELECT count(*) FROM result_nonces", "0");
	s.ops->close(s.b);
}

static void check_says(const char *where, enum troth_status want)
{
	assert_int_equal(troth_store_sqlite.check(where), want);
}

/* What a reload asks beside a store that is open. */
static void what_is_there_is_checked_without_a_trace(void **state)
{
	const char *where = *state;
	struct troth_store_backend *b;
	struct stat st;
	FILE *file;

	check_says(where, TROTH_E_NOT_FOUND);
	assert_int_not_equal(stat(where, &st), 0);
	file = fopen(where, "wb");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	check_says(where, TROTH_E_CONFIG); /* empty */
	assert_int_equal(troth_store_sqlite.open(where, &b), TROTH_OK);
	check_says(where, TROTH_OK);
	troth_store_sqlite.close(b);
	check_says(where, TROTH_OK);
	by_hand(where, "PRAGMA user_version = 1000");
	check_says(where, TROTH_E_CONFIG);
	file = fopen(where, "wb");
	assert_non_null(file);
	assert_true(fputs("something else that is long enough", file) >= 0);
	assert_int_equal(fclose(file), 0);
	check_says(where, TROTH_E_IO);
}

static void *hold_the_lock(void *where)
{
	sqlite3 *db = NULL;

	if (sqlite3_open(where, &db) == SQLITE_OK &&
	    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK) {
		(void)usleep(300000);
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	}
	(void)sqlite3_close(db);
	return NULL;
}

/* An operator's sqlite3, or a backup, in the way for a moment. */
static void a_lock_of_another_process_is_waited_for(void **state)
{
	struct suite s = { .ops = &troth_store_sqlite };
	pthread_t other;

	memcpy(s.where, *state, sizeof s.where);
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	assert_int_equal(pthread_create(&other, NULL, hold_the_lock, s.where), 0);
	(void)usleep(100000);
	(void)suite_enrolled(&s, 1);
	assert_int_equal(pthread_join(other, NULL), 0);
	s.ops->close(s.b);
}

/* ---- serials are not kept for ever ---- */

static void issue(struct suite *s, unsigned n, uint64_t now_s)
{
	struct troth_device_row row = sample_row(n);
	struct troth_store_item item;

	row = suite_row(s, row.id);
	item = sample_verdict(&row);
	item.u.verdict.now_s = now_s;
	item.u.verdict.not_after_s = now_s + 900;
	suite_must(s, &item);
}

static void a_renewal_takes_the_place_of_what_ran_out(void **state)
{
	struct suite s = { .ops = &troth_store_sqlite };

	memcpy(s.where, *state, sizeof s.where);
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	(void)suite_enrolled(&s, 1);
	for (uint64_t i = 0; i < 20; i++)
		issue(&s, 1, SAMPLE_NOW_S + i * 600);
	/* Renewed every ten minutes for fifteen: the last two, and none that ran out. */
	expect(s.where, "SELECT count(*) FROM serials", "2");
	s.ops->close(s.b);
}

static void serials_of_devices_gone_are_swept_in_small_lots(void **state)
{
	struct suite s = { .ops = &troth_store_sqlite };
	char sql[512];

	memcpy(s.where, *state, sizeof s.where);
	assert_int_equal(s.ops->open(s.where, &s.b), TROTH_OK);
	(void)suite_enrolled(&s, 1);
	(void)suite_enrolled(&s, 2);
	issue(&s, 1, SAMPLE_NOW_S);
	(void)snprintf(
		sql, sizeof sql,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 600)"
		"INSERT INTO serials SELECT 1, randomblob(16), zeroblob(32), %u, NULL FROM n",
		SAMPLE_NOW_S + 900);
	by_hand(s.where, sql);
	/* To the second of the grace nothing goes; then a bounded number with each commit. */
	issue(&s, 2, SAMPLE_NOW_S + 900 + TROTH_STORE_SERIAL_GRACE_S);
	expect(s.where, "SELECT count(*) FROM serials", "602");
	issue(&s, 2, SAMPLE_NOW_S + 901 + TROTH_STORE_SERIAL_GRACE_S);
	expect(s.where, "SELECT 603 - count(*) FROM serials", "256");
	for (int i = 0; i < 3; i++)
		issue(&s, 2, SAMPLE_NOW_S + 902 + TROTH_STORE_SERIAL_GRACE_S);
	expect(s.where, "SELECT count(*) FROM serials WHERE device = 1", "0");
	expect(s.where, "SELECT count(*) FROM serials WHERE device = 2", "5");
	s.ops->close(s.b);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
		CASE(a_new_store),
		CASE(opening_again_changes_no_schema),
		CASE(an_empty_file_becomes_a_store),
		CASE(a_newer_schema_is_refused),
		CASE(anothers_database_is_refused),
		CASE(what_is_no_database_is_refused),
		CASE(rows_that_hold_what_they_must_not),
		CASE(from_schema_1),
		CASE(from_schema_2),
		CASE(from_schema_3),
		CASE(from_schema_5),
		CASE(from_schema_6),
		CASE(from_schema_7),
		CASE(from_schema_8),
		CASE(from_schema_9),
		CASE(a_nonce_goes_with_its_day),
		CASE(what_is_there_is_checked_without_a_trace),
		CASE(a_lock_of_another_process_is_waited_for),
		CASE(a_renewal_takes_the_place_of_what_ran_out),
		CASE(serials_of_devices_gone_are_swept_in_small_lots),
	};

	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
