/* SPDX-License-Identifier: Apache-2.0 */
/* What the attester keeps for programs that judge peers: never a document that is forged, or
 * older than the one there, not even from one process to the next. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base.h"
#include "file.h"
#include "peer_files.h"
#include "publications.h"

#define DOMAIN "example.org"
#define NOW UINT64_C(1764000000)

struct world {
	struct troth_ctx *ctx;
	struct troth_peer_files *files;
	struct authority ca;
	struct jose_key verifier;
	char dir[32];
	uint8_t bytes[4096];
};

static void open_files(struct world *w)
{
	troth_peer_files_free(w->files);
	w->files = NULL;
	assert_int_equal(troth_peer_files_open(w->dir, DOMAIN, &w->files), TROTH_OK);
}

static struct troth_writer room(struct world *w)
{
	return troth_writer_make(w->bytes, sizeof w->bytes);
}

static enum troth_status take_status(struct world *w, const struct jose_key *key,
				     uint64_t sequence)
{
	const struct published_status p = { .key = key,
					    .issuer = "spiffe://" DOMAIN,
					    .list = "line-a/press-4 healthy\n",
					    .sequence = sequence,
					    .issued_s = NOW,
					    .expires_s = NOW + 300 };
	return troth_peer_files_take(w->files, TROTH_PEER_STATUS,
				     published_status(w->ctx, &p, room(w)));
}

static enum troth_status take_crl(struct world *w, uint64_t number)
{
	struct authority_der crl;
	authority_crl(&w->ca, number, 0, NOW, &crl);
	return troth_peer_files_take(w->files, TROTH_PEER_CRL, authority_view(&crl));
}

static void take_all(struct world *w)
{
	assert_int_equal(troth_peer_files_take(w->files, TROTH_PEER_BUNDLE,
					       published_bundle(&w->ca, NULL, room(w))),
			 TROTH_OK);
	assert_int_equal(troth_peer_files_take(w->files, TROTH_PEER_KEYS,
					       published_keys(w->ctx, &w->verifier, room(w))),
			 TROTH_OK);
	assert_int_equal(take_crl(w, 5), TROTH_OK);
	assert_int_equal(take_status(w, &w->verifier, 100), TROTH_OK);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	(void)snprintf(w->dir, sizeof w->dir, "/tmp/troth-peers.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(troth_ctx_new(&w->ctx), TROTH_OK);
	w->ca = authority_make("Issuing CA", NOW);
	w->verifier = jose_key_make();
	open_files(w);
	*state = w;
	return 0;
}

static const char *const NAMES[] = { "bundle.pem", "keys.json", "crl.der", "status" };

static const char *path_of(struct world *w, const char *name)
{
	static char path[64];
	(void)snprintf(path, sizeof path, "%s/peers/%s", w->dir, name);
	return path;
}

static int teardown(void **state)
{
	struct world *w = *state;
	for (size_t i = 0; i < TROTH_COUNT(NAMES); i++)
		(void)unlink(path_of(w, NAMES[i]));
	assert_int_equal(rmdir(path_of(w, "")), 0);
	assert_int_equal(rmdir(w->dir), 0);
	troth_peer_files_free(w->files);
	authority_free(&w->ca);
	jose_key_free(&w->verifier);
	troth_ctx_free(w->ctx);
	free(w);
	return 0;
}

/* The inode of a file: writing it anew gives it another. */
static ino_t inode(struct world *w, const char *name)
{
	struct stat s;
	assert_int_equal(stat(path_of(w, name), &s), 0);
	assert_int_equal(s.st_mode & 0777, 0644);
	return s.st_ino;
}

static void documents_are_files(void **state)
{
	struct world *w = *state;
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer b = { 0 };
	assert_int_equal(troth_peer_files_sequence(w->files), 0);
	take_all(w);
	assert_int_equal(troth_peer_files_sequence(w->files), 100);
	for (size_t i = 0; i < TROTH_COUNT(NAMES); i++)
		(void)inode(w, NAMES[i]);
	assert_int_equal(troth_file_read(path_of(w, "status"), 4096, &b), TROTH_OK);
	assert_non_null(strstr((const char *)b.p, "\nline-a/press-4 healthy\n"));
}

