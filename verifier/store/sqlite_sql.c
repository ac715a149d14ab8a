/* SPDX-License-Identifier: Apache-2.0 */
/* Every statement the backend runs after opening. Parameters are bound in order of their first
 * appearance; see sqlite_schema.c for the tables. */
#include "sqlite_internal.h"

#define VERDICT_SETTERS                                                                  \
	"reset_count = ?, restart_count = ?, clock = ?, key_name_sha256 = ?, "           \
	"key_session = ?, key_reset_count = ?, key_restart_count = ?, key_time_ms = ?, " \
	"key_mac = ?, "                                                                  \
	"log_digest = ?, tier = ?, finding = ?, last_pass_ms = ?, last_fail_ms = ?, "    \
	"certificate_not_after_s = ?, ima = ?, systemd_digest = ?"
#define IDENTITY_SETTERS                                                                    \
	"generation = ?, state = ?, name = ?, segment = ?, policy_group = ?, mac = ?, "     \
	"ak_public = ?, enrolled_ms = ?, ek_certificate_trusted = ?, ek_in_inventory = ?, " \
	"ek_maker = ?"

const char *const troth_sql_text[SQL_N] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_ITEM_BEGIN] = "SAVEPOINT item",
	[SQL_ITEM_KEEP] = "RELEASE item",
	[SQL_ITEM_UNDO] = "ROLLBACK TO item",

	[SQL_DEVICE_LOAD] = "SELECT device, " TROTH_DEVICE_COLUMNS " FROM devices WHERE id = ?",
	[SQL_DEVICE_ADD] = "INSERT INTO devices (" TROTH_DEVICE_COLUMNS ") VALUES (?, ?, "
			   "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
			   "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_DEVICE_SET] = "UPDATE devices SET version = version + 1, " VERDICT_SETTERS
			   ", " IDENTITY_SETTERS " WHERE device = ? AND version = ?",
	/* The conditions of single use, once more where they cannot be passed by. */
	[SQL_DEVICE_JUDGE] = "UPDATE devices SET version = version + 1, " VERDICT_SETTERS
			     " WHERE device = ? AND version = ? AND state = 1 AND "
			     "(SELECT epoch FROM meta) = ?",
	[SQL_ENROLMENT_PUT] = "INSERT INTO enrolments (device, ek_key, ek_certificate, facts) "
			      "VALUES (?, ?, ?, ?) ON CONFLICT (device) DO UPDATE SET ek_key = "
			      "excluded.ek_key, ek_certificate = excluded.ek_certificate, "
			      "facts = excluded.facts",
	/* Meets a row when the AK is new, or this device's already. */
	[SQL_AK_CLAIM] = "INSERT INTO attestation_keys (ak_public, device) VALUES (?, ?) "
			 "ON CONFLICT (ak_public) DO UPDATE SET device = device "
			 "WHERE device = excluded.device",

	[SQL_LOG_KEEP] =
		"INSERT INTO logs (digest, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING",
	[SQL_LOG_DROP] = "DELETE FROM logs WHERE digest = ?1 AND NOT EXISTS "
			 "(SELECT 1 FROM evidence WHERE log_digest = ?1) AND NOT EXISTS "
			 "(SELECT 1 FROM evidence WHERE systemd_digest = ?1)",
	[SQL_EVIDENCE_LOGS] = "SELECT log_digest, systemd_digest FROM evidence "
			      "WHERE device = ? AND affirming = ?",
	[SQL_EVIDENCE_HOLDS] = "SELECT 1 FROM evidence WHERE device = ? AND log_digest = ?",
	[SQL_EVIDENCE_HOLDS_SYSTEMD] =
		"SELECT 1 FROM evidence WHERE device = ? AND systemd_digest = ?",
	[SQL_EVIDENCE_PUT] =
		"INSERT INTO evidence (device, affirming, version, log_digest, systemd_digest, "
		"record) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (device, affirming) DO UPDATE "
		"SET version = excluded.version, log_digest = excluded.log_digest, "
		"systemd_digest = excluded.systemd_digest, record = excluded.record",
	/* Leaves the logs' digests alone, so that their indexes are not written. */
	[SQL_EVIDENCE_RENEW] = "UPDATE evidence SET version = ?, record = ? "
			       "WHERE device = ? AND affirming = ?",

	/* Gapless from zero: the index is the leaf's place in the order of commits. */
	[SQL_LEAF_ADD] = "INSERT INTO leaves (idx, leaf) "
			 "VALUES ((SELECT coalesce(max(idx) + 1, 0) FROM leaves), ?)",

	/* Of the leaf just added. */
	[SQL_NOTICE_ADD] =
		"INSERT INTO notices (idx, n, kind, time_s, name, segment, was, reason, "
		"revoked) VALUES ((SELECT max(idx) FROM leaves), "
		"coalesce((SELECT n FROM notices ORDER BY idx DESC LIMIT 1), 0) + 1, "
		"?, ?, ?, ?, ?, ?, ?)",
	[SQL_NOTICES_FORGET] = "DELETE FROM notices WHERE idx < ?",
	[SQL_NOTICES_FIRST] = "UPDATE meta SET notices_from = max(notices_from, ?)",
	[SQL_CURSOR_PUT] = "INSERT INTO cursors (name, next) VALUES (?, ?) ON CONFLICT (name) "
			   "DO UPDATE SET next = excluded.next",

	[SQL_SERIAL_ADD] =
		"INSERT INTO serials "
		"(device, serial, certificate_sha256, not_after_s) VALUES (?, ?, ?, ?)",
	[SQL_SERIALS_PRUNE] = "DELETE FROM serials WHERE device = ? AND not_after_s < ?",
	[SQL_SERIALS_REVOKE] = "UPDATE serials SET revoked_s = ?1 WHERE device = ?2 AND "
			       "revoked_s IS NULL AND not_after_s > ?1",
	[SQL_SERIALS_SWEEP] =
		"DELETE FROM serials WHERE (device, serial) IN (SELECT device, serial "
		"FROM serials WHERE not_after_s < ? ORDER BY not_after_s LIMIT ?)",

	[SQL_NONCES_PRUNE] = "DELETE FROM result_nonces WHERE device = ? AND used_s < ?",
	[SQL_NONCE_ADD] = "INSERT INTO result_nonces (device, nonce, used_s) VALUES (?, ?, ?) "
			  "ON CONFLICT DO NOTHING",

	[SQL_NONCES_SWEEP] = "DELETE FROM result_nonces WHERE (device, nonce) IN (SELECT "
			     "device, nonce FROM result_nonces WHERE used_s < ? "
			     "ORDER BY used_s LIMIT ?)",

	[SQL_DEVICE_NUMBER] = "SELECT device FROM devices WHERE id = ?",
	/* A new value does not change who may have it. */
	[SQL_SECRET_PUT] = "INSERT INTO secrets (name, device, sealed, put_s, for_all) "
			   "VALUES (?, ?, ?, ?, 0) ON CONFLICT (name, device) DO UPDATE SET "
			   "sealed = excluded.sealed, put_s = excluded.put_s",
	/* Meets a row when there is a shared value, and none of the device's own. */
	[SQL_SECRET_GRANT] =
		"INSERT INTO secrets (name, device, put_s, for_all) SELECT name, ?2, ?3, 0 "
		"FROM secrets WHERE name = ?1 AND device = 0 AND sealed IS NOT NULL "
		"ON CONFLICT (name, device) DO UPDATE SET put_s = excluded.put_s "
		"WHERE sealed IS NULL",
	[SQL_SECRET_GRANT_ALL] = "UPDATE secrets SET for_all = 1 WHERE name = ? AND device = 0",
	[SQL_SECRET_REMOVE] = "DELETE FROM secrets WHERE name = ? AND device = ?",
	[SQL_SECRET_REMOVE_ALL] = "DELETE FROM secrets WHERE name = ?",
	/* The device's own value before the shared one. */
	[SQL_SECRET_FIND] =
		"SELECT device <> 0, sealed FROM secrets AS s WHERE name = ?1 AND "
		"sealed IS NOT NULL AND (device = ?2 OR (device = 0 AND (for_all = 1 OR "
		"EXISTS (SELECT 1 FROM secrets AS g WHERE g.name = ?1 AND g.device = ?2)))) "
		"ORDER BY device DESC LIMIT 1",
	[SQL_SECRETS_OF] = "SELECT 1 FROM secrets WHERE name = ? AND device = ?",

	[SQL_EPOCH] = "SELECT epoch FROM meta",
	[SQL_EPOCH_UP] = "UPDATE meta SET epoch = epoch + 1",
	[SQL_TEXT_FIND] = "SELECT text FROM texts WHERE id = ?",
	[SQL_TEXT_ADD] = "INSERT INTO texts (id, text) VALUES (?, ?)",
	[SQL_DOCUMENT_FIND] = "SELECT id FROM documents WHERE policy = ? AND name = ? "
			      "ORDER BY epoch DESC LIMIT 1",
	[SQL_DOCUMENT_ADD] = "INSERT INTO documents (policy, name, id, put_s, epoch) "
			     "VALUES (?, ?, ?, ?, (SELECT epoch FROM meta))",

	[SQL_READ_EPOCH] = "SELECT epoch FROM meta",
	[SQL_READ_DEVICES] = "SELECT " TROTH_DEVICE_COLUMNS " FROM devices",
	[SQL_READ_DOCUMENTS] =
		"SELECT d.name, t.text FROM documents AS d JOIN texts AS t USING (id) "
		"WHERE d.policy = ? AND d.epoch = (SELECT max(epoch) FROM documents AS e "
		"WHERE e.policy = d.policy AND e.name = d.name) ORDER BY d.name",
	[SQL_READ_RECORD_AFFIRMING] = "SELECT record FROM evidence JOIN devices USING (device) "
				      "WHERE id = ? AND affirming = 1",
	[SQL_READ_RECORD_LAST] = "SELECT record FROM evidence JOIN devices USING (device) "
				 "WHERE id = ? ORDER BY evidence.version DESC LIMIT 1",
	[SQL_READ_LOG] = "SELECT bytes FROM logs WHERE digest = ?",
	[SQL_READ_TEXT] = "SELECT text FROM texts WHERE id = ?",
	[SQL_READ_REVOKED] = "SELECT serial, revoked_s FROM serials "
			     "WHERE revoked_s IS NOT NULL AND not_after_s > ?",
	[SQL_READ_NOTICES] = "SELECT idx, kind, time_s, name, segment, was, reason, revoked "
			     "FROM notices WHERE idx >= ? ORDER BY idx LIMIT ?",
	[SQL_READ_END] = "SELECT coalesce(max(idx) + 1, 0) FROM leaves",
	[SQL_READ_KEPT] =
		"SELECT notices_from, coalesce((SELECT n FROM notices ORDER BY idx "
		"DESC LIMIT 1) - (SELECT n FROM notices ORDER BY idx LIMIT 1) + 1, 0) "
		"FROM meta",
	[SQL_READ_CURSOR] = "SELECT next FROM cursors WHERE name = ?",
	[SQL_READ_SECRETS] =
		"SELECT s.name, coalesce(d.name, ''), s.sealed IS NOT NULL, s.for_all, s.put_s "
		"FROM secrets AS s LEFT JOIN devices AS d USING (device) "
		"ORDER BY s.name, s.device",
	[SQL_READ_LEAVES] = "SELECT idx, leaf FROM leaves WHERE idx >= ? ORDER BY idx LIMIT ?",
};
