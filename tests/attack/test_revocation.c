/* SPDX-License-Identifier: Apache-2.0 */
/* Revocation that bites: what relying parties and peers hold, fetched from a verifier as it is
 * installed and judged offline with libtroth, before and after a quarantine. */
#include "check.h"

#include <jansson.h>
#include <limits.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <troth/peer.h>

#include "base.h"
#include "clock.h"
#include "lab.h"
#include "reader.h"

/* Within how long a change shows, milliseconds, and how long a test on a busy machine waits. */
enum { BITES_MS = 1000, PATIENCE_MS = 20000 };

struct scene {
	struct lab lab;
	struct troth_peers *peers;
	uint8_t *certificate;
	size_t certificate_len;
};

static struct troth_view get(struct scene *s, const char *path)
{
	assert_true(tls_client_get(&s->lab.http, path));
	if (s->lab.http.status != 200)
		fail_msg("%s: %d", path, s->lab.http.status);
	return s->lab.http.body;
}

static void nap(void)
{
	nanosleep(&(const struct timespec){ .tv_nsec = 20 * 1000000 }, NULL);
}

static void wait_for_status(struct scene *s)
{
	for (int i = 0; i < PATIENCE_MS / 20; i++) {
		assert_true(tls_client_get(&s->lab.http, "/v1/status"));
		if (s->lab.http.status == 200)
			return;
		nap();
	}
	fail_msg("there is no status document");
}

static void take_documents(struct scene *s)
{
	assert_int_equal(troth_peers_set_bundle(s->peers, get(s, "/v1/bundle")), TROTH_OK);
	assert_int_equal(troth_peers_set_keys(s->peers, get(s, "/v1/keys.json")), TROTH_OK);
	assert_int_equal(troth_peers_set_crl(s->peers, get(s, "/v1/crl")), TROTH_OK);
	wait_for_status(s);
	assert_int_equal(troth_peers_set_status(s->peers, s->lab.http.body), TROTH_OK);
}

static int open_scene(void **state)
{
	struct scene *s = calloc(1, sizeof *s);
	lab_open(&s->lab);
	assert_int_equal(troth_peers_new("test.example", &s->peers), TROTH_OK);
	assert_int_equal(lab_attest(&s->lab, &s->lab.devices[LAB_VICTIM]), 200);
	X509 *cert = lab_certificate(&s->lab.http);
	const int n = i2d_X509(cert, &s->certificate);
	assert_true(n > 0);
	s->certificate_len = (size_t)n;
	X509_free(cert);
	*state = s;
	return 0;
}

static int close_scene(void **state)
{
	struct scene *s = *state;
	troth_peers_free(s->peers);
	OPENSSL_free(s->certificate);
	lab_close(&s->lab);
	free(s);
	return 0;
}

static enum troth_decision judge(struct scene *s, const char *segment)
{
	const struct troth_peer_certificate c = {
		.leaf = { s->certificate, s->certificate_len },
		.now_s = troth_now_ms() / 1000,
	};
	const struct troth_peer_rule rule = { &segment, segment != NULL };
	enum troth_decision d = TROTH_UNDECIDED;
	struct troth_peer peer;
	assert_int_equal(troth_peer_verify(s->peers, &c, &rule, &d, &peer), TROTH_OK);
	if (d == TROTH_ADMITTED)
		assert_string_equal(peer.name, "victim");
	return d;
}

/* Follows the deltas until the peer is judged so; how long that took. */
static uint64_t follow_until(struct scene *s, enum troth_decision want)
{
	const uint64_t begun = troth_mono_ms();
	while (judge(s, NULL) != want) {
		char path[64];
		if (troth_mono_ms() - begun > PATIENCE_MS)
			fail_msg("still %s", troth_decision_name(judge(s, NULL)));
		(void)snprintf(path, sizeof path, "/v1/status/delta/%llu",
			       (unsigned long long)troth_peers_status_sequence(s->peers));
		assert_true(tls_client_get(&s->lab.http, path));
		if (s->lab.http.status == 200)
			assert_int_equal(troth_peers_set_status(s->peers, s->lab.http.body),
					 TROTH_OK);
		else if (s->lab.http.status != 204)
			fail_msg("%s: %d", path, s->lab.http.status);
		nap();
	}
	return troth_mono_ms() - begun;
}