/* As the service runs: what it keeps for itself is for nobody else, and this is for all. */
static void everybody_may_read_them(void **state)
{
	struct world *w = *state;
	struct stat s;
	const mode_t before = umask(077);
	assert_int_equal(rmdir(path_of(w, "")), 0);
	open_files(w);
	take_all(w);
	(void)umask(before);
	assert_int_equal(stat(path_of(w, ""), &s), 0);
	assert_int_equal(s.st_mode & 0777, 0755);
	(void)inode(w, "status");
}

static void the_same_is_not_written_again(void **state)
{
	struct world *w = *state;
	uint8_t crl_bytes[2048];
	struct authority_der crl;
	take_all(w);
	authority_crl(&w->ca, 6, 0, NOW, &crl);
	memcpy(crl_bytes, crl.bytes, crl.n);
	const struct troth_view same = { crl_bytes, crl.n };
	assert_int_equal(troth_peer_files_take(w->files, TROTH_PEER_CRL, same), TROTH_OK);
	const ino_t before = inode(w, "crl.der");
	assert_int_equal(troth_peer_files_take(w->files, TROTH_PEER_CRL, same), TROTH_OK);
	assert_int_equal(inode(w, "crl.der"), before);
	open_files(w);
	assert_int_equal(troth_peer_files_take(w->files, TROTH_PEER_CRL, same), TROTH_OK);
	assert_int_equal(inode(w, "crl.der"), before);
	assert_int_equal(take_crl(w, 7), TROTH_OK);
	assert_int_not_equal(inode(w, "crl.der"), before);
}

static void the_older_is_refused_by_the_next_process_too(void **state)
{
	struct world *w = *state;
	take_all(w);
	for (int process = 0; process < 2; process++) {
		const ino_t crl = inode(w, "crl.der"), status = inode(w, "status");
		assert_int_equal(take_crl(w, 4), TROTH_E_CONFLICT);
		assert_int_equal(take_status(w, &w->verifier, 99), TROTH_E_CONFLICT);
		assert_int_equal(inode(w, "crl.der"), crl);
		assert_int_equal(inode(w, "status"), status);
		open_files(w);
		assert_int_equal(troth_peer_files_sequence(w->files), 100);
	}
	assert_int_equal(take_status(w, &w->verifier, 101), TROTH_OK);
}

static void the_forged_is_refused(void **state)
{
	struct world *w = *state;
	struct jose_key thief = jose_key_make();
	struct authority forger = authority_make("Issuing CA", NOW);
	struct authority_der crl;
	static const uint8_t garbage[] = "garbage";
	take_all(w);
	const ino_t status = inode(w, "status"), before = inode(w, "crl.der");
	authority_crl(&forger, 9, 0, NOW, &crl);
	assert_int_equal(troth_peer_files_take(w->files, TROTH_PEER_CRL, authority_view(&crl)),
			 TROTH_E_MISMATCH);
	assert_int_equal(take_status(w, &thief, 101), TROTH_E_NOT_FOUND);
	for (enum troth_peer_file i = 0; i < TROTH_PEER_FILE_N; i++)
		assert_int_equal(troth_peer_files_take(w->files, i, TROTH_VIEW_OF(garbage)),
				 TROTH_E_MALFORMED);
	assert_int_equal(inode(w, "status"), status);
	assert_int_equal(inode(w, "crl.der"), before);
	jose_key_free(&thief);
	authority_free(&forger);
}

/* While the verifier's CA is rotated there are two lists, and neither takes the other's place.
 */
static void two_cas_have_two_lists(void **state)
{
	struct world *w = *state;
	struct authority next = authority_make("Next CA", NOW);
	struct authority_der crl;
	take_all(w);
	assert_int_equal(troth_peer_files_take(w->files, TROTH_PEER_BUNDLE,
					       published_bundle(&next, &w->ca, room(w))),
			 TROTH_OK);
	authority_crl(&next, 1, 0, NOW, &crl);
	assert_int_equal(troth_peer_files_take(w->files, TROTH_PEER_CRL, authority_view(&crl)),
			 TROTH_OK);
	authority_crl(&w->ca, 6, 0, NOW, &crl);
	assert_int_equal(
		troth_peer_files_take(w->files, TROTH_PEER_FORMER_CRL, authority_view(&crl)),
		TROTH_OK);
	(void)inode(w, "crl-former.der");
	authority_crl(&w->ca, 5, 0, NOW, &crl);
	assert_int_equal(
		troth_peer_files_take(w->files, TROTH_PEER_FORMER_CRL, authority_view(&crl)),
		TROTH_E_CONFLICT);
	assert_int_equal(unlink(path_of(w, "crl-former.der")), 0);
	authority_free(&next);
}

/* What lies there and does not hold, the next good one replaces. */
static void garbage_on_the_disk_is_replaced(void **state)
{
	struct world *w = *state;
	take_all(w);
	assert_int_equal(
		troth_file_write(path_of(w, "status"), troth_view_str("garbage"), 0644),
		TROTH_OK);
	open_files(w);
	assert_int_equal(troth_peer_files_sequence(w->files), 0);
	assert_int_equal(take_status(w, &w->verifier, 7), TROTH_OK);
	assert_int_equal(troth_peer_files_sequence(w->files), 7);
}

/* Who asks whether there is another than the one there must not hear of one that is not. */
static void what_could_not_be_written_is_wanted_again(void **state)
{
	struct world *w = *state;
	take_all(w);
	assert_int_equal(unlink(path_of(w, "status")), 0);
	assert_int_equal(mkdir(path_of(w, "status"), 0755), 0); /* no file goes over it */
	assert_int_equal(take_status(w, &w->verifier, 101), TROTH_E_IO);
	assert_int_equal(troth_peer_files_sequence(w->files), 0);
	assert_int_equal(rmdir(path_of(w, "status")), 0);
	assert_int_equal(take_status(w, &w->verifier, 101), TROTH_OK);
	assert_int_equal(troth_peer_files_sequence(w->files), 101);
	(void)inode(w, "status");
}

/* At the limit it is judged, past it not even read. */
static void length_is_bounded(void **state)
{
	struct world *w = *state;
	uint8_t *long_one = calloc(1, TROTH_PEER_FILE_MAX + 1);
	assert_non_null(long_one);
	const struct troth_view at = { long_one, TROTH_PEER_FILE_MAX };
	const struct troth_view past = { long_one, TROTH_PEER_FILE_MAX + 1 };
	assert_int_equal(troth_peer_files_take(w->files, TROTH_PEER_STATUS, at),
			 TROTH_E_MALFORMED);
	assert_int_equal(troth_peer_files_take(w->files, TROTH_PEER_STATUS, past),
			 TROTH_E_LIMIT);
	free(long_one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(documents_are_files, setup, teardown),
		cmocka_unit_test_setup_teardown(everybody_may_read_them, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_is_not_written_again, setup, teardown),
		cmocka_unit_test_setup_teardown(the_older_is_refused_by_the_next_process_too,
						setup, teardown),
		cmocka_unit_test_setup_teardown(the_forged_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(two_cas_have_two_lists, setup, teardown),
		cmocka_unit_test_setup_teardown(garbage_on_the_disk_is_replaced, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_could_not_be_written_is_wanted_again,
						setup, teardown),
		cmocka_unit_test_setup_teardown(length_is_bounded, setup, teardown),
	};
	return cmocka_run_group_tests_name("peer files", tests, NULL, NULL);
}