static void a_quarantine_shows_in_feed_and_crl(void **state)
{
	struct scene *s = *state;
	take_documents(s);
	(void)follow_until(s, TROTH_ADMITTED);
	assert_int_equal(judge(s, "line-1"), TROTH_ADMITTED);
	assert_int_equal(judge(s, "line-2"), TROTH_DENIED_SEGMENT);

	assert_int_equal(lab_act(&s->lab, "victim", "quarantine"), 200);
	const uint64_t took_ms = follow_until(s, TROTH_DENIED_QUARANTINED);
	print_message("the feed said so after %llu ms (%d are promised)\n",
		      (unsigned long long)took_ms, BITES_MS);
	enum troth_status crl = TROTH_OK;
	for (int i = 0; i < PATIENCE_MS / 20 && judge(s, NULL) != TROTH_DENIED_CERT_REVOKED;
	     i++) {
		crl = troth_peers_set_crl(s->peers, get(s, "/v1/crl"));
		nap();
	}
	assert_int_equal(crl, TROTH_OK);
	assert_int_equal(judge(s, NULL), TROTH_DENIED_CERT_REVOKED);

	/* Release is explicit; the certificate of before stays revoked. */
	assert_int_equal(lab_act(&s->lab, "victim", "release"), 200);
	assert_int_equal(judge(s, NULL), TROTH_DENIED_CERT_REVOKED);
}

static const char *header(const struct tls_client *c, const char *name)
{
	static char value[128];
	char key[64];
	(void)snprintf(key, sizeof key, "\r\n%s: ", name);
	const char *at = strcasestr((const char *)tls_client_answer(c).p, key);
	value[0] = '\0';
	if (at == NULL)
		return value;
	at += strlen(key);
	(void)snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\r"), at);
	return value;
}

static void what_is_published_can_be_cached(void **state)
{
	static const char *const PATHS[] = { "/v1/status", "/v1/bundle", "/v1/bundle.json",
					     "/v1/keys.json", "/v1/crl" };
	struct scene *s = *state;
	wait_for_status(s);
	for (size_t i = 0; i < TROTH_COUNT(PATHS); i++) {
		char etag[128], head[512];
		(void)get(s, PATHS[i]);
		(void)snprintf(etag, sizeof etag, "%s", header(&s->lab.http, "ETag"));
		assert_int_equal(etag[0], '"');
		assert_non_null(strstr(header(&s->lab.http, "Cache-Control"), "public"));
		(void)snprintf(head, sizeof head,
			       "GET %s HTTP/1.1\r\nHost: v\r\nIf-None-Match: %.100s\r\n\r\n",
			       PATHS[i], etag);
		assert_true(tls_client_call(&s->lab.http, head, (struct troth_view){ 0 }));
		if (s->lab.http.status != 304 &&
		    strcmp(etag, header(&s->lab.http, "ETag")) == 0)
			fail_msg("%s: %d", PATHS[i], s->lab.http.status);
	}
	assert_true(tls_client_get(&s->lab.http, "/v1/status/delta/1"));
	assert_int_equal(s->lab.http.status, 404);
	assert_true(tls_client_get(&s->lab.http, "/v1/status/delta/x"));
	assert_int_equal(s->lab.http.status, 404);
}

/* SPIFFE Trust Domain and Bundle, 4: read with another JSON library and OpenSSL. */
static void the_bundle_is_spiffes(void **state)
{
	struct scene *s = *state;
	const struct troth_view body = get(s, "/v1/bundle.json");
	json_t *root = json_loadb((const char *)body.p, body.n, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_true(json_integer_value(json_object_get(root, "spiffe_sequence")) > 0);
	assert_true(json_integer_value(json_object_get(root, "spiffe_refresh_hint")) > 0);
	json_t *keys = json_object_get(root, "keys");
	assert_int_equal(json_array_size(keys), 1);
	json_t *key = json_array_get(keys, 0);
	assert_string_equal(json_string_value(json_object_get(key, "use")), "x509-svid");
	assert_string_equal(json_string_value(json_object_get(key, "kty")), "EC");
	assert_null(json_object_get(key, "kid"));
	json_t *x5c = json_object_get(key, "x5c");
	assert_int_equal(json_array_size(x5c), 1);
	const char *text = json_string_value(json_array_get(x5c, 0));
	uint8_t der[4096];
	assert_true(strlen(text) < sizeof der);
	assert_true(EVP_DecodeBlock(der, (const uint8_t *)text, (int)strlen(text)) > 0);
	const uint8_t *at = der;
	X509 *ca = d2i_X509(NULL, &at, sizeof der);
	assert_non_null(ca);
	assert_int_equal(X509_check_ca(ca), 1);
	assert_int_equal(X509_self_signed(ca, 1), 1);
	X509_free(ca);
	json_decref(root);
}

/* The example of docs/relying-parties.md, over files. */
static void write_files(struct scene *s)
{
	static const char *const FILES[][2] = { { "/v1/bundle", "bundle.pem" },
						{ "/v1/keys.json", "keys.json" },
						{ "/v1/crl", "crl.der" },
						{ "/v1/status", "status" } };
	const struct troth_view peer = { s->certificate, s->certificate_len };
	for (size_t i = 0; i < TROTH_COUNT(FILES); i++) {
		const char *path = test_service_path(&s->lab.service, FILES[i][1]);
		assert_int_equal(troth_file_write(path, get(s, FILES[i][0]), 0600), TROTH_OK);
	}
	assert_int_equal(
		troth_file_write(test_service_path(&s->lab.service, "peer.der"), peer, 0600),
		TROTH_OK);
}

static int run_example(struct scene *s, const char *segment)
{
	char program[PATH_MAX];
	int status = -1;
	write_files(s);
	const ssize_t n = readlink("/proc/self/exe", program, sizeof program - 32);
	assert_true(n > 0);
	program[n] = '\0';
	(void)snprintf(strrchr(program, '/'), 32, "/peer_check");
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)execl(program, program, "test.example", s->lab.service.dir, "peer.der",
			    segment, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void the_example_says_the_same(void **state)
{
	struct scene *s = *state;
	assert_int_equal(run_example(s, "line-1"), 0);
	assert_int_equal(run_example(s, "line-2"), 1);
	assert_int_equal(lab_act(&s->lab, "victim", "quarantine"), 200);
	(void)follow_until(s, TROTH_DENIED_QUARANTINED);
	assert_int_equal(run_example(s, "line-1"), 1);
	assert_int_equal(lab_act(&s->lab, "victim", "release"), 200);
}

/* A verifier that is gone takes nobody's peers away at once. */
static void peers_judge_while_the_verifier_is_down(void **state)
{
	struct scene *s = *state;
	struct troth_peers *fresh;
	assert_int_equal(lab_attest(&s->lab, &s->lab.devices[LAB_VICTIM]), 200);
	X509 *cert = lab_certificate(&s->lab.http);
	OPENSSL_free(s->certificate);
	s->certificate = NULL;
	s->certificate_len = (size_t)i2d_X509(cert, &s->certificate);
	X509_free(cert);
	assert_int_equal(troth_peers_new("test.example", &fresh), TROTH_OK);
	troth_peers_free(s->peers);
	s->peers = fresh;
	take_documents(s);
	(void)follow_until(s, TROTH_ADMITTED);
	assert_true(test_service_stop(&s->lab.service));
	assert_int_equal(judge(s, "line-1"), TROTH_ADMITTED);
	assert_int_equal(judge(s, "line-2"), TROTH_DENIED_SEGMENT);
	test_service_start(&s->lab.service);
	tls_client_release(&s->lab.http);
	lab_client(&s->lab, &s->lab.http);
	/* What it publishes after its restart is newer than what it published before. */
	wait_for_status(s);
	assert_int_equal(troth_peers_set_status(s->peers, s->lab.http.body), TROTH_OK);
	assert_int_equal(judge(s, "line-1"), TROTH_ADMITTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quarantine_shows_in_feed_and_crl),
		cmocka_unit_test(what_is_published_can_be_cached),
		cmocka_unit_test(the_bundle_is_spiffes),
		cmocka_unit_test(peers_judge_while_the_verifier_is_down),
		cmocka_unit_test(the_example_says_the_same),
	};
	return cmocka_run_group_tests_name("revocation", tests, open_scene, close_scene);
}
